"""The result of one's own sitting, for its author alone."""

from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.measures.history import own_story
from portal.measures.queries import own_figures, own_scores, with_figures
from portal.measures.saying import reach_words
from portal.measures.views.blueprint import blueprint
from portal.measures.views.frame import own_sitting
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session
from portal.web.htmx import redirect_to, render


@blueprint.get("/forms/<uuid:response_id>/result")
@requires(Permission.HOMEWORK_TASK_WORK)
def result(response_id: UUID) -> ResponseReturnValue:
    """Say in words what one's own answers come to, and how they compare with the start."""
    sitting = own_sitting(response_id)
    session, viewer = current_session(), current_member()
    if not sitting.is_finished:
        return redirect_to(url_for("measures.start", response_id=response_id))
    sats = own_scores(session, viewer, sitting.paper.key.id)
    place = next((n for n, one in enumerate(sats) if one.score.response_id == response_id), None)
    if place is None:  # somebody else answered, as its author said
        return redirect_to(url_for("homework.own"))
    key = with_figures(sitting.paper.key, own_figures(session))
    return render(
        "measures/result.html",
        sitting=sitting,
        story=own_story(key, sats[: place + 1]),
        reach=reach_words(key),
        zone=get_self(session, viewer).zone,
    )
