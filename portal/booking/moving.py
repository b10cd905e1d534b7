"""Moving a consultation: the old time stays until the new one is certain."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.changes import change
from portal.booking.models import Consultation
from portal.booking.queries import windows_of
from portal.booking.rules import ConsultationStatus, MailWords, TimeHasPassed
from portal.booking.standing import LIVE, WindowClosed
from portal.booking.telling import tell_therapist, tell_visitor
from portal.diary.models import OccupiedInterval
from portal.diary.queries import find_offer
from portal.diary.rules import Slot, SlotNotOffered
from portal.diary.service import hold_diary, move_occupied
from portal.notices.models import MessageKind
from portal.security.viewer import Member, Viewer


def move_consultation(
    session: Session,
    viewer: Viewer,
    consultation: Consultation,
    starts_at: datetime,
    *,
    mail: MailWords,
    now: datetime,
    seen: int | None = None,
) -> None:
    """Give a consultation another time, in one transaction with freeing the old one; whoever is concerned gets a mail.

    A visitor chooses among what is offered, within the window of the type. The therapist as host may take any time that
    nothing occupies; that answers a request with a yes. Where it already begins at that time, nothing changes.
    `consultation`: with its person. `seen`: as with `change`.

    Raises:
        AlreadyAnswered: it changed meanwhile, or has ended.
        WindowClosed: too late for a visitor.
        SlotTaken: something else occupies the new time.
        SlotNotOffered: a visitor named a time that nobody offers.
        TimeHasPassed: the new time, or the consultation itself, lies in the past.
    """
    hold_diary(session, consultation.therapist_id, now)
    if consultation.starts_at == starts_at and consultation.status in LIVE:
        return
    if min(starts_at, consultation.starts_at) <= now:
        raise TimeHasPassed(str(consultation.id))
    is_host = isinstance(viewer, Member)
    slot = (
        _same_length(consultation, starts_at) if is_host else _offered(session, consultation, starts_at, now)
    )
    values: dict[str, Any] = {}
    if is_host:
        values = {
            "status": ConsultationStatus.CONFIRMED,
            "settled_at": now,
            "answered_at": consultation.answered_at or now,
        }
    elif consultation.status is ConsultationStatus.CONFIRMED:
        values = {"settled_at": now}
    occupied = session.get_one(OccupiedInterval, consultation.occupied_id, populate_existing=True)
    change(
        session, consultation, of=LIVE, seen=seen, starts_at=slot.start, ends_at=slot.end,
        previous_starts_at=consultation.starts_at, **values,
    )  # fmt: skip
    move_occupied(session, occupied, starts_at=slot.start, ends_at=slot.end)
    record_of(session, viewer, Action.CONSULTATION_MOVED, consultation)
    tell_visitor(session, consultation, MessageKind.CONSULTATION_MOVED, mail=mail, now=now)
    if not is_host:
        tell_therapist(
            session, consultation.therapist_id, MessageKind.THERAPIST_NOTICE, mail=mail, now=now, consultation=consultation
        )  # fmt: skip


def _same_length(consultation: Consultation, starts_at: datetime) -> Slot:
    return Slot(starts_at, starts_at + (consultation.ends_at - consultation.starts_at))


def _offered(session: Session, consultation: Consultation, starts_at: datetime, now: datetime) -> Slot:
    """Find the time among what is free for this type and place when the own present time does not count."""
    windows = windows_of(session, consultation)
    if not windows.may_move(consultation.starts_at, consultation.settled_at, now):
        raise WindowClosed(str(consultation.id))
    offer = find_offer(
        session, now, consultation.therapist_id, type_id=consultation.type_id, place_id=consultation.place_id,
        ignoring=consultation.occupied_id,
    )  # fmt: skip
    if offer is None:
        raise SlotNotOffered(str(consultation.id))
    return offer.slot(starts_at, now)
