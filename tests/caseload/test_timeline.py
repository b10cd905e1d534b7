"""One line of time from the lines of all parts: each moment once, the latest first, no more than a screen or two."""

from dataclasses import replace as changed
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from portal.caseload.timeline import MOST_MOMENTS, Happening, timeline_of
from portal.couples.models import Couple, Partner, Side
from portal.homework.models import TaskKind
from portal.homework.queries import PartLine
from portal.homework.rules import Course, Step
from portal.meetings.queries import MeetingLine

pytestmark = pytest.mark.usefixtures("app")  # which knows the library
MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ANA, BEN, VALUES = (UUID(int=number) for number in (1, 2, 7))
SESSION = MeetingLine(
    UUID(int=9), 4, MONDAY + 5 * DAY, "Europe/London", None, is_signed=True, summary_state=None
)


def couple() -> Couple:
    return Couple(partners=[Partner(person_id=ANA, side=Side.A), Partner(person_id=BEN, side=Side.B)])


def line(person_id: UUID, shared_on: int, assignment_id: UUID = VALUES) -> PartLine:
    """One part of the values, asked on Monday, shared some days later and opened on Friday."""
    return PartLine(
        assignment_id, TaskKind.EXERCISE, "values-compass", "1", MONDAY, None, None, 1, person_id, Step.SHARED, Course.AS_ASKED,
        None, MONDAY + DAY, MONDAY + shared_on * DAY, MONDAY + 4 * DAY,
    )  # fmt: skip


def test_each_moment_stands_there_once_the_latest_first() -> None:
    moments = timeline_of(couple(), [SESSION], [line(ANA, 2), line(BEN, 3)])
    assert [(one.happening, one.side) for one in moments] == [
        (Happening.SESSION, "both"),
        (Happening.OPENED, "both"),
        (Happening.SHARED, "b"),
        (Happening.SHARED, "a"),
        (Happening.ASKED, "both"),
    ]
    assert moments[0].number == 4
    assert {one.subject_id for one in moments[1:]} == {VALUES}
    assert {one.title for one in moments[1:]} == {"Talking about values"}


def test_what_one_person_alone_was_asked_stands_on_that_side_finished_or_not() -> None:
    alone = line(BEN, 2)._replace(for_person_id=BEN, shared_at=None, opened_at=None)
    finished = timeline_of(couple(), (), [alone])
    assert [(one.happening, one.side) for one in finished] == [
        (Happening.FINISHED, "b"),
        (Happening.ASKED, "b"),
    ]
    (asked,) = timeline_of(couple(), (), [alone._replace(submitted_at=None)])
    assert asked.happening is Happening.ASKED


def test_a_session_with_one_alone_stands_on_that_side() -> None:
    (session,) = timeline_of(couple(), [changed(SESSION, with_person_id=ANA)], ())
    assert session.side == "a"


def test_of_years_only_the_latest_stand_there() -> None:
    lines = [line(person_id, 2, uuid4()) for _ in range(MOST_MOMENTS) for person_id in (ANA, BEN)]
    assert len(timeline_of(couple(), [SESSION], lines)) == MOST_MOMENTS
