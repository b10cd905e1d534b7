"""Writing an exercise: what it is for, and its pages, one question each."""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from portal.clock import utc_now
from portal.errors import NotFound
from portal.exercises.answers import Given, decoded, stored
from portal.exercises.forms import Asked, Version, asked, asked_again, read_page
from portal.exercises.lines import own_line
from portal.exercises.queries import own_stages
from portal.exercises.questions import Question, base_of
from portal.exercises.views.blueprint import blueprint
from portal.exercises.views.frame import Sheet, own_sheet, recalled_on, written_sheet
from portal.exercises.views.goal import is_last_open
from portal.exercises.wording import lines_of
from portal.homework.answers import (
    Change,
    Saved,
    forget_kept_page,
    keep_page,
    kept_fields,
    write_answers,
    write_joint,
)
from portal.homework.forms import (
    REVISION,
    Fields,
    PageState,
    SavedState,
    fresh_state,
    opened_at,
    read_mark,
    resolves,
    turned_to,
    typed_fields,
)
from portal.homework.pace import saves
from portal.homework.queries import Locked, find_kept_page
from portal.homework.rescue import keep_typed
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.errors import error_answer
from portal.web.forms import Form
from portal.web.htmx import redirect_to, render


@blueprint.get("/reflections/<uuid:response_id>")
@requires(Permission.HOMEWORK_TASK_WORK)
def start(response_id: UUID) -> ResponseReturnValue:
    """Say what the exercise is for, who will see what, and how far one is oneself."""
    sheet = own_sheet(response_id)
    stages = (
        own_stages(current_session(), current_member(), sheet.response.assignment_id)
        if sheet.is_opened
        else {}
    )
    return render(
        "exercises/start.html",
        sheet=sheet,
        number=_first_open_page(sheet),
        scopes=dict.fromkeys(sheet.scope_of(prompt) for prompt in sheet.prompts),
        next_id=stages.get(sheet.response.stage + 1),
        has_goal=sheet.people is not None
        and sheet.exercise.creates_goal is not None
        and is_last_open(sheet.exercise, sheet.response.assignment),
        **_line_to_show(sheet),
    )


@blueprint.get("/reflections/<uuid:response_id>/<int:page>")
@requires(Permission.HOMEWORK_TASK_WORK)
def questions(response_id: UUID, page: int) -> ResponseReturnValue:
    """Show one page, as it was saved or as it was typed when it could not be saved."""
    sheet = own_sheet(response_id)
    first = sheet.prompts_on(page)[0]
    if not sheet.is_asked or not (first.is_joint or sheet.is_writing):
        return redirect_to(url_for("exercises.start", response_id=response_id))
    return _show(sheet, page)


@blueprint.post("/reflections/<uuid:response_id>/<int:page>")
@requires(Permission.HOMEWORK_TASK_WORK, keeps_typed=True, rescue=keep_typed())
def save(response_id: UUID, page: int) -> ResponseReturnValue:
    """Save a page: by itself while somebody writes, or by one of its buttons, which leads on."""
    if not saves.allows(current_member().person_id):
        return error_answer(HTTPStatus.TOO_MANY_REQUESTS)
    form, now = Form(), utc_now()
    if not form.validate():
        return _refuse(response_id, page, form)
    with transaction() as session:
        sheet, locked = written_sheet(session, current_member(), response_id, page)
        given = _given(sheet, page)
        saved = _save(session, sheet, locked, page, given, now=now)
    if _has_changed(sheet, page):
        return _changed(response_id, page)
    is_sound = all(one.flaw is None for one in given.values())
    if not is_sound and "go" not in request.form:
        return error_answer(HTTPStatus.UNPROCESSABLE_ENTITY)
    if not is_sound and request.form["go"] != "skip":
        return _refuse(response_id, page, form)
    return _answer(sheet, page, given, saved, now)


def _given(sheet: Sheet, page: int) -> dict[str, Given]:
    """Read what was sent for a page. Raises NotFound where only the other one writes."""
    if sheet.prompts_on(page)[0].author not in {None, sheet.part.side.value.upper()}:
        raise NotFound("page")
    return read_page(sheet.asked_on(page), request.form)


