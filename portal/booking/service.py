"""Writing consultations: asking for one. What answers it stands in `portal.booking.answering`."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.models import Consultation
from portal.booking.queries import body_code, find_sent, form_code
from portal.booking.rules import (
    AlreadySent,
    ConsultationRequest,
    ConsultationStatus,
    MailWords,
    new_code,
)
from portal.booking.telling import tell_therapist, tell_visitor
from portal.diary.models import OccupiedInterval, OccupiedKind
from portal.diary.offers import Offer
from portal.diary.queries import find_offer
from portal.diary.rules import Slot, SlotNotOffered
from portal.diary.service import hold_diary, occupy
from portal.notices.models import MessageKind
from portal.people.models import Person
from portal.people.service import add_person
from portal.security.viewer import Viewer


def request_consultation(
    session: Session, viewer: Viewer, wanted: ConsultationRequest, *, mail: MailWords | None, now: datetime
) -> Consultation:
    """Book a time for a visitor: as a request that holds it, or at once where the type says so.

    The same form sent again gives the booking that it made. Whether the address is known is neither asked nor told
    (product decision 16). Without `mail` nobody is told, as for invented data.

    Raises:
        AlreadySent: this form has booked something else before.
        SlotTaken: somebody was faster.
        SlotNotOffered: nobody offers this time, whatever the form says.
    """
    hold_diary(session, wanted.therapist_id, now)
    sent_before = find_same(session, wanted)
    if sent_before is not None:
        return sent_before
    offer = find_offer(session, now, wanted.therapist_id)
    if offer is None:
        raise SlotNotOffered(str(wanted.therapist_id))
    slot = offer.slot(wanted.starts_at, now)
    occupied = _occupy(session, offer, slot)
    person = add_person(session, first_name=wanted.first_name, email=wanted.email, zone=wanted.zone)
    consultation = _add(
        session, wanted, slot=slot, occupied=occupied, person=person, is_instant=offer.is_instant
    )
    record_of(session, viewer, Action.CONSULTATION_REQUESTED, consultation)
    if mail is not None:
        kind = MessageKind.CONSULTATION_CONFIRMED if offer.is_instant else MessageKind.CONSULTATION_BOOKED
        tell_visitor(session, consultation, kind, mail=mail, now=now)
        tell_therapist(
            session, consultation.therapist_id, MessageKind.THERAPIST_REQUEST, mail=mail, now=now, consultation=consultation
        )  # fmt: skip
    return consultation


def find_same(session: Session, wanted: ConsultationRequest) -> Consultation | None:
    """Find what this form booked when it was sent before with the same answers. One statement. Raises AlreadySent."""
    sent = find_sent(session, wanted.form_id)
    if sent is not None and sent.body_code != body_code(session, wanted.fingerprint()):
        raise AlreadySent(str(wanted.form_id))
    return sent


def _occupy(session: Session, offer: Offer, slot: Slot) -> OccupiedInterval:
    return occupy(
        session,
        therapist_id=offer.therapist_id,
        starts_at=slot.start,
        ends_at=slot.end,
        kind=OccupiedKind.CONSULTATION,
        code=new_code(),
        buffer_before_minutes=offer.kind.buffer_before_minutes,
        buffer_after_minutes=offer.kind.buffer_after_minutes,
    )


def _add(
    session: Session,
    wanted: ConsultationRequest,
    *,
    slot: Slot,
    occupied: OccupiedInterval,
    person: Person,
    is_instant: bool,
) -> Consultation:
    consultation = Consultation(
        therapist_id=wanted.therapist_id,
        person_id=person.id,
        occupied_id=occupied.id,
        post_id=wanted.post_id,
        starts_at=slot.start,
        ends_at=slot.end,
        zone=wanted.zone,
        status=ConsultationStatus.CONFIRMED if is_instant else ConsultationStatus.REQUESTED,
        partner_knows=wanted.partner_knows,
        partner_name=wanted.partner_name,
        words=wanted.words,
        request_code=form_code(session, wanted.form_id),
        body_code=body_code(session, wanted.fingerprint()),
        person=person,
    )
    session.add(consultation)
    session.flush()
    return consultation
