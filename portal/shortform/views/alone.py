"""The short test for one: what it is, its statements, the result at once. Nothing is stored unless its author brings it along."""

from typing import Any

from flask import Response, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.assessments.short_form import own_result, short_form
from portal.booking.rules import new_form_id
from portal.booking.views.area import open_to_all
from portal.booking.views.way import read_form_id
from portal.clock import utc_now
from portal.security.gate import public
from portal.security.tokens import TokenRefused
from portal.shortform.forms import CodeForm, DoorForm, StatementsForm, statements_form
from portal.shortform.saying import own_words
from portal.shortform.service import Finished, bring_alone, leave_out
from portal.shortform.views.area import (
    BROUGHT_BY_NETWORK,
    blueprint,
    count_taken_once,
    id_of,
    is_within,
    must_be_offered,
    network,
    open_form,
    read_answers,
    read_result,
    result_token,
    signed_key,
)
from portal.transaction import transaction
from portal.web.htmx import redirect_to, render
from portal.web.links import public_link

ON_THE_WAY = ("start", "zone", "may", "from", "with", "type", "at", "form")  # what links of the booking carry


@blueprint.get("/short-test")
@public("the short test is for visitors")
def start() -> ResponseReturnValue:
    """Say what the short test is, and begin: alone, together, or with a code."""
    must_be_offered()
    return open_to_all(start_page(), is_found=not request.args)


@blueprint.get("/short-test/statements")
@public("the short test is for visitors")
def questions() -> ResponseReturnValue:
    """Ask the statements, for one person alone."""
    must_be_offered()
    form = statements_form(is_blank=True)
    open_form(form, utc_now())
    return _questions_page(form)


@blueprint.get("/short-test/<any(result, bring, together, code, place, answers):step>")
@public("an address that is only there to be sent to leads to the first page")
def again(step: str) -> ResponseReturnValue:
    """Lead somebody whose browser has lost what was sent, as after a restart, to the first page and its field for the own code."""
    return make_response(redirect(url_for("shortform.start"), 302))


@blueprint.post("/short-test/result")
@public("visitors get their result at once", keeps_typed=True)
def result() -> ResponseReturnValue:
    """Show one person's result; whatever stands in the way, what was chosen comes back."""
    must_be_offered()
    now, form = utc_now(), statements_form()
    finished = read_answers(form, now)
    if finished is None:
        return _questions_page(form, 422)
    if not form.website.data:
        count_taken_once(id_of(form), now)
    return _result_page(finished)


@blueprint.post("/short-test/bring")
@public("visitors bring their result to a first talk, if they wish")
def bring() -> ResponseReturnValue:
    """Keep a result for the booking that comes next, and go on to the free times."""
    now = utc_now()
    try:
        finished = read_result(request.form.get("result", ""))
    except TokenRefused:
        return over_page()
    if not is_within((BROUGHT_BY_NETWORK, network()), now=now):
        return _result_page(finished, status=429)
    form_id = new_form_id(now)
    with transaction() as session:
        bring_alone(session, short_form(), finished, form_id, now)
    return redirect_to(url_for("booking.times", form=signed_key(form_id)))


@blueprint.post("/short-test/leave-out")
@public("visitors change their mind about what they bring")
def leave_result_out() -> ResponseReturnValue:
    """Book without the result after all; what waited for the booking form is deleted."""
    form_id = read_form_id(request.args.get("form", ""))
    if form_id is None:
        return over_page()
    with transaction() as session:
        leave_out(session, form_id)
    carried: dict[str, Any] = {name: request.args[name] for name in ON_THE_WAY if name in request.args}
    return redirect_to(url_for("booking.details", **carried))


def start_page(
    form: DoorForm | None = None, code_form: CodeForm | None = None, *, status: int = 200
) -> Response:
    """Show the first page, with what was typed on it."""
    form = form if form is not None else DoorForm(formdata=None)
    open_form(form, utc_now())
    return render(
        "shortform/start.html",
        status=status,
        form=form,
        code_form=code_form if code_form is not None else CodeForm(formdata=None),
        test=short_form(),
        canonical=public_link("shortform.start"),
    )


def over_page() -> Response:
    """Say that nothing is here: too old, taken away, never there. The same for all of them."""
    return render("shortform/over.html", status=404)


def _questions_page(form: StatementsForm, status: int = 200) -> Response:
    return render("shortform/statements.html", status=status, form=form, test=short_form(), place="")


def _result_page(finished: Finished, *, status: int = 200) -> Response:
    """Show the result. Raises TooFewAnswers."""
    form = short_form()
    own = own_result(form, finished.answers, seconds=finished.seconds)
    return render(
        "shortform/result.html",
        status=status,
        own=own_words(form, own),
        result=result_token(finished),
        is_busy=status != 200,  # noqa: PLR2004 - the one other status is "too many"
        test=form,
    )
