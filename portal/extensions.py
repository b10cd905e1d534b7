"""The Flask extensions, as objects only; `portal.app` ties them to an application."""

from functools import cache
from typing import Any

from babel import Locale
from flask import Flask, current_app, g
from flask_babel import Babel, Domain, get_babel, get_locale
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from htmx_flask import Htmx

from portal.orm import Model


def present_locale() -> Any:
    """Give the language of this moment, as `get_locale` does by a longer way; pages ask two hundred times."""
    try:
        return g.get("_flask_babel").babel_locale or get_locale()
    except (AttributeError, RuntimeError):  # nobody has asked yet, or there is no page
        return get_locale()


class Texts(Domain):  # type: ignore[misc]  # flask-babel is untyped
    """The sentences of each language, found by the language alone: a page asks for a hundred of them."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[Any, Any] = {}

    def get_translations(self) -> Any:
        """Give the catalogue of the present language."""
        locale = present_locale()
        known = self._known.get(locale)
        if known is None:
            known = self._known[locale] = super().get_translations()
        return known


@cache
def _parsed(name: str) -> Locale:
    return Locale.parse(name)


class PortalBabel(Babel):  # type: ignore[misc]  # likewise
    """Babel with texts that are found quickly, from templates too."""

    domain_instance = Texts()

    @property
    def default_locale(self) -> Locale:
        """Give the language of the installation, each time the same object, so that comparing it costs nothing."""
        return _parsed(get_babel().default_locale)

    def init_app(self, app: Flask, **options: Any) -> None:
        """Tie it to an application."""
        super().init_app(app, **options)
        texts = self.domain_instance.get_translations
        app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the extension's own method
            gettext=lambda words: texts().ugettext(words),
            ngettext=lambda one, many, number: texts().ungettext(one, many, number),
            newstyle=True,
            pgettext=lambda sense, words: texts().upgettext(sense, words),
            npgettext=lambda sense, one, many, number: texts().unpgettext(sense, one, many, number),
        )
        app.jinja_env.globals["_"] = app.jinja_env.globals["gettext"]


class PortalSession(FlaskSession):
    """A database session that carries keyring, queue and file store of its application, so that models need no Flask."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.info["keyring"] = current_app.extensions["keyring"]
        self.info["queue"] = current_app.extensions["queue"]
        self.info["files_url"] = current_app.extensions["settings"].files_url


db = SQLAlchemy(
    metadata=Model.metadata,
    session_options={"class_": PortalSession, "expire_on_commit": False},
)
babel = PortalBabel()
login_manager = LoginManager()
migrate = Migrate()
htmx = Htmx()
