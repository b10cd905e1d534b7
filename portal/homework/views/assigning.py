"""The therapist gives a couple something to do, and sees all that was given."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.clock import utc_now
from portal.couples.holds import find_hold
from portal.couples.models import Couple
from portal.couples.queries import get_couple
from portal.errors import Conflict
from portal.homework.assigning_forms import AssignForm, key_of
from portal.homework.desk import desk_states, lines_of, patterns_of
from portal.homework.models import Assignment
from portal.homework.queries import FROZEN, current_assignments
from portal.homework.registry import Task, catalogue_of, library
from portal.homework.rules import AlreadyAsked, NoLongerAsked, OnHold
from portal.homework.service import assign as assign_task
from portal.homework.service import assign_to_each
from portal.homework.views.blueprint import blueprint
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.security.viewer import Member
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.zones import parse_zone

WHY_NOT: dict[type[Conflict], object] = {
    NoLongerAsked: _l("This couple is paused or closed, so nothing can be given to them at present."),
    OnHold: _l("A safety hold is on, and this one is not for such a time. Please choose another one."),
    AlreadyAsked: _l("This is with them already. Close the earlier one first, or choose another one."),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """One task of the library. `already`: open for both of them; `is_shut`: not while the safety hold is on."""

    task: Task
    already: Assignment | None
    is_shut: bool

    @property
    def is_free(self) -> bool:
        """Tell whether it can be chosen now."""
        return self.already is None and not self.is_shut

    @property
    def desk_endpoint(self) -> str:
        """Say where the one that is with them is shown."""
        return catalogue_of(self.task.kind).desk_endpoint


@blueprint.get("/couples/<uuid:couple_id>/tasks")
@requires(Permission.HOMEWORK_TASK_READ)
def of_couple(couple_id: UUID) -> ResponseReturnValue:
    """Show everything that this couple was given, and how far both are."""
    viewer, session = current_member(), current_session()
    couple = get_couple(session, viewer, couple_id)
    audited_read(viewer, Action.TASK_READ, couple)
    states = desk_states(session, viewer, couple)
    return render(
        "homework/of_couple.html",
        couple=couple,
        states=states,
        patterns=patterns_of(lines_of(states), couple, utc_now()),
        may_assign=couple.status not in FROZEN,
        zone=get_self(session, viewer).zone,
    )


@blueprint.route("/couples/<uuid:couple_id>/tasks/new", methods=["GET", "POST"])
@requires(Permission.HOMEWORK_TASK_ASSIGN, keeps_typed=True)
def assign(couple_id: UUID) -> ResponseReturnValue:
    """Show the library and give something of it. A form of one press elsewhere sends `task` alone: then for both."""
    viewer, session, form = current_member(), current_session(), AssignForm()
    couple = get_couple(session, viewer, couple_id)
    tasks = library(viewer.person_id)
    form.offer(tasks, couple.partners)
    if not form.is_submitted():
        return _library_page(couple, form, tasks)
    today = utc_now().astimezone(parse_zone(get_self(session, viewer).zone)).date()
    if not form.check(today):
        return _library_page(couple, form, tasks, 422)
    return _assign(viewer, couple_id, form, tasks)


def _assign(viewer: Member, couple_id: UUID, form: AssignForm, tasks: Sequence[Task]) -> ResponseReturnValue:
    task, due_on, now = form.to_task(), form.due_on.data, utc_now()
    try:
        with transaction() as session:
            if form.is_for_each:
                assign_to_each(session, viewer, couple_id, task, due_on=due_on, now=now)
            else:
                assign_task(
                    session, viewer, couple_id, task, for_person_id=form.to_person_id(), due_on=due_on,
                    is_in_session=form.is_in_session, now=now,
                )  # fmt: skip
    except (NoLongerAsked, OnHold, AlreadyAsked) as refusal:
        form.add_error("task", WHY_NOT[type(refusal)])
        return _library_page(get_couple(current_session(), viewer, couple_id), form, tasks, 409)
    return redirect_to(url_for("homework.of_couple", couple_id=couple_id))


def _library_page(
    couple: Couple, form: AssignForm, tasks: Sequence[Task], status: int = 200
) -> ResponseReturnValue:
    viewer, session = current_member(), current_session()
    is_held = find_hold(session, couple.id) is not None
    with_them = {
        (one.kind, one.task_id): one
        for one in current_assignments(session, viewer, couple.id)
        if one.for_person_id is None
    }
    offers = {
        key_of(task): Offer(task, with_them.get((task.kind, task.id)), task.is_marked and is_held)
        for task in tasks
    }
    return render(
        "homework/assign.html",
        couple=couple,
        form=form,
        offers=offers,
        may_assign=couple.status not in FROZEN,
        status=status,
    )
