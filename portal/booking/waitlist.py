"""The waitlist: who would like a time that is not free, and what is offered to them one after another."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.models import WaitlistEntry, WaitlistOffer
from portal.booking.rules import OfferState, WaitlistState
from portal.diary.models import OccupiedInterval
from portal.diary.service import hold_diary, release
from portal.security.viewer import Viewer


def leave_waitlist(session: Session, viewer: Viewer, entry: WaitlistEntry, *, now: datetime) -> None:
    """Take somebody off the list; a time that is kept for them is free again. Safe to repeat."""
    hold_diary(session, entry.therapist_id, now)
    session.refresh(entry, ["state"])
    if entry.state is not WaitlistState.WAITING:
        return
    for offer in session.scalars(
        select(WaitlistOffer).where(
            WaitlistOffer.entry_id == entry.id, WaitlistOffer.state == OfferState.OPEN
        )
    ):
        offer.state = OfferState.REFUSED
        release(session, session.get_one(OccupiedInterval, offer.occupied_id))
    entry.state = WaitlistState.LEFT
    record_of(session, viewer, Action.WAITLIST_LEFT, entry)
    session.flush()
