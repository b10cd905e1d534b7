"""The short test for two: a code to pass on, each answers alone, one page for both once both have agreed.

A person's own place travels in the form, as a signed token; nothing of it stands in an address. What is not there, is over or
was taken away is one and the same page.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from flask import Response, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.assessments.short_form import (
    own_result,
    result_of_two,
    short_form,
    told_from_text,
)
from portal.booking.rules import new_form_id
from portal.clock import utc_now
from portal.errors import NotFound
from portal.practice.queries import get_practice
from portal.security.gate import public
from portal.security.viewer import TokenHolder
from portal.shortform.forms import CodeForm, DoorForm, ShareForm, StatementsForm, statements_form
from portal.shortform.models import ShortFormPart
from portal.shortform.queries import find_by_return_code, get_part, join_code, other_part, return_code
from portal.shortform.rules import (
    JOIN_DIGITS,
    KEPT,
    RETURN_DIGITS,
    CodeLeadsNowhere,
    NotFinished,
    Place,
    digits_of,
    read_code,
    spoken,
)
from portal.shortform.saying import (
    OwnWords,
    WordsForTwo,
    names_for,
    own_words,
    read_finished,
    words_for_two,
)
from portal.shortform.service import (
    Finished,
    begin_pair,
    bring_part,
    finish_part,
    join_pair,
    remove_part,
    share_part,
    take_back,
)
from portal.shortform.views.alone import over_page, start_page
from portal.shortform.views.area import (
    BEGUN_BY_ALL,
    BEGUN_BY_NETWORK,
    BROUGHT_BY_NETWORK,
    CODES_OF_ALL,
    CODES_OF_NETWORK,
    blueprint,
    count_taken,
    id_of,
    is_sound,
    is_within,
    must_be_offered,
    network,
    open_form,
    place_token,
    read_answers,
    read_place,
    signed_key,
)
from portal.transaction import ConstraintViolated, current_session, transaction
from portal.web.htmx import redirect_to, render

NOWHERE = 422


@dataclass(frozen=True, slots=True)
class PlaceView:
    """What one person sees of the test for two. `join`: the code to pass on, for whoever began; `back`: the own way back."""

    token: str
    join: str
    back: str
    until: datetime
    zone: str
    own: OwnWords | None = None
    shares: bool = False
    both: WordsForTwo | None = None


@blueprint.post("/short-test/together")
@public("visitors take the short test for two", keeps_typed=True)
def begin() -> ResponseReturnValue:
    """Begin a test for two, and show the code that the other one enters."""
    must_be_offered()
    now, form = utc_now(), DoorForm()
    if not is_sound(form, now):
        return start_page(form, status=422)
    if form.website.data:
        return _pretend(now)
    if not is_within((BEGUN_BY_NETWORK, network()), (BEGUN_BY_ALL, ""), now=now):
        form.form_errors.append(_busy_words())
        return start_page(form, status=429)
    try:
        with transaction() as session:
            part = begin_pair(session, id_of(form), now)
    except ConstraintViolated:  # a double click: the other of the two has written it
        with transaction() as session:
            part = begin_pair(session, id_of(form), now)
    return _page(part)


@blueprint.post("/short-test/code")
@public("the second person comes by a code", keeps_typed=True)
def enter() -> ResponseReturnValue:
    """Lead a code in, or back. Unknown, mistyped, used and over get the same answer."""
    now, form = utc_now(), CodeForm()
    if not form.validate():
        return start_page(code_form=form, status=422)
    if not is_within((CODES_OF_NETWORK, network()), (CODES_OF_ALL, ""), now=now):
        form.form_errors.append(_busy_words())
        return start_page(code_form=form, status=429)
    try:
        return _page(_led_by(read_code(form.code.data), now))
    except (CodeLeadsNowhere, ConstraintViolated):
        form.add_error(
            "code",
            _("This code leads nowhere. It may be mistyped, used before, or more than two days old."),
        )
        return start_page(code_form=form, status=NOWHERE)


@blueprint.post("/short-test/place")
@public("the signed place of one person, from the form", keeps_typed=True)
def place() -> ResponseReturnValue:
    """Show one's own place, or do what was pressed there."""
    now, act = utc_now(), request.form.get("act", "look")
    if g.get("form_is_stale"):
        act = "look"  # the page was old; what it showed is looked at anew before anything happens
    try:
        holder = read_place(request.form.get("place", ""))
        if act == "answer":
            return _statements_page(holder, now)
        if act == "bring":
            return _bring(holder, now)
        if act == "pass":
            return _handed_over()
        return _page(_do(act, holder, now))
    except _Removed:
        return render("shortform/removed.html")
    except NotFound:
        return over_page()


@blueprint.post("/short-test/answers")
@public("the signed place of one person, from the form", keeps_typed=True)
def finish() -> ResponseReturnValue:
    """Keep one person's answers, and show the own result; whatever stands in the way, what was chosen comes back."""
    now = utc_now()
    try:
        holder = read_place(request.form.get("place", ""))
        part = get_part(current_session(), holder, now)
        return _page(part) if part.finished_at is not None else _finish(holder, now)
    except NotFound:
        return over_page()


