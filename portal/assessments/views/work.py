"""Taking the Readiness Test: what it is, its pages, and the look back before it is finished."""

from uuid import UUID

from flask.typing import ResponseReturnValue

from portal.assessments.catalogue import is_known
from portal.assessments.definition import readiness_test
from portal.assessments.service import finish as finish_sitting
from portal.assessments.views.blueprint import blueprint
from portal.assessments.views.frame import ReadinessPaper, own_sitting
from portal.homework.rescue import keep_typed
from portal.homework.views.questionnaire import Questionnaire
from portal.security.gate import requires
from portal.security.permissions import Permission

PAGES = Questionnaire(
    area="assessments",
    paper_of=lambda _response_id: ReadinessPaper(readiness_test()),
    sitting_of=own_sitting,
    owns=is_known,
    finish_part=finish_sitting,
)


@blueprint.get("/questions/<uuid:response_id>")
@requires(Permission.HOMEWORK_TASK_WORK)
def start(response_id: UUID) -> ResponseReturnValue:
    """Say what the test is and who will see what; a finished one leads on to its result."""
    return PAGES.start(response_id)


@blueprint.post("/questions/<uuid:response_id>")
@requires(Permission.HOMEWORK_TASK_WORK)
def begin(response_id: UUID) -> ResponseReturnValue:
    """Begin, or go on with the first page that has something open."""
    return PAGES.begin(response_id)


@blueprint.get("/questions/<uuid:response_id>/<int:page>")
@requires(Permission.HOMEWORK_TASK_WORK)
def questions(response_id: UUID, page: int) -> ResponseReturnValue:
    """Show one page, as it was saved or as it was typed when the sign-in had run out."""
    return PAGES.questions(response_id, page)


@blueprint.post("/questions/<uuid:response_id>/<int:page>")
@requires(Permission.HOMEWORK_TASK_WORK, keeps_typed=True, rescue=keep_typed())
def save(response_id: UUID, page: int) -> ResponseReturnValue:
    """Save a page: by itself while somebody chooses, or by one of its buttons, which leads on."""
    return PAGES.save(response_id, page)


@blueprint.get("/questions/<uuid:response_id>/check")
@requires(Permission.HOMEWORK_TASK_WORK)
def check(response_id: UUID) -> ResponseReturnValue:
    """Show what was left out, before the sitting is finished."""
    return PAGES.check(response_id)


@blueprint.post("/questions/<uuid:response_id>/check")
@requires(Permission.HOMEWORK_TASK_WORK)
def finish(response_id: UUID) -> ResponseReturnValue:
    """Finish: the therapist can read the answers from now on, and their author the result."""
    return PAGES.finish(response_id)
