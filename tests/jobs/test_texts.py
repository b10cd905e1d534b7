"""Text messages through a real gateway of HTTP: the neutral line and the time, at most twice, failures seen."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from jobs.messages import send
from portal.clock import utc_now
from portal.notices.models import MessageKind, MessageState
from portal.notices.rules import forbidden_in
from portal.notices.service import queue_message
from portal.outbox import OutboxEntry
from portal.people.models import Channel
from portal.people.service import add_person
from portal.transaction import transaction
from tests.support.owing import application, message_of
from tests.support.smtp import Mailbox

WHEN = "Tuesday 24 November, 09:00 (London, GMT)"


class Gateway(ThreadingHTTPServer):
    """Keeps what it is sent, and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[tuple[str, dict[str, str]]] = []
        self.status = 200

    @property
    def url(self) -> str:
        """Write the ``TEXT_GATEWAY_URL`` of this gateway."""
        return f"json://127.0.0.1:{self.server_address[1]}/text/{{phone}}"


class _Handler(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_values: object) -> None:
        """Say nothing."""


@contextmanager
def running() -> Iterator[Gateway]:
    server = Gateway()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running() as server:
        yield server


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path, mailbox: Mailbox, gateway: Gateway) -> Iterator[Flask]:
    with application(tmp_path, sqlite_url, smtp_url=mailbox.url, text_gateway_url=gateway.url) as app:
        yield app


def owe_text(phone: str = "+44 20 7946-0018") -> UUID:
    with transaction() as session:
        reader = add_person(
            session, first_name="Ana", email="us@example.org", zone="Europe/London", phone=phone, channel=Channel.TEXT
        )  # fmt: skip
        facts = {"when": WHEN, "link": "/c/x", "not_me": "/not-me/x"}
        message = queue_message(
            session, reader, MessageKind.CONSULTATION_REMINDER, facts, now=utc_now(), by_text=True
        )
        assert message is not None
        return session.scalars(select(OutboxEntry.id).where(OutboxEntry.subject_id == message.id)).one()


@pytest.mark.usefixtures("app")
class TestTexts:
    def test_say_the_neutral_line_and_the_time_to_one_phone_and_nothing_else(
        self, gateway: Gateway, mailbox: Mailbox
    ) -> None:
        outbox_id = owe_text()
        send(str(outbox_id))
        send(str(outbox_id))
        ((path, body),) = gateway.received
        assert path == "/text/442079460018"
        assert body["message"] == f"A reminder of your appointment: {WHEN}"
        assert body["title"] == ""
        assert forbidden_in(json.dumps(body)) == []
        assert mailbox.received == []
        assert message_of(outbox_id).state is MessageState.SENT

    def test_are_tried_once_more_and_then_seen_to_fail(self, gateway: Gateway) -> None:
        gateway.status = 500
        outbox_id = owe_text()
        for number in range(4):
            with time_machine.travel(utc_now() + number * timedelta(hours=3), tick=False):
                send(str(outbox_id))
        assert len(gateway.received) == 2
        assert message_of(outbox_id).state is MessageState.FAILED

    @pytest.mark.parametrize("phone", ["call me", "12", "+44/../../admin", "1" * 16, "?x=1&to=999999"])
    def test_what_is_no_number_fails_at_once_and_reaches_no_gateway(
        self, gateway: Gateway, phone: str
    ) -> None:
        outbox_id = owe_text(phone)
        send(str(outbox_id))
        assert gateway.received == []
        assert message_of(outbox_id).state is MessageState.FAILED


def test_without_a_gateway_a_text_that_was_owed_is_seen_to_fail(sqlite_url: str, tmp_path: Path) -> None:
    with application(tmp_path, sqlite_url):
        outbox_id = owe_text()
        send(str(outbox_id))
        assert message_of(outbox_id).state is MessageState.FAILED
