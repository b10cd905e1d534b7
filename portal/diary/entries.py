"""Reading what lies in a diary: the entries with what they are, and what surrounds them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.orm import Session

from portal.diary.agenda import union
from portal.diary.days import whole_day
from portal.diary.models import (
    BusyInterval,
    OccupiedInterval,
    OccupiedKind,
    PlaceRow,
    SpecialHours,
    TimeOff,
    WeeklyHoursRow,
)
from portal.diary.own import availability_of
from portal.diary.registry import About, about_entries
from portal.diary.rules import Availability, Interval, available_at
from portal.errors import NotFound
from portal.practice.models import Therapist
from portal.security.viewer import Member
from portal.zones import to_local

DAY = timedelta(days=1)
OWN = frozenset({OccupiedKind.BLOCK, OccupiedKind.MEETING})  # what the diary itself keeps


@dataclass(frozen=True, slots=True)
class DiaryEntry:
    """One entry as its therapist sees it: a time without its buffers, a code, and what its area says about it."""

    row: OccupiedInterval
    about: About | None
    therapist_name: str = ""

    @property
    def id(self) -> UUID:
        """Give the id of the time."""
        return self.row.id

    @property
    def kind(self) -> OccupiedKind:
        """Say what it is."""
        return self.row.kind

    @property
    def code(self) -> str:
        """Give what everybody in the practice may see."""
        return self.row.code

    @property
    def starts_at(self) -> datetime:
        """Give the beginning, after the buffer."""
        return self.row.starts_at + timedelta(minutes=self.row.buffer_before_minutes)

    @property
    def ends_at(self) -> datetime:
        """Give the end, before the buffer."""
        return self.row.ends_at - timedelta(minutes=self.row.buffer_after_minutes)

    @property
    def interval(self) -> Interval:
        """Give the time without its buffers."""
        return Interval(self.starts_at, self.ends_at)

    @property
    def length(self) -> timedelta:
        """Give how long it takes, without its buffers."""
        return self.ends_at - self.starts_at

    @property
    def is_own(self) -> bool:
        """Tell whether the therapist put it there."""
        return self.kind in OWN

    def only_own(self) -> "DiaryEntry":
        """Give the entry if the therapist put it there. Raises NotFound."""
        if not self.is_own:
            raise NotFound(str(self.id))
        return self

    @property
    def is_settled(self) -> bool:
        """Tell whether nobody's answer is missing."""
        return self.is_own if self.about is None else self.about.is_settled

    @property
    def is_movable(self) -> bool:
        """Tell whether the therapist may give it another time."""
        return self.is_own if self.about is None else self.about.is_movable

    @property
    def passes_at(self) -> datetime | None:
        """Tell when it ends by itself, as a hold or an offer does."""
        return self.row.expires_at


@dataclass(frozen=True, slots=True)
class Clash:
    """One time off, and what lies in it and would still take place."""

    away: Interval
    entries: tuple[DiaryEntry, ...]

    @property
    def last_at(self) -> datetime:
        """Give the last moment of the time off: an end at midnight belongs to the day before."""
        return self.away.end - timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a diary holds beside its entries: hours in which something is offered, time off, and other calendars."""

    opened: tuple[Interval, ...]
    away: tuple[Interval, ...]
    busy: tuple[Interval, ...]


def visible_to(viewer: Member, now: datetime) -> Select[OccupiedInterval]:
    """Start a read of live entries: a therapist's own, for other staff everybody's. Raises NotFound for anybody else."""
    if not viewer.is_staff:
        raise NotFound("entry")
    live = select(OccupiedInterval).where(
        OccupiedInterval.is_released.is_(False),
        OccupiedInterval.expires_at.is_(None) | (OccupiedInterval.expires_at > now),
    )
    return live.where(OccupiedInterval.therapist_id == viewer.person_id) if viewer.is_therapist else live


def entries_of(session: Session, viewer: Member, reach: Interval, now: datetime) -> list[DiaryEntry]:
    """List what lies within, in order of time. One statement, and for therapists one a kind that another area keeps."""
    rows = _rows_within(session, viewer, reach, now)
    about = _about(session, viewer, [row for row, _name in rows])
    return [DiaryEntry(row, about.get(row.id), name or "") for row, name in rows]


def codes_of_today(session: Session, viewer: Member, zone: ZoneInfo, now: datetime) -> list[DiaryEntry]:
    """List what lies on the reader's own today, without what its areas would say about it. One statement."""
    today = whole_day(to_local(now, zone).date(), zone)
    return [DiaryEntry(row, None, name or "") for row, name in _rows_within(session, viewer, today, now)]


