"""Passkeys: coming in and proving with one, and the page of one's own. A device answers to a script, which sends an ordinary form."""

from collections.abc import Callable
from uuid import UUID

from flask import Response, current_app, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.accounts.ceremony import (
    NewKey,
    PasskeyRefused,
    Site,
    Use,
    ask_for_new,
    ask_for_use,
    check_use,
    login_word,
    new_challenge,
    new_handle,
    read_claim,
    read_new,
)
from portal.accounts.forms import (
    PASSKEY_REFUSED,
    WAIT,
    LabelForm,
    NewPasskeyForm,
    PasskeyForm,
    SignInForm,
)
from portal.accounts.models import Passkey
from portal.accounts.passkeys import (
    CHALLENGE_AGE,
    AlreadyThere,
    LastWayIn,
    TooMany,
    add_passkey,
    find_claimed,
    get_own_passkey,
    list_passkeys,
    note_doubt,
    note_use,
    remove_passkey,
    rename_passkey,
    spend_challenge,
)
from portal.accounts.queries import get_own_account
from portal.accounts.rules import PROOF, SIGN_IN_NETWORK
from portal.accounts.sign_ins import (
    end_sign_in_of,
    give_proof,
    open_sign_in,
    refuse_sign_in,
    renew_sign_in,
)
from portal.accounts.throttle import throttle
from portal.accounts.views.blueprint import blueprint
from portal.accounts.views.browser import device, go_with, network, present_token, site, way_on
from portal.accounts.views.sign_in import proof_form, proof_page, sign_in_page
from portal.clock import utc_now
from portal.errors import NotFound
from portal.security.gate import public, requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.security.tokens import Signer, TokenRefused
from portal.security.viewer import STAFF, TokenPurpose
from portal.transaction import ConstraintViolated, current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.get("/sign-in/passkey")
@public("what a device is to sign; the same for everybody, and nothing is kept of it")
def passkey_challenge() -> Response:
    """Give the script of the sign-in page a fresh challenge."""
    challenge = new_challenge()
    state = _signer().sign_words(TokenPurpose.PASSKEY_SIGN_IN, {"challenge": challenge})
    return _for_script(state, ask_for_use(_site(), challenge))


@blueprint.post("/sign-in/passkey")
@public("the way in with a passkey", keeps_typed=True)
def sign_in_with_passkey() -> Response:
    """Let in whose device signed the challenge after it had checked who is there: both factors at once (AUT-02)."""
    form, now = PasskeyForm(), utc_now()
    if not form.validate_on_submit():
        return _refused(422, *form.form_errors or [PASSKEY_REFUSED])
    with transaction() as session:
        is_allowed = throttle(session, SIGN_IN_NETWORK, network(), now)
    if not is_allowed:
        return _refused(429, WAIT)
    try:
        passkey, use = _claimed(form)
    except PasskeyRefused:
        with transaction() as session:
            refuse_sign_in(session)
        return _refused(422, PASSKEY_REFUSED)
    return _let_in(passkey, use)


def _claimed(form: PasskeyForm) -> tuple[Passkey, Use]:
    challenge = _use_state(TokenPurpose.PASSKEY_SIGN_IN, form.state.data)["challenge"]
    claim = read_claim(form.answer.data)
    passkey = find_claimed(current_session(), claim)
    if passkey is None:
        raise PasskeyRefused("nobody's")
    return passkey, check_use(_site(), challenge, claim, passkey.public_key)


def _let_in(passkey: Passkey, use: Use) -> Response:
    now, account = utc_now(), passkey.account
    is_staff = any(role.role in STAFF for role in account.roles)

    def begin(session: Session) -> str:
        end_sign_in_of(session, present_token() or "", now)
        return open_sign_in(session, account, device=device(), now=now, by_passkey=True)

    token = _accept(passkey, use, begin)
    return go_with(token, way_on(), is_staff=is_staff) if token else _refused(422, PASSKEY_REFUSED)


