"""Showing that an inbox is the visitor's own, where the practice asks for it: six digits by mail.

Until they are entered the time is kept for half an hour, the therapist hears nothing, and afterwards nothing is left.
"""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import CursorResult, Row, Select, delete, select, update
from sqlalchemy.orm import Session, joinedload

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.brought import attach_waiting
from portal.booking.models import Consultation, IntakeAnswer
from portal.booking.queries import form_code
from portal.booking.rules import CodeTooLate, ConsultationStatus, MailWords
from portal.booking.telling import tell_therapist, tell_visitor
from portal.diary.models import ConsultationTypeRow, OccupiedInterval, OccupiedKind, PlaceKind
from portal.diary.service import hold_diary, keep_for
from portal.errors import NotFound
from portal.notices.models import MessageKind
from portal.people.models import Person
from portal.security.crypto import MasterKey, OwnerKind
from portal.security.sealed import DataKey, forget_keys
from portal.security.viewer import TokenHolder, TokenPurpose, Viewer
from portal.sources.models import Touch

CODE_AGE = timedelta(minutes=30)  # our choice: mail servers that greylist take a quarter of an hour
MOST_TRIES = 5  # of a million codes, for each code that is sent
LISTED_AT_ONCE = 200  # a sweep of nobody's booking robot is spread over several


def get_unproved(session: Session, viewer: Viewer, consultation_id: UUID) -> Consultation:
    """Load the booking that a code page is about, whatever became of it. One statement.

    Raises NotFound for everybody who has no link of this purpose, and once nothing is left of it.
    """
    if not isinstance(viewer, TokenHolder) or viewer.purpose is not TokenPurpose.CONSULTATION_CODE:
        raise NotFound("consultation")
    found = session.scalar(
        select(Consultation)
        .where(Consultation.id == viewer.subject_id, Consultation.id == consultation_id)
        .options(joinedload(Consultation.person), joinedload(Consultation.place))
    )
    if found is None:
        raise NotFound(str(consultation_id))
    return found


def send_code(session: Session, consultation: Consultation, *, mail: MailWords, now: datetime) -> None:
    """Owe the visitor a mail with six new digits; earlier ones are void, and there are five tries again."""
    code = f"{secrets.randbelow(10**6):06d}"
    consultation.mail_code_hash, consultation.mail_code_tries = _code_hash(session, consultation.id, code), 0
    session.flush()
    tell_visitor(
        session, consultation, MessageKind.CONSULTATION_CODE, mail=mail, now=now,
        deadline_at=proof_ends_at(session, consultation), more={"code": code},
    )  # fmt: skip


def enter_code(
    session: Session, viewer: Viewer, consultation: Consultation, code: str, *, mail: MailWords, now: datetime
) -> bool:
    """Tell whether these are the digits. The first time they are, the booking counts, and the therapist hears of it.

    Each call is a try and must be committed whatever comes of it. Entered twice, the right digits are right again.

    Raises:
        CodeTooLate: the half hour is over; the time is free for others.
    """
    hold_diary(session, consultation.therapist_id, now)
    occupied = session.get_one(OccupiedInterval, consultation.occupied_id, populate_existing=True)
    if consultation.status is ConsultationStatus.UNVERIFIED and occupied.is_released:
        raise CodeTooLate(str(consultation.id))
    if not _count_try(session, consultation) or not _is_code(session, consultation, code):
        return False
    if _accept(session, consultation, now):
        keep_for(session, occupied, OccupiedKind.CONSULTATION, code=occupied.code)
        record_of(session, viewer, Action.CONSULTATION_VERIFIED, consultation)
        attach_waiting(session, consultation, now)
        announce(session, consultation, mail=mail, now=now)
    return True


def proof_ends_at(session: Session, consultation: Consultation) -> datetime | None:
    """Say until when the digits can be entered; None once they were. One statement unless it is loaded."""
    return session.get_one(OccupiedInterval, consultation.occupied_id).expires_at


def room_zone(consultation: Consultation) -> str:
    """Give the zone of the room that the visitor would come to, in which its times are always shown; "" without one."""
    place = consultation.place
    return place.zone or "" if place is not None and place.kind is PlaceKind.ROOM else ""


