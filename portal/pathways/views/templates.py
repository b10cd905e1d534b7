"""The practice's own pathways, and those that come with the portal."""

from typing import Any
from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal.clock import utc_now
from portal.errors import NotFound
from portal.homework.registry import library
from portal.pathways.forms import TemplateForm
from portal.pathways.queries import get_template, list_templates
from portal.pathways.service import plan_of, retire_template, save_template
from portal.pathways.shipped import Plan, shipped
from portal.pathways.views.blueprint import blueprint
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.get("/practice/pathways")
@requires(Permission.PATHWAYS_TEMPLATE_EDIT)
def shelf() -> ResponseReturnValue:
    """List what couples can be started on."""
    session, viewer = current_session(), current_member()
    own = [plan_of(template) for template in list_templates(session, viewer)]
    return render("pathways/shelf.html", own=own, shipped=shipped(), titles=_titles())


@blueprint.route("/practice/pathways/new", methods=["GET", "POST"])
@requires(Permission.PATHWAYS_TEMPLATE_EDIT, keeps_typed=True)
def new() -> ResponseReturnValue:
    """Make a template."""
    return _edit(None, None)


@blueprint.route("/practice/pathways/<uuid:template_id>", methods=["GET", "POST"])
@requires(Permission.PATHWAYS_TEMPLATE_EDIT, keeps_typed=True)
def template(template_id: UUID) -> ResponseReturnValue:
    """Change a template; couples who are on it keep what they were started on."""
    return _edit(template_id, plan_of(get_template(current_session(), current_member(), template_id)))


@blueprint.post("/practice/pathways/copy")
@requires(Permission.PATHWAYS_TEMPLATE_EDIT)
def copy() -> ResponseReturnValue:
    """Make a template like another one, or like one that comes with the portal."""
    viewer, now = current_member(), utc_now()
    plan = _find_plan(request.form.get("key", ""))
    with transaction() as session:
        made = save_template(
            session, viewer, None, title=plan.title, purpose=plan.purpose, steps=plan.steps, now=now
        )
    return redirect_to(url_for("pathways.template", template_id=made.id))


@blueprint.post("/practice/pathways/<uuid:template_id>/retire")
@requires(Permission.PATHWAYS_TEMPLATE_EDIT)
def retire(template_id: UUID) -> ResponseReturnValue:
    """Offer a template no longer."""
    with transaction() as session:
        retire_template(session, current_member(), template_id, utc_now())
    return redirect_to(url_for("pathways.shelf"))


def all_plans() -> list[Plan]:
    """List what couples can be started on, the practice's own first. At most two statements, and one for a key."""
    own = [plan_of(one) for one in list_templates(current_session(), current_member())]
    return [*own, *shipped()]


def _find_plan(key: str) -> Plan:
    plan = next((one for one in all_plans() if one.key == key), None)
    if plan is None:
        raise NotFound("pathway")
    return plan


def _titles() -> dict[str, str]:
    return {f"{task.kind}:{task.id}": task.title for task in library(current_member().person_id)}


def _edit(template_id: UUID | None, plan: Plan | None) -> ResponseReturnValue:
    form = TemplateForm()
    if not form.is_submitted():
        if plan is not None:
            form.show(plan)
        form.offer(library(current_member().person_id))
        return _page(form, template_id)
    form.offer(library(current_member().person_id))
    if not form.check():
        return _page(form, template_id, status=422)
    with transaction() as session:
        save_template(
            session, current_member(), template_id, title=form.title.data, purpose=form.purpose.data or "",
            steps=form.to_steps(), now=utc_now(),
        )  # fmt: skip
    return redirect_to(url_for("pathways.shelf"))


def _page(form: TemplateForm, template_id: UUID | None, **more: Any) -> ResponseReturnValue:
    return render("pathways/template.html", form=form, template_id=template_id, **more)
