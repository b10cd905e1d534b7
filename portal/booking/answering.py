"""Answering a consultation: yes, no, taking it back, and going on as a couple."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.changes import change
from portal.booking.models import Consultation
from portal.booking.queries import windows_of
from portal.booking.rules import (
    AlreadyAnswered,
    ConsultationStatus,
    DeclineReason,
    EndedBy,
    MailWords,
    TimeHasPassed,
)
from portal.booking.standing import LIVE, WindowClosed
from portal.booking.telling import tell_therapist, tell_visitor
from portal.couples.models import Couple
from portal.diary.models import OccupiedInterval
from portal.diary.service import hold_diary, release
from portal.notices.models import MessageKind
from portal.security.viewer import Member, Viewer

REQUESTED = frozenset({ConsultationStatus.REQUESTED})


def confirm_consultation(
    session: Session,
    viewer: Member,
    consultation: Consultation,
    *,
    mail: MailWords,
    now: datetime,
    seen: int | None = None,
) -> None:
    """Say yes to a request; the visitor gets a mail. `seen`: as with `change`.

    Raises:
        AlreadyAnswered: it was answered or moved meanwhile.
        TimeHasPassed: the time has begun, so that a yes would reach nobody in time.
    """
    if consultation.starts_at <= now and consultation.status is ConsultationStatus.REQUESTED:
        raise TimeHasPassed(str(consultation.id))
    change(
        session, consultation, of=REQUESTED, seen=seen, status=ConsultationStatus.CONFIRMED, answered_at=now, settled_at=now
    )  # fmt: skip
    record_of(session, viewer, Action.CONSULTATION_CONFIRMED, consultation)
    tell_visitor(session, consultation, MessageKind.CONSULTATION_CONFIRMED, mail=mail, now=now)


def decline_consultation(
    session: Session,
    viewer: Member,
    consultation: Consultation,
    *,
    mail: MailWords,
    now: datetime,
    reason: DeclineReason = DeclineReason.OTHER,
    words: str = "",
    seen: int | None = None,
) -> None:
    """Say no to a request: its time is free again, the visitor gets a mail. `words` stand on the visitor's page only.

    Raises AlreadyAnswered.
    """
    hold_diary(session, consultation.therapist_id, now)
    change(
        session, consultation, of=REQUESTED, seen=seen, status=ConsultationStatus.DECLINED, answered_at=now,
        decline_reason=reason,
    )  # fmt: skip
    consultation.answer_words = words
    _free(session, consultation)
    record_of(session, viewer, Action.CONSULTATION_DECLINED, consultation)
    tell_visitor(session, consultation, MessageKind.CONSULTATION_DECLINED, mail=mail, now=now)


def cancel_consultation(
    session: Session,
    viewer: Viewer,
    consultation: Consultation,
    *,
    mail: MailWords,
    now: datetime,
    words: str = "",
    seen: int | None = None,
) -> None:
    """Take a consultation back that is still to come: its time is free again, and both sides hear of it.

    A visitor may do so within the window of the type; the therapist until it begins. `words`: the therapist's, for the
    visitor's page only.

    Raises:
        AlreadyAnswered: it changed meanwhile, or has ended.
        WindowClosed: too late for a visitor.
        TimeHasPassed: it has begun.
    """
    hold_diary(session, consultation.therapist_id, now)
    is_host = isinstance(viewer, Member)
    if consultation.starts_at <= now and consultation.status in LIVE:
        raise TimeHasPassed(str(consultation.id))
    windows = windows_of(session, consultation)
    if not is_host and not windows.may_cancel(consultation.starts_at, consultation.settled_at, now):
        raise WindowClosed(str(consultation.id))
    change(
        session, consultation, of=LIVE, seen=seen, status=ConsultationStatus.CANCELLED,
        ended_by=EndedBy.THERAPIST if is_host else EndedBy.VISITOR, answered_at=consultation.answered_at or now,
    )  # fmt: skip
    if is_host:
        consultation.answer_words = words
    _free(session, consultation)
    record_of(session, viewer, Action.CONSULTATION_CANCELLED, consultation)
    tell_visitor(session, consultation, MessageKind.CONSULTATION_CANCELLED, mail=mail, now=now)
    if not is_host:
        tell_therapist(
            session, consultation.therapist_id, MessageKind.THERAPIST_NOTICE, mail=mail, now=now, consultation=consultation
        )  # fmt: skip


def attach_couple(session: Session, viewer: Member, consultation: Consultation, couple: Couple) -> None:
    """Note that a lead became a couple of the same therapist's.

    Raises:
        AlreadyAnswered: it was turned into a couple before, was erased, or belongs to another therapist.
    """
    taken = session.execute(
        update(Consultation)
        .where(Consultation.id == consultation.id, Consultation.couple_id.is_(None))
        .where(Consultation.erased_at.is_(None))
        .where(
            Consultation.therapist_id == viewer.person_id, Consultation.therapist_id == couple.therapist_id
        )
        .values(couple_id=couple.id)
        .returning(Consultation.id)
        .execution_options(synchronize_session=False)
    )
    if taken.scalar() is None:
        raise AlreadyAnswered(str(consultation.id))
    session.refresh(consultation, ["couple_id"])


def _free(session: Session, consultation: Consultation) -> None:
    release(session, session.get_one(OccupiedInterval, consultation.occupied_id, populate_existing=True))
