"""What both sides of the area share: the blueprint, the frame around a visitor's pages, and the addresses in it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, has_request_context, request, url_for

from portal.booking.rules import MailWords
from portal.security.tokens import Signer
from portal.security.viewer import TokenPurpose
from portal.settings import Settings
from portal.web.filters import when, zone_label
from portal.web.links import public_link

blueprint = Blueprint("booking", __name__)
EMBED = "embed"  # the blueprint that shows these pages once more, inside somebody else's site


def here(page: str, **values: Any) -> str:
    """Give the address of a page of this area, inside the frame if the reader is in one."""
    return url_for(f"{EMBED if is_framed() else blueprint.name}.{page}", **values)


def is_framed() -> bool:
    """Tell whether the present page stands inside another site."""
    return has_request_context() and request.blueprint == EMBED


@blueprint.app_context_processor
def surroundings() -> dict[str, Any]:
    """Give the visitor's pages what differs inside a frame: the layout, and the addresses of the next pages."""
    return {"layout": "layouts/embed.html" if is_framed() else "layouts/visitor.html", "here": here}


def signer() -> Signer:
    """Give the installation's signer."""
    found: Signer = current_app.extensions["signer"]
    return found


def has_text_gateway() -> bool:
    """Tell whether reminders can go out as text messages."""
    settings: Settings = current_app.extensions["settings"]
    return settings.text_gateway_url is not None


def page_of(consultation_id: UUID) -> str:
    """Give the full address of the page that a booking's own signed link opens."""
    return public_link("booking.booked", token=signer().sign_id(TokenPurpose.CONSULTATION, consultation_id))


def mail_words() -> MailWords:
    """Give what mails about a consultation need from the web side."""
    return MailWords(
        visitor_page=page_of,
        guest_page=_signed_page("booking.guest", TokenPurpose.CONSULTATION_GUEST),
        therapist_page=_lead_of,
        not_me_page=_signed_page("booking.not_me", TokenPurpose.NOT_ME),
        waitlist_page=_signed_page("booking.waiting", TokenPurpose.WAITLIST),
        waitlist_offer_page=_signed_page("booking.waitlist_offer", TokenPurpose.WAITLIST_OFFER),
        when=_when_in_zone,
    )


def _signed_page(endpoint: str, purpose: TokenPurpose) -> Callable[[UUID], str]:
    return lambda subject_id: public_link(endpoint, token=signer().sign_id(purpose, subject_id))


def _lead_of(consultation_id: UUID) -> str:
    return public_link("booking.lead", consultation_id=consultation_id)


def _when_in_zone(instant: datetime, zone: str) -> str:
    return f"{when(instant, zone)} ({zone_label(instant, zone)})"


def open_to_all(response: Response, *, is_found: bool = True) -> Response:
    """Let a public page travel compressed, be kept by browsers that ask again each time, and be found by search engines.

    `is_found`: False for the same page under another address, as in a reader's own zone.
    """
    response.headers["Cache-Control"] = "no-cache"
    if is_found:
        response.headers["X-Robots-Tag"] = "all"
    return response
