"""The safety hold of a couple: set and lifted by its therapist, invisible to both partners."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.couples.models import SafetyHold
from portal.couples.queries import get_couple, lock_couple
from portal.security.viewer import Member


def is_held(couple_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Hold for rows of couples whose joint things stay shut at present."""
    return exists().where(SafetyHold.couple_id == couple_id, SafetyHold.lifted_at.is_(None))


def find_hold(session: Session, couple_id: UUID) -> SafetyHold | None:
    """Find the hold that is in force, for a decision of the portal or for the couple's therapist. One statement."""
    return session.scalar(
        select(SafetyHold).where(SafetyHold.couple_id == couple_id, SafetyHold.lifted_at.is_(None))
    )


def set_hold(session: Session, viewer: Member, couple_id: UUID) -> SafetyHold:
    """Keep everything joint of a couple shut until it is lifted; once more changes nothing.

    Raises NotFound: not the viewer's couple.
    """
    lock_couple(session, viewer, couple_id)
    hold = find_hold(session, couple_id)
    if hold is None:
        hold = SafetyHold(couple_id=couple_id, set_by_id=viewer.person_id)
        session.add(hold)
        session.flush()
        record_of(session, viewer, Action.HOLD_SET, hold)
    return hold


def lift_hold(session: Session, viewer: Member, couple_id: UUID, now: datetime) -> None:
    """End the hold. Nothing opens by that alone. Raises NotFound: not the viewer's couple."""
    get_couple(session, viewer, couple_id)
    hold = find_hold(session, couple_id)
    if hold is not None:
        hold.lifted_at = now
        session.flush()
        record_of(session, viewer, Action.HOLD_LIFTED, hold)
