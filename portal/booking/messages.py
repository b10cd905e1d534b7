"""A few words between a booker and the therapist about one consultation: read on its page, never mailed (BKG-07)."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.models import Consultation, ConsultationMessage
from portal.booking.queries import visible_to
from portal.booking.rules import MailWords
from portal.booking.standing import is_open_for_words
from portal.booking.telling import tell_therapist, tell_visitor
from portal.errors import Conflict
from portal.notices.models import MessageKind
from portal.security.viewer import Member, Viewer

MOST_MESSAGES = 30  # our choice: whoever has more to say to each other speaks


class NothingToArrange(Conflict):
    """The consultation has ended, was erased, or enough was written about it."""


def messages_of(session: Session, viewer: Viewer, consultation: Consultation) -> list[ConsultationMessage]:
    """List what both have written, oldest first. One statement, and one for the key. Raises NotFound for foreign ones."""
    seen = visible_to(viewer).with_only_columns(Consultation.id).where(Consultation.id == consultation.id)
    return list(
        session.scalars(
            select(ConsultationMessage)
            .where(ConsultationMessage.consultation_id.in_(seen))
            .order_by(ConsultationMessage.created_at, ConsultationMessage.id)
        )
    )


def write_message(
    session: Session,
    viewer: Viewer,
    consultation: Consultation,
    words: str,
    *,
    mail: MailWords,
    now: datetime,
) -> None:
    """Add words to the page of a consultation; the other side gets a mail that says only that there is something.

    Raises:
        NothingToArrange: a visitor writes about what has ended, the rows were erased, or there are too many.
    """
    is_host = isinstance(viewer, Member)
    is_closed = not is_host and not is_open_for_words(consultation.status, consultation.ends_at, now)
    written = select(func.count()).where(ConsultationMessage.consultation_id == consultation.id)
    if consultation.erased_at or is_closed or (session.scalar(written) or 0) >= MOST_MESSAGES:
        raise NothingToArrange(str(consultation.id))
    message = ConsultationMessage(
        consultation_id=consultation.id,
        person_id=consultation.person_id,
        is_from_therapist=is_host,
        words=words,
    )
    session.add(message)
    session.flush()
    record_of(session, viewer, Action.CONSULTATION_WRITTEN, consultation)
    if is_host:
        mark_read(session, consultation, now)
        tell_visitor(session, consultation, MessageKind.CONSULTATION_MESSAGE, mail=mail, now=now)
        return
    tell_therapist(
        session, consultation.therapist_id, MessageKind.THERAPIST_NOTICE, mail=mail, now=now, consultation=consultation
    )  # fmt: skip


def mark_read(session: Session, consultation: Consultation, now: datetime) -> None:
    """Note that the therapist has read what the visitor wrote. One statement."""
    session.execute(
        update(ConsultationMessage)
        .where(ConsultationMessage.consultation_id == consultation.id, ConsultationMessage.read_at.is_(None))
        .where(ConsultationMessage.is_from_therapist.is_(False))
        .values(read_at=now)
        .execution_options(synchronize_session=False)
    )
