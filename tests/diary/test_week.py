"""The picture of a week: the same hours that visitors are offered, as bars."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from portal.diary.rules import Availability, Interval, Period, TimeAway, WeeklyHours
from portal.diary.week import DrawnDay, draw_week

LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
MONDAY = date(2026, 11, 23)
OWN = Availability(LONDON, [WeeklyHours(0, time(9), time(12)), WeeklyHours(1, time(20), time())])


def bars(day: DrawnDay) -> list[tuple[int, int, str]]:
    return [(bar.start, bar.end, bar.place) for bar in day.bars]


def test_each_date_has_its_hours_and_the_scale_holds_them_all() -> None:
    week = draw_week(OWN, {}, (), first_day=MONDAY)

    assert [bars(day) for day in week.days[:3]] == [[(540, 720, "")], [(1200, 1440, "")], []]
    assert (week.start, week.end, week.hours) == (480, 1440, [8, 10, 12, 14, 16, 18, 20, 22, 24])
    assert week.minutes == 180 + 240


def test_a_place_is_drawn_by_its_own_clock_and_shared_time_is_counted_once() -> None:
    there = Availability(NEW_YORK, [WeeklyHours(0, time(11), time(13))])
    monday = draw_week(OWN, {"Manhattan": there}, (), first_day=MONDAY, days=1).days[0]

    assert bars(monday) == [(540, 720, ""), (660, 780, "Manhattan")]
    assert monday.minutes == 240


def test_special_dates_and_time_off_show() -> None:
    special = Availability(LONDON, OWN.weekly, {MONDAY: [Period(time(14), time(16))]})
    off = TimeAway(Interval(datetime(2026, 11, 23, 15, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC)), None)
    week = draw_week(special, {}, [off], first_day=MONDAY)

    assert bars(week.days[0]) == [(840, 960, "")] and week.days[0].is_special
    assert [day.off for day in week.days[:3]] == [((900, 1440),), ((0, 1440),), ()]
    assert [day.minutes for day in week.days[:2]] == [60, 0]
