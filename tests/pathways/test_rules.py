"""When a step is due, by clocks that are put forward and back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.pathways.rules import Delivery, Rule, WrongRule, moment_of

ZONES = tuple(ZoneInfo(name) for name in ("Europe/London", "America/New_York", "Australia/Lord_Howe"))
HALF_HOUR = timedelta(minutes=30)
walls = st.datetimes(datetime(2025, 12, 1), datetime(2027, 12, 1))  # noqa: DTZ001 - what clocks on walls show
instants = walls.map(lambda wall: wall.replace(tzinfo=UTC))
zones, hours = st.sampled_from(ZONES), st.integers(0, 23)


def shows(instant: datetime, zone: ZoneInfo, hour: int) -> bool:
    """Whether clocks there show this hour or, where it is skipped, have just jumped over it."""
    local = instant.astimezone(zone)
    before = (instant - timedelta(microseconds=1)).astimezone(zone)
    jumped = local.utcoffset() != before.utcoffset() and before.hour < hour <= local.hour
    return (local.hour, local.minute) == (hour, 0) or jumped


@settings(max_examples=150, deadline=None)
@given(since=instants, zone=zones, weekday=st.integers(0, 6), hour=hours)
@example(datetime(2026, 3, 28, 12, tzinfo=UTC), ZONES[0], 6, 1)  # the hour that London skips
@example(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), ZONES[0], 6, 1)  # between the two of the doubled hour
@example(datetime(2026, 10, 3, 12, tzinfo=UTC), ZONES[2], 6, 2)  # half an hour is skipped
@example(datetime(2026, 11, 1, 5, 30, tzinfo=UTC), ZONES[1], 6, 1)
def test_a_day_of_the_week_is_the_next_one_and_at_its_hour(
    since: datetime, zone: ZoneInfo, weekday: int, hour: int
) -> None:
    due = Rule(Delivery.WEEKDAY, weekday=weekday, hour=hour).due_at(since, zone)
    assert due is not None
    assert since < due <= since + timedelta(days=7, hours=1)
    assert due.astimezone(zone).weekday() == weekday
    assert shows(due, zone, hour)


@settings(max_examples=150, deadline=None)
@given(since=instants, zone=zones, days=st.integers(1, 90), hour=hours)
@example(datetime(2026, 3, 28, 12, tzinfo=UTC), ZONES[0], 1, 1)
@example(datetime(2026, 4, 4, 12, tzinfo=UTC), ZONES[2], 1, 1)
def test_days_are_counted_by_the_calendar_there(
    since: datetime, zone: ZoneInfo, days: int, hour: int
) -> None:
    due = Rule(Delivery.AFTER_DAYS, days=days, hour=hour).due_at(since, zone)
    assert due is not None
    assert due > since
    assert due.astimezone(zone).date() == since.astimezone(zone).date() + timedelta(days=days)
    assert shows(due, zone, hour)


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_a_year_of_weeks_has_each_week_once_however_clocks_change(zone: ZoneInfo) -> None:
    rule, since = Rule(Delivery.WEEKDAY, weekday=6, hour=2), datetime(2026, 1, 1, tzinfo=UTC)
    days = []
    for _week in range(52):
        due = rule.due_at(since, zone)
        assert due is not None
        days.append(due.astimezone(zone).date())
        since = due
    assert {later - earlier for earlier, later in pairwise(days)} == {timedelta(days=7)}


@settings(max_examples=100, deadline=None)
@given(local=walls, zone=zones)
def test_a_time_on_the_wall_is_never_an_earlier_one(local: datetime, zone: ZoneInfo) -> None:
    shown = moment_of(local, zone).astimezone(zone).replace(tzinfo=None)
    assert local <= shown <= local + timedelta(hours=1)


def test_at_once_is_now_and_after_the_one_before_is_nobodys_clock() -> None:
    now = datetime(2026, 11, 20, 16, 5, tzinfo=UTC)
    assert Rule(Delivery.AT_ONCE).due_at(now, ZONES[0]) == now
    assert Rule(Delivery.AFTER_PREVIOUS).due_at(now, ZONES[0]) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"delivery": Delivery.AFTER_DAYS}, {"delivery": Delivery.AFTER_DAYS, "days": 0},
        {"delivery": Delivery.AFTER_DAYS, "days": 91}, {"delivery": Delivery.WEEKDAY},
        {"delivery": Delivery.WEEKDAY, "weekday": 7}, {"delivery": Delivery.WEEKDAY, "weekday": 1, "hour": 24},
    ],
)  # fmt: skip
def test_a_rule_without_its_number_is_none(wrong: dict[str, object]) -> None:
    with pytest.raises(WrongRule):
        Rule(**wrong)  # type: ignore[arg-type]  # wrong on purpose
