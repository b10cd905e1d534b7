"""Writing consultations: asking for one. What answers it stands in `portal.booking.answering`."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.brought import attach_waiting
from portal.booking.holds import WantedTime, claim_held, is_room_of, offered_slot, take
from portal.booking.intake import keep_replies
from portal.booking.models import Consultation
from portal.booking.proving import CODE_AGE, announce, forget_corrected, send_code
from portal.booking.queries import body_code, find_sent, form_code
from portal.booking.rules import AlreadySent, ConsultationRequest, ConsultationStatus, MailWords, new_code
from portal.diary.models import OccupiedInterval, OccupiedKind
from portal.diary.offers import Offer
from portal.diary.rules import Slot
from portal.diary.service import hold_diary, keep_for, release
from portal.people.models import Channel
from portal.people.service import add_person
from portal.practice.queries import get_practice
from portal.security.viewer import Viewer
from portal.sources.service import keep_touch


def request_consultation(
    session: Session,
    viewer: Viewer,
    wanted: ConsultationRequest,
    *,
    mail: MailWords | None,
    now: datetime,
    occupied: OccupiedInterval | None = None,
) -> Consultation:
    """Book a time for a visitor: as a request that holds it, or at once where the type says so.

    The same form sent again gives the booking that it made. Whether the address is known is neither asked nor told
    (product decision 16). Without `mail` nobody is told, as for invented data. `occupied`: what was kept for somebody of
    the waitlist, whose inbox is known; else it is what the form holds. Where the practice wants a code from the inbox
    first, the booking waits for it, and the therapist hears nothing.

    Raises:
        AlreadySent: this form has booked something else before.
        SlotTaken: somebody was faster.
        SlotNotOffered: nobody offers this time, whatever the form says.
    """
    hold_diary(session, wanted.therapist_id, now)
    sent_before = sent_alike(session, wanted, find_sent(session, wanted.form_id))
    if sent_before is not None:
        return sent_before
    forget_corrected(session, wanted.form_id, now)
    needs_code = mail is not None and occupied is None and get_practice(session).demands_mail_code
    kept = occupied or claim_held(session, wanted.form_id, now)
    time = WantedTime(wanted.therapist_id, wanted.starts_at, wanted.type_id, wanted.place_id)
    offer, slot = offered_slot(session, time, kept, now)
    taken = _take_over(session, offer, slot, kept, waits_until=now + CODE_AGE if needs_code else None)
    consultation = _add(session, wanted, offer=offer, slot=slot, occupied=taken, now=now)
    record_of(session, viewer, Action.CONSULTATION_REQUESTED, consultation)
    if not needs_code:
        attach_waiting(session, consultation, now)
    if mail is not None and needs_code:
        send_code(session, consultation, mail=mail, now=now)
    elif mail is not None:
        announce(session, consultation, mail=mail, now=now)
    return consultation


def sent_alike(
    session: Session, wanted: ConsultationRequest, sent: Consultation | None
) -> Consultation | None:
    """Give what the form booked when it was `sent` before, if that was with the same answers. No statement.

    What still waits for the code from its mail may be corrected, its address above all. Raises AlreadySent.
    """
    if sent is None or sent.body_code == body_code(session, wanted.fingerprint()):
        return sent
    if sent.status is ConsultationStatus.UNVERIFIED:
        return None
    raise AlreadySent(str(wanted.form_id))


def _take_over(
    session: Session,
    offer: Offer,
    slot: Slot,
    kept: OccupiedInterval | None,
    *,
    waits_until: datetime | None,
) -> OccupiedInterval:
    """Make what was kept the booking's own time; take it anew where something else, or nothing, was kept."""
    kind = OccupiedKind.CONSULTATION if waits_until is None else OccupiedKind.HOLD
    if kept is not None and is_room_of(kept, offer, slot):
        keep_for(session, kept, kind, code=new_code())
        kept.expires_at = waits_until
        return kept
    if kept is not None:
        release(session, kept)
    return take(session, offer, slot, kind=kind, expires_at=waits_until)


def _add(
    session: Session,
    wanted: ConsultationRequest,
    *,
    offer: Offer,
    slot: Slot,
    occupied: OccupiedInterval,
    now: datetime,
) -> Consultation:
    person = add_person(
        session, first_name=wanted.first_name, email=wanted.email, zone=wanted.zone, phone=wanted.phone,
        channel=Channel.TEXT if wanted.reminds_by_text else Channel.EMAIL,
    )  # fmt: skip
    touch = keep_touch(session, wanted.mark) if wanted.mark is not None else None
    status = _first_status(occupied, is_instant=offer.is_instant)
    consultation = Consultation(
        therapist_id=wanted.therapist_id,
        person_id=person.id,
        occupied_id=occupied.id,
        post_id=touch.last_post_id if touch is not None else None,
        touch_id=touch.id if touch is not None else None,
        type_id=offer.type_id,
        place_id=offer.place.id if offer.place is not None else None,
        starts_at=slot.start,
        ends_at=slot.end,
        zone=wanted.zone,
        status=status,
        settled_at=now if status is ConsultationStatus.CONFIRMED else None,
        partner_knows=wanted.partner_knows,
        partner_name=wanted.partner_name,
        words=wanted.words,
        request_code=form_code(session, wanted.form_id),
        body_code=body_code(session, wanted.fingerprint()),
        person=person,
    )
    session.add(consultation)
    session.flush()
    keep_replies(session, consultation, wanted.replies)
    return consultation


def _first_status(occupied: OccupiedInterval, *, is_instant: bool) -> ConsultationStatus:
    """Say how a booking begins: waiting for the code from its mail, confirmed at once, or as a request."""
    if occupied.expires_at is not None:
        return ConsultationStatus.UNVERIFIED
    return ConsultationStatus.CONFIRMED if is_instant else ConsultationStatus.REQUESTED
