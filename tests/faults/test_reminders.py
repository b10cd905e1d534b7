"""Reminders are owed while mail servers refuse and workers are away: once, never after the start, and seen to be missing."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

import pytest
from sqlalchemy import func, select

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.booking.models import Reminder
from portal.clock import utc_now
from portal.extensions import db
from portal.outbox import OutboxEntry, OutboxState
from portal.security.viewer import TokenPurpose
from portal.transaction import current_session, transaction
from tests.booking.agreed import begin
from tests.booking.visit import free_slots_of, open_diary
from tests.faults.rig import CANARY, Rig, wait
from tests.faults.test_booking import BOOKED, Guest
from tests.support.cast import client_of
from tests.support.clock import MovableClock
from tests.support.smtp import Mishap

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOT_SENT = "The reminder did not leave"


def agree(rig: Rig, times: Iterable[tuple[str, timedelta]]) -> list[UUID]:
    """Agree on consultations that begin so much later, each with the reader of an inbox; a day before they are reminded of."""
    with transaction() as session:
        practice = begin(rig.app, session, rig.cast, utc_now())
        agreed = []
        for inbox, begins_in in times:
            one = practice.agree(session, begins_in=begins_in, email=address(inbox))
            record_of(session, rig.cast.therapist.member(), Action.CONSULTATION_REQUESTED, one)
            agreed.append(one.id)
    return agreed


def address(inbox: str) -> str:
    return f"{CANARY}.{inbox}@example.org"


def owed() -> int:
    """How many reminders were owed so far."""
    db.session.remove()
    return current_session().scalar(select(func.count()).select_from(Reminder)) or 0


def next_tries() -> list[datetime]:
    """When what waits is tried again."""
    db.session.remove()
    pending = select(OutboxEntry.due_at).where(OutboxEntry.state == OutboxState.PENDING)
    return list(current_session().scalars(pending))


def arrivals(rig: Rig) -> Counter[str]:
    """How many mails came to each inbox."""
    return Counter(recipient for one in rig.mailbox.received for recipient in one.recipients)


def page_of(rig: Rig, consultation_id: UUID) -> str:
    """What the therapist sees of a consultation."""
    jane = client_of(rig.app, rig.cast.therapist)
    db.session.remove()
    answer = jane.get(f"/requests/{consultation_id}")
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize(
    "mishap", [Mishap.TRY_LATER, Mishap.GREYLIST, Mishap.BROKEN_TLS, Mishap.DROP_AFTER_DATA]
)
def test_f23_reminders_wait_for_the_server_but_not_beyond_the_start(rig: Rig, mishap: Mishap) -> None:
    clock = MovableClock(rig.folder / "clock")
    soon, later = agree(rig, [("soon", HOUR / 2), ("later", 20 * HOUR)])
    rig.mailbox.mishap = mishap
    rig.background(**clock.environment)
    wait(lambda: rig.logs().count("message.not_sent") == 2, "both reminders are tried")
    assert all(due_at > utc_now() + timedelta(seconds=10) for due_at in next_tries()), "not tried at once"
    before = arrivals(rig)
    rig.mailbox.mishap = Mishap.NONE
    clock.set(HOUR)
    rig.settle()
    assert (owed(), rig.states()) == (2, {OutboxState.DONE: 1, OutboxState.EXPIRED: 1})
    assert arrivals(rig) - before == {address("later"): 1}
    has_perhaps_left = mishap is Mishap.DROP_AFTER_DATA
    assert [NOT_SENT in page_of(rig, one) for one in (soon, later)] == [not has_perhaps_left, False]


def test_f23_a_booking_is_answered_at_once_while_the_server_needs_thirty_seconds(rig: Rig) -> None:
    open_diary(rig.app, rig.cast.therapist, is_instant=True)
    start = free_slots_of(rig.app, rig.cast)[0].start
    rig.mailbox.delay_seconds = 30
    portal, _ = rig.background()
    portal.start_web()
    guest = Guest(rig, portal, 1)
    form = guest.form(start)
    began = monotonic()
    assert guest.send(form) == BOOKED
    assert monotonic() - began < 2
    assert not rig.mailbox.received
    rig.mailbox.delay_seconds = 0
    rig.settle()


def test_f27_a_day_without_workers_leaves_out_the_reminders_of_what_has_begun(rig: Rig) -> None:
    clock = MovableClock(rig.folder / "clock")
    hours = range(1, 48)
    agreed = agree(
        rig,
        [(str(hour), hour * HOUR + HOUR / 2) for hour in hours] + [("two", 40 * HOUR), ("two", 26 * HOUR)],
    )
    portal = rig.portal(**clock.environment)
    portal.start_sweeper()
    for off, expected in ((0 * DAY, 23), (DAY / 2, 36), (DAY, 49)):
        clock.set(off)
        wait(lambda expected=expected: owed() == expected, f"{expected} reminders are owed")  # type: ignore[misc]
    portal.start_worker()
    rig.settle()
    assert rig.states() == {OutboxState.DONE: 25, OutboxState.EXPIRED: 23}
    assert arrivals(rig) == {address(str(hour)): 1 for hour in hours if hour >= 24} | {address("two"): 1}
    (both,) = rig.mailbox.to(address("two"))
    body = both.get_body(("plain",))
    assert body is not None
    signer = rig.app.extensions["signer"]
    links = [signer.sign_id(TokenPurpose.CONSULTATION, agreed[number]) for number in (-1, -2)]
    told = [body.get_content().index(link) for link in links]
    assert told == sorted(told), "what begins first is told first"
    assert [NOT_SENT in page_of(rig, agreed[number]) for number in (0, 22, 23, 46)] == [
        True,
        True,
        False,
        False,
    ]
