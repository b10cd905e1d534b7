"""What the supervisor is told: that the portal works, never how it is built."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.clock import utc_now
from portal.extensions import db
from portal.health.models import Heartbeat
from portal.health.queries import Health, disk_health, health_of_age
from portal.health.service import beat
from portal.queueing import Queue
from portal.transaction import transaction
from tests.support.cast import client_of
from tests.support.redis import RedisServer


@pytest.fixture
def alive(app: Flask, redis_server: RedisServer) -> FlaskClient:
    """A portal of which every part works."""
    app.extensions["queue"] = Queue(redis_server.url, b"k" * 32)
    with app.app_context(), transaction() as session:
        for name in ("worker", "sweeper"):
            beat(session, name, utc_now())
    return client_of(app, None)


def test_the_shallow_page_says_ok_and_asks_nobody(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()
    app.extensions["queue"] = Queue("unix:///nowhere.sock", b"k" * 32)
    answer = client_of(app, None).get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")


def test_all_parts_are_named_when_all_work(alive: FlaskClient) -> None:
    answer = alive.get("/readyz")
    assert answer.status_code == 200
    parts = dict.fromkeys(["database", "redis", "disk", "worker", "sweeper"], "ok")
    assert answer.json == {**parts, "backup_hours": None}


def test_the_age_of_the_last_backup_is_told_and_stops_nothing(alive: FlaskClient) -> None:
    with alive.application.app_context(), transaction() as session:
        beat(session, "backup", utc_now() - timedelta(hours=50, minutes=40))
    answer = alive.get("/readyz")
    assert (answer.status_code, answer.json["backup_hours"]) == (200, 50)  # type: ignore[index]  # it is JSON


def test_a_silent_redis_is_down(alive: FlaskClient, redis_server: RedisServer) -> None:
    redis_server.pause()
    answer = alive.get("/readyz")
    redis_server.resume()
    assert answer.status_code == 503
    assert answer.json["redis"] == "down"  # type: ignore[index]  # it is JSON, as the tests above show


def test_a_broken_database_is_down_and_nothing_is_told_about_it(alive: FlaskClient, tmp_path: Path) -> None:
    for path in tmp_path.glob("portal.sqlite3*"):
        path.unlink()
    with alive.application.app_context():
        db.engine.dispose()
    answer = alive.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert set(answer.json.values()) <= {"ok", "late", "down", None}
    assert str(tmp_path) not in answer.text


def test_a_worker_that_has_been_quiet_for_long_is_down(alive: FlaskClient) -> None:
    with alive.application.app_context(), transaction() as session:
        beat(session, "worker", utc_now() - timedelta(minutes=2))
    answer = alive.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["worker"] == "down"  # type: ignore[index]  # it is JSON, as the tests above show


def test_quiet_for_a_moment_is_late_and_never_heard_of_is_down() -> None:
    assert health_of_age(timedelta(seconds=10)) is Health.OK
    assert health_of_age(timedelta(seconds=40)) is Health.LATE
    assert health_of_age(timedelta(seconds=100)) is Health.DOWN
    assert health_of_age(None) is Health.DOWN


def test_the_disk_is_looked_at(tmp_path: Path) -> None:
    assert disk_health(tmp_path) in Health


def test_a_process_has_one_row_however_long_it_lives(context: Flask) -> None:
    for _ in range(3):
        with transaction() as session:
            beat(session, "worker", utc_now())
    with transaction() as session:
        assert session.query(Heartbeat).count() == 1
