"""What of a therapist's couples' homework needs the therapist: reveals that wait, and things that have come to a stop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, SQLColumnExpression, case, exists, func, or_, select
from sqlalchemy.orm import Session

from portal.couples.holds import is_held
from portal.couples.models import Couple
from portal.homework.models import Assignment, Opening, Response, TaskKind
from portal.homework.queries import FROZEN, is_treated
from portal.homework.registry import Task, catalogue_of, task_of
from portal.homework.rules import Standing, Step
from portal.security.viewer import Member

STUCK_AFTER = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Need:
    """One assignment that needs its therapist. Names the couple by its number only."""

    assignment_id: UUID
    couple_number: int
    kind: TaskKind
    task_id: str
    task_version: str
    since: datetime

    @property
    def task(self) -> Task:
        """Give what the registry knows of it."""
        return task_of(self.kind, self.task_id, self.task_version)

    @property
    def desk_endpoint(self) -> str:
        """Say where the therapist looks at it."""
        return catalogue_of(self.kind).desk_endpoint


def things_to_open(session: Session, viewer: Member) -> list[Need]:
    """List the reveals that both have shared and that only wait for the therapist, the longest wait first. One statement."""
    is_open = exists().where(Opening.assignment_id == Assignment.id, Opening.stage == Response.stage)
    shared = func.sum(case((Response.step == Step.SHARED, 1), else_=0))
    since = func.max(Response.shared_at)
    found = (
        _asked(viewer, since)
        .join(Assignment.responses)
        .where(Assignment.for_person_id.is_(None), Assignment.held_at.is_(None))
        .where(~is_held(Assignment.couple_id), ~is_open)
        .group_by(
            Assignment.id,
            Couple.number,
            Assignment.kind,
            Assignment.task_id,
            Assignment.task_version,
            Response.stage,
        )
        .having(func.count() == 2, shared == 2)  # noqa: PLR2004 - a couple
    )
    return _needs(session, found.order_by(since, Assignment.id))


def stuck_tasks(session: Session, viewer: Member, now: datetime) -> list[Need]:
    """List what has been with a couple for a fortnight, or beyond its day, and somebody still writes. One statement.

    For the therapist alone; who it is stands on the couple's page.
    """
    is_written = exists().where(
        Response.assignment_id == Assignment.id, Response.step == Step.WRITING, Response.stage == 1
    )
    is_old = or_(Assignment.created_at < now - STUCK_AFTER, Assignment.due_on < now.date())
    found = _asked(viewer, Assignment.created_at).where(is_written, is_old)
    return _needs(session, found.order_by(Assignment.created_at, Assignment.id))


def _asked(viewer: Member, since: SQLColumnExpression[Any]) -> Select[Any]:
    return (
        select(
            Assignment.id, Couple.number, Assignment.kind, Assignment.task_id, Assignment.task_version, since
        )
        .select_from(Assignment)
        .join(Assignment.couple)
        .where(is_treated(Assignment.couple_id, viewer), Couple.status.not_in(FROZEN))
        .where(Assignment.standing == Standing.OPEN)
    )


def _needs(session: Session, found: Select[Any]) -> list[Need]:
    rows: Sequence[Any] = session.execute(found).all()
    return [Need(*row) for row in rows]
