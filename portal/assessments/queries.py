"""Reading what pages about tests need beside the answers."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.couples.models import Partner, Side
from portal.errors import NotFound
from portal.security.viewer import Member


def own_side(session: Session, viewer: Member, couple_id: UUID) -> Side:
    """Tell by which shape a partner is drawn in a couple, also after leaving it. One statement. Raises NotFound."""
    found = session.scalar(
        select(Partner.side).where(Partner.couple_id == couple_id, Partner.person_id == viewer.person_id)
    )
    if found is None:
        raise NotFound(str(couple_id))
    return found
