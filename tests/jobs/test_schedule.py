"""The sweeper: what was lost is found, what is over goes, and two of them do no harm."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from jobs.schedule import Steadiness, Sweeper, main
from portal import outbox
from portal.accounts.models import OneTimePurpose, OneTimeToken, Throttle
from portal.audit.chain import verify
from portal.audit.models import AuditEvent
from portal.audit.rules import Action
from portal.audit.service import record
from portal.clock import utc_now
from portal.extensions import db
from portal.health.queries import Health, heartbeats_of
from portal.notices.models import MessageState
from portal.outbox import MOST_ATTEMPTS, OutboxEntry
from portal.queueing import JobName, Queue
from portal.security.viewer import Anonymous
from portal.transaction import current_session, transaction
from tests.support.cast import make_cast
from tests.support.owing import application, message_of, owe, owe_mail, row
from tests.support.redis import RedisServer


@pytest.fixture
def app(database_url: str, tmp_path: Path, redis_server: RedisServer) -> Iterator[Flask]:
    with application(tmp_path, database_url, redis_url=redis_server.url) as app:
        yield app


@pytest.fixture
def later() -> datetime:
    return utc_now() + timedelta(minutes=1)


def queue_of(app: Flask) -> Queue:
    queue: Queue = app.extensions["queue"]
    return queue


class TestHandingOut:
    def test_what_an_emptied_redis_forgot_is_handed_out_again(
        self, app: Flask, redis_server: RedisServer, later: datetime
    ) -> None:
        for _ in range(3):
            owe()
        redis_server.flush()
        with time_machine.travel(later):
            Sweeper(app=app).sweep()
        assert queue_of(app).depth() == 3

    def test_what_still_waits_is_not_queued_twice(self, app: Flask, later: datetime) -> None:
        owe()
        for minutes in (1, 2, 3):
            with time_machine.travel(later + timedelta(minutes=minutes)):
                Sweeper(app=app).sweep()
        assert queue_of(app).depth() == 1

    def test_two_sweepers_at_once_queue_each_thing_once(
        self, app: Flask, redis_server: RedisServer, later: datetime
    ) -> None:
        for _ in range(5):
            owe()
        redis_server.flush()
        with time_machine.travel(later), ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _number: Sweeper(app=app).sweep(), range(4)))
        assert queue_of(app).depth() == 5

    def test_while_redis_is_away_nothing_is_noted_as_handed_out(
        self, app: Flask, tmp_path: Path, database_url: str, later: datetime
    ) -> None:
        outbox_id = owe()
        nowhere = f"unix://{tmp_path}/no.sock"
        with application(tmp_path, database_url, redis_url=nowhere) as lonely, time_machine.travel(later):
            Sweeper(app=lonely).sweep()
        assert row(outbox_id).dispatches == 1

    def test_a_mail_whose_worker_died_each_time_is_shown_as_failed(self, app: Flask, later: datetime) -> None:
        outbox_id = owe_mail()
        with transaction() as session:
            for number in range(MOST_ATTEMPTS):
                outbox.claim(session, outbox_id, JobName.SEND_MESSAGE, utc_now() + timedelta(hours=number))
        with time_machine.travel(later + timedelta(days=1)):
            Sweeper(app=app).sweep()
        assert message_of(outbox_id).state is MessageState.FAILED


class TestKeepingOrder:
    def test_the_audit_log_is_sealed_into_its_chain(self, app: Flask, tmp_path: Path) -> None:
        with transaction() as session:
            for _ in range(3):
                record(session, Anonymous(), Action.RESET_REQUESTED, kind="account", object_id=uuid4())
        Sweeper(app=app).sweep()
        open_rows = select(func.count()).where(AuditEvent.position.is_(None))
        assert current_session().scalar(open_rows) == 0
        assert verify(current_session(), tmp_path) == []

    def test_it_tells_that_it_lives(self, app: Flask) -> None:
        Sweeper(app=app).sweep()
        assert heartbeats_of(current_session(), utc_now())["sweeper"] is Health.OK

    def test_a_step_that_breaks_does_not_keep_the_others_from_being_done(
        self, app: Flask, tmp_path: Path
    ) -> None:
        outbox_id = owe()
        (tmp_path / "audit-heads").mkdir()
        with transaction() as session:
            make_cast(session)
        with time_machine.travel(utc_now() + timedelta(minutes=1)):
            Sweeper(app=app).sweep()
        assert row(outbox_id).enqueued_at is not None
        assert heartbeats_of(current_session(), utc_now())["sweeper"] is Health.OK


class TestClearingAway:
    def test_counters_and_links_that_are_over_go_and_living_ones_stay(self, app: Flask) -> None:
        now = utc_now()
        with transaction() as session:
            account_id = make_cast(session).ana.account_id
            for age in (timedelta(days=2), timedelta(minutes=5)):
                session.add(Throttle(kind="k", key_code=uuid4().bytes, window_began_at=now - age, count=1))
                token = {
                    "purpose": OneTimePurpose.RESET,
                    "token_hash": uuid4().bytes,
                    "expires_at": now - age,
                }
                session.add(OneTimeToken(account_id=account_id, tries_left=5, **token))
        Sweeper(app=app).sweep()
        session = current_session()
        assert session.scalar(select(func.count(Throttle.id))) == 1
        assert session.scalar(select(func.count(OneTimeToken.id))) == 1

    def test_what_a_killed_process_left_behind_goes_and_work_in_hand_stays(
        self, app: Flask, tmp_path: Path
    ) -> None:
        old, new = tmp_path / "tmp" / "render-old", tmp_path / "tmp" / "render-new"
        part, mail = tmp_path / "mail" / ".x.1.part", tmp_path / "mail" / "x.eml"
        for path in (old, new, part.parent):
            path.mkdir(parents=True)
        for path in (old / "font.ttf", part, mail):
            path.write_bytes(b"x")
        for path in (old, part, mail):
            os.utime(path, (time.time() - 7200, time.time() - 7200))
        Sweeper(app=app).sweep()
        assert [path.exists() for path in (old, new, part, mail)] == [False, True, False, True]


def test_one_round_can_be_asked_for(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis_server: RedisServer
) -> None:
    for name, value in (
        ("INSTANCE", str(tmp_path)),
        ("DATABASE_URL", sqlite_url),
        ("REDIS_URL", redis_server.url),
    ):
        monkeypatch.setenv(name, value)
    assert main(["--once"]) == 0
    with application(tmp_path, sqlite_url):
        assert current_session().scalar(select(func.count(OutboxEntry.id))) == 0
        assert heartbeats_of(current_session(), utc_now())["sweeper"] is Health.OK
        db.session.remove()


def test_nobody_is_erased_because_the_clock_jumped(monkeypatch: pytest.MonkeyPatch) -> None:
    began, passed = utc_now(), 0.0
    monkeypatch.setattr("time.monotonic", lambda: 1_000_000.0 + passed)
    steady = Steadiness(since=1_000_000.0)

    def after(seconds: float, off: timedelta = timedelta()) -> bool:
        nonlocal passed
        passed = seconds
        steady.look(began + timedelta(seconds=seconds) + off)
        return steady.is_trusted()

    assert [after(0), after(3599), after(3601)] == [False, False, True]
    assert not after(3700, timedelta(days=366)), "a year ahead all of a sudden"
    assert not after(3800), "and back"
    assert [after(7300), after(7500)] == [False, True]
