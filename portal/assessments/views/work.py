"""Taking the Readiness Test: what it is, its pages, and the look back before it is finished."""

import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from portal.assessments.catalogue import MINUTES
from portal.assessments.definition import Domain, Questionnaire, readiness_test
from portal.assessments.forms import PageForm, page_form
from portal.assessments.service import finish as finish_sitting
from portal.assessments.service import save_page
from portal.assessments.sitting import stored
from portal.assessments.views.blueprint import blueprint
from portal.assessments.views.frame import Sitting, both_of, own_sitting
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
from portal.homework.queries import find_kept_page, is_being_asked
from portal.homework.rescue import keep_typed
from portal.homework.rules import NoLongerAsked, Scope
from portal.homework.service import begin as begin_sitting
from portal.people.queries import get_self
from portal.psychometrics.items import Answer
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.errors import error_answer
from portal.web.htmx import redirect_to, render


@blueprint.get("/questions/<uuid:response_id>")
@requires(Permission.HOMEWORK_TASK_WORK)
def start(response_id: UUID) -> ResponseReturnValue:
    """Say what the test is and who will see what; a finished one leads on to its result."""
    sitting = own_sitting(response_id)
    if sitting.is_finished:
        return redirect_to(url_for("assessments.result", response_id=response_id))
    return render(
        "assessments/start.html",
        sitting=sitting,
        minutes=MINUTES,
        is_asked=_is_asked(sitting),
        has_begun=sitting.response.begun_at is not None,
    )


@blueprint.post("/questions/<uuid:response_id>")
@requires(Permission.HOMEWORK_TASK_WORK)
def begin(response_id: UUID) -> ResponseReturnValue:
    """Begin, or go on with the first question that is open."""
    sitting = own_sitting(response_id)
    with transaction() as session:
        begin_sitting(session, current_member(), response_id, now=utc_now())
    return redirect_to(_address(response_id, _first_open_page(sitting)))


@blueprint.get("/questions/<uuid:response_id>/<int:page>")
@requires(Permission.HOMEWORK_TASK_WORK)
def questions(response_id: UUID, page: int) -> ResponseReturnValue:
    """Show one domain, as it was saved or as it was typed when the sign-in had run out."""
    sitting = own_sitting(response_id)
    _domain(sitting.test, page)
    if sitting.is_finished:
        return redirect_to(url_for("assessments.result", response_id=response_id))
    if sitting.response.begun_at is None:
        return redirect_to(url_for("assessments.start", response_id=response_id))
    if not _is_asked(sitting):
        raise NoLongerAsked(str(response_id))
    return _show(sitting, page)


@blueprint.post("/questions/<uuid:response_id>/<int:page>")
@requires(Permission.HOMEWORK_TASK_WORK, keeps_typed=True, rescue=keep_typed())
def save(response_id: UUID, page: int) -> ResponseReturnValue:
    """Save a page: by itself while somebody chooses, or by one of its buttons, which leads on."""
    if not saves.allows(current_member().person_id):
        return error_answer(HTTPStatus.TOO_MANY_REQUESTS)
    test, viewer = readiness_test(), current_member()
    form = page_form(test, _domain(test, page))
    is_sound = form.validate()
    if form.form_errors:
        return _refuse(response_id, page, form)
    changes = [_change(item_id, answer) for item_id, answer in form.to_answers().items()]
    mark, now = read_mark(request.form), utc_now()
    with transaction() as session:
        saved = save_page(session, viewer, response_id, changes, mark, now=now)
        if "restored" in request.form:
            forget_kept_page(session, viewer, response_id, page)
    if not is_sound:
        return _refuse(response_id, page, form, saved)
    if "go" not in request.form:
        return _saved(response_id, page, form, saved, now)
    if saved.conflicts:
        return _show(own_sitting(response_id), page, 409)
    return redirect_to(_way_on(response_id, page))


@blueprint.get("/questions/<uuid:response_id>/check")
@requires(Permission.HOMEWORK_TASK_WORK)
def check(response_id: UUID) -> ResponseReturnValue:
    """Show what was left out, before the sitting is finished."""
    sitting = own_sitting(response_id)
    if sitting.is_finished:
        return redirect_to(url_for("assessments.result", response_id=response_id))
    left_out = {domain.id: sitting.unanswered(domain) for domain in sitting.test.domains}
    return render("assessments/check.html", sitting=sitting, left_out=left_out, is_asked=_is_asked(sitting))


@blueprint.post("/questions/<uuid:response_id>/check")
@requires(Permission.HOMEWORK_TASK_WORK)
def finish(response_id: UUID) -> ResponseReturnValue:
    """Finish: the therapist can read the answers from now on, and their author the result."""
    own_sitting(response_id)
    with transaction() as session:
        finish_sitting(session, current_member(), response_id, now=utc_now())
    return redirect_to(url_for("assessments.result", response_id=response_id))


