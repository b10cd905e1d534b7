"""A new password without a mail: the therapist makes a code, the client enters it with the own user name."""

from uuid import UUID

from flask import Response, request
from flask_babel import gettext as _

from portal.accounts.forms import WAIT, ResetCodeForm
from portal.accounts.reset_codes import (
    find_by_code,
    get_resettable_account,
    issue_reset_code,
    may_try_code,
)
from portal.accounts.views.blueprint import blueprint
from portal.accounts.views.browser import network
from portal.accounts.views.resets import choose
from portal.accounts.views.unlock import is_client
from portal.clock import utc_now
from portal.security.gate import public, requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import render
from portal.web.links import public_link

PAGE = "accounts/reset_by_code.html"


@blueprint.route("/clients/<uuid:person_id>/reset-code", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_RESET_ISSUE)
def issue_reset(person_id: UUID) -> Response:
    """Make a code for one of the therapist's own clients; it is shown once, to be said in person or in a call."""
    viewer, session = current_member(), current_session()
    account = get_resettable_account(session, viewer, person_id, is_client=is_client())
    first_name, code = account.person.first_name, None
    if request.method == "POST":
        with transaction() as session:
            code = issue_reset_code(session, viewer, account, now=utc_now())
    way = public_link("accounts.reset_by_code")
    return render("accounts/issue_reset.html", first_name=first_name, code=code, way=way)


@blueprint.route("/reset/code", methods=["GET", "POST"])
@public("for those who cannot sign in and get no mail", keeps_typed=True)
def reset_by_code() -> Response:
    """Let whoever holds a code choose a new password; a wrong one is answered alike, whoever is named."""
    form = ResetCodeForm()
    if not form.is_submitted():
        return render(PAGE, form=form)
    if not form.validate():
        return render(PAGE, form=form, status=422)
    identity, now = form.identity.data, utc_now()
    with transaction() as session:
        is_allowed = may_try_code(session, identity, network(), now)
    if not is_allowed:
        form.add_error("code", WAIT)
        return render(PAGE, form=form, status=429)
    with transaction() as session:
        found = find_by_code(session, identity, form.code.data, now)
    if found is None:
        form.add_error(
            "code",
            _(
                "This name and this code do not go together, or its time is over. Each code can be tried five times."
            ),
        )
        return render(PAGE, form=form, status=422)
    return choose(form, *found, template=PAGE)