def announce(session: Session, consultation: Consultation, *, mail: MailWords, now: datetime) -> None:
    """Tell both sides of a booking that counts from now on."""
    is_settled = consultation.status is ConsultationStatus.CONFIRMED
    kind = MessageKind.CONSULTATION_CONFIRMED if is_settled else MessageKind.CONSULTATION_BOOKED
    tell_visitor(session, consultation, kind, mail=mail, now=now)
    tell_therapist(
        session, consultation.therapist_id, MessageKind.THERAPIST_REQUEST, mail=mail, now=now, consultation=consultation
    )  # fmt: skip


def forget_unproved(session: Session, now: datetime) -> int:
    """Remove bookings whose code was not entered in time, with all that was typed; return how many. For the sweeper.

    Of the person an empty row stays, because mails were sent. About ten statements for each two hundred.
    """
    rows = session.execute(
        _unproved()
        .where(OccupiedInterval.expires_at <= now)
        .limit(LISTED_AT_ONCE)
        .with_for_update(of=Consultation, skip_locked=True)
    ).all()
    _forget(session, rows, now)
    return len(rows)


def forget_corrected(session: Session, form_id: UUID, now: datetime) -> None:
    """Remove what this form booked before its answers were corrected; only what waits for its code can be."""
    rows = session.execute(_unproved().where(Consultation.request_code == form_code(session, form_id))).all()
    _forget(session, rows, now)


def _unproved() -> Select[UUID, UUID, UUID | None, UUID]:
    return (
        select(Consultation.id, Consultation.person_id, Consultation.touch_id, Consultation.occupied_id)
        .join(OccupiedInterval, OccupiedInterval.id == Consultation.occupied_id)
        .where(Consultation.status == ConsultationStatus.UNVERIFIED)
    )


def _forget(session: Session, rows: Sequence[Row[UUID, UUID, UUID | None, UUID]], now: datetime) -> None:
    if not rows:
        return
    ids, persons, touches, intervals = (set(column) for column in zip(*rows, strict=True))
    session.execute(delete(IntakeAnswer).where(IntakeAnswer.consultation_id.in_(ids)))
    session.execute(delete(Consultation).where(Consultation.id.in_(ids)))
    session.execute(delete(Touch).where(Touch.id.in_(touches)))
    session.execute(delete(OccupiedInterval).where(OccupiedInterval.id.in_(intervals)))
    session.execute(
        delete(DataKey).where(DataKey.owner_kind == OwnerKind.PERSON, DataKey.owner_id.in_(persons))
    )
    nothing = {"first_name_sealed": None, "email_sealed": None, "phone_sealed": None, "email_code": None}
    session.execute(update(Person).where(Person.id.in_(persons)).values(**nothing, erased_at=now))
    forget_keys(session)


def _count_try(session: Session, consultation: Consultation) -> bool:
    counted = session.execute(
        update(Consultation)
        .where(Consultation.id == consultation.id, Consultation.mail_code_tries < MOST_TRIES)
        .values(mail_code_tries=Consultation.mail_code_tries + 1)
        .execution_options(synchronize_session=False)
    )
    session.refresh(consultation, ["mail_code_tries", "mail_code_hash", "status"])
    return cast("CursorResult[None]", counted).rowcount == 1


def _accept(session: Session, consultation: Consultation, now: datetime) -> bool:
    """Let the booking count, as a request or at once; only the first of two right entries does."""
    row = session.get(ConsultationTypeRow, consultation.type_id) if consultation.type_id else None
    is_instant = row is not None and row.is_instant
    status = ConsultationStatus.CONFIRMED if is_instant else ConsultationStatus.REQUESTED
    accepted = session.execute(
        update(Consultation)
        .where(Consultation.id == consultation.id, Consultation.status == ConsultationStatus.UNVERIFIED)
        .values(status=status, settled_at=now if is_instant else None)
        .execution_options(synchronize_session=False)
    )
    session.refresh(consultation, ["status", "settled_at"])
    return cast("CursorResult[None]", accepted).rowcount == 1


def _is_code(session: Session, consultation: Consultation, code: str) -> bool:
    kept = consultation.mail_code_hash
    return kept is not None and hmac.compare_digest(kept, _code_hash(session, consultation.id, code))


def _code_hash(session: Session, consultation_id: UUID, code: str) -> bytes:
    """Key the digits: a million of them are tried in no time by whoever has the table alone."""
    keyring: MasterKey = session.info["keyring"]
    return keyring.lookup_code(f"mail code|{consultation_id}|{code}")
