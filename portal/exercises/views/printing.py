"""Exercises on paper: one's own answers, and an empty exercise for those who would rather write by hand."""

from uuid import UUID

from flask.typing import ResponseReturnValue

from portal.exercises.answers import REPLIES
from portal.exercises.definition import RANGES, TEXTS, FieldType
from portal.exercises.money import priced
from portal.exercises.shelf import find_readable
from portal.exercises.views.blueprint import blueprint
from portal.exercises.views.check import answered
from portal.exercises.views.frame import own_sheet
from portal.exercises.wording import reply_words
from portal.homework.rules import Scope
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session
from portal.web.htmx import render


@blueprint.get("/reflections/<uuid:response_id>/print")
@requires(Permission.HOMEWORK_TASK_WORK)
def printed(response_id: UUID) -> ResponseReturnValue:
    """Show one's own answers of this part as they stand, for paper: by who reads them."""
    sheet = own_sheet(response_id)
    return render(
        "exercises/printed.html",
        sheet=sheet,
        kinds=(Scope.REVEAL, Scope.JOINT, Scope.THERAPIST, Scope.PRIVATE),
        lines={scope.value: answered(sheet, scope) for scope in Scope},
    )


@blueprint.get("/reflections/empty/<task_id>/<version>")
@requires(Permission.HOMEWORK_TASK_ASSIGN)
def empty_sheet(task_id: str, version: str) -> ResponseReturnValue:
    """Show an exercise without answers, for paper."""
    session = current_session()
    exercise = priced(session, find_readable(session, current_member(), task_id, version))
    return render(
        "exercises/empty_sheet.html",
        exercise=exercise,
        texts=TEXTS,
        long=FieldType.LONG_TEXT,
        numbers={kind: range(low, high + 1) for kind, (low, high) in RANGES.items()},
        replies=[reply_words()[one] for one in REPLIES],
    )
