"""What the database does around a round with a calendar elsewhere: owe it, load what it needs, keep what it found."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from portal import outbox
from portal.accounts.models import Account
from portal.calendars.exchange import Order, Outcome, Written
from portal.calendars.models import (
    CalendarQuestion,
    FoundChange,
    OutsideCalendar,
    OutsideKind,
    OutsideState,
    WrittenEvent,
)
from portal.calendars.plan import Ask, OurEntry
from portal.calendars.queries import bare_times, is_lasting
from portal.calendars.rules import HORIZON, READ_EVERY, WRITE_EVERY, Failure
from portal.diary.models import BusyInterval, OccupiedInterval
from portal.diary.rules import Interval
from portal.errors import Conflict
from portal.outbox import OutboxEntry, OutboxState
from portal.people.models import Person
from portal.queueing import JobName
from portal.security.viewer import JobFor

UNSETTLED = (OutboxState.PENDING, OutboxState.LEASED)
TRACES_KEPT = timedelta(days=1)


class Overtaken(Conflict):
    """Another round was faster; what this one found may be older and is thrown away."""


def owe_rounds(session: Session, now: datetime) -> None:
    """Owe a round to each calendar whose time has come: every ten minutes, or a minute after the diary has changed.

    One statement, and one for each round. A calendar that cannot be read is not asked more often for that, and a new one
    not before its therapist has said which it is.
    """
    is_old = or_(OutsideCalendar.checked_at.is_(None), OutsideCalendar.checked_at <= now - READ_EVERY)
    has_news = and_(
        OutsideCalendar.is_writing,
        OutsideCalendar.state == OutsideState.ACTIVE,
        OutsideCalendar.checked_at <= now - WRITE_EVERY,
        _has_changes(now),
    )
    is_at_work = exists(
        select(Account.id).where(
            Account.person_id == OutsideCalendar.therapist_id, Account.is_disabled.is_(False)
        )
    )
    is_chosen = OutsideCalendar.state != OutsideState.NEW
    due = select(OutsideCalendar.id).where(is_chosen, or_(is_old, has_news), is_at_work, ~_is_owed())
    for calendar_id in session.scalars(due).all():
        _owe(session, calendar_id, f"{now:%Y-%m-%dT%H:%M}", now)


def owe_round_now(session: Session, calendar_id: UUID, now: datetime) -> None:
    """Owe a round because the therapist asked for it. One that waits for its next try comes at once instead."""
    session.execute(
        update(OutboxEntry)
        .where(OutboxEntry.job == JobName.SYNC_CALENDAR, OutboxEntry.subject_id == calendar_id)
        .where(OutboxEntry.state == OutboxState.PENDING, OutboxEntry.due_at > now)
        .values(due_at=now, enqueued_at=None)
        .execution_options(synchronize_session=False)
    )
    free = select(OutsideCalendar.id).where(OutsideCalendar.id == calendar_id, ~_is_owed())
    if session.scalar(free) is not None:
        _owe(session, calendar_id, f"{now:%Y-%m-%dT%H:%M:%S.%f}", now)


def under_way(session: Session, calendar_ids: Sequence[UUID], now: datetime) -> frozenset[UUID]:
    """Tell which calendars are being read, or are about to be. One statement."""
    is_due = or_(OutboxEntry.state == OutboxState.LEASED, OutboxEntry.due_at <= now)
    found = session.scalars(
        select(OutboxEntry.subject_id)
        .where(OutboxEntry.job == JobName.SYNC_CALENDAR, OutboxEntry.subject_id.in_(calendar_ids))
        .where(OutboxEntry.state.in_(UNSETTLED), is_due)
    )
    return frozenset(found)


def load_order(session: Session, job: JobFor, now: datetime) -> Order | None:
    """Load what a round needs to know; None if the calendar was removed. Three statements, and one for the key."""
    calendar = session.get(OutsideCalendar, job.subject_id, populate_existing=True)
    if calendar is None:
        return None
    user_name = calendar.user_name
    return Order(
        calendar_id=calendar.id,
        kind=calendar.kind,
        address=calendar.address,
        auth=(user_name, calendar.password) if user_name else None,
        zone=session.get_one(Person, calendar.therapist_id).zone,
        is_writing=calendar.is_writing and calendar.kind is OutsideKind.CALDAV,
        checked_at=calendar.checked_at,
        known=_known(session, calendar.therapist_id, now),
        entries=_entries(session, calendar, now) if calendar.is_writing else (),
    )


def keep_outcome(session: Session, order: Order, outcome: Outcome, now: datetime) -> None:
    """Keep what a round found: the busy times anew, what lies there now, and questions that were not asked yet.

    Raises:
        Overtaken: the calendar was removed, or another round has finished meanwhile.
    """
    calendar = _locked(session, order)
    _keep_busy(session, calendar, outcome.busy)
    for written in outcome.written:
        _keep_written(session, calendar, written)
    if outcome.erased:
        erased = [entry.occupied_id for entry in outcome.erased]
        session.execute(
            delete(WrittenEvent).where(
                WrittenEvent.calendar_id == calendar.id, WrittenEvent.occupied_id.in_(erased)
            )
        )
    if order.is_writing:
        _keep_questions(session, calendar, outcome.asked)
    calendar.state, calendar.failure = OutsideState.ACTIVE, None
    calendar.checked_at = calendar.succeeded_at = now
    _forget_old_traces(session, calendar.id, now)
    session.flush()


def keep_failure(session: Session, order: Order, failure: Failure, now: datetime) -> None:
    """Note why a round came to nothing; the busy times of the last good one stay. Raises Overtaken."""
    calendar = _locked(session, order)
    calendar.state, calendar.failure, calendar.checked_at = OutsideState.FAILING, failure.value, now
    _forget_old_traces(session, calendar.id, now)
    session.flush()


def _is_owed() -> ColumnElement[bool]:
    return exists(
        select(OutboxEntry.id).where(
            OutboxEntry.job == JobName.SYNC_CALENDAR,
            OutboxEntry.subject_id == OutsideCalendar.id,
            OutboxEntry.state.in_(UNSETTLED),
        )
    )


def _owe(session: Session, calendar_id: UUID, moment: str, now: datetime) -> None:
    outbox.put(session, JobName.SYNC_CALENDAR, calendar_id, effect_key=f"{calendar_id}:{moment}", due_at=now)


def _has_changes(now: datetime) -> ColumnElement[bool]:
    """Hold where the diary shows something that was not written yet, or no longer shows what was."""
    written = aliased(WrittenEvent)
    is_known = exists(
        select(written.id).where(
            written.calendar_id == OutsideCalendar.id,
            written.occupied_id == OccupiedInterval.id,
            written.revision == OccupiedInterval.revision,
        )
    )
    is_new = exists(
        select(OccupiedInterval.id).where(
            OccupiedInterval.therapist_id == OutsideCalendar.therapist_id,
            is_lasting(),
            OccupiedInterval.ends_at > now,
            OccupiedInterval.starts_at < now + HORIZON,
            ~is_known,
        )
    )
    is_gone = exists(
        select(WrittenEvent.id)
        .join(OccupiedInterval, OccupiedInterval.id == WrittenEvent.occupied_id)
        .where(WrittenEvent.calendar_id == OutsideCalendar.id, ~is_lasting(), OccupiedInterval.ends_at > now)
    )
    return or_(is_new, is_gone)


def _known(session: Session, therapist_id: UUID, now: datetime) -> frozenset[UUID]:
    """Give the ids of all entries that may lie in a calendar elsewhere, given up or not: none of them is busy time."""
    found = session.scalars(
        select(OccupiedInterval.id)
        .where(OccupiedInterval.therapist_id == therapist_id, OccupiedInterval.ends_at > now - HORIZON)
        .where(OccupiedInterval.starts_at < now + HORIZON)
    )
    return frozenset(found)


def _entries(session: Session, calendar: OutsideCalendar, now: datetime) -> tuple[OurEntry, ...]:
    """List what is to come and should lie there, or lies there and should no more."""
    rows = session.execute(
        select(OccupiedInterval, WrittenEvent.revision, is_lasting())
        .outerjoin(
            WrittenEvent,
            and_(WrittenEvent.occupied_id == OccupiedInterval.id, WrittenEvent.calendar_id == calendar.id),
        )
        .where(OccupiedInterval.therapist_id == calendar.therapist_id, OccupiedInterval.ends_at > now)
        .where(OccupiedInterval.starts_at < now + HORIZON)
        .where(or_(is_lasting(), WrittenEvent.id.is_not(None)))
        .order_by(OccupiedInterval.starts_at, OccupiedInterval.id)
        .execution_options(populate_existing=True)
    )
    return tuple(
        OurEntry(row.id, *bare_times(row), row.revision, not lasts, written_revision)
        for row, written_revision, lasts in rows
    )


def _locked(session: Session, order: Order) -> OutsideCalendar:
    calendar = session.get(
        OutsideCalendar, order.calendar_id, populate_existing=True, with_for_update={"of": OutsideCalendar}
    )
    if calendar is None or calendar.checked_at != order.checked_at:
        raise Overtaken(str(order.calendar_id))
    return calendar


def _keep_busy(session: Session, calendar: OutsideCalendar, busy: Sequence[Interval]) -> None:
    """Replace the busy times; where they are the same as before nothing is written."""
    before = session.execute(
        select(BusyInterval.starts_at, BusyInterval.ends_at)
        .where(BusyInterval.calendar_id == calendar.id)
        .order_by(BusyInterval.starts_at)
    ).all()
    if [tuple(row) for row in before] == [tuple(one) for one in busy]:
        return
    session.execute(delete(BusyInterval).where(BusyInterval.calendar_id == calendar.id))
    session.add_all(
        BusyInterval(
            therapist_id=calendar.therapist_id, calendar_id=calendar.id, starts_at=one.start, ends_at=one.end
        )
        for one in busy
    )


def _keep_written(session: Session, calendar: OutsideCalendar, written: Written) -> None:
    row = session.scalar(
        select(WrittenEvent).where(
            WrittenEvent.calendar_id == calendar.id, WrittenEvent.occupied_id == written.entry.occupied_id
        )
    )
    if row is None:
        row = WrittenEvent(calendar_id=calendar.id, occupied_id=written.entry.occupied_id)
        session.add(row)
    row.href, row.etag, row.revision = written.href, written.etag, written.entry.revision


def _keep_questions(session: Session, calendar: OutsideCalendar, asked: Sequence[Ask]) -> None:
    """Ask what was not asked yet, follow further changes, and let go of questions that went away by themselves."""
    open_ = {
        row.occupied_id: row
        for row in session.scalars(
            select(CalendarQuestion)
            .where(CalendarQuestion.calendar_id == calendar.id, CalendarQuestion.answered_at.is_(None))
            .where(CalendarQuestion.change != FoundChange.OVERLAPPED)
        )
    }
    for ask in asked:
        row = open_.pop(ask.entry.occupied_id, None)
        if row is None:
            row = CalendarQuestion(
                therapist_id=calendar.therapist_id, calendar_id=calendar.id, occupied_id=ask.entry.occupied_id
            )
            session.add(row)
        row.change = ask.change
        row.found_starts_at, row.found_ends_at = ask.found or (None, None)
    for row in open_.values():
        session.delete(row)


def _forget_old_traces(session: Session, calendar_id: UUID, now: datetime) -> None:
    session.execute(
        delete(OutboxEntry)
        .where(OutboxEntry.job == JobName.SYNC_CALENDAR, OutboxEntry.subject_id == calendar_id)
        .where(OutboxEntry.state.not_in(UNSETTLED), OutboxEntry.created_at < now - TRACES_KEPT)
    )
