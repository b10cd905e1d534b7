"""Applications on any engine, and effects that they owe."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal import outbox
from portal.app import create_app
from portal.clock import utc_now
from portal.extensions import db
from portal.notices.models import Message, MessageKind, MessageState
from portal.notices.rules import FOLD
from portal.notices.service import queue_message
from portal.outbox import OutboxEntry, OutboxState
from portal.people.models import Channel, Person
from portal.people.service import add_person
from portal.queueing import JobName
from portal.transaction import transaction
from tests.conftest import settings_for
from tests.support.remembered import share_statements


@contextmanager
def application(folder: Path, database_url: str, **changes: object) -> Iterator[Flask]:
    """The portal on a migrated database, inside an application context."""
    app = create_app(settings_for(folder, database_url, **changes))
    with app.app_context():
        share_statements(db.engine)
        yield app
        db.session.remove()
        db.engine.dispose()


def owe(job: JobName = JobName.SEND_MESSAGE, *, deadline_at: datetime | None = None) -> UUID:
    """Owe an effect of nothing real, now."""
    with transaction() as session:
        entry = outbox.put(
            session, job, uuid4(), effect_key=str(uuid4()), due_at=utc_now(), deadline_at=deadline_at
        )
        return entry.id


def row(outbox_id: UUID) -> OutboxEntry:
    """Read an outbox row afresh."""
    with transaction() as session:
        return session.get_one(OutboxEntry, outbox_id, populate_existing=True)


def add_reader(session: Session, email: str = "us@example.org", channel: Channel = Channel.EMAIL) -> Person:
    """Add a person who gets mails."""
    return add_person(session, first_name="Ana", email=email, zone="Europe/London", channel=channel)


def owe_mail(
    email: str = "us@example.org",
    kind: MessageKind = MessageKind.NEW_ITEM,
    *,
    now: datetime | None = None,
    deadline_at: datetime | None = None,
) -> UUID:
    """Owe a mail to a new person; gives the id of the outbox row."""
    with transaction() as session:
        reader = add_reader(session, email)
        message = queue_message(session, reader, kind, {}, now=now or utc_now(), deadline_at=deadline_at)
        assert message is not None
        return session.scalars(select(OutboxEntry.id).where(OutboxEntry.subject_id == message.id)).one()


def message_of(outbox_id: UUID) -> Message:
    """Read the message of an outbox row afresh."""
    subject_id = row(outbox_id).subject_id
    with transaction() as session:
        return session.get_one(Message, subject_id, populate_existing=True)


def let_minutes_pass() -> None:
    """Let the time be over in which a mail waits because another one went to its inbox. Needs an application context."""
    now = utc_now()
    with transaction() as session:
        session.execute(update(Message).values(sent_at=now - 2 * FOLD).where(Message.sent_at.is_not(None)))
        session.execute(update(Message).values(due_at=now).where(Message.state == MessageState.WAITING))
        session.execute(
            update(OutboxEntry).values(due_at=now).where(OutboxEntry.state == OutboxState.PENDING)
        )
