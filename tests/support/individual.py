"""The individual questions without the notices that go with asking."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from portal.safety.models import SafetyRound, SafetySitting, owner_of
from portal.safety.questions import QUESTIONS
from portal.safety.rules import CONTACT, Answers, Contact, Reply, Way, answers_json
from portal.security.sealed import data_key


def all_said(reply: Reply, *, contact: Reply = Reply.YES, **words: str) -> Answers:
    """Answer every question alike, but for whether contact is safe."""
    replies = {question.id: contact if question.id == CONTACT else reply for question in QUESTIONS}
    return Answers(replies, Contact(Way.CALL, **words))


def ask_quietly(
    session: Session, therapist_id: UUID, couple_id: UUID, *person_ids: UUID, now: datetime
) -> list[SafetySitting]:
    """Ask these persons of a couple, and tell nobody."""
    for person_id in person_ids:
        data_key(session, owner_of(person_id), may_create=True)
    sittings = [
        SafetySitting(
            person_id=one, couple_id=couple_id, therapist_id=therapist_id, asked_at=now, created_at=now
        )
        for one in person_ids
    ]
    session.add_all([*sittings, SafetyRound(couple_id=couple_id, asked_at=now)])
    session.flush()
    return sittings


def fill_in(session: Session, sitting: SafetySitting, answers: Answers, *, now: datetime) -> None:
    """Answer as the person would."""
    sitting.answers_text, sitting.answered_at = answers_json(answers), now
    session.flush()
