"""Marking what was talked about in a session, so that it may enter the summary."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.errors import NotFound
from portal.homework.models import Answer, Assignment, JointAnswer, Opening, Response
from portal.homework.queries import get_assignment, is_treated, joint_answers
from portal.homework.rules import Scope, Standing, Step
from portal.security.viewer import Member


def reviewable(session: Session, viewer: Member, assignment_id: UUID) -> dict[UUID, Answer | JointAnswer]:
    """Find what may be marked, by id: the newest of each joint answer, and what is open to both. Two statements."""
    opened = session.scalars(
        select(Answer)
        .join(Response, Response.id == Answer.response_id)
        .join(Assignment, Assignment.id == Response.assignment_id)
        .join(Opening, and_(Opening.assignment_id == Assignment.id, Opening.stage == Response.stage))
        .where(
            Assignment.id == assignment_id,
            Assignment.for_person_id.is_(None),
            Assignment.standing != Standing.WITHDRAWN,
            is_treated(Assignment.couple_id, viewer),
            Answer.scope == Scope.REVEAL,
            Answer.is_withheld.is_(False),
            Response.step == Step.SHARED,
        )
    )
    found: dict[UUID, Answer | JointAnswer] = {answer.id: answer for answer in opened}
    newest = {answer.prompt_id: answer for answer in joint_answers(session, viewer, assignment_id)}
    return found | {answer.id: answer for answer in newest.values()}


def mark_reviewed(
    session: Session, viewer: Member, assignment_id: UUID, answer_ids: Collection[UUID], now: datetime
) -> None:
    """Mark exactly these answers of an assignment as talked about, and no others of it.

    An answer that was changed since it was marked is marked anew.
    Raises NotFound: not the viewer's couple, or something that is not joint and not open to both.
    """
    assignment = get_assignment(session, viewer, assignment_id)
    found = reviewable(session, viewer, assignment_id)
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
