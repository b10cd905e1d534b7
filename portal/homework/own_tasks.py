"""A partner's own list of what was asked, with what may still be done about each. Says nothing of the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, or_
from sqlalchemy.orm import Session, aliased

from portal.couples.models import Couple, CoupleStatus, Partner
from portal.couples.queries import CLOSED
from portal.homework.models import Assignment, Opening, Response, TaskKind
from portal.homework.overdue import MOVES, Wish
from portal.homework.queries import FROZEN, own_responses
from portal.homework.registry import SmallPart, Task, catalogue_of, task_of
from portal.homework.rules import Course, Gate, Standing, Step
from portal.security.viewer import Member


class Place(StrEnum):
    """Where a part stands in its author's own list."""

    WAITING = "waiting"  # to be begun, or gone on with
    FINISHED = "finished"  # finished, may be shared
    SHARED = "shared"  # shared, not opened
    OPENED = "opened"  # what was shared is open to both
    KEPT = "kept"  # nothing more to do; one's own words stay readable
    WITHDRAWN = "withdrawn"  # no longer asked for
    ASIDE = "aside"  # put aside by oneself; may be taken up again
    DISOWNED = "disowned"  # somebody else answered; to be given anew


@dataclass(frozen=True, slots=True)
class OwnTask:
    """One part of an assignment in a partner's own list. Says nothing of the other."""

    response_id: UUID
    assignment_id: UUID
    kind: TaskKind
    task_id: str
    task_version: str
    stage: int
    step: Step
    standing: Standing
    is_opened: bool
    has_begun: bool
    due_on: date | None
    gate: Gate
    created_at: datetime
    is_for_two: bool
    couple_status: CoupleStatus
    has_left: bool
    moved_to: date | None = None
    course: Course = Course.AS_ASKED
    is_disowned: bool = False

    @property
    def task(self) -> Task:
        """Give what the registry knows of it."""
        return task_of(self.kind, self.task_id, self.task_version)

    @property
    def work_endpoint(self) -> str:
        """Say where one's own words are."""
        return catalogue_of(self.kind).work_endpoint

    @property
    def opened_endpoint(self) -> str:
        """Say where both read what has opened."""
        return catalogue_of(self.kind).opened_endpoint

    @property
    def wish(self) -> Wish:
        """Give the day it was wished for by, and what its reader made of it."""
        return Wish(self.due_on, self.moved_to, self.course)

    @property
    def was_written(self) -> bool:
        """Tell whether there are answers that could be somebody else's."""
        return self.has_begun or self.step is not Step.WRITING

    @property
    def moves(self) -> tuple[int, ...]:
        """Say by how many days from today its day can be moved."""
        return MOVES

    @property
    def small_part(self) -> SmallPart | None:
        """Find what is enough for a day on which the whole is too much; None where its area names nothing."""
        find = catalogue_of(self.kind).small_part
        return find(self.task_id, self.task_version, self.stage, not self.is_for_two) if find else None

    @property
    def has_parts(self) -> bool:
        """Tell whether its title alone would not say which part is meant."""
        return len(self.task.stages) > 1

    @property
    def is_ours(self) -> bool:
        """Tell whether there still is something between the two (CPL-09)."""
        return not self.has_left and self.couple_status not in CLOSED

    @property
    def is_asked(self) -> bool:
        """Tell whether anything may still be done on it."""
        return self.standing is Standing.OPEN and not self.has_left and self.couple_status not in FROZEN

    @property
    def may_be_shared(self) -> bool:
        """Tell whether there is somebody, and something, to share it with."""
        has_reveal = any(one.has_reveal for one in self.task.stages if one.number == self.stage)
        return self.is_for_two and has_reveal

    @property
    def may_be_taken_back(self) -> bool:
        """Tell whether it is shared and has not opened."""
        return self.step is Step.SHARED and not self.is_opened

    @property
    def place(self) -> Place:
        """Tell where it stands in the list."""
        if self.is_disowned:
            return Place.DISOWNED
        if self.standing is Standing.WITHDRAWN:
            return Place.WITHDRAWN
        if self.is_opened and self.is_ours:
            return Place.OPENED
        if self.step is Step.WRITING and self.is_asked:
            return Place.ASIDE if self.course is Course.DROPPED else Place.WAITING
        if self.step is Step.SUBMITTED and self.is_asked and self.may_be_shared:
            return Place.FINISHED
        is_to_open = self.standing is Standing.OPEN and self.is_ours
        return Place.SHARED if self.may_be_taken_back and is_to_open else Place.KEPT


def own_tasks(session: Session, viewer: Member) -> list[OwnTask]:
    """List one's own parts that can be reached, the newest assignment first, stages in order. One statement.

    A later stage is listed once the one before has opened. What is no longer asked for is left out unless something was
    begun.
    """
    opened, before = aliased(Opening), aliased(Opening)
    is_opened = exists().where(opened.assignment_id == Assignment.id, opened.stage == Response.stage)
    is_next = exists().where(before.assignment_id == Assignment.id, before.stage == Response.stage - 1)
    is_asked = and_(
        Assignment.standing == Standing.OPEN, Couple.status.not_in(FROZEN), Partner.left_at.is_(None)
    )
    rows: Sequence[Any] = session.execute(
        own_responses(viewer)
        .join(Assignment.couple)
        .join(Partner, and_(Partner.couple_id == Couple.id, Partner.person_id == Response.person_id))
        .with_only_columns(
            Response.id, Assignment.id, Assignment.kind, Assignment.task_id, Assignment.task_version, Response.stage,
            Response.step, Assignment.standing, is_opened, Response.begun_at.is_not(None), Assignment.due_on,
            Assignment.gate, Assignment.created_at, Assignment.for_person_id.is_(None), Couple.status,
            Partner.left_at.is_not(None), Response.moved_to, Response.course, Response.disowned_at.is_not(None),
        )
        .where(or_(Response.stage == 1, is_next))
        .where(or_(is_asked, Response.begun_at.is_not(None), Response.step != Step.WRITING))
        .order_by(Assignment.created_at.desc(), Assignment.id, Response.stage)
    ).all()  # fmt: skip
    return [OwnTask(*row) for row in rows]


def next_of(tasks: Sequence[OwnTask]) -> OwnTask | None:
    """Choose the one thing for a partner's home.

    What was begun comes first, then what has a day, then what was asked for longest ago; with nothing to write, what is
    finished and could be shared.
    """
    waiting = [one for one in tasks if one.place is Place.WAITING]
    finished = [one for one in tasks if one.place is Place.FINISHED]
    return min(waiting or finished, key=_urgency, default=None)


def _urgency(task: OwnTask) -> tuple[bool, date, datetime]:
    return not task.has_begun, task.wish.day or date.max, task.created_at
