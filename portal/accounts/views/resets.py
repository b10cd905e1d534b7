"""Asking for a new password by mail, and choosing it. A GET never uses the link up: mail scanners follow it too."""

from collections.abc import Callable

import structlog
from flask import Response, copy_current_request_context, url_for
from flask_babel import gettext as _

from portal.accounts.forms import PROBLEMS, ChoosePasswordForm, ChoosePasswordForNameForm, ResetForm
from portal.accounts.models import Account, OneTimeToken
from portal.accounts.passwords import hash_new_password
from portal.accounts.queries import find_reset, roles_of
from portal.accounts.resets import (
    accounts_meant,
    may_request,
    pick_account,
    send_reset,
    spend_reset_try,
    use_reset,
)
from portal.accounts.rules import RESET_LINK, CodeRefused, PasswordRefused
from portal.accounts.service import words_about
from portal.accounts.sign_ins import note_success, open_sign_in
from portal.accounts.throttle import throttle
from portal.accounts.views.blueprint import blueprint
from portal.accounts.views.browser import device, go_with, network
from portal.clock import utc_now
from portal.security.gate import public
from portal.security.viewer import STAFF
from portal.transaction import current_session, transaction
from portal.web.errors import error_answer
from portal.web.htmx import redirect_to, render
from portal.web.links import public_link

log = structlog.get_logger()


@blueprint.route("/reset", methods=["GET", "POST"])
@public("for those who cannot sign in", keeps_typed=True)
def reset() -> Response:
    """Ask who wants a new password; the answer is the same whoever that is."""
    form = ResetForm()
    if not form.is_submitted():
        return render("accounts/reset.html", form=form)
    if not form.validate():
        return render("accounts/reset.html", form=form, status=422)
    identity, now = form.identity.data, utc_now()
    with transaction() as session:
        is_allowed = may_request(session, identity, network(), now)
    if not is_allowed:
        form.form_errors.append(
            _("There were several requests. Please look into the mailbox, or try again in an hour.")
        )
        return render("accounts/reset.html", form=form, status=429)
    response = redirect_to(url_for("accounts.reset_requested"))
    response.call_on_close(_after_answer(identity))
    return response


def _after_answer(identity: str) -> Callable[[], None]:
    """Do what only a known name causes once the answer has left, so that its time tells nothing."""

    @copy_current_request_context
    def send() -> None:
        try:
            with transaction() as session:
                send_reset(session, identity, link_to=_link_to, now=utc_now())
        except Exception as error:  # noqa: BLE001 - the answer has left; the server's log is all that remains to tell
            log.error("reset.not_sent", kind=type(error).__name__)  # noqa: TRY400 - a traceback may quote what was typed

    return send


def _link_to(token: str) -> str:
    return public_link("accounts.choose_password", token=token)


@blueprint.get("/reset/requested")
@public("the same answer for everybody")
def reset_requested() -> Response:
    """Say what happens next, whoever asked."""
    return render("accounts/reset_requested.html")


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
@public("opened by the link in a mail", keeps_typed=True)
def choose_password(token: str) -> Response:
    """Let the reader of an inbox choose a new password, with the user name where several share the inbox."""
    found = find_reset(current_session(), token, utc_now())
    meant = accounts_meant(current_session(), found) if found is not None else []
    if found is None or not meant:
        return _neutral_page()
    form = ChoosePasswordForm() if len(meant) == 1 else ChoosePasswordForNameForm()
    if not form.is_submitted():
        return render("accounts/choose_password.html", form=form)
    if not form.validate():
        return render("accounts/choose_password.html", form=form, status=422)
    with transaction() as session:
        is_allowed = throttle(session, RESET_LINK, network(), utc_now())
    if not is_allowed:
        return error_answer(429)
    account = pick_account(current_session(), meant, getattr(form, "user_name", form.password).data)
    if account is None:
        with transaction() as session:
            spend_reset_try(session, found)
        form.add_error(
            "user_name", _("This user name does not go with the address that the link was sent to.")
        )
        return render("accounts/choose_password.html", form=form, status=422)
    return choose(form, found, account)


def choose(
    form: ChoosePasswordForm,
    found: OneTimeToken,
    account: Account,
    *,
    template: str = "accounts/choose_password.html",
) -> Response:
    """Set the password that was chosen, and sign its owner in; staff sign in by themselves."""
    now, user_name, address = utc_now(), account.user_name, account.person.email
    try:
        new_hash = hash_new_password(form.password.data, about=words_about(account.person, user_name))
    except PasswordRefused as refused:
        form.add_error("password", PROBLEMS[refused.problem])
        return render(template, form=form, status=422)
    is_staff = bool(roles_of(account) & STAFF)
    try:
        with transaction() as session:
            use_reset(session, found, account, new_hash=new_hash, now=now)
            for identity in (user_name, address):
                note_success(session, identity, network(), now)
            token = "" if is_staff else open_sign_in(session, account, device=device(), now=now)
    except CodeRefused:
        return _neutral_page()
    if is_staff:
        return redirect_to(url_for("accounts.sign_in"))
    way = "accounts.second_factor" if account.is_totp_on else "home.start"
    return go_with(token, url_for(way), is_staff=False)


def _neutral_page() -> Response:
    return render("accounts/link_over.html", status=404)
