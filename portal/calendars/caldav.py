"""A small client of CalDAV servers (RFC 4791), over the vetted way out: find calendars, read, write one entry, remove it.

Not the library of that name: it brings a way to the network of its own, which no address can be pinned to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

import httpx
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from portal.calendars.rules import CalendarRefused, Failure
from portal.calendars.transport import Elsewhere
from portal.diary.rules import Interval

DAV, CAL = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
SPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"'
WELL_KNOWN = "/.well-known/caldav"  # RFC 6764, 5
MOST_CALENDARS = 50
MOST_NAME_LETTERS = 80
MULTI_STATUS = 207
CONFLICT = 412
XML = {"Content-Type": "application/xml; charset=utf-8"}
ICS = {"Content-Type": "text/calendar; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class FoundCalendar:
    """One calendar of an account, as its owner named it there."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Stored:
    """One entry as it lies on the server."""

    address: str
    etag: str
    content: bytes


def find_calendars(way: Elsewhere, address: str) -> list[FoundCalendar]:
    """List the calendars that an address leads to: it may be one itself, an account, or merely the server.

    At most five requests. Raises CalendarRefused.
    """
    start = _start(way, address)
    if _is_calendar(start.props):
        return [FoundCalendar(_name(start.props, start.address), start.address)]
    principal = start
    if (href := _href(start, f"{DAV}current-user-principal")) is not None:
        principal = _look(way, href)
    home = _href(principal, f"{CAL}calendar-home-set") or _href(start, f"{CAL}calendar-home-set")
    if home is None:
        raise CalendarRefused(Failure.NO_CALENDAR)
    found = [
        FoundCalendar(_name(one.props, one.address), one.address)
        for one in _propfind(way, home, depth=1)
        if _is_calendar(one.props) and _holds_events(one.props)
    ]
    if not found:
        raise CalendarRefused(Failure.NO_CALENDAR)
    return found[:MOST_CALENDARS]


