"""A pathway as its therapist looks at it: what is done, what is with them now, and what is to come and when. No answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.couples.models import Couple
from portal.homework.models import Assignment, TaskKind
from portal.homework.registry import catalogue_of, task_of
from portal.homework.rules import Standing as TaskStanding
from portal.homework.rules import Step
from portal.pathways.models import Pathway, PathwayStep
from portal.pathways.rules import Delivery, Rule, Standing
from portal.pathways.service import next_step
from portal.zones import parse_zone


class Mark(StrEnum):
    """How a step is drawn."""

    DONE = "done"
    NOW = "now"
    NEXT = "next"
    LATER = "later"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class WayStep:
    """One step. `due_at`: when it comes, as far as that can be known; `desk_endpoint`: empty before it was given."""

    id: UUID
    position: int
    title: str
    mark: Mark
    rule: Rule
    is_in_session: bool
    given_at: datetime | None
    skipped_at: datetime | None
    due_at: datetime | None
    assignment_id: UUID | None = None
    desk_endpoint: str = ""
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """One pathway. `for_name`: of the one person it is for, empty when it is for both."""

    pathway: Pathway
    for_name: str
    steps: tuple[WayStep, ...]

    @property
    def is_under_way(self) -> bool:
        """Tell whether anything of it may still be given."""
        return self.pathway.standing in {Standing.RUNNING, Standing.PAUSED}

    @property
    def coming(self) -> WayStep | None:
        """Give the step that comes next."""
        return next((step for step in self.steps if step.mark is Mark.NEXT), None)


def draw_ways(pathways: Sequence[Pathway], couple: Couple, assignments: Sequence[Assignment]) -> list[Way]:
    """Draw pathways of a couple, all three found for its therapist. Needs steps, parts and openings loaded.

    No statement, but where a step asks for a kind of task whose library is kept in the database.
    """
    by_id = {one.id: one for one in assignments}
    titles = _titles(pathways)
    return [_way(pathway, couple, by_id, titles) for pathway in pathways]


def given_by(pathways: Iterable[Pathway]) -> set[UUID]:
    """Name the assignments that steps of pathways have given: what `draw_ways` needs. No statement."""
    return {step.assignment_id for one in pathways for step in one.steps if step.assignment_id}


def is_finished(assignment: Assignment) -> bool:
    """Tell whether a step's task is finished, as `queries` tells it for the sweeper. Needs parts and openings loaded."""
    if assignment.standing is not TaskStanding.OPEN:
        return assignment.standing is TaskStanding.CLOSED
    if assignment.for_person_id is not None:
        return any(
            one.stage == 1 and one.step in {Step.SUBMITTED, Step.SHARED} for one in assignment.responses
        )
    task = task_of(assignment.kind, assignment.task_id, assignment.task_version)
    revealed = [stage.number for stage in task.stages if stage.has_reveal]
    return bool(revealed) and max(revealed) in {opening.stage for opening in assignment.openings}


def _titles(pathways: Sequence[Pathway]) -> dict[tuple[str, str], str]:
    """Name what steps ask for; of no kind that none of them asks for, since a library may cost a statement.

    Only where a step asks for what is not everybody's is it looked up what the one who started the pathway can give.
    """
    titles: dict[tuple[str, str], str] = {}
    for person_id in (None, *dict.fromkeys(pathway.started_by_id for pathway in pathways)):
        asked = {(step.kind, step.task_id) for pathway in pathways for step in pathway.steps}
        for kind in sorted({kind for kind, _task_id in asked - titles.keys()} & set(TaskKind)):
            for task in catalogue_of(TaskKind(kind)).tasks(person_id):
                titles[kind, task.id] = task.title
    return titles


def _way(
    pathway: Pathway,
    couple: Couple,
    assignments: Mapping[UUID, Assignment],
    titles: Mapping[tuple[str, str], str],
) -> Way:
    names = {one.person_id: one.person.first_name for one in couple.partners}
    coming = next_step(pathway)
    steps = []
    for step in pathway.steps:
        assignment = assignments.get(step.assignment_id) if step.assignment_id else None
        steps.append(_step(pathway, step, titles, assignment, is_next=step is coming))
    return Way(pathway, names.get(pathway.for_person_id, "") if pathway.for_person_id else "", tuple(steps))


def _step(
    pathway: Pathway,
    step: PathwayStep,
    titles: Mapping[tuple[str, str], str],
    assignment: Assignment | None,
    *,
    is_next: bool,
) -> WayStep:
    given = step.given_at is not None and assignment is not None
    return WayStep(
        id=step.id,
        position=step.position,
        title=titles.get((step.kind, step.task_id), step.task_id),
        mark=_mark(pathway, step, assignment, is_next=is_next),
        rule=step.rule,
        is_in_session=step.is_in_session,
        given_at=step.given_at,
        skipped_at=step.skipped_at,
        due_at=_due_at(pathway, step) if is_next else None,
        assignment_id=step.assignment_id,
        desk_endpoint=catalogue_of(assignment.kind).desk_endpoint if given and assignment else "",
        is_withdrawn=assignment is not None and assignment.standing is TaskStanding.WITHDRAWN,
    )


def _mark(pathway: Pathway, step: PathwayStep, assignment: Assignment | None, *, is_next: bool) -> Mark:
    if step.skipped_at is not None:
        return Mark.SKIPPED
    if step.given_at is not None:
        return Mark.DONE if assignment is None or is_finished(assignment) else Mark.NOW
    is_under_way = pathway.standing in {Standing.RUNNING, Standing.PAUSED}
    return Mark.NEXT if is_next and is_under_way else Mark.LATER


def _due_at(pathway: Pathway, step: PathwayStep) -> datetime | None:
    """Say when the next step comes by its rule; nothing while that depends on the couple or on the therapist."""
    if pathway.standing is not Standing.RUNNING or pathway.stuck or step.delivery is Delivery.AFTER_PREVIOUS:
        return None
    return step.rule.due_at(pathway.counts_from, parse_zone(pathway.zone))