def get_entry(
    session: Session, viewer: Member, occupied_id: UUID, now: datetime, *, is_fresh: bool = False
) -> DiaryEntry:
    """Load one live entry of the therapist's own; two statements. `is_fresh`: as the database has it, not as it was read.

    Raises NotFound for foreign, released, unknown alike.
    """
    wanted = visible_to(viewer, now).where(OccupiedInterval.id == occupied_id)
    row = session.scalar(wanted.execution_options(populate_existing=is_fresh))
    if row is None or not viewer.is_therapist:
        raise NotFound(str(occupied_id))
    return DiaryEntry(row, _about(session, viewer, [row]).get(row.id))


def find_address(session: Session, viewer: Member, occupied_id: UUID) -> str | None:
    """Find the page of what an entry is, ended or not; None: it has none but its own. Raises NotFound. Two statements."""
    row = session.scalar(
        select(OccupiedInterval).where(
            OccupiedInterval.id == occupied_id, OccupiedInterval.therapist_id == viewer.person_id
        )
    )
    if row is None:
        raise NotFound(str(occupied_id))
    about = _about(session, viewer, [row]).get(occupied_id)
    return about.address if about else None


def in_the_way(
    session: Session, viewer: Member, wanted: Interval, now: datetime, *, ignoring: UUID | None = None
) -> list[DiaryEntry]:
    """List what already occupies a time, buffers included. One statement."""
    rows = session.scalars(
        visible_to(viewer, now)
        .where(_touches(OccupiedInterval, wanted), OccupiedInterval.id != ignoring)
        .order_by(OccupiedInterval.starts_at)
    )
    return [DiaryEntry(row, None) for row in rows]


def surroundings_of(session: Session, viewer: Member, reach: Interval, dates: Sequence[date]) -> Surroundings:
    """Load what surrounds a therapist's own entries on these dates, which lie within `reach`. Four statements."""
    return Surroundings(
        opened=tuple(
            one for one in _opened(session, viewer, dates) if one.start < reach.end and reach.start < one.end
        ),
        away=tuple(_intervals(session, viewer, TimeOff, reach)),
        busy=tuple(_intervals(session, viewer, BusyInterval, reach)),
    )


def clashes_with_leave(session: Session, viewer: Member, now: datetime) -> list[Clash]:
    """List the time off, from now on, in which something still lies; blocks of the own do not count. One statement."""
    rows = session.execute(
        visible_to(viewer, now)
        .add_columns(TimeOff)
        .join(TimeOff, TimeOff.therapist_id == OccupiedInterval.therapist_id)
        .where(OccupiedInterval.starts_at < TimeOff.ends_at, OccupiedInterval.ends_at > TimeOff.starts_at)
        .where(OccupiedInterval.ends_at > now, OccupiedInterval.kind != OccupiedKind.BLOCK)
        .where(OccupiedInterval.therapist_id == viewer.person_id)
        .order_by(TimeOff.starts_at, TimeOff.id, OccupiedInterval.starts_at)
    )
    found: defaultdict[Interval, list[DiaryEntry]] = defaultdict(list)
    for row, leave in rows:
        found[Interval(leave.starts_at, leave.ends_at)].append(DiaryEntry(row, None))
    return [Clash(away, tuple(entries)) for away, entries in found.items()]