def _accept(passkey: Passkey, use: Use, act: Callable[[Session], str]) -> str | None:
    """Act on a passkey whose signature was right; None, and it is kept in view, if its count has gone backwards."""
    now = utc_now()
    try:
        with transaction() as session:
            note_use(session, passkey, use, now)
            return act(session)
    except PasskeyRefused:
        with transaction() as session:
            note_doubt(session, passkey, now)
            refuse_sign_in(session)
        return None


def _refused(status: int, *sentences: str) -> Response:
    form = SignInForm(formdata=None, next=request.form.get("next", ""))
    form.form_errors = list(sentences)
    return sign_in_page(form, status)


@blueprint.post("/prove/passkey")
@requires(Permission.ACCOUNT_PROOF_GIVE, keeps_typed=True)
def prove_with_passkey() -> Response:
    """Take one of the viewer's own passkeys for the password, before something sealed opens."""
    form, viewer, now = PasskeyForm(), current_member(), utc_now()
    if not form.validate_on_submit():
        return _not_proved(422, *form.form_errors or [PASSKEY_REFUSED])
    with transaction() as session:
        is_allowed = throttle(session, PROOF, str(viewer.account_id), now)
    if not is_allowed:
        return _not_proved(429, WAIT)
    try:
        passkey, use = _claimed(form)
        get_own_passkey(current_session(), viewer, passkey.id)
    except (PasskeyRefused, NotFound):
        return _not_proved(422, PASSKEY_REFUSED)
    token = _accept(passkey, use, lambda session: give_proof(session, viewer, now))
    return go_with(token, way_on(), is_staff=viewer.is_staff) if token else _not_proved(422, PASSKEY_REFUSED)


def _not_proved(status: int, *sentences: str) -> Response:
    form = proof_form(get_own_account(current_session(), current_member()), request.form.get("next", ""))
    form.form_errors = list(sentences)
    return proof_page(form, status)


@blueprint.get("/account/passkeys")
@requires(Permission.ACCOUNT_SECURITY_EDIT)
def passkeys() -> Response:
    """Show the own passkeys, and what to think of before adding one."""
    return _passkeys_page(NewPasskeyForm(label=device()))


@blueprint.get("/account/passkeys/new")
@requires(Permission.ACCOUNT_SECURITY_EDIT)
def new_passkey_challenge() -> Response:
    """Give the script of the own page what a device needs to make a key pair."""
    viewer, challenge = current_member(), new_challenge()
    own = list_passkeys(current_session(), viewer)
    handle = own[0].user_handle if own else new_handle()
    words = {"challenge": challenge, "handle": handle.hex(), "sign_in": viewer.login_session_id.hex}
    state = _signer().sign_words(TokenPurpose.PASSKEY_ADD, words)
    return _for_script(state, ask_for_new(_site(), challenge, handle, [one.credential_id for one in own]))


@blueprint.post("/account/passkeys")
@requires(Permission.ACCOUNT_SECURITY_EDIT, keeps_typed=True)
def add_own_passkey() -> Response:
    """Keep the public half of a key pair that the viewer's device has just made."""
    form, viewer, now = NewPasskeyForm(), current_member(), utc_now()
    if not form.validate():
        return _passkeys_page(form, 422)
    try:
        key, handle = _read_new(form)
        with transaction() as session:
            account = get_own_account(session, viewer)
            add_passkey(session, viewer, account, key, handle=handle, label=form.label.data, now=now)
            token = renew_sign_in(session, viewer, now)
    except PasskeyRefused:
        form.form_errors.append(
            _("The device did not make a passkey that can be used here. Please try once more.")
        )
        return _passkeys_page(form, 422)
    except TooMany:
        form.form_errors.append(_("You have ten passkeys. Please remove one that you no longer use."))
        return _passkeys_page(form, 409)
    except (AlreadyThere, ConstraintViolated):
        form.form_errors.append(_("This passkey has been added before."))
        return _passkeys_page(form, 409)
    return go_with(token, url_for("accounts.passkeys"), is_staff=viewer.is_staff)


