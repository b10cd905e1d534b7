"""Reading messages: a job reads the one it was made for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from portal.errors import NotFound
from portal.notices.models import BlockedAddress, Message, MessageKind, MessagePart, MessageState
from portal.people.models import Person, SafeContact
from portal.people.rules import Card
from portal.security.viewer import JobFor, Member

DELAYED_AFTER = timedelta(minutes=5)
SHOWN_FOR = timedelta(days=7)
KEPT_SHOWN_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class MailTrouble:
    """How many mails should have left by now, how many of the last days never will by themselves, how many came back."""

    late: int
    failed: int
    bounced: int = 0

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.late or self.failed or self.bounced)


def get_message(session: Session, viewer: JobFor) -> Message:
    """Give the message that this job is to send, and lock it, so that nothing joins it meanwhile. One statement.

    Raises:
        NotFound: there is none.
    """
    message = session.scalar(
        select(Message)
        .where(Message.id == viewer.subject_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if message is None:
        raise NotFound(viewer.subject_id)
    return message


@dataclass(frozen=True, slots=True)
class Kept:
    """What a person would have been sent, had the own card let it out."""

    kind: MessageKind
    kept_at: datetime


def kept_inside(session: Session, viewer: Member, now: datetime) -> list[Kept]:
    """List what of the last 30 days stayed inside the portal for this very person, the newest first. One statement."""
    rows = session.execute(
        select(MessagePart.kind, MessagePart.kept_at)
        .where(MessagePart.person_id == viewer.person_id, MessagePart.kept_at > now - KEPT_SHOWN_FOR)
        .order_by(MessagePart.kept_at.desc(), MessagePart.id)
        .limit(50)
    )
    return [Kept(kind, kept_at) for kind, kept_at in rows if kept_at is not None]


def standing_of(session: Session, person: Person) -> tuple[bool, Card | None]:
    """Tell whether this person's inbox was given back ("this was not me"), and what the safe-contact card says.

    One statement.
    """
    is_given_back = exists().where(BlockedAddress.address_code == person.email_code)
    found = session.execute(
        select(is_given_back, SafeContact)
        .select_from(Person)
        .outerjoin(SafeContact, SafeContact.person_id == Person.id)
        .where(Person.id == person.id)
    ).one()
    given_back, row = found
    return given_back, row.card if row is not None else None


def list_parts(session: Session, viewer: JobFor) -> list[tuple[MessagePart, Person, SafeContact | None]]:
    """List what this job's message says, each with its reader and the reader's card, in order. One statement."""
    rows = session.execute(
        select(MessagePart, Person, SafeContact)
        .join(Person, Person.id == MessagePart.person_id)
        .outerjoin(SafeContact, SafeContact.person_id == Person.id)
        .where(MessagePart.message_id == viewer.subject_id, MessagePart.kept_at.is_(None))
        .order_by(MessagePart.created_at, MessagePart.id)
        .execution_options(populate_existing=True)
    )
    return [(part, person, card) for part, person, card in rows]


def is_address_blocked(session: Session, person: Person) -> bool:
    """Tell whether the reader of this person's inbox said "this was not me". One statement."""
    return (
        session.scalar(select(BlockedAddress.id).where(BlockedAddress.address_code == person.email_code))
        is not None
    )


def busy_inboxes(session: Session, codes: Collection[bytes], since: datetime) -> set[bytes]:
    """Tell which of these inboxes have a mail that is yet to leave, or left after `since`. One statement."""
    is_near = or_(Message.state == MessageState.WAITING, Message.sent_at > since)
    return set(session.scalars(select(Message.address_code).where(Message.address_code.in_(codes), is_near)))


def blocked_inboxes(session: Session, codes: Collection[bytes]) -> set[bytes]:
    """Tell which of these inboxes' readers said "this was not me". One statement."""
    blocked = BlockedAddress.address_code
    return set(session.scalars(select(blocked).where(blocked.in_(codes))))


def mail_trouble(session: Session, now: datetime) -> MailTrouble:
    """Tell whether people wait for mails in vain, so that they can be told in another way. One statement."""
    is_late = (Message.state == MessageState.WAITING) & (Message.due_at <= now - DELAYED_AFTER)
    is_failed = (Message.state == MessageState.FAILED) & (Message.due_at > now - SHOWN_FOR)
    came_back = Message.bounced_at > now - SHOWN_FOR
    late, failed, bounced = session.execute(
        select(
            func.count().filter(is_late), func.count().filter(is_failed), func.count().filter(came_back)
        ).select_from(Message)
    ).one()
    return MailTrouble(late, failed, bounced)


def list_failed(session: Session, now: datetime) -> list[Message]:
    """List the mails of the last days that will not be tried again by themselves. One statement; rows are locked."""
    return list(
        session.scalars(
            select(Message)
            .where(Message.state == MessageState.FAILED, Message.due_at > now - SHOWN_FOR)
            .order_by(Message.due_at, Message.id)
            .with_for_update()
        )
    )
