"""What consultations are in the therapist's calendar: the page behind an entry, and how it is moved from there."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from portal.booking.entries import consultations_at, get_consultation_at
from portal.booking.moving import move_consultation
from portal.booking.rules import ConsultationStatus
from portal.booking.standing import LIVE
from portal.booking.views.area import mail_words
from portal.clock import utc_now
from portal.diary.registry import About, Keeper
from portal.security.viewer import Member


def about(session: Session, viewer: Member, ids: Collection[UUID]) -> Mapping[UUID, About]:
    """Tell what the therapist's own consultations at these times are. One statement."""
    now = utc_now()
    return {
        one.occupied_id: About(
            address=url_for("booking.lead", consultation_id=one.id),
            is_settled=one.status is not ConsultationStatus.REQUESTED,
            is_movable=one.status in LIVE and one.starts_at > now,
            their_zone=one.zone,
        )
        for one in consultations_at(session, viewer, ids)
    }


def move(session: Session, viewer: Member, occupied_id: UUID, starts_at: datetime, now: datetime) -> None:
    """Give a consultation another time; whoever booked it is told by mail."""
    consultation = get_consultation_at(session, viewer, occupied_id)
    move_consultation(session, viewer, consultation, starts_at, mail=mail_words(), now=now)


CONSULTATIONS = Keeper(about=about, move=move)