def _read_new(form: NewPasskeyForm) -> tuple[NewKey, bytes]:
    words = _use_state(TokenPurpose.PASSKEY_ADD, form.state.data)
    if words["sign_in"] != current_member().login_session_id.hex:
        raise PasskeyRefused("another sign-in's")
    return read_new(_site(), words["challenge"], form.answer.data), bytes.fromhex(words["handle"])


@blueprint.post("/account/passkeys/<uuid:passkey_id>/name")
@requires(Permission.ACCOUNT_SECURITY_EDIT, keeps_typed=True)
def rename_own_passkey(passkey_id: UUID) -> Response:
    """Call one of the own passkeys something else."""
    form, viewer = LabelForm(prefix=str(passkey_id)), current_member()
    get_own_passkey(current_session(), viewer, passkey_id)
    if not form.validate():
        return _passkeys_page(
            NewPasskeyForm(formdata=None, label=device()), 422, renamed=form, about=passkey_id
        )
    with transaction() as session:
        rename_passkey(session, viewer, get_own_passkey(session, viewer, passkey_id), form.label.data)
    return redirect_to(url_for("accounts.passkeys"))


@blueprint.post("/account/passkeys/<uuid:passkey_id>/remove")
@requires(Permission.ACCOUNT_SECURITY_EDIT)
def remove_own_passkey(passkey_id: UUID) -> Response:
    """Let one of the own passkeys open nothing any more."""
    viewer, now = current_member(), utc_now()
    try:
        with transaction() as session:
            remove_passkey(session, viewer, get_own_passkey(session, viewer, passkey_id), now)
            token = renew_sign_in(session, viewer, now)
    except LastWayIn:
        form = NewPasskeyForm(formdata=None, label=device())
        form.form_errors = [
            _(
                "This is your only second step, and nobody here works without one. Please set up codes from your phone first, or add another passkey."
            )
        ]
        return _passkeys_page(form, 409)
    return go_with(token, url_for("accounts.passkeys"), is_staff=viewer.is_staff)


def _passkeys_page(
    form: NewPasskeyForm, status: int = 200, *, renamed: LabelForm | None = None, about: UUID | None = None
) -> Response:
    session, viewer = current_session(), current_member()
    own = list_passkeys(session, viewer)
    return render(
        "accounts/passkeys.html",
        layout="layouts/partner.html" if viewer.is_partner else "layouts/therapist.html",
        form=form,
        renamed=renamed,
        passkeys=[(one, renamed if one.id == about and renamed else _label_form(one)) for one in own],
        login_word=login_word(own[0].user_handle) if own else None,
        zone=get_own_account(session, viewer).person.zone,
        site=site(),
        is_staff=viewer.is_staff,
        status=status,
    )


def _label_form(passkey: Passkey) -> LabelForm:
    return LabelForm(formdata=None, prefix=str(passkey.id), label=passkey.label)


def _for_script(state: str, options: str) -> Response:
    response = Response(f'{{"state": "{state}", "options": {options}}}', mimetype="application/json")
    response.headers["Content-Encoding"] = "identity"  # compressing secrets lets their length tell about them
    return response


def _use_state(purpose: TokenPurpose, state: str | None) -> dict[str, str]:
    """Read what we asked a device, which works once."""
    try:
        words = _signer().read_words(purpose, state or "", max_age=CHALLENGE_AGE)
    except TokenRefused:
        raise PasskeyRefused(purpose) from None
    with transaction() as session:
        spend_challenge(session, words["challenge"], utc_now())
    return words


def _site() -> Site:
    found = site()
    if found is None:
        raise NotFound("no name to bind a passkey to")
    return found


def _signer() -> Signer:
    signer: Signer = current_app.extensions["signer"]
    return signer
