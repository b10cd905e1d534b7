"""What both sides of the area share: the blueprint, and the address of a visitor's own page."""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, current_app

from portal.booking.rules import MailWords
from portal.security.tokens import Signer
from portal.security.viewer import TokenPurpose
from portal.web.filters import when, zone_label
from portal.web.links import public_link

blueprint = Blueprint("booking", __name__)


def signer() -> Signer:
    """Give the installation's signer."""
    found: Signer = current_app.extensions["signer"]
    return found


def page_of(consultation_id: UUID) -> str:
    """Give the full address of the page that a booking's own signed link opens."""
    return public_link("booking.booked", token=signer().sign_id(TokenPurpose.CONSULTATION, consultation_id))


def mail_words() -> MailWords:
    """Give what mails about a consultation need from the web side."""
    return MailWords(visitor_page=page_of, therapist_page=_lead_of, when=_when_in_zone)


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
