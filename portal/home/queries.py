"""What the first pages gather from the areas below."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.booking.models import Consultation, ConsultationStatus
from portal.security.viewer import Member


def next_consultation_of(session: Session, viewer: Member, now: datetime) -> Consultation | None:
    """Find the viewer's own next consultation; never anybody else's, the partner's least of all. One statement."""
    return session.scalar(
        select(Consultation)
        .where(Consultation.person_id == viewer.person_id, Consultation.ends_at > now)
        .where(Consultation.status.in_((ConsultationStatus.REQUESTED, ConsultationStatus.CONFIRMED)))
        .order_by(Consultation.starts_at, Consultation.id)
        .limit(1)
    )
