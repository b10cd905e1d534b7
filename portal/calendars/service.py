"""Writing: feeds, and calendars elsewhere."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.calendars.models import (
    CalendarFeed,
    CalendarQuestion,
    OutsideCalendar,
    OutsideKind,
    OutsideState,
    WrittenEvent,
)
from portal.calendars.queries import OpenFeed
from portal.calendars.rounds import owe_round_now
from portal.calendars.rules import MOST_CALENDARS, TooManyCalendars
from portal.diary.models import BusyInterval
from portal.diary.service import hold_diary
from portal.outbox import OutboxEntry
from portal.queueing import JobName
from portal.security.crypto import hashed_token, new_token
from portal.security.viewer import Member

NOTED_EVERY = timedelta(hours=1)  # programs ask for a feed all day long


def make_feed(session: Session, viewer: Member, now: datetime) -> str:
    """Give the viewer a new secret address; one made before stops at once. Returns its token, which is not kept."""
    _end_feeds(session, viewer, now)
    token = new_token()
    feed = CalendarFeed(person_id=viewer.person_id, token_hash=hashed_token(token))
    session.add(feed)
    session.flush()
    record_of(session, viewer, Action.FEED_MADE, feed)
    return token


def revoke_feed(session: Session, viewer: Member, now: datetime) -> None:
    """End the viewer's address. Nothing happens if there is none."""
    _end_feeds(session, viewer, now)


def note_use(session: Session, feed: OpenFeed, now: datetime) -> None:
    """Note that a feed was read, by the hour. One statement, in which the first of two wins."""
    session.execute(
        update(CalendarFeed)
        .where(CalendarFeed.id == feed.id)
        .where(or_(CalendarFeed.last_used_at.is_(None), CalendarFeed.last_used_at <= now - NOTED_EVERY))
        .values(last_used_at=now)
        .execution_options(synchronize_session=False)
    )


def is_worth_noting(feed: OpenFeed, now: datetime) -> bool:
    """Tell whether the last use was noted long enough ago."""
    return feed.last_used_at is None or feed.last_used_at <= now - NOTED_EVERY


@dataclass(frozen=True, slots=True)
class NewCalendar:
    """A calendar elsewhere as its therapist enters it; what opens it is not printed by accident."""

    kind: OutsideKind
    name: str
    address: str = field(repr=False)
    user_name: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    is_writing: bool = False


def add_outside(
    session: Session, viewer: Member, new: NewCalendar, now: datetime, *, is_chosen: bool = True
) -> OutsideCalendar:
    """Connect a calendar elsewhere; it is read as soon as a worker has time. Raises TooManyCalendars.

    `is_chosen`: the address is that of one calendar; otherwise `choose_outside` has to say which.
    """
    hold_diary(session, viewer.person_id, now)
    number = session.scalar(
        select(func.count())
        .select_from(OutsideCalendar)
        .where(OutsideCalendar.therapist_id == viewer.person_id)
    )
    if (number or 0) >= MOST_CALENDARS:
        raise TooManyCalendars(str(viewer.person_id))
    calendar = OutsideCalendar(
        therapist_id=viewer.person_id, kind=new.kind, name=new.name, address=new.address, user_name=new.user_name,
        password=new.password, is_writing=new.is_writing and new.kind is OutsideKind.CALDAV,
    )  # fmt: skip
    session.add(calendar)
    session.flush()
    record_of(session, viewer, Action.CALENDAR_ADDED, calendar)
    if is_chosen:
        owe_round_now(session, calendar.id, now)
    return calendar


def choose_outside(session: Session, calendar: OutsideCalendar, address: str, now: datetime) -> None:
    """Say which calendar of an account is meant; only one that was not read yet can still be chosen."""
    if calendar.state is OutsideState.NEW:
        calendar.address = address
        session.flush()
        owe_round_now(session, calendar.id, now)


def remove_outside(session: Session, viewer: Member, calendar: OutsideCalendar) -> None:
    """Forget a calendar elsewhere with everything that was read from it; what we wrote there stays there."""
    record_of(session, viewer, Action.CALENDAR_REMOVED, calendar)
    for table in (BusyInterval, CalendarQuestion, WrittenEvent):
        session.execute(delete(table).where(table.calendar_id == calendar.id))
    session.execute(
        delete(OutboxEntry).where(
            OutboxEntry.job == JobName.SYNC_CALENDAR, OutboxEntry.subject_id == calendar.id
        )
    )
    session.delete(calendar)
    session.flush()


def _end_feeds(session: Session, viewer: Member, now: datetime) -> None:
    live = select(CalendarFeed).where(
        CalendarFeed.person_id == viewer.person_id, CalendarFeed.revoked_at.is_(None)
    )
    for feed in session.scalars(live.with_for_update()):
        feed.revoked_at = now
        record_of(session, viewer, Action.FEED_REVOKED, feed)
    session.flush()
