"""'This was not me': opening it changes nothing, one press ends what a stranger began (security.md BKG-06, NOT)."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.booking.models import Consultation, WaitlistEntry
from portal.booking.rules import ConsultationStatus, EndedBy, WaitlistState
from portal.clock import utc_now
from portal.diary.models import OccupiedInterval
from portal.diary.rules import Slot
from portal.notices.models import BlockedAddress, MessageKind, MessagePart
from portal.notices.service import queue_message, what_to_say
from portal.people.models import Person
from portal.security.viewer import JobFor, TokenPurpose
from portal.transaction import current_session, transaction
from tests.booking.visit import Visitor, count
from tests.support.cast import Cast


def page_of(app: Flask, person: Person) -> str:
    return f"/not-me/{app.extensions['signer'].sign_id(TokenPurpose.NOT_ME, person.id)}"


@pytest.fixture
def booked(app: Flask, guest: Visitor, slots: list[Slot]) -> Consultation:
    """What somebody booked with another person's address."""
    assert guest.book(slots[0].start).status_code == 303
    with app.app_context(), transaction() as session:
        consultation = session.scalars(select(Consultation)).one()
        _ = consultation.zone
        return consultation


def press(app: Flask, guest: Visitor, path: str) -> int:
    return guest.client.post(path, data={"form_token": app.extensions["signer"].form_token(None)}).status_code


@pytest.fixture
def person(app: Flask, booked: Consultation) -> Person:
    with app.app_context():
        return current_session().get_one(Person, booked.person_id)


def test_every_mail_to_a_visitor_has_the_link_and_none_to_the_therapist(
    app: Flask, booked: Consultation
) -> None:
    with app.app_context(), transaction() as session:
        has_link = {part.kind: "/not-me/" in part.facts for part in session.scalars(select(MessagePart))}
    assert has_link == {MessageKind.CONSULTATION_BOOKED: True, MessageKind.THERAPIST_REQUEST: False}
    assert booked.status is ConsultationStatus.REQUESTED


def test_opening_it_changes_nothing(app: Flask, guest: Visitor, booked: Consultation, person: Person) -> None:
    for _ in range(3):
        assert "This was not you?" in guest.client.get(page_of(app, person)).text
    with app.app_context(), transaction() as session:
        assert session.get_one(Consultation, booked.id).status is ConsultationStatus.REQUESTED
        assert count(app, BlockedAddress) == 0


def test_one_press_ends_the_booking_frees_its_time_and_tells_the_therapist(
    app: Flask, guest: Visitor, booked: Consultation, person: Person
) -> None:
    for _ in range(2):
        assert press(app, guest, page_of(app, person)) == 303
    with app.app_context(), transaction() as session:
        ended = session.get_one(Consultation, booked.id)
        assert (ended.status, ended.ended_by) == (ConsultationStatus.CANCELLED, EndedBy.DISOWNED)
        assert session.get_one(OccupiedInterval, ended.occupied_id).is_released
        parts = session.scalars(select(MessagePart)).all()
        assert [part.kind for part in parts].count(MessageKind.THERAPIST_NOTICE) == 1
        first = next(part for part in parts if part.kind is MessageKind.CONSULTATION_BOOKED)
        assert what_to_say(session, JobFor(first.message_id), utc_now())[1] == [], "it is true no more"
    assert "That is put right" in guest.client.get(page_of(app, person)).text


def test_the_inbox_is_left_alone_but_not_by_its_own_account(
    app: Flask, guest: Visitor, cast: Cast, person: Person, slots: list[Slot]
) -> None:
    press(app, guest, page_of(app, person))
    with app.app_context(), transaction() as session:
        holder = session.get_one(Person, cast.ana.person_id)
        stranger = session.get_one(Person, person.id)
        holder.email, holder.email_code = stranger.email, stranger.email_code
        assert queue_message(session, holder, MessageKind.NEW_ITEM, {}, now=utc_now()) is not None
    assert guest.book(slots[3].start).status_code == 303, "nothing tells that the address is blocked"
    with app.app_context(), transaction() as session:
        later = session.scalars(select(Consultation).order_by(Consultation.created_at.desc())).first()
        assert later is not None
        assert (
            session.scalars(select(MessagePart).where(MessagePart.person_id == later.person_id)).all() == []
        )
    assert press(app, guest, page_of(app, person) + "/undo") == 303
    assert "This was not you?" in guest.client.get(page_of(app, person)).text


def test_a_place_on_the_waitlist_is_given_up(app: Flask, guest: Visitor, cast: Cast, person: Person) -> None:
    with app.app_context(), transaction() as session:
        kind = session.scalars(select(Consultation.type_id)).one()
        entry = WaitlistEntry(
            therapist_id=cast.therapist.person_id, type_id=kind, person_id=person.id, zone="Europe/London", weekdays=1,
            parts=1, request_code=b"w",
        )  # fmt: skip
        session.add(entry)
    press(app, guest, page_of(app, person))
    with app.app_context(), transaction() as session:
        assert session.get_one(WaitlistEntry, entry.id).state is WaitlistState.LEFT


def test_a_second_person_only_leaves_and_the_bookers_time_stays(
    app: Flask, guest: Visitor, booked: Consultation, cast: Cast
) -> None:
    with app.app_context(), transaction() as session:
        ben = session.get_one(Person, cast.ben.person_id)
        session.get_one(Consultation, booked.id).guest_id = ben.id
    press(app, guest, page_of(app, ben))
    with app.app_context(), transaction() as session:
        left = session.get_one(Consultation, booked.id)
        assert (left.status, left.guest_id) == (ConsultationStatus.REQUESTED, None)


@pytest.mark.parametrize("purpose", [TokenPurpose.CONSULTATION, TokenPurpose.WAITLIST, TokenPurpose.TOUCH])
def test_a_link_for_something_else_opens_nothing(
    app: Flask, guest: Visitor, person: Person, purpose: TokenPurpose
) -> None:
    signed = app.extensions["signer"].sign_id(purpose, person.id)
    whole = page_of(app, person).removeprefix("/not-me/")
    for token in (signed, whole[:-1], whole[:-1] + "\u00e9", "x", "." * 5_000):
        assert guest.client.get(f"/not-me/{token}").status_code == 404
        assert press(app, guest, f"/not-me/{token}") == 404


def test_what_is_past_stays_as_it_was(
    app: Flask, guest: Visitor, booked: Consultation, person: Person
) -> None:
    with app.app_context(), transaction() as session:
        old = session.get_one(Consultation, booked.id)
        old.starts_at, old.ends_at = utc_now() - timedelta(hours=2), utc_now() - timedelta(hours=1)
    press(app, guest, page_of(app, person))
    with app.app_context(), transaction() as session:
        assert session.get_one(Consultation, booked.id).status is ConsultationStatus.REQUESTED
