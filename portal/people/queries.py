"""Reading persons, each through whoever is looking."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import NotFound
from portal.people.models import Person, SafeContact
from portal.security.viewer import Member


def get_self(session: Session, viewer: Member) -> Person:
    """Load the viewer's own person; no statement where the sign-in brought it. Raises NotFound if it was erased."""
    person = session.get(Person, viewer.person_id)
    if person is None:
        raise NotFound(str(viewer.person_id))
    return person


def persons_by_id(session: Session, ids: set[UUID]) -> dict[UUID, Person]:
    """Load persons whom the caller has already been shown by id; one statement, and one for all their keys."""
    if not ids:
        return {}
    return {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(ids)))}


def own_card(session: Session, viewer: Member) -> SafeContact | None:
    """Load a partner's own safe-contact card; nobody else's can be read so. One statement."""
    if not viewer.is_partner or viewer.is_limited:
        raise NotFound("card")
    return session.scalar(select(SafeContact).where(SafeContact.person_id == viewer.person_id))


def cards_of(session: Session, person_ids: Collection[UUID]) -> dict[UUID, SafeContact]:
    """Load the cards of persons to whom something is to be sent, or whom the caller treats. One statement, one for keys."""
    cards = session.scalars(select(SafeContact).where(SafeContact.person_id.in_(person_ids)))
    return {card.person_id: card for card in cards}
