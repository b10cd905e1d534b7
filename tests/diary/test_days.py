"""Free times by the reader's own dates, and why a day has none."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

import pytest

from portal.diary.days import (
    Day,
    Emptiness,
    EmptyRun,
    GlanceDay,
    WhyEmpty,
    day_list,
    days_of_slots,
    reasons_for_empty_days,
    weeks_at_a_glance,
)
from portal.diary.rules import (
    Availability,
    ConsultationType,
    Interval,
    Slot,
    TimeAway,
    WeeklyHours,
    free_slots,
)

LONDON = ZoneInfo("Europe/London")
SATURDAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TALK = ConsultationType(20, 0, 10, 24 * 60, 10, 30)
WORKDAYS = tuple(WeeklyHours(weekday, time(9), time(10)) for weekday in range(5))


def november(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def slot(start: datetime) -> Slot:
    return Slot(start, start + timedelta(minutes=20))


def rows(
    *,
    occupied: tuple[Interval, ...] = (),
    away: tuple[TimeAway, ...] = (),
    reader: ZoneInfo = LONDON,
    days: int = 14,
) -> list[Day | EmptyRun]:
    slots = free_slots(
        availability=[Availability(LONDON, WORKDAYS)],
        occupied=occupied,
        away=away,
        kind=TALK,
        now=NOW,
        first_day=SATURDAY,
        days=days,
    )
    reasons = reasons_for_empty_days(
        availability=[Availability(LONDON, WORKDAYS)],
        away=away,
        kind=TALK,
        now=NOW,
        first_day=SATURDAY,
        days=days,
        reader_zone=reader,
    )
    return day_list(days_of_slots(slots, reader), reasons)


def dates(found: list[Day | EmptyRun]) -> list[date | tuple[date, date]]:
    return [row.date if isinstance(row, Day) else (row.first_on, row.last_on) for row in found]


def test_slots_are_grouped_by_the_date_on_the_readers_wall() -> None:
    evening, morning = slot(november(23, 23)), slot(november(24, 1))

    assert days_of_slots([evening, morning], LONDON) == [
        Day(date(2026, 11, 23), (evening,)),
        Day(date(2026, 11, 24), (morning,)),
    ]
    assert days_of_slots([evening, morning], ZoneInfo("America/New_York")) == [
        Day(date(2026, 11, 23), (evening, morning))
    ]


def test_no_slot_is_lost_or_moved_by_another_zone() -> None:
    slots = [slot(november(20) + timedelta(hours=hours)) for hours in range(0, 240, 5)]

    for zone_id in ("Pacific/Apia", "Pacific/Pago_Pago", "Pacific/Kiritimati", "America/St_Johns"):
        days = days_of_slots(slots, ZoneInfo(zone_id))
        assert list(chain.from_iterable(day.slots for day in days)) == slots


def test_a_date_that_the_clock_shows_again_after_midnight_stays_one_day() -> None:
    # In St John's the clocks went from 00:01 on 7 November 2010 back to 23:01 on the 6th: 02:31 UTC.
    change = datetime(2010, 11, 7, 2, 31, tzinfo=UTC)
    before, just_before, after = (slot(change + timedelta(seconds=seconds)) for seconds in (-600, -30, 600))

    assert days_of_slots([before, just_before, after], ZoneInfo("America/St_Johns")) == [
        Day(date(2010, 11, 6), (before, after)),
        Day(date(2010, 11, 7), (just_before,)),
    ]
    assert [day.date.day for day in days_of_slots([just_before, after], ZoneInfo("America/St_Johns"))] == [
        6,
        7,
    ]


def test_a_full_day_and_the_weekend_beside_it_are_one_line() -> None:
    found = rows(
        occupied=(Interval(november(23), november(24)), Interval(november(27), november(28))), days=9
    )

    assert found[0] == EmptyRun(SATURDAY, date(2026, 11, 23), WhyEmpty.FULL, None)
    assert dates(found[1:4]) == [date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26)]
    assert found[4] == EmptyRun(date(2026, 11, 27), date(2026, 11, 29), WhyEmpty.FULL, None)


def test_days_away_are_a_line_of_their_own_with_the_return() -> None:
    leave = TimeAway(Interval(november(24), november(26)), date(2026, 11, 26))

    found = rows(away=(leave,), days=7)

    assert dates(found) == [
        (SATURDAY, date(2026, 11, 22)),
        date(2026, 11, 23),
        (date(2026, 11, 24), date(2026, 11, 25)),
        date(2026, 11, 26),
        date(2026, 11, 27),
    ]
    assert found[2] == EmptyRun(date(2026, 11, 24), date(2026, 11, 25), WhyEmpty.AWAY, date(2026, 11, 26))


def test_a_weekend_within_a_leave_belongs_to_it() -> None:
    leave = TimeAway(Interval(november(23), november(30)), date(2026, 11, 30))

    assert dates(rows(away=(leave,), days=10))[1] == (date(2026, 11, 23), date(2026, 11, 29))


def test_away_for_all_hours_of_a_day_is_away_and_for_some_of_them_full() -> None:
    early = TimeAway(Interval(november(24, 8), november(24, 12)), None)
    half = TimeAway(Interval(november(25, 9), november(25, 9) + timedelta(minutes=30)), None)
    booked = Interval(november(25, 9) + timedelta(minutes=30), november(25, 10))

    found = {
        row.first_on: row.why
        for row in rows(away=(early, half), occupied=(booked,))
        if isinstance(row, EmptyRun)
    }

    assert found[date(2026, 11, 24)] == WhyEmpty.AWAY
    assert found[date(2026, 11, 25)] == WhyEmpty.FULL


def test_days_too_soon_and_too_far_say_so() -> None:
    hours = tuple(WeeklyHours(weekday, time(11), time(14)) for weekday in range(7))

    reasons = reasons_for_empty_days(
        availability=[Availability(LONDON, hours)],
        away=(),
        kind=TALK,
        now=NOW,
        first_day=SATURDAY,
        days=14,
        reader_zone=LONDON,
    )

    assert reasons[SATURDAY] == Emptiness(WhyEmpty.TOO_SOON)
    assert reasons[date(2026, 12, 2)] == Emptiness(WhyEmpty.BEYOND_HORIZON)
    assert list(reasons) == [SATURDAY + timedelta(days=number) for number in range(14)]


def test_the_last_day_of_the_horizon_is_too_far_when_its_hours_begin_later() -> None:
    late = tuple(WeeklyHours(weekday, time(18), time(20)) for weekday in range(7))

    reasons = reasons_for_empty_days(
        availability=[Availability(LONDON, late)],
        away=(),
        kind=TALK,
        now=NOW,
        first_day=SATURDAY,
        days=14,
        reader_zone=LONDON,
    )

    assert reasons[date(2026, 12, 1)].why == WhyEmpty.BEYOND_HORIZON


def test_days_beyond_the_horizon_are_a_line_of_their_own_with_their_weekends() -> None:
    found = rows(occupied=(Interval(november(30), november(30) + timedelta(days=2)),), days=17)

    assert dates(found[-2:-1]) == [(date(2026, 11, 28), date(2026, 12, 1))]
    assert found[-1] == EmptyRun(date(2026, 12, 2), date(2026, 12, 7), WhyEmpty.BEYOND_HORIZON, None)


def test_the_reasons_follow_the_readers_dates() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    evenings = tuple(WeeklyHours(weekday, time(20), time(21)) for weekday in range(5))

    reasons = reasons_for_empty_days(
        availability=[Availability(LONDON, evenings)],
        away=(),
        kind=TALK,
        now=NOW,
        first_day=SATURDAY,
        days=9,
        reader_zone=tokyo,
    )

    # Monday evening in London is Tuesday in Tokyo.
    assert reasons[SATURDAY].why == WhyEmpty.TOO_SOON
    assert reasons[date(2026, 11, 23)].why == WhyEmpty.OUTSIDE_HOURS
    assert reasons[date(2026, 11, 24)].why == WhyEmpty.FULL
    assert reasons[date(2026, 11, 28)].why == WhyEmpty.FULL
    assert reasons[date(2026, 11, 29)].why == WhyEmpty.OUTSIDE_HOURS


@pytest.mark.parametrize(
    "farthest", [("Pacific/Kiritimati", "Pacific/Pago_Pago"), ("Pacific/Niue", "Pacific/Apia")]
)
def test_zones_a_whole_day_apart_leave_no_date_without_its_hours(farthest: tuple[str, str]) -> None:
    hours = tuple(
        WeeklyHours(weekday, *period)
        for weekday in range(7)
        for period in [(time(0), time(1)), (time(23), time())]
    )
    for here, there in (farthest, farthest[::-1]):
        reasons = reasons_for_empty_days(
            availability=[Availability(ZoneInfo(here), hours)],
            away=(),
            kind=TALK,
            now=NOW,
            first_day=SATURDAY,
            days=9,
            reader_zone=ZoneInfo(there),
        )

        assert WhyEmpty.OUTSIDE_HOURS not in {reason.why for reason in reasons.values()}


def test_empty_days_with_a_gap_between_them_are_not_one_line() -> None:
    outside = Emptiness(WhyEmpty.OUTSIDE_HOURS)

    assert dates(day_list([], {SATURDAY: outside, SATURDAY + timedelta(days=2): outside})) == [
        (SATURDAY, SATURDAY),
        (SATURDAY + timedelta(days=2), SATURDAY + timedelta(days=2)),
    ]


def test_four_weeks_at_a_glance_are_whole_weeks_with_blanks_around() -> None:
    weeks = weeks_at_a_glance([Day(date(2026, 11, 24), (slot(november(24)),) * 4)], first_day=SATURDAY)

    assert [len(week) for week in weeks] == [7] * 5
    assert weeks[0] == [None] * 5 + [GlanceDay(SATURDAY, 0), GlanceDay(date(2026, 11, 22), 0)]
    assert weeks[1][1] == GlanceDay(date(2026, 11, 24), 4)
    assert weeks[4][4:] == [GlanceDay(date(2026, 12, 18), 0), None, None]


def test_the_table_grows_for_a_day_that_the_list_shows() -> None:
    weeks = weeks_at_a_glance([Day(date(2026, 12, 19), (slot(november(24)),))], first_day=SATURDAY)

    assert weeks[4][4:] == [GlanceDay(date(2026, 12, 18), 0), GlanceDay(date(2026, 12, 19), 1), None]