def _domain(test: Questionnaire, page: int) -> Domain:
    if not 1 <= page <= len(test.domains):
        raise NotFound("page")
    return test.domains[page - 1]


def _is_asked(sitting: Sitting) -> bool:
    return is_being_asked(current_session(), sitting.response.assignment, current_member().person_id)


def _first_open_page(sitting: Sitting) -> int:
    """Number the first page with something left out; after the last one comes the look back."""
    pages = enumerate(sitting.test.domains, start=1)
    return next((page for page, domain in pages if sitting.unanswered(domain)), len(sitting.test.domains) + 1)


def _address(response_id: UUID, page: int) -> str:
    if page < 1:
        return url_for("assessments.start", response_id=response_id)
    if page > len(readiness_test().domains):
        return url_for("assessments.check", response_id=response_id)
    return url_for("assessments.questions", response_id=response_id, page=page)


def _way_on(response_id: UUID, page: int) -> str:
    turned = turned_to(request.form, page)
    return url_for("home.partner") if turned is None else _address(response_id, turned)


def _change(item_id: str, answer: Answer) -> Change:
    """Every answer is for its author and the therapist; what the partner may see is made later, by sharing."""
    return Change(
        item_id,
        stored(answer),
        Scope.THERAPIST,
        opened_at=opened_at(request.form, item_id),
        resolves=resolves(request.form, item_id),
    )


def _show(sitting: Sitting, page: int, status: int = 200) -> Response:
    """Show a page from what is stored. Where two windows differ, nothing is chosen until its author chooses."""
    domain = _domain(sitting.test, page)
    rows = {item.id: sitting.rows[item.id] for item in domain.items if item.id in sitting.rows}
    doubtful = {item_id: both_of(sitting.test, row) for item_id, row in rows.items() if row.other}
    chosen = {item_id: json.loads(row.value) for item_id, row in rows.items() if not row.other}
    revisions = {item.id: rows[item.id].revision if item.id in rows else 0 for item in domain.items}
    kept = find_kept_page(current_session(), current_member(), sitting.response.id, page)
    if kept is not None:
        typed: Fields = MultiDict(kept_fields(kept))
        chosen |= {item.id: typed[item.id] for item in domain.items if item.id in typed}
        revisions |= {item.id: opened_at(typed, item.id) for item in domain.items if item.id in typed}
    state = fresh_state(revisions, resolved=frozenset(doubtful))
    form = page_form(sitting.test, domain, chosen)
    return _page(
        sitting.response.id, page, form, state, status, doubtful=doubtful, is_restored=kept is not None
    )


def _refuse(response_id: UUID, page: int, form: PageForm, saved: Saved | None = None) -> Response:
    """Show the page with everything that was chosen; a save that nobody pressed for gets a sentence only."""
    if "go" not in request.form:
        return error_answer(HTTPStatus.UNPROCESSABLE_ENTITY)
    is_restored = "restored" in request.form
    return _page(
        response_id, page, form, _state(form, saved), HTTPStatus.UNPROCESSABLE_ENTITY, is_restored=is_restored
    )


def _saved(response_id: UUID, page: int, form: PageForm, saved: Saved, now: datetime) -> Response:
    """Answer a save that nobody pressed for: the marks of the page, with what they say now."""
    state, status = _state(form, saved), HTTPStatus.OK
    if saved.conflicts:
        state, status = state.after(SavedState.CONFLICT, way=_address(response_id, page)), HTTPStatus.CONFLICT
    else:
        zone = get_self(current_session(), current_member()).zone
        state = state.after(SavedState.SAVED, saved_at=now, zone=zone)
    return _page(response_id, page, form, state, status, fragment="homework/_marks.html")


def _state(form: PageForm, saved: Saved | None = None) -> PageState:
    """Carry the marks of the page that was sent on, with the revisions that are stored now."""
    sent = {one.name: opened_at(request.form, one.name) for one in form.questions}
    now_stored = saved.revisions if saved else {}
    resolved = frozenset(name for name in sent if resolves(request.form, name) and name not in now_stored)
    return PageState(read_mark(request.form), {**sent, **now_stored}, resolved)


def _page(
    response_id: UUID,
    page: int,
    form: PageForm,
    state: PageState,
    status: int = 200,
    *,
    fragment: str | None = None,
    doubtful: Mapping[str, tuple[str, str]] | None = None,
    is_restored: bool = False,
) -> Response:
    test = readiness_test()
    return render(
        "assessments/page.html",
        fragment=fragment,
        status=status,
        response_id=response_id,
        test=test,
        domain=test.domains[page - 1],
        number=page,
        form=form,
        page_state=state,
        here=_address(response_id, page),
        doubtful=doubtful or {},
        is_restored=is_restored,
    )
