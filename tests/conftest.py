"""Fixtures for all tests: a real database, a real application, a fixed cast."""

import gc
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event
from sqlalchemy.orm import Session

from portal.app import create_app
from portal.extensions import db
from portal.people.models import Person
from portal.settings import Settings
from portal.transaction import current_session, transaction
from tests.support.cast import Cast, make_cast
from tests.support.remembered import lend_statements, remember, share_statements
from tests.support.world import World, make_world

pytest_plugins = ["tests.support.fixtures"]
remember()
Things = TypeVar("Things")
LONG = {"browser", "integration", "journeys"}
SECRET = bytes(range(32))
MASTER = bytes(range(100, 132))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: item.path.parent.name not in LONG)


def pytest_collection_finish() -> None:
    """Let the collector of garbage look at what tests leave, seldom, and never again at what all of them share."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


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


@dataclass(frozen=True)
class Filled(Generic[Things]):
    """The folder of an installation in which something was made once a worker; tests work on copies of it."""

    folder: Path
    things: Things


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all migrations, made once a worker and copied for each test."""
    folder = tmp_path_factory.mktemp("migrated")
    app = create_app(settings_for(folder))
    with app.app_context():
        upgrade()
        lend_statements(db.engine)
        db.engine.dispose()
    return folder / "portal.sqlite3"


@pytest.fixture(scope="session")
def filled_with_cast(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Filled[Cast]:
    return _filled(migrated_sqlite, tmp_path_factory.mktemp("cast"), _make_cast)


@pytest.fixture(scope="session")
def filled_with_world(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Filled[World]:
    return _filled(migrated_sqlite, tmp_path_factory.mktemp("world"), make_world)


def _filled(migrated: Path, folder: Path, make: Callable[[Flask], Things]) -> Filled[Things]:
    shutil.copy(migrated, folder)
    with _application(settings_for(folder)) as app:
        return Filled(folder, make(app))


def _make_cast(app: Flask) -> Cast:
    with app.app_context(), transaction() as session:
        return make_cast(session)


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path, migrated_sqlite: Path) -> Settings:
    """Settings with an own SQLite database, in which the cast or the world is there already for tests that ask for it."""
    for name in ("filled_with_world", "filled_with_cast"):
        if name in request.fixturenames:
            shutil.copytree(request.getfixturevalue(name).folder, tmp_path, dirs_exist_ok=True)
            break
    else:
        shutil.copy(migrated_sqlite, tmp_path)
    return settings_for(tmp_path)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application on an own database."""
    with _application(settings) as app:
        yield app


@contextmanager
def _application(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    with app.app_context():
        share_statements(db.engine)
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _leave_the_disk_alone)
    yield app
    with app.app_context():
        db.engine.dispose()


def _leave_the_disk_alone(connection: Any, _record: Any) -> None:
    """Commit without waiting for the disk: no test cuts the power."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture(params=["sqlite", "postgresql"])
def either_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The application on an own SQLite database, then on an own PostgreSQL one."""
    if request.param == "sqlite":
        settings = request.getfixturevalue("settings")
    else:
        settings = settings_for(tmp_path, request.getfixturevalue("postgres_url"))
    with _application(settings) as app:
        yield app


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
def cast(app: Flask, filled_with_cast: Filled[Cast]) -> Cast:
    """The fixed cast, committed: therapist, stranger, couple with ana and ben, other couple, front desk, owner."""
    made = filled_with_cast.things
    with app.app_context():
        is_there = current_session().get(Person, made.ana.person_id) is not None
    return made if is_there else _make_cast(app)


@pytest.fixture
def world(app: Flask, filled_with_world: Filled[World]) -> World:
    """The cast and one of everything of Jane's, committed, on SQLite."""
    assert app.extensions["settings"].database_url.startswith("sqlite")
    return filled_with_world.things


class _Undo(Exception):
    """Ends a test's transaction."""
