"""Taking another time with what is known already, and giving another address when mails come back."""

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.models import Consultation
from portal.booking.rules import AlreadyAnswered, ConsultationRequest, ConsultationStatus, MailWords
from portal.booking.service import request_consultation
from portal.booking.standing import LIVE, may_choose_again
from portal.booking.telling import tell_person
from portal.diary.offers import Offer
from portal.diary.queries import find_offer
from portal.errors import Conflict
from portal.notices.models import MessageKind
from portal.people.models import Channel
from portal.people.service import change_address
from portal.security.viewer import TokenHolder


class AddressWorks(Conflict):
    """No mail came back from the present address, so there is no reason to give another."""


def offer_instead(session: Session, consultation: Consultation, now: datetime) -> Offer | None:
    """Load what is offered in place of a consultation: the same type and place, else whatever the therapist offers."""
    same = find_offer(
        session, now, consultation.therapist_id, type_id=consultation.type_id, place_id=consultation.place_id
    )
    return same or find_offer(session, now, consultation.therapist_id)


def book_instead(
    session: Session,
    viewer: TokenHolder,
    consultation: Consultation,
    starts_at: datetime,
    *,
    mail: MailWords,
    now: datetime,
) -> Consultation:
    """Book another time for the same person without any retyping. Pressed twice, it books once.

    Raises:
        AlreadyAnswered: other times are not offered in place of this one.
        AlreadySent: another time was booked from here before.
        SlotTaken: somebody was faster.
        SlotNotOffered: nobody offers this time.
    """
    if consultation.erased_at is not None or not may_choose_again(
        consultation.status, consultation.ended_by, consultation.decline_reason
    ):
        raise AlreadyAnswered(str(consultation.id))
    offer = offer_instead(session, consultation, now)
    wanted = ConsultationRequest(
        form_id=uuid5(NAMESPACE_URL, f"instead|{consultation.id}"),
        therapist_id=consultation.therapist_id,
        starts_at=starts_at,
        zone=consultation.zone,
        first_name=consultation.person.first_name,
        email=consultation.person.email,
        partner_name=consultation.partner_name,
        partner_knows=consultation.partner_knows,
        words=consultation.words,
        phone=consultation.person.phone,
        reminds_by_text=consultation.person.channel is Channel.TEXT,
        type_id=offer.type_id if offer else None,
        place_id=offer.place.id if offer and offer.place else None,
    )
    other = request_consultation(session, viewer, wanted, mail=mail, now=now)
    if other.post_id is None:
        other.post_id, other.touch_id = consultation.post_id, consultation.touch_id
    session.flush()
    return other


def give_address(
    session: Session,
    viewer: TokenHolder,
    consultation: Consultation,
    email: str,
    *,
    mail: MailWords,
    now: datetime,
) -> None:
    """Replace an address from which mails came back, and send the present state there.

    Raises AddressWorks, and AlreadyAnswered once nothing is to come.
    """
    if consultation.person.email_bounced_at is None:
        raise AddressWorks(str(consultation.id))
    if consultation.erased_at is not None or consultation.status not in LIVE:
        raise AlreadyAnswered(str(consultation.id))
    change_address(session, consultation.person, email)
    consultation.person.email_bounced_at = None
    session.flush()
    record_of(session, viewer, Action.CONSULTATION_WRITTEN, consultation, result="address")
    is_certain = consultation.status is ConsultationStatus.CONFIRMED
    kind = MessageKind.CONSULTATION_CONFIRMED if is_certain else MessageKind.CONSULTATION_BOOKED
    tell_person(session, consultation, consultation.person, kind, mail=mail, now=now)
