"""An installation of its own for each measurement: a folder, a migrated database, the fixed cast."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Protocol

from flask import Flask
from flask_migrate import upgrade

from portal.app import create_app
from portal.extensions import db
from portal.settings import settings_from_environment
from portal.transaction import transaction
from tests.support.cast import Cast, make_cast
from tests.support.postgres import postgres_server_process

PUBLIC_URL = "https://portal.example.org"
ENGINES = ("sqlite", "postgresql")


@dataclass(frozen=True, kw_only=True)
class Installation:
    """One practice with the fixed cast. `environment` is what its processes get."""

    folder: Path
    environment: Mapping[str, str]
    app: Flask
    cast: Cast


class Install(Protocol):
    """Sets up one more installation; `is_whole`: with the pages that only a demo or a developer has."""

    def __call__(self, *, is_whole: bool = False) -> Installation: ...


@contextmanager
def installations(engine: str) -> Iterator[Install]:
    """Give a function that sets up one more installation on this engine; all of them end with the block."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        if engine == "sqlite":
            yield _installer(Path(name), lambda _number: "")
            return
        with postgres_server_process() as server:
            yield _installer(Path(name), lambda number: server.create_database(f"bench_{number}"))


def _installer(home: Path, new_database: Callable[[int], str]) -> Install:
    numbers = count(1)

    def install(*, is_whole: bool = False) -> Installation:
        number = next(numbers)
        return _install(home / str(number), new_database(number), is_whole=is_whole)

    return install


def _install(folder: Path, database_url: str, *, is_whole: bool) -> Installation:
    folder.mkdir()
    environment = {
        "INSTANCE": str(folder),
        "PUBLIC_URL": PUBLIC_URL,
        "TRUSTED_HOSTS": "localhost,127.0.0.1",
        **({"DATABASE_URL": database_url} if database_url else {}),
    }
    settings = settings_from_environment(environment)
    app = create_app(replace(settings, is_demo=is_whole, is_development=is_whole))
    with app.app_context():
        upgrade()
        with transaction() as session:
            cast = make_cast(session)
        db.engine.dispose()
    return Installation(folder=folder, environment=environment, app=app, cast=cast)
