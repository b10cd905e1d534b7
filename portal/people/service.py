"""Writing persons."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.people.models import Channel, Person, SafeContact
from portal.people.queries import get_self, own_card
from portal.people.rules import Card
from portal.security.crypto import MasterKey
from portal.security.viewer import Member


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


def save_own_card(
    session: Session, viewer: Member, card: Card, *, phone: str, ask_again_on: date | None, now: datetime
) -> SafeContact:
    """Keep how a partner wants to be reached, and the number for it. What waits to be sent is asked about it once more.

    Raises NotFound for everybody but a partner.
    """
    row = own_card(session, viewer)
    if row is None:
        row = SafeContact(person_id=viewer.person_id)
        session.add(row)
    row.card, row.ask_again_on, row.changed_at = card, ask_again_on, now
    get_self(session, viewer).phone = phone
    session.flush()
    record_of(session, viewer, Action.CONTACT_CHANGED, row)
    return row


def address_code(session: Session, email: str) -> bytes:
    """Give the keyed code by which an address is found."""
    keyring: MasterKey = session.info["keyring"]
    return keyring.lookup_code(email)
