"""A form that arrives after its sign-in has run out: what was typed is kept for the same person (decision 18)."""

from collections.abc import Callable
from uuid import UUID

from flask import current_app, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.presence import lapsed_member
from portal.clock import utc_now
from portal.homework.answers import keep_page
from portal.homework.forms import PageState, SavedState, read_mark, typed_fields
from portal.security.gate import SignInNeeded
from portal.security.login import cookie_name
from portal.security.tokens import Signer
from portal.transaction import transaction
from portal.web.htmx import redirect_to, render


def keep_typed(page_argument: str = "page") -> Callable[..., ResponseReturnValue]:
    """Make the rescue of a work page, whose address has `response_id` and the number of the page.

    It only lays aside, sealed with its author's key; nothing is read, saved or shown until the same person has signed in.
    Raises SignInNeeded where no sign-in of lately, or no page of it, is behind the form.
    """

    def rescue(response_id: UUID, **values: int) -> ResponseReturnValue:
        owner = lapsed_member(request.cookies.get(cookie_name()))
        signer: Signer = current_app.extensions["signer"]
        token = request.form.get("form_token", "")
        if owner is None or owner.is_limited or not signer.accepts_form(token, owner.login_session_id):
            raise SignInNeeded
        with transaction() as session:
            keep_page(
                session, owner, response_id, values[page_argument], typed_fields(request.form), now=utc_now()
            )
        way = url_for("accounts.sign_in", next=request.path)
        if "go" in request.form:
            return redirect_to(way)
        state = PageState(read_mark(request.form), {}, state=SavedState.KEPT, way=way)
        return render("homework/kept.html", fragment="homework/_marks.html", page_state=state)

    return rescue
