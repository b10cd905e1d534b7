"""The real parts as fixtures. A part that is missing fails the test with a sentence; nothing is skipped.

Servers start once for each worker of pytest-xdist, when a test first asks for them; a database is a
copy of one that was migrated once.
"""

import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import Protocol

import flask_migrate
import pytest
from playwright.sync_api import Browser

from portal.app import create_app
from portal.extensions import db
from portal.settings import settings_from_environment
from tests.support.browser import Visitor, chromium, visitor
from tests.support.postgres import PostgresServer, postgres_server_process
from tests.support.processes import Portal, portal_processes
from tests.support.redis import RedisServer, redis_server_process
from tests.support.remembered import lend_statements
from tests.support.smtp import Mailbox, smtp_server


def migrate(database_url: str, instance: Path) -> None:
    """Bring an empty database to the newest migration."""
    app = create_app(settings_from_environment({"INSTANCE": str(instance), "DATABASE_URL": database_url}))
    with app.app_context():
        flask_migrate.upgrade()
        lend_statements(db.engine)
        db.engine.dispose()


@pytest.fixture(scope="session")
def postgres_process() -> Iterator[PostgresServer]:
    with postgres_server_process() as server:
        yield server


@pytest.fixture
def postgres_server(postgres_process: PostgresServer) -> PostgresServer:
    """A PostgreSQL that runs, whatever the test before did to it."""
    postgres_process.ensure_running()
    return postgres_process


@pytest.fixture(scope="session")
def postgres_template(postgres_process: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    name = "migrated"
    postgres_process.ensure_running()
    migrate(postgres_process.create_database(name), tmp_path_factory.mktemp("postgres-template"))
    return name


@pytest.fixture(scope="session")
def postgres_spares() -> list[str]:
    """The names of databases that earlier tests have used and that are empty again."""
    return []


@pytest.fixture
def postgres_url(
    postgres_server: PostgresServer, postgres_template: str, postgres_spares: list[str]
) -> Iterator[str]:
    """A migrated PostgreSQL database of the test's own."""
    if postgres_spares:
        name = postgres_spares.pop()
    else:
        name = f"t_{uuid.uuid4().hex}"
        postgres_server.copy_to_empty(name, postgres_template)
    yield postgres_server.url(name)
    postgres_server.ensure_running()
    if postgres_server.made_like_new(name):
        postgres_spares.append(name)
    else:
        postgres_server.drop_database(name)


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A migrated SQLite database of the test's own."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'portal.sqlite3')}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of the test's own: the test runs on both engines."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def redis_process() -> Iterator[RedisServer]:
    with redis_server_process() as server:
        yield server


@pytest.fixture
def redis_server(redis_process: RedisServer) -> RedisServer:
    """An empty Redis that runs, whatever the test before did to it."""
    redis_process.ensure_running()
    redis_process.flush()
    return redis_process


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server that keeps what it gets."""
    with smtp_server() as server:
        yield server


class StartPortal(Protocol):
    """Prepare the processes of an instance on a free port; they end with the test."""

    def __call__(self, environment: Mapping[str, str]) -> Portal: ...


@pytest.fixture
def start_portal(tmp_path: Path) -> Iterator[StartPortal]:
    with ExitStack() as endings:
        count = iter(range(1000))

        def prepare(environment: Mapping[str, str]) -> Portal:
            given = {"INSTANCE": str(tmp_path / "instance"), **environment}
            return endings.enter_context(portal_processes(given, tmp_path / f"processes-{next(count)}"))

        yield prepare


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, once for all browser tests of a worker."""
    with chromium() as started:
        yield started


@pytest.fixture
def visitor_at(browser: Browser) -> Callable[..., AbstractContextManager[Visitor]]:
    """Open one person's browser at an address: ``with visitor_at(address, javascript=False) as ana:``."""
    return partial(visitor, browser)
