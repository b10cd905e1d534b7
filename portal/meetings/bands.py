"""Which opened Readiness Tests of a couple may enter a summary, as word bands. Reads what was shared, never an answer."""

from collections.abc import Collection
from itertools import groupby
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from portal.assessments.definition import readiness_test
from portal.assessments.joint import joint_page, only_joint
from portal.assessments.sharing import BAND_ROW, shared_from_rows
from portal.couples.models import Side
from portal.homework.lines import revealed_answers
from portal.homework.models import Answer, Assignment, Opening, TaskKind
from portal.homework.queries import is_treated
from portal.meetings.rules import ChosenMap
from portal.security.viewer import Member


def joint_bands(session: Session, viewer: Member, couple_id: UUID) -> list[ChosenMap]:
    """List the maps that the couple's therapist may put into a summary, the newest assignment first.

    One that shows no domain of both is left out. Empty for anybody else. One statement and one for keys.
    """
    return _maps(session, couple_id, is_treated(Assignment.couple_id, viewer))


def standing_bands(session: Session, couple_id: UUID, assignment_ids: Collection[UUID]) -> list[ChosenMap]:
    """Give those of the named maps that may still be shown, for a check by the portal itself. Shown to nobody.

    One statement and one for keys; none where nothing is named.
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
    found: list[ChosenMap] = []
    for assignment_id, group in groupby(rows, key=lambda row: row[2].id):
        shown = list(group)
        a, b = (
            shared_from_rows(
                test, {answer.prompt_id: answer.value for answer, whose, *_ in shown if whose is side}
            )
            for side in (Side.A, Side.B)
        )
        page = only_joint(joint_page(test, a, b))
        if len(page.not_discussed) < len(test.domains):
            found.append(ChosenMap(assignment_id, shown[0][3], page))
    return found
