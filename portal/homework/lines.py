"""What of a couple's homework may stand in their session summary: the allow-list (CPL-07).

Exactly: texts of exercises that both were asked to do, not withdrawn since, that are open to both - written together, or
revealed and neither withheld nor hidden - and that were talked about in a session as they stand now. Nothing else is loaded.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, select
from sqlalchemy.orm import Session, aliased

from portal.couples.models import Partner, Side
from portal.couples.queries import is_treated
from portal.homework.models import Answer, Assignment, JointAnswer, Opening, Response, TaskKind
from portal.homework.registry import question_of, words_of
from portal.homework.rules import SHOWN, Scope, Standing, Step
from portal.security.viewer import Member


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One text that may be quoted to both; made in this module alone.

    `source_id`: the answer, or the version of what both wrote. `question` is empty where the exercise does not say.
    """

    source_id: UUID
    kind: Literal["joint", "revealed"]
    side: Literal["a", "b", "both"]
    question: str
    words: str


def summary_lines(session: Session, viewer: Member, couple_id: UUID) -> list[SummaryLine]:
    """List what the couple's therapist may put into a summary: revealed texts, then joint ones, by exercise and prompt.

    Empty for anybody else. Two statements and one for keys.
    """
    is_seen = is_treated(Assignment.couple_id, viewer)
    return _lines(session, couple_id, is_seen, is_seen)


def standing_lines(session: Session, couple_id: UUID, source_ids: Collection[UUID]) -> list[SummaryLine]:
    """List those of the named lines that may still be quoted, for a check by the portal itself. Shown to nobody.

    Two statements and one for keys; none where nothing is named.
    """
    if not source_ids:
        return []
    return _lines(session, couple_id, Answer.id.in_(source_ids), JointAnswer.id.in_(source_ids))


def is_open_to_both(couple_id: UUID) -> ColumnElement[bool]:
    """Hold for assignments that both persons of this couple were given and that were not withdrawn."""
    return and_(
        Assignment.couple_id == couple_id,
        Assignment.for_person_id.is_(None),
        Assignment.standing != Standing.WITHDRAWN,
    )


def revealed_answers(couple_id: UUID, kind: TaskKind) -> Select[Answer, Side, Assignment]:
    """Start a read of what is open to both partners now: answers with side and assignment, in the order of giving."""
    return (
        select(Answer, Partner.side, Assignment)
        .join(Response, Response.id == Answer.response_id)
        .join(Assignment, Assignment.id == Response.assignment_id)
        .join(Opening, and_(Opening.assignment_id == Assignment.id, Opening.stage == Response.stage))
        .join(
            Partner, and_(Partner.couple_id == Assignment.couple_id, Partner.person_id == Response.person_id)
        )
        .where(
            is_open_to_both(couple_id),
            Assignment.kind == kind,
            Answer.scope == Scope.REVEAL,
            Answer.is_withheld.is_(False),
            Response.step == Step.SHARED,
        )
        .order_by(Assignment.created_at.desc(), Assignment.id, Answer.prompt_id, Partner.side)
    )


def _lines(
    session: Session, couple_id: UUID, which_revealed: ColumnElement[bool], which_joint: ColumnElement[bool]
) -> list[SummaryLine]:
    """Load all rows before the first is opened, so that one statement fetches all keys."""
    revealed = session.execute(
        revealed_answers(couple_id, TaskKind.EXERCISE).where(
            which_revealed,
            ~Answer.prompt_id.startswith(SHOWN, autoescape=True),
            Answer.reviewed_at.is_not(None),
            Answer.saved_at <= Answer.reviewed_at,
        )
    ).all()
    joint = session.execute(_written_together(couple_id).where(which_joint)).all()
    lines = [
        *(_line("revealed", side.value, assignment, answer) for answer, side, assignment in revealed),
        *(_line("joint", "both", assignment, answer) for answer, assignment in joint),
    ]
    return [line for line in lines if line.words]


def _written_together(couple_id: UUID) -> Select[JointAnswer, Assignment]:
    newer = aliased(JointAnswer)
    is_replaced = exists().where(
        newer.assignment_id == JointAnswer.assignment_id,
        newer.prompt_id == JointAnswer.prompt_id,
        newer.revision > JointAnswer.revision,
    )
    return (
        select(JointAnswer, Assignment)
        .join(Assignment, Assignment.id == JointAnswer.assignment_id)
        .where(
            is_open_to_both(couple_id),
            Assignment.kind == TaskKind.EXERCISE,
            JointAnswer.reviewed_at.is_not(None),
            JointAnswer.saved_at <= JointAnswer.reviewed_at,
            ~is_replaced,
        )
        .order_by(Assignment.created_at.desc(), Assignment.id, JointAnswer.prompt_id)
    )


def _line(
    kind: Literal["joint", "revealed"],
    side: Literal["a", "b", "both"],
    assignment: Assignment,
    answer: Answer | JointAnswer,
) -> SummaryLine:
    task = (assignment.kind, assignment.task_id, assignment.task_version, answer.prompt_id)
    return SummaryLine(answer.id, kind, side, question_of(*task) or "", _words(task, answer.value))


def _words(task: tuple[TaskKind, str, str, str], stored: str) -> str:
    try:
        value: object = json.loads(stored)
    except ValueError:
        return ""
    return (words_of(*task, value) or "").strip()
