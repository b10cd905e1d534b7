"""Reading messages: a job reads the one it was made for."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.errors import NotFound
from portal.notices.models import Message, MessagePart, MessageState
from portal.people.models import Person
from portal.security.viewer import JobFor

DELAYED_AFTER = timedelta(minutes=5)


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


def is_mail_delayed(session: Session, now: datetime) -> bool:
    """Tell whether a mail should have left minutes ago and has not, so that people can be told not to wait for it."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Message)
            .where(Message.state == MessageState.WAITING, Message.due_at <= now - DELAYED_AFTER)
        )
        or 0
    ) > 0
