"""Answering a questionnaire: what it is, its pages, and the look back before it is sent."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from portal.clock import utc_now
from portal.errors import NotFound
from portal.homework.answers import Change, Saved, forget_kept_page, kept_fields
from portal.homework.forms import (
    Fields,
    PageState,
    SavedState,
    fresh_state,
    opened_at,
    read_mark,
    resolves,
    turned_to,
)
from portal.homework.pace import saves
from portal.homework.queries import find_kept_page
from portal.homework.rescue import keep_typed
from portal.homework.rules import NoLongerAsked, Scope
from portal.homework.service import begin as begin_sitting
from portal.measures.forms import PageForm, page_form
from portal.measures.service import finish as finish_sitting
from portal.measures.service import save_page
from portal.measures.sitting import pages_of
from portal.measures.views.blueprint import blueprint
from portal.measures.views.frame import Sitting, own_sitting
from portal.people.queries import get_self
from portal.psychometrics.instrument import KeyItem
from portal.psychometrics.items import Answer
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.errors import error_answer
from portal.web.htmx import redirect_to, render


@blueprint.get("/forms/<uuid:response_id>")
@requires(Permission.HOMEWORK_TASK_WORK)
def start(response_id: UUID) -> ResponseReturnValue:
    """Say what it is and who reads it; one that was sent leads on to its result."""
    sitting = own_sitting(response_id)
    if sitting.is_finished:
        return redirect_to(url_for("measures.result", response_id=response_id))
    return render(
        "measures/start.html",
        sitting=sitting,
        is_asked=sitting.is_asked,
        has_begun=sitting.response.begun_at is not None,
    )


@blueprint.post("/forms/<uuid:response_id>")
@requires(Permission.HOMEWORK_TASK_WORK)
def begin(response_id: UUID) -> ResponseReturnValue:
    """Begin, or go on with the first page that has something open."""
    sitting = own_sitting(response_id)
    with transaction() as session:
        begin_sitting(session, current_member(), response_id, now=utc_now())
    return redirect_to(_address(sitting, _first_open_page(sitting)))


@blueprint.get("/forms/<uuid:response_id>/<int:page>")
@requires(Permission.HOMEWORK_TASK_WORK)
def questions(response_id: UUID, page: int) -> ResponseReturnValue:
    """Show one page, as it was saved or as it was typed when the sign-in had run out."""
    sitting = own_sitting(response_id)
    _items(sitting, page)
    if sitting.is_finished:
        return redirect_to(url_for("measures.result", response_id=response_id))
    if sitting.response.begun_at is None:
        return redirect_to(url_for("measures.start", response_id=response_id))
    if not sitting.is_asked:
        raise NoLongerAsked(str(response_id))
    return _show(sitting, page)


@blueprint.post("/forms/<uuid:response_id>/<int:page>")
@requires(Permission.HOMEWORK_TASK_WORK, keeps_typed=True, rescue=keep_typed())
def save(response_id: UUID, page: int) -> ResponseReturnValue:
    """Save a page: by itself while somebody chooses, or by one of its buttons, which leads on."""
    if not saves.allows(current_member().person_id):
        return error_answer(HTTPStatus.TOO_MANY_REQUESTS)
    sitting, viewer = own_sitting(response_id), current_member()
    form = page_form(_items(sitting, page), sitting.wording)
    is_sound = form.validate()
    if form.form_errors:
        return _refuse(sitting, page, form)
    changes = [_change(item_id, answer) for item_id, answer in form.to_answers().items()]
    mark, now = read_mark(request.form), utc_now()
    with transaction() as session:
        saved = save_page(session, viewer, response_id, changes, mark, now=now)
        if "restored" in request.form:
            forget_kept_page(session, viewer, response_id, page)
    if not is_sound:
        return _refuse(sitting, page, form, saved)
    if "go" not in request.form:
        return _saved(sitting, page, form, saved, now)
    if saved.conflicts:
        return _show(own_sitting(response_id), page, 409)
    turned = turned_to(request.form, page)
    return redirect_to(url_for("home.partner") if turned is None else _address(sitting, turned))


@blueprint.get("/forms/<uuid:response_id>/check")
@requires(Permission.HOMEWORK_TASK_WORK)
def check(response_id: UUID) -> ResponseReturnValue:
    """Show what was left out, before it is sent for good."""
    sitting = own_sitting(response_id)
    if sitting.is_finished:
        return redirect_to(url_for("measures.result", response_id=response_id))
    left_out = set(sitting.left_out)
    pages = [[item.id for item in items if item.id in left_out] for items in pages_of(sitting.key)]
    return render("measures/check.html", sitting=sitting, pages=pages, is_asked=sitting.is_asked)


@blueprint.post("/forms/<uuid:response_id>/check")
@requires(Permission.HOMEWORK_TASK_WORK)
def finish(response_id: UUID) -> ResponseReturnValue:
    """Send it: the therapist can read it from now on, and it stays as it is."""
    own_sitting(response_id)
    with transaction() as session:
        finish_sitting(session, current_member(), response_id, now=utc_now())
    return redirect_to(url_for("measures.result", response_id=response_id))


def _items(sitting: Sitting, page: int) -> Sequence[KeyItem]:
    pages = pages_of(sitting.key)
    if not 1 <= page <= len(pages):
        raise NotFound("page")
    return pages[page - 1]


def _first_open_page(sitting: Sitting) -> int:
    """Number the first page with something never answered; after the last one comes the look back."""
    pages = pages_of(sitting.key)
    opened = (
        number for number, items in enumerate(pages, 1) if any(one.id not in sitting.rows for one in items)
    )
    return next(opened, len(pages) + 1)


def _address(sitting: Sitting, page: int) -> str:
    response_id = sitting.response.id
    if page < 1:
        return url_for("measures.start", response_id=response_id)
    if page > len(pages_of(sitting.key)):
        return url_for("measures.check", response_id=response_id)
    return url_for("measures.questions", response_id=response_id, page=page)


def _change(item_id: str, answer: Answer) -> Change:
    """Every answer is for its author and the therapist; nothing of it is ever made for the partner."""
    return Change(
        item_id,
        json.dumps(answer),
        Scope.THERAPIST,
        opened_at=opened_at(request.form, item_id),
        resolves=resolves(request.form, item_id),
    )


def _show(sitting: Sitting, page: int, status: int = 200) -> Response:
    """Show a page from what is stored. Where two windows differ, nothing is chosen until its author chooses."""
    items = _items(sitting, page)
    rows = {item.id: sitting.rows[item.id] for item in items if item.id in sitting.rows}
    doubtful = frozenset(item_id for item_id, row in rows.items() if row.other)
    chosen = {item_id: json.loads(row.value) for item_id, row in rows.items() if not row.other}
    revisions = {item.id: rows[item.id].revision if item.id in rows else 0 for item in items}
    kept = find_kept_page(current_session(), current_member(), sitting.response.id, page)
    if kept is not None:
        typed: Fields = MultiDict(kept_fields(kept))
        names = {item.id: f"item-{item.id}" for item in items if f"item-{item.id}" in typed}
        chosen |= {item_id: typed[name] for item_id, name in names.items()}
        revisions |= {item_id: opened_at(typed, item_id) for item_id in names}
    form = page_form(items, sitting.wording, chosen)
    state = fresh_state(revisions, resolved=doubtful)
    return _page(sitting, page, form, state, status, doubtful=doubtful, is_restored=kept is not None)


def _refuse(sitting: Sitting, page: int, form: PageForm, saved: Saved | None = None) -> Response:
    """Show the page with everything that was chosen; a save that nobody pressed for gets a sentence only."""
    if "go" not in request.form:
        return error_answer(HTTPStatus.UNPROCESSABLE_ENTITY)
    state, is_restored = _state(form, saved), "restored" in request.form
    return _page(sitting, page, form, state, HTTPStatus.UNPROCESSABLE_ENTITY, is_restored=is_restored)


def _saved(sitting: Sitting, page: int, form: PageForm, saved: Saved, now: datetime) -> Response:
    """Answer a save that nobody pressed for: the marks of the page, with what they say now."""
    state, status = _state(form, saved), HTTPStatus.OK
    if saved.conflicts:
        state, status = state.after(SavedState.CONFLICT, way=_address(sitting, page)), HTTPStatus.CONFLICT
    else:
        zone = get_self(current_session(), current_member()).zone
        state = state.after(SavedState.SAVED, saved_at=now, zone=zone)
    return _page(sitting, page, form, state, status, fragment="homework/_marks.html")


def _state(form: PageForm, saved: Saved | None = None) -> PageState:
    """Carry the marks of the page that was sent on, with the revisions that are stored now."""
    sent = {one.item.id: opened_at(request.form, one.item.id) for one in form.questions}
    now_stored: Mapping[str, int] = saved.revisions if saved else {}
    resolved = frozenset(name for name in sent if resolves(request.form, name) and name not in now_stored)
    return PageState(read_mark(request.form), {**sent, **now_stored}, resolved)


def _page(
    sitting: Sitting,
    page: int,
    form: PageForm,
    state: PageState,
    status: int = 200,
    *,
    fragment: str | None = None,
    doubtful: frozenset[str] = frozenset(),
    is_restored: bool = False,
) -> Response:
    return render(
        "measures/page.html",
        fragment=fragment,
        status=status,
        sitting=sitting,
        number=page,
        pages=len(pages_of(sitting.key)),
        form=form,
        page_state=state,
        here=_address(sitting, page),
        doubtful=doubtful,
        is_restored=is_restored,
    )
