"""Draw a week as bars: when somebody can be met on each date, by which clocks, and when there is time off. Pure.

Positions are minutes since midnight by the clock on the wall. A picture for the eye: `portal.diary.rules` decides what is
offered, and both read the same `Availability`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal.diary.rules import Availability, Interval, Period, TimeAway, available_at
from portal.zones import to_local

DAY = timedelta(days=1)
HOUR = 60
A_DAY = 24 * HOUR
LINE = 2 * HOUR  # a line is drawn every second hour
USUAL = (8 * HOUR, 18 * HOUR)  # drawn even where nothing is: our choice, a working day


class Bar(NamedTuple):
    """One period. place: "" for hours that count everywhere."""

    start: int
    end: int
    period: Period
    place: str


class Off(NamedTuple):
    """Time off on one date; a whole day reaches from 0 to 1440."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DrawnDay:
    """One date, with its hours in order. `is_special`: other than the week says."""

    date: date
    bars: tuple[Bar, ...]
    off: tuple[Off, ...]
    is_special: bool

    @property
    def minutes(self) -> int:
        """Count the minutes in which somebody can be met somewhere, time off taken away."""
        covered: set[int] = set()
        for bar in self.bars:
            covered.update(range(bar.start, bar.end))
        for off in self.off:
            covered.difference_update(range(off.start, off.end))
        return len(covered)


@dataclass(frozen=True, slots=True)
class DrawnWeek:
    """Some dates on one scale. `start`, `end`: the edges of the picture in minutes, each on a line."""

    days: tuple[DrawnDay, ...]
    start: int
    end: int

    @property
    def minutes(self) -> int:
        """Count the minutes of all days."""
        return sum(day.minutes for day in self.days)

    @property
    def hours(self) -> list[int]:
        """Give the hours at which a line is drawn, both edges among them."""
        return [minute // HOUR for minute in range(self.start, self.end + 1, LINE)]


def draw_week(
    own: Availability,
    places: Mapping[str, Availability],
    away: Sequence[TimeAway],
    *,
    first_day: date,
    days: int = 7,
) -> DrawnWeek:
    """Draw `days` dates from first_day on. places: the hours of each place, by its name."""
    drawn = tuple(_day(own, places, away, first_day + number * DAY) for number in range(days))
    bars = list(chain.from_iterable(day.bars for day in drawn))
    return DrawnWeek(
        drawn,
        min([USUAL[0], *(bar.start // LINE * LINE for bar in bars)]),
        max([USUAL[1], *(-(-bar.end // LINE) * LINE for bar in bars)]),
    )


def _day(
    own: Availability, places: Mapping[str, Availability], away: Sequence[TimeAway], day: date
) -> DrawnDay:
    bars = [_bar(period, "") for period in own.on(day)]
    for name, there in places.items():
        # The last one is the place's own clock; before it stands what counts everywhere.
        bars += [
            _bar(period, name)
            for period in available_at(own, there)[-1].on(day)
            if there.weekly or there.special
        ]
    return DrawnDay(
        day,
        tuple(sorted(bars)),
        tuple(off for one in away if (off := _off(one.interval, day, own.zone)) is not None),
        any(day in one.special for one in (own, *places.values())),
    )


def _bar(period: Period, place: str) -> Bar:
    return Bar(_minute(period.start), _minute(period.end) or A_DAY, period, place)


def _off(interval: Interval, day: date, zone: ZoneInfo) -> Off | None:
    start, end = (to_local(edge, zone).replace(tzinfo=None) for edge in interval)
    midnight = datetime.combine(day, time())
    if start >= midnight + DAY or end <= midnight:
        return None
    return Off(
        0 if start <= midnight else _minute(start.time()),
        A_DAY if end >= midnight + DAY else _minute(end.time()),
    )


def _minute(clock: time) -> int:
    return clock.hour * HOUR + clock.minute
