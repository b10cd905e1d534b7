"""The outbox on both engines: every effect once, none lost, none by a worker that came too late."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask

from portal import outbox
from portal.clock import utc_now
from portal.extensions import db
from portal.outbox import MOST_ATTEMPTS, Claim, LeaseLost, OutboxState
from portal.queueing import JobName, job_id
from portal.transaction import ConstraintViolated, current_session, transaction
from tests.support.owing import application, owe, row

JOB = JobName.SEND_MESSAGE
NOTHING_WAITS: frozenset[str] = frozenset()


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    with application(tmp_path, database_url) as app:
        yield app


def claim(outbox_id: UUID, after: timedelta = timedelta()) -> Claim | None:
    with transaction() as session:
        return outbox.claim(session, outbox_id, JOB, utc_now() + after)


def taken(outbox_id: UUID, after: timedelta = timedelta()) -> Claim:
    got = claim(outbox_id, after)
    assert got is not None
    return got


def give_back(held: Claim, *, for_good: bool = False) -> OutboxState:
    with transaction() as session:
        return outbox.give_back(session, held, "reason", utc_now(), for_good=for_good)


def due(after: timedelta = timedelta()) -> list[UUID]:
    return [entry.id for entry in outbox.due_entries(current_session(), utc_now() + after)]


def hand_out(outbox_id: UUID, waiting: frozenset[str] = NOTHING_WAITS) -> None:
    with transaction() as session:
        entry = session.get_one(outbox.OutboxEntry, outbox_id, populate_existing=True)
        outbox.hand_out(session, entry, waiting, utc_now())


@pytest.mark.usefixtures("app")
class TestOwing:
    def test_the_same_effect_cannot_be_owed_twice(self) -> None:
        now = utc_now()
        with pytest.raises(ConstraintViolated), transaction() as session:
            for _ in range(2):
                outbox.put(session, JOB, uuid4(), effect_key="the same", due_at=now)

    def test_what_is_rolled_back_is_not_owed(self) -> None:
        with pytest.raises(ZeroDivisionError), transaction() as session:
            outbox.put(session, JOB, uuid4(), effect_key="x", due_at=utc_now())
            raise ZeroDivisionError
        assert due(timedelta(days=1)) == []


class TestClaiming:
    def test_of_many_workers_at_once_one_gets_the_row(self, app: Flask) -> None:
        outbox_id = owe()

        def work(_number: int) -> Claim | None:
            with app.app_context():
                try:
                    return claim(outbox_id)
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(4) as pool:
            got = [one for one in pool.map(work, range(8)) if one is not None]
        assert len(got) == 1

    def test_a_row_is_not_taken_before_its_time(self, app: Flask) -> None:
        with transaction() as session:
            entry = outbox.put(session, JOB, uuid4(), effect_key="x", due_at=utc_now() + timedelta(minutes=1))
        assert claim(entry.id) is None
        assert claim(entry.id, timedelta(minutes=2)) is not None

    def test_a_row_of_another_job_is_not_taken(self, app: Flask) -> None:
        assert claim(owe(JobName.RENDER_DOCUMENT)) is None

    def test_after_the_lease_another_worker_may_take_it(self, app: Flask) -> None:
        outbox_id = owe()
        first, second = taken(outbox_id), claim(outbox_id, outbox.LEASE + timedelta(seconds=1))
        assert second is not None
        assert second.fence > first.fence

    def test_past_its_deadline_the_effect_is_dropped_visibly(self, app: Flask) -> None:
        outbox_id = owe(deadline_at=utc_now() + timedelta(hours=1))
        assert claim(outbox_id, timedelta(hours=2)) is None
        assert row(outbox_id).state is OutboxState.EXPIRED

    def test_what_is_done_is_never_taken_again(self, app: Flask) -> None:
        outbox_id = owe()
        held = taken(outbox_id)
        with transaction() as session:
            outbox.finish(session, held, utc_now())
        assert claim(outbox_id, timedelta(days=7)) is None


class TestSettling:
    def test_a_late_worker_cannot_commit_its_result(self, app: Flask) -> None:
        outbox_id = owe()
        late = taken(outbox_id)
        taken(outbox_id, outbox.LEASE + timedelta(seconds=1))
        other = uuid4()
        with pytest.raises(LeaseLost), transaction() as session:
            outbox.put(session, JOB, other, effect_key="result", due_at=utc_now())
            outbox.finish(session, late, utc_now())
        assert row(outbox_id).state is OutboxState.LEASED
        assert due(timedelta(days=1)) == [outbox_id]

    def test_a_late_worker_may_not_begin_what_cannot_be_taken_back(self, app: Flask) -> None:
        outbox_id = owe()
        late = taken(outbox_id)
        taken(outbox_id, outbox.LEASE + timedelta(seconds=1))
        with pytest.raises(LeaseLost), transaction() as session:
            outbox.hold_on(session, late)

    def test_each_failure_waits_longer_and_the_fifth_is_final(self, app: Flask) -> None:
        outbox_id, waits = owe(), []
        for _ in range(MOST_ATTEMPTS - 1):
            before = utc_now()
            assert give_back(taken(outbox_id, timedelta(days=1))) is OutboxState.PENDING
            waits.append(row(outbox_id).due_at - before)
        assert waits == sorted(waits)
        assert give_back(taken(outbox_id, timedelta(days=1))) is OutboxState.FAILED
        assert claim(outbox_id, timedelta(days=2)) is None
        assert row(outbox_id).failure == "reason"

    def test_what_can_never_work_fails_at_once(self, app: Flask) -> None:
        assert give_back(taken(owe()), for_good=True) is OutboxState.FAILED

    def test_being_put_off_uses_up_no_attempt(self, app: Flask) -> None:
        outbox_id = owe()
        with transaction() as session:
            outbox.postpone(session, taken(outbox_id), utc_now() + timedelta(minutes=5))
        assert row(outbox_id).attempts == 0
        assert claim(outbox_id) is None


class TestSweeping:
    def test_a_hint_that_was_lost_is_repeated(self, app: Flask) -> None:
        outbox_id = owe()
        assert due() == [outbox_id]
        hand_out(outbox_id)
        assert row(outbox_id).dispatches == 2
        assert due() == []
        assert due(outbox.REDISPATCH_AFTER) == [outbox_id]

    def test_a_hint_that_still_waits_is_not_repeated(self, app: Flask) -> None:
        outbox_id = owe()
        hand_out(outbox_id, frozenset([job_id(JOB, outbox_id, 1)]))
        assert row(outbox_id).dispatches == 1

    def test_a_row_whose_worker_vanished_is_handed_out_after_the_lease(self, app: Flask) -> None:
        outbox_id = owe()
        taken(outbox_id)
        assert due(timedelta(seconds=60)) == []
        assert due(outbox.LEASE + timedelta(seconds=1)) == [outbox_id]

    def test_a_row_whose_worker_is_known_to_be_dead_comes_back_soon(self, app: Flask) -> None:
        outbox_id = owe()
        held = taken(outbox_id)
        with transaction() as session:
            outbox.give_back_of_dead(session, outbox_id, utc_now())
        assert due(timedelta(seconds=outbox.BACKOFF[JOB][0] + 1)) == [outbox_id]
        with pytest.raises(LeaseLost), transaction() as session:
            outbox.finish(session, held, utc_now())

    def test_a_row_that_killed_its_worker_five_times_is_given_up_visibly(self, app: Flask) -> None:
        outbox_id = owe()
        for number in range(MOST_ATTEMPTS):
            taken(outbox_id, timedelta(hours=number))
        assert claim(outbox_id, timedelta(days=1)) is None
        hand_out(outbox_id)
        assert row(outbox_id).state is OutboxState.FAILED
        assert due(timedelta(days=1)) == []
