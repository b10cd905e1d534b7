"""The Flask extensions, as objects only; `portal.app` ties them to an application."""

from typing import Any

from flask import current_app
from flask_babel import Babel
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from htmx_flask import Htmx

from portal.orm import Model


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
babel = Babel()
login_manager = LoginManager()
migrate = Migrate()
htmx = Htmx()
