"""Asking again: exactly once for each due day, nothing while it rests, and one notice that says nothing of anybody."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.couples.models import Couple, CoupleStatus, Partner
from portal.homework.models import Assignment
from portal.measures.models import MeasureOccasion, MeasureSchedule
from portal.measures.rounds import ask_again, due_schedules, remind_of
from portal.measures.rules import Outcome, Rhythm, ScheduleRefused
from portal.measures.service import end_schedule, pause_schedule, resume_schedule
from portal.notices.models import MessagePart
from portal.people.models import Person
from portal.transaction import ConstraintViolated, transaction
from tests.measures.scene import bring, retire_all, schedule
from tests.support.cast import Cast, make_cast

FIRST = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def sweep(app: Flask, now: datetime) -> list[Outcome | None]:
    with app.app_context():
        with transaction() as session:
            due = due_schedules(session, now)
        found = []
        for one in due:
            with transaction() as session:
                found.append(ask_again(session, one, now))
        with transaction() as session:
            remind_of(session, now)
        return found


def outcomes(app: Flask) -> list[tuple[date, Outcome]]:
    with app.app_context(), transaction() as session:
        rows = session.scalars(select(MeasureOccasion).order_by(MeasureOccasion.due_on)).all()
        return [(row.due_on, row.outcome) for row in rows]


def close_all(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.query(Assignment).update({"standing": "closed"})


def notices(app: Flask) -> dict[str, int]:
    with app.app_context(), transaction() as session:
        parts = session.scalars(select(MessagePart)).all()
        names = {one.id: one.first_name for one in session.scalars(select(Person))}
        return {name: sum(names[part.person_id] == name for part in parts) for name in ("Ana", "Ben")}


@given(
    start=st.dates(date(2026, 1, 1), date(2027, 1, 1)), weeks=st.integers(1, 52), days=st.integers(-400, 1000)
)
@settings(max_examples=60)
def test_every_due_day_is_a_whole_number_of_steps_from_the_first(start: date, weeks: int, days: int) -> None:
    day = start + timedelta(days=days)
    due = Rhythm(start, weeks).first_from(day)
    assert due is not None and due >= max(day, start) and (due - start).days % (7 * weeks) == 0
    assert due - max(day, start) < timedelta(weeks=weeks)


def test_a_rhythm_ends_on_its_last_day() -> None:
    rhythm = Rhythm(FIRST, 2, FIRST + 2 * WEEK)
    assert rhythm.due_through(FIRST, FIRST + 9 * WEEK) == [FIRST, FIRST + 2 * WEEK]
    assert rhythm.first_from(FIRST + 2 * WEEK + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("weeks", "until"), [(0, None), (53, None), (-1, None), (1, FIRST - timedelta(days=1))]
)
def test_a_rhythm_that_cannot_be_is_refused(weeks: int, until: date | None) -> None:
    with pytest.raises(ScheduleRefused):
        Rhythm(FIRST, weeks, until)


def test_each_due_day_is_asked_once_on_both_engines(either_app: Flask) -> None:
    app = either_app
    with app.app_context(), transaction() as session:
        cast = make_cast(session)
    bring(app, cast, "csi4")
    schedule_id = schedule(app, cast, "csi4", FIRST)
    assert sweep(app, NOON - timedelta(days=1)) in ([], [None])
    assert sweep(app, NOON) == [Outcome.GIVEN]
    assert sweep(app, NOON) == [] and sweep(app, NOON + timedelta(days=2)) == []
    assert outcomes(app) == [(FIRST, Outcome.GIVEN)]
    with app.app_context():
        with pytest.raises(ConstraintViolated), transaction() as session:
            session.add(MeasureOccasion(schedule_id=schedule_id, due_on=FIRST, outcome=Outcome.GIVEN))
        with transaction() as session:
            (assignment,) = session.query(Assignment).all()
            assert (assignment.kind, assignment.task_id, assignment.assigned_by_id) == ("measure", "csi4", cast.therapist.person_id)  # fmt: skip
    assert sweep(app, NOON + WEEK) == [Outcome.STILL_OPEN]
    close_all(app)
    assert sweep(app, NOON + 5 * WEEK) == [Outcome.GIVEN]
    assert [outcome for _, outcome in outcomes(app)] == [
        Outcome.GIVEN, Outcome.STILL_OPEN, Outcome.PASSED, Outcome.PASSED, Outcome.PASSED, Outcome.GIVEN
    ]  # fmt: skip


def test_nothing_is_asked_of_a_couple_that_rests_or_has_ended(app: Flask, cast: Cast) -> None:
    bring(app, cast, "csi4")
    schedule(app, cast, "csi4", FIRST)
    before = notices(app)
    with app.app_context(), transaction() as session:
        session.get_one(Couple, cast.couple_id).status = CoupleStatus.PAUSED
    assert sweep(app, NOON) == [Outcome.PAUSED]
    with app.app_context(), transaction() as session:
        session.get_one(Couple, cast.couple_id).status = CoupleStatus.SEPARATED
    assert sweep(app, NOON + WEEK) == [None] and sweep(app, NOON + 2 * WEEK) == []
    assert notices(app) == before
    with app.app_context(), transaction() as session:
        assert session.query(Assignment).count() == 0
        assert session.query(MeasureSchedule).one().ended_at is not None


def test_who_has_left_is_not_asked_again(app: Flask, cast: Cast) -> None:
    bring(app, cast, "csi4", "gad7")
    schedule(app, cast, "csi4", FIRST)
    schedule(app, cast, "gad7", FIRST, alone=cast.ana)
    with app.app_context(), transaction() as session:
        session.query(Partner).filter_by(person_id=cast.ben.person_id).update({"left_at": NOON})
    assert sorted(map(str, sweep(app, NOON))) == sorted(map(str, [None, Outcome.GIVEN]))


def test_a_rhythm_rests_goes_on_and_ends_by_hand(app: Flask, cast: Cast) -> None:
    bring(app, cast, "csi4")
    schedule_id, jane = schedule(app, cast, "csi4", FIRST), cast.therapist.member()
    with app.app_context():
        with transaction() as session:
            pause_schedule(session, jane, schedule_id, now=NOON)
        assert sweep(app, NOON + WEEK) == [Outcome.PAUSED]
        with transaction() as session:
            resume_schedule(session, jane, schedule_id, now=NOON + 3 * WEEK + timedelta(days=1))
        assert sweep(app, NOON + 3 * WEEK + timedelta(days=1)) in ([], [None])
        assert sweep(app, NOON + 4 * WEEK) == [Outcome.GIVEN]
        with transaction() as session:
            end_schedule(session, jane, schedule_id, now=NOON + 5 * WEEK)
        close_all(app)
        assert sweep(app, NOON + 9 * WEEK) == []


def test_without_words_the_day_is_noted_and_nobody_is_asked(app: Flask, cast: Cast) -> None:
    bring(app, cast, "csi4")
    schedule(app, cast, "csi4", FIRST)
    retire_all(app)
    assert sweep(app, NOON) == [Outcome.NO_WORDING]


def test_days_are_those_of_the_therapists_clock(app: Flask, cast: Cast) -> None:
    bring(app, cast, "csi4")
    schedule(app, cast, "csi4", FIRST)
    with app.app_context(), transaction() as session:
        session.query(MeasureSchedule).update({"zone": "America/New_York"})
    assert sweep(app, datetime(2026, 11, 23, 4, 59, tzinfo=UTC)) == [None]
    assert sweep(app, datetime(2026, 11, 23, 5, 0, tzinfo=UTC)) == [Outcome.GIVEN]


@pytest.mark.parametrize("is_shared", [True, False])
def test_one_neutral_notice_after_three_days_and_none_to_an_inbox_that_both_read(
    app: Flask, cast: Cast, is_shared: bool
) -> None:
    bring(app, cast, "csi4")
    if not is_shared:
        with app.app_context(), transaction() as session:
            ben = session.get_one(Person, cast.ben.person_id)
            ben.email, ben.email_code = (
                "ben@example.org",
                session.info["keyring"].lookup_code("ben@example.org"),
            )
    schedule(app, cast, "csi4", FIRST)
    sweep(app, NOON)
    given = notices(app)
    sweep(app, NOON + timedelta(days=2))
    assert notices(app) == given
    sweep(app, NOON + timedelta(days=3))
    more = 0 if is_shared else 1
    assert notices(app) == {name: number + more for name, number in given.items()}
    sweep(app, NOON + timedelta(days=4))
    assert notices(app) == {name: number + more for name, number in given.items()}
