"""Assigning, sharing and revealing. The decisions are in `rules`; here they are fetched, kept and recorded."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.couples.holds import find_hold
from portal.couples.models import Couple, Partner
from portal.couples.queries import lock_couple, members_of
from portal.errors import NotFound
from portal.homework.models import Answer, Assignment, Opening, Response
from portal.homework.queries import (
    FROZEN,
    busy_with,
    get_assignment,
    get_own_response,
    has_anybody_left,
    is_being_asked,
    is_reachable,
    lock_assignment,
    lock_for_save,
    own_answers,
)
from portal.homework.registry import Task
from portal.homework.rules import (
    SHOWN,
    AlreadyAsked,
    NoLongerAsked,
    NotFinished,
    NotWriting,
    OnHold,
    Reveal,
    Scope,
    Standing,
    Step,
    stricter,
)
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.security.viewer import Member, Viewer

Row = TypeVar("Row", Assignment, Response)


def reveal_of(assignment: Assignment, stage: int, *, is_held: bool) -> Reveal:
    """Put one stage together as the rules see it. Needs parts and openings loaded."""
    return Reveal(
        gate=assignment.gate,
        steps={one.person_id: one.step for one in assignment.responses if one.stage == stage},
        standing=assignment.standing,
        is_held=is_held or assignment.held_at is not None,
        is_opened=any(opening.stage == stage for opening in assignment.openings),
    )


def assign(
    session: Session,
    viewer: Member,
    couple_id: UUID,
    task: Task,
    *,
    for_person_id: UUID | None = None,
    due_on: date | None = None,
    is_in_session: bool = False,
    beside: UUID | None = None,
    now: datetime,
) -> Assignment:
    """Ask a couple, or one person of it, to do something; tell those whom it is for, neutrally.

    `is_in_session`: the therapist opens it, whatever the task says. `beside`: an assignment of the same task that may stay.

    Raises:
        NotFound: not the viewer's couple, or not a person of it.
        NoLongerAsked: the couple is paused or closed.
        OnHold: the task may not be given to a couple on safety hold.
        AlreadyAsked: one of them has it open, perhaps by the first of two presses.
    """
    couple = lock_couple(session, viewer, couple_id)
    return give(
        session, viewer, couple, task, for_person_id=for_person_id, due_on=due_on, is_in_session=is_in_session,
        beside=beside, now=now,
    )  # fmt: skip


def assign_to_each(
    session: Session,
    viewer: Member,
    couple_id: UUID,
    task: Task,
    *,
    due_on: date | None = None,
    now: datetime,
) -> list[Assignment]:
    """Ask both persons of a couple, each alone: two assignments that have nothing to do with each other.

    Raises as `assign` does; then neither is asked.
    """
    couple = lock_couple(session, viewer, couple_id)
    return [
        give(session, viewer, couple, task, for_person_id=one.person_id, due_on=due_on, now=now)
        for one in couple.partners
        if one.left_at is None
    ]


def give(
    session: Session,
    viewer: Viewer,
    couple: Couple,
    task: Task,
    *,
    for_person_id: UUID | None = None,
    due_on: date | None = None,
    is_in_session: bool = False,
    beside: UUID | None = None,
    now: datetime,
) -> Assignment:
    """Ask a couple that was found and locked for the viewer before, with its persons. Raises as `assign` does."""
    if couple.status in FROZEN:
        raise NoLongerAsked(str(couple.id))
    if task.is_marked and find_hold(session, couple.id) is not None:
        raise OnHold(str(couple.id))
    people = [
        one for one in couple.partners if one.left_at is None and for_person_id in {None, one.person_id}
    ]
    if not people or (task.is_for_one and for_person_id is None):
        raise NotFound(str(for_person_id))
    if {one.person_id for one in people} & busy_with(session, couple.id, task, but=beside):
        raise AlreadyAsked(str(couple.id))
    assignment = Assignment(
        couple_id=couple.id, for_person_id=for_person_id, assigned_by_id=couple.therapist_id, kind=task.kind,
        task_id=task.id, task_version=task.version, gate=stricter(task.gate, is_in_session=is_in_session), due_on=due_on,
    )  # fmt: skip
    session.add(assignment)
    session.flush()
    for partner in people:
        for stage in task.stages:
            session.add(
                Response(assignment_id=assignment.id, stage=stage.number, person_id=partner.person_id)
            )
        if not (task.is_for_one and is_overheard(partner, couple)):
            queue_message(session, partner.person, MessageKind.NEW_ITEM, {"link": "/"}, now=now)
    return _recorded(session, viewer, Action.TASK_ASSIGNED, assignment)


def is_overheard(partner: Partner, couple: Couple) -> bool:
    """Tell whether the other reads the same inbox: a notice there would tell both that one of them was asked something."""
    code = partner.person.email_code
    return code is not None and any(
        other.person_id != partner.person_id and other.person.email_code == code for other in couple.partners
    )


def begin(session: Session, viewer: Member, response_id: UUID, *, now: datetime) -> Response:
    """Mark when a sitting was begun, which its time is counted from; a second beginning moves nothing.

    Raises NotFound, NoLongerAsked, NotWriting.
    """
    locked = lock_for_save(session, viewer, response_id)
    if not locked.is_asked:
        raise NoLongerAsked(str(response_id))
    if locked.response.step is not Step.WRITING:
        raise NotWriting(str(response_id))
    locked.response.begun_at = locked.response.begun_at or now
    session.flush()
    return locked.response


def submit(
    session: Session, viewer: Member, response_id: UUID, *, seconds: int | None, now: datetime
) -> Response:
    """Finish one's part; the therapist can read it from now on. `seconds`: time spent, None if unknown.

    Raises NotFound, NoLongerAsked, NotWriting.
    """
    response = _change(session, viewer, response_id, lambda reveal: reveal.submit(viewer.person_id), now)
    response.submitted_at, response.seconds = now, seconds
    return _recorded(session, viewer, Action.TASK_SUBMITTED, response)


def reopen(session: Session, viewer: Member, response_id: UUID, *, now: datetime) -> Response:
    """Take one's finished part up again. Raises NotFound, NoLongerAsked, NotFinished; the last also of what is final once sent."""
    if get_own_response(session, viewer, response_id).assignment.kind.is_final:
        raise NotFinished(str(response_id))
    response = _change(session, viewer, response_id, lambda reveal: reveal.reopen(viewer.person_id), now)
    response.submitted_at = None
    return _recorded(session, viewer, Action.TASK_REOPENED, response)


