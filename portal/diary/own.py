"""Reading what therapists have set for themselves: hours, special dates, places, types, time off. Own rows only."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from portal.diary.models import (
    ConsultationTypeRow,
    PlaceRow,
    SpecialHours,
    TimeOff,
    TypePlace,
    WeeklyHoursRow,
)
from portal.diary.rules import Availability, Period, WeeklyHours
from portal.errors import NotFound
from portal.practice.models import Therapist
from portal.practice.queries import list_therapists
from portal.security.viewer import Member
from portal.zones import parse_zone

Row = TypeVar("Row", ConsultationTypeRow, PlaceRow, SpecialHours, TimeOff, WeeklyHoursRow)


def own_rows(viewer: Member, table: type[Row]) -> Select[Row]:
    """Start a read of the viewer's own rows. Raises NotFound for whoever is no therapist."""
    if not viewer.is_therapist:
        raise NotFound(table.__tablename__)
    return select(table).where(table.therapist_id == viewer.person_id)


def get_own(session: Session, viewer: Member, table: type[Row], row_id: UUID) -> Row:
    """Load one of the viewer's own rows; raises NotFound for foreign and unknown alike. One statement."""
    row = session.scalar(own_rows(viewer, table).where(table.id == row_id))
    if row is None:
        raise NotFound(str(row_id))
    return row


def list_weekly(session: Session, viewer: Member) -> list[WeeklyHoursRow]:
    """List the periods of the week in their order."""
    order = (WeeklyHoursRow.weekday, WeeklyHoursRow.starts, WeeklyHoursRow.valid_from, WeeklyHoursRow.id)
    return list(session.scalars(own_rows(viewer, WeeklyHoursRow).order_by(*order)))


def list_special(session: Session, viewer: Member, today: date) -> list[SpecialHours]:
    """List what holds on single dates from today on."""
    wanted = own_rows(viewer, SpecialHours).where(SpecialHours.on_date >= today)
    return list(session.scalars(wanted.order_by(SpecialHours.on_date, SpecialHours.starts, SpecialHours.id)))


def list_places(session: Session, viewer: Member) -> list[PlaceRow]:
    """List all places, those no longer offered last."""
    order = (PlaceRow.is_active.desc(), PlaceRow.position, PlaceRow.name, PlaceRow.id)
    return list(session.scalars(own_rows(viewer, PlaceRow).order_by(*order)))


def list_types(session: Session, viewer: Member) -> list[ConsultationTypeRow]:
    """List all types in the order in which visitors see them, those no longer offered last."""
    type_ = ConsultationTypeRow
    order = (type_.is_active.desc(), type_.position, type_.created_at, type_.id)
    return list(session.scalars(own_rows(viewer, type_).order_by(*order)))


def places_of_types(session: Session, viewer: Member) -> dict[UUID, list[PlaceRow]]:
    """Tell at which places each type is offered, by its id. One statement."""
    found: defaultdict[UUID, list[PlaceRow]] = defaultdict(list)
    rows = session.execute(
        own_rows(viewer, PlaceRow)
        .add_columns(TypePlace.type_id)
        .join(TypePlace, TypePlace.place_id == PlaceRow.id)
        .where(PlaceRow.is_active)
        .order_by(PlaceRow.position, PlaceRow.name)
    )
    for place, type_id in rows:
        found[type_id].append(place)
    return dict(found)


def list_time_off(session: Session, viewer: Member, *still: ColumnElement[bool]) -> list[TimeOff]:
    """List time off in order of time. `still`: further conditions."""
    wanted = own_rows(viewer, TimeOff).where(*still)
    return list(session.scalars(wanted.order_by(TimeOff.starts_at, TimeOff.id)))


def colleagues_of(session: Session, viewer: Member) -> list[Therapist]:
    """List who may be named as cover: the practice's other listed therapists. One statement."""
    return [one for one in list_therapists(session) if one.person_id != viewer.person_id]


@dataclass(frozen=True, slots=True)
class OwnHours:
    """All hours of a therapist, as they were entered and as the rules read them. `there`: by the name of the place."""

    weekly: Sequence[WeeklyHoursRow]
    special: Sequence[SpecialHours]
    places: Sequence[PlaceRow]
    own: Availability
    there: dict[str, Availability]


def load_hours(session: Session, viewer: Member, zone: str, today: date) -> OwnHours:
    """Load the hours of every place from today on. Three statements. `zone`: the therapist's own."""
    weekly, special = list_weekly(session, viewer), list_special(session, viewer, today)
    places = list_places(session, viewer)
    by_place: defaultdict[UUID | None, tuple[list[Any], list[Any]]] = defaultdict(lambda: ([], []))
    for period in weekly:
        by_place[period.place_id][0].append(period)
    for one in special:
        by_place[one.place_id][1].append(one)
    return OwnHours(
        weekly,
        special,
        places,
        availability_of(zone, *by_place[None]),
        {
            place.name: availability_of(place.zone or zone, *by_place[place.id])
            for place in places
            if place.is_active and place.id in by_place
        },
    )


def weekly_of(row: WeeklyHoursRow) -> WeeklyHours:
    """Give a stored period as the rules read it."""
    return WeeklyHours(row.weekday, row.starts, row.ends, row.valid_from, row.valid_until)


def availability_of(
    zone: str, weekly: Sequence[WeeklyHoursRow], special: Sequence[SpecialHours]
) -> Availability:
    """Give stored hours of one place as the rules read them."""
    dates: defaultdict[date, list[Period]] = defaultdict(list)
    for row in special:
        if row.starts is None or row.ends is None:
            dates[row.on_date] += []
        else:
            dates[row.on_date].append(Period(row.starts, row.ends))
    return Availability(parse_zone(zone), [weekly_of(row) for row in weekly], dict(dates))
