"""Free slots against a slow reading of the same words, minute by minute, around the clock changes of six zones."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.diary.rules import (
    ConsultationType,
    Interval,
    Slot,
    SlotNotOffered,
    SlotTaken,
    TimeAway,
    WeeklyHours,
    free_slots,
    slot_at,
)
from portal.zones import to_instant

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CHANGES = {
    "Europe/London": [date(2026, 3, 29), date(2026, 10, 25)],
    "America/New_York": [date(2026, 3, 8), date(2026, 11, 1)],
    "Australia/Lord_Howe": [date(2026, 4, 5), date(2026, 10, 4)],
    # At midnight, both ways; there are none since 2019.
    "America/Sao_Paulo": [date(2018, 2, 18), date(2018, 11, 4)],
    "Africa/Casablanca": [date(2026, 2, 15), date(2026, 3, 22)],
    # A whole date skipped, then a doubled and a missing hour.
    "Pacific/Apia": [date(2011, 12, 30), date(2012, 4, 1), date(2012, 9, 30)],
}


class Diary(NamedTuple):
    hours: list[WeeklyHours]
    zone: ZoneInfo
    occupied: list[Interval]
    away: list[TimeAway]
    kind: ConsultationType
    now: datetime
    first_day: date
    days: int

    def free(self) -> list[Slot]:
        return free_slots(**self._asdict())

    def offers(self, start: datetime) -> bool:
        inputs = self._asdict()
        del inputs["first_day"], inputs["days"]
        try:
            return slot_at(start, **inputs).start == start
        except (SlotNotOffered, SlotTaken):
            return False


@st.composite
def periods(draw: st.DrawFn, first_day: date) -> WeeklyHours:
    # Half of the periods begin in the small hours of the day of the change.
    is_early = draw(st.booleans())
    start = draw(st.integers(0, 36 if is_early else 286)) * 5
    end = min(start + draw(st.integers(1, 60)) * 5, 1440)
    clock = [time(minutes // 60 % 24, minutes % 60) for minutes in (start, end)]
    weekday = (first_day + (1 if is_early else draw(st.integers(0, 2))) * DAY).weekday()
    bounds = st.sampled_from([None, None, None, *(first_day + number * DAY for number in (-1, 1, 2))])
    return WeeklyHours(weekday, clock[0], clock[1], draw(bounds), draw(bounds))


@st.composite
def intervals(draw: st.DrawFn, first_day: date) -> Interval:
    start = datetime.combine(first_day, time(), UTC) + draw(st.integers(-1440, 4320)) * MINUTE
    return Interval(start, start + draw(st.integers(1, 600)) * MINUTE)


@st.composite
def diaries(draw: st.DrawFn) -> Diary:
    zone_id = draw(st.sampled_from(sorted(CHANGES)))
    first_day = draw(st.sampled_from(CHANGES[zone_id])) - DAY
    busy = intervals(first_day)
    buffers = st.sampled_from([0, 5, 10, 30])
    kind = ConsultationType(
        length_minutes=draw(st.sampled_from([5, 20, 50, 90])),
        buffer_before_minutes=draw(buffers),
        buffer_after_minutes=draw(buffers),
        minimum_notice_minutes=draw(st.sampled_from([0, 45, 1440])),
        horizon_days=draw(st.sampled_from([9, 9, 3, 1, 0])),
        step_minutes=draw(st.sampled_from([5, 15, 30, 45, 60, 90])),
    )
    return Diary(
        hours=draw(st.lists(periods(first_day), min_size=1, max_size=4)),
        zone=ZoneInfo(zone_id),
        occupied=sorted(draw(st.lists(busy, max_size=4))),
        away=[TimeAway(interval, None) for interval in draw(st.lists(busy, max_size=1))],
        kind=kind,
        now=datetime.combine(first_day, time(), UTC) + timedelta(seconds=draw(st.integers(-172800, 43200))),
        first_day=first_day,
        days=draw(st.integers(1, 3)),
    )


def read_slowly(diary: Diary) -> list[Slot]:
    """Try every minute as a start, and look at the clock on the wall in every minute of the slot."""
    begin = datetime.combine(diary.first_day, time(), UTC) - DAY
    minutes = [begin + number * MINUTE for number in range((diary.days + 3) * 1440)]
    walls = [minute.astimezone(diary.zone).replace(tzinfo=None, fold=0) for minute in minutes]
    last_day = diary.first_day + (diary.days - 1) * DAY
    return [
        Slot(minute, minute + diary.kind.length_minutes * MINUTE)
        for number, minute in enumerate(minutes[:-1440])
        if diary.first_day <= walls[number].date() <= last_day
        and _is_bookable(diary, minute)
        and any(_fits(period, walls[number:], diary.kind) for period in diary.hours)
        and not _is_disturbed(diary, minute)
    ]


def _is_bookable(diary: Diary, start: datetime) -> bool:
    notice = diary.kind.minimum_notice_minutes * MINUTE
    return diary.now + notice <= start <= diary.now + diary.kind.horizon_days * DAY


def _fits(period: WeeklyHours, walls: Sequence[datetime], kind: ConsultationType) -> bool:
    day = walls[0].date()
    opens = datetime.combine(day, period.start)
    closes = (
        datetime.combine(day, period.end) if period.end != time() else datetime.combine(day + DAY, time())
    )
    return (
        period.covers(day)
        and (walls[0] - opens) % (kind.step_minutes * MINUTE) == timedelta()
        and all(opens <= wall < closes for wall in walls[: kind.length_minutes])
    )


def _is_disturbed(diary: Diary, start: datetime) -> bool:
    begin = start - diary.kind.buffer_before_minutes * MINUTE
    end = start + (diary.kind.length_minutes + diary.kind.buffer_after_minutes) * MINUTE
    busy = [*diary.occupied, *(off.interval for off in diary.away)]
    return any(interval.start < end and begin < interval.end for interval in busy)


patient = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


@patient
@given(diaries())
def test_the_offer_is_what_a_slow_reading_finds(diary: Diary) -> None:
    assert diary.free() == read_slowly(diary)


@patient
@given(diaries())
def test_every_slot_keeps_its_buffers_clear_of_all_that_is_occupied(diary: Diary) -> None:
    assert not [slot for slot in diary.free() if _is_disturbed(diary, slot.start)]


@patient
@given(diaries())
def test_every_slot_shows_a_local_time_that_leads_back_to_it(diary: Diary) -> None:
    for slot in diary.free():
        local = slot.start.astimezone(diary.zone)
        assert to_instant(local.replace(tzinfo=None), diary.zone, fold=local.fold) == slot.start


@patient
@given(diaries())
def test_the_offer_is_sorted_and_names_each_time_once(diary: Diary) -> None:
    starts = [slot.start for slot in diary.free()]

    assert starts == sorted(set(starts))


@patient
@given(diaries(), st.integers(0, 4 * 288))
def test_a_posted_start_is_accepted_if_and_only_if_it_is_offered(diary: Diary, number: int) -> None:
    start = datetime.combine(diary.first_day, time(), UTC) + number * 5 * MINUTE
    first_day, last_day = diary.first_day, diary.first_day + (diary.days - 1) * DAY

    if first_day <= start.astimezone(diary.zone).date() <= last_day:
        assert diary.offers(start) == (start in [slot.start for slot in diary.free()])


@pytest.mark.parametrize("zone_id", sorted(CHANGES))
def test_around_each_change_open_doors_offer_every_quarter_of_an_hour_that_really_passes(
    zone_id: str,
) -> None:
    always = [WeeklyHours(weekday, time(), time()) for weekday in range(7)]
    for change in CHANGES[zone_id]:
        first_day, now = change - DAY, datetime.combine(change - 3 * DAY, time(), UTC)
        kind = ConsultationType(15, 0, 0, 0, 9, 15)
        slots = Diary(always, ZoneInfo(zone_id), [], [], kind, now, first_day, 3).free()

        gaps = {later.start - earlier.start for earlier, later in pairwise(slots)}
        assert gaps == {timedelta(minutes=15)}
        assert slots[0].start == datetime.combine(first_day, time(), ZoneInfo(zone_id)).astimezone(UTC)
        assert slots[-1].end == datetime.combine(first_day + 3 * DAY, time(), ZoneInfo(zone_id)).astimezone(
            UTC
        )
