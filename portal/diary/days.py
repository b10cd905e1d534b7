"""Tell free slots by the reader's own dates: the list of days, the empty lines with their reason, the month table.

Pure, and apart from `portal.diary.rules` because nothing here decides what may be booked.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal.diary.rules import (
    Availability,
    ConsultationType,
    Cover,
    Interval,
    Slot,
    TimeAway,
    clear_of,
    starts_in_hours,
)
from portal.zones import to_local


class WhyEmpty(StrEnum):
    """Why a date has no free time. Later ones outweigh earlier ones where days are told together."""

    OUTSIDE_HOURS = "outside_hours"
    TOO_SOON = "too_soon"
    FULL = "full"
    BEYOND_HORIZON = "beyond_horizon"
    AWAY = "away"


_WEIGHT = list(WhyEmpty)
_TOLD_APART = {WhyEmpty.BEYOND_HORIZON, WhyEmpty.AWAY}


class Emptiness(NamedTuple):
    """The reason for a date without free times; return_on and cover only with AWAY."""

    why: WhyEmpty
    return_on: date | None = None
    cover: Cover | None = None


class Day(NamedTuple):
    """A date of the reader with its slots, at least one, in order."""

    date: date
    slots: tuple[Slot, ...]


class EmptyRun(NamedTuple):
    """Neighbouring dates of the reader, both included, without free times."""

    first_on: date
    last_on: date
    why: WhyEmpty
    return_on: date | None
    cover: Cover | None = None


class GlanceDay(NamedTuple):
    """One cell of the month table."""

    date: date
    free: int


def days_of_slots(slots: Sequence[Slot], reader_zone: ZoneInfo) -> list[Day]:
    """Group slots by the reader's own dates. No slot is lost or moved when the reader changes the zone."""
    by_date: defaultdict[date, list[Slot]] = defaultdict(list)
    for slot in slots:
        by_date[to_local(slot.start, reader_zone).date()].append(slot)
    # Sorted because clocks put back just after midnight show the old date again (St John's until 2011).
    return [Day(day, tuple(by_date[day])) for day in sorted(by_date)]


def reasons_for_empty_days(
    *,
    availability: Sequence[Availability],
    away: Sequence[TimeAway],
    kind: ConsultationType,
    now: datetime,
    first_day: date,
    days: int,
    reader_zone: ZoneInfo,
    but: Collection[date] = (),
) -> dict[date, Emptiness]:
    """Say for each of `days` dates of the reader from first_day on why it is empty, should it be empty. `but`: it is not.

    Occupied time and caps are not asked for: what is offered, bookable and not away can only be missing because it is full.
    first_day: not from a link, or checked: within the years of the calendar. Cost: about that of `free_slots` without occupied time.
    """
    first = first_day.toordinal()
    starts_on: defaultdict[date, list[datetime]] = defaultdict(list)
    # Two clocks on earth are at most 26 hours apart: two dates more on each side hold every start of these days.
    starts = {
        start
        for one in availability
        for start in starts_in_hours(
            one, kind, first=first - 2, last=first + days + 1, but=but if one.zone == reader_zone else ()
        )
    }
    for start in sorted(starts):
        starts_on[to_local(start, reader_zone).date()].append(start)
    dates = [day for number in range(days) if (day := first_day + timedelta(days=number)) not in but]
    return {
        day: _emptiness(whole_day(day, reader_zone), starts_on[day], away=away, kind=kind, now=now)
        for day in dates
    }


def day_list(days: Sequence[Day], reasons: Mapping[date, Emptiness]) -> list[Day | EmptyRun]:
    """Arrange the page: days with their slots, and between them neighbouring empty days as one line.

    Days away and days too far ahead are lines of their own; for the rest the weightiest reason stands.
    """
    shown = {day.date: day for day in days}
    rows: list[Day | EmptyRun] = []
    for date_ in sorted({*shown, *reasons}):
        row = shown.get(date_) or EmptyRun(date_, date_, *reasons[date_])
        before = rows[-1] if rows else None
        if isinstance(row, EmptyRun) and isinstance(before, EmptyRun) and _told_together(before, row):
            why = max(before.why, row.why, key=_WEIGHT.index)
            rows[-1] = EmptyRun(before.first_on, row.last_on, why, row.return_on, row.cover)
        else:
            rows.append(row)
    return rows


def weeks_at_a_glance(
    days: Sequence[Day], *, first_day: date, count: int = 28
) -> list[list[GlanceDay | None]]:
    """Arrange the month table: weeks from Monday to Sunday, None for cells outside `count` dates from first_day on.

    Days with slots outside that range widen it, so that the table and the list never disagree.
    """
    free = {day.date: len(day.slots) for day in days}
    first = min([first_day, *free])
    last = max([first_day + timedelta(days=count - 1), *free])
    dates = (first + timedelta(days=number) for number in range((last - first).days + 1))
    cells: list[GlanceDay | None] = [None] * first.weekday()
    cells += [GlanceDay(day, free.get(day, 0)) for day in dates]
    cells += [None] * (-len(cells) % 7)
    return [cells[start : start + 7] for start in range(0, len(cells), 7)]


def whole_day(day: date, zone: ZoneInfo) -> Interval:
    """Give the instants from midnight to midnight; a midnight that is skipped is the instant of the change."""
    midnights = (datetime.combine(date_, time(), zone) for date_ in (day, day + timedelta(days=1)))
    return Interval(*(midnight.astimezone(UTC) for midnight in midnights))


def _emptiness(
    whole: Interval,
    starts: Sequence[datetime],
    *,
    away: Sequence[TimeAway],
    kind: ConsultationType,
    now: datetime,
) -> Emptiness:
    earliest, latest = kind.bookable(now)
    near = [off for off in away if off.interval.start < whole.end and whole.start < off.interval.end]
    bookable = [start for start in starts if earliest <= start <= latest]
    off_all_day = any(off.interval.start <= whole.start and whole.end <= off.interval.end for off in near)
    if off_all_day or (bookable and not clear_of(bookable, [off.interval for off in near], kind)):
        return Emptiness(
            WhyEmpty.AWAY,
            max((off.return_on for off in near if off.return_on), default=None),
            next((off.cover for off in near if off.cover), None),
        )
    if bookable:
        return Emptiness(WhyEmpty.FULL)
    if whole.start > latest or any(start > latest for start in starts):
        return Emptiness(WhyEmpty.BEYOND_HORIZON)
    return Emptiness(WhyEmpty.TOO_SOON if starts else WhyEmpty.OUTSIDE_HOURS)


def _told_together(run: EmptyRun, following: EmptyRun) -> bool:
    if run.last_on + timedelta(days=1) != following.first_on:
        return False
    if {run.why, following.why} & _TOLD_APART:
        return run[2:] == following[2:]
    return True
