"""What of a therapist's couples' homework needs the therapist: reveals that wait, and things that have come to a stop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from portal.couples.holds import is_held
from portal.couples.models import Couple, Partner
from portal.couples.queries import is_treated
from portal.homework.models import Assignment, Opening, Response, TaskKind
from portal.homework.queries import FROZEN
from portal.homework.registry import OfTask
from portal.homework.rules import Course, Standing, Step
from portal.security.viewer import Member

STUCK_AFTER = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Need(OfTask):
    """One assignment that needs its therapist. Names the couple by its number only."""

    assignment_id: UUID
    couple_number: int
    kind: TaskKind
    task_id: str
    task_version: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Needs:
    """What needs a therapist, the longest wait first.

    `to_open`: both have shared, and only the therapist is missing. `stuck`: with a couple for a fortnight, or beyond its
    day, and somebody still writes; who it is stands on the couple's page. `disowned`: somebody says that another person gave
    the answers. `to_change`: somebody would like to speak about it.
    """

    to_open: tuple[Need, ...]
    stuck: tuple[Need, ...]
    disowned: tuple[Need, ...] = ()
    to_change: tuple[Need, ...] = ()


def needs_of(session: Session, viewer: Member, now: datetime) -> Needs:
    """List what needs this therapist, and nobody else. One statement."""
    is_open = exists().where(Opening.assignment_id == Assignment.id, Opening.stage == Response.stage)
    has_left = exists().where(Partner.couple_id == Assignment.couple_id, Partner.left_at.is_not(None))
    may_open = and_(
        Assignment.for_person_id.is_(None),
        Assignment.held_at.is_(None),
        ~is_held(Assignment.couple_id),
        ~is_open,
        ~has_left,
    )
    day = func.max(func.coalesce(Response.moved_to, Assignment.due_on))
    is_old = or_(Assignment.created_at < now - STUCK_AFTER, day < now.date())
    waits = and_(may_open, func.count() == 2, _number_of(Step.SHARED) == 2)  # noqa: PLR2004 - a couple
    rests = and_(is_old, Response.stage == 1, _number_of(Step.WRITING) > 0)
    is_first = Response.stage == 1
    disowned = and_(is_first, func.count(Response.disowned_at) > 0)
    asks = and_(Response.course == Course.CHANGE, Response.step == Step.WRITING)
    to_change = and_(is_first, func.sum(case((asks, 1), else_=0)) > 0)
    since = case(
        (disowned, func.max(Response.disowned_at)),
        (waits, func.max(Response.shared_at)),
        else_=Assignment.created_at,
    )
    reason = case((disowned, "disowned"), (waits, "to_open"), (to_change, "to_change"), else_="stuck")
    rows: Sequence[Any] = session.execute(
        select(
            Assignment.id, Couple.number, Assignment.kind, Assignment.task_id, Assignment.task_version, since, reason
        )
        .join(Assignment.responses)
        .join(Assignment.couple)
        .where(is_treated(Assignment.couple_id, viewer), Couple.status.not_in(FROZEN))
        .where(Assignment.standing == Standing.OPEN)
        .group_by(Assignment.id, Couple.number, Response.stage)
        .having(or_(disowned, waits, to_change, rests))
        .order_by(since, Assignment.id)
    ).all()  # fmt: skip
    found: dict[str, list[Need]] = {"to_open": [], "stuck": [], "disowned": [], "to_change": []}
    for *values, why in rows:
        found[why].append(Need(*values))
    return Needs(**{why: tuple(needs) for why, needs in found.items()})


def _number_of(step: Step) -> ColumnElement[int]:
    return func.sum(case((Response.step == step, 1), else_=0))
