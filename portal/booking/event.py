"""The calendar entry of a consultation: the same file in every mail and on the page of the booking."""

from datetime import datetime

from portal.booking.models import Consultation, ConsultationStatus
from portal.diary.ics import calendar_event

GONE = frozenset({ConsultationStatus.DECLINED, ConsultationStatus.CANCELLED})


def event_file(consultation: Consultation, now: datetime, zone: str = "") -> bytes:
    """Write the entry as it stands now: tentative, confirmed, or cancelled. Nobody's name and no word of the subject.

    `zone`: of the one who gets it, because neither of two learns the other's; empty: the booker's.
    """
    is_gone = consultation.status in GONE
    is_open = consultation.status is ConsultationStatus.REQUESTED
    return calendar_event(
        uid=str(consultation.id),
        sequence=consultation.calendar_sequence,
        starts_at=consultation.starts_at,
        ends_at=consultation.ends_at,
        zone_id=zone or consultation.zone,
        now=now,
        method="CANCEL" if is_gone else "PUBLISH",
        status="CANCELLED" if is_gone else "TENTATIVE" if is_open else "CONFIRMED",
    )
