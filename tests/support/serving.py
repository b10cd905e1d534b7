"""Serve an application from the test's own process, so that browsers reach what the test can change."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.serving import make_server

from portal.app import create_app
from portal.extensions import db
from portal.settings import Settings
from tests.support.processes import free_port


@contextmanager
def served(settings: Settings) -> Iterator[Flask]:
    """Build and serve the portal of these settings at a free port, which its public address then names."""
    app = create_app(replace(settings, public_url=f"http://localhost:{free_port()}", is_development=True))
    server = make_server("localhost", urlsplit(home_of(app)).port or 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()


def home_of(app: Flask) -> str:
    """Give the address at which an application is served."""
    return str(app.extensions["settings"].public_url)
