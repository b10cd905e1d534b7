"""Answers that somebody else gave under one's name: out of everybody's reach at once, then given anew (product 5.2).

What is kept, and why. The rows leave the table from which pages, summaries and counts are read, so that no query has to
remember to leave them out; where they lie nothing opens them, and their words stay sealed for their owner alone. They are
not deleted at once, because whoever holds a telephone that is not theirs could otherwise destroy somebody's words by one
press: until the therapist has given the task anew, their owner can say that they were theirs after all. Giving anew deletes
them. What remains for good is that it was said, when and of what. What both wrote stays: it was open to both from its first
word, its versions name their author, and it can be written over.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.homework.models import Answer, Assignment, Comment, KeptPage, Response, StrayAnswer
from portal.homework.queries import FROZEN, get_assignment, get_own_response, lock_assignment
from portal.homework.registry import task_of
from portal.homework.rules import Course, NoLongerAsked, NothingDisowned, NothingToDisown, Standing, Step
from portal.homework.service import assign
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.orm import Model
from portal.people.models import Person
from portal.security.viewer import Member

COLUMNS = tuple(column.name for column in StrayAnswer.__table__.columns)


def disown(session: Session, viewer: Member, response_id: UUID, *, now: datetime) -> None:
    """Say that somebody else gave one's answers to an assignment, in all its parts; the therapist is told, nobody else.

    From now on nothing of them can be read, shared or opened. Raises NotFound, NothingToDisown.
    """
    assignment, parts = _own_parts(session, viewer, response_id)
    has_written = [one for one in parts if one.begun_at is not None or one.step is not Step.WRITING]
    if not has_written or any(one.disowned_at is not None for one in parts):
        raise NothingToDisown(str(response_id))
    ids = [one.id for one in parts]
    answers = select(Answer.id).where(Answer.response_id.in_(ids))
    session.execute(delete(Comment).where(Comment.answer_id.in_(answers)))
    session.execute(delete(KeptPage).where(KeptPage.response_id.in_(ids)))
    _move(session, Answer, StrayAnswer, ids)
    for part in parts:
        part.disowned_at, part.disowned_step, part.step = now, part.step, Step.HIDDEN
        record_of(session, viewer, Action.TASK_DISOWNED, part)
    therapist = session.get_one(Person, assignment.couple.therapist_id)
    queue_message(session, therapist, MessageKind.THERAPIST_NOTICE, {"link": "/"}, now=now)
    session.flush()


def reclaim(session: Session, viewer: Member, response_id: UUID, *, now: datetime) -> None:
    """Say that they were one's own after all, while they are there; what was shared is shared no longer.

    Raises NotFound, NothingDisowned: not said, or given anew meanwhile.
    """
    assignment, parts = _own_parts(session, viewer, response_id)
    if any(one.disowned_at is None for one in parts):
        raise NothingDisowned(str(response_id))
    _move(session, StrayAnswer, Answer, [one.id for one in parts])
    opened = {opening.stage for opening in assignment.openings}
    for part in parts:
        before = part.disowned_step or Step.WRITING
        if before is Step.SHARED:
            before = Step.HIDDEN if part.stage in opened else Step.SUBMITTED
        part.step, part.disowned_at, part.disowned_step = before, None, None
        if part.step is not Step.HIDDEN:
            part.shared_at = None
        record_of(session, viewer, Action.TASK_RECLAIMED, part)
    therapist = session.get_one(Person, assignment.couple.therapist_id)
    queue_message(session, therapist, MessageKind.THERAPIST_NOTICE, {"link": "/"}, now=now)
    session.flush()


def give_anew(
    session: Session, viewer: Member, assignment_id: UUID, person_id: UUID, *, now: datetime
) -> Assignment:
    """Delete what was disowned and let the person begin anew, as the couple's therapist; the other sees no difference.

    While nothing of it has opened, it begins anew in its place. What has opened stays as it is, and the person gets it once
    more alone: what the other shared has been seen, so that nothing would be told at the same time any more.

    Raises NotFound, NothingDisowned, NoLongerAsked, OnHold, AlreadyAsked.
    """
    get_assignment(session, viewer, assignment_id)
    assignment = lock_assignment(session, assignment_id)
    parts = [one for one in assignment.responses if one.person_id == person_id]
    if not parts or any(one.disowned_at is None for one in parts):
        raise NothingDisowned(str(assignment_id))
    if assignment.standing is not Standing.OPEN or assignment.couple.status in FROZEN:
        raise NoLongerAsked(str(assignment_id))
    session.execute(delete(StrayAnswer).where(StrayAnswer.response_id.in_([one.id for one in parts])))
    if assignment.openings:
        for part in parts:
            part.disowned_at = part.disowned_step = None
        task = task_of(assignment.kind, assignment.task_id, assignment.task_version)
        fresh = assign(
            session,
            viewer,
            assignment.couple_id,
            task,
            for_person_id=person_id,
            beside=assignment.id,
            now=now,
        )
    else:
        for part in parts:
            _begin_anew(part)
        fresh = assignment
        person = session.get_one(Person, person_id)
        queue_message(session, person, MessageKind.NEW_ITEM, {"link": "/"}, now=now)
    record_of(session, viewer, Action.TASK_GIVEN_ANEW, parts[0])
    session.flush()
    return fresh


def may_disown(response: Response) -> bool:
    """Tell whether there is anything to say it of."""
    return response.disowned_at is None and (
        response.begun_at is not None or response.step is not Step.WRITING
    )


def _own_parts(session: Session, viewer: Member, response_id: UUID) -> tuple[Assignment, Sequence[Response]]:
    response = get_own_response(session, viewer, response_id)
    assignment = lock_assignment(session, response.assignment_id)
    return assignment, [one for one in assignment.responses if one.person_id == viewer.person_id]


def _move(session: Session, source: type[Model], target: type[Model], response_ids: Sequence[UUID]) -> None:
    """Move rows as they lie there, without opening them: their words stay sealed for the place they came from."""
    there = source.__table__
    chosen = there.c.response_id.in_(response_ids)
    session.execute(
        insert(target).from_select(COLUMNS, select(*(there.c[name] for name in COLUMNS)).where(chosen))
    )
    session.execute(delete(source).where(chosen).execution_options(synchronize_session=False))


def _begin_anew(part: Response) -> None:
    part.step, part.course = Step.WRITING, Course.AS_ASKED
    part.begun_at = part.submitted_at = part.shared_at = part.hidden_at = part.moved_to = None
    part.seconds = part.disowned_at = part.disowned_step = None
