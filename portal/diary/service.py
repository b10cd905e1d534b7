"""Writing the diary. Whether a time is free is decided by the database, not here (BKG-01)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from portal.diary.models import ConsultationTypeRow, OccupiedInterval, OccupiedKind, TimeOff, WeeklyHoursRow
from portal.diary.rules import ConsultationType, SlotTaken, WeeklyHours
from portal.people.models import Person
from portal.transaction import violated_constraint

NO_OVERLAP = "ex_occupied_interval_no_overlap"
DEADLOCK = "40P01"  # PostgreSQL, appendix A: two writers of overlapping times waited for each other


def hold_diary(session: Session, therapist_id: UUID, now: datetime) -> None:
    """Let writers of one diary queue until commit, so that each sees what the one before has booked. Two statements.

    Holds and offers that have run out are released on the way. The lock allows rows elsewhere to refer to the therapist
    meanwhile. SQLite has one writer at a time anyway.
    """
    session.execute(select(Person.id).where(Person.id == therapist_id).with_for_update(key_share=True))
    session.execute(
        update(OccupiedInterval)
        .where(OccupiedInterval.therapist_id == therapist_id, OccupiedInterval.expires_at <= now)
        .where(OccupiedInterval.is_released.is_(False))
        .values(is_released=True, revision=OccupiedInterval.revision + 1)
        .execution_options(synchronize_session="fetch")
    )


def occupy(
    session: Session,
    *,
    therapist_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    kind: OccupiedKind,
    code: str,
    buffer_before_minutes: int = 0,
    buffer_after_minutes: int = 0,
    place_id: UUID | None = None,
    type_id: UUID | None = None,
    expires_at: datetime | None = None,
) -> OccupiedInterval:
    """Take a time and the room around it. `code` is what people without access to names see.

    `type_id`: what is or would be booked, so that the caps of that type count it.

    A hold or an offer says when it ends by itself (`expires_at`).

    Raises:
        SlotTaken: something live overlaps; the caller's transaction goes on as if nothing had been tried.
    """
    occupied = OccupiedInterval(
        therapist_id=therapist_id,
        starts_at=starts_at - timedelta(minutes=buffer_before_minutes),
        ends_at=ends_at + timedelta(minutes=buffer_after_minutes),
        kind=kind,
        code=code,
        buffer_before_minutes=buffer_before_minutes,
        buffer_after_minutes=buffer_after_minutes,
        place_id=place_id,
        type_id=type_id,
        expires_at=expires_at,
    )
    with _overlap_as_taken(session, therapist_id):
        session.add(occupied)
    return occupied


def move_occupied(
    session: Session, occupied: OccupiedInterval, *, starts_at: datetime, ends_at: datetime
) -> None:
    """Take another time instead, with the same room around it. `starts_at`, `ends_at`: without that room.

    Raises:
        SlotTaken: something live overlaps; the old time stays taken.
    """
    with _overlap_as_taken(session, occupied.therapist_id):
        occupied.starts_at = starts_at - timedelta(minutes=occupied.buffer_before_minutes)
        occupied.ends_at = ends_at + timedelta(minutes=occupied.buffer_after_minutes)
        occupied.revision += 1


def keep_for(session: Session, occupied: OccupiedInterval, kind: OccupiedKind, *, code: str) -> None:
    """Make what was only held for a while a lasting entry, as what it is now."""
    occupied.kind, occupied.code, occupied.expires_at = kind, code, None
    occupied.revision += 1
    session.flush()


def release(session: Session, occupied: OccupiedInterval) -> None:
    """Give a time free again; its row stays as a trace."""
    occupied.is_released = True
    occupied.revision += 1
    session.flush()


@contextmanager
def _overlap_as_taken(session: Session, therapist_id: UUID) -> Iterator[None]:
    """Say SlotTaken where the database refuses an overlap; the caller's transaction goes on as if nothing had been tried."""
    try:
        with session.begin_nested():
            yield
    except IntegrityError as error:
        if NO_OVERLAP in violated_constraint(error):
            raise SlotTaken(str(therapist_id)) from error
        raise
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == DEADLOCK:
            raise SlotTaken(str(therapist_id)) from error
        raise


def set_weekly_hours(session: Session, therapist_id: UUID, periods: Sequence[WeeklyHours]) -> None:
    """Replace a therapist's weekly hours, which are clock times in the therapist's zone."""
    session.execute(delete(WeeklyHoursRow).where(WeeklyHoursRow.therapist_id == therapist_id))
    session.add_all(
        WeeklyHoursRow(
            therapist_id=therapist_id, weekday=period.weekday, starts=period.start, ends=period.end,
            valid_from=period.valid_from, valid_until=period.valid_until,
        )
        for period in periods
    )  # fmt: skip
    session.flush()


def add_consultation_type(
    session: Session, therapist_id: UUID, *, name: str, kind: ConsultationType, is_instant: bool = False
) -> ConsultationTypeRow:
    """Let visitors book one kind of consultation; `is_instant` confirms it at once instead of asking the therapist."""
    row = ConsultationTypeRow(
        therapist_id=therapist_id, name=name, is_instant=is_instant, length_minutes=kind.length_minutes,
        buffer_before_minutes=kind.buffer_before_minutes, buffer_after_minutes=kind.buffer_after_minutes,
        minimum_notice_minutes=kind.minimum_notice_minutes, horizon_days=kind.horizon_days, step_minutes=kind.step_minutes,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def add_time_off(
    session: Session,
    therapist_id: UUID,
    *,
    starts_at: datetime,
    ends_at: datetime,
    return_on: date | None = None,
) -> TimeOff:
    """Offer nothing from `starts_at` to `ends_at`; visitors are told `return_on`. What is booked already stays."""
    row = TimeOff(therapist_id=therapist_id, starts_at=starts_at, ends_at=ends_at, return_on=return_on)
    session.add(row)
    session.flush()
    return row
