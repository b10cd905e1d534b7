"""Writing persons."""

from sqlalchemy.orm import Session

from portal.people.models import Channel, Person
from portal.security.crypto import MasterKey


def add_person(
    session: Session,
    *,
    first_name: str,
    last_name: str = "",
    email: str = "",
    zone: str,
    phone: str = "",
    channel: Channel = Channel.EMAIL,
) -> Person:
    """Add a person with an own key. Two persons may share an address; nothing tells whether it was known before."""
    person = Person(
        first_name=first_name, last_name=last_name, email=email, zone=zone, phone=phone, channel=channel
    )
    person.email_code = address_code(session, email) if email else None
    session.add(person)
    session.flush()
    return person


def change_address(session: Session, person: Person, email: str) -> None:
    """Give a person another address, and the look-up code that goes with it; whether it takes mail is open again."""
    person.email = email
    person.email_bounced_at = None
    person.email_code = address_code(session, email) if email else None
    session.flush()


def address_code(session: Session, email: str) -> bytes:
    """Give the keyed code by which an address is found."""
    keyring: MasterKey = session.info["keyring"]
    return keyring.lookup_code(email)
