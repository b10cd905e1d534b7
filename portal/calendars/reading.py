"""Read calendar files of strangers: which times are taken, and nothing else. Pure, and bounded before anything is parsed.

Only the few properties that say when and whether somebody is busy reach the parser; names, words, attachments and alarms
are cut off as the file is scanned. A file is taken whole or refused whole.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Component

from portal.calendars.rules import (
    MOST_BYTES,
    MOST_EVENTS,
    CalendarRefused,
    Failure,
    OwnTime,
    Reading,
    joined,
)
from portal.diary.rules import Interval

DEEPEST = 4  # VCALENDAR, VEVENT, VALARM; VTIMEZONE has one level below it as well
MOST_ZONES = 100
MOST_CHANGES = 600  # of clocks, in all zones together; a zone with all its history since 1900 has under 250
MOST_DATES = 2_000  # single dates that repeats add or leave out
MOST_LETTERS = 600  # of one rule
MOST_TIMES_A_DAY = 24
MOST_BUSY = 5_000
FOLD = re.compile(rb"\r?\n[ \t]")
NAME = re.compile(rb"[A-Za-z0-9-]+")
# As far as repeats of real calendars go. Each is asked for by its name in the rule: RFC 5545, 3.3.10.
DAILY_OR_RARER = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
OF_EVENTS = frozenset({
    "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "UID", "STATUS", "TRANSP",
    "X-MICROSOFT-CDO-BUSYSTATUS",
})  # fmt: skip
OF_ZONES = frozenset({"TZID", "DTSTART", "RRULE", "RDATE", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME"})
COMPONENTS = {"VTIMEZONE": OF_ZONES, "STANDARD": OF_ZONES, "DAYLIGHT": OF_ZONES, "VEVENT": OF_EVENTS}
NOT_BUSY = (("STATUS", "CANCELLED"), ("TRANSP", "TRANSPARENT"), ("X-MICROSOFT-CDO-BUSYSTATUS", "FREE"))


def read_calendars(
    files: Sequence[bytes], *, zone: ZoneInfo, window: Interval, own: frozenset[str]
) -> Reading:
    """Find the times within `window` that calendar files say are taken.

    `zone`: the clocks meant by times without one, and by whole days. `own`: UIDs of our entries, in lower case; they are
    not busy time, but told apart.

    Raises:
        CalendarRefused: too large, not a calendar, contradicting itself, or too much to work out.
    """
    if sum(map(len, files)) > MOST_BYTES:
        raise CalendarRefused(Failure.LARGE)
    scan = _Scan()
    for file in files:
        scan.read(file)
    try:
        calendar = Calendar.from_ical(scan.text())
        reader = _Reader(calendar, zone, window, own)
        return Reading(_bounded(joined(list(reader.busy()))), reader.own_times())
    except CalendarRefused:
        raise
    except MemoryError:
        raise CalendarRefused(Failure.ENDLESS) from None
    except Exception as error:  # whatever two parsers make of a stranger's file, it is the file's fault
        raise CalendarRefused(Failure.BROKEN) from error


def _bounded(busy: tuple[Interval, ...]) -> tuple[Interval, ...]:
    if len(busy) > MOST_BUSY:
        raise CalendarRefused(Failure.MANY)
    return busy


@dataclass
class _Scan:
    """Walks the lines of files, counts, and keeps what is needed. Time is linear in the number of bytes."""

    kept: list[bytes] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def text(self) -> bytes:
        """Give one calendar that holds nothing but what was kept."""
        head = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n"
        return head + b"\r\n".join([*self.kept, b"END:VCALENDAR", b""])

    def read(self, file: bytes) -> None:
        """Scan one file. Lines are unfolded as bytes: a fold may part the bytes of one letter."""
        if b"\0" in file or not file.removeprefix(b"\xef\xbb\xbf").lstrip()[:15].upper().startswith(
            b"BEGIN:VCALENDAR"
        ):
            raise CalendarRefused(Failure.NO_CALENDAR)
        stack: list[str] = []
        for line in FOLD.sub(b"", file.removeprefix(b"\xef\xbb\xbf")).splitlines():
            self._line(line.strip(), stack)
        if stack:
            raise CalendarRefused(Failure.BROKEN)

    def _line(self, line: bytes, stack: list[str]) -> None:
        found = NAME.match(line)
        name = found[0].decode().upper() if found else ""
        if name in {"BEGIN", "END"}:
            self._part(name, line.partition(b":")[2].decode("ascii", "replace").strip().upper(), stack)
        elif stack and name in COMPONENTS.get(stack[-1], ()) and _is_kept(stack):
            self.kept.append(self._property(name, line, stack[-1]))

    def _part(self, name: str, part: str, stack: list[str]) -> None:
        is_begin = name == "BEGIN"
        if is_begin:
            stack.append(part)
            self._count(part)
        if len(stack) > DEEPEST or not stack or stack[-1] != part:
            raise CalendarRefused(Failure.BROKEN)
        if part in COMPONENTS and _is_kept(stack):
            self.kept.append(f"{name}:{part}".encode())
        if not is_begin:
            stack.pop()

    def _count(self, part: str) -> None:
        self.counts[part] += 1
        most = {"VEVENT": MOST_EVENTS, "VTIMEZONE": MOST_ZONES}
        if self.counts[part] > most.get(part, 20 * MOST_EVENTS):
            raise CalendarRefused(Failure.MANY)
        if self.counts["STANDARD"] + self.counts["DAYLIGHT"] > MOST_CHANGES:
            raise CalendarRefused(Failure.ENDLESS)

    def _property(self, name: str, line: bytes, part: str) -> bytes:
        head, _, value = line.partition(b":")
        if name == "RRULE":
            _check_rule(line, is_of_zone=part != "VEVENT")
        if name in {"RDATE", "EXDATE"}:
            self.counts["dates"] += value.count(b",") + 1
            if self.counts["dates"] > MOST_DATES:
                raise CalendarRefused(Failure.ENDLESS)
        elif len(line) > MOST_LETTERS:
            raise CalendarRefused(Failure.BROKEN)
        if part in {
            "STANDARD",
            "DAYLIGHT",
        }:  # their times are local by definition; a zone named here would be a circle
            return name.encode() + b":" + value
        return line if name != "UID" else head + b":" + value.lower()


def _is_kept(stack: list[str]) -> bool:
    """Tell whether a component stands where it belongs; what does not is left out."""
    return stack[1:] in (["VEVENT"], ["VTIMEZONE"], ["VTIMEZONE", "STANDARD"], ["VTIMEZONE", "DAYLIGHT"])


def _check_rule(line: bytes, *, is_of_zone: bool) -> None:
    """Refuse a repeat that comes more often than hours do, before anybody tries to count it."""
    rule = line.partition(b":")[2].decode("ascii", "replace").upper()
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    times_a_day = 1
    for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        times_a_day *= parts.get(name, "").count(",") + 1
    frequencies = {"YEARLY"} if is_of_zone else DAILY_OR_RARER
    is_countable = parts.get("FREQ", "").strip() in frequencies and times_a_day <= MOST_TIMES_A_DAY
    if len(line) > MOST_LETTERS or not is_countable:
        raise CalendarRefused(Failure.ENDLESS)


@dataclass(frozen=True)
class _Reader:
    """A parsed calendar, and how it is to be understood."""

    calendar: Component
    zone: ZoneInfo
    window: Interval
    own: frozenset[str]

    def busy(self) -> Iterator[Interval]:
        """Give every busy time that reaches into the window, repeats worked out."""
        for event in self._occurrences():
            if self._is_ours(event) or not _is_busy(event):
                continue
            start, end = self._times(event)
            if start < end and start < self.window.end and end > self.window.start:
                yield Interval(max(start, self.window.start), min(end, self.window.end))

    def own_times(self) -> dict[str, OwnTime]:
        """Give where entries of ours lie, but for those that were called off."""
        return {
            str(event["uid"]): OwnTime(*self._times(event))
            for event in self.calendar.walk("VEVENT")
            if self._is_ours(event) and ("STATUS", "CANCELLED") not in _words(event)
        }

    def _occurrences(self) -> Iterable[Component]:
        """Work out repeats; single events, most of most calendars, are taken as they are."""
        events: list[Any] = self.calendar.walk("VEVENT")
        for event in events:
            self._times(event)  # one that ends before it starts refuses the whole file, repeats or not
        marks = ("rrule", "rdate", "recurrence-id")
        in_series = {str(event.get("uid")) for event in events if any(mark in event for mark in marks)}
        single = [event for event in events if str(event.get("uid")) not in in_series]
        if not in_series:
            return single
        series = Calendar()
        for part in self.calendar.subcomponents:
            if part.name != "VEVENT" or str(part.get("uid")) in in_series:
                series.add_component(part)
        found = recurring_ical_events.of(series).between(self.window.start, self.window.end)
        return [*single, *found]

    def _is_ours(self, event: Component) -> bool:
        return str(event.get("uid", "")).strip().lower() in self.own

    def _times(self, event: Any) -> tuple[datetime, datetime]:
        """Give start and end as instants. Raises CalendarRefused where the end lies before the start."""
        first = event["dtstart"].dt
        if "dtend" in event:
            last = event["dtend"].dt
        elif "duration" in event:
            last = self._instant(first) + event["duration"].dt
        else:
            last = first if isinstance(first, datetime) else first + timedelta(days=1)
        start, end = self._instant(first), self._instant(last)
        if end < start:
            raise CalendarRefused(Failure.BROKEN)
        return start, end

    def _instant(self, value: date) -> datetime:
        moment = value if isinstance(value, datetime) else datetime.combine(value, time(), self.zone)
        return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)


def _is_busy(event: Component) -> bool:
    return not any(word in _words(event) for word in NOT_BUSY)


def _words(event: Component) -> set[tuple[str, str]]:
    return {(name, str(event.get(name, "")).strip().upper()) for name, _word in NOT_BUSY}
