"""Two hundred visitors want one time, over and over, while others hold, confirm, cancel and move (F18)."""

from datetime import timedelta

from sqlalchemy import func, select, update

from portal.clock import utc_now
from portal.extensions import db
from portal.notices.models import Message, MessageState
from portal.notices.rules import FOLD
from portal.outbox import OutboxEntry, OutboxState
from portal.transaction import current_session, transaction
from tests.booking.visit import open_diary
from tests.faults.rig import CANARY, Rig, wait
from tests.support.storm import TOGETHER, Journal, Storm, storm_through

AT_ONCE = 0.0
WINDOWS = (TOGETHER, AT_ONCE, TOGETHER, AT_ONCE)  # `python -m tests.bench storm` goes through twenty


def test_f18_two_hundred_visitors_want_one_time(rig: Rig) -> None:
    open_diary(rig.app, rig.cast.therapist)
    portal, _ = rig.background()
    portal.start_web(workers=2)
    storm = Storm(rig.app, portal.port, Journal(rig.folder / "journal"), inbox=CANARY)
    storm.acknowledged = rig.acknowledged
    storm_through(storm, rig.cast, WINDOWS)
    wait(is_nothing_due_now, "only mails wait, for others to the same inbox")
    let_minutes_pass()
    rig.settle()


def is_nothing_due_now() -> bool:
    """Say whether all that is still owed waits for later."""
    db.session.remove()
    soon = utc_now() + timedelta(minutes=1)
    owed = select(func.count()).where(OutboxEntry.state == OutboxState.PENDING, OutboxEntry.due_at < soon)
    leased = select(func.count()).where(OutboxEntry.state == OutboxState.LEASED)
    return current_session().scalar(owed) == 0 == current_session().scalar(leased)


def let_minutes_pass() -> None:
    """Let the time be over in which a mail waits because another one went to its inbox."""
    now = utc_now()
    with transaction() as session:
        session.execute(update(Message).values(sent_at=now - 2 * FOLD).where(Message.sent_at.is_not(None)))
        session.execute(update(Message).values(due_at=now).where(Message.state == MessageState.WAITING))
        session.execute(
            update(OutboxEntry).values(due_at=now).where(OutboxEntry.state == OutboxState.PENDING)
        )
