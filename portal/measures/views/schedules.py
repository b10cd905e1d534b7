"""Asking again: a rhythm for a couple or one person of it, its rest and its end. The therapist's alone."""

from collections.abc import Callable
from uuid import UUID

from flask import Response, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from portal.clock import utc_now
from portal.couples.models import Couple
from portal.couples.queries import get_couple
from portal.homework.queries import FROZEN
from portal.homework.rules import NoLongerAsked
from portal.measures import service
from portal.measures.definition import keys
from portal.measures.forms import ScheduleForm
from portal.measures.models import MeasureSchedule
from portal.measures.queries import current_wordings
from portal.measures.rules import NoWording
from portal.measures.views.blueprint import blueprint
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.zones import parse_zone


@blueprint.route("/couples/<uuid:couple_id>/measures/again", methods=["GET", "POST"])
@requires(Permission.HOMEWORK_TASK_ASSIGN, keeps_typed=True)
def again(couple_id: UUID) -> ResponseReturnValue:
    """Choose what is asked again, of whom and how often."""
    viewer, session, form = current_member(), current_session(), ScheduleForm()
    couple = get_couple(session, viewer, couple_id)
    found = current_wordings(session)
    form.offer([key for key in keys().values() if key.id in found], couple.partners)
    zone = get_self(session, viewer).zone
    today = utc_now().astimezone(parse_zone(zone)).date()
    if not form.is_submitted():
        form.starts_on.data = today
        return _page(couple, form)
    if not form.check(today):
        return _page(couple, form, 422)
    try:
        with transaction() as session:
            service.start_schedule(
                session, viewer, couple_id, form.key.data, form.to_rhythm(), for_person_id=form.to_person_id(), zone=zone
            )  # fmt: skip
    except (NoWording, NoLongerAsked):
        form.add_error("key", _l("This cannot be asked at present. Please look at the couple and the list of questionnaires."))  # fmt: skip
        return _page(get_couple(current_session(), viewer, couple_id), form, 409)
    return redirect_to(url_for("measures.of_couple", couple_id=couple_id))


@blueprint.post("/couples/measures/again/<uuid:schedule_id>/pause")
@requires(Permission.HOMEWORK_TASK_ASSIGN)
def pause(schedule_id: UUID) -> ResponseReturnValue:
    """Let it rest."""
    return _act(service.pause_schedule, schedule_id)


@blueprint.post("/couples/measures/again/<uuid:schedule_id>/resume")
@requires(Permission.HOMEWORK_TASK_ASSIGN)
def resume(schedule_id: UUID) -> ResponseReturnValue:
    """Let it go on."""
    return _act(service.resume_schedule, schedule_id)


@blueprint.post("/couples/measures/again/<uuid:schedule_id>/end")
@requires(Permission.HOMEWORK_TASK_ASSIGN)
def end(schedule_id: UUID) -> ResponseReturnValue:
    """End it; what was given stays with them."""
    return _act(service.end_schedule, schedule_id)


def _act(act: Callable[..., MeasureSchedule], schedule_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        couple_id = act(session, current_member(), schedule_id, now=utc_now()).couple_id
    return redirect_to(url_for("measures.of_couple", couple_id=couple_id))


def _page(couple: Couple, form: ScheduleForm, status: int = 200) -> Response:
    return render(
        "measures/again.html",
        couple=couple,
        form=form,
        may_ask=couple.status not in FROZEN,
        status=status,
    )
