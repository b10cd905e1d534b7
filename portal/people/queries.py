"""Reading persons, each through whoever is looking."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import NotFound
from portal.people.models import Person
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
