"""How far a couple is with what it was asked to do, put together for its therapist. Not one answer is loaded."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from portal.couples.holds import find_hold
from portal.couples.models import Couple, Partner
from portal.homework.models import Assignment, Response
from portal.homework.overdue import Done, Pattern, Wish, pattern_of
from portal.homework.queries import FROZEN, PartLine, assignments_of, current_assignments, get_assignment
from portal.homework.registry import Task, catalogue_of, task_of
from portal.homework.rules import Reveal, Standing
from portal.homework.service import reveal_of
from portal.security.viewer import Member
from portal.zones import parse_zone


@dataclass(frozen=True, slots=True)
class PersonState:
    """How far one person is with one stage."""

    partner: Partner
    part: Response


@dataclass(frozen=True, slots=True)
class StageState:
    """How far both are with one stage, and whether it is or could be open."""

    number: int
    people: tuple[PersonState, ...]
    reveal: Reveal
    opened_at: datetime | None
    is_reached: bool
    has_reveal: bool


@dataclass(frozen=True, slots=True)
class AssignmentState:
    """One assignment as its therapist sees it. `for_name`: of the one person it is for, empty when it is for both.

    `is_couple_held`: a safety hold of the couple keeps everything joint shut, whatever this assignment's own hold says.
    """

    assignment: Assignment
    couple: Couple
    task: Task
    desk_endpoint: str
    for_name: str
    is_couple_held: bool
    stages: tuple[StageState, ...]

    @property
    def is_asked(self) -> bool:
        """Tell whether anything about it may still change."""
        return self.assignment.standing is Standing.OPEN and self.couple.status not in FROZEN

    @property
    def disowned(self) -> tuple[Partner, ...]:
        """List who says that somebody else gave the answers, and was not given it anew."""
        people = {state.partner.person_id: state for stage in self.stages for state in stage.people}
        return tuple(state.partner for state in people.values() if state.part.disowned_at is not None)

    @property
    def may_open(self) -> bool:
        """Tell whether something waits for the therapist alone."""
        return self.is_asked and any(stage.reveal.waits_for_therapist for stage in self.stages)


def desk_state(session: Session, viewer: Member, assignment_id: UUID) -> AssignmentState:
    """Show one assignment to the couple's therapist. Four statements. Raises NotFound."""
    assignment = get_assignment(session, viewer, assignment_id)
    hold = find_hold(session, assignment.couple_id)
    return _state(assignment, assignment.couple, is_couple_held=hold is not None)


def desk_states(session: Session, viewer: Member, couple: Couple) -> list[AssignmentState]:
    """Show all assignments of a couple, found for its therapist before, the newest first. Four statements."""
    return _states(session, couple, assignments_of(session, viewer, couple.id))


def current_states(
    session: Session, viewer: Member, couple: Couple, *, beside: Collection[UUID]
) -> list[AssignmentState]:
    """Show what a couple is asked at present, and what is named `beside` it, as `desk_states` does. Four statements."""
    return _states(session, couple, current_assignments(session, viewer, couple.id, beside=beside))


def lines_of(states: Iterable[AssignmentState]) -> list[PartLine]:
    """Take from states what `part_lines` would load. No statement."""
    return [
        PartLine(
            one.id, one.kind, one.task_id, one.task_version, one.created_at, one.for_person_id, one.due_on, stage.number,
            person.part.person_id, person.part.step, person.part.course, person.part.moved_to, person.part.submitted_at,
            person.part.shared_at, stage.opened_at,
        )
        for one, stages in ((state.assignment, state.stages) for state in states)
        for stage in stages
        for person in stage.people
    ]  # fmt: skip


def patterns_of(lines: Iterable[PartLine], couple: Couple, now: datetime) -> list[tuple[Partner, Pattern]]:
    """Count for each person how the tasks with a day went; for the couple's therapist alone. No statement."""
    found = [line for line in lines if line.due_on is not None and line.stage == 1]
    patterns = []
    for partner in couple.partners:
        zone = parse_zone(partner.person.zone)
        parts = [
            Done(
                Wish(line.due_on, line.moved_to, line.course),
                line.step,
                line.submitted_at.astimezone(zone).date() if line.submitted_at else None,
            )
            for line in found
            if line.person_id == partner.person_id
        ]
        patterns.append((partner, pattern_of(parts, now.astimezone(zone).date())))
    return patterns


def _states(session: Session, couple: Couple, assignments: Iterable[Assignment]) -> list[AssignmentState]:
    is_held = find_hold(session, couple.id) is not None
    return [_state(one, couple, is_couple_held=is_held) for one in assignments]


def _state(assignment: Assignment, couple: Couple, *, is_couple_held: bool) -> AssignmentState:
    partners = {one.person_id: one for one in couple.partners}
    task = task_of(assignment.kind, assignment.task_id, assignment.task_version)
    for_person = partners.get(assignment.for_person_id) if assignment.for_person_id else None
    return AssignmentState(
        assignment=assignment,
        couple=couple,
        task=task,
        desk_endpoint=catalogue_of(assignment.kind).desk_endpoint,
        for_name=for_person.person.first_name if for_person else "",
        is_couple_held=is_couple_held,
        stages=tuple(
            _stage(assignment, partners, facts.number, has_reveal=facts.has_reveal, is_held=is_couple_held)
            for facts in task.stages
        ),
    )


def _stage(
    assignment: Assignment,
    partners: dict[UUID, Partner],
    number: int,
    *,
    has_reveal: bool,
    is_held: bool,
) -> StageState:
    opened = {opening.stage: opening.created_at for opening in assignment.openings}
    parts = [one for one in assignment.responses if one.stage == number]
    parts.sort(key=lambda one: partners[one.person_id].side)
    return StageState(
        number=number,
        people=tuple(PersonState(partners[one.person_id], one) for one in parts),
        reveal=reveal_of(assignment, number, is_held=is_held),
        opened_at=opened.get(number),
        is_reached=number == 1 or number - 1 in opened,
        has_reveal=has_reveal,
    )
