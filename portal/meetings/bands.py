"""Which opened Readiness Tests of a couple may enter a summary, as word bands. Reads what was shared, never an answer."""

from collections import defaultdict
from collections.abc import Collection
from itertools import groupby
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.assessments.definition import readiness_test
from portal.assessments.differing import PROMPT, said_in
from portal.assessments.joint import joint_page, only_joint
from portal.assessments.sharing import BAND_ROW, shared_from_rows
from portal.couples.models import Side
from portal.couples.queries import is_treated
from portal.homework.lines import revealed_answers
from portal.homework.models import Answer, Assignment, JointAnswer, Opening, TaskKind
from portal.meetings.rules import ChosenMap
from portal.security.viewer import Member


def joint_bands(session: Session, viewer: Member, couple_id: UUID) -> list[ChosenMap]:
    """List the maps that the couple's therapist may put into a summary, the newest assignment first.

    One that shows no domain of both is left out. Empty for anybody else. Two statements and one for keys.
    """
    return _maps(session, couple_id, is_treated(Assignment.couple_id, viewer))


def standing_bands(session: Session, couple_id: UUID, assignment_ids: Collection[UUID]) -> list[ChosenMap]:
    """Give those of the named maps that may still be shown, for a check by the portal itself. Shown to nobody.

    Two statements and one for keys; none where nothing is named.
    """
    return _maps(session, couple_id, Assignment.id.in_(assignment_ids)) if assignment_ids else []


def _maps(session: Session, couple_id: UUID, condition: ColumnElement[bool]) -> list[ChosenMap]:
    test = readiness_test()
    rows = session.execute(
        revealed_answers(couple_id, TaskKind.TEST)
        .add_columns(Opening.created_at)
        .where(
            condition,
            Assignment.task_id == test.id,
            Assignment.task_version == test.version,
            Answer.prompt_id.startswith(BAND_ROW, autoescape=True),
        )
    ).all()
    differing = _agreed_to_differ(session, {assignment.id for _, _, assignment, _ in rows})
    found: list[ChosenMap] = []
    for assignment_id, group in groupby(rows, key=lambda row: row[2].id):
        shown = list(group)
        a, b = (
            shared_from_rows(
                test, {answer.prompt_id: answer.value for answer, whose, *_ in shown if whose is side}
            )
            for side in (Side.A, Side.B)
        )
        page = only_joint(joint_page(test, a, b, agreed_to_differ=differing[assignment_id]))
        if len(page.not_discussed) < len(test.domains):
            found.append(ChosenMap(assignment_id, shown[0][3], page))
    return found


def _agreed_to_differ(session: Session, assignment_ids: Collection[UUID]) -> defaultdict[UUID, set[str]]:
    """Read on which domains the couples of these assignments agree to differ; no statement where there are none."""
    agreed: defaultdict[UUID, set[str]] = defaultdict(set)
    if assignment_ids:
        versions = session.scalars(
            select(JointAnswer)
            .where(
                JointAnswer.assignment_id.in_(assignment_ids),
                JointAnswer.prompt_id.startswith(PROMPT, autoescape=True),
            )
            .order_by(JointAnswer.assignment_id, JointAnswer.revision)
        )
        for assignment_id, group in groupby(versions, key=lambda one: one.assignment_id):
            agreed[assignment_id] = {key for key, said in said_in(group).items() if said.is_agreed}
    return agreed
