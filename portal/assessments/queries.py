"""Reading what pages about tests need beside the answers, and what a practice may count without names."""

from collections import defaultdict
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.assessments.definition import Questionnaire
from portal.assessments.own_data import Taken
from portal.couples.models import Partner, Side
from portal.errors import NotFound
from portal.homework.models import Answer, Assignment, Response, TaskKind
from portal.homework.rules import Step
from portal.practice.models import ConsentKind
from portal.practice.queries import has_given
from portal.psychometrics.items import answers_of
from portal.security.viewer import Member

MOST_COUPLES = 2000


def own_side(session: Session, viewer: Member, couple_id: UUID) -> Side:
    """Tell by which shape a partner is drawn in a couple, also after leaving it. One statement. Raises NotFound."""
    found = session.scalar(
        select(Partner.side).where(Partner.couple_id == couple_id, Partner.person_id == viewer.person_id)
    )
    if found is None:
        raise NotFound(str(couple_id))
    return found


def sittings_without_names(session: Session, test: Questionnaire) -> list[Taken]:
    """Load the finished sittings of a test of all who let them be used, the newest two thousand couples at most.

    For `own_data` alone, which makes figures over a hundred couples of them: nothing of one person leaves it. Neither the
    viewer nor a therapist has a part in the choice. Two statements, and one for the keys of the persons.
    """
    newest = (
        select(Assignment.couple_id)
        .where(
            Assignment.kind == TaskKind.TEST,
            Assignment.task_id == test.id,
            Assignment.task_version == test.version,
        )
        .group_by(Assignment.couple_id)
        .order_by(func.max(Assignment.created_at).desc())
        .limit(MOST_COUPLES)
    )
    found = session.execute(
        select(Response.id, Assignment.couple_id, Response.person_id, Response.submitted_at)
        .join(Assignment, Assignment.id == Response.assignment_id)
        .where(
            Assignment.couple_id.in_(newest),
            Assignment.kind == TaskKind.TEST,
            Assignment.task_id == test.id,
            Assignment.task_version == test.version,
            Response.step != Step.WRITING,
            Response.submitted_at.is_not(None),
            has_given(ConsentKind.QUALITY, Response.person_id),
        )
    ).all()
    rows: dict[UUID, dict[str, str]] = defaultdict(dict)
    items = {one.id for one in test.items}
    for answer in session.scalars(
        select(Answer).where(Answer.response_id.in_([one.id for one in found]), Answer.prompt_id.in_(items))
    ):
        rows[answer.response_id][answer.prompt_id] = answer.value
    return [
        Taken(one.couple_id, one.person_id, one.submitted_at, answers_of(test.items, rows[one.id]))
        for one in found
    ]
