"""Starting couples on a pathway, and giving its steps one after the other: each once at most, in order, to whom it is for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.couples.models import Couple
from portal.couples.queries import lock_couple
from portal.errors import NotFound
from portal.homework.models import Assignment
from portal.homework.queries import FROZEN
from portal.homework.registry import Task, library
from portal.homework.rules import AlreadyAsked, NoLongerAsked, OnHold
from portal.homework.service import give
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.pathways.models import Given, Pathway, PathwayStep, PathwayTemplate, TemplateStep
from portal.pathways.queries import get_template, is_awaited_finished, lock_its_couple, lock_pathway
from portal.pathways.rules import (
    Delivery,
    NothingToGive,
    NotPaused,
    NotRunning,
    Standing,
    StepStuck,
    Stuck,
)
from portal.pathways.shipped import Plan, PlannedStep
from portal.people.models import Person
from portal.practice.queries import get_practice
from portal.security.viewer import JobFor, Member, Viewer
from portal.zones import parse_zone

LOOK_AGAIN = timedelta(minutes=15)  # at a step that is stuck; our choice


@dataclass(frozen=True, slots=True)
class _Ground:
    """What giving a step stands on: the locked pathway and couple, and who acts."""

    viewer: Viewer
    pathway: Pathway
    couple: Couple


def start_pathway(
    session: Session,
    viewer: Member,
    couple_id: UUID,
    plan: Plan,
    *,
    for_person_id: UUID | None = None,
    zone: str,
    now: datetime,
) -> Pathway:
    """Start a couple, or one person of it, on a pathway; what is due at once is given at once.

    Raises NotFound, NoLongerAsked: the couple is paused or closed.
    """
    couple = lock_couple(session, viewer, couple_id)
    if couple.status in FROZEN:
        raise NoLongerAsked(str(couple_id))
    here = {one.person_id for one in couple.partners if one.left_at is None}
    if for_person_id is not None and for_person_id not in here:
        raise NotFound(str(for_person_id))
    steps = [
        PathwayStep(position=position, **_fields(step)) for position, step in enumerate(plan.steps, start=1)
    ]
    pathway = Pathway(
        couple_id=couple_id, for_person_id=for_person_id, started_by_id=viewer.person_id, zone=zone, counts_from=now,
        title=plan.title, steps=steps,
    )  # fmt: skip
    session.add(pathway)
    session.flush()
    record_of(session, viewer, Action.PATHWAY_STARTED, pathway)
    _go_on(session, _Ground(viewer, pathway, couple), now)
    return pathway


def walk_on(session: Session, pathway_id: UUID, now: datetime) -> None:
    """Give what is due of one pathway, for the sweeper. Safe to repeat and to do twice at once: what was given is not due.

    Nothing is given while the couple is paused, closed or left by somebody. Raises NotFound.
    """
    viewer = JobFor(pathway_id)
    pathway = lock_pathway(session, viewer, pathway_id)
    couple = lock_its_couple(session, pathway)
    is_resting = couple.status in FROZEN or any(one.left_at is not None for one in couple.partners)
    if pathway.standing is Standing.RUNNING and not is_resting:
        _go_on(session, _Ground(viewer, pathway, couple), now)


def pause(session: Session, viewer: Member, pathway_id: UUID, now: datetime) -> Pathway:
    """Give nothing until it goes on; what was given stays with them. Raises NotFound, NotRunning."""
    pathway = _locked(session, viewer, pathway_id, Standing.RUNNING, NotRunning)
    pathway.standing, pathway.paused_at = Standing.PAUSED, now
    return _recorded(session, viewer, pathway)


def resume(session: Session, viewer: Member, pathway_id: UUID, now: datetime) -> Pathway:
    """Go on. What would have come meanwhile comes now, one step of it; a day of the week is waited for anew.

    Raises NotFound, NotPaused, NoLongerAsked: the couple is paused or closed.
    """
    pathway = _locked(session, viewer, pathway_id, Standing.PAUSED, NotPaused)
    couple = lock_its_couple(session, pathway)
    if couple.status in FROZEN:
        raise NoLongerAsked(str(pathway_id))
    pathway.standing, pathway.paused_at = Standing.RUNNING, None
    step = next_step(pathway)
    if step is not None and step.delivery is Delivery.WEEKDAY:
        pathway.counts_from = now
    _recorded(session, viewer, pathway)
    _look_ahead(pathway)
    _go_on(session, _Ground(viewer, pathway, couple), now)
    return pathway


def stop(session: Session, viewer: Member, pathway_id: UUID, now: datetime) -> Pathway:
    """Give nothing of it any more; what was given stays with them. Raises NotFound, NotRunning."""
    pathway = lock_pathway(session, viewer, pathway_id)
    if pathway.standing not in {Standing.RUNNING, Standing.PAUSED}:
        raise NotRunning(str(pathway_id))
    pathway.standing, pathway.ended_at, pathway.next_due_at = Standing.STOPPED, now, None
    return _recorded(session, viewer, pathway)


def skip(session: Session, viewer: Member, pathway_id: UUID, step_id: UUID, now: datetime) -> Pathway:
    """Leave a step out that is still to come. Raises NotFound, NotRunning, NothingToGive."""
    pathway = lock_pathway(session, viewer, pathway_id)
    step = _step_to_come(pathway, step_id)
    was_next = step is next_step(pathway)
    step.skipped_at = now
    record_of(session, viewer, Action.PATHWAY_STEP_SKIPPED, step)
    if was_next:
        pathway.stuck, pathway.counts_from = None, now
        _look_ahead(pathway)
    if pathway.standing is Standing.RUNNING:
        couple = lock_its_couple(session, pathway)
        _go_on(session, _Ground(viewer, pathway, couple), now)
    _finish_if_done(pathway, now)
    session.flush()
    return pathway


def give_now(session: Session, viewer: Member, pathway_id: UUID, step_id: UUID, now: datetime) -> Pathway:
    """Give the next step now, whatever its rule says; also while the pathway is paused.

    Raises NotFound, NotRunning, NothingToGive: it is not the next. StepStuck, NoLongerAsked.
    """
    pathway = lock_pathway(session, viewer, pathway_id)
    step = _step_to_come(pathway, step_id)
    if step is not next_step(pathway):
        raise NothingToGive(str(step_id))
    couple = lock_its_couple(session, pathway)
    ground = _Ground(viewer, pathway, couple)
    _give(session, ground, step, now)
    if pathway.standing is Standing.RUNNING:
        _go_on(session, ground, now)
    _finish_if_done(pathway, now)
    session.flush()
    return pathway


def next_step(pathway: Pathway) -> PathwayStep | None:
    """Find the first step that was neither given nor skipped; only that one can be given. Needs steps loaded."""
    return next((step for step in pathway.steps if step.is_to_come), None)


def save_template(
    session: Session,
    viewer: Member,
    template_id: UUID | None,
    *,
    title: str,
    purpose: str,
    steps: Sequence[PlannedStep],
    now: datetime,
) -> PathwayTemplate:
    """Make a template of the practice, or change one; couples who are on it keep what they were started on. Raises NotFound."""
    if template_id is None:
        template = PathwayTemplate(
            practice_id=get_practice(session).id, made_by_id=viewer.person_id, changed_at=now, steps=[]
        )
        session.add(template)
    else:
        template = get_template(session, viewer, template_id)
        template.steps.clear()
        session.flush()
    template.title, template.purpose, template.changed_at = title, purpose, now
    template.steps.extend(
        TemplateStep(position=position, **_fields(step)) for position, step in enumerate(steps, start=1)
    )
    session.flush()
    record_of(session, viewer, Action.PATHWAY_TEMPLATE_CHANGED, template)
    return template


def retire_template(session: Session, viewer: Member, template_id: UUID, now: datetime) -> None:
    """Offer a template no longer. Raises NotFound."""
    template = get_template(session, viewer, template_id)
    template.retired_at = now
    record_of(session, viewer, Action.PATHWAY_TEMPLATE_CHANGED, template)


def plan_of(template: PathwayTemplate) -> Plan:
    """Read a template as a plan. Needs steps loaded."""
    steps = tuple(
        PlannedStep(one.kind, one.task_id, one.rule, one.is_in_session, one.due_days)
        for one in template.steps
    )
    return Plan(str(template.id), template.title, template.purpose, steps)


def _fields(step: PlannedStep) -> dict[str, object]:
    rule = step.rule
    return {
        "kind": step.kind, "task_id": step.task_id, "delivery": rule.delivery, "days": rule.days, "weekday": rule.weekday,
        "hour": rule.hour, "is_in_session": step.is_in_session, "due_days": step.due_days,
    }  # fmt: skip


def _go_on(session: Session, ground: _Ground, now: datetime) -> None:
    """Give every step that is due, in order, and note when to look again."""
    pathway = ground.pathway
    _look_ahead(pathway)
    session.flush()
    while (step := next_step(pathway)) is not None and _is_due(session, pathway, now):
        try:
            _give(session, ground, step, now)
        except StepStuck as stuck:
            _note_stuck(session, ground, stuck.reason, now)
            break
        session.flush()
    _finish_if_done(pathway, now)
    session.flush()


def _is_due(session: Session, pathway: Pathway, now: datetime) -> bool:
    if pathway.next_due_at is not None:
        return pathway.next_due_at <= now
    return is_awaited_finished(session, pathway.id)


def _give(session: Session, ground: _Ground, step: PathwayStep, now: datetime) -> None:
    """Give one step. The row of `Given` comes first: whoever comes second fails there, and writes nothing at all."""
    pathway, couple = ground.pathway, ground.couple
    task, due_on = _task(step, pathway.started_by_id), None
    if step.due_days is not None:
        due_on = now.astimezone(parse_zone(pathway.zone)).date() + timedelta(days=step.due_days)
    try:
        with session.begin_nested():
            session.add(Given(step_id=step.id))
            session.flush()
            assignment = give(
                session, ground.viewer, couple, task, for_person_id=pathway.for_person_id, due_on=due_on,
                is_in_session=step.is_in_session, now=now,
            )  # fmt: skip
    except OnHold:
        raise StepStuck(Stuck.HELD) from None
    except AlreadyAsked:
        raise StepStuck(Stuck.ASKED) from None
    except NotFound:  # for one person alone, and the pathway is for two
        raise StepStuck(Stuck.GONE) from None
    step.given_at, step.assignment_id = now, assignment.id
    _await(pathway, assignment, task)
    pathway.counts_from, pathway.stuck = now, None
    record_of(session, ground.viewer, Action.PATHWAY_STEP_GIVEN, step)
    _look_ahead(pathway)


def _task(step: PathwayStep, person_id: UUID) -> Task:
    for task in library(person_id):
        if (task.kind.value, task.id) == (step.kind, step.task_id):
            return task
    raise StepStuck(Stuck.GONE)


def _await(pathway: Pathway, assignment: Assignment, task: Task) -> None:
    """Note what "finished" will mean of the task that was given."""
    revealed = [stage.number for stage in task.stages if stage.has_reveal]
    pathway.awaited_id = assignment.id
    pathway.awaited_stage = max(revealed) if revealed and assignment.for_person_id is None else None


def _look_ahead(pathway: Pathway) -> None:
    """Note when the next step is due; none while that depends on the couple. The first step waits for nobody."""
    step = next_step(pathway)
    if step is None:
        pathway.next_due_at = None
    elif step.delivery is Delivery.AFTER_PREVIOUS and pathway.awaited_id is None:
        pathway.next_due_at = pathway.counts_from
    else:
        pathway.next_due_at = step.rule.due_at(pathway.counts_from, parse_zone(pathway.zone))


def _note_stuck(session: Session, ground: _Ground, reason: Stuck, now: datetime) -> None:
    """Look again later; tell the therapist the first time. The couple sees nothing."""
    pathway = ground.pathway
    if pathway.stuck is not reason:
        therapist = session.get_one(Person, ground.couple.therapist_id)
        queue_message(session, therapist, MessageKind.THERAPIST_NOTICE, {"link": "/"}, now=now)
    pathway.stuck, pathway.next_due_at = reason, now + LOOK_AGAIN


def _finish_if_done(pathway: Pathway, now: datetime) -> None:
    if next_step(pathway) is None and pathway.standing in {Standing.RUNNING, Standing.PAUSED}:
        pathway.standing, pathway.ended_at, pathway.next_due_at = Standing.FINISHED, now, None


def _step_to_come(pathway: Pathway, step_id: UUID) -> PathwayStep:
    step = next((one for one in pathway.steps if one.id == step_id), None)
    if step is None:
        raise NotFound(str(step_id))
    if pathway.standing not in {Standing.RUNNING, Standing.PAUSED}:
        raise NotRunning(str(pathway.id))
    if not step.is_to_come:
        raise NothingToGive(str(step_id))
    return step


def _locked(
    session: Session,
    viewer: Member,
    pathway_id: UUID,
    standing: Standing,
    refusal: type[NotRunning | NotPaused],
) -> Pathway:
    pathway = lock_pathway(session, viewer, pathway_id)
    if pathway.standing is not standing:
        raise refusal(str(pathway_id))
    return pathway


def _recorded(session: Session, viewer: Member, pathway: Pathway) -> Pathway:
    record_of(session, viewer, Action.PATHWAY_CHANGED, pathway)
    session.flush()
    return pathway
