"""The page of free times as data: days of the reader, weeks, clocks told apart."""

from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from portal.booking.timetable import OpenDay, times_of, timetable
from portal.diary.days import EmptyRun
from portal.diary.offers import Offer, short_name
from portal.diary.rules import Availability, ConsultationType, Interval, Slot, TimeAway, WeeklyHours

LONDON, BERLIN, AUCKLAND = ZoneInfo("Europe/London"), ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Auckland")
NOW = datetime(2026, 11, 20, 16, 5, tzinfo=UTC)  # a Friday


def an_offer(*, hours: tuple[WeeklyHours, ...], away: tuple[TimeAway, ...] = ()) -> Offer:
    return Offer(
        therapist_id=UUID(int=1), therapist_name="Jane Parker", zone=LONDON, is_instant=False, availability=[Availability(LONDON, hours)], away=away, type_id=UUID(int=2), type_name="A first talk", place=None,
        kind=ConsultationType(20, 0, 10, 24 * 60, 28, 30), occupied=(),
    )  # fmt: skip


TUESDAYS = (WeeklyHours(1, time(9), time(10)),)


def test_this_week_and_next_come_first_and_later_weeks_one_by_one() -> None:
    table = timetable(an_offer(hours=TUESDAYS), NOW, LONDON)
    assert (table.near.first_on, table.near.last_on) == (date(2026, 11, 20), date(2026, 11, 29))
    assert [week.first_on for week in table.later] == [
        date(2026, 11, 30),
        date(2026, 12, 7),
        date(2026, 12, 14),
    ]
    assert (table.free, table.free_later) == (8, 6)


def test_no_date_is_missing_between_today_and_the_horizon() -> None:
    table = timetable(an_offer(hours=TUESDAYS), NOW, LONDON)
    days = 0
    for week in (table.near, *table.later):
        for row in week.rows:
            days += 1 if isinstance(row, OpenDay) else (row.last_on - row.first_on).days + 1
    assert days == 29


def test_a_reader_far_east_sees_the_same_times_on_the_next_day() -> None:
    near = timetable(an_offer(hours=TUESDAYS), NOW, AUCKLAND).near
    days = [row for row in near.rows if isinstance(row, OpenDay)]
    assert [(day.date, day.times[0].clock, day.times[0].there) for day in days] == [
        (date(2026, 11, 24), "22:00", "09:00")
    ]


def test_the_other_clock_is_silent_where_both_agree() -> None:
    slot = Slot(NOW, NOW)
    assert times_of([slot], (LONDON, ZoneInfo("Europe/Lisbon")))[0].there == ""
    assert times_of([slot], (BERLIN, LONDON))[0].there == "16:05"


def test_the_doubled_hour_says_which_is_which() -> None:
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    later = datetime(2026, 10, 25, 9, tzinfo=UTC)
    shown = times_of([Slot(start, start) for start in (first, second, later)], (LONDON, LONDON))
    assert [(one.clock, one.offset) for one in shown] == [("01:30", "GMT+1"), ("01:30", "GMT"), ("09:00", "")]


def test_a_day_off_is_a_line_that_says_when_the_therapist_is_back() -> None:
    off = TimeAway(
        Interval(datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC)), date(2026, 11, 26)
    )
    near = timetable(an_offer(hours=TUESDAYS, away=(off,)), NOW, LONDON).near
    away = [row for row in near.rows if isinstance(row, EmptyRun) and row.why.value == "away"]
    assert [(run.first_on, run.return_on) for run in away] == [(date(2026, 11, 24), date(2026, 11, 26))]


def test_the_next_times_are_on_different_days_while_there_are_some() -> None:
    offer = an_offer(hours=(*TUESDAYS, WeeklyHours(4, time(12), time(13))))
    days = [slot.start.date() for slot in offer.next_by_day(NOW, 3)]
    assert days == [date(2026, 11, 24), date(2026, 11, 27), date(2026, 12, 1)]


def test_one_day_alone_gives_several_of_the_next_times() -> None:
    hours = (WeeklyHours(1, time(9), time(11), valid_until=date(2026, 11, 24)),)
    starts = [slot.start.hour * 60 + slot.start.minute for slot in an_offer(hours=hours).next_by_day(NOW, 3)]
    assert starts == [540, 570, 600]


@pytest.mark.parametrize(
    ("name", "short"), [("Jane Parker", "Jane"), ("Dr. Jane Parker", "Dr. Jane Parker"), ("Dr Jane", "Dr Jane"), ("Jane", "Jane")]
)  # fmt: skip
def test_a_therapist_is_called_by_the_first_name_unless_a_title_comes_first(name: str, short: str) -> None:
    assert short_name(name) == short