def _answer(
    sheet: Sheet, page: int, given: dict[str, Given], saved: Saved, now: datetime
) -> ResponseReturnValue:
    if "go" not in request.form:
        return _saved(sheet.response.id, page, given, saved, now)
    if saved.conflicts:
        return _show(own_sheet(sheet.response.id), page, HTTPStatus.CONFLICT)
    return redirect_to(_way_on(sheet, page))


def _save(
    session: Session, sheet: Sheet, locked: Locked, page: int, given: dict[str, Given], *, now: datetime
) -> Saved:
    """Save what is sound. What was typed over the other's newer words is laid aside, so that its author sees both."""
    viewer, response_id, mark = current_member(), sheet.response.id, read_mark(request.form)
    changes = _changes(sheet.asked_on(page), given)
    if not sheet.pages[page - 1][0].is_joint:
        saved = write_answers(session, locked, sheet.part.rows, changes, mark, now=now)
    else:
        newest = {name: versions[-1] for name, versions in sheet.versions.items()}
        saved = write_joint(session, locked, newest, changes, mark, now=now)
        if saved.conflicts:
            keep_page(session, viewer, response_id, page, typed_fields(request.form), now=now)
            return saved
    if "restored" in request.form:
        forget_kept_page(session, viewer, response_id, page)
    return saved


def _changes(asked_now: tuple[Question, ...], given: dict[str, Given]) -> list[Change]:
    return [
        Change(
            one.id,
            stored(given[one.id]),
            one.scope,
            opened_at=opened_at(request.form, one.id),
            resolves=resolves(request.form, one.id),
        )
        for one in asked_now
        if one.id in given and given[one.id].flaw is None
    ]


def _line_to_show(sheet: Sheet) -> dict[str, Any]:
    """Find what of an exercise for one person its author may show to the other, and what became of it."""
    prompt = sheet.exercise.line_to_show
    if prompt is None or not sheet.is_for_one:
        return {"line_prompt": None}
    row = sheet.part.rows.get(prompt.id)
    return {
        "line_prompt": prompt,
        "line_words": decoded(row.value) if row else None,
        "line_seen": row.revision if row else 0,
        "line": own_line(current_session(), current_member(), sheet.response.id),
    }


def _has_changed(sheet: Sheet, page: int) -> bool:
    """Tell whether the page that was sent asked about something that is no longer there, such as a line since changed."""
    asked_now = {one.id for one in sheet.asked_on(page)}
    bases = {prompt.id for prompt in sheet.pages[page - 1]}
    sent = {name.removeprefix(REVISION) for name in request.form if name.startswith(REVISION)}
    return any(base_of(name) in bases and name not in asked_now for name in sent)


def _changed(response_id: UUID, page: int) -> Response:
    """Show the page as it is asked now; what still stands there was saved."""
    if "go" not in request.form:
        return error_answer(HTTPStatus.CONFLICT)
    return _show(own_sheet(response_id), page, HTTPStatus.CONFLICT, is_changed=True)


def _first_open_page(sheet: Sheet) -> int:
    """Number the first page without any answer of those that may be written; after the last one comes the look back."""
    for number, prompts in enumerate(sheet.pages, start=1):
        asked_now = sheet.asked_on(number)
        if (
            sheet.may_write(prompts[0])
            and asked_now
            and all(sheet.value_of(one) is None for one in asked_now)
        ):
            return number
    return len(sheet.pages) + 1


def _address(sheet: Sheet, page: int) -> str:
    if page < 1:
        return url_for("exercises.start", response_id=sheet.response.id)
    if page > len(sheet.pages):
        return url_for("exercises.check", response_id=sheet.response.id)
    return url_for("exercises.questions", response_id=sheet.response.id, page=page)


def _way_on(sheet: Sheet, page: int) -> str:
    turned = turned_to(request.form, page)
    return url_for("home.partner") if turned is None else _address(sheet, turned)


def _show(sheet: Sheet, page: int, status: int = 200, *, is_changed: bool = False) -> Response:
    """Show a page from what is stored; what could not be saved comes back into the fields, the stored text beside it."""
    asked_now = sheet.asked_on(page)
    kept = find_kept_page(current_session(), current_member(), sheet.response.id, page)
    typed: Fields = MultiDict(kept_fields(kept) if kept is not None else {})
    fields = [
        asked_again(one, sheet.readers_of(one.prompt), typed, None)
        if one.id in typed
        else asked(one, sheet.readers_of(one.prompt), sheet.value_of(one))
        for one in asked_now
    ]
    revisions = {one.id: _revision(sheet, one, typed) for one in asked_now}
    doubtful = frozenset(one.id for one in asked_now if _other(sheet, one) is not None)
    state = fresh_state(revisions, resolved=doubtful)
    return _page(sheet, page, fields, state, status, is_restored=kept is not None, is_changed=is_changed)


