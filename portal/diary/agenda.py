"""Draw a stretch of a diary as a time grid: which rows the clock needs, and where each thing lies on them. Pure.

Rows are minutes by the clock on the wall. Minutes that one of the days shows twice have rows of their own, so that things
lie where their instants are and the other days leave a gap; minutes that a day skips are a gap in that day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from portal.diary.days import whole_day
from portal.diary.rules import Interval
from portal.zones import offset_label, offset_spans, to_local

T = TypeVar("T")

MINUTE = timedelta(minutes=1)
DAY_MINUTES = 24 * 60
LINE = 5  # minutes of one line of the grid
USUAL = (8 * 60, 18 * 60)  # shown even where nothing is: our choice, a working day
LEAST_LINES = 4  # a thing is drawn this tall where there is room, so that it can be pressed (WCAG 2.2, 2.5.8)
STEP = timedelta(minutes=30)
FIRST_YEAR, LAST_YEAR = 1971, 2199


class View(StrEnum):
    """How much of a diary is shown, and how."""

    DAY = "day"
    WEEK = "week"
    LIST = "list"


DATES = {View.DAY: 1, View.WEEK: 7, View.LIST: 14}


class Doubled(NamedTuple):
    """Clock time that a day shows twice, in minutes since midnight, end excluded; `turn`: when the second time begins."""

    start: int
    end: int
    turn: datetime


class Place(NamedTuple):
    """Where something lies in its column, in lines of five minutes from the top; the end is excluded."""

    start: int
    end: int


class Mark(NamedTuple):
    """An hour of the grid: the clock time at its top, with the offset where that time comes twice."""

    place: Place
    clock: time
    offset: str


class Placed(NamedTuple, Generic[T]):
    """A thing and its place."""

    thing: T
    place: Place


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One date: the instants it lasts, what lies on it, and the gaps in which its clocks show nothing."""

    date: date
    lasts: Interval
    open: tuple[Place, ...]
    gaps: tuple[Place, ...]
    entries: tuple[Placed[T], ...]
    away: tuple[Placed[Interval], ...]
    busy: tuple[Placed[Interval], ...]
    now: int | None


@dataclass(frozen=True, slots=True)
class Grid(Generic[T]):
    """The columns, and the hours at their side."""

    columns: tuple[Column[T], ...]
    marks: tuple[Mark, ...]


def dates_of(view: View, on: date) -> list[date]:
    """List the dates of a view: the day, its week from Monday, or two weeks from it on."""
    first = on - timedelta(days=on.weekday()) if view is View.WEEK else on
    return [first + timedelta(days=number) for number in range(DATES[view])]


def parse_date(text: str, otherwise: date) -> date:
    """Read a date from an address; anything that is none, or is out of reach, gives the other one."""
    try:
        found = date.fromisoformat(text) if len(text) == len("2026-11-23") else otherwise
    except ValueError:
        return otherwise
    return found if is_in_reach(found) else otherwise


def is_in_reach(day: date) -> bool:
    """Tell whether a diary can show a date: any that a person now alive could mean."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def draw(
    dates: Sequence[date],
    zone: ZoneInfo,
    *,
    entries: Sequence[tuple[Interval, T]],
    opened: Sequence[Interval],
    away: Sequence[Interval],
    busy: Sequence[Interval],
    now: datetime,
) -> Grid[T]:
    """Draw these dates, from the earliest to the latest hour that anything needs.

    entries: sorted, without overlaps; the rest in any order. Cost: about 0.1 ms for a date and 10 µs for each thing on it.
    """
    days = [(day, whole_day(day, zone)) for day in dates]
    axis = _Axis(zone, _doubled_of(days, zone))
    joined = union(busy)
    shown = [*(interval for interval, _thing in entries), *opened]
    top, bottom = axis.reach([cut for _day, lasts in days for cut in _cut(shown, lasts)])
    frame = _Frame(axis, top, bottom)
    columns = tuple(
        Column(
            date=day,
            lasts=lasts,
            open=tuple(frame.places(_cut(opened, lasts))),
            gaps=tuple(frame.gaps(day, lasts)),
            entries=_with_room(
                [
                    Placed(thing, place)
                    for interval, thing in entries
                    for place in frame.places(_cut([interval], lasts))
                ],
                frame.lines,
            ),
            away=_placed(frame, away, lasts),
            busy=_placed(frame, joined, lasts),
            now=frame.line_of(now) if lasts.start <= now < lasts.end else None,
        )
        for day, lasts in days
    )
    return Grid(columns, tuple(frame.marks()))


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Join what overlaps or touches, sorted."""
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if joined and start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, end))
        else:
            joined.append(Interval(start, end))
    return joined


