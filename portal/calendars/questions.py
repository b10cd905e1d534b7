"""What a therapist says about changes found elsewhere: keep our entry as it is, or follow. Only here is anything acted on."""

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.answering import cancel_consultation
from portal.booking.models import Consultation
from portal.booking.moving import move_consultation
from portal.booking.queries import get_consultation
from portal.booking.rules import MailWords
from portal.calendars.models import CalendarQuestion, FoundChange, QuestionAnswer, WrittenEvent
from portal.calendars.queries import Conflict, get_question
from portal.calendars.rules import AlreadyDecided
from portal.diary.models import OccupiedInterval, OccupiedKind
from portal.diary.rules import Interval
from portal.diary.service import hold_diary, move_occupied, release
from portal.security.viewer import Member

ANEW = -1  # a revision that no entry ever has: the next round writes it whatever lies there


def keep_entry(session: Session, viewer: Member, question_id: UUID, now: datetime) -> None:
    """Keep the entry as our diary has it; the next round writes it anew elsewhere. Raises NotFound, AlreadyDecided."""
    question = _decide(session, viewer, question_id, QuestionAnswer.KEPT, now)
    session.execute(
        update(WrittenEvent)
        .where(
            WrittenEvent.calendar_id == question.calendar_id, WrittenEvent.occupied_id == question.occupied_id
        )
        .values(revision=ANEW)
        .execution_options(synchronize_session=False)
    )


def follow_change(
    session: Session, viewer: Member, question_id: UUID, *, mail: MailWords, now: datetime
) -> None:
    """Do here what was done elsewhere: move the entry, or call it off; whoever is concerned hears of it as always.

    Raises:
        NotFound: not the viewer's question.
        AlreadyDecided: it was answered, or our entry has changed since it was asked.
        Conflict: the diary or the booking cannot follow: the time is taken or over, or somebody was faster.
    """
    hold_diary(session, viewer.person_id, now)
    question = _decide(session, viewer, question_id, QuestionAnswer.FOLLOWED, now)
    occupied = session.get_one(OccupiedInterval, question.occupied_id, populate_existing=True)
    written = session.scalar(
        select(WrittenEvent.revision).where(
            WrittenEvent.calendar_id == question.calendar_id, WrittenEvent.occupied_id == occupied.id
        )
    )
    if occupied.is_released or written != occupied.revision:
        raise AlreadyDecided(str(question_id))
    if question.change is FoundChange.DELETED:
        _call_off(session, viewer, occupied, mail=mail, now=now)
    elif question.found_starts_at is not None and question.found_ends_at is not None:
        found = Interval(question.found_starts_at, question.found_ends_at)
        _move(session, viewer, occupied, found, mail=mail, now=now)


def accept_overlap(session: Session, viewer: Member, conflict: Conflict, now: datetime) -> None:
    """Note that an appointment and a busy time elsewhere may stand side by side; it is not shown again."""
    row = CalendarQuestion(
        therapist_id=viewer.person_id, calendar_id=conflict.calendar_id, occupied_id=conflict.occupied_id,
        change=FoundChange.OVERLAPPED, found_starts_at=conflict.busy_starts_at, found_ends_at=conflict.busy_ends_at,
        answered_at=now, answer=QuestionAnswer.KEPT,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record_of(session, viewer, Action.CALENDAR_ANSWERED, row)


def _decide(
    session: Session, viewer: Member, question_id: UUID, answer: QuestionAnswer, now: datetime
) -> CalendarQuestion:
    """Answer in one statement that only the first of two answers can win."""
    question = get_question(session, viewer, question_id)
    decided = session.execute(
        update(CalendarQuestion)
        .where(CalendarQuestion.id == question.id, CalendarQuestion.answered_at.is_(None))
        .values(answered_at=now, answer=answer)
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[None]", decided).rowcount != 1:
        raise AlreadyDecided(str(question_id))
    record_of(session, viewer, Action.CALENDAR_ANSWERED, question)
    return question


def _call_off(
    session: Session, viewer: Member, occupied: OccupiedInterval, *, mail: MailWords, now: datetime
) -> None:
    consultation = _consultation_at(session, viewer, occupied)
    if consultation is not None:
        cancel_consultation(session, viewer, consultation, mail=mail, now=now)
        return
    release(session, occupied)
    record_of(session, viewer, Action.DIARY_CHANGED, occupied)


def _move(
    session: Session,
    viewer: Member,
    occupied: OccupiedInterval,
    found: Interval,
    *,
    mail: MailWords,
    now: datetime,
) -> None:
    """A consultation keeps its length; own time takes the one that was found."""
    consultation = _consultation_at(session, viewer, occupied)
    if consultation is not None:
        move_consultation(session, viewer, consultation, found.start, mail=mail, now=now)
        return
    move_occupied(session, occupied, starts_at=found.start, ends_at=found.end)
    record_of(session, viewer, Action.DIARY_CHANGED, occupied)


def _consultation_at(session: Session, viewer: Member, occupied: OccupiedInterval) -> Consultation | None:
    if occupied.kind is not OccupiedKind.CONSULTATION:
        return None
    found = session.scalars(select(Consultation.id).where(Consultation.occupied_id == occupied.id)).one()
    return get_consultation(session, viewer, found)
