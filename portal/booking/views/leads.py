"""The therapist's side: who asked for a consultation, through which article, and what to answer."""

from collections.abc import Callable
from uuid import UUID

from flask import Response, url_for
from flask.typing import ResponseReturnValue

from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.booking.answering import confirm_consultation, decline_consultation
from portal.booking.models import Consultation
from portal.booking.queries import get_consultation, list_leads
from portal.booking.rules import AlreadyAnswered, ConsultationStatus, TimeHasPassed
from portal.booking.views.area import blueprint, mail_words
from portal.clock import utc_now
from portal.errors import Conflict
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render

Answer = Callable[..., None]


@blueprint.get("/requests")
@requires(Permission.BOOKING_LEAD_LIST)
def leads() -> ResponseReturnValue:
    """List who asked for a consultation, newest first, with the article that brought them."""
    viewer, session = current_member(), current_session()
    found = list_leads(session, viewer)
    return render(
        "booking/leads.html",
        waiting=[lead for lead in found if lead.status is ConsultationStatus.REQUESTED],
        answered=[lead for lead in found if lead.status is not ConsultationStatus.REQUESTED],
        zone=get_self(session, viewer).zone,
    )


@blueprint.get("/requests/<uuid:consultation_id>")
@requires(Permission.BOOKING_LEAD_LIST)
def lead(consultation_id: UUID) -> ResponseReturnValue:
    """Show one request with everything that was written; the reading is recorded."""
    consultation = get_consultation(current_session(), current_member(), consultation_id)
    audited_read(current_member(), Action.CONSULTATION_READ, consultation)
    return _lead_page(consultation)


@blueprint.post("/requests/<uuid:consultation_id>/confirm")
@requires(Permission.BOOKING_LEAD_ANSWER)
def confirm(consultation_id: UUID) -> ResponseReturnValue:
    """Say yes."""
    return _answer(consultation_id, confirm_consultation)


@blueprint.post("/requests/<uuid:consultation_id>/decline")
@requires(Permission.BOOKING_LEAD_ANSWER)
def decline(consultation_id: UUID) -> ResponseReturnValue:
    """Say no, and free the time."""
    return _answer(consultation_id, decline_consultation)


def _answer(consultation_id: UUID, answer: Answer) -> Response:
    viewer = current_member()
    try:
        with transaction() as session:
            consultation = get_consultation(session, viewer, consultation_id)
            answer(session, viewer, consultation, mail=mail_words(), now=utc_now())
    except (AlreadyAnswered, TimeHasPassed) as refusal:
        consultation = get_consultation(current_session(), viewer, consultation_id)
        return _lead_page(consultation, refusal=refusal)
    return redirect_to(url_for("booking.lead", consultation_id=consultation_id))


def _lead_page(consultation: Consultation, *, refusal: Conflict | None = None) -> Response:
    viewer, session = current_member(), current_session()
    return render(
        "booking/lead.html",
        status=409 if refusal else 200,
        lead=consultation,
        zone=get_self(session, viewer).zone,
        is_over=consultation.starts_at <= utc_now(),
        was_answered=isinstance(refusal, AlreadyAnswered),
        was_too_late=isinstance(refusal, TimeHasPassed),
    )
