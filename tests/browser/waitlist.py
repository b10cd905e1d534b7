"""Somebody who waits, and a time that is kept for them."""

from datetime import timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy.orm import Session

from portal.booking.holds import take
from portal.booking.models import WaitlistOffer
from portal.booking.rules import PartnerKnows
from portal.booking.views.area import mail_words
from portal.booking.waitlist import WaitlistRequest, join_waitlist
from portal.booking.wishes import Wishes
from portal.clock import utc_now
from portal.diary.models import OccupiedKind
from portal.diary.queries import find_offer
from portal.security.tokens import Signer
from portal.security.viewer import Anonymous, Member, TokenPurpose


def hang_waitlist(session: Session, jane: Member, app: Flask) -> dict[str, str]:
    """Put one person on Jane's list and keep the last free time for them; give the paths of their pages."""
    now = utc_now()
    offer = find_offer(session, now, jane.person_id)
    assert offer is not None
    wanted = WaitlistRequest(
        form_id=UUID(int=5), therapist_id=jane.person_id, type_id=offer.type_id, place_id=None, first_name="Noor",
        email="noor@example.org", wishes=Wishes(0b11111, 0b101, "Europe/London"), partner_knows=PartnerKnows.NO,
    )  # fmt: skip
    entry = join_waitlist(session, Anonymous(), wanted, mail=mail_words(), now=now)
    slot, until = offer.free(now)[-1], now + timedelta(hours=4)
    occupied = take(session, offer, slot, kind=OccupiedKind.OFFER, expires_at=until)
    made = WaitlistOffer(
        entry_id=entry.id, occupied_id=occupied.id, starts_at=slot.start, ends_at=slot.end, expires_at=until
    )
    session.add(made)
    session.flush()
    signer: Signer = app.extensions["signer"]
    return {
        "waiting": f"/consultations/waitlist/{signer.sign_id(TokenPurpose.WAITLIST, entry.id)}",
        "offered time": f"/consultations/waitlist/offers/{signer.sign_id(TokenPurpose.WAITLIST_OFFER, made.id)}",
    }
