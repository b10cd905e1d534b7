"""The page behind "this was not me", which every mail to somebody without an account leads to."""

from flask import Response, url_for

from portal.booking.disowning import disown, get_disowner
from portal.booking.views.area import blueprint, mail_words, signer
from portal.clock import utc_now
from portal.notices.queries import is_address_blocked
from portal.notices.service import unblock_address
from portal.practice.queries import get_practice
from portal.security.gate import public
from portal.security.viewer import TokenHolder, TokenPurpose
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.get("/not-me/<token>")
@public("the signed link of a mail to somebody without an account")
def not_me(token: str) -> Response:
    """Say what the button does, or that it was done. Changes nothing: programs open links too."""
    session = current_session()
    person = get_disowner(session, _holder(token))
    return render(
        "booking/not_me.html",
        link=token,
        is_blocked=is_address_blocked(session, person),
        contact_line=get_practice(session).contact_line,
    )


@blueprint.post("/not-me/<token>")
@public("whoever reads the inbox may refuse it; the link is signed")
def say_not_me(token: str) -> Response:
    """End what was begun with this address, and write to it no more."""
    with transaction() as session:
        disown(session, _holder(token), mail=mail_words(), now=utc_now())
    return redirect_to(url_for("booking.not_me", token=token))


@blueprint.post("/not-me/<token>/undo")
@public("whoever reads the inbox may open it again; the link is signed")
def undo_not_me(token: str) -> Response:
    """Let mails reach this address again; what was ended stays ended."""
    with transaction() as session:
        unblock_address(session, get_disowner(session, _holder(token)))
    return redirect_to(url_for("booking.not_me", token=token))


def _holder(token: str) -> TokenHolder:
    return TokenHolder(TokenPurpose.NOT_ME, signer().read_id(TokenPurpose.NOT_ME, token))
