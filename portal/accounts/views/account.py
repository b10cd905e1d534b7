"""The own account: password, second factor, sign-ins. Nothing of it is visible to anybody else."""

from datetime import datetime
from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _

from portal.accounts.forms import PROBLEMS, WAIT, ChangePasswordForm
from portal.accounts.models import Account, LoginSession
from portal.accounts.passwords import hash_new_password, is_right
from portal.accounts.queries import get_own_account, get_own_sign_in, holds_passkey, list_sign_ins
from portal.accounts.rules import PROOF, PasswordRefused, asks_second_factor, is_alive
from portal.accounts.second_factor import count_backup_codes
from portal.accounts.service import change_password as store_password
from portal.accounts.service import words_about
from portal.accounts.sign_ins import end_all_but, end_sign_in, renew_sign_in
from portal.accounts.throttle import throttle
from portal.accounts.views.blueprint import blueprint
from portal.accounts.views.browser import go_with
from portal.clock import utc_now
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.get("/account")
@requires(Permission.ACCOUNT_SECURITY_EDIT)
def security() -> Response:
    """Show what can be changed about the own login."""
    return _security_page(ChangePasswordForm(), 200)


@blueprint.post("/account/password")
@requires(Permission.ACCOUNT_SECURITY_EDIT, keeps_typed=True)
def change_password() -> Response:
    """Change the own password; all other sign-ins end, and this one gets a new token."""
    form, viewer, now = ChangePasswordForm(), current_member(), utc_now()
    if not form.validate():
        return _security_page(form, 422)
    account = get_own_account(current_session(), viewer)
    with transaction() as session:
        is_allowed = throttle(session, PROOF, str(account.id), now)
    if not is_allowed:
        form.form_errors.append(WAIT)
        return _security_page(form, 429)
    new_hash = _checked_hash(form, account)
    if new_hash is None:
        return _security_page(form, 422)
    with transaction() as session:
        store_password(session, viewer, account, new_hash=new_hash, now=now)
        token = renew_sign_in(session, viewer, now)
    return go_with(token, url_for("accounts.security"), is_staff=viewer.is_staff)


def _checked_hash(form: ChangePasswordForm, account: Account) -> str | None:
    if not is_right(account.password_hash, form.present.data):
        form.add_error("present", _("This is not your present password."))
        return None
    try:
        return hash_new_password(form.password.data, about=words_about(account.person, account.user_name))
    except PasswordRefused as refused:
        form.add_error("password", PROBLEMS[refused.problem])
        return None


def _security_page(form: ChangePasswordForm, status: int) -> Response:
    session, viewer = current_session(), current_member()
    account = get_own_account(session, viewer)
    has_passkey = holds_passkey(session, account.id)
    return render(
        "accounts/security.html",
        form=form,
        layout=_layout(),
        is_on=account.is_totp_on,
        is_required=asks_second_factor(viewer.roles, is_totp_on=False) and not has_passkey,
        has_passkey=has_passkey,
        backup_codes_left=count_backup_codes(session, account),
        status=status,
    )


@blueprint.get("/account/sign-ins")
@requires(Permission.ACCOUNT_SIGN_INS_LIST)
def sign_ins() -> Response:
    """Show where the viewer is and was signed in: kind of device and time, never places (SES-06)."""
    session, viewer, now = current_session(), current_member(), utc_now()
    zone = get_own_account(session, viewer).person.zone
    found = list_sign_ins(session, viewer, now)
    is_open = {one.id: _is_open(one, now) for one in found}
    return render(
        "accounts/sign_ins.html",
        layout=_layout(),
        sign_ins=found,
        is_open=is_open,
        has_others=sum(is_open.values()) > 1,
        here=viewer.login_session_id,
        zone=zone,
    )


@blueprint.post("/account/sign-ins/<uuid:login_session_id>/end")
@requires(Permission.ACCOUNT_SIGN_INS_LIST)
def end_one(login_session_id: UUID) -> Response:
    """End one of the viewer's own sign-ins."""
    viewer = current_member()
    with transaction() as session:
        end_sign_in(session, viewer, get_own_sign_in(session, viewer, login_session_id), utc_now())
    return redirect_to(url_for("accounts.sign_ins"))


@blueprint.post("/account/sign-ins/end-others")
@requires(Permission.ACCOUNT_SIGN_INS_LIST)
def end_others() -> Response:
    """End all of the viewer's sign-ins but this one."""
    viewer = current_member()
    with transaction() as session:
        end_all_but(session, viewer.account_id, viewer.login_session_id, utc_now())
    return redirect_to(url_for("accounts.sign_ins"))


def _is_open(one: LoginSession, now: datetime) -> bool:
    is_staff = current_member().is_staff
    return one.ended_at is None and is_alive(
        last_seen_at=one.last_seen_at, expires_at=one.expires_at, is_staff=is_staff, now=now
    )


def _layout() -> str:
    return "layouts/partner.html" if current_member().is_partner else "layouts/therapist.html"