def share(
    session: Session,
    viewer: Member,
    response_id: UUID,
    *,
    withheld: Iterable[str] = (),
    shown: Mapping[str, str] | None = None,
    now: datetime,
) -> Response:
    """Share one's finished part; perhaps the reveal opens by it.

    `withheld`: prompts of scope `reveal` that stay with author and therapist. `shown`: what this share itself makes for the
    partner's eyes, JSON by prompt (each named `SHOWN...`); it replaces what an earlier share made.
    Raises NotFound, NoLongerAsked, NotFinished.
    """
    response = _change(session, viewer, response_id, lambda reveal: reveal.share(viewer.person_id), now)
    response.shared_at = now
    answers, kept_back = own_answers(session, viewer, response_id), set(withheld)
    for answer in answers.values():
        if answer.prompt_id.startswith(SHOWN):
            session.delete(answer)
        else:
            answer.is_withheld = answer.scope is Scope.REVEAL and answer.prompt_id in kept_back
    session.flush()
    for prompt_id, value in (shown or {}).items():
        session.add(
            Answer(
                response_id=response_id, person_id=viewer.person_id, prompt_id=prompt_id, scope=Scope.REVEAL, value=value,
                saved_at=now,
            )
        )  # fmt: skip
    return _recorded(session, viewer, Action.TASK_SHARED, response)


def take_back(session: Session, viewer: Member, response_id: UUID, *, now: datetime) -> Response:
    """Take back what was shared, while the reveal is shut. Raises NotFound, AlreadyOpened, NotShared."""
    response = _change(session, viewer, response_id, lambda reveal: reveal.take_back(viewer.person_id), now)
    response.shared_at = None
    return _recorded(session, viewer, Action.TASK_TAKEN_BACK, response)


def hide(session: Session, viewer: Member, response_id: UUID, *, now: datetime) -> Response:
    """Show the partner no longer what was opened. Raises NotFound, NotOpenedYet, NotShared."""
    response = _change(session, viewer, response_id, lambda reveal: reveal.hide(viewer.person_id), now)
    response.hidden_at = now
    return _recorded(session, viewer, Action.TASK_HIDDEN, response)


