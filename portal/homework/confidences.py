"""What each person of a couple has told the therapist alone, as numbers: so that nothing of it slips out in a session."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from portal.couples.queries import is_treated
from portal.homework.models import Answer, Assignment, Response, TaskKind
from portal.homework.registry import OfTask
from portal.homework.rules import SHOWN, Scope, Standing, Step
from portal.security.viewer import Member


@dataclass(frozen=True, slots=True)
class Confidence(OfTask):
    """One task in which one person wrote for the therapist alone (`answers`), or kept back what could be shared (`withheld`).

    `is_for_one`: nobody else was asked, so that the other does not know of the task either.
    """

    assignment_id: UUID
    person_id: UUID
    kind: TaskKind
    task_id: str
    task_version: str
    is_for_one: bool
    given_at: datetime
    answers: int
    withheld: int


def confidences_of(session: Session, viewer: Member, couple_id: UUID) -> list[Confidence]:
    """List the confidences of a couple for its therapist, the latest task first. One statement; no answer is loaded."""
    is_alone = Answer.scope == Scope.THERAPIST
    is_kept = and_(Answer.scope == Scope.REVEAL, Answer.is_withheld)
    alone, kept = (func.sum(case((one, 1), else_=0)) for one in (is_alone, is_kept))
    found = session.execute(
        select(
            Assignment.id, Response.person_id, Assignment.kind, Assignment.task_id, Assignment.task_version,
            Assignment.for_person_id.is_not(None), Assignment.created_at, alone, kept,
        )
        .join(Response, Response.assignment_id == Assignment.id)
        .join(Answer, Answer.response_id == Response.id)
        .where(
            Assignment.couple_id == couple_id,
            is_treated(Assignment.couple_id, viewer),
            Assignment.standing != Standing.WITHDRAWN,
            Response.step != Step.WRITING,
            Answer.value_sealed.is_not(None),
            or_(is_alone, is_kept),
            ~Answer.prompt_id.startswith(SHOWN),
        )
        .group_by(
            Assignment.id, Response.person_id, Assignment.kind, Assignment.task_id, Assignment.task_version,
            Assignment.for_person_id, Assignment.created_at,
        )
        .order_by(Assignment.created_at.desc(), Assignment.id, Response.person_id)
    )  # fmt: skip
    return [Confidence(*row) for row in found]
