"""Answering a questionnaire: what it is, its pages, and the look back before it is sent."""

from uuid import UUID

from flask.typing import ResponseReturnValue

from portal.homework.rescue import keep_typed
from portal.homework.views.questionnaire import Questionnaire
from portal.measures.catalogue import is_measure
from portal.measures.service import finish as finish_sitting
from portal.measures.views.blueprint import blueprint
from portal.measures.views.frame import own_paper, own_sitting
from portal.security.gate import requires
from portal.security.permissions import Permission

PAGES = Questionnaire(
    area="measures",
    paper_of=own_paper,
    sitting_of=own_sitting,
    owns=is_measure,
    finish_part=finish_sitting,
)


@blueprint.get("/forms/<uuid:response_id>")
@requires(Permission.HOMEWORK_TASK_WORK)
def start(response_id: UUID) -> ResponseReturnValue:
    """Say what it is and who reads it; one that was sent leads on to its result."""
    return PAGES.start(response_id)


@blueprint.post("/forms/<uuid:response_id>")
@requires(Permission.HOMEWORK_TASK_WORK)
def begin(response_id: UUID) -> ResponseReturnValue:
    """Begin, or go on with the first page that has something open."""
    return PAGES.begin(response_id)


@blueprint.get("/forms/<uuid:response_id>/<int:page>")
@requires(Permission.HOMEWORK_TASK_WORK)
def questions(response_id: UUID, page: int) -> ResponseReturnValue:
    """Show one page, as it was saved or as it was typed when the sign-in had run out."""
    return PAGES.questions(response_id, page)


@blueprint.post("/forms/<uuid:response_id>/<int:page>")
@requires(Permission.HOMEWORK_TASK_WORK, keeps_typed=True, rescue=keep_typed())
def save(response_id: UUID, page: int) -> ResponseReturnValue:
    """Save a page: by itself while somebody chooses, or by one of its buttons, which leads on."""
    return PAGES.save(response_id, page)


@blueprint.get("/forms/<uuid:response_id>/check")
@requires(Permission.HOMEWORK_TASK_WORK)
def check(response_id: UUID) -> ResponseReturnValue:
    """Show what was left out, before it is sent for good."""
    return PAGES.check(response_id)


@blueprint.post("/forms/<uuid:response_id>/check")
@requires(Permission.HOMEWORK_TASK_WORK)
def finish(response_id: UUID) -> ResponseReturnValue:
    """Send it: the therapist can read it from now on, and it stays as it is."""
    return PAGES.finish(response_id)
