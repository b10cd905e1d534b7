"""Mail servers misbehave and senders die between two words of the conversation."""

from portal.notices.models import MessageKind, MessageState
from portal.outbox import OutboxState
from tests.faults.rig import CANARY, Rig, wait
from tests.support.owing import message_of, owe_mail
from tests.support.smtp import Mishap

PLACES = ("mail.connect", "mail.handed_over", "mail.data_sent", "mail.acknowledged")
ADDRESS = f"{CANARY}@example.org"


def test_f23_horses_die_at_four_points_of_the_conversation(rig: Rig) -> None:
    rig.background(FP=",".join(f"{place}:1:kill9" for place in PLACES))
    for number in range(len(PLACES)):
        owe_mail(f"{CANARY}.{number}@example.org")
    rig.settle()
    assert all(rig.was_struck(place) for place in PLACES)
    assert rig.states() == {OutboxState.DONE: len(PLACES)}


def test_f23_the_server_drops_the_line_after_the_text(rig: Rig) -> None:
    rig.mailbox.mishap = Mishap.DROP_AFTER_DATA
    rig.background()
    outbox_id = owe_mail(ADDRESS)
    wait(lambda: bool(rig.mailbox.received), "the server has the mail")
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
    wait(lambda: "message.not_sent" in rig.logs(), "the first try fails")
    owe_mail(ADDRESS, MessageKind.SECURITY_CHANGE)
    rig.mailbox.mishap = Mishap.NONE
    rig.settle()
    assert rig.states() == {OutboxState.DONE: 1}
    (received,) = rig.mailbox.received
    body = received.message.get_body(("plain",))
    assert body is not None
    assert "Something new" in body.get_content()
    assert "setting of your login" in body.get_content()