class _Removed(Exception):
    """The person has just taken the own part away."""


def _do(act: str, holder: TokenHolder, now: datetime) -> ShortFormPart:
    """Do what was pressed, and give the part as it is then. Raises NotFound; anything unknown only looks."""
    if act not in {"share", "take-back", "remove"}:
        return get_part(current_session(), holder, now)
    with transaction() as session:
        part = get_part(session, holder, now, to_change=True)
        try:
            if act == "share":
                share_part(session, part, may_go_along=bool(ShareForm().may_go_along.data), now=now)
            elif act == "take-back":
                take_back(session, part)
        except NotFinished:
            return part
        if act == "remove":
            remove_part(session, part)
    if act == "remove":
        raise _Removed
    return part


def _finish(holder: TokenHolder, now: datetime) -> Response:
    form = statements_form()
    finished = read_answers(form, now)
    if finished is None:
        return _asked(form, holder, 422)
    if form.website.data:
        return _pretend(now, finished)
    with transaction() as session:
        part = get_part(session, holder, now, to_change=True)
        if finish_part(session, part, short_form(), finished, now):
            count_taken(session)
    return _page(part)


def _bring(holder: TokenHolder, now: datetime) -> Response:
    """Keep the own result for the booking that comes next, and go on to the free times."""
    if not is_within((BROUGHT_BY_NETWORK, network()), now=now):
        return _page(get_part(current_session(), holder, now), status=429)
    form_id = new_form_id(now)
    try:
        with transaction() as session:
            bring_part(session, get_part(session, holder, now, to_change=True), form_id, now)
    except NotFinished:
        return _page(get_part(current_session(), holder, now))
    return redirect_to(url_for("booking.times", form=signed_key(form_id)))


def _handed_over() -> Response:
    """Go to the first page of the test; the browser forgets the pages before, so that Back shows nothing of them."""
    response = redirect_to(url_for("shortform.start"))
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _led_by(code: str | None, now: datetime) -> ShortFormPart:
    """Find where a code leads: into the second place, or back to an own one. Raises CodeLeadsNowhere, ConstraintViolated."""
    if code is None:
        raise CodeLeadsNowhere("code")
    if len(code) == JOIN_DIGITS:
        with transaction() as session:
            return join_pair(session, code, now)
    part = find_by_return_code(current_session(), code, now)
    if part is None:
        raise CodeLeadsNowhere("return code")
    return part


def _statements_page(holder: TokenHolder, now: datetime) -> Response:
    part = get_part(current_session(), holder, now)
    if part.finished_at is not None:
        return _page(part)
    form = statements_form(is_blank=True)
    open_form(form, now)
    return _asked(form, holder)


def _asked(form: StatementsForm, holder: TokenHolder, status: int = 200) -> Response:
    return render(
        "shortform/statements.html",
        status=status,
        form=form,
        test=short_form(),
        place=place_token(holder.subject_id),
    )


def _page(part: ShortFormPart, *, status: int = 200) -> Response:
    session = current_session()
    pair = part.pair
    own, both = _results(part)
    return _shown(
        PlaceView(
            token=place_token(part.id),
            join=spoken(join_code(session, pair.id)) if part.place is Place.FIRST else "",
            back=spoken(return_code(session, pair.id, part.place)),
            until=pair.expires_at,
            zone=get_practice(session).zone,
            own=own,
            shares=pair.shares(part.place),
            both=both,
        ),
        status,
    )


def _results(part: ShortFormPart) -> tuple[OwnWords | None, WordsForTwo | None]:
    """Read the own result, and the page for both once it has opened."""
    if part.finished_at is None:
        return None, None
    form = short_form()
    finished, own = read_finished(form, part.own)
    words = own_words(form, own_result(form, finished.answers, seconds=finished.seconds))
    if part.pair.opened_at is None:
        return words, None
    other = told_from_text(form, other_part(current_session(), part).told)
    pair = (own, other) if part.place is Place.FIRST else (other, own)
    return words, words_for_two(result_of_two(form, *pair), names_for(part.place))


def _shown(view: PlaceView, status: int = 200) -> Response:
    return render(
        "shortform/place.html",
        status=status,
        view=view,
        share_form=ShareForm(formdata=None),
        test=short_form(),
    )


def _pretend(now: datetime, finished: Finished | None = None) -> Response:
    """Show a program the page it hopes for; nothing is kept, and its codes lead nowhere."""
    own = None
    if finished is not None:
        own = own_words(short_form(), own_result(short_form(), finished.answers, seconds=None))
    return _shown(
        PlaceView(
            token=place_token(uuid4()),
            join=spoken(digits_of(uuid4().bytes, JOIN_DIGITS)) if finished is None else "",
            back=spoken(digits_of(uuid4().bytes, RETURN_DIGITS)),
            until=now + KEPT,
            zone=get_practice(current_session()).zone,
            own=own,
        )
    )


def _busy_words() -> str:
    return str(_("There were many tries in a short time. Please wait a few minutes, and try again."))