def read_events(way: Elsewhere, address: str, window: Interval) -> list[Stored]:
    """Load the entries that reach into a window. One request. Raises CalendarRefused."""
    since, until = (f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" for moment in window)
    query = (
        f"<c:calendar-query {SPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop><c:filter>"
        f'<c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range start="{since}" end="{until}"/>'
        "</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"
    )
    return _stored(way, address, query)


def load_events(way: Elsewhere, address: str, hrefs: Sequence[str]) -> list[Stored]:
    """Load single entries by their addresses; those that are not there are left out. One request, if any."""
    if not hrefs:
        return []
    wanted = "".join(f"<d:href>{escape(httpx.URL(href).raw_path.decode())}</d:href>" for href in hrefs)
    query = f"<c:calendar-multiget {SPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop>{wanted}</c:calendar-multiget>"
    return _stored(way, address, query)


def write_event(way: Elsewhere, href: str, content: bytes, *, etag: str | None) -> str | None:
    """Store an entry, over exactly the version `etag` (None: where nothing lies).

    Gives its new etag, "" if the server does not tell; None if something else lies there.
    """
    condition = {"If-None-Match": "*"} if etag is None else {"If-Match": etag} if etag else {}
    answer, _body = way.ask(
        "PUT", href, content=content, headers={**ICS, **condition}, expected=(200, 201, 204, CONFLICT)
    )
    return None if answer.status_code == CONFLICT else answer.headers.get("ETag", "")


def erase_event(way: Elsewhere, href: str, *, etag: str) -> bool:
    """Remove an entry if it still is the version `etag`; False if it has changed since."""
    condition = {"If-Match": etag} if etag else {}
    answer, _body = way.ask("DELETE", href, headers=condition, expected=(200, 202, 204, 404, 410, CONFLICT))
    return answer.status_code != CONFLICT


@dataclass(frozen=True, slots=True)
class _Resource:
    address: str
    props: Element


def _start(way: Elsewhere, address: str) -> _Resource:
    """Look at the given address, and where nothing is to be learnt there, where the server says to begin."""
    refusal = CalendarRefused(Failure.NO_CALENDAR)
    try:
        found = _look(way, address)
        if _is_calendar(found.props) or _href(found, f"{DAV}current-user-principal"):
            return found
    except CalendarRefused as error:
        refusal = error
        if error.failure not in {Failure.MISSING, Failure.MOVED, Failure.READ_ONLY, Failure.NO_CALENDAR}:
            raise
    try:
        return _look(way, _told_start(way, address))
    except CalendarRefused:
        raise refusal from None


def _told_start(way: Elsewhere, address: str) -> str:
    """Ask the server where its calendars begin; this one detour leads to the same host or its neighbour only."""
    redirects = (301, 302, 303, 307, 308)
    known = str(httpx.URL(address).copy_with(path=WELL_KNOWN, query=None))
    answer, _body = way.ask(
        "PROPFIND", known, content=_PROPS, headers={**XML, "Depth": "0"}, expected=(MULTI_STATUS, *redirects)
    )
    return near(known, answer.headers.get("Location", "")) if answer.status_code in redirects else known


_PROPS = (
    f"<d:propfind {SPACES}><d:prop><d:resourcetype/><d:displayname/><d:current-user-principal/><c:calendar-home-set/>"
    "<c:supported-calendar-component-set/></d:prop></d:propfind>"
).encode()


def _look(way: Elsewhere, address: str) -> _Resource:
    found = next(_propfind(way, address, depth=0), None)
    if found is None:
        raise CalendarRefused(Failure.NO_CALENDAR)
    return found


def _propfind(way: Elsewhere, address: str, *, depth: int) -> Iterator[_Resource]:
    _answer, body = way.ask(
        "PROPFIND", address, content=_PROPS, headers={**XML, "Depth": str(depth)}, expected=(MULTI_STATUS,)
    )
    yield from _resources(address, body)


def _stored(way: Elsewhere, address: str, query: str) -> list[Stored]:
    _answer, body = way.ask(
        "REPORT", address, content=query.encode(), headers={**XML, "Depth": "1"}, expected=(MULTI_STATUS,)
    )
    return [
        Stored(one.address, one.props.findtext(f"{DAV}getetag", ""), content.encode("utf-8", "replace"))
        for one in _resources(address, body)
        if (content := one.props.findtext(f"{CAL}calendar-data"))
    ]


def _resources(address: str, body: bytes) -> Iterator[_Resource]:
    """Read a multistatus answer: each resource with the properties it has. No DTD, no entity."""
    try:
        root: Any = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise CalendarRefused(Failure.NO_CALENDAR) from error
    for response in root.findall(f"{DAV}response"):
        props = Element("props")
        for part in response.findall(f"{DAV}propstat"):
            if " 200" in part.findtext(f"{DAV}status", " 200"):
                props.extend(part.findall(f"{DAV}prop/*"))
        if len(props):
            yield _Resource(near(address, response.findtext(f"{DAV}href", "")), props)


def near(base: str, href: str) -> str:
    """Resolve what a server calls an address; it may name itself or a neighbour (`p42-caldav` beside `caldav`), no other.

    Raises CalendarRefused.
    """
    start = httpx.URL(base)
    try:
        found = start.join(href)
    except httpx.InvalidURL:
        raise CalendarRefused(Failure.NO_CALENDAR) from None
    is_same = (found.scheme, found.host, found.port) == (start.scheme, start.host, start.port)
    above = start.host.partition(".")[2]
    is_neighbour = found.scheme == "https" and "." in above and found.host.partition(".")[2] == above
    if not (is_same or is_neighbour) or found.userinfo:
        raise CalendarRefused(Failure.MOVED)
    return str(found)


def _href(resource: _Resource, name: str) -> str | None:
    href = resource.props.findtext(f"{name}/{DAV}href")
    return near(resource.address, href.strip()) if href and href.strip() else None


def _is_calendar(props: Element) -> bool:
    return props.find(f"{DAV}resourcetype/{CAL}calendar") is not None


def _holds_events(props: Element) -> bool:
    kinds = [
        one.get("name", "").upper()
        for one in props.findall(f"{CAL}supported-calendar-component-set/{CAL}comp")
    ]
    return not kinds or "VEVENT" in kinds


def _name(props: Element, address: str) -> str:
    given = "".join(
        letter for letter in props.findtext(f"{DAV}displayname", "") if letter.isprintable()
    ).strip()
    return (given or address.rstrip("/").rpartition("/")[2])[:MOST_NAME_LETTERS]
