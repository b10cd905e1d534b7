"""Calendars elsewhere for the gallery: one that is read, one that cannot be, and what was found there."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.booking.models import Consultation
from portal.calendars.models import (
    CalendarQuestion,
    FoundChange,
    OutsideCalendar,
    OutsideKind,
    OutsideState,
)
from portal.calendars.rules import Failure
from portal.clock import utc_now
from portal.diary.models import BusyInterval
from portal.security.viewer import Member


def hang_calendars(session: Session, jane: Member) -> None:
    """Connect three calendars; in one of them the consultation was moved, at whose time another one is busy."""
    now = utc_now()
    coming = select(Consultation).where(Consultation.starts_at > now).order_by(Consultation.starts_at)
    lead = session.scalars(coming.limit(1)).one()
    common = {"therapist_id": jane.person_id, "address": "https://127.0.0.1/", "checked_at": now}
    private, clinic = (
        OutsideCalendar(
            kind=kind, name=name, state=state, failure=failure, is_writing=kind is OutsideKind.CALDAV,
            succeeded_at=now - timedelta(hours=2), **common,
        )
        for kind, name, state, failure in (
            (OutsideKind.ICS, "Private", OutsideState.ACTIVE, None),
            (OutsideKind.CALDAV, "Clinic", OutsideState.FAILING, Failure.REFUSED.value),
        )
    )  # fmt: skip
    new = OutsideCalendar(kind=OutsideKind.CALDAV, name="Choir", **{**common, "checked_at": None})
    session.add_all([private, clinic, new])
    session.flush()
    session.add_all([
        CalendarQuestion(
            therapist_id=jane.person_id, calendar_id=clinic.id, occupied_id=lead.occupied_id, change=FoundChange.MOVED,
            found_starts_at=lead.starts_at + timedelta(days=1), found_ends_at=lead.ends_at + timedelta(days=1),
        ),
        BusyInterval(
            therapist_id=jane.person_id, calendar_id=private.id, starts_at=lead.starts_at, ends_at=lead.ends_at
        ),
    ])  # fmt: skip
