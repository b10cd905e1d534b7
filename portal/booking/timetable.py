"""The page of free times, prepared for the reader's zone: this week and next, later weeks folded, a month at a glance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal.diary.days import (
    Day,
    Emptiness,
    EmptyRun,
    GlanceDay,
    day_list,
    days_of_slots,
    weeks_at_a_glance,
)
from portal.diary.offers import Offer
from portal.diary.rules import Slot
from portal.zones import offset_label, offset_spans, to_local

A_WEEK = timedelta(days=7)
A_DAY = timedelta(days=1)
SECONDS_SHOWN = len("2026-11-24T09:00:00")


class Time(NamedTuple):
    """One free time: `start` as links carry it, `clock` as the clocks show it by which the page is read.

    `offset` tells the two showings of a doubled hour apart; `there` is the other clock where it differs.
    """

    start: str
    clock: str
    offset: str
    there: str


class OpenDay(NamedTuple):
    """A date of the reader with its free times."""

    date: date
    times: tuple[Time, ...]


class Week(NamedTuple):
    """Some neighbouring dates of the reader, both included: days with times, and runs of days without."""

    first_on: date
    last_on: date
    rows: tuple[OpenDay | EmptyRun, ...]
    free: int


@dataclass(frozen=True, slots=True)
class Timetable:
    """All that the page shows. `glance`: weeks from Monday, None for cells outside."""

    near: Week
    later: tuple[Week, ...]
    glance: Sequence[Sequence[GlanceDay | None]]

    @property
    def free(self) -> int:
        """Count the free times of all weeks."""
        return self.near.free + self.free_later

    @property
    def free_later(self) -> int:
        """Count the free times after next week."""
        return sum(week.free for week in self.later)


def timetable(
    offer: Offer, now: datetime, reader_zone: ZoneInfo, *, beside: ZoneInfo | None = None
) -> Timetable:
    """Lay out everything that can be booked, by the reader's own dates. Cost: that of `Offer.free` and a little more.

    `beside`: whose clock is shown too where it differs; the therapist's unless another one is given.
    """
    today = to_local(now, reader_zone).date()
    days = days_of_slots(offer.free(now), reader_zone)
    last = max([today + timedelta(days=offer.kind.horizon_days), *(day.date for day in days)])
    reasons = offer.reasons(
        now,
        first_day=today,
        days=(last - today).days + 1,
        reader_zone=reader_zone,
        but={day.date for day in days},
    )
    sunday = today + timedelta(days=6 - today.weekday())
    edges = [(today, min(sunday + A_WEEK, last))]
    while edges[-1][1] < last:
        first = edges[-1][1] + A_DAY
        edges.append((first, min(first + A_WEEK - A_DAY, last)))
    near, *later = (_week(edge, days, reasons, (reader_zone, beside or offer.zone)) for edge in edges)
    return Timetable(near, tuple(later), weeks_at_a_glance(days, first_day=today))


def times_of(slots: Sequence[Slot], zones: tuple[ZoneInfo, ZoneInfo]) -> tuple[Time, ...]:
    """Write slots as two clocks show them; first the one by which the page is read."""
    reader_zone, there_zone = zones
    changes = _changes_clocks(slots, reader_zone)
    is_one_clock = reader_zone.key == there_zone.key
    return tuple(
        Time(
            start.isoformat()[:SECONDS_SHOWN] + "Z",
            _clock(local),
            offset_label(start, reader_zone) if changes and _comes_twice(local) else "",
            "" if is_one_clock else _elsewhere(start, local, there_zone),
        )
        for start, local in ((slot.start, to_local(slot.start, reader_zone)) for slot in slots)
    )


def _changes_clocks(slots: Sequence[Slot], zone: ZoneInfo) -> bool:
    """Tell whether clocks are changed about these times: only then need one look at each whether it comes twice."""
    return len(offset_spans(zone, slots[0].start - A_DAY, slots[-1].start + A_DAY)) > 1 if slots else False


def _clock(local: datetime) -> str:
    """Write hours and minutes; a page has two hundred of them, for which formatting by a pattern takes too long."""
    return local.isoformat()[11:16]


def _comes_twice(local: datetime) -> bool:
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def _elsewhere(start: datetime, local: datetime, zone: ZoneInfo) -> str:
    there = to_local(start, zone)
    return "" if there.utcoffset() == local.utcoffset() else _clock(there)


def _week(
    edge: tuple[date, date],
    days: Sequence[Day],
    reasons: Mapping[date, Emptiness],
    zones: tuple[ZoneInfo, ZoneInfo],
) -> Week:
    first, last = edge
    inside = [day for day in days if first <= day.date <= last]
    rows = day_list(inside, {day: why for day, why in reasons.items() if first <= day <= last})
    return Week(
        first,
        last,
        tuple(
            row if isinstance(row, EmptyRun) else OpenDay(row.date, times_of(row.slots, zones))
            for row in rows
        ),
        sum(len(day.slots) for day in inside),
    )
