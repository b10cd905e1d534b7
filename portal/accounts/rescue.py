"""A form that arrives after its sign-in has run out: what was typed is handed back, to be sent once more (decision 18).

For forms whose text is not sealed. Nothing is stored: the page that answers holds everything, and once somebody has signed
in beside it, sending it leads to the form as it was typed, with a fresh token.
"""

from flask import current_app, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.presence import lapsed_member
from portal.security.gate import SignInNeeded
from portal.security.login import cookie_name
from portal.security.tokens import Signer
from portal.web.htmx import render


def hand_back(**_values: object) -> ResponseReturnValue:
    """Give back what was typed to whoever just typed it. Raises SignInNeeded where no sign-in of lately is behind the form."""
    owner = lapsed_member(request.cookies.get(cookie_name()))
    signer: Signer = current_app.extensions["signer"]
    token = request.form.get("form_token", "")
    if owner is None or not signer.accepts_form(token, owner.login_session_id):
        raise SignInNeeded
    return render(
        "accounts/handed_back.html",
        fragment="accounts/_handed_back.html",
        address=request.path,
        typed=[(name, text) for name, text in request.form.items(multi=True) if name != "form_token"],
        way=url_for("accounts.sign_in"),
        has_files=bool(request.files),
    )
