"""Returned mails, from a real mailbox and by a mail service's call: noted once, on the message and on the person."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from jobs.bounces import read
from jobs.schedule import Sweeper
from portal.clock import utc_now
from portal.notices.models import Message, MessageState
from portal.notices.queries import mail_trouble
from portal.outbox import OutboxEntry, OutboxState
from portal.people.models import Person
from portal.people.service import change_address
from portal.queueing import JobName
from portal.transaction import transaction
from tests.notices.test_bounces import plain, report
from tests.support.imap import ImapServer, imap_server
from tests.support.owing import application, message_of, owe_mail, row

KEY = "k" * 40
DOMAIN = "practice.example.org"


@pytest.fixture
def imap(tmp_path: Path) -> Iterator[ImapServer]:
    with imap_server(tmp_path) as server:
        yield server


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    with application(tmp_path, sqlite_url, bounces_key=KEY) as app:
        yield app


def sent_mail() -> Message:
    """Owe a mail, and note that it left."""
    message = message_of(owe_mail())
    with transaction() as session:
        session.get_one(Message, message.id).state = MessageState.SENT
    return message


def reader_of(message: Message) -> Person:
    with transaction() as session:
        return session.get_one(Person, message.person_id, populate_existing=True)


def returned(message: Message) -> bytes:
    return report(message_id=f"<{message.id}@{DOMAIN}>")


def test_a_mailbox_is_read_by_the_sweepers_and_the_workers_way_and_answers_of_people_stay_unread(
    sqlite_url: str, tmp_path: Path, imap: ImapServer
) -> None:
    with application(tmp_path, sqlite_url, bounces_url=imap.url) as app:
        message = sent_mail()
        imap.deliver(plain("Thank you, Tuesday is fine. 5.1.1"))
        imap.deliver(returned(message))
        imap.deliver(b"Subject: " + b"x" * 300_000 + b"\r\n\r\n")
        sweeper = Sweeper(app=app)
        for _ in range(2):
            sweeper.sweep()
        with transaction() as session:
            (owed,) = session.scalars(select(OutboxEntry.id).where(OutboxEntry.job == JobName.READ_BOUNCES))
        read(str(owed))
        assert row(owed).state is OutboxState.DONE
        assert message_of_id(message.id).bounced_at is not None
        assert reader_of(message).email_bounced_at is not None
        answer, bounce, long = imap.flags()
        assert "\\Seen" not in answer + long
        assert "\\Seen" in bounce
        with transaction() as session:
            assert mail_trouble(session, utc_now()).bounced == 1
        sweeper.bounces_at = None
        sweeper.sweep()
        assert row(owed).state is OutboxState.PENDING, "one row for all times"


def test_a_mailbox_that_is_away_or_refuses_us_is_tried_again(
    sqlite_url: str, tmp_path: Path, imap: ImapServer
) -> None:
    for url in ("imap://127.0.0.1:1/INBOX", imap.url.replace("demopass", "wrong"), imap.url + "/none"):
        with application(tmp_path, sqlite_url, bounces_url=url) as app:
            sweeper = Sweeper(app=app)
            sweeper.sweep()
            with transaction() as session:
                owed = session.scalars(
                    select(OutboxEntry).where(OutboxEntry.job == JobName.READ_BOUNCES)
                ).one()
                owed.due_at = utc_now()
            read(str(owed.id))
            assert row(owed.id).state is OutboxState.PENDING
            assert row(owed.id).failure is not None


class TestReports:
    def post(self, app: Flask, report: object, *, key: str = KEY) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        return app.test_client().post("/mail/bounces", json=report, headers=headers).status_code

    def test_one_call_notes_the_message_and_the_person_and_a_second_changes_nothing(self, app: Flask) -> None:
        message = sent_mail()
        said = {"message_id": f"<{message.id}@{DOMAIN}>", "kind": "HardBounce"}
        assert self.post(app, said) == 204
        first = message_of_id(message.id).bounced_at
        assert self.post(app, [said, said]) == 204
        assert message_of_id(message.id).bounced_at == first is not None
        assert reader_of(message).email_bounced_at == first

    def test_a_new_address_is_open_again_and_old_reports_do_not_close_it(self, app: Flask) -> None:
        message, late = sent_mail(), sent_mail()
        said = [{"message_id": f"{one.id}@{DOMAIN}", "kind": "hard"} for one in (message, late)]
        self.post(app, said[0])
        with transaction() as session:
            for one in (message, late):
                change_address(session, session.get_one(Person, one.person_id), "new@example.org")
        assert reader_of(message).email_bounced_at is None
        self.post(app, said[1])
        assert reader_of(late).email_bounced_at is None
        assert message_of_id(late.id).bounced_at is not None

    @pytest.mark.parametrize("key", ["", "k" * 39, "K" * 40, "\u00e9" * 40])
    def test_without_our_key_nothing_is_believed(self, app: Flask, key: str) -> None:
        message = sent_mail()
        headers = {"Authorization": f"Bearer {key}".encode().decode("latin-1")}
        said = {"message_id": f"{message.id}@{DOMAIN}", "kind": "hard"}
        assert app.test_client().post("/mail/bounces", json=said, headers=headers).status_code == 401
        assert app.test_client().post("/mail/bounces", json=said).status_code == 401
        assert message_of_id(message.id).bounced_at is None

    def test_the_key_may_be_a_password_as_some_services_have_it(self, app: Flask) -> None:
        assert app.test_client().post("/mail/bounces", json={}, auth=("any", KEY)).status_code == 204

    @pytest.mark.parametrize("body", [b"", b"{", b"[" * 60_000, b"\xff" * 10, b'"' + b"x" * 60_000 + b'"'])
    def test_no_body_breaks_it(self, app: Flask, body: bytes) -> None:
        answer = app.test_client().post(
            "/mail/bounces", data=body, headers={"Authorization": f"Bearer {KEY}"}
        )
        assert answer.status_code == 204

    def test_a_long_body_is_refused(self, app: Flask) -> None:
        answer = app.test_client().post(
            "/mail/bounces", data=b"x" * 70_000, headers={"Authorization": f"Bearer {KEY}"}
        )
        assert answer.status_code == 413


def message_of_id(message_id: UUID) -> Message:
    with transaction() as session:
        return session.get_one(Message, message_id, populate_existing=True)


def test_a_mail_that_never_left_cannot_come_back(app: Flask) -> None:
    waiting = message_of(owe_mail())
    said = {"message_id": f"{waiting.id}@{DOMAIN}", "kind": "hard"}
    assert TestReports().post(app, said) == 204
    assert message_of_id(waiting.id).bounced_at is None
