"""What the first pages gather from the areas below."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.booking.models import Consultation, ConsultationStatus
from portal.meetings.models import Summary, SummaryState
from portal.meetings.queries import summaries_visible_to
from portal.meetings.rules import content_from_json
from portal.security.viewer import Member


@dataclass(frozen=True, slots=True)
class NextSession:
    """When a couple meets its therapist next, as agreed in the last session. `zone`: by whose clocks it was agreed."""

    starts_at: datetime
    zone: str


def next_session_of(session: Session, viewer: Member, now: datetime) -> NextSession | None:
    """Read the next session from the newest summary that this partner received; None once it has passed.

    One statement, and one for a key.
    """
    newest = session.scalars(
        summaries_visible_to(viewer)
        .options(joinedload(Summary.meeting))
        .where(Summary.state == SummaryState.RELEASED)
        .order_by(Summary.released_at.desc(), Summary.id)
        .limit(1)
    ).first()
    starts_at = content_from_json(newest.content).next_meeting_at if newest else None
    if newest is None or starts_at is None or starts_at <= now:
        return None
    return NextSession(starts_at, newest.meeting.zone)


def next_consultation_of(session: Session, viewer: Member, now: datetime) -> Consultation | None:
    """Find the viewer's own next consultation; never anybody else's, the partner's least of all. One statement."""
    return session.scalar(
        select(Consultation)
        .where(Consultation.person_id == viewer.person_id, Consultation.ends_at > now)
        .where(Consultation.status.in_((ConsultationStatus.REQUESTED, ConsultationStatus.CONFIRMED)))
        .order_by(Consultation.starts_at, Consultation.id)
        .limit(1)
    )
