"""The time grid: exact on the days on which clocks change, in zones that change them in different ways."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from portal.diary.agenda import Grid, View, dates_of, draw, free_stretches, parse_date, starts_in
from portal.diary.days import whole_day
from portal.diary.rules import Interval

HALF_HOUR = timedelta(minutes=30)
CHANGES = [
    ("Europe/London", date(2026, 10, 25), 50), ("Europe/London", date(2026, 3, 29), 46),
    ("America/New_York", date(2026, 11, 1), 50), ("Australia/Lord_Howe", date(2026, 4, 5), 49),
    ("Australia/Lord_Howe", date(2026, 10, 4), 47), ("America/Sao_Paulo", date(2018, 11, 4), 46),
    ("America/Sao_Paulo", date(2018, 2, 17), 50), ("Africa/Casablanca", date(2026, 2, 15), 50),
    ("Pacific/Apia", date(2011, 12, 29), 48), ("Pacific/Apia", date(2011, 12, 30), 0), ("Asia/Kathmandu", date(2026, 6, 1), 48),
]  # fmt: skip


@pytest.mark.parametrize(("zone_id", "day", "half_hours"), CHANGES)
def test_every_half_hour_of_a_day_has_its_own_lines(zone_id: str, day: date, half_hours: int) -> None:
    zone = ZoneInfo(zone_id)
    lasts = whole_day(day, zone)
    entries = []
    start = lasts.start
    while start < lasts.end:
        entries.append((Interval(start, start + HALF_HOUR), start))
        start += HALF_HOUR
    grid = draw(
        [day], zone, entries=entries, opened=[lasts] if entries else [], away=[], busy=[], now=lasts.start
    )
    (column,) = grid.columns
    places = [one.place for one in column.entries]
    assert len(places) == half_hours and all(end - start == 6 for start, end in places)
    assert all(before.end <= after.start for before, after in pairwise(places))
    total = grid.marks[-1].place.end
    covered = sum(end - start for start, end in [*places, *column.gaps])
    assert covered == total, "what is neither shown nor a gap, or both"
    assert [mark.place.start for mark in grid.marks[1:]] == [mark.place.end for mark in grid.marks[:-1]]


def test_a_week_with_a_doubled_hour_leaves_a_gap_on_the_other_days() -> None:
    zone = ZoneInfo("Europe/London")
    dates = dates_of(View.WEEK, date(2026, 10, 25))
    nights = [Interval(whole_day(day, zone).start, whole_day(day, zone).end) for day in dates]
    grid: Grid[None] = draw(
        dates, zone, entries=[], opened=nights, away=[], busy=[], now=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert [len(column.gaps) for column in grid.columns] == [1] * 6 + [0]
    assert sum(mark.offset != "" for mark in grid.marks) == 2
    assert grid.marks[-1].place.end == 25 * 12


def test_what_passes_midnight_lies_on_both_days_and_short_things_can_be_pressed() -> None:
    zone = ZoneInfo("Europe/London")
    evening = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
    long, short = (
        Interval(evening, evening + timedelta(hours=2)),
        Interval(evening + timedelta(hours=10), evening + timedelta(hours=10, minutes=5)),
    )
    grid = draw(
        dates_of(View.WEEK, evening.date()), zone, entries=[(long, "long"), (short, "short")], opened=[], away=[], busy=[],
        now=evening,
    )  # fmt: skip
    monday, tuesday = grid.columns[:2]
    assert [(one.thing, one.place) for one in monday.entries] == [("long", (23 * 12, 24 * 12))]
    assert [(one.thing, one.place) for one in tuesday.entries] == [
        ("long", (0, 12)),
        ("short", (9 * 12, 9 * 12 + 4)),
    ]
    assert monday.now == 23 * 12 and tuesday.now is None


def test_free_stretches_lie_between_what_is_taken() -> None:
    nine = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    def span(start: int, end: int) -> Interval:
        return Interval(nine + timedelta(minutes=start), nine + timedelta(minutes=end))

    taken = [span(60, 90), span(80, 130), span(150, 400)]
    assert free_stretches(span(0, 300), taken, room=timedelta(minutes=20)) == [span(0, 60), span(130, 150)]
    assert free_stretches(span(0, 300), taken, room=timedelta(minutes=30)) == [span(0, 60)]
    assert free_stretches(span(0, 0), [], room=timedelta(minutes=30)) == []
    starts = starts_in(span(8, 100), timedelta(minutes=20), ZoneInfo("Asia/Kathmandu"))
    assert [start.minute for start in starts] == [
        10,
        15,
        45,
        15,
    ]  # at once, then by the clocks of Nepal, 5:45 ahead


def test_a_date_in_an_address_is_one_or_none() -> None:
    today = date(2026, 11, 21)
    assert parse_date("2026-12-24", today) == date(2026, 12, 24)
    for text in ("", "2026-02-30", "20261224", "9999-12-31", "0001-01-01", "２０２６-12-24"):
        assert parse_date(text, today) == today
