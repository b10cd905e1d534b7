"""Who came: noted per person, after the time has begun. Somebody who did not come gets one neutral mail, once."""

from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.models import Consultation
from portal.booking.rules import AlreadyAnswered, Attendance, ConsultationStatus, MailWords
from portal.booking.telling import tell_visitor
from portal.errors import Conflict
from portal.notices.models import MessageKind, MessagePart
from portal.security.viewer import Member


class NotYetBegun(Conflict):
    """Nobody can have come or missed it before it begins."""


def note_attendance(
    session: Session,
    viewer: Member,
    consultation: Consultation,
    *,
    booker: Attendance,
    partner: Attendance,
    mail: MailWords,
    now: datetime,
) -> None:
    """Note for each of the two whether they came; a slip can be put right. If nobody came, the booker is written to once.

    Raises:
        NotYetBegun: it is still to come.
        AlreadyAnswered: it did not take place, or somebody noted something else at the same moment.
    """
    if consultation.starts_at > now:
        raise NotYetBegun(str(consultation.id))
    noted = session.scalar(
        update(Consultation)
        .where(Consultation.id == consultation.id, Consultation.status == ConsultationStatus.CONFIRMED)
        .where(
            Consultation.attendance == consultation.attendance,
            Consultation.partner_attendance == consultation.partner_attendance,
            Consultation.erased_at.is_(None),
        )
        .values(attendance=booker, partner_attendance=partner)
        .returning(Consultation.id)
        .execution_options(synchronize_session=False)
    )
    if noted is None:
        raise AlreadyAnswered(str(consultation.id))
    session.refresh(consultation, ["attendance", "partner_attendance"])
    record_of(session, viewer, Action.CONSULTATION_ATTENDED, consultation)
    nobody_came = booker is Attendance.MISSED and partner is not Attendance.CAME
    if nobody_came and not _was_told(session, consultation):
        tell_visitor(session, consultation, MessageKind.CONSULTATION_MISSED, mail=mail, now=now)


def _was_told(session: Session, consultation: Consultation) -> bool:
    told = exists().where(
        MessagePart.about_id == consultation.id, MessagePart.kind == MessageKind.CONSULTATION_MISSED
    )
    return bool(session.scalar(select(told)))
