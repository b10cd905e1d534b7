"""Mail servers misbehave and senders die between two words of the conversation."""

import pytest

from portal.notices.models import MessageKind, MessageState
from portal.outbox import OutboxState
from tests.faults.rig import CANARY, Rig
from tests.support.owing import message_of, owe_mail
from tests.support.processes import wait_until
from tests.support.smtp import Mishap

ADDRESS = f"{CANARY}@example.org"


@pytest.mark.parametrize(
    "failpoint", ["mail.connect", "mail.handed_over", "mail.data_sent", "mail.acknowledged"]
)
def test_f23_the_horse_dies_while_it_sends(rig: Rig, failpoint: str) -> None:
    rig.background(FP=f"{failpoint}:1:kill9")
    outbox_id = owe_mail(ADDRESS)
    rig.settle()
    assert rig.was_struck(failpoint)
    assert message_of(outbox_id).state is MessageState.SENT
    assert 1 <= len(rig.mailbox.received) <= 2


def test_f23_the_server_drops_the_line_after_the_text(rig: Rig) -> None:
    rig.mailbox.mishap = Mishap.DROP_AFTER_DATA
    rig.background()
    outbox_id = owe_mail(ADDRESS)
    wait_until(lambda: bool(rig.mailbox.received), "the server has the mail")
    rig.mailbox.mishap = Mishap.NONE
    rig.settle()
    assert message_of(outbox_id).state is MessageState.SENT
    assert len({one.message["Message-ID"] for one in rig.mailbox.received}) == 1


def test_f23_the_server_needs_thirty_seconds_for_each_answer(rig: Rig) -> None:
    rig.mailbox.delay_seconds = 30
    rig.background()
    outbox_id = owe_mail(ADDRESS)
    rig.settle()
    assert message_of(outbox_id).state is MessageState.SENT
    assert len(rig.mailbox.received) == 1


def test_f23_the_server_is_busy_and_what_follows_shares_the_mail(rig: Rig) -> None:
    rig.mailbox.mishap = Mishap.GREYLIST
    rig.background()
    owe_mail(ADDRESS)
    wait_until(lambda: "message.not_sent" in rig.logs(), "the first try fails")
    owe_mail(ADDRESS, MessageKind.SECURITY_CHANGE)
    rig.mailbox.mishap = Mishap.NONE
    rig.settle()
    assert rig.states() == {OutboxState.DONE: 1}
    (received,) = rig.mailbox.received
    body = received.message.get_body(("plain",))
    assert body is not None
    assert "Something new" in body.get_content()
    assert "setting of your login" in body.get_content()
