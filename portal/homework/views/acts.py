"""What a therapist does about one assignment: open, hold, close, withdraw."""

from collections.abc import Callable
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.errors import Conflict
from portal.homework.desk import desk_state
from portal.homework.disowning import give_anew
from portal.homework.models import Assignment
from portal.homework.registry import catalogue_of
from portal.homework.rules import (
    AlreadyAsked,
    AlreadyOpened,
    NoLongerAsked,
    NotBothShared,
    NothingDisowned,
    OnHold,
    Standing,
)
from portal.homework.service import end_assignment, hold_assignment, lift_assignment_hold, open_stage
from portal.homework.views.blueprint import blueprint
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render

WHY_NOT: dict[type[Conflict], object] = {
    AlreadyOpened: _l("This part has been opened before. Both can read what they shared with each other."),
    NoLongerAsked: _l(
        "This is no longer asked for, or the couple is paused or closed, so it stays as it is."
    ),
    NotBothShared: _l("This can open only once both have shared."),
    NothingDisowned: _l("This person does not say that somebody else answered, or it was given anew before."),
    AlreadyAsked: _l("This is with them once more already. Close that one first."),
    OnHold: _l("A hold keeps this shut. Lift the hold first, then open it."),
}
REFUSALS = tuple(WHY_NOT)


@blueprint.post("/couples/tasks/<uuid:assignment_id>/open/<int:stage>")
@requires(Permission.HOMEWORK_TASK_OPEN)
def open_for_both(assignment_id: UUID, stage: int) -> ResponseReturnValue:
    """Open what both have shared."""
    viewer = current_member()
    return _act(
        assignment_id, lambda session: open_stage(session, viewer, assignment_id, stage, now=utc_now())
    )


@blueprint.post("/couples/tasks/<uuid:assignment_id>/hold")
@requires(Permission.HOMEWORK_TASK_OPEN)
def hold(assignment_id: UUID) -> ResponseReturnValue:
    """Keep it shut; nobody is told."""
    viewer = current_member()
    return _act(assignment_id, lambda session: hold_assignment(session, viewer, assignment_id, now=utc_now()))


@blueprint.post("/couples/tasks/<uuid:assignment_id>/lift")
@requires(Permission.HOMEWORK_TASK_OPEN)
def lift(assignment_id: UUID) -> ResponseReturnValue:
    """End the hold; nothing opens by that alone."""
    viewer = current_member()
    return _act(assignment_id, lambda session: lift_assignment_hold(session, viewer, assignment_id))


@blueprint.post("/couples/tasks/<uuid:assignment_id>/close")
@requires(Permission.HOMEWORK_TASK_OPEN)
def close(assignment_id: UUID) -> ResponseReturnValue:
    """End it as finished; what is open stays open."""
    return _end(assignment_id, Standing.CLOSED)


@blueprint.post("/couples/tasks/<uuid:assignment_id>/withdraw")
@requires(Permission.HOMEWORK_TASK_OPEN)
def withdraw(assignment_id: UUID) -> ResponseReturnValue:
    """Ask for it no longer; nothing of it is shown to the other any more."""
    return _end(assignment_id, Standing.WITHDRAWN)


@blueprint.post("/couples/tasks/<uuid:assignment_id>/anew/<uuid:person_id>")
@requires(Permission.HOMEWORK_TASK_OPEN)
def anew(assignment_id: UUID, person_id: UUID) -> ResponseReturnValue:
    """Delete what somebody else answered in this person's place, and give the task to the person anew."""
    viewer = current_member()
    return _act(
        assignment_id, lambda session: give_anew(session, viewer, assignment_id, person_id, now=utc_now())
    )


def _end(assignment_id: UUID, standing: Standing) -> ResponseReturnValue:
    viewer = current_member()
    return _act(
        assignment_id,
        lambda session: end_assignment(session, viewer, assignment_id, standing, now=utc_now()),
    )


def _act(assignment_id: UUID, act: Callable[[Session], Assignment]) -> ResponseReturnValue:
    try:
        with transaction() as session:
            kind = act(session).kind
    except REFUSALS as refusal:
        return _standing_page(assignment_id, WHY_NOT[type(refusal)])
    return redirect_to(url_for(catalogue_of(kind).desk_endpoint, assignment_id=assignment_id))


def _standing_page(assignment_id: UUID, sentence: object) -> ResponseReturnValue:
    viewer, session = current_member(), current_session()
    return render(
        "homework/standing.html",
        acts=desk_state(session, viewer, assignment_id),
        sentence=sentence,
        zone=get_self(session, viewer).zone,
        status=409,
    )
