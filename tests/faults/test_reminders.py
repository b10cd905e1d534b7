"""Reminders while the mail server is away and after the workers were: never late, never twice."""

from datetime import timedelta

from sqlalchemy import select

from portal.clock import utc_now
from portal.notices.models import Message, MessageState
from portal.outbox import OutboxState
from portal.transaction import transaction
from tests.booking.agreed import begin
from tests.faults.rig import CANARY, Rig, wait
from tests.support.smtp import Mishap

HOUR = timedelta(hours=1)


def states(rig: Rig) -> list[MessageState]:
    with transaction() as session:
        return list(session.scalars(select(Message.state)))


def test_f23_the_mail_server_is_away_until_the_appointment_has_begun(rig: Rig) -> None:
    rig.mailbox.mishap = Mishap.GREYLIST
    with transaction() as session:
        agreed = begin(rig.app, session, rig.cast, utc_now())
        agreed.agree(session, begins_in=timedelta(seconds=20), email=f"{CANARY}@example.org")
    rig.background()
    wait(lambda: "message.not_sent" in rig.logs(), "the first try fails")
    wait(lambda: utc_now() > agreed.now + timedelta(seconds=20), "the appointment begins")
    rig.mailbox.mishap = Mishap.NONE
    rig.settle()
    assert rig.mailbox.received == []
    assert states(rig) == [MessageState.SUPPRESSED]


def test_f27_the_workers_were_away_for_a_day(rig: Rig) -> None:
    """Sixty reminders were owed a day ago; a third of what they tell of has begun meanwhile."""
    now = utc_now()
    with transaction() as session:
        agreed = begin(rig.app, session, rig.cast, now)
        for number in range(60):
            begins_in = timedelta(minutes=15 * (number - 20) + 5)
            agreed.agree(session, begins_in=begins_in, email=f"{CANARY}.{number}@example.org")
    assert agreed.sweep(now - 23 * HOUR) > 0
    assert agreed.sweep(now - 12 * HOUR) == agreed.sweep(now - 6 * HOUR) == 60
    rig.background()
    rig.settle()
    assert rig.states() == {OutboxState.DONE: 40, OutboxState.EXPIRED: 20}
    recipients = [recipient for one in rig.mailbox.received for recipient in one.recipients]
    assert len(recipients) == len(set(recipients)) == 40