def _intervals(
    session: Session, viewer: Member, table: type[BusyInterval | TimeOff], reach: Interval
) -> list[Interval]:
    rows = session.execute(
        select(table.starts_at, table.ends_at)
        .where(table.therapist_id == viewer.person_id)
        .where(_touches(table, reach))
        .order_by(table.starts_at)
    )
    return [Interval(*row) for row in rows]


def _rows_within(
    session: Session, viewer: Member, reach: Interval, now: datetime
) -> Sequence[Row[OccupiedInterval, str | None]]:
    return session.execute(
        visible_to(viewer, now)
        .add_columns(Therapist.display_name)
        .outerjoin(Therapist, Therapist.person_id == OccupiedInterval.therapist_id)
        .where(_touches(OccupiedInterval, reach))
        .order_by(OccupiedInterval.starts_at, OccupiedInterval.id)
    ).all()


def _about(session: Session, viewer: Member, rows: Sequence[OccupiedInterval]) -> dict[UUID, About]:
    if not viewer.is_therapist:
        return {}
    ids: defaultdict[OccupiedKind, list[UUID]] = defaultdict(list)
    for row in rows:
        ids[row.kind].append(row.id)
    return about_entries(session, viewer, ids)


def _touches(table: type[OccupiedInterval | BusyInterval | TimeOff], reach: Interval) -> ColumnElement[bool]:
    return (table.ends_at > reach.start) & (table.starts_at < reach.end)


def _opened(session: Session, viewer: Member, dates: Sequence[date]) -> list[Interval]:
    """Find when anything is offered at all: by the therapist's hours, or by those of one of the places. Two statements."""
    weekly: defaultdict[UUID | None, list[WeeklyHoursRow]] = defaultdict(list)
    special: defaultdict[UUID | None, list[SpecialHours]] = defaultdict(list)
    zones: dict[UUID | None, str] = {}
    near = SpecialHours.on_date.between(dates[0] - DAY, dates[-1] + DAY)
    for row, own_zone, place_zone in [
        *session.execute(_with_zones(WeeklyHoursRow, viewer)),
        *session.execute(_with_zones(SpecialHours, viewer).where(near)),
    ]:
        zones[None], zones[row.place_id] = own_zone, place_zone or own_zone
        if isinstance(row, WeeklyHoursRow):
            weekly[row.place_id].append(row)
        else:
            special[row.place_id].append(row)
    hours = {
        place_id: availability_of(zone, weekly[place_id], special[place_id])
        for place_id, zone in zones.items()
    }
    own = hours.pop(None, None)
    if own is None:
        return []
    together = [one for there in hours.values() for one in available_at(own, there)] or [own]
    return union(interval for one in together for interval in _periods(one, dates))


def _with_zones(table: type[Any], viewer: Member) -> Select[Any, Any, Any]:
    return (
        select(table, Therapist.zone, PlaceRow.zone)
        .join(Therapist, Therapist.person_id == table.therapist_id)
        .outerjoin(PlaceRow, PlaceRow.id == table.place_id)
        .where(table.therapist_id == viewer.person_id)
    )


def _periods(hours: Availability, dates: Sequence[date]) -> list[Interval]:
    """Give the periods as instants. The dates of another zone may begin a day before or after the reader's."""
    found = []
    for number in range(dates[0].toordinal() - 1, dates[-1].toordinal() + 2):
        day = date.fromordinal(number)
        for start, end in hours.on(day):
            closes = datetime.combine(day + DAY if end == time() else day, end, hours.zone).replace(fold=1)
            opens = datetime.combine(day, start, hours.zone)
            if opens.astimezone(UTC) < closes.astimezone(UTC):
                found.append(Interval(opens.astimezone(UTC), closes.astimezone(UTC)))
    return found
