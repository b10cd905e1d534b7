"""Asking the individual questions and keeping the answers. Nothing but these rows ever depends on what is answered."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.couples.models import Couple
from portal.couples.queries import lock_couple
from portal.errors import NotFound
from portal.homework.queries import FROZEN
from portal.homework.rules import NoLongerAsked
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.practice.queries import find_practice, get_practice
from portal.safety.models import SafetyRound, SafetySitting, owner_of
from portal.safety.queries import get_answered, lock_newest, lock_to_ask, rounds_to_repeat, still_to_answer
from portal.safety.rules import Answers, OnlyTogether, answers_json
from portal.security.sealed import data_key
from portal.security.viewer import JobFor, Member, Viewer


def ask_both(session: Session, viewer: Member, couple_id: UUID, *, now: datetime) -> None:
    """Ask both persons of a couple the individual questions, and tell both, neutrally.

    Both get the same notice at every press, also who had not answered the last time: otherwise its coming or not coming
    would tell one of them what the other has done. A sitting that is still open stays the one to answer.

    Raises:
        NotFound: not the viewer's couple.
        NoLongerAsked: the couple is paused or closed.
        OnlyTogether: one of the two has left; nobody is asked alone.
    """
    couple = lock_couple(session, viewer, couple_id)
    if couple.therapist_id != viewer.person_id:
        raise NotFound(str(couple_id))
    _ask_round(session, viewer, couple, None, now)


def set_rhythm(session: Session, viewer: Member, weeks: int | None) -> None:
    """Set after how many weeks both of every couple are asked again by themselves; None: never."""
    practice = get_practice(session)
    practice.individual_weeks = weeks
    record_of(session, viewer, Action.SAFETY_RHYTHM_CHANGED, practice)
    session.flush()


def couples_to_ask_again(session: Session, now: datetime) -> list[UUID]:
    """List the couples whom it is time to ask again, as the practice has set it. Two statements."""
    practice = find_practice(session)
    weeks = practice.individual_weeks if practice is not None else None
    return [] if weeks is None else [one.couple_id for one in rounds_to_repeat(session, weeks, now)]


def ask_again(session: Session, couple_id: UUID, *, now: datetime) -> bool:
    """Ask both persons of a couple once more, if it is time still; tell whether they were.

    Nobody presses a button, and nothing of what was answered is looked at. Two sweepers at once ask once: the second one
    waits for the couple's row and then finds a newer asking; and the database keeps one follower of each. Raises NotFound.
    """
    job = JobFor(couple_id)
    couple, weeks = lock_to_ask(session, job), get_practice(session).individual_weeks
    due = [] if weeks is None else rounds_to_repeat(session, weeks, now)
    last = next((one for one in due if one.couple_id == couple_id), None)
    if last is None:
        return False
    _ask_round(session, job, couple, last.round_id, now)
    return True


def _ask_round(
    session: Session, viewer: Viewer, couple: Couple, follows_id: UUID | None, now: datetime
) -> None:
    still_open = still_to_answer(session, couple)
    if couple.status in FROZEN:
        raise NoLongerAsked(str(couple.id))
    if any(partner.left_at is not None for partner in couple.partners):
        raise OnlyTogether(str(couple.id))
    session.add(SafetyRound(couple_id=couple.id, asked_at=now, follows_id=follows_id))
    for partner in couple.partners:
        if partner.person_id not in still_open:
            _ask(session, couple, partner.person_id, now)
        queue_message(session, partner.person, MessageKind.NEW_ITEM, {"link": "/"}, now=now)
    record_of(session, viewer, Action.SAFETY_ASKED, couple)
    session.flush()


def _ask(session: Session, couple: Couple, person_id: UUID, now: datetime) -> None:
    data_key(session, owner_of(person_id), may_create=True)  # now, so that answering twice at once finds it
    session.add(
        SafetySitting(
            person_id=person_id,
            couple_id=couple.id,
            therapist_id=couple.therapist_id,
            asked_at=now,
            created_at=now,
        )
    )


def give_answers(session: Session, viewer: Member, answers: Answers, *, now: datetime) -> SafetySitting:
    """Keep what a person answered alone. What was answered before stays as it was: this stands beside it.

    The very same answers sent twice, before anybody has read them, are kept once. Raises NotFound for whoever was never asked.
    """
    sitting = lock_newest(session, viewer)
    if sitting.answered_at is not None:
        if sitting.acknowledged_at is None and sitting.answers == answers:
            return sitting
        sitting = SafetySitting(
            person_id=sitting.person_id,
            couple_id=sitting.couple_id,
            therapist_id=sitting.therapist_id,
            asked_at=sitting.asked_at,
            created_at=now,
        )
        session.add(sitting)
    sitting.answers_text, sitting.answered_at = answers_json(answers), now
    session.flush()
    record_of(session, viewer, Action.SAFETY_ANSWERED, sitting)
    session.flush()
    return sitting


def acknowledge(
    session: Session, viewer: Member, couple_id: UUID, sitting_id: UUID, *, now: datetime
) -> None:
    """Tick off that one has read what a client answered; once more changes nothing. Raises NotFound."""
    sitting = get_answered(session, viewer, couple_id, sitting_id)
    if sitting.acknowledged_at is None:
        sitting.acknowledged_at = now
        record_of(session, viewer, Action.SAFETY_ACKNOWLEDGED, sitting)
    session.flush()


def mark_contacted(
    session: Session, viewer: Member, couple_id: UUID, sitting_id: UUID, *, now: datetime
) -> None:
    """Tick off that one has spoken with the person alone, which includes having read; once more changes nothing.

    Raises NotFound.
    """
    acknowledge(session, viewer, couple_id, sitting_id, now=now)
    sitting = get_answered(session, viewer, couple_id, sitting_id)
    if sitting.contacted_at is None:
        sitting.contacted_at = now
        record_of(session, viewer, Action.SAFETY_CONTACTED, sitting)
    session.flush()
