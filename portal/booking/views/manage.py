"""The page of one booking, for whoever holds its signed link: how it stands, and what can still be done about it."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, make_response, url_for
from flask.typing import ResponseReturnValue

from portal.booking.event import event_file
from portal.booking.models import Consultation
from portal.booking.queries import get_consultation
from portal.booking.rules import ConsultationStatus, PartnerKnows
from portal.booking.views.area import blueprint, signer
from portal.clock import utc_now
from portal.diary.offers import short_name
from portal.practice.queries import get_therapist
from portal.security.gate import public
from portal.security.viewer import TokenHolder, TokenPurpose
from portal.transaction import current_session
from portal.web.htmx import render


@dataclass(frozen=True, slots=True)
class Booked:
    """What the page after booking shows. `partner_name` is empty unless the partner knows."""

    starts_at: datetime
    ends_at: datetime
    zone: str
    status: ConsultationStatus
    therapist_name: str
    therapist_zone: str
    partner_name: str
    event_href: str


@blueprint.get("/consultations/<token>")
@public("the signed link of one booking")
def booked(token: str) -> ResponseReturnValue:
    """Show one booking as it stands, to whoever holds its link. Changes nothing."""
    consultation = _linked(token)
    therapist = get_therapist(current_session(), consultation.therapist_id)
    knows = consultation.partner_knows is PartnerKnows.YES
    return booked_page(
        Booked(
            starts_at=consultation.starts_at,
            ends_at=consultation.ends_at,
            zone=consultation.zone,
            status=consultation.status,
            therapist_name=therapist.display_name,
            therapist_zone=therapist.zone,
            partner_name=consultation.partner_name if knows else "",
            event_href=url_for("booking.event", token=token),
        )
    )


@blueprint.get("/consultations/<token>/event.ics")
@public("the calendar file of one booking, by its signed link")
def event(token: str) -> Response:
    """Hand out the calendar entry under a neutral name."""
    response = make_response(event_file(_linked(token), utc_now()))
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response


def _linked(token: str) -> Consultation:
    subject_id = signer().read_id(TokenPurpose.CONSULTATION, token)
    return get_consultation(current_session(), TokenHolder(TokenPurpose.CONSULTATION, subject_id), subject_id)


def booked_page(shown: Booked) -> Response:
    """Show how one booking stands."""
    return render("booking/booked.html", booked=shown, name=short_name(shown.therapist_name))
