"""Accepting an invitation: the link, then the code, then an own login. A GET never uses anything up."""

from flask import Response, current_app, request, url_for
from flask_babel import gettext as _

from portal.accounts.forms import PROBLEMS, InvitationCodeForm, NewAccountForm
from portal.accounts.invitations import accept, enter_code, label_of
from portal.accounts.models import Invitation
from portal.accounts.queries import find_open_invitation
from portal.accounts.rules import (
    INVITATION_LINK,
    AlreadyHasAccount,
    CodeRefused,
    PasswordRefused,
    UserNameTaken,
)
from portal.accounts.sign_ins import end_sign_in_of, note_success, open_sign_in
from portal.accounts.throttle import throttle
from portal.accounts.views.blueprint import blueprint
from portal.accounts.views.browser import device, go_with, network, present_token
from portal.clock import utc_now
from portal.security.gate import public
from portal.security.tokens import Signer, TokenRefused
from portal.security.viewer import TokenPurpose
from portal.transaction import ConstraintViolated, current_session, transaction
from portal.web.errors import error_answer
from portal.web.htmx import render


@blueprint.route("/invitations/<token>", methods=["GET", "POST"])
@public("opened by the link of an invitation", keeps_typed=True)
def invitation(token: str) -> Response:
    """Ask for the code; whose invitation it is, nobody learns before the code is right."""
    found = find_open_invitation(current_session(), token, utc_now())
    if found is None:
        return _neutral_page()
    if found.code_hash is None:
        return _account_page(NewAccountForm(formdata=None), found, token, 200)
    form = InvitationCodeForm()
    if not form.validate_on_submit():
        return _code_page(form, found, 422 if form.is_submitted() else 200)
    return _try_code(form, found, token)


def _try_code(form: InvitationCodeForm, invitation: Invitation, token: str) -> Response:
    with transaction() as session:
        is_allowed = throttle(session, INVITATION_LINK, network(), utc_now())
    if not is_allowed:
        return error_answer(429)
    with transaction() as session:
        is_right = enter_code(session, invitation, form.code.data)
    if is_right:
        return _account_page(NewAccountForm(formdata=None), invitation, token, 200)
    if find_open_invitation(current_session(), token, utc_now()) is None:
        return _neutral_page()
    form.add_error(
        "code",
        _("This code is not right. After five tries the invitation ends, and you can ask for a new one."),
    )
    return _code_page(form, invitation, 422)


@blueprint.post("/invitations/<token>/account")
@public("opened by the link of an invitation, with proof that its code was right", keeps_typed=True)
def accept_invitation(token: str) -> Response:
    """Make the invited person's login and sign in with it."""
    invitation, form, now = (
        find_open_invitation(current_session(), token, utc_now()),
        NewAccountForm(),
        utc_now(),
    )
    if invitation is None or not _has_given_code(invitation):
        return _neutral_page()
    if not form.validate():
        return _account_page(form, invitation, token, 422)
    try:
        with transaction() as session:
            account = accept(
                session, invitation, user_name=form.user_name.data, password=form.password.data, now=now
            )
            end_sign_in_of(session, present_token() or "", now)
            note_success(session, form.user_name.data, network(), now)
            cookie = open_sign_in(session, account, device=device(), now=now)
    except (UserNameTaken, ConstraintViolated):
        form.add_error("user_name", _("This user name is taken. Please choose another one."))
        return _account_page(form, invitation, token, 409)
    except PasswordRefused as refused:
        form.add_error("password", PROBLEMS[refused.problem])
        return _account_page(form, invitation, token, 422)
    except (CodeRefused, AlreadyHasAccount):
        return _neutral_page()
    return go_with(cookie, url_for("home.start"), is_staff=False)


def _has_given_code(invitation: Invitation) -> bool:
    if invitation.code_hash is None:
        return True
    try:
        return _signer().read_id(TokenPurpose.INVITATION, request.form.get("code_given", "")) == invitation.id
    except TokenRefused:
        return False


def _account_page(form: NewAccountForm, invitation: Invitation, token: str, status: int) -> Response:
    """Greet by the own first name only where a code has shown who reads."""
    has_code = invitation.code_hash is not None
    return render(
        "accounts/new_account.html",
        form=form,
        link_token=token,
        first_name=invitation.person.first_name if has_code else "",
        label=label_of(invitation),
        code_given=_signer().sign_id(TokenPurpose.INVITATION, invitation.id) if has_code else "",
        status=status,
    )


def _code_page(form: InvitationCodeForm, invitation: Invitation, status: int) -> Response:
    return render("accounts/invitation.html", form=form, label=label_of(invitation), status=status)


def _neutral_page() -> Response:
    return render("accounts/link_over.html", status=404)


def _signer() -> Signer:
    signer: Signer = current_app.extensions["signer"]
    return signer
