"""Signing out, and leaving at once."""

from flask import Response, abort, request, url_for

from portal.accounts.rules import LEAVE_TO
from portal.accounts.sign_ins import end_sign_in_of
from portal.accounts.views.blueprint import blueprint
from portal.accounts.views.browser import present_token
from portal.clock import utc_now
from portal.security.gate import has_form_token, public
from portal.security.login import clear_session_cookie, current_viewer
from portal.security.viewer import Member
from portal.transaction import transaction
from portal.web.htmx import redirect_to, render


# Both are open: somebody whose sign-in has run out, so that the page is stale, must still get away from it.
@blueprint.post("/sign-out")
@public("ends the sign-in of whoever asks, if there is one", keeps_typed=True)
def sign_out() -> Response:
    """End the sign-in, here and for every copy of its cookie.

    `next` leads the device on to whoever takes it (decision 11): an empty sign-in that names nobody.
    """
    if isinstance(current_viewer(), Member) and not has_form_token():
        abort(400)
    _end_present()
    is_passed_on = request.form.get("next") == "sign-in"
    response = redirect_to(url_for("accounts.sign_in" if is_passed_on else "accounts.signed_out"))
    clear_session_cookie(response)
    return response


@blueprint.get("/signed-out")
@public("says that it is done")
def signed_out() -> Response:
    """Show that nobody is signed in here any more."""
    return render("accounts/signed_out.html")


@blueprint.post("/leave")
@public("ends the sign-in of whoever asks, if there is one, and leaves", keeps_typed=True)
def leave_now() -> Response:
    """End the sign-in and answer with an empty page that goes elsewhere at once, also without JavaScript.

    A redirect to another site would be blocked by `form-action` (decision 14).
    """
    _end_present()
    response = render("accounts/leave.html", leave_to=LEAVE_TO)
    clear_session_cookie(response)
    return response


def _end_present() -> None:
    token = present_token()
    if token:
        with transaction() as session:
            end_sign_in_of(session, token, utc_now())
