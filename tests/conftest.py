"""Fixtures for all tests: a real database, a real application, a fixed cast."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy.orm import Session

from portal.app import create_app
from portal.extensions import db
from portal.settings import Settings
from portal.transaction import transaction
from tests.support.cast import Cast, make_cast
from tests.support.remembered import remember

pytest_plugins = ["tests.support.fixtures"]
remember()
SECRET = bytes(range(32))
MASTER = bytes(range(100, 132))


def settings_for(folder: Path, database_url: str | None = None, **changes: object) -> Settings:
    """Settings of an installation in a temporary folder, as if served at https://portal.example.org."""
    values: dict[str, object] = {
        "instance": folder,
        "database_url": database_url or f"sqlite:///{folder / 'portal.sqlite3'}",
        "files_url": (folder / "files").as_uri(),
        "public_url": "https://portal.example.org",
        "secret_key": SECRET,
        "master_key": MASTER,
        "trusted_hosts": ("localhost",),
        "mail_from": "hello@practice.example.org",
    }
    return Settings(**{**values, **changes})  # type: ignore[arg-type]  # values of several types by name


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all migrations, made once a worker and copied for each test."""
    folder = tmp_path_factory.mktemp("migrated")
    app = create_app(settings_for(folder))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return folder / "portal.sqlite3"


@pytest.fixture
def settings(tmp_path: Path, migrated_sqlite: Path) -> Settings:
    """Settings with an own, migrated SQLite database."""
    shutil.copy(migrated_sqlite, tmp_path / "portal.sqlite3")
    return settings_for(tmp_path)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application on an own database."""
    app = create_app(settings)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def either_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The application on an own SQLite database, then on an own PostgreSQL one."""
    if request.param == "sqlite":
        app = create_app(request.getfixturevalue("settings"))
    else:
        app = create_app(settings_for(tmp_path, request.getfixturevalue("postgres_url")))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """The application with a context, for tests below the views."""
    with app.app_context():
        yield app


@pytest.fixture
def session(context: Flask) -> Iterator[Session]:
    """A writing transaction that is rolled back at the end."""
    with pytest.raises(_Undo), transaction() as session:
        yield session
        raise _Undo


@pytest.fixture
def cast(app: Flask) -> Cast:
    """The fixed cast, committed: therapist, stranger, couple with ana and ben, other couple, front desk, owner."""
    with app.app_context(), transaction() as session:
        return make_cast(session)


class _Undo(Exception):
    """Ends a test's transaction."""
