"""The second person of a consultation: joins by a link that the booker passes on, and by nothing else.

Nobody is written to whom only the booker has named (product.md 4.14). Each gets own mails in the own zone; neither learns
the other's address, zone or choice.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.models import Consultation
from portal.booking.rules import ConsultationStatus, MailWords, PartnerKnows
from portal.booking.standing import LIVE
from portal.booking.telling import tell_person
from portal.errors import Conflict, NotFound
from portal.notices.models import MessageKind
from portal.people.erasing import erase_person
from portal.people.models import Channel, Person
from portal.people.service import add_person
from portal.security.viewer import TokenHolder


class JoinedAlready(Conflict):
    """Somebody has joined by this link, or nobody can any more."""


@dataclass(frozen=True, slots=True)
class SecondPerson:
    """What the second person gives; without an address there are no mails."""

    first_name: str
    zone: str
    email: str
    phone: str = ""
    reminds_by_text: bool = False


def find_as_guest(session: Session, viewer: TokenHolder) -> Consultation:
    """Load the consultation that the second person has joined, by the person's own link. One statement. Raises NotFound."""
    consultation = session.scalar(
        select(Consultation)
        .where(Consultation.guest_id == viewer.subject_id)
        .options(joinedload(Consultation.guest))
    )
    if consultation is None:
        raise NotFound(str(viewer.subject_id))
    return consultation


def can_be_joined(consultation: Consultation, now: datetime) -> bool:
    """Tell whether a second person may still join."""
    return (
        consultation.partner_knows is PartnerKnows.YES
        and consultation.guest_id is None
        and consultation.status in LIVE
        and consultation.starts_at > now
    )


def join_consultation(
    session: Session,
    viewer: TokenHolder,
    consultation: Consultation,
    second: SecondPerson,
    *,
    mail: MailWords,
    now: datetime,
) -> Person:
    """Let the second person join; of two at the same moment one does. The booker's mails and page stay as they are.

    Raises JoinedAlready.
    """
    if not can_be_joined(consultation, now):
        raise JoinedAlready(str(consultation.id))
    person = add_person(
        session, first_name=second.first_name, email=second.email, zone=second.zone, phone=second.phone,
        channel=Channel.TEXT if second.reminds_by_text else Channel.EMAIL,
    )  # fmt: skip
    joined = session.scalar(
        update(Consultation)
        .where(Consultation.id == consultation.id, Consultation.guest_id.is_(None))
        .where(Consultation.status.in_(LIVE), Consultation.erased_at.is_(None))
        .values(guest_id=person.id)
        .returning(Consultation.id)
        .execution_options(synchronize_session=False)
    )
    if joined is None:
        raise JoinedAlready(str(consultation.id))
    session.refresh(consultation, ["guest_id"])
    record_of(session, viewer, Action.CONSULTATION_JOINED, consultation)
    is_certain = consultation.status is ConsultationStatus.CONFIRMED
    kind = MessageKind.CONSULTATION_CONFIRMED if is_certain else MessageKind.CONSULTATION_BOOKED
    tell_person(session, consultation, person, kind, mail=mail, now=now)
    return person


def leave_consultation(
    session: Session, viewer: TokenHolder, consultation: Consultation, *, now: datetime
) -> None:
    """Take the second person out again and erase what that person gave; the consultation itself stays. Raises NotFound."""
    left = session.scalar(
        update(Consultation)
        .where(Consultation.id == consultation.id, Consultation.guest_id == viewer.subject_id)
        .where(Consultation.couple_id.is_(None))
        .values(guest_id=None)
        .returning(Consultation.id)
        .execution_options(synchronize_session=False)
    )
    if left is None:
        raise NotFound(str(viewer.subject_id))
    erase_person(session, viewer.subject_id, now)
    session.refresh(consultation, ["guest_id"])
    record_of(session, viewer, Action.CONSULTATION_JOINED, consultation, result="left")