def open_stage(
    session: Session, viewer: Member, assignment_id: UUID, stage: int, *, now: datetime
) -> Assignment:
    """Open what both have shared, as the couple's therapist.

    Raises NotFound, NoLongerAsked, AlreadyOpened, OnHold, NotBothShared.
    """
    assignment = _locked_for_therapist(session, viewer, assignment_id)
    if all(one.stage != stage for one in assignment.responses):
        raise NotFound(str(assignment_id))
    reveal = reveal_of(assignment, stage, is_held=find_hold(session, assignment.couple_id) is not None)
    if assignment.couple.status in FROZEN or has_anybody_left(session, assignment.couple_id):
        raise NoLongerAsked(str(assignment_id))
    reveal.open()
    _open(session, viewer, assignment, stage, opened_by_id=viewer.person_id, now=now)
    return assignment


def hold_assignment(session: Session, viewer: Member, assignment_id: UUID, *, now: datetime) -> Assignment:
    """Keep the reveals of one assignment shut; the couple is told nothing. Raises NotFound."""
    assignment = _locked_for_therapist(session, viewer, assignment_id)
    assignment.held_at = assignment.held_at or now
    return _recorded(session, viewer, Action.TASK_HELD, assignment)


def lift_assignment_hold(session: Session, viewer: Member, assignment_id: UUID) -> Assignment:
    """End the hold; nothing opens by that alone. Raises NotFound."""
    assignment = _locked_for_therapist(session, viewer, assignment_id)
    assignment.held_at = None
    return _recorded(session, viewer, Action.TASK_LIFTED, assignment)


def end_assignment(
    session: Session, viewer: Member, assignment_id: UUID, standing: Standing, *, now: datetime
) -> Assignment:
    """Close an assignment as finished, or withdraw it as no longer asked for. Raises NotFound, NoLongerAsked."""
    assignment = _locked_for_therapist(session, viewer, assignment_id)
    assignment.standing = reveal_of(assignment, 1, is_held=False).end(standing).standing
    assignment.ended_at = now
    return _recorded(session, viewer, Action.TASK_ENDED, assignment)


def _recorded(session: Session, viewer: Viewer, action: Action, row: Row) -> Row:
    """Write what was done, and the trace of it."""
    record_of(session, viewer, action, row)
    session.flush()
    return row


def _change(
    session: Session, viewer: Member, response_id: UUID, act: Callable[[Reveal], Reveal], now: datetime
) -> Response:
    """Let the rules decide about one person's act, under the assignment's lock, and keep what follows from it."""
    response = get_own_response(session, viewer, response_id)
    assignment = lock_assignment(session, response.assignment_id)
    is_shut = find_hold(session, assignment.couple_id) is not None or has_anybody_left(
        session, assignment.couple_id
    )
    before = reveal_of(assignment, response.stage, is_held=is_shut)
    after = act(before)
    is_retreat = (
        before.steps[viewer.person_id] is Step.SHARED
    )  # taking back and hiding are possible whatever became of the couple
    if not is_retreat and not (
        is_reachable(response) and is_being_asked(session, assignment, viewer.person_id)
    ):
        raise NoLongerAsked(str(response_id))
    response.step = after.steps[viewer.person_id]
    if after.is_opened and not before.is_opened:
        _open(session, viewer, assignment, response.stage, opened_by_id=None, now=now)
    return response


def _open(
    session: Session,
    viewer: Member,
    assignment: Assignment,
    stage: int,
    *,
    opened_by_id: UUID | None,
    now: datetime,
) -> None:
    opening = Opening(assignment_id=assignment.id, stage=stage, opened_by_id=opened_by_id)
    assignment.openings.append(opening)
    session.flush()
    record_of(session, viewer, Action.REVEAL_OPENED, opening)
    for person in members_of(session, assignment.couple_id):
        queue_message(session, person, MessageKind.NEW_ITEM, {"link": "/"}, now=now)
    session.flush()


def _locked_for_therapist(session: Session, viewer: Member, assignment_id: UUID) -> Assignment:
    get_assignment(session, viewer, assignment_id)
    return lock_assignment(session, assignment_id)
