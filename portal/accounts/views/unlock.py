"""Lifting the limit after a mailed reset: the therapist makes a code, the client enters it."""

from uuid import UUID

from flask import Response, current_app, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.accounts.forms import WAIT, UnlockForm
from portal.accounts.rules import UNLOCK
from portal.accounts.throttle import throttle
from portal.accounts.unlock import IsClientOf, get_client_account, use_unlock
from portal.accounts.unlock import issue_unlock as make_code
from portal.accounts.views.blueprint import blueprint
from portal.accounts.views.browser import go_with
from portal.clock import utc_now
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.security.viewer import Viewer
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.route("/unlock", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_UNLOCK_USE, keeps_typed=True)
def unlock() -> Response:
    """Take the code that the therapist handed over in person."""
    viewer, form, now = current_member(), UnlockForm(), utc_now()
    if not viewer.is_limited:
        return redirect_to(url_for("home.start"))
    if not form.validate_on_submit():
        return _unlock_page(form, 422 if form.is_submitted() else 200)
    with transaction() as session:
        is_allowed = throttle(session, UNLOCK, str(viewer.account_id), now)
    if not is_allowed:
        form.add_error("code", WAIT)
        return _unlock_page(form, 429)
    with transaction() as session:
        token = use_unlock(session, viewer, form.code.data, now)
    if token is None:
        form.add_error(
            "code", _("This code is not right, or its time is over. Each code can be tried five times.")
        )
        return _unlock_page(form, 422)
    return go_with(token, url_for("home.start"), is_staff=False)


def _unlock_page(form: UnlockForm, status: int) -> Response:
    return render("accounts/unlock.html", form=form, status=status)


@blueprint.route("/clients/<uuid:person_id>/unlock-code", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_UNLOCK_ISSUE)
def issue_unlock(person_id: UUID) -> Response:
    """Make a code for one of the therapist's own clients; it is shown once, to be handed over in person."""
    viewer, session = current_member(), current_session()
    account = get_client_account(session, viewer, person_id, is_client=is_client())
    if request.method == "GET" or not account.is_limited:
        return render(
            "accounts/issue_unlock.html", account=account, first_name=account.person.first_name, code=None
        )
    with transaction() as session:
        code = make_code(session, viewer, account, now=utc_now())
    return render(
        "accounts/issue_unlock.html", account=account, first_name=account.person.first_name, code=code
    )


def is_client() -> IsClientOf:
    """Ask the area above that knows whose clients people are; without it nobody is anybody's client."""
    found: IsClientOf = current_app.extensions.get("is_client_of", _nobodys_client)
    return found


def _nobodys_client(_session: Session, _viewer: Viewer, _person_id: UUID) -> bool:
    return False
