"""Reading messages: a job reads the one it was made for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.errors import NotFound
from portal.notices.models import BlockedAddress, Message, MessagePart, MessageState
from portal.people.models import Person
from portal.security.viewer import JobFor

DELAYED_AFTER = timedelta(minutes=5)
SHOWN_FOR = timedelta(days=7)


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


def list_parts(session: Session, viewer: JobFor) -> list[tuple[MessagePart, Person]]:
    """List what this job's message says, each with the person it is said to, in order. One statement."""
    rows = session.execute(
        select(MessagePart, Person)
        .join(Person, Person.id == MessagePart.person_id)
        .where(MessagePart.message_id == viewer.subject_id)
        .order_by(MessagePart.created_at, MessagePart.id)
    )
    return [(part, person) for part, person in rows]


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