def _revision(sheet: Sheet, question: Question, typed: Fields) -> int:
    """Tell which revision a page shows; of what both write it is always the newest, which stands beside the field."""
    if question.prompt.is_joint:
        versions = sheet.versions.get(question.id)
        return versions[-1].revision if versions else 0
    if question.id in typed:
        return opened_at(typed, question.id)
    row = sheet.part.rows.get(question.id)
    return row.revision if row else 0


def _other(sheet: Sheet, question: Question) -> str | None:
    row = None if question.prompt.is_joint else sheet.part.rows.get(question.id)
    return row.other if row is not None and row.other else None


def _refuse(response_id: UUID, page: int, form: Form) -> Response:
    """Show the page with everything that was typed; a save that nobody pressed for gets a sentence only."""
    sheet = own_sheet(response_id)
    given = _given(sheet, page)
    if "go" not in request.form:
        return error_answer(HTTPStatus.UNPROCESSABLE_ENTITY)
    fields = [
        asked_again(one, sheet.readers_of(one.prompt), request.form, given.get(one.id))
        for one in sheet.asked_on(page)
    ]
    state = _state(fields)
    return _page(
        sheet,
        page,
        fields,
        state,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        trouble={"errors": True, "form_errors": form.form_errors},
    )


def _saved(response_id: UUID, page: int, given: dict[str, Given], saved: Saved, now: datetime) -> Response:
    """Answer a save that nobody pressed for: the marks of the page, with what they say now."""
    shown = {one: opened_at(request.form, one) for one in given} | dict(saved.revisions)
    state = PageState(read_mark(request.form), shown)
    if saved.conflicts:
        way = url_for("exercises.questions", response_id=response_id, page=page)
        state, status = state.after(SavedState.CONFLICT, way=way), HTTPStatus.CONFLICT
    else:
        zone = get_self(current_session(), current_member()).zone
        state, status = state.after(SavedState.SAVED, saved_at=now, zone=zone), HTTPStatus.OK
    return render("homework/_marks.html", fragment="homework/_marks.html", status=status, page_state=state)


def _state(fields: list[Asked]) -> PageState:
    sent = {one.id: opened_at(request.form, one.id) for one in fields}
    return PageState(
        read_mark(request.form), sent, frozenset(one for one in sent if resolves(request.form, one))
    )


def _page(
    sheet: Sheet, page: int, fields: list[Asked], state: PageState, status: int, **shown: Any
) -> Response:
    prompts = sheet.prompts_on(page)
    beside = [_beside(sheet, one) for one in fields]
    return render(
        "exercises/page.html",
        status=status,
        sheet=sheet,
        prompts=prompts,
        number=page,
        fields=beside,
        fields_of={prompt.id: [one for one in beside if one.question.prompt is prompt] for prompt in prompts},
        may_write=sheet.may_write(prompts[0]),
        recalled=recalled_on(sheet, prompts),
        page_state=state,
        here=_address(sheet, page),
        zone=get_self(current_session(), current_member()).zone,
        **{"is_restored": False, "is_changed": False, "trouble": {"errors": False}, **shown},
    )


def _beside(sheet: Sheet, one: Asked) -> Asked:
    """Put beside a field what another window wrote, and the versions of what both write."""
    other = _other(sheet, one.question)
    lines = lines_of(one.question, decoded(other)) if other is not None else []
    return replace(
        one,
        other=lines,
        versions=versions_shown(sheet, one.question),
        may_write=sheet.may_write(one.question.prompt),
    )


def versions_shown(sheet: Sheet, question: Question) -> list[Version]:
    """Say the versions of what both write, with author and time, the newest last."""
    if sheet.people is None:
        return []
    people = {partner.person_id: partner for partner in sheet.people.couple.partners}
    return [
        Version(
            people[row.author_id].person.first_name,
            people[row.author_id].side.value,
            row.saved_at,
            lines_of(question, decoded(row.value)),
        )
        for row in sheet.versions.get(question.id, ())
    ]
