"""Reading consultations by the times that they take in the diary."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session, joinedload

from portal.booking.models import Consultation
from portal.booking.queries import visible_to
from portal.booking.rules import ConsultationStatus
from portal.errors import NotFound
from portal.security.viewer import Viewer


def get_consultation_at(session: Session, viewer: Viewer, occupied_id: UUID) -> Consultation:
    """Load the consultation that takes a time of the diary. One statement. Raises NotFound."""
    consultation = session.scalar(
        visible_to(viewer)
        .where(Consultation.occupied_id == occupied_id)
        .options(joinedload(Consultation.person))
    )
    if consultation is None:
        raise NotFound(str(occupied_id))
    return consultation


def consultations_at(
    session: Session, viewer: Viewer, ids: Collection[UUID]
) -> Sequence[Row[UUID, UUID, ConsultationStatus, datetime, str]]:
    """List what a calendar says of the consultations that take these times, and nothing that is sealed. One statement."""
    wanted = visible_to(viewer).where(Consultation.occupied_id.in_(ids))
    return session.execute(
        wanted.with_only_columns(
            Consultation.id,
            Consultation.occupied_id,
            Consultation.status,
            Consultation.starts_at,
            Consultation.zone,
        )
    ).all()
