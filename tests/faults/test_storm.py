"""Two hundred visitors want one time, over and over, while others hold, confirm, cancel and move (F18)."""

from datetime import timedelta

from sqlalchemy import func, select

from portal.clock import utc_now
from portal.extensions import db
from portal.outbox import OutboxEntry, OutboxState
from portal.transaction import current_session
from tests.booking.visit import open_diary
from tests.faults.rig import CANARY, Rig, wait
from tests.support.owing import let_minutes_pass
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
