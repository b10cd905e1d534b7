"""Showing one line out of an exercise of one's own to the other; its therapist opens it."""

from http import HTTPStatus
from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal.clock import utc_now
from portal.errors import Conflict, NotFound
from portal.exercises import lines
from portal.exercises.answers import decoded
from portal.exercises.views.blueprint import blueprint
from portal.exercises.views.frame import own_sheet
from portal.homework.rules import AlreadyOpened, NoLongerAsked, NotFinished
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import transaction
from portal.web.errors import error_answer
from portal.web.htmx import redirect_to


@blueprint.post("/reflections/<uuid:response_id>/line")
@requires(Permission.HOMEWORK_TASK_WORK)
def show_line(response_id: UUID) -> ResponseReturnValue:
    """Choose to show one's line as it was looked at, take it back while nobody can have read it, or show it no longer."""
    sheet, go = own_sheet(response_id), request.form.get("go")
    prompt = sheet.exercise.line_to_show
    if prompt is None:
        raise NotFound(str(response_id))
    viewer = current_member()
    try:
        with transaction() as session:
            if go == "show":
                row = sheet.part.rows.get(prompt.id)
                is_seen = row is not None and str(row.revision) == request.form.get("seen")
                seen = str(decoded(row.value) or "") if row is not None and is_seen else ""
                lines.show(session, viewer, response_id, prompt.id, seen, now=utc_now())
            elif go == "hide":
                lines.hide(session, viewer, response_id, now=utc_now())
            else:
                lines.take_back(session, viewer, response_id)
    except (AlreadyOpened, NotFinished, NoLongerAsked):
        return error_answer(HTTPStatus.CONFLICT)
    return redirect_to(url_for("exercises.start", response_id=response_id))


@blueprint.post("/couples/tasks/<uuid:assignment_id>/line")
@requires(Permission.HOMEWORK_TASK_OPEN)
def open_line(assignment_id: UUID) -> ResponseReturnValue:
    """Open the line that its author chose to show, as the therapist of both."""
    try:
        with transaction() as session:
            lines.open_line(session, current_member(), assignment_id, now=utc_now())
    except Conflict:
        return error_answer(HTTPStatus.CONFLICT)
    return redirect_to(url_for("exercises.desk", assignment_id=assignment_id))
