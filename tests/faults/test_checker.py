"""The checker must see what it is there for: each broken promise is planted once."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, select

from jobs.documents import render
from portal.audit.models import AuditEvent
from portal.audit.rules import Action
from portal.extensions import db
from portal.notices.models import Message, MessageState
from portal.outbox import OutboxEntry, OutboxState
from portal.queueing import JobName
from portal.transaction import transaction
from tests.faults.checker import violations
from tests.faults.rig import CANARY, Rig
from tests.support.owing import owe_mail


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One engine is enough: it is the checker that is tested."""
    return sqlite_url


def forget_a_booking(rig: Rig) -> None:
    rig.acknowledged.append("Guest 1")


def lose_an_event(_rig: Rig) -> None:
    with transaction() as session:
        session.execute(delete(AuditEvent).where(AuditEvent.action == Action.DOCUMENT_READY))


def leave_an_effect_open(_rig: Rig) -> None:
    owe_mail(f"{CANARY}@example.org")


def claim_that_a_mail_left(_rig: Rig) -> None:
    with transaction() as session:
        for message in session.scalars(select(Message)):
            message.state = MessageState.SENT


def lose_a_file(rig: Rig) -> None:
    next(path for path in (rig.folder / "files").rglob("*") if path.is_file()).unlink()


def tear_a_file(rig: Rig) -> None:
    path = next(path for path in (rig.folder / "files").rglob("*") if path.is_file())
    path.write_bytes(path.read_bytes()[:-1])


def leave_a_word_behind(rig: Rig) -> None:
    (rig.folder / "tmp").mkdir(exist_ok=True)
    (rig.folder / "tmp" / "left").write_text(f"{CANARY}@example.org", "utf-8")


@pytest.mark.parametrize(
    ("plant", "number"),
    [
        (forget_a_booking, "I2"), (lose_an_event, "I4"), (leave_an_effect_open, "I5"), (claim_that_a_mail_left, "I6"),
        (lose_a_file, "I8"), (tear_a_file, "I8"), (leave_a_word_behind, "I10"),
    ],
)  # fmt: skip
def test_a_broken_promise_is_seen(unchecked: Rig, plant: Callable[[Rig], None], number: str) -> None:
    unchecked.order_documents()
    with transaction() as session:
        document = select(OutboxEntry.id).where(OutboxEntry.job == JobName.RENDER_DOCUMENT)
        outbox_id = session.scalars(document).one()
    render(str(outbox_id))
    with transaction() as session:
        for message in session.scalars(select(Message)):
            message.state = MessageState.SUPPRESSED
        mails = session.scalars(select(OutboxEntry).where(OutboxEntry.job == JobName.SEND_MESSAGE))
        for entry in mails:
            entry.state = OutboxState.DONE
    assert violations(unchecked) == []
    plant(unchecked)
    db.session.remove()
    assert {found.partition(" ")[0] for found in violations(unchecked)} == {number}
