"""One round with a calendar elsewhere: read it, and write there what has changed here. No database, only the network.

Every entry of ours has one fixed address, so that a round that was cut off anywhere is simply done again.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from portal.calendars.caldav import Stored, erase_event, load_events, read_events, write_event
from portal.calendars.confined import confined
from portal.calendars.plan import Ask, Erase, OurEntry, Step, Write, steps
from portal.calendars.reading import read_calendars
from portal.calendars.rules import HORIZON, OutsideKind, OwnTime, Reading
from portal.calendars.transport import Elsewhere
from portal.diary.ics import calendar_event
from portal.diary.rules import Interval
from portal.failpoints import failpoint
from portal.zones import parse_zone

ROUND_SECONDS = 60.0  # below the lease of the job, whatever the server does
MOST_STEPS = 100  # of one round; the rest follows in the next


@dataclass(frozen=True, slots=True)
class Order:
    """Everything that one round needs to know, loaded beforehand. `known`: ids of all that is or was ours."""

    calendar_id: UUID
    kind: OutsideKind
    address: str
    auth: tuple[str, str] | None
    zone: str
    is_writing: bool
    checked_at: datetime | None
    known: frozenset[UUID]
    entries: tuple[OurEntry, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """An entry of ours as it now lies there."""

    entry: OurEntry
    href: str
    etag: str


@dataclass(slots=True)
class Outcome:
    """What a round found and did."""

    busy: tuple[Interval, ...] = ()
    written: list[Written] = field(default_factory=list)
    erased: list[OurEntry] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)


def exchange(order: Order, hosts: tuple[str, ...], now: datetime) -> Outcome:
    """Do one round. Raises CalendarRefused; what was written until then is found again by the next round."""
    with Elsewhere(hosts, auth=order.auth, until=time.monotonic() + ROUND_SECONDS) as way:
        if order.kind is OutsideKind.ICS:
            return Outcome(busy=_read(order, [way.fetch(order.address)], now).busy)
        stored = read_events(way, order.address, _window(now))
        if order.is_writing:
            stored += _out_of_sight(way, order, stored)
        reading = _read(order, [one.content for one in stored], now)
        outcome = Outcome(busy=reading.busy)
        if order.is_writing:
            for step in _planned(order, stored, reading):
                _take(way, order, step, outcome, now)
                failpoint("calendars.step")
        return outcome


def href_of(order: Order, occupied_id: UUID) -> str:
    """Give the one address of an entry of ours in this calendar."""
    return str(httpx.URL(order.address.rstrip("/") + "/").join(f"{occupied_id}.ics"))


def _window(now: datetime) -> Interval:
    return Interval(now, now + HORIZON)


def _read(order: Order, files: list[bytes], now: datetime) -> Reading:
    """Read files in a child under limits."""
    own = frozenset(map(str, order.known))

    def work() -> Any:
        found = read_calendars(files, zone=parse_zone(order.zone), window=_window(now), own=own)
        return [
            [[start.isoformat(), end.isoformat()] for start, end in found.busy],
            {uid: [moment.isoformat() for moment in times] for uid, times in found.own.items()},
        ]

    busy, times = confined(work)
    moment = datetime.fromisoformat
    return Reading(
        tuple(Interval(moment(start), moment(end)) for start, end in busy),
        {uid: OwnTime(moment(start), moment(end)) for uid, (start, end) in times.items()},
    )


def _out_of_sight(way: Elsewhere, order: Order, stored: list[Stored]) -> list[Stored]:
    """Load entries of ours that the window does not show: moved far away they are not yet gone."""
    seen = {_path(one.address) for one in stored}
    hrefs = [href_of(order, one.occupied_id) for one in order.entries if one.written_revision is not None]
    return load_events(way, order.address, [href for href in hrefs if _path(href) not in seen])


def _path(address: str) -> str:
    return httpx.URL(address).path


def _planned(order: Order, stored: list[Stored], reading: Reading) -> list[Step]:
    by_path = {_path(one.address): one.etag for one in stored}
    paths = {one.occupied_id: _path(href_of(order, one.occupied_id)) for one in order.entries}
    etags = {occupied_id: by_path[path] for occupied_id, path in paths.items() if path in by_path}
    times = {UUID(uid): found for uid, found in reading.own.items()}
    return steps(order.entries, etags, times)[:MOST_STEPS]


def _take(way: Elsewhere, order: Order, step: Step, outcome: Outcome, now: datetime) -> None:
    href = href_of(order, step.entry.occupied_id)
    match step:
        case Ask():
            outcome.asked.append(step)
        case Erase():
            if step.etag is None or erase_event(way, href, etag=step.etag):
                outcome.erased.append(step.entry)
        case Write():
            content = _content(order, step.entry, now)
            etag = write_event(way, href, content, etag=step.etag)
            if etag is None:  # a round before this one was cut off after it had written
                etag = _write_over(way, order, href, content)
            if etag is not None:
                outcome.written.append(Written(step.entry, href, etag))


def _write_over(way: Elsewhere, order: Order, href: str, content: bytes) -> str | None:
    for one in load_events(way, order.address, [href]):
        return write_event(way, href, content, etag=one.etag)
    return None


def _content(order: Order, entry: OurEntry, now: datetime) -> bytes:
    """Write an entry as others may see it: "Appointment", and nothing else."""
    return calendar_event(
        uid=str(entry.occupied_id),
        sequence=entry.revision,
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        zone_id=order.zone,
        now=now,
        method=None,
    )
