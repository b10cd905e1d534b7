"""Taking a time: the database is the judge, on both engines."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.diary.models import OccupiedInterval, OccupiedKind, WeeklyHoursRow
from portal.diary.queries import find_offer, next_free_slots
from portal.diary.rules import ConsultationType, SlotTaken, WeeklyHours
from portal.diary.service import add_consultation_type, add_time_off, occupy, release, set_weekly_hours
from portal.transaction import ConstraintViolated, current_session, transaction
from tests.support.cast import Cast, make_cast
from tests.support.statements import counted

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 16, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
KIND = ConsultationType(20, 0, 10, 24 * 60, 28, 30)


@pytest.fixture
def either_cast(either_app: Flask) -> Cast:
    with either_app.app_context(), transaction() as session:
        return make_cast(session)


def take(therapist_id: UUID, starts_at: datetime, ends_at: datetime, **more: Any) -> OccupiedInterval:
    return occupy(
        current_session(), therapist_id=therapist_id, starts_at=starts_at, ends_at=ends_at, kind=OccupiedKind.MEETING,
        code="Couple 07", **more,
    )  # fmt: skip


def taken_times() -> int:
    return current_session().scalar(select(func.count()).select_from(OccupiedInterval)) or 0


def open_hours(cast: Cast) -> None:
    session, therapist_id = current_session(), cast.therapist.person_id
    set_weekly_hours(session, therapist_id, [WeeklyHours(1, time(9), time(10))])
    add_consultation_type(session, therapist_id, name="Consultation", kind=KIND)


class TestWeeklyHours:
    def test_may_end_at_midnight_and_are_offered_until_then(
        self, either_app: Flask, either_cast: Cast
    ) -> None:
        therapist_id = either_cast.therapist.person_id
        with either_app.app_context():
            with transaction() as session:
                set_weekly_hours(session, therapist_id, [WeeklyHours(1, time(23), time())])
                add_consultation_type(session, therapist_id, name="Consultation", kind=KIND)
            slots = next_free_slots(current_session(), NOW, count=2)
            assert slots[0].start == datetime(2026, 11, 24, 23, tzinfo=UTC)
            offer = find_offer(current_session(), NOW)
            assert offer is not None
            assert max(slot.start.time() for slot in offer.free(NOW)) == time(23, 30)

    def test_that_end_before_they_start_are_refused_by_the_database(
        self, either_app: Flask, either_cast: Cast
    ) -> None:
        row = WeeklyHoursRow(
            therapist_id=either_cast.therapist.person_id, weekday=1, starts=time(9), ends=time(8)
        )
        with either_app.app_context(), pytest.raises(ConstraintViolated), transaction() as session:
            session.add(row)


class TestOccupy:
    def test_of_a_time_that_overlaps_is_refused_and_the_rest_goes_on(
        self, either_app: Flask, either_cast: Cast
    ) -> None:
        therapist_id = either_cast.therapist.person_id
        with either_app.app_context():
            with transaction():
                take(therapist_id, NINE, NINE + HOUR)
                for shift in (timedelta(minutes=30), -timedelta(minutes=30), timedelta()):
                    with pytest.raises(SlotTaken):
                        take(therapist_id, NINE + shift, NINE + shift + HOUR)
                with pytest.raises(SlotTaken):
                    take(therapist_id, NINE + timedelta(minutes=10), NINE + timedelta(minutes=20))
                take(therapist_id, NINE + HOUR, NINE + 2 * HOUR)
            assert taken_times() == 2

    def test_keeps_its_buffers_clear(self, either_app: Flask, either_cast: Cast) -> None:
        therapist_id = either_cast.therapist.person_id
        with either_app.app_context(), transaction():
            take(therapist_id, NINE, NINE + HOUR, buffer_before_minutes=5, buffer_after_minutes=10)
            for starts_at in (NINE - HOUR, NINE + HOUR):
                with pytest.raises(SlotTaken):
                    take(therapist_id, starts_at, starts_at + HOUR)
            take(therapist_id, NINE + HOUR + timedelta(minutes=10), NINE + 2 * HOUR)

    def test_leaves_other_therapists_alone(self, either_app: Flask, either_cast: Cast) -> None:
        with either_app.app_context(), transaction():
            for actor in (either_cast.therapist, either_cast.stranger):
                take(actor.person_id, NINE, NINE + HOUR)

    def test_of_a_released_time_is_possible_again(self, either_app: Flask, either_cast: Cast) -> None:
        therapist_id = either_cast.therapist.person_id
        with either_app.app_context(), transaction() as session:
            release(session, take(therapist_id, NINE, NINE + HOUR))
            take(therapist_id, NINE, NINE + HOUR)


class TestAnOffer:
    def test_knows_hours_time_off_and_what_is_taken(self, either_app: Flask, either_cast: Cast) -> None:
        therapist_id = either_cast.therapist.person_id
        with either_app.app_context():
            with transaction() as session:
                open_hours(either_cast)
                take(therapist_id, NINE, NINE + timedelta(minutes=20), buffer_after_minutes=10)
                week_later = NINE + timedelta(days=7)
                add_time_off(
                    session, therapist_id, starts_at=week_later - HOUR, ends_at=week_later + HOUR, return_on=date(2026, 12, 2)
                )  # fmt: skip
            starts = [slot.start for slot in next_free_slots(current_session(), NOW, count=9)]
        half_past, fortnight = NINE + timedelta(minutes=30), NINE + timedelta(days=14)
        assert starts[0] == half_past and starts[1] == fortnight and len(starts) == 5

    def test_costs_four_statements_however_full_the_diary_is(self, app: Flask, cast: Cast) -> None:
        with app.app_context():
            with transaction():
                open_hours(cast)
                for number in range(60):
                    starts_at = NINE + number * timedelta(minutes=40)
                    take(cast.therapist.person_id, starts_at, starts_at + timedelta(minutes=20))
            with counted(app) as statements:
                offer = find_offer(current_session(), NOW)
            assert len(statements) <= 4 and offer is not None

    def test_of_somebody_who_cannot_be_booked_is_none(self, app: Flask, cast: Cast) -> None:
        with app.app_context():
            assert find_offer(current_session(), NOW) is None
            with transaction():
                open_hours(cast)
            assert find_offer(current_session(), NOW, cast.stranger.person_id) is None

    def test_joins_what_leaves_no_room_and_nothing_else(self, either_app: Flask, either_cast: Cast) -> None:
        therapist_id = either_cast.therapist.person_id
        with either_app.app_context():
            with transaction():
                open_hours(either_cast)
                for minutes in (
                    0,
                    25,
                    54,
                    90,
                ):  # gaps of 15, 19 and 26 minutes; the last one, 30, is just enough
                    take(
                        therapist_id,
                        NINE + timedelta(minutes=minutes),
                        NINE + timedelta(minutes=minutes + 10),
                    )
                last = NINE + timedelta(minutes=130)
                take(therapist_id, last, last + timedelta(minutes=10))
            offer = find_offer(current_session(), NOW)
        assert offer is not None
        assert [(one.start, one.end) for one in offer.occupied] == [
            (NINE, NINE + timedelta(minutes=100)),
            (last, last + timedelta(minutes=10)),
        ]


def test_new_weekly_hours_replace_the_old(app: Flask, cast: Cast) -> None:
    with app.app_context():
        with transaction() as session:
            open_hours(cast)
            set_weekly_hours(session, cast.therapist.person_id, [WeeklyHours(2, time(18), time(18, 30))])
        starts = [slot.start for slot in next_free_slots(current_session(), NOW, count=1)]
    assert starts == [datetime(2026, 11, 25, 18, tzinfo=UTC)]
