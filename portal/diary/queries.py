"""Reading the diary. What visitors may book is public; what fills the time is seen by code only (CPL-13)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    bindparam,
    null,
    select,
    type_coerce,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from portal.diary.models import (
    BusyInterval,
    ConsultationTypeRow,
    OccupiedInterval,
    PlaceKind,
    PlaceRow,
    SpecialHours,
    TimeOff,
    TypePlace,
    WeeklyHoursRow,
)
from portal.diary.offers import Offer, Venue
from portal.diary.rules import (
    Availability,
    Cap,
    ConsultationType,
    Cover,
    Interval,
    Period,
    Slot,
    TimeAway,
    WeeklyHours,
    available_at,
)
from portal.orm import UtcDateTime
from portal.practice.models import Therapist
from portal.zones import parse_zone, to_local

A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)


class Bookable(NamedTuple):
    """One type of consultation of one therapist, with the places at which it is offered; none: left open."""

    therapist: Therapist
    type: ConsultationTypeRow
    places: tuple[PlaceRow, ...]


def _is_live(now: datetime | BindParameter[datetime]) -> tuple[Any, Any]:
    """Select what occupies time: a hold that has run out does not."""
    return (
        OccupiedInterval.is_released.is_(False),
        OccupiedInterval.expires_at.is_(None) | (OccupiedInterval.expires_at > now),
    )


def _bounds(table: type[OccupiedInterval | BusyInterval]) -> Select[int, int]:
    return (
        select(
            type_coerce(table.starts_at, BigInteger).label("since"),
            type_coerce(table.ends_at, BigInteger).label("until"),
        )
        .where(table.therapist_id == bindparam("therapist"))
        .where(table.ends_at > bindparam("since"), table.starts_at < bindparam("until"))
    )


def _counts_at(table: type[WeeklyHoursRow | SpecialHours]) -> ColumnElement[bool]:
    """Select what holds everywhere, and what holds at one place; "place" is null where none was chosen."""
    return table.place_id.is_(None) | (table.place_id == bindparam("place"))


# Written once: the page of free times would spend longer on writing them anew than the database on answering.
_BOOKABLE = (
    select(Therapist, ConsultationTypeRow, PlaceRow)
    .join(ConsultationTypeRow, ConsultationTypeRow.therapist_id == Therapist.person_id)
    .outerjoin(TypePlace, TypePlace.type_id == ConsultationTypeRow.id)
    .outerjoin(PlaceRow, (PlaceRow.id == TypePlace.place_id) & PlaceRow.is_active)
    .where(Therapist.is_listed, ConsultationTypeRow.is_active)
    .order_by(Therapist.position, Therapist.display_name, Therapist.id)
    .order_by(ConsultationTypeRow.position, ConsultationTypeRow.created_at, ConsultationTypeRow.id)
    .order_by(PlaceRow.position, PlaceRow.name, PlaceRow.id)
)
# Weekly hours and special dates alike: a special date has no weekday, and is valid on itself alone.
_HOURS = (
    select(
        WeeklyHoursRow.weekday, WeeklyHoursRow.starts, WeeklyHoursRow.ends,
        WeeklyHoursRow.valid_from, WeeklyHoursRow.valid_until, WeeklyHoursRow.place_id,
    )
    .where(WeeklyHoursRow.therapist_id == bindparam("therapist"), _counts_at(WeeklyHoursRow))
    .union_all(
        select(
            sql_cast(null(), Integer), SpecialHours.starts, SpecialHours.ends, SpecialHours.on_date,
            SpecialHours.on_date, SpecialHours.place_id,
        ).where(SpecialHours.therapist_id == bindparam("therapist"), _counts_at(SpecialHours))
    )
    .order_by("weekday", "starts", "valid_from")
)  # fmt: skip
_AWAY = (
    select(
        TimeOff.starts_at, TimeOff.ends_at, TimeOff.return_on, TimeOff.cover_line, TimeOff.cover_id, Therapist.display_name
    )
    .outerjoin(Therapist, Therapist.person_id == TimeOff.cover_id)
    .where(TimeOff.therapist_id == bindparam("therapist"))
    .where(TimeOff.ends_at > bindparam("since"), TimeOff.starts_at < bindparam("until"))
    .order_by(TimeOff.starts_at, TimeOff.id)
)  # fmt: skip
_OWN = _bounds(OccupiedInterval).where(*_is_live(bindparam("now")))
_TAKEN = _OWN.union_all(_bounds(BusyInterval))
_TAKEN_BESIDE = _OWN.where(OccupiedInterval.id != bindparam("ignored")).union_all(_bounds(BusyInterval))


def list_bookable(session: Session) -> list[Bookable]:
    """List what visitors can book, in the practice's order of therapists and each one's order of types. One statement."""
    found: dict[UUID, Bookable] = {}
    for therapist, type_, place in session.execute(_BOOKABLE):
        known = found.get(type_.id, Bookable(therapist, type_, ()))
        found[type_.id] = known._replace(places=(*known.places, place)) if place is not None else known
    return list(found.values())


def find_offer(
    session: Session,
    now: datetime,
    therapist_id: UUID | None = None,
    *,
    type_id: UUID | None = None,
    place_id: UUID | None = None,
    ignoring: UUID | None = None,
) -> Offer | None:
    """Load what one therapist offers: the type and place named, else the first. None: nothing.

    Four statements, one more where the type has a cap.

    `ignoring`: an occupied interval that does not count, because it is the one that would be moved.
    """
    for one in list_bookable(session):
        if therapist_id in {None, one.therapist.person_id} and type_id in {None, one.type.id}:
            place = next((place for place in one.places if place_id in {None, place.id}), None)
            if place is not None or place_id is None:
                return load_offer(session, one, now, place=place, ignoring=ignoring)
    return None


def load_offer(
    session: Session,
    bookable: Bookable,
    now: datetime,
    *,
    place: PlaceRow | None = None,
    ignoring: UUID | None = None,
) -> Offer:
    """Load the hours, the time off and the occupied time of one therapist, as far as bookings reach.

    Three statements, one more where the type has a cap.
    """
    therapist, type_, _places = bookable
    own_zone = parse_zone(therapist.zone)
    zone = parse_zone(place.zone) if place is not None and place.zone else own_zone
    kind = ConsultationType(
        length_minutes=type_.length_minutes,
        buffer_before_minutes=type_.buffer_before_minutes,
        buffer_after_minutes=type_.buffer_after_minutes,
        minimum_notice_minutes=type_.minimum_notice_minutes,
        horizon_days=type_.horizon_days,
        step_minutes=type_.step_minutes,
    )
    reach = Interval(now - A_DAY, now + timedelta(days=type_.horizon_days + 1))
    return Offer(
        therapist_id=therapist.person_id,
        therapist_name=therapist.display_name,
        zone=zone,
        type_id=type_.id,
        type_name=type_.name,
        place=None if place is None else _venue(place),
        is_instant=type_.is_instant,
        kind=kind,
        availability=_availability_of(session, therapist.person_id, own_zone, zone, place),
        away=_away_of(session, therapist.person_id, reach),
        occupied=_occupied_of(session, therapist.person_id, reach, _room(kind), now=now, ignoring=ignoring),
        cap=_cap_of(session, type_, own_zone, now=now, ignoring=ignoring),
    )


def next_free_slots(
    session: Session, now: datetime, *, count: int, therapist_id: UUID | None = None
) -> list[Slot]:
    """List the next free times of one therapist, on different days where possible. Four statements."""
    offer = find_offer(session, now, therapist_id)
    return offer.next_by_day(now, count) if offer else []


def _venue(place: PlaceRow) -> Venue:
    return Venue(
        id=place.id,
        is_online=place.kind is PlaceKind.ONLINE,
        name=place.name,
        address=place.address,
        zone=parse_zone(place.zone) if place.zone else None,
    )


def _availability_of(
    session: Session, therapist_id: UUID, own_zone: ZoneInfo, zone: ZoneInfo, place: PlaceRow | None
) -> tuple[Availability, ...]:
    """Load the hours that hold everywhere and those of the place, each with its special dates. One statement."""
    own: list[Any] = []
    there: list[Any] = []
    asked = {"therapist": therapist_id, "place": None if place is None else place.id}
    for row in session.execute(_HOURS, asked):
        (own if row.place_id is None else there).append(row)
    return available_at(_availability(own, own_zone), _availability(there, zone))


def _availability(rows: Sequence[Any], zone: ZoneInfo) -> Availability:
    special: defaultdict[date, list[Period]] = defaultdict(list)
    for row in rows:
        if row.weekday is None:
            special[row.valid_from] += [] if row.starts is None else [Period(row.starts, row.ends)]
    weekly = [WeeklyHours(*row[:5]) for row in rows if row.weekday is not None]
    return Availability(zone, weekly, dict(special))


def _away_of(session: Session, therapist_id: UUID, reach: Interval) -> list[TimeAway]:
    rows = session.execute(_AWAY, {"therapist": therapist_id, "since": reach.start, "until": reach.end})
    return [TimeAway(Interval(row.starts_at, row.ends_at), row.return_on, _cover(row)) for row in rows]


def _cover(row: Any) -> Cover | None:
    known = row.cover_line or row.cover_id
    return Cover(row.cover_line, row.cover_id, row.display_name or "") if known else None


def _cap_of(
    session: Session, type_: ConsultationTypeRow, zone: ZoneInfo, *, now: datetime, ignoring: UUID | None
) -> Cap | None:
    """Count what is booked and held of a type with a cap, in the weeks that bookings reach. One statement, or none."""
    if type_.daily_cap is None and type_.weekly_cap is None:
        return None
    since, until = now - A_WEEK, now + timedelta(days=type_.horizon_days) + A_WEEK
    taken = (
        select(OccupiedInterval.starts_at, OccupiedInterval.buffer_before_minutes)
        .where(OccupiedInterval.type_id == type_.id)
        .where(OccupiedInterval.therapist_id == type_.therapist_id)
        .where(OccupiedInterval.ends_at > since, OccupiedInterval.starts_at < until)
        .where(*_is_live(now))
    )
    if ignoring is not None:
        taken = taken.where(OccupiedInterval.id != ignoring)
    booked = Counter(
        to_local(starts_at + timedelta(minutes=buffer), zone).date()
        for starts_at, buffer in session.execute(taken)
    )
    return Cap(zone, type_.daily_cap, type_.weekly_cap, booked)


def _occupied_of(
    session: Session,
    therapist_id: UUID,
    reach: Interval,
    room: timedelta,
    *,
    now: datetime,
    ignoring: UUID | None,
) -> list[Interval]:
    """Load the time that is taken, here or in a calendar elsewhere, sorted.

    Gaps in which not even one slot has room count as taken. A hold that has run out occupies nothing.
    """
    # As the driver gives them: to make rows and instants of ten thousand bounds would cost more than the whole page.
    asked = {"therapist": therapist_id, "since": reach.start, "until": reach.end, "now": now}
    if ignoring is not None:
        asked["ignored"] = ignoring
    found = session.connection().execute(_TAKEN if ignoring is None else _TAKEN_BESIDE, asked)
    bounds_of_rows: list[tuple[Any, Any]] = sorted(found.cursor.fetchall()) if found.cursor else []
    found.close()
    dialect, instant = session.get_bind().dialect, UtcDateTime()
    least: Any = room // timedelta(microseconds=1) if dialect.name == "sqlite" else room
    return [
        Interval(*(cast("datetime", instant.process_result_value(bound, dialect)) for bound in bounds))
        for bounds in _joined(bounds_of_rows, least)
    ]


def _room(kind: ConsultationType) -> timedelta:
    return timedelta(minutes=kind.buffer_before_minutes + kind.length_minutes + kind.buffer_after_minutes)


def _joined(rows: Iterable[Any], least: Any) -> Iterator[tuple[Any, Any]]:
    ahead = iter(rows)
    if (first := next(ahead, None)) is None:
        return
    since, until = first
    for start, end in ahead:
        if start - until >= least:
            yield since, until
            since, until = start, end
        elif end > until:
            until = end
    yield since, until
