"""Starting a couple on a pathway, and looking after it."""

from collections.abc import Callable
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.clock import utc_now
from portal.couples.models import Couple
from portal.couples.queries import get_couple
from portal.errors import Conflict
from portal.homework.queries import FROZEN, current_assignments
from portal.homework.rules import NoLongerAsked
from portal.pathways import service
from portal.pathways.forms import StartForm
from portal.pathways.models import Pathway
from portal.pathways.queries import get_pathway
from portal.pathways.rules import NothingToGive, NotPaused, NotRunning, StepStuck, Stuck
from portal.pathways.views.blueprint import blueprint
from portal.pathways.views.templates import all_plans
from portal.pathways.way import draw_ways, given_by
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.zones import city

WHY_STUCK = {
    Stuck.HELD: _l(
        "A safety hold is on, and this one is not for such a time. It waits; neither of them is told."
    ),
    Stuck.ASKED: _l("The same task is with one of them already. It waits until that one is closed."),
    Stuck.GONE: _l(
        "The library has this one no longer, or not for two. Leave it out, and go on with the next."
    ),
}
WHY_NOT: dict[type[Conflict], object] = {
    NoLongerAsked: _l("This couple is paused or closed, so nothing can be given to them at present."),
    NotRunning: _l("This pathway has ended or rests, so that was not done."),
    NotPaused: _l("This pathway is under way already, or it has ended."),
    NothingToGive: _l("This step was given or left out meanwhile, or another one comes first."),
}


@blueprint.route("/couples/<uuid:couple_id>/pathways/new", methods=["GET", "POST"])
@requires(Permission.PATHWAYS_PATHWAY_LEAD, keeps_typed=True)
def start(couple_id: UUID) -> ResponseReturnValue:
    """Choose a pathway, and start the couple or one person of it."""
    viewer, session, form = current_member(), current_session(), StartForm()
    couple = get_couple(session, viewer, couple_id)
    form.offer(all_plans(), couple.partners, _zones(couple))
    if not form.is_submitted():
        return _start_page(couple, form)
    if not form.check():
        return _start_page(couple, form, 422)
    now, plan = utc_now(), form.to_plan()
    try:
        with transaction() as session:
            for person_id in form.to_person_ids():
                service.start_pathway(
                    session, viewer, couple_id, plan, for_person_id=person_id, zone=form.zone.data, now=now
                )
    except NoLongerAsked:
        form.add_error("plan", WHY_NOT[NoLongerAsked])
        return _start_page(get_couple(current_session(), viewer, couple_id), form, 409)
    return redirect_to(url_for("caseload.couple", couple_id=couple_id) + "#pathways")


@blueprint.get("/pathways/<uuid:pathway_id>")
@requires(Permission.PATHWAYS_PATHWAY_LEAD)
def show(pathway_id: UUID) -> ResponseReturnValue:
    """Show the whole way: done, now, and to come with its day."""
    return _page(pathway_id)


@blueprint.post("/pathways/<uuid:pathway_id>/pause")
@requires(Permission.PATHWAYS_PATHWAY_LEAD)
def pause(pathway_id: UUID) -> ResponseReturnValue:
    """Give nothing until it goes on."""
    return _act(pathway_id, lambda session: service.pause(session, current_member(), pathway_id, utc_now()))


@blueprint.post("/pathways/<uuid:pathway_id>/resume")
@requires(Permission.PATHWAYS_PATHWAY_LEAD)
def resume(pathway_id: UUID) -> ResponseReturnValue:
    """Go on."""
    return _act(pathway_id, lambda session: service.resume(session, current_member(), pathway_id, utc_now()))


@blueprint.post("/pathways/<uuid:pathway_id>/stop")
@requires(Permission.PATHWAYS_PATHWAY_LEAD)
def stop(pathway_id: UUID) -> ResponseReturnValue:
    """Give nothing of it any more."""
    return _act(pathway_id, lambda session: service.stop(session, current_member(), pathway_id, utc_now()))


@blueprint.post("/pathways/<uuid:pathway_id>/steps/<uuid:step_id>/skip")
@requires(Permission.PATHWAYS_PATHWAY_LEAD)
def skip(pathway_id: UUID, step_id: UUID) -> ResponseReturnValue:
    """Leave a step out."""
    return _act(
        pathway_id, lambda session: service.skip(session, current_member(), pathway_id, step_id, utc_now())
    )


@blueprint.post("/pathways/<uuid:pathway_id>/steps/<uuid:step_id>/give")
@requires(Permission.PATHWAYS_PATHWAY_LEAD)
def give(pathway_id: UUID, step_id: UUID) -> ResponseReturnValue:
    """Give the next step now."""
    return _act(
        pathway_id,
        lambda session: service.give_now(session, current_member(), pathway_id, step_id, utc_now()),
    )


def _act(pathway_id: UUID, act: Callable[[Session], Pathway]) -> ResponseReturnValue:
    try:
        with transaction() as session:
            act(session)
    except StepStuck as stuck:
        return _page(pathway_id, WHY_STUCK[stuck.reason], 409)
    except tuple(WHY_NOT) as refusal:
        return _page(pathway_id, WHY_NOT[type(refusal)], 409)
    return redirect_to(url_for("pathways.show", pathway_id=pathway_id))


def _page(pathway_id: UUID, sentence: object = "", status: int = 200) -> ResponseReturnValue:
    session, viewer = current_session(), current_member()
    pathway = get_pathway(session, viewer, pathway_id)
    couple = get_couple(session, viewer, pathway.couple_id)
    assignments = current_assignments(session, viewer, pathway.couple_id, beside=given_by([pathway]))
    (way,) = draw_ways([pathway], couple, assignments)
    audited_read(viewer, Action.TASK_READ, way.pathway)
    return render(
        "pathways/pathway.html",
        couple=couple,
        way=way,
        why_stuck=WHY_STUCK[way.pathway.stuck] if way.pathway.stuck else "",
        is_resting=couple.status in FROZEN,
        sentence=sentence,
        status=status,
    )


def _start_page(couple: Couple, form: StartForm, status: int = 200) -> ResponseReturnValue:
    return render(
        "pathways/start.html", couple=couple, form=form, may_start=couple.status not in FROZEN, status=status
    )


def _zones(couple: Couple) -> list[tuple[str, str]]:
    """List by whose clock it can go: the therapist's own, and where that differs the partners'."""
    own = get_self(current_session(), current_member()).zone
    people: dict[str, list[str]] = {}
    for one in couple.partners:
        people.setdefault(one.person.zone, []).append(one.person.first_name)
    here = [(own, str(_l("Yours, %(city)s", city=city(own))))]
    return here + [
        (zone, f"{', '.join(names)}: {city(zone)}") for zone, names in people.items() if zone != own
    ]
