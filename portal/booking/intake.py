"""The short questions of the practice that stand on the booking form, and what visitors answered."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record, record_of
from portal.booking.models import Consultation, IntakeAnswer, IntakeQuestion
from portal.booking.rules import FormRules, IntakeReply, TooManyQuestions
from portal.errors import NotFound
from portal.practice.queries import get_practice
from portal.security.viewer import Member

MOST_QUESTIONS = 3  # product.md 5.1: three intake lines at most


def list_questions(session: Session) -> list[IntakeQuestion]:
    """List what is asked at present, in order. One statement; open to all, because it stands on the form."""
    return list(
        session.scalars(
            select(IntakeQuestion)
            .where(IntakeQuestion.retired_at.is_(None))
            .order_by(IntakeQuestion.position, IntakeQuestion.created_at, IntakeQuestion.id)
        )
    )


def get_question(session: Session, question_id: UUID) -> IntakeQuestion:
    """Load a question that is asked at present. Raises NotFound."""
    question = session.get(IntakeQuestion, question_id)
    if question is None or question.retired_at is not None:
        raise NotFound(str(question_id))
    return question


def add_question(session: Session, viewer: Member, *, words: str, is_required: bool) -> IntakeQuestion:
    """Ask one more question, after the others. Raises TooManyQuestions."""
    asked = list_questions(session)
    if len(asked) >= MOST_QUESTIONS:
        raise TooManyQuestions
    position = asked[-1].position + 1 if asked else 0
    question = IntakeQuestion(position=position, words=words, is_required=is_required)
    session.add(question)
    session.flush()
    record_of(session, viewer, Action.FORM_CHANGED, question)
    return question


def change_question(
    session: Session,
    viewer: Member,
    question: IntakeQuestion,
    *,
    words: str,
    is_required: bool,
    now: datetime,
) -> None:
    """Ask in other words. That is another question: what was answered to the old one keeps the old words."""
    question.is_required = is_required
    if question.words != words:
        retire_question(session, viewer, question, now=now)
        question = IntakeQuestion(position=question.position, words=words, is_required=is_required)
        session.add(question)
    session.flush()
    record_of(session, viewer, Action.FORM_CHANGED, question)


def retire_question(session: Session, viewer: Member, question: IntakeQuestion, *, now: datetime) -> None:
    """Ask a question no more; its answers stay."""
    question.retired_at = now
    session.flush()
    record_of(session, viewer, Action.FORM_CHANGED, question)


def ask_earlier(session: Session, viewer: Member, question: IntakeQuestion) -> None:
    """Let a question change places with the one before it. Nothing happens to the first."""
    asked = list_questions(session)
    number = next((number for number, one in enumerate(asked) if one.id == question.id), 0)
    if number:
        asked[number - 1 : number + 1] = [asked[number], asked[number - 1]]
    for position, one in enumerate(asked):
        one.position = position
    session.flush()
    record_of(session, viewer, Action.FORM_CHANGED, question)


def change_form_rules(session: Session, viewer: Member, rules: FormRules) -> None:
    """Decide what is asked before a booking, whether a code is mailed, and how long leads are kept."""
    practice = get_practice(session)
    practice.asks_of_age, practice.region_question = rules.asks_of_age, rules.region_question
    practice.demands_mail_code = rules.demands_mail_code
    practice.lead_retention_days = rules.lead_retention_days
    session.flush()
    record(session, viewer, Action.FORM_CHANGED, kind=practice.__tablename__, object_id=practice.id)


def keep_replies(session: Session, consultation: Consultation, replies: Sequence[IntakeReply]) -> None:
    """Keep what was answered, each with its question as it was asked; no row for what was left empty."""
    session.add_all(
        IntakeAnswer(
            consultation_id=consultation.id, person_id=consultation.person_id, question_id=reply.question_id,
            position=position, question_words=reply.question_words, answer=reply.answer,
        )
        for position, reply in enumerate(replies)
        if reply.answer
    )  # fmt: skip
    session.flush()
