"""Erasing people who did not go on: their words and names become unreadable everywhere; what remains can be counted.

Kept: the article, how it stood, its month, who came. A person who belongs to a couple is never touched.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from portal.accounts.models import Account
from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.brought import forget_brought
from portal.booking.models import (
    Consultation,
    ConsultationMessage,
    Enquiry,
    IntakeAnswer,
)
from portal.booking.queries import visible_to
from portal.booking.rules import ConsultationStatus, EndedBy
from portal.booking.standing import LIVE, erase_before
from portal.couples.models import Partner
from portal.diary.models import OccupiedInterval
from portal.diary.service import hold_diary, release
from portal.notices.models import Message, MessageState
from portal.people.erasing import erase_person
from portal.practice.queries import find_practice
from portal.security.viewer import JobFor, Member, Viewer

AT_ONCE = 50


def erase_due(session: Session, now: datetime) -> int:
    """Erase at most fifty leads whose last time ended longer ago than the practice keeps them; return how many.

    What was never proved to be of its inbox ends elsewhere, and sooner: see `portal.booking.proving`.
    """
    practice = find_practice(session)
    if practice is None:
        return 0
    before = erase_before(now, practice.lead_retention_days)
    later, root = aliased(Consultation), aliased(Consultation)
    due = session.scalars(
        select(Consultation)
        .where(
            Consultation.erased_at.is_(None), Consultation.couple_id.is_(None), Consultation.ends_at <= before
        )
        .where(~exists().where(root.id == Consultation.merged_into_id, root.couple_id.is_not(None)))
        .where(~exists().where(later.person_id == Consultation.person_id, later.ends_at > before))
        .order_by(Consultation.ends_at, Consultation.id)
        .limit(AT_ONCE)
    ).all()
    return sum(erase_lead(session, JobFor(one.id), one, now) for one in due)


def purge(session: Session, viewer: Member, ids: set[UUID], now: datetime) -> int:
    """Erase chosen requests of the viewer's own, whatever their age; nobody is written to. Returns how many.

    For what robots and strangers left behind: times still taken are free again.
    """
    hold_diary(session, viewer.person_id, now)
    chosen = session.scalars(
        visible_to(viewer)
        .where(Consultation.id.in_(ids))
        .order_by(Consultation.id)
        .execution_options(populate_existing=True)
    ).all()
    return sum(erase_lead(session, viewer, one, now) for one in chosen)


def erase_lead(session: Session, viewer: Viewer, consultation: Consultation, now: datetime) -> bool:
    """Erase one consultation and the persons it made, as it was seen.

    False if it became a couple's, was erased before, or was moved or answered since: then it may have to be kept.
    """
    erased = session.scalar(
        update(Consultation)
        .where(Consultation.id == consultation.id, Consultation.couple_id.is_(None))
        .where(Consultation.erased_at.is_(None))
        .where(Consultation.calendar_sequence == consultation.calendar_sequence)
        .values(
            erased_at=now, words_sealed=None, partner_name_sealed=None, answer_words_sealed=None, body_code=b"",
            zone="UTC", mail_code_hash=None,
        )
        .returning(Consultation.id)
        .execution_options(synchronize_session="fetch")
    )  # fmt: skip
    if erased is None:
        return False
    forget_brought(session, consultation.id)
    if consultation.status in LIVE | {ConsultationStatus.UNVERIFIED}:
        _end(session, consultation, now)
    for person_id in (consultation.person_id, consultation.guest_id):
        if person_id is not None and not _belongs(session, person_id, consultation.id):
            _forget(session, person_id, now)
    record_of(session, viewer, Action.CONSULTATION_ERASED, consultation)
    return True


def _end(session: Session, consultation: Consultation, now: datetime) -> None:
    """Give the time free of what nobody will come to any more; what is over stays as it stood."""
    if consultation.ends_at <= now:
        return
    consultation.status, consultation.ended_by = ConsultationStatus.CANCELLED, EndedBy.THERAPIST
    consultation.calendar_sequence += 1
    release(session, session.get_one(OccupiedInterval, consultation.occupied_id))


def _belongs(session: Session, person_id: UUID, erased_id: UUID) -> bool:
    """Tell whether somebody is more than a stranger: of a couple, with an account, or with something else still open."""
    other = aliased(Consultation)
    is_more = or_(
        exists().where(Partner.person_id == person_id),
        exists().where(Account.person_id == person_id),
        exists()
        .where(or_(other.person_id == person_id, other.guest_id == person_id))
        .where(other.erased_at.is_(None), other.id != erased_id),
    )
    return bool(session.scalar(select(is_more)))


def _forget(session: Session, person_id: UUID, now: datetime) -> None:
    """Empty all that the person's key sealed, and destroy the key."""
    for kind, column in (
        (ConsultationMessage, "words_sealed"),
        (IntakeAnswer, "answer_sealed"),
        (Enquiry, "words_sealed"),
    ):
        session.execute(
            update(kind).where(kind.person_id == person_id).values({column: None})
            .execution_options(synchronize_session="fetch")
        )  # fmt: skip
    sent = Message.state != MessageState.WAITING
    session.execute(
        update(Message)
        .where(Message.person_id == person_id, sent)
        .values(address_code=b"")
        .execution_options(synchronize_session=False)
    )
    erase_person(session, person_id, now)
