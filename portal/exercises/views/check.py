"""The look back: what of an exercise will be shared, what the therapist reads, what stays; then finishing and sharing."""

import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from portal.clock import utc_now
from portal.exercises.questions import Question, kept_with
from portal.exercises.views.blueprint import blueprint
from portal.exercises.views.frame import Sheet, own_sheet
from portal.exercises.wording import flaw_words, lines_of
from portal.homework import service as homework
from portal.homework.commenting import remarks_for, remarks_on_joint
from portal.homework.rules import NoLongerAsked, Scope, Step
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.forms import Form
from portal.web.htmx import redirect_to, render


@dataclass(frozen=True, slots=True)
class Line:
    """One answer as it is read: which field, on which page, and its lines."""

    question: Question
    page: int
    lines: list[str]
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that stands in the way of finishing."""

    question: Question
    page: int
    sentence: str


@blueprint.get("/reflections/<uuid:response_id>/check")
@requires(Permission.HOMEWORK_TASK_WORK)
def check(response_id: UUID) -> ResponseReturnValue:
    """Show everything as it will be read, and by whom."""
    return _page(own_sheet(response_id))


@blueprint.post("/reflections/<uuid:response_id>/check")
@requires(Permission.HOMEWORK_TASK_WORK, keeps_typed=True)
def finish(response_id: UUID) -> ResponseReturnValue:
    """Finish, or finish and share what was looked at; anything else that was written meanwhile is looked at first."""
    sheet, form = own_sheet(response_id), Form()
    if not sheet.is_asked:
        raise NoLongerAsked(str(response_id))
    if not form.validate() or sheet.missing() or _doubtful(sheet):
        return _page(sheet, HTTPStatus.UNPROCESSABLE_ENTITY, form)
    if request.form.get("seen") != _seen(sheet):
        return _page(sheet, HTTPStatus.CONFLICT)
    _finish(sheet, is_shared=request.form.get("go") == "share" and sheet.has_reveal)
    return redirect_to(url_for("exercises.start", response_id=response_id))


def _finish(sheet: Sheet, *, is_shared: bool) -> None:
    viewer, now = current_member(), utc_now()
    withheld = _withheld(sheet) if is_shared else frozenset()
    response_id, is_writing = sheet.response.id, sheet.response.step is Step.WRITING
    with transaction() as session:
        if is_writing:
            homework.submit(session, viewer, response_id, seconds=None, now=now)
        if is_shared:
            homework.share(session, viewer, response_id, withheld=withheld, now=now)


def _withheld(sheet: Sheet) -> frozenset[str]:
    """List what stays with author and therapist: what was chosen, what would tell of it, and what is asked no longer."""
    asked = [one.id for one in sheet.own]
    chosen = frozenset(request.form.getlist("keep")) & set(asked)
    return kept_with(sheet.exercise, chosen, asked) | (sheet.part.rows.keys() - set(asked))


def _doubtful(sheet: Sheet) -> list[Question]:
    """List the fields of which two windows say different things."""
    return [one for one in sheet.own if one.id in sheet.part.rows and sheet.part.rows[one.id].other]


def _seen(sheet: Sheet) -> str:
    """Mark what a look back has shown, by the revisions of the answers that could be shared."""
    rows = sheet.part.rows
    shown = [f"{one.id}:{rows[one.id].revision}" for one in sheet.own if one.id in rows]
    return hashlib.sha256("\n".join(shown).encode()).hexdigest()[:32]


def answered(sheet: Sheet, scope: Scope) -> list[Line]:
    """List one's answers of this part that have this scope, as they are read."""
    kept = frozenset(request.form.getlist("keep"))
    return [
        Line(
            question,
            page,
            lines,
            is_kept=question.id in kept
            or (question.id in sheet.part.rows and sheet.part.rows[question.id].is_withheld),
        )
        for page in range(1, len(sheet.pages) + 1)
        for question in sheet.asked_on(page)
        if question.scope is scope and (lines := lines_of(question, sheet.value_of(question)))
    ]


def _page(sheet: Sheet, status: int = 200, form: Form | None = None) -> Response:
    session, viewer, assignment_id = current_session(), current_member(), sheet.response.assignment_id
    lines = {scope.value: answered(sheet, scope) for scope in Scope}
    pages = {one.id: number for number in range(1, len(sheet.pages) + 1) for one in sheet.asked_on(number)}
    lacks = [Lack(question, page, flaw_words(given)) for page, question, given in sheet.missing()]
    return render(
        "exercises/check.html",
        status=status,
        sheet=sheet,
        trouble={"errors": form is not None, "form_errors": form.form_errors if form else []},
        lines=lines,
        lacks=lacks if sheet.is_asked and sheet.response.step in {Step.WRITING, Step.SUBMITTED} else [],
        doubtful=[(one, pages[one.id]) for one in _doubtful(sheet)],
        seen=_seen(sheet),
        kinds=(Scope.REVEAL, Scope.JOINT, Scope.THERAPIST, Scope.PRIVATE),
        may_share=sheet.has_reveal
        and sheet.is_asked
        and sheet.response.step in {Step.WRITING, Step.SUBMITTED},
        is_changed=status == HTTPStatus.CONFLICT,
        step=sheet.response.step.value,
        remarks=remarks_for(session, viewer, assignment_id),
        remarks_on_joint=remarks_on_joint(session, viewer, assignment_id) if lines[Scope.JOINT.value] else {},
    )
