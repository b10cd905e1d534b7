"""Marking what was talked about in a session, so that it may enter the summary."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.errors import NotFound
from portal.homework.models import Answer, Assignment, JointAnswer
from portal.homework.queries import desk_answers, get_assignment, joint_answers
from portal.homework.rules import Scope, Standing, Step
from portal.security.viewer import Member


def reviewable(
    assignment: Assignment, answers: Iterable[Answer], written: Iterable[JointAnswer]
) -> dict[UUID, Answer | JointAnswer]:
    """Find what may be marked, by id: what is open to both, and the newest of what both wrote (oldest first in `written`).

    Needs parts and openings loaded.
    """
    if assignment.for_person_id is not None or assignment.standing is Standing.WITHDRAWN:
        return {}
    opened = {opening.stage for opening in assignment.openings}
    shared = {part.id for part in assignment.responses if part.step is Step.SHARED and part.stage in opened}
    found: dict[UUID, Answer | JointAnswer] = {
        answer.id: answer
        for answer in answers
        if answer.scope is Scope.REVEAL and not answer.is_withheld and answer.response_id in shared
    }
    newest = {answer.prompt_id: answer for answer in written}
    return found | {answer.id: answer for answer in newest.values()}


def mark_reviewed(
    session: Session, viewer: Member, assignment_id: UUID, answer_ids: Collection[UUID], now: datetime
) -> None:
    """Mark exactly these answers of an assignment as talked about, and no others of it.

    An answer that was changed since it was marked is marked anew.
    Raises NotFound: not the viewer's couple, or something that is not joint and not open to both.
    """
    assignment = get_assignment(session, viewer, assignment_id)
    answers = desk_answers(session, viewer, assignment_id)
    found = reviewable(assignment, answers, joint_answers(session, viewer, assignment_id))
    if set(answer_ids) - found.keys():
        raise NotFound(str(assignment_id))
    for answer in found.values():
        is_current = answer.reviewed_at is not None and answer.saved_at <= answer.reviewed_at
        if answer.id not in answer_ids:
            answer.reviewed_at = None
        elif not is_current:
            answer.reviewed_at = now
    record_of(session, viewer, Action.TASK_REVIEWED, assignment)
    session.flush()
