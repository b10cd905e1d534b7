"""Writing when, where and for what somebody can be met: hours, special dates, places, types, time off.

Everything here queues behind `hold_diary`, so that two windows of one therapist cannot contradict each other. What is
booked already never changes: it is kept as instants.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.diary.models import (
    ConsultationTypeRow,
    PlaceKind,
    PlaceRow,
    SpecialHours,
    TimeOff,
    TypePlace,
    WeeklyHoursRow,
)
from portal.diary.own import get_own, list_types, own_rows, weekly_of
from portal.diary.rules import Period, WeeklyHours, overlap
from portal.diary.service import add_time_off, hold_diary
from portal.errors import Invalid
from portal.orm import Model
from portal.practice.queries import get_practice
from portal.security.viewer import Member

Row = TypeVar("Row", bound=Model)


class HoursOverlap(Invalid):
    """The hours have time in common with others of the same place; `row_id` names these."""

    def __init__(self, row_id: UUID) -> None:
        super().__init__(str(row_id))
        self.row_id = row_id


class DateContradicts(Invalid):
    """A date of one place would be closed and have hours at once."""


def add_weekly_hours(
    session: Session,
    viewer: Member,
    periods: Sequence[WeeklyHours],
    *,
    place_id: UUID | None,
    now: datetime,
    instead_of: UUID | None = None,
) -> None:
    """Open some periods of the week; `instead_of`: an own period that they replace.

    Raises HoursOverlap; NotFound for a foreign place or period.
    """
    hold_diary(session, viewer.person_id, now)
    _own_place(session, viewer, place_id)
    if instead_of is not None:
        _remove(session, viewer, get_own(session, viewer, WeeklyHoursRow, instead_of))
    there = list(
        session.scalars(own_rows(viewer, WeeklyHoursRow).where(_same_place(WeeklyHoursRow, place_id)))
    )
    for period in periods:
        for other in there:
            if weekly_of(other).collides(period):
                raise HoursOverlap(other.id)
        _add(
            session,
            viewer,
            WeeklyHoursRow(
                therapist_id=viewer.person_id, weekday=period.weekday, starts=period.start, ends=period.end,
                valid_from=period.valid_from, valid_until=period.valid_until, place_id=place_id,
            ),
        )  # fmt: skip


def remove_weekly_hours(session: Session, viewer: Member, row_id: UUID, now: datetime) -> None:
    """Close one period of the week. Raises NotFound."""
    hold_diary(session, viewer.person_id, now)
    _remove(session, viewer, get_own(session, viewer, WeeklyHoursRow, row_id))


def add_special_hours(
    session: Session,
    viewer: Member,
    on_date: date,
    period: Period | None,
    *,
    place_id: UUID | None,
    now: datetime,
) -> None:
    """Let a period hold on one date instead of the weekly hours; None closes it. Closing a closed date changes nothing.

    Raises HoursOverlap, DateContradicts; NotFound for a foreign place.
    """
    hold_diary(session, viewer.person_id, now)
    _own_place(session, viewer, place_id)
    there = session.scalars(
        own_rows(viewer, SpecialHours).where(
            SpecialHours.on_date == on_date, _same_place(SpecialHours, place_id)
        )
    ).all()
    for other in there:
        if period is None and other.starts is None:
            return
        if period is None or other.starts is None or other.ends is None:
            raise DateContradicts(str(other.id))
        if overlap(Period(other.starts, other.ends), period):
            raise HoursOverlap(other.id)
    starts, ends = period or (None, None)
    row = SpecialHours(
        therapist_id=viewer.person_id, on_date=on_date, starts=starts, ends=ends, place_id=place_id
    )
    _add(session, viewer, row)


def remove_special_hours(session: Session, viewer: Member, row_id: UUID, now: datetime) -> None:
    """Let the week hold again as far as this row goes. Raises NotFound."""
    hold_diary(session, viewer.person_id, now)
    _remove(session, viewer, get_own(session, viewer, SpecialHours, row_id))


@dataclass(frozen=True, slots=True)
class PlaceWords:
    """What is said of a place. `zone`: of a room; None where the therapist's clocks count."""

    kind: PlaceKind
    name: str
    address: str
    zone: str | None
    directions: str


def save_place(
    session: Session, viewer: Member, words: PlaceWords, *, now: datetime, place_id: UUID | None = None
) -> PlaceRow:
    """Add a place or change an own one. Times booked there keep their instants. Raises NotFound."""
    hold_diary(session, viewer.person_id, now)
    if place_id is None:
        last = session.scalar(
            select(func.max(PlaceRow.position)).where(PlaceRow.therapist_id == viewer.person_id)
        )
        place = PlaceRow(
            therapist_id=viewer.person_id, kind=words.kind, name=words.name, zone=words.zone, position=(last or 0) + 1,
            practice_id=get_practice(session).id,
        )  # fmt: skip
        session.add(place)
    else:
        place = get_own(session, viewer, PlaceRow, place_id)
    place.kind, place.name, place.address = words.kind, words.name, words.address
    place.zone, place.directions = words.zone, words.directions
    return _keep(session, viewer, place)