def free_stretches(within: Interval, taken: Iterable[Interval], *, room: timedelta) -> list[Interval]:
    """List what is left between `taken`, as far as it is at least as long as `room`."""
    left, since = [], within.start
    for start, end in [*union(taken), Interval(within.end, within.end)]:
        if min(start, within.end) - since >= room:
            left.append(Interval(since, min(start, within.end)))
        since = max(since, end)
    return left


def starts_in(stretch: Interval, room: timedelta, zone: ZoneInfo) -> list[datetime]:
    """List where something that needs `room` could begin: at once, and at each full and half hour of the clock."""
    start = stretch.start + -(stretch.start - datetime.min.replace(tzinfo=UTC)) % timedelta(minutes=LINE)
    starts = []
    while start + room <= stretch.end:
        starts.append(start)
        local = to_local(start, zone)
        start += STEP - timedelta(minutes=local.minute) % STEP
    return starts


@dataclass(frozen=True, slots=True)
class _Axis:
    """Clock minutes as rows; doubled ones have their second rows right after the first."""

    zone: ZoneInfo
    doubled: tuple[Doubled, ...]

    @property
    def length(self) -> int:
        return DAY_MINUTES + sum(one.end - one.start for one in self.doubled)

    def row_of(self, instant: datetime) -> int:
        local = to_local(instant, self.zone)
        minute = local.hour * 60 + local.minute
        for one in self.doubled:
            if local.fold and one.start <= minute < one.end:
                return self.second_row(one) + minute - one.start
        return self.row_of_clock(minute)

    def row_of_end(self, instant: datetime) -> int:
        """Give the row behind the last minute before this instant, which may be the midnight of the next day."""
        return self.row_of(instant - MINUTE) + 1

    def row_of_clock(self, minute: int) -> int:
        return minute + sum(one.end - one.start for one in self.doubled if one.end <= minute)

    def second_row(self, doubled: Doubled) -> int:
        before = sum(one.end - one.start for one in self.doubled if one.end < doubled.end)
        return doubled.end + before

    def rows(self, interval: Interval) -> tuple[int, int]:
        start = self.row_of(interval.start)
        return start, max(self.row_of_end(interval.end), start + 1)

    def reach(self, shown: Sequence[Interval]) -> tuple[int, int]:
        """Give the first and the last row that the grid needs, at full hours."""
        rows = [self.rows(interval) for interval in shown]
        first = min([self.row_of_clock(USUAL[0]), *(start for start, _end in rows)])
        last = max([self.row_of_clock(USUAL[1]), *(end for _start, end in rows)])
        hours = [*(self.row_of_clock(hour * 60) for hour in range(24)), self.length]
        return max(row for row in hours if row <= first), min(row for row in hours if row >= last)

    def marks(self) -> list[tuple[int, time, str]]:
        """List the rows that have a name: every hour, and where doubled time begins, both times with its offset."""
        named = {self.row_of_clock(hour * 60): (time(hour), "") for hour in range(24)}
        for one in self.doubled:
            before, after = (offset_label(at, self.zone) for at in (one.turn - MINUTE, one.turn))
            for minute in {one.start, *range(-(-one.start // 60) * 60, one.end, 60)}:
                clock = time(*divmod(minute, 60))
                named[self.row_of_clock(minute)] = (clock, before)
                named[self.second_row(one) + minute - one.start] = (clock, after)
        return [(row, *named[row]) for row in sorted(named)]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The rows that are shown."""

    axis: _Axis
    top: int
    bottom: int

    @property
    def lines(self) -> int:
        return (self.bottom - self.top) // LINE

    def marks(self) -> Iterable[Mark]:
        named = [one for one in self.axis.marks() if self.top <= one[0] < self.bottom]
        ends = [*(row for row, _clock, _offset in named[1:]), self.bottom]
        for (row, clock, offset), end in zip(named, ends, strict=True):
            yield Mark(Place((row - self.top) // LINE, (end - self.top) // LINE), clock, offset)

    def line_of(self, instant: datetime) -> int | None:
        row = self.axis.row_of(instant)
        return (row - self.top) // LINE if self.top <= row < self.bottom else None

    def places(self, intervals: Iterable[Interval]) -> Iterable[Place]:
        return self._shown(self.axis.rows(interval) for interval in intervals)

    def gaps(self, day: date, lasts: Interval) -> Iterable[Place]:
        """Find the rows that this day's clocks never show: skipped time, and what only another day shows twice."""
        spans = [self.axis.rows(Interval(span.start, span.end)) for span in _spans(lasts, self.axis.zone)]
        skipped = [
            (before[1], after[0]) for before, after in pairwise([(0, 0), *spans, (self.axis.length,) * 2])
        ]
        seconds = [
            (self.axis.second_row(one), self.axis.second_row(one) + one.end - one.start)
            for one in self.axis.doubled
            if not lasts.start < one.turn < lasts.end
        ]
        return self._shown(sorted({*seconds, *(gap for gap in skipped if gap[0] < gap[1])}))

    def _shown(self, rows: Iterable[tuple[int, int]]) -> Iterable[Place]:
        for start, end in rows:
            first, last = max(start, self.top), min(end, self.bottom)
            if first < last:
                yield Place((first - self.top) // LINE, -(-(last - self.top) // LINE))


def _spans(lasts: Interval, zone: ZoneInfo) -> list[Interval]:
    if lasts.start >= lasts.end:  # a date that a zone has left out altogether
        return []
    return [Interval(span.start, span.end) for span in offset_spans(zone, lasts.start, lasts.end)]


def _doubled_of(days: Iterable[tuple[date, Interval]], zone: ZoneInfo) -> tuple[Doubled, ...]:
    found: dict[tuple[int, int], Doubled] = {}
    for _day, lasts in days:
        for before, after in pairwise(_spans(lasts, zone)):
            old, new = to_local(before.end - MINUTE, zone), to_local(after.start, zone)
            back = (old.utcoffset() or timedelta()) - (new.utcoffset() or timedelta())
            start = new.hour * 60 + new.minute
            end = start + back // MINUTE
            if back > timedelta() and end <= DAY_MINUTES:
                found[start, end] = Doubled(start, end, after.start)
    return tuple(sorted(found.values(), key=lambda one: one.end))


def _cut(intervals: Iterable[Interval], lasts: Interval) -> list[Interval]:
    """Keep what lies within, without what reaches beyond."""
    cut = (Interval(max(start, lasts.start), min(end, lasts.end)) for start, end in intervals)
    return [interval for interval in cut if interval.start < interval.end]


def _placed(frame: _Frame, intervals: Sequence[Interval], lasts: Interval) -> tuple[Placed[Interval], ...]:
    return tuple(
        Placed(interval, place) for interval in intervals for place in frame.places(_cut([interval], lasts))
    )


def _with_room(placed: Sequence[Placed[T]], lines: int) -> tuple[Placed[T], ...]:
    """Draw short things taller, as far as the next one leaves room."""
    limits = [*(one.place.start for one in placed[1:]), lines]
    return tuple(
        Placed(thing, Place(place.start, max(place.end, min(place.start + LEAST_LINES, limit))))
        for (thing, place), limit in zip(placed, limits, strict=False)
    )
