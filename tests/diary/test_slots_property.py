"""Free slots against a slow reading of the same words, minute by minute, around the clock changes of six zones."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise, product
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.diary.rules import (
    Availability,
    Cap,
    ConsultationType,
    Interval,
    Period,
    Slot,
    SlotNotOffered,
    SlotTaken,
    TimeAway,
    WeeklyHours,
    available_at,
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
    own: Availability
    there: Availability
    occupied: list[Interval]
    away: list[TimeAway]
    kind: ConsultationType
    now: datetime
    first_day: date
    days: int
    cap: Cap | None

    def free(self) -> list[Slot]:
        return free_slots(**self._inputs())

    def offers(self, start: datetime) -> bool:
        inputs = self._inputs()
        del inputs["first_day"], inputs["days"]
        try:
            return slot_at(start, **inputs).start == start
        except (SlotNotOffered, SlotTaken):
            return False

    def _inputs(self) -> dict[str, Any]:
        inputs = self._asdict()
        return {"availability": available_at(inputs.pop("own"), inputs.pop("there")), **inputs}


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
def availabilities(draw: st.DrawFn, zone_id: str, first_day: date, *, least: int) -> Availability:
    """Draw a week, and now and then other hours, or none, on the date of the change or beside it."""
    dates = st.sampled_from([first_day + number * DAY for number in range(3)])
    special = st.dictionaries(
        dates, st.lists(periods(first_day), max_size=2), max_size=draw(st.integers(0, 1))
    )
    return Availability(
        ZoneInfo(zone_id),
        draw(st.lists(periods(first_day), min_size=least, max_size=3)),
        {day: [one.period for one in found] for day, found in draw(special).items()},
    )


@st.composite
def caps(draw: st.DrawFn, zone_id: str, first_day: date) -> Cap:
    most = st.sampled_from([None, 1, 2, 3])
    dates = st.sampled_from([first_day + number * DAY for number in range(-6, 8)])
    booked = draw(st.dictionaries(dates, st.integers(1, 2), max_size=3))
    return Cap(ZoneInfo(zone_id), draw(most), draw(most), booked)


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
    other_id = draw(st.sampled_from([zone_id, *sorted(CHANGES)]))
    return Diary(
        own=draw(availabilities(zone_id, first_day, least=1)),
        there=draw(availabilities(other_id, first_day, least=0)),
        occupied=sorted(draw(st.lists(busy, max_size=4))),
        away=[TimeAway(interval, None) for interval in draw(st.lists(busy, max_size=1))],
        kind=kind,
        now=datetime.combine(first_day, time(), UTC) + timedelta(seconds=draw(st.integers(-172800, 43200))),
        first_day=first_day,
        days=draw(st.integers(1, 3)),
        cap=draw(st.none() | caps(zone_id, first_day)),
    )


def read_slowly(diary: Diary) -> list[Slot]:
    """Try every minute as a start, and look at the clocks on the walls in every minute of the slot."""
    starts = {
        minute
        for which in (diary.own, diary.there)
        for minute in _starts_by(diary, which)
        if _is_bookable(diary, minute) and not _is_disturbed(diary, minute)
    }
    return [Slot(start, start + diary.kind.length_minutes * MINUTE) for start in sorted(starts)]


def _starts_by(diary: Diary, which: Availability) -> Iterator[datetime]:
    minutes, walls = _clock(which.zone, diary.first_day)
    days = [diary.first_day + number * DAY for number in range(diary.days)]
    periods_on = {day: found for day in days if (found := _periods_of(diary, which, day))}
    for number, wall in enumerate(walls[:-1440]):
        found = periods_on.get(wall.date(), ())
        if any(
            _fits(period, walls[number : number + diary.kind.length_minutes], diary.kind) for period in found
        ):
            yield minutes[number]


@cache
def _clock(zone: ZoneInfo, first_day: date) -> tuple[list[datetime], list[datetime]]:
    """List six days of minutes, and what the clock on the wall shows in each."""
    begin = datetime.combine(first_day, time(), UTC) - DAY
    minutes = [begin + number * MINUTE for number in range(6 * 1440)]
    return minutes, [minute.astimezone(zone).replace(tzinfo=None, fold=0) for minute in minutes]


def _periods_of(diary: Diary, which: Availability, day: date) -> Sequence[Period]:
    """Say in other words what holds on a date: what the place says of it, else what the therapist does, else the week."""
    for said in (diary.there.special, diary.own.special):
        if day in said:
            return said[day] if said is which.special else []
    return [one.period for one in which.weekly if one.covers(day)]


def _is_bookable(diary: Diary, start: datetime) -> bool:
    notice = diary.kind.minimum_notice_minutes * MINUTE
    is_in_time = diary.now + notice <= start <= diary.now + diary.kind.horizon_days * DAY
    return is_in_time and (diary.cap is None or not _is_too_many(diary.cap, start))


def _is_too_many(cap: Cap, start: datetime) -> bool:
    day = start.astimezone(cap.zone).date()
    week = sum(count for on, count in cap.booked.items() if on.isocalendar()[:2] == day.isocalendar()[:2])
    return cap.booked.get(day, 0) >= (cap.daily or math.inf) or week >= (cap.weekly or math.inf)


def _fits(period: Period, walls: Sequence[datetime], kind: ConsultationType) -> bool:
    day = walls[0].date()
    opens = datetime.combine(day, period.start)
    closes = datetime.combine(day + DAY if period.end == time() else day, period.end)
    return (walls[0] - opens) % (kind.step_minutes * MINUTE) == timedelta() and all(
        opens <= wall < closes for wall in walls
    )


def _is_disturbed(diary: Diary, start: datetime) -> bool:
    begin = start - diary.kind.buffer_before_minutes * MINUTE
    end = start + (diary.kind.length_minutes + diary.kind.buffer_after_minutes) * MINUTE
    busy = [*diary.occupied, *(off.interval for off in diary.away)]
    return any(interval.start < end and begin < interval.end for interval in busy)


patient = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])


@patient
@given(diaries())
def test_the_offer_is_what_a_slow_reading_finds(diary: Diary) -> None:
    assert diary.free() == read_slowly(diary)


@patient
@given(diaries())
def test_every_slot_is_clear_of_what_is_occupied_and_shows_a_local_time_that_leads_back_to_it(
    diary: Diary,
) -> None:
    free = diary.free()
    for slot, zone in product(free, (diary.own.zone, diary.there.zone)):
        local = slot.start.astimezone(zone)
        assert to_instant(local.replace(tzinfo=None), zone, fold=local.fold) == slot.start
        assert not _is_disturbed(diary, slot.start)
    assert [slot.start for slot in free] == sorted({slot.start for slot in free})


@patient
@given(diaries(), st.randoms())
def test_the_order_of_what_goes_in_never_matters(diary: Diary, random: Random) -> None:
    shuffled = diary._replace(
        own=replace(diary.own, weekly=random.sample(diary.own.weekly, len(diary.own.weekly))),
        there=replace(diary.there, weekly=random.sample(diary.there.weekly, len(diary.there.weekly))),
        occupied=random.sample(diary.occupied, len(diary.occupied)),
    )
    assert shuffled.free() == diary.free()


@patient
@given(diaries(), st.integers(0, 100))
def test_whoever_takes_what_is_offered_never_takes_more_than_the_therapist_sees(
    diary: Diary, choice: int
) -> None:
    """Take one time after the other until none is left, and count."""
    if diary.cap is None:
        return
    zone, booked = diary.cap.zone, Counter(diary.cap.booked)
    while free := diary._replace(cap=replace(diary.cap, booked=booked)).free():
        taken = free[choice % len(free)]
        day = taken.start.astimezone(zone).date()
        booked[day] += 1
        week = sum(count for on, count in booked.items() if on.isocalendar()[:2] == day.isocalendar()[:2])
        assert booked[day] <= (diary.cap.daily or math.inf) and week <= (diary.cap.weekly or math.inf)
        diary = diary._replace(occupied=[*diary.occupied, Interval(*taken)])


@patient
@given(diaries(), st.integers(0, 4 * 288))
def test_a_posted_start_is_accepted_if_and_only_if_it_is_offered(diary: Diary, number: int) -> None:
    start = datetime.combine(diary.first_day, time(), UTC) + number * 5 * MINUTE
    first_day, last_day = diary.first_day, diary.first_day + (diary.days - 1) * DAY

    free = [slot.start for slot in diary.free()]
    taken = [slot.start for slot in diary._replace(cap=None, occupied=[]).free()][-20:]
    for one in (start, *taken):
        dates = [one.astimezone(which.zone).date() for which in (diary.own, diary.there)]
        if all(first_day <= day <= last_day for day in dates):
            assert diary.offers(one) == (one in free)


@pytest.mark.parametrize("zone_id", sorted(CHANGES))
def test_around_each_change_open_doors_offer_every_quarter_of_an_hour_that_really_passes(
    zone_id: str,
) -> None:
    always = [WeeklyHours(weekday, time(), time()) for weekday in range(7)]
    for change in CHANGES[zone_id]:
        first_day, now = change - DAY, datetime.combine(change - 3 * DAY, time(), UTC)
        kind = ConsultationType(15, 0, 0, 0, 9, 15)
        own, there = Availability(ZoneInfo(zone_id), always), Availability(ZoneInfo(zone_id), [])
        slots = Diary(own, there, [], [], kind, now, first_day, 3, None).free()

        gaps = {later.start - earlier.start for earlier, later in pairwise(slots)}
        assert gaps == {timedelta(minutes=15)}
        assert slots[0].start == datetime.combine(first_day, time(), ZoneInfo(zone_id)).astimezone(UTC)
        assert slots[-1].end == datetime.combine(first_day + 3 * DAY, time(), ZoneInfo(zone_id)).astimezone(
            UTC
        )
