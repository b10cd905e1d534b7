"""Writing consultations: asking for one, answering, and taking it further."""

from datetime import datetime
from typing import cast

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.event import event_file
from portal.booking.models import Consultation
from portal.booking.queries import body_code, find_sent, form_code
from portal.booking.rules import (
    AlreadyAnswered,
    AlreadySent,
    ConsultationRequest,
    ConsultationStatus,
    MailWords,
    TimeHasPassed,
    new_code,
)
from portal.couples.models import Couple
from portal.diary.models import OccupiedInterval, OccupiedKind
from portal.diary.offers import Offer
from portal.diary.queries import find_offer
from portal.diary.rules import Slot, SlotNotOffered
from portal.diary.service import hold_diary, occupy, release
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.people.models import Person
from portal.people.service import add_person
from portal.security.viewer import Member, Viewer


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
        _tell(session, consultation, kind, mail=mail, now=now)
        _tell_therapist(session, consultation, mail=mail, now=now)
    return consultation


def find_same(session: Session, wanted: ConsultationRequest) -> Consultation | None:
    """Find what this form booked when it was sent before with the same answers. One statement. Raises AlreadySent."""
    sent = find_sent(session, wanted.form_id)
    if sent is not None and sent.body_code != body_code(session, wanted.fingerprint()):
        raise AlreadySent(str(wanted.form_id))
    return sent


def confirm_consultation(
    session: Session, viewer: Member, consultation: Consultation, *, mail: MailWords, now: datetime
) -> None:
    """Say yes to a request; the visitor gets a mail.

    Raises:
        AlreadyAnswered: an answer was given meanwhile.
        TimeHasPassed: the time has begun, so that a yes would reach nobody in time.
    """
    if consultation.starts_at <= now and consultation.status is ConsultationStatus.REQUESTED:
        raise TimeHasPassed(str(consultation.id))
    _answer(session, consultation, ConsultationStatus.CONFIRMED, now)
    record_of(session, viewer, Action.CONSULTATION_CONFIRMED, consultation)
    _tell(session, consultation, MessageKind.CONSULTATION_CONFIRMED, mail=mail, now=now)


def decline_consultation(
    session: Session, viewer: Member, consultation: Consultation, *, mail: MailWords, now: datetime
) -> None:
    """Say no to a request: its time is free again, the visitor gets a mail. Raises AlreadyAnswered."""
    _answer(session, consultation, ConsultationStatus.DECLINED, now)
    release(session, session.get_one(OccupiedInterval, consultation.occupied_id))
    record_of(session, viewer, Action.CONSULTATION_DECLINED, consultation)
    _tell(session, consultation, MessageKind.CONSULTATION_DECLINED, mail=mail, now=now)


def attach_couple(session: Session, viewer: Member, consultation: Consultation, couple: Couple) -> None:
    """Note that a lead became a couple of the same therapist's.

    Raises:
        AlreadyAnswered: it was turned into a couple before, or belongs to another therapist.
    """
    taken = session.execute(
        update(Consultation)
        .where(Consultation.id == consultation.id, Consultation.couple_id.is_(None))
        .where(
            Consultation.therapist_id == viewer.person_id, Consultation.therapist_id == couple.therapist_id
        )
        .values(couple_id=couple.id)
        .execution_options(synchronize_session=False)
    )
    _expect_one(taken, consultation)
    session.refresh(consultation, ["couple_id"])


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


def _answer(session: Session, consultation: Consultation, status: ConsultationStatus, now: datetime) -> None:
    """Change the status in one statement that only the first of two answers can win (BKG-02)."""
    answered = session.execute(
        update(Consultation)
        .where(Consultation.id == consultation.id, Consultation.status == ConsultationStatus.REQUESTED)
        .values(status=status, answered_at=now, calendar_sequence=Consultation.calendar_sequence + 1)
        .execution_options(synchronize_session=False)
    )
    _expect_one(answered, consultation)
    session.refresh(consultation, ["status", "answered_at", "calendar_sequence"])


def _expect_one(result: object, consultation: Consultation) -> None:
    if cast("CursorResult[None]", result).rowcount != 1:
        raise AlreadyAnswered(str(consultation.id))


def _tell(
    session: Session, consultation: Consultation, kind: MessageKind, *, mail: MailWords, now: datetime
) -> None:
    """Owe the visitor a mail. Its facts hold no word that a stranger typed (BKG-07), and no name of anybody."""
    facts = {
        "when": mail.when(consultation.starts_at, consultation.zone),
        "link": mail.visitor_page(consultation.id),
        "ics": event_file(consultation, now).decode(),
    }
    queue_message(session, consultation.person, kind, facts, now=now)


def _tell_therapist(session: Session, consultation: Consultation, *, mail: MailWords, now: datetime) -> None:
    therapist = session.get_one(Person, consultation.therapist_id)
    facts = {
        "when": mail.when(consultation.starts_at, therapist.zone),
        "link": mail.therapist_page(consultation.id),
    }
    queue_message(session, therapist, MessageKind.THERAPIST_REQUEST, facts, now=now)
