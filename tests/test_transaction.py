import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from sqlalchemy import select, text

from portal.app import create_app
from portal.extensions import db
from portal.health.models import Heartbeat
from portal.settings import Settings
from portal.transaction import ConstraintViolated, after_commit, current_session, transaction

NOON = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)


def test_leaving_commits_and_then_runs_what_waited(either_app: Flask) -> None:
    ran: list[str] = []
    with either_app.app_context():
        with transaction() as session:
            session.add(Heartbeat(name="worker", beat_at=NOON))
            after_commit(session, lambda: ran.append("after"))
            assert ran == []
        assert ran == ["after"]
        db.session.remove()
        assert current_session().scalar(select(Heartbeat.beat_at)) == NOON


def test_raising_writes_nothing_and_runs_nothing(either_app: Flask) -> None:
    ran: list[str] = []
    with either_app.app_context():
        with pytest.raises(ZeroDivisionError), transaction() as session:
            session.add(Heartbeat(name="worker", beat_at=NOON))
            session.flush()
            after_commit(session, lambda: ran.append("after"))
            raise ZeroDivisionError
        assert current_session().scalar(select(Heartbeat)) is None
    assert ran == []


def test_a_broken_rule_of_the_database_has_a_name(either_app: Flask) -> None:
    with either_app.app_context():
        with transaction() as session:
            session.add(Heartbeat(name="worker", beat_at=NOON))
        with pytest.raises(ConstraintViolated) as caught, transaction() as session:
            session.add(Heartbeat(name="worker", beat_at=NOON))
        assert caught.value.constraint in {"uq_heartbeat_name", "heartbeat.name"}


def test_an_instant_needs_a_zone_and_comes_back_in_utc(either_app: Flask) -> None:
    with either_app.app_context():
        with transaction() as session:
            session.add(Heartbeat(name="worker", beat_at=NOON.astimezone(timezone(timedelta(hours=5)))))
        db.session.remove()
        found = current_session().scalar(select(Heartbeat.beat_at))
        assert found is not None
        assert (found, found.tzinfo) == (NOON, UTC)
        with pytest.raises(Exception, match="time zone"), transaction() as session:
            session.add(Heartbeat(name="naive", beat_at=NOON.replace(tzinfo=None)))


def test_sqlite_keeps_what_the_rest_relies_on(settings: Settings) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 10000,
    }
    with create_app(settings).app_context():
        for _ in range(2):
            found = {name: current_session().scalar(text(f"pragma {name}")) for name in wanted}
            assert found == wanted
            db.engine.dispose()


def test_a_writer_waits_instead_of_failing_halfway(context: Flask) -> None:
    path = context.extensions["settings"].instance / "portal.sqlite3"
    other = (
        "import sqlite3, time, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('begin immediate');"
        "print('locked', flush=True); time.sleep(0.5); c.execute('commit')"
    )
    current_session().scalar(select(Heartbeat))
    with subprocess.Popen(
        [sys.executable, "-c", other, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        with transaction() as session:
            session.add(Heartbeat(name="patient", beat_at=NOON))
    assert current_session().scalar(select(Heartbeat.name)) == "patient"


def test_changes_outside_a_transaction_are_refused(context: Flask) -> None:
    current_session().add(Heartbeat(name="stray", beat_at=NOON))
    with pytest.raises(RuntimeError), transaction():
        pass
    current_session().rollback()
    with pytest.raises(RuntimeError):
        after_commit(current_session(), lambda: None)
