"""Who can see what: one page for each partner, about that partner's own words only."""

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal.clock import utc_now
from portal.couples.models import SecretsPolicy
from portal.couples.queries import find_own_couple
from portal.home.views import blueprint
from portal.homework.own_tasks import own_tasks
from portal.homework.who_sees import circles_of
from portal.practice.models import ConsentKind
from portal.practice.queries import gives_quality, therapist_name
from portal.practice.service import choose_quality
from portal.practice.texts import DEFAULT_CONSENTS
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.get("/privacy")
@requires(Permission.HOMEWORK_TASK_WORK)
def privacy() -> ResponseReturnValue:
    """Say in plain sentences who reads what, and show it for everything that this person has written."""
    viewer, session = current_member(), current_session()
    couple, tasks = find_own_couple(session, viewer), own_tasks(session, viewer)
    opened = frozenset(task.response_id for task in tasks if task.is_opened)
    return render(
        "home/privacy.html",
        partner_name=next(
            (one.person.first_name for one in couple.partners if one.person_id != viewer.person_id), ""
        )
        if couple
        else "",
        therapist_name=therapist_name(session, couple.therapist_id) if couple else "",
        has_no_secrets=couple is not None and couple.secrets_policy is SecretsPolicy.NO_SECRETS,
        tasks=tasks,
        circles=circles_of(session, viewer, opened),
        quality=DEFAULT_CONSENTS[ConsentKind.QUALITY],
        gives_quality=gives_quality(session, viewer),
    )


@blueprint.post("/privacy")
@requires(Permission.HOMEWORK_TASK_WORK)
def quality() -> ResponseReturnValue:
    """Let one's answers be used without the name, or no longer."""
    with transaction() as session:
        choose_quality(
            session, current_member(), is_given=request.form.get("quality") == "yes", now=utc_now()
        )
    return redirect_to(url_for("home.privacy", _anchor="quality"))
