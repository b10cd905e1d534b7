"""Sending owed mails: to a real server, at most twice, never not at all without anybody seeing it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs import messages
from jobs.messages import send
from portal import outbox
from portal.clock import utc_now
from portal.extensions import db
from portal.notices.models import MessageKind, MessageState
from portal.notices.service import queue_message
from portal.outbox import LeaseLost, OutboxState
from portal.people.models import Channel, Person
from portal.people.service import change_address
from portal.practice.models import Practice
from portal.queueing import JobName
from portal.transaction import transaction
from tests.support.cast import make_cast
from tests.support.owing import add_reader, application, message_of, owe_mail, row
from tests.support.smtp import Mailbox, Mishap

ADDRESS = "us@example.org"


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path, mailbox: Mailbox) -> Iterator[Flask]:
    with application(tmp_path, sqlite_url, smtp_url=mailbox.url) as app:
        yield app


def try_again(outbox_id: UUID, times: int) -> None:
    """Let the retries come, each in its time."""
    for number in range(1, times + 1):
        with time_machine.travel(utc_now() + number * timedelta(hours=3), tick=False):
            send(str(outbox_id))


@pytest.mark.usefixtures("app")
class TestSend:
    def test_a_mail_goes_to_one_recipient_from_one_sender(self, mailbox: Mailbox) -> None:
        outbox_id = owe_mail()
        send(str(outbox_id))
        (received,) = mailbox.received
        mail = received.message
        assert received.recipients == (ADDRESS,)
        assert mail["To"] == ADDRESS
        assert mail["From"] == mail["Reply-To"] == received.sender == "hello@practice.example.org"
        assert mail["Cc"] is mail["Bcc"] is None
        assert mail["Auto-Submitted"] == "auto-generated"
        assert row(outbox_id).state is OutboxState.DONE
        assert message_of(outbox_id).state is MessageState.SENT

    def test_the_mail_is_in_the_practices_language(self, mailbox: Mailbox) -> None:
        outbox_id = owe_mail()
        with transaction() as session:
            make_cast(session)
            session.scalars(select(Practice)).one().language = "fr-CA"
        send(str(outbox_id))
        (mail,) = mailbox.to(ADDRESS)
        html = mail.get_body(("html",))
        assert html is not None
        assert '<html lang="fr-CA">' in str(html.get_content())

    def test_running_the_job_again_sends_nothing_again(self, mailbox: Mailbox) -> None:
        outbox_id = owe_mail()
        for _ in range(3):
            send(str(outbox_id))
        try_again(outbox_id, 2)
        assert len(mailbox.received) == 1

    def test_what_joins_before_the_text_leaves_is_in_the_mail(self, mailbox: Mailbox) -> None:
        outbox_id = owe_mail()
        with transaction() as session:
            reader = add_reader(session)
            queue_message(session, reader, MessageKind.RESET, {"link": "/r/1"}, now=utc_now())
        send(str(outbox_id))
        (mail,) = mailbox.to(ADDRESS)
        assert "https://portal.example.org/r/1" in text_of(mail)
        assert "Something new" in text_of(mail)


@pytest.mark.usefixtures("app")
class TestTroubleWithTheServer:
    @pytest.mark.parametrize("mishap", [Mishap.GREYLIST, Mishap.TRY_LATER])
    def test_a_server_that_is_busy_gets_the_mail_later(self, mailbox: Mailbox, mishap: Mishap) -> None:
        mailbox.mishap, outbox_id = mishap, owe_mail()
        send(str(outbox_id))
        assert row(outbox_id).state is OutboxState.PENDING
        assert row(outbox_id).due_at > utc_now()
        mailbox.mishap = Mishap.NONE
        try_again(outbox_id, 1)
        assert len(mailbox.received) == 1

    def test_a_server_that_stays_busy_is_asked_five_times_and_then_it_shows(self, mailbox: Mailbox) -> None:
        mailbox.mishap, outbox_id = Mishap.TRY_LATER, owe_mail()
        try_again(outbox_id, 7)
        assert row(outbox_id).attempts == 5
        assert message_of(outbox_id).state is MessageState.FAILED

    def test_a_server_that_refuses_for_good_is_not_asked_again(self, mailbox: Mailbox) -> None:
        mailbox.mishap, outbox_id = Mishap.REFUSE, owe_mail()
        send(str(outbox_id))
        assert row(outbox_id).state is OutboxState.FAILED
        assert message_of(outbox_id).state is MessageState.FAILED

    def test_a_line_cut_after_the_text_gives_one_recognisable_duplicate_at_most(
        self, mailbox: Mailbox
    ) -> None:
        mailbox.mishap, outbox_id = Mishap.DROP_AFTER_DATA, owe_mail()
        try_again(outbox_id, 6)
        ids = [mail["Message-ID"] for mail in mailbox.to(ADDRESS)]
        assert len(ids) == 2
        assert len(set(ids)) == 1
        assert message_of(outbox_id).state is MessageState.FAILED

    def test_the_duplicate_says_the_same_and_what_came_later_gets_a_mail_of_its_own(
        self, mailbox: Mailbox
    ) -> None:
        mailbox.mishap, outbox_id = Mishap.DROP_AFTER_DATA, owe_mail()
        send(str(outbox_id))
        later = owe_mail(kind=MessageKind.SECURITY_CHANGE)
        mailbox.mishap = Mishap.NONE
        try_again(outbox_id, 1)
        first, second = mailbox.to(ADDRESS)
        assert text_of(first) == text_of(second)
        assert later != outbox_id
        assert message_of(later).state is MessageState.WAITING

    def test_without_any_server_the_mail_waits(self, app: Flask, tmp_path: Path, sqlite_url: str) -> None:
        outbox_id = owe_mail()
        with application(tmp_path, sqlite_url, smtp_url="smtp://127.0.0.1:1"):
            send(str(outbox_id))
        assert row(outbox_id).state is OutboxState.PENDING
        assert row(outbox_id).failure == "code 0"


@pytest.mark.usefixtures("app")
class TestWhoIsStillOwed:
    def test_who_chose_portal_only_meanwhile_gets_nothing(self, mailbox: Mailbox) -> None:
        outbox_id = owe_mail()
        change(outbox_id, lambda _session, reader: setattr(reader, "channel", Channel.PORTAL_ONLY))
        send(str(outbox_id))
        assert mailbox.received == []
        assert message_of(outbox_id).state is MessageState.SUPPRESSED

    def test_who_has_another_address_meanwhile_gets_nothing_at_the_old_one(self, mailbox: Mailbox) -> None:
        outbox_id = owe_mail()
        change(outbox_id, lambda session, reader: change_address(session, reader, "new@example.org"))
        send(str(outbox_id))
        assert mailbox.received == []

    def test_what_is_past_its_deadline_is_left_unsaid(self, mailbox: Mailbox) -> None:
        now = utc_now()
        with transaction() as session:
            reader = add_reader(session)
            message = queue_message(
                session, reader, MessageKind.NEW_ITEM, {}, now=now, deadline_at=now + timedelta(hours=1)
            )
            assert message is not None
            entry = session.query(outbox.OutboxEntry).one()
        with time_machine.travel(now + timedelta(hours=2)):
            send(str(entry.id))
        assert mailbox.received == []
        assert row(entry.id).state is OutboxState.EXPIRED

    def test_a_worker_that_lost_its_lease_does_not_send(self, mailbox: Mailbox) -> None:
        outbox_id = owe_mail()
        with transaction() as session:
            late = outbox.claim(session, outbox_id, JobName.SEND_MESSAGE, utc_now())
        with time_machine.travel(utc_now() + timedelta(minutes=3), tick=False):
            send(str(outbox_id))
        assert late is not None
        with pytest.raises(LeaseLost):
            messages._send(late)
        assert len(mailbox.received) == 1


def change(outbox_id: UUID, how: Callable[[Session, Person], None]) -> None:
    reader_id = message_of(outbox_id).person_id
    db.session.remove()
    with transaction() as session:
        how(session, session.get_one(Person, reader_id))


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
