"""The application: wiring only. `flask --app portal.app` and gunicorn's `portal.app:serve()` start here."""

import gc
import uuid
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, g, request
from flask.sessions import NullSession, SessionInterface
from jinja2 import StrictUndefined
from structlog.contextvars import bind_contextvars, clear_contextvars
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import models as models  # noqa: PLC0414 - importing makes the metadata whole
from portal.accounts.presence import load_member
from portal.blueprints import BLUEPRINTS, init_pages
from portal.couples.queries import is_client_of
from portal.extensions import babel, db, htmx, migrate
from portal.logs import init_logs
from portal.policy import PERMISSIONS
from portal.queueing import Queue
from portal.security.crypto import MasterKey
from portal.security.gate import init_gate
from portal.security.headers import init_headers
from portal.security.login import init_login
from portal.security.tokens import Signer
from portal.settings import Settings, settings_from_environment
from portal.transaction import prepare_engine
from portal.web.assets import init_assets
from portal.web.compression import init_compression
from portal.web.errors import init_errors
from portal.web.filters import init_filters
from portal.web.marks import init_marks

MIGRATIONS = Path(__file__).parent / "migrations"
NOTE_BYTES = 1024 * 1024


class NoCookieSession(SessionInterface):
    """Flask's own session is not used: sign-ins are rows in the database, and a visitor gets no cookie."""

    def open_session(self, app: Flask, request: Any) -> NullSession:
        """Give a session that can be read (it is empty) and never written."""
        return NullSession()

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Keep nothing."""


def create_app(settings: Settings | None = None) -> Flask:
    """Build the portal for one installation.

    Raises:
        SettingsError: the settings are too weak to start.
        UndeclaredEndpoint: a view lacks its permission.
    """
    settings = settings or settings_from_environment()
    app = Flask("portal", static_folder="../static", template_folder="../templates")
    init_logs(settings)
    _init_config(app, settings)
    _init_data(app, settings)
    init_login(app, load_member)
    htmx.init_app(app)
    babel.init_app(app, default_locale="en_GB", default_timezone="UTC")
    init_filters(app)
    init_assets(app)
    init_marks(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    init_pages(app)
    _init_correlation(app)
    init_errors(app)
    init_gate(app, PERMISSIONS)
    init_headers(app)
    init_compression(app)
    return app


def serve() -> Flask:
    """Build the portal for a web process, for gunicorn.

    What exists by then stays until its end, so it is never looked through for garbage again: that made somebody wait for a
    quarter of a second every hundred pages.
    """
    app = create_app()
    gc.collect()
    gc.freeze()
    return app


def _init_config(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=NOTE_BYTES,
        MAX_FORM_MEMORY_SIZE=NOTE_BYTES,
        MAX_FORM_PARTS=500,
        TRUSTED_HOSTS=list(settings.hosts),
        TEMPLATES_AUTO_RELOAD=settings.is_development,
    )
    app.extensions["settings"] = settings
    app.session_interface = NoCookieSession()
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.autoescape = True
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0, x_prefix=0)  # type: ignore[method-assign]  # the documented way


def _init_data(app: Flask, settings: Settings) -> None:
    signer = Signer(settings.secret_key)
    app.extensions["signer"] = signer
    app.extensions["keyring"] = MasterKey(settings.master_key)
    app.extensions["queue"] = Queue(settings.redis_url, signer.job_key)
    app.extensions["is_client_of"] = is_client_of  # accounts stand below couples and only ask
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    if settings.database_url.startswith("postgresql"):
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
            "pool_pre_ping": True,
            "pool_size": 5,
            "max_overflow": 5,
            "pool_timeout": 10,
        }
    db.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS), render_as_batch=True)
    with app.app_context():
        prepare_engine(db.engine)


def _init_correlation(app: Flask) -> None:
    @app.before_request
    def name_request() -> None:
        clear_contextvars()
        g.correlation_id = uuid.uuid4().hex[:12]
        bind_contextvars(correlation_id=g.correlation_id)

    log = structlog.get_logger()

    @app.after_request
    def log_request(response: Response) -> Response:

        if request.endpoint != "health.healthz":
            log.info("request", endpoint=request.endpoint, method=request.method, status=response.status_code)
        return response
