"""The page between the form and the booking, where the practice wants to know that mails arrive: six digits."""

from datetime import datetime, timedelta
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.rules import Limit
from portal.accounts.throttle import throttle
from portal.booking.contact import masked
from portal.booking.forms import CodeForm
from portal.booking.models import Consultation
from portal.booking.proving import MOST_TRIES, enter_code, get_unproved, proof_ends_at, room_zone, send_code
from portal.booking.rules import CodeTooLate, ConsultationStatus
from portal.booking.views.area import blueprint, here, mail_words, signer
from portal.clock import utc_now
from portal.errors import NotFound
from portal.security.gate import public
from portal.security.viewer import TokenHolder, TokenPurpose
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render

CODE_AGAIN = Limit("code_again", 1, timedelta(minutes=1))
CODES_TO_ADDRESS = Limit("code_address", 8, timedelta(days=1))  # nobody can be flooded with mails through us


@blueprint.get("/consultations/code/<token>")
@public("the signed link of one booking that waits for its code")
def verify(token: str) -> ResponseReturnValue:
    """Ask for the digits. Changes nothing."""
    return _page(token, CodeForm(formdata=None))


@blueprint.post("/consultations/code/<token>")
@public("the signed link of one booking that waits for its code", keeps_typed=True)
def enter(token: str) -> ResponseReturnValue:
    """Take the digits; with the right ones the booking counts."""
    form, now = CodeForm(), utc_now()
    if not form.validate():
        return _page(token, form, status=422)
    try:
        with transaction() as session:
            holder = _holder(token)
            consultation = get_unproved(session, holder, holder.subject_id)
            is_right = enter_code(session, holder, consultation, form.code.data, mail=mail_words(), now=now)
    except (CodeTooLate, NotFound):
        return _page(token, form, status=409)
    if is_right:
        return redirect_to(here("booked", token=signer().sign_id(TokenPurpose.CONSULTATION, consultation.id)))
    used_up = consultation.mail_code_tries >= MOST_TRIES
    form.add_error(
        "code",
        _("These were not the digits, five times. Please ask for a new code below.")
        if used_up
        else _("These are not the digits from the newest mail. Please look once more."),
    )
    return _page(token, form, status=422)


@blueprint.post("/consultations/code/<token>/again")
@public("the signed link of one booking that waits for its code")
def send_again(token: str) -> ResponseReturnValue:
    """Send new digits, at most once a minute and a few times a day."""
    now, consultation = utc_now(), _find(token)
    if consultation is None or not _waits(consultation, now):
        return redirect_to(here("verify", token=token))
    with transaction() as session:
        within = [
            throttle(session, CODE_AGAIN, str(consultation.id), now),
            throttle(session, CODES_TO_ADDRESS, consultation.person.email, now),
        ]
    if not all(within):
        return _page(token, CodeForm(formdata=None), status=429, is_too_soon=True)
    with transaction() as session:
        send_code(session, consultation, mail=mail_words(), now=now)
    return _page(token, CodeForm(formdata=None), was_sent=True)


def _page(token: str, form: CodeForm, *, status: int = 200, **said: bool) -> Response:
    now, consultation = utc_now(), _find(token)
    is_counted = consultation is not None and consultation.status is not ConsultationStatus.UNVERIFIED
    shown: dict[str, Any] = {}
    if consultation is not None and _waits(consultation, now):
        shown = {
            "consultation": consultation,
            "address": masked(consultation.person.email),
            "zone": room_zone(consultation) or consultation.zone,
            "own": consultation.zone,
            "until": proof_ends_at(current_session(), consultation),
        }
    return render(
        "booking/verify.html", status=status, form=form, link=token, is_counted=is_counted,
        is_late=not shown, was_sent=said.get("was_sent", False), is_too_soon=said.get("is_too_soon", False), **shown,
    )  # fmt: skip


def _find(token: str) -> Consultation | None:
    """Find the booking that the link names; None once nothing is left of it. Raises TokenRefused for other links."""
    holder = _holder(token)
    try:
        return get_unproved(current_session(), holder, holder.subject_id)
    except NotFound:
        return None


def _holder(token: str) -> TokenHolder:
    purpose = TokenPurpose.CONSULTATION_CODE
    return TokenHolder(purpose, signer().read_id(purpose, token))


def _waits(consultation: Consultation, now: datetime) -> bool:
    ends_at = proof_ends_at(current_session(), consultation)
    return consultation.status is ConsultationStatus.UNVERIFIED and ends_at is not None and now < ends_at
