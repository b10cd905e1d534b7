"""Erasing a person: the key goes, and with it everything that was ever sealed with it, in every copy of the database."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from portal.people.models import Person, SafeContact
from portal.security.crypto import OwnerKind
from portal.security.sealed import DataKey, forget_keys


def erase_person(session: Session, person_id: UUID, now: datetime) -> None:
    """Destroy a person's key, empty the row, and note when. Three statements; harmless to repeat.

    Whether somebody may be erased is for the caller to know: this asks neither for an account nor for a couple.
    """
    session.execute(
        delete(DataKey).where(DataKey.owner_kind == OwnerKind.PERSON, DataKey.owner_id == person_id)
    )
    session.execute(delete(SafeContact).where(SafeContact.person_id == person_id))
    session.execute(
        update(Person)
        .where(Person.id == person_id, Person.erased_at.is_(None))
        .values(
            first_name_sealed=None, last_name_sealed=None, email_sealed=None, phone_sealed=None, email_code=None,
            zone="UTC", email_bounced_at=None, erased_at=now,
        )
        .execution_options(synchronize_session="fetch")
    )  # fmt: skip
    forget_keys(session)
