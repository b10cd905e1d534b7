"""The next safe moment, against a slow look at every minute, over changes of clocks; and cards as they are stored."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.people.rules import (
    Card,
    CardBroken,
    Channel,
    SafeRange,
    Voicemail,
    card_from_json,
    card_json,
    is_old,
    next_safe_moment,
)
from portal.zones import parse_zone, to_local

QUARTER = timedelta(minutes=15)
# Days around which clocks of the zone change: by an hour, by half of one, at midnight, by a whole day left out.
CHANGES = {
    "Europe/London": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "Africa/Cairo": (date(2026, 4, 24), date(2026, 10, 29)),
    "Asia/Kathmandu": (date(2026, 3, 29),),
    "Pacific/Apia": (date(2011, 12, 30),),
}
quarters = st.integers(0, 95).map(lambda number: time(number // 4, number % 4 * 15))
days = st.sets(st.integers(0, 6), min_size=1).map(lambda found: tuple(sorted(found)))


@st.composite
def ranges(draw: st.DrawFn) -> SafeRange:
    starts, ends = draw(quarters), draw(quarters)
    if ends != time(0) and ends <= starts:
        starts, ends = ends, starts
    return SafeRange(draw(days), starts, time(0) if starts == ends else ends)


@st.composite
def nights(draw: st.DrawFn) -> tuple[str, datetime]:
    zone = draw(st.sampled_from(sorted(CHANGES)))
    day = draw(st.sampled_from(CHANGES[zone]))
    begin = datetime.combine(day, time(0), UTC) - timedelta(days=2)
    return zone, begin + QUARTER * draw(st.integers(0, 4 * 24 * 4))


def is_safe(one: SafeRange, local: datetime) -> bool:
    clock = local.time().replace(tzinfo=None)
    return local.weekday() in one.days and one.starts <= clock and (one.ends == time(0) or clock < one.ends)


@settings(max_examples=120, deadline=None)
@given(nights(), st.lists(ranges(), min_size=1, max_size=3))
def test_it_is_the_first_minute_at_which_the_clock_on_the_wall_shows_a_safe_time(
    night: tuple[str, datetime], found: list[SafeRange]
) -> None:
    zone, now = parse_zone(night[0]), night[1]
    looked_at = (now + QUARTER * number for number in range(16 * 96))
    slow = next((at for at in looked_at if any(is_safe(one, to_local(at, zone)) for one in found)), None)
    assert next_safe_moment(found, zone, now) == slow


def test_without_hours_every_time_is_safe() -> None:
    now = datetime(2026, 11, 21, 3, 7, 5, tzinfo=UTC)
    assert next_safe_moment((), parse_zone("Europe/London"), now) == now


def test_an_hour_that_is_skipped_waits_for_the_next_week() -> None:
    sunday_night = SafeRange((6,), time(1, 15), time(1, 45))
    now = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert next_safe_moment([sunday_night], parse_zone("Europe/London"), now) == datetime(
        2026, 4, 5, 0, 15, tzinfo=UTC
    )


def test_at_the_end_of_the_years_nothing_is_safe() -> None:
    last = datetime(9999, 12, 31, 12, tzinfo=UTC)
    assert next_safe_moment([SafeRange((0,), time(1), time(2))], parse_zone("Europe/London"), last) is None


def test_a_card_comes_back_as_it_was_stored() -> None:
    ranges = (SafeRange((0, 2), time(9), time(0)), SafeRange((6,), time(18, 30), time(19)))
    card = Card(Channel.TEXT, ranges, Voicemail.NO, "Marmalade", "Ring twice\n\u202eor not")
    assert card_from_json(card_json(card)) == card


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        card_json(Card()).replace("email", "pigeon"),
        card_json(Card()).replace('""', "3"),
    ],
)
def test_a_stored_card_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(CardBroken):
        card_from_json(text)


@pytest.mark.parametrize(
    ("days", "starts", "ends"), [((), 9, 10), ((7,), 9, 10), ((0,), 10, 9), ((0,), 9, 9)]
)
def test_hours_that_never_come_are_no_hours(days: tuple[int, ...], starts: int, ends: int) -> None:
    with pytest.raises(CardBroken):
        SafeRange(days, time(starts), time(ends))


def test_a_card_is_old_after_a_year() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert not is_old(now - timedelta(days=365), now)
    assert is_old(now - timedelta(days=366), now)