def remove_place(session: Session, viewer: Member, place_id: UUID, now: datetime) -> bool:
    """Take a place off the offer. Tells whether it is gone: what was ever booked there needs it, then it is only retired.

    Raises NotFound.
    """
    hold_diary(session, viewer.person_id, now)
    place = get_own(session, viewer, PlaceRow, place_id)
    record_of(session, viewer, Action.DIARY_CHANGED, place)
    try:
        with session.begin_nested():
            for table in (TypePlace, WeeklyHoursRow, SpecialHours):
                session.execute(delete(table).where(table.place_id == place_id))
            session.execute(delete(PlaceRow).where(PlaceRow.id == place_id))
    except IntegrityError:
        place.is_active = False
        session.flush()
        return False
    return True


def offer_place_again(session: Session, viewer: Member, place_id: UUID, now: datetime) -> None:
    """Offer a retired place again, with the hours and types that it had. Raises NotFound."""
    hold_diary(session, viewer.person_id, now)
    place = get_own(session, viewer, PlaceRow, place_id)
    place.is_active = True
    _keep(session, viewer, place)


def save_type(
    session: Session,
    viewer: Member,
    values: Mapping[str, Any],
    place_ids: Collection[UUID],
    *,
    now: datetime,
    type_id: UUID | None = None,
) -> ConsultationTypeRow:
    """Add a type at the end of the order, or change an own one. What is booked keeps its length and room.

    values: by the names of the columns. Raises NotFound, also for a foreign place.
    """
    hold_diary(session, viewer.person_id, now)
    for place_id in place_ids:
        get_own(session, viewer, PlaceRow, place_id)
    if type_id is None:
        types = list_types(session, viewer)
        position = max((one.position for one in types), default=-1) + 1
        row = ConsultationTypeRow(therapist_id=viewer.person_id, position=position, **values)
        session.add(row)
        session.flush()
    else:
        row = get_own(session, viewer, ConsultationTypeRow, type_id)
    # On a new row too: a first insert reads None as "whatever is usual".
    for name, value in values.items():
        setattr(row, name, value)
    offered = own_rows(viewer, PlaceRow).where(PlaceRow.is_active).with_only_columns(PlaceRow.id)
    session.execute(delete(TypePlace).where(TypePlace.type_id == row.id, TypePlace.place_id.in_(offered)))
    session.add_all(TypePlace(type_id=row.id, place_id=place_id) for place_id in place_ids)
    return _keep(session, viewer, row)


def move_type(session: Session, viewer: Member, type_id: UUID, *, up: bool, now: datetime) -> None:
    """Let visitors see a type one place earlier or later. At the end of the order nothing changes. Raises NotFound."""
    hold_diary(session, viewer.person_id, now)
    moved = get_own(session, viewer, ConsultationTypeRow, type_id)
    offered = [one for one in list_types(session, viewer) if one.is_active]
    if moved not in offered:
        return
    before = offered.index(moved)
    offered.remove(moved)
    offered.insert(max(before - 1, 0) if up else before + 1, moved)
    for position, one in enumerate(offered):
        one.position = position
    _keep(session, viewer, moved)


def offer_type(session: Session, viewer: Member, type_id: UUID, *, offered: bool, now: datetime) -> None:
    """Retire a type, or offer it again. What is booked stays. Raises NotFound."""
    hold_diary(session, viewer.person_id, now)
    row = get_own(session, viewer, ConsultationTypeRow, type_id)
    row.is_active = offered
    _keep(session, viewer, row)


def take_time_off(
    session: Session,
    viewer: Member,
    *,
    starts_at: datetime,
    ends_at: datetime,
    return_on: date | None,
    cover_line: str,
    cover_id: UUID | None,
    now: datetime,
) -> TimeOff:
    """Offer nothing meanwhile, and say until when and whom to turn to. What is booked already stays."""
    hold_diary(session, viewer.person_id, now)
    row = add_time_off(session, viewer.person_id, starts_at=starts_at, ends_at=ends_at, return_on=return_on)
    row.cover_line, row.cover_id = cover_line, cover_id
    _keep(session, viewer, row)
    return row


def end_time_off(session: Session, viewer: Member, row_id: UUID, now: datetime) -> None:
    """Forget time off: its time is offered again. Raises NotFound."""
    hold_diary(session, viewer.person_id, now)
    _remove(session, viewer, get_own(session, viewer, TimeOff, row_id))


def _own_place(session: Session, viewer: Member, place_id: UUID | None) -> None:
    if place_id is not None:
        get_own(session, viewer, PlaceRow, place_id)


def _same_place(table: type[WeeklyHoursRow | SpecialHours], place_id: UUID | None) -> Any:
    return table.place_id.is_(None) if place_id is None else table.place_id == place_id


def _add(session: Session, viewer: Member, row: Model) -> None:
    session.add(row)
    _keep(session, viewer, row)


def _remove(session: Session, viewer: Member, row: Model) -> None:
    record_of(session, viewer, Action.DIARY_CHANGED, row)
    session.delete(row)
    session.flush()


def _keep(session: Session, viewer: Member, row: Row) -> Row:
    session.flush()
    record_of(session, viewer, Action.DIARY_CHANGED, row)
    return row
