"""Signing in, and proving once more who is there."""

from flask import Response, request, url_for
from flask_babel import gettext as _

from portal.accounts.demo import list_demo_sign_ins
from portal.accounts.forms import CODE_REFUSED, WAIT, FullProofForm, ProofForm, SecondFactorForm, SignInForm
from portal.accounts.models import Account, LoginSession
from portal.accounts.passwords import is_right, refresh_hash
from portal.accounts.queries import get_own_account, holds_passkey, member_of, roles_of
from portal.accounts.rules import PROOF, CodeRefused, asks_second_factor
from portal.accounts.second_factor import accept_answer, may_enter_code, read_answer
from portal.accounts.sign_ins import (
    check_password,
    complete_sign_in,
    end_sign_in_of,
    give_proof,
    may_try,
    note_success,
    open_sign_in,
    refuse_sign_in,
)
from portal.accounts.throttle import throttle
from portal.accounts.views.blueprint import blueprint
from portal.accounts.views.browser import (
    device,
    go_with,
    network,
    present_token,
    present_waiting,
    settings,
    site,
    way_on,
)
from portal.clock import utc_now
from portal.security.gate import public, requires
from portal.security.login import current_member, current_viewer
from portal.security.permissions import Permission
from portal.security.viewer import STAFF, Member
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public("the way in", keeps_typed=True)
def sign_in() -> Response:
    """Take user name or address and password; go on to the second factor or to the home page."""
    if request.method == "GET" and isinstance(current_viewer(), Member):
        return redirect_to(way_on())
    form = SignInForm(next=request.args.get("next", ""))
    if not form.validate_on_submit():
        return sign_in_page(form, 422 if form.is_submitted() else 200)
    return _try_to_sign_in(form)


def _try_to_sign_in(form: SignInForm) -> Response:
    attempt, now = form.to_attempt(), utc_now()
    with transaction() as session:
        is_allowed = may_try(session, attempt.identity, network(), now)
    if not is_allowed:
        form.form_errors.append(WAIT)
        return sign_in_page(form, 429)
    account = check_password(current_session(), attempt.identity, attempt.password)
    if account is None:
        with transaction() as session:
            refuse_sign_in(session)
        form.form_errors.append(
            _("This did not fit together. Please check both, or use your user name instead of the address.")
        )
        return sign_in_page(form, 422)
    new_hash = refresh_hash(account.password_hash, attempt.password)
    roles = roles_of(account)
    with transaction() as session:
        end_sign_in_of(session, present_token() or "", now)
        note_success(session, attempt.identity, network(), now)
        token = open_sign_in(session, account, device=device(), now=now, new_hash=new_hash)
    is_waiting = asks_second_factor(roles, is_totp_on=account.is_totp_on)
    way = url_for("accounts.second_factor", next=request.form.get("next") or None) if is_waiting else way_on()
    return go_with(token, way, is_staff=bool(roles & STAFF))


def sign_in_page(form: SignInForm, status: int) -> Response:
    """Show the way in, with what stood against the last try."""
    shown = list_demo_sign_ins(settings().instance, utc_now()) if settings().is_demo else []
    return render(
        "accounts/sign_in.html", form=form, demo=shown, site=site(), way=form.next.data, status=status
    )


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@public("the second step of the way in, found by the cookie of the first", keeps_typed=True)
def second_factor() -> Response:
    """Take the code of somebody whose password was right."""
    waiting = present_waiting()
    if waiting is None:
        return redirect_to(url_for("accounts.sign_in"))
    if not waiting.account.is_totp_on and not holds_passkey(current_session(), waiting.account_id):
        return redirect_to(url_for("accounts.set_up_second_factor"))
    form = SecondFactorForm(next=request.args.get("next", ""))
    if not waiting.account.is_totp_on:
        return _code_page(form, waiting, 200)
    if not form.validate_on_submit():
        return _code_page(form, waiting, 422 if form.is_submitted() else 200)
    return _try_code(form, waiting)


def _try_code(form: SecondFactorForm, waiting: LoginSession) -> Response:
    now, account = utc_now(), waiting.account
    with transaction() as session:
        is_allowed = may_enter_code(session, account, network(), now)
    if not is_allowed:
        form.add_error("code", WAIT)
        return _code_page(form, waiting, 429)
    answer = read_answer(current_session(), account, form.code.data, now)
    try:
        with transaction() as session:
            accept_answer(session, account, answer, now)
            token = complete_sign_in(session, waiting, now)
    except CodeRefused:
        with transaction() as session:
            refuse_sign_in(session)
        form.add_error("code", CODE_REFUSED)
        return _code_page(form, waiting, 422)
    return go_with(token, way_on(), is_staff=member_of(waiting).is_staff)


def _code_page(form: SecondFactorForm, waiting: LoginSession, status: int) -> Response:
    return render(
        "accounts/second_factor.html",
        form=form,
        is_partner=member_of(waiting).is_partner,
        has_codes=waiting.account.is_totp_on,
        has_passkey=holds_passkey(current_session(), waiting.account_id),
        site=site(),
        way=form.next.data,
        status=status,
    )


@blueprint.route("/prove", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_PROOF_GIVE, keeps_typed=True)
def prove() -> Response:
    """Ask once more for the password, and for a code where there is one, before something sealed opens."""
    viewer = current_member()
    account = get_own_account(current_session(), viewer)
    form = proof_form(account, request.args.get("next", ""))
    if not form.validate_on_submit():
        return proof_page(form, 422 if form.is_submitted() else 200)
    return _try_proof(form, viewer, account)


def _try_proof(form: ProofForm, viewer: Member, account: Account) -> Response:
    now = utc_now()
    with transaction() as session:
        is_allowed = throttle(session, PROOF, str(account.id), now)
    if not is_allowed:
        form.form_errors.append(WAIT)
        return proof_page(form, 429)
    if not is_right(account.password_hash, form.password.data):
        form.add_error("password", _("This password is not right."))
        return proof_page(form, 422)
    answer = read_answer(current_session(), account, form.code.data, now) if account.is_totp_on else None
    try:
        with transaction() as session:
            if answer is not None:
                accept_answer(session, account, answer, now)
            token = give_proof(session, viewer, now)
    except CodeRefused:
        form.add_error("code", CODE_REFUSED)
        return proof_page(form, 422)
    return go_with(token, way_on(), is_staff=viewer.is_staff)


def proof_form(account: Account, way: str) -> ProofForm:
    """Give the form that asks this account's owner who is there."""
    return (FullProofForm if account.is_totp_on else ProofForm)(next=way)


def proof_page(form: ProofForm, status: int) -> Response:
    """Show what proves who is there, with what stood against the last try."""
    layout = "layouts/partner.html" if current_member().is_partner else "layouts/therapist.html"
    return render(
        "accounts/prove.html",
        form=form,
        layout=layout,
        has_passkey=holds_passkey(current_session(), current_member().account_id),
        site=site(),
        status=status,
    )
