"""Reading the diary. What visitors may book is public; what fills the time is seen by code only (CPL-13)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import BigInteger, select, type_coerce
from sqlalchemy.orm import Session

from portal.diary.models import ConsultationTypeRow, OccupiedInterval, OccupiedKind, TimeOff, WeeklyHoursRow
from portal.diary.offers import Offer
from portal.diary.rules import ConsultationType, Interval, Slot, TimeAway, WeeklyHours
from portal.errors import NotFound
from portal.orm import UtcDateTime
from portal.people.models import Person
from portal.practice.models import Therapist
from portal.security.viewer import Member
from portal.zones import parse_zone, to_local

A_DAY = timedelta(days=1)
Bookable = tuple[Therapist, ConsultationTypeRow]


class Entry(NamedTuple):
    """One line of a calendar page: a time without its buffers, and a code; never a name."""

    starts_at: datetime
    ends_at: datetime
    kind: OccupiedKind
    code: str
    therapist_name: str


def list_bookable(session: Session) -> list[Bookable]:
    """List the therapists whom visitors can book, in the practice's order, each with the first type. One statement."""
    rows = session.execute(
        select(Therapist, ConsultationTypeRow)
        .join(ConsultationTypeRow, ConsultationTypeRow.therapist_id == Therapist.person_id)
        .where(Therapist.is_listed)
        .order_by(Therapist.position, Therapist.display_name, Therapist.id)
        .order_by(ConsultationTypeRow.created_at, ConsultationTypeRow.id)
    )
    first_types: dict[UUID, Bookable] = {}
    for therapist, type_ in rows:
        first_types.setdefault(therapist.person_id, (therapist, type_))
    return list(first_types.values())


def find_offer(session: Session, now: datetime, therapist_id: UUID | None = None) -> Offer | None:
    """Load what one therapist offers, or without an id the first who can be booked. Four statements; None: nobody."""
    for therapist, type_ in list_bookable(session):
        if therapist_id in {None, therapist.person_id}:
            return load_offer(session, (therapist, type_), now)
    return None


def load_offer(session: Session, bookable: Bookable, now: datetime) -> Offer:
    """Load the hours, the time off and the occupied time of one therapist, as far as bookings reach. Three statements."""
    therapist, type_ = bookable
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
        zone=parse_zone(therapist.zone),
        is_instant=type_.is_instant,
        kind=kind,
        hours=_hours_of(session, therapist.person_id),
        away=_away_of(session, therapist.person_id, reach),
        occupied=_occupied_of(session, therapist.person_id, reach, _room(kind)),
    )


def next_free_slots(
    session: Session, now: datetime, *, count: int, therapist_id: UUID | None = None
) -> list[Slot]:
    """List the next free times of one therapist, on different days where possible. Four statements."""
    offer = find_offer(session, now, therapist_id)
    return offer.next_by_day(now, count) if offer else []


def calendar_of(session: Session, viewer: Member, now: datetime, *, days: int = 14) -> list[Entry]:
    """List what is in the diary from the viewer's today on: a therapist's own time, for other staff everybody's.

    One statement, and one for the viewer's zone unless it is loaded. Raises NotFound for anybody else.
    """
    if not viewer.is_staff:
        raise NotFound(str(viewer.person_id))
    zone = parse_zone(session.get_one(Person, viewer.person_id).zone)
    today = datetime.combine(to_local(now, zone).date(), time(), zone)
    entries = (
        select(OccupiedInterval, Therapist.display_name)
        .outerjoin(Therapist, Therapist.person_id == OccupiedInterval.therapist_id)
        .where(OccupiedInterval.is_released.is_(False))
        .where(OccupiedInterval.ends_at > today, OccupiedInterval.starts_at < today + days * A_DAY)
        .order_by(OccupiedInterval.starts_at, OccupiedInterval.id)
    )
    if viewer.is_therapist:
        entries = entries.where(OccupiedInterval.therapist_id == viewer.person_id)
    return [_entry(row, name or "") for row, name in session.execute(entries)]


def _entry(row: OccupiedInterval, therapist_name: str) -> Entry:
    return Entry(
        row.starts_at + timedelta(minutes=row.buffer_before_minutes),
        row.ends_at - timedelta(minutes=row.buffer_after_minutes),
        row.kind,
        row.code,
        therapist_name,
    )


def _hours_of(session: Session, therapist_id: UUID) -> list[WeeklyHours]:
    rows = session.scalars(
        select(WeeklyHoursRow)
        .where(WeeklyHoursRow.therapist_id == therapist_id)
        .order_by(WeeklyHoursRow.weekday, WeeklyHoursRow.starts, WeeklyHoursRow.id)
    )
    return [WeeklyHours(row.weekday, row.starts, row.ends, row.valid_from, row.valid_until) for row in rows]


def _away_of(session: Session, therapist_id: UUID, reach: Interval) -> list[TimeAway]:
    rows = session.scalars(
        select(TimeOff)
        .where(TimeOff.therapist_id == therapist_id)
        .where(TimeOff.ends_at > reach.start, TimeOff.starts_at < reach.end)
        .order_by(TimeOff.starts_at, TimeOff.id)
    )
    return [TimeAway(Interval(row.starts_at, row.ends_at), row.return_on) for row in rows]


def _occupied_of(session: Session, therapist_id: UUID, reach: Interval, room: timedelta) -> list[Interval]:
    """Load the time that is taken, sorted; gaps in which not even one slot has room count as taken."""
    # As the driver gives them: to make ten thousand instants of five thousand rows would cost more than the whole page.
    bounds = (
        type_coerce(bound, BigInteger) for bound in (OccupiedInterval.starts_at, OccupiedInterval.ends_at)
    )
    rows = session.connection().execute(
        select(*bounds)
        .where(OccupiedInterval.therapist_id == therapist_id, OccupiedInterval.is_released.is_(False))
        .where(OccupiedInterval.ends_at > reach.start, OccupiedInterval.starts_at < reach.end)
        .order_by(OccupiedInterval.starts_at)
    )
    dialect, instant = session.get_bind().dialect, UtcDateTime()
    least: Any = room // timedelta(microseconds=1) if dialect.name == "sqlite" else room
    return [
        Interval(*(cast("datetime", instant.process_result_value(bound, dialect)) for bound in taken))
        for taken in _joined(rows.all(), least)
    ]


def _room(kind: ConsultationType) -> timedelta:
    return timedelta(minutes=kind.buffer_before_minutes + kind.length_minutes + kind.buffer_after_minutes)


def _joined(rows: Iterable[Any], least: Any) -> Iterator[tuple[Any, Any]]:
    since = until = None
    for start, end in rows:
        if until is not None and start - until < least:
            until = max(until, end)
            continue
        if until is not None:
            yield since, until
        since, until = start, end
    if until is not None:
        yield since, until
