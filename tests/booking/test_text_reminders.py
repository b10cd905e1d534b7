"""Who wants the reminder on the phone can say so where there is a gateway, and gets it there; the rest goes by mail."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from jobs.messages import send
from jobs.schedule import Sweeper
from portal.booking.models import Consultation
from portal.booking.rules import ConsultationStatus
from portal.diary.models import ConsultationTypeRow
from portal.outbox import OutboxEntry, OutboxState
from portal.people.models import Channel, Person
from portal.transaction import transaction
from tests.booking.visit import Visitor, free_slots_of, open_diary, soup, token_of, visitor
from tests.jobs.test_texts import Gateway, running
from tests.support.cast import Cast, client_of, make_cast
from tests.support.owing import application
from tests.support.smtp import Mailbox

PHONE = "+44 20 7946 0018"
JOINING = {"first_name": "Ben", "zone": "America/New_York", "agreed": "y"}


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running() as server:
        yield server


@pytest.fixture
def texting(sqlite_url: str, tmp_path: Path, mailbox: Mailbox, gateway: Gateway) -> Iterator[Flask]:
    with application(tmp_path, sqlite_url, smtp_url=mailbox.url, text_gateway_url=gateway.url) as app:
        yield app


@pytest.fixture
def practice(texting: Flask) -> Cast:
    with transaction() as session:
        cast = make_cast(session)
    open_diary(texting, cast.therapist, is_instant=True)
    with transaction() as session:
        session.execute(update(ConsultationTypeRow).values(reminder_minutes=60))
    return cast


def send_owed() -> None:
    with transaction() as session:
        owed = session.scalars(select(OutboxEntry.id).where(OutboxEntry.state == OutboxState.PENDING)).all()
    for outbox_id in owed:
        send(str(outbox_id))


def the_booked() -> Consultation:
    with transaction() as session:
        return session.scalars(select(Consultation)).one()


def way_to_join(reader: FlaskClient, page: str) -> str:
    link = soup(reader.get(page)).select_one("#pass-on")
    assert link is not None
    return urlsplit(str(link["value"])).path


class TestTheBooker:
    def test_gets_the_confirmation_by_mail_and_the_reminder_on_the_phone(
        self, texting: Flask, practice: Cast, gateway: Gateway, mailbox: Mailbox
    ) -> None:
        slot = free_slots_of(texting, practice)[0]
        answer = visitor(texting).book(slot.start, phone=PHONE, reminded_by="text")
        assert answer.status_code == 303
        send_owed()
        assert len(mailbox.to("ana.new@example.org")) == 1
        assert gateway.received == []
        with time_machine.travel(slot.start - timedelta(minutes=50), tick=False):
            Sweeper(app=texting).sweep()
            send_owed()
        ((path, body),) = gateway.received
        assert path == "/text/442079460018"
        assert body["message"].startswith("A reminder of your appointment: ")
        assert len(mailbox.to("ana.new@example.org")) == 1

    def test_is_reminded_by_mail_who_says_nothing(self, texting: Flask, practice: Cast) -> None:
        form = visitor(texting).form(free_slots_of(texting, practice)[0].start)
        assert form["reminded_by"] == "email"
        visitor(texting).send(form | {"phone": PHONE})
        with transaction() as session:
            assert session.get_one(Person, the_booked().person_id).channel is Channel.EMAIL

    @pytest.mark.parametrize(
        ("phone", "says"),
        [("", "the number that the text message goes to"), ("020 7946 0018", "with its country code"), ("call me", "one number")],
    )  # fmt: skip
    def test_is_asked_for_a_number_at_the_field_and_nothing_typed_is_lost(
        self, texting: Flask, practice: Cast, phone: str, says: str
    ) -> None:
        answer = visitor(texting).book(
            free_slots_of(texting, practice)[0].start, phone=phone, reminded_by="text"
        )
        assert answer.status_code == 422
        page = soup(answer)
        field = page.select_one(".field.wrong:has(#phone)")
        assert field is not None and says in field.get_text() and len(page.select(".field.wrong")) == 1
        assert page.select_one("#reminded_by input[value=text][checked]") is not None
        assert "We keep postponing one conversation." in answer.text

    def test_cannot_choose_what_is_not_offered(self, texting: Flask, practice: Cast) -> None:
        start = free_slots_of(texting, practice)[0].start
        for way in ("portal_only", "pigeon"):
            assert visitor(texting).book(start, phone=PHONE, reminded_by=way).status_code == 422


def test_without_a_gateway_nothing_is_asked_and_an_answer_counts_for_nothing(
    app: Flask, guest: Visitor, opened: Cast
) -> None:
    start = free_slots_of(app, opened)[0].start
    assert "reminded_by" not in guest.form(start)
    page = guest.book(start, phone=PHONE, reminded_by="text").headers["Location"]
    joining = soup(guest.client.get(way_to_join(guest.client, page)))
    assert joining.select("#phone, #reminded_by") == []
    with app.app_context(), transaction() as session:
        assert session.get_one(Person, the_booked().person_id).channel is Channel.EMAIL


class TestTheSecondPerson:
    @pytest.fixture
    def join(self, texting: Flask, practice: Cast) -> str:
        page = visitor(texting).book(free_slots_of(texting, practice)[0].start).headers["Location"]
        return way_to_join(client_of(texting, None), page)

    def test_may_be_reminded_on_the_phone_without_giving_an_address(
        self, texting: Flask, join: str, gateway: Gateway, mailbox: Mailbox
    ) -> None:
        reader = client_of(texting, None)
        data = {"form_token": token_of(reader.get(join)), **JOINING, "phone": PHONE, "reminded_by": "text"}
        assert reader.post(join, data=data).status_code == 303
        start = the_booked().starts_at
        assert the_booked().status is ConsultationStatus.CONFIRMED
        with time_machine.travel(start - timedelta(minutes=50), tick=False):
            Sweeper(app=texting).sweep()
            send_owed()
        ((path, body),) = gateway.received
        assert path == "/text/442079460018" and "New York" in body["message"]
        assert {one.recipients[0] for one in mailbox.received} == {"ana.new@example.org", "jane@example.org"}

    def test_is_asked_for_a_number_too(self, texting: Flask, join: str) -> None:
        reader = client_of(texting, None)
        data = {"form_token": token_of(reader.get(join)), **JOINING, "reminded_by": "text"}
        answer = reader.post(join, data=data)
        assert answer.status_code == 422 and "the number that the text message goes to" in answer.text
        assert the_booked().guest_id is None
