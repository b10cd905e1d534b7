"""Setting up, moving and turning off the second factor; backup codes, which are shown once."""

import io
from collections.abc import Callable
from datetime import datetime

import segno
from flask import Response, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.accounts.forms import WAIT, SetUpForm
from portal.accounts.models import Account, LoginSession
from portal.accounts.queries import get_account, get_own_account, holds_passkey, member_of
from portal.accounts.rules import CodeRefused
from portal.accounts.second_factor import (
    BackupCodes,
    make_backup_codes,
    may_enter_code,
    pending_secret,
    provisioning_uri,
    replace_backup_codes,
    turn_off,
    turn_on,
)
from portal.accounts.sign_ins import complete_sign_in, end_all_but, renew_sign_in
from portal.accounts.views.blueprint import blueprint
from portal.accounts.views.browser import go_with, network, present_waiting
from portal.clock import utc_now
from portal.errors import NotFound
from portal.security.gate import can, is_fresh, public, requires
from portal.security.login import current_member, current_viewer, set_session_cookie
from portal.security.permissions import Permission
from portal.security.viewer import Member
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render

Finish = Callable[[Session], str]


@blueprint.route("/sign-in/set-up", methods=["GET", "POST"])
@public("the second step of a first sign-in, found by the cookie of the first", keeps_typed=True)
def set_up_second_factor() -> Response:
    """Have people of the practice set up their second factor before anything else opens (AUT-02)."""
    waiting = present_waiting()
    if waiting is None:
        return redirect_to(url_for("accounts.sign_in"))
    if not _may_set_up(waiting):
        return redirect_to(url_for("accounts.second_factor"))
    viewer, now = member_of(waiting), utc_now()
    account = get_account(current_session(), waiting.account_id)
    return _set_up(viewer, account, lambda session: complete_sign_in(session, waiting, now))


def _may_set_up(waiting: LoginSession) -> bool:
    """Tell whether the password alone may lead to a second factor: only where there is none yet, of either kind."""
    return not waiting.account.is_totp_on and not holds_passkey(current_session(), waiting.account_id)


@blueprint.route("/account/second-factor", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_SECURITY_EDIT, keeps_typed=True)
def change_second_factor() -> Response:
    """Turn the second factor on, or move it to another phone; the old app works until the new one is confirmed."""
    viewer, now = current_member(), utc_now()
    return _set_up(
        viewer,
        get_own_account(current_session(), viewer),
        lambda session: _start_afresh(session, viewer, now),
    )


def _set_up(viewer: Member, account: Account, finish: Finish) -> Response:
    form, session, now = SetUpForm(), current_session(), utc_now()
    secret = pending_secret(session, account, viewer.login_session_id)
    if not form.validate_on_submit():
        return _set_up_page(form, viewer, secret, account, 422 if form.is_submitted() else 200)
    with transaction() as session:
        is_allowed = may_enter_code(session, account, network(), now)
    if not is_allowed:
        form.add_error("code", WAIT)
        return _set_up_page(form, viewer, secret, account, 429)
    backup = make_backup_codes(session, account.id)
    try:
        with transaction() as session:
            turn_on(session, viewer, account, secret=secret, code=form.code.data, backup=backup, now=now)
            token = finish(session)
    except CodeRefused:
        form.add_error(
            "code",
            _("This code does not fit. Please wait for the next one and check the clock of your phone."),
        )
        return _set_up_page(form, viewer, secret, account, 422)
    return _backup_codes_page(viewer, backup, token)


def _set_up_page(form: SetUpForm, viewer: Member, secret: str, account: Account, status: int) -> Response:
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return render(
        "accounts/set_up_second_factor.html",
        form=form,
        secret=groups,
        is_on=account.is_totp_on,
        is_partner=viewer.is_partner,
        is_member=isinstance(current_viewer(), Member),
        status=status,
    )


def _backup_codes_page(viewer: Member, backup: BackupCodes, token: str) -> Response:
    response = render("accounts/backup_codes.html", codes=backup.shown, is_partner=viewer.is_partner)
    set_session_cookie(response, token, is_staff=viewer.is_staff)
    return response


def _start_afresh(session: Session, viewer: Member, now: datetime) -> str:
    end_all_but(session, viewer.account_id, viewer.login_session_id, now)
    return renew_sign_in(session, viewer, now)


@blueprint.get("/second-factor/picture")
@public("a picture of the secret for whoever is setting it up, found by the cookie; nothing for others")
def second_factor_picture() -> Response:
    """Draw what the phone's camera reads. An address of its own, because the policy of pages forbids data: pictures."""
    viewer, account = _who_sets_up()
    secret = pending_secret(current_session(), account, viewer.login_session_id)
    picture = io.BytesIO()
    code = segno.make(provisioning_uri(secret, account.user_name), error="m", micro=False)
    code.save(
        picture, kind="svg", scale=5, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    response = Response(picture.getvalue(), mimetype="image/svg+xml")
    response.headers["Content-Encoding"] = "identity"  # compressing secrets lets their length tell about them
    return response


def _who_sets_up() -> tuple[Member, Account]:
    waiting, viewer = present_waiting(), current_viewer()
    if waiting is not None and _may_set_up(waiting):
        return member_of(waiting), waiting.account
    if isinstance(viewer, Member) and can(Permission.ACCOUNT_SECURITY_EDIT) and is_fresh(viewer):
        return viewer, get_own_account(current_session(), viewer)
    raise NotFound("no set-up")


@blueprint.post("/account/second-factor/off")
@requires(Permission.ACCOUNT_SECURITY_EDIT)
def turn_off_second_factor() -> Response:
    """Turn the own second factor off, where it is not required."""
    viewer, now = current_member(), utc_now()
    with transaction() as session:
        turn_off(session, viewer, get_own_account(session, viewer), now)
        token = _start_afresh(session, viewer, now)
    return go_with(token, url_for("accounts.security"), is_staff=viewer.is_staff)


@blueprint.post("/account/backup-codes")
@requires(Permission.ACCOUNT_SECURITY_EDIT)
def renew_backup_codes() -> Response:
    """Make ten new backup codes and show them once."""
    viewer, now = current_member(), utc_now()
    account = get_own_account(current_session(), viewer)
    if not account.is_totp_on:
        raise NotFound("no second factor")
    backup = make_backup_codes(current_session(), account.id)
    with transaction() as session:
        replace_backup_codes(session, viewer, account, backup, now)
        token = _start_afresh(session, viewer, now)
    return _backup_codes_page(viewer, backup, token)
