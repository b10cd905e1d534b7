"""What the first pages gather from the areas below."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.booking.models import Consultation, ConsultationStatus
from portal.meetings.queries import failed_documents, summaries_to_release, unsigned_notes
from portal.security.viewer import Member


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits for a therapist: which kind, about which couple's meeting, since when."""

    kind: str
    meeting_id: UUID
    couple_number: int
    since: datetime


def needs_of(session: Session, viewer: Member) -> list[Need]:
    """List what waits for a therapist, what failed first. At most six statements."""
    sources = (
        ("failed_document", failed_documents(session, viewer)),
        ("summary", summaries_to_release(session, viewer)),
        ("note", unsigned_notes(session, viewer)),
    )
    return [
        Need(kind, waiting.meeting_id, waiting.couple_number, waiting.since)
        for kind, found in sources
        for waiting in found
    ]


def next_consultation_of(session: Session, viewer: Member, now: datetime) -> Consultation | None:
    """Find the viewer's own next consultation; never anybody else's, the partner's least of all. One statement."""
    return session.scalar(
        select(Consultation)
        .where(Consultation.person_id == viewer.person_id, Consultation.ends_at > now)
        .where(Consultation.status.in_((ConsultationStatus.REQUESTED, ConsultationStatus.CONFIRMED)))
        .order_by(Consultation.starts_at, Consultation.id)
        .limit(1)
    )
