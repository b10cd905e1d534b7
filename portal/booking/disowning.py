"""Hearing that "this was not me": what somebody began in the name of a stranger's inbox ends, and the inbox is left alone."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.changes import HOWEVER_IT_IS, change
from portal.booking.models import Consultation, WaitlistEntry
from portal.booking.rules import AlreadyAnswered, ConsultationStatus, EndedBy, MailWords, WaitlistState
from portal.booking.telling import tell_therapist
from portal.booking.waitlist import leave_waitlist
from portal.diary.models import OccupiedInterval
from portal.diary.service import hold_diary, release
from portal.errors import NotFound
from portal.notices.models import MessageKind
from portal.notices.service import block_address
from portal.people.models import Person
from portal.security.viewer import TokenHolder

OPEN = (ConsultationStatus.UNVERIFIED, ConsultationStatus.REQUESTED, ConsultationStatus.CONFIRMED)


def get_disowner(session: Session, viewer: TokenHolder) -> Person:
    """Give the person whose mails carried this link. One statement. Raises NotFound if there is no address any more."""
    person = session.get(Person, viewer.subject_id)
    if person is None or person.email_code is None:
        raise NotFound(str(viewer.subject_id))
    return person


def disown(session: Session, viewer: TokenHolder, *, mail: MailWords, now: datetime) -> None:
    """Block the inbox for everybody without an account, end what is ahead, and tell the therapists. Safe to repeat.

    A booking that another person made stays; only the guest leaves it. Raises NotFound.
    """
    person = get_disowner(session, viewer)
    block_address(session, viewer, person)
    for consultation in _ahead_of(session, person.id, now):
        if consultation.person_id == person.id:
            _end(session, viewer, consultation, mail=mail, now=now)
        else:
            consultation.guest_id = None
            record_of(session, viewer, Action.CONSULTATION_DISOWNED, consultation)
    for entry in session.scalars(
        select(WaitlistEntry)
        .where(WaitlistEntry.person_id == person.id, WaitlistEntry.state == WaitlistState.WAITING)
        .order_by(WaitlistEntry.id)
    ):
        leave_waitlist(session, viewer, entry, now=now)
    session.flush()


def _ahead_of(session: Session, person_id: UUID, now: datetime) -> list[Consultation]:
    return list(
        session.scalars(
            select(Consultation)
            .where(or_(Consultation.person_id == person_id, Consultation.guest_id == person_id))
            .where(Consultation.status.in_(OPEN), Consultation.starts_at > now)
            .order_by(Consultation.therapist_id, Consultation.id)
        )
    )


def _end(
    session: Session, viewer: TokenHolder, consultation: Consultation, *, mail: MailWords, now: datetime
) -> None:
    hold_diary(session, consultation.therapist_id, now)
    try:
        change(
            session, consultation, of=OPEN, seen=HOWEVER_IT_IS, status=ConsultationStatus.CANCELLED,
            ended_by=EndedBy.DISOWNED, answered_at=now,
        )  # fmt: skip
    except AlreadyAnswered:
        return
    release(session, session.get_one(OccupiedInterval, consultation.occupied_id, populate_existing=True))
    record_of(session, viewer, Action.CONSULTATION_DISOWNED, consultation)
    tell_therapist(
        session, consultation.therapist_id, MessageKind.THERAPIST_NOTICE, mail=mail, now=now,
        link=mail.therapist_page(consultation.id),
    )  # fmt: skip
