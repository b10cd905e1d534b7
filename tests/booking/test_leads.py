"""The therapist's side: who asked, through which article, and what answering does."""

import json
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.blog.service import publish_post
from portal.booking.answering import attach_couple
from portal.booking.models import Consultation, ConsultationStatus
from portal.booking.queries import number_of_open_leads, open_leads
from portal.booking.rules import AlreadyAnswered
from portal.clock import utc_now
from portal.couples.models import Couple
from portal.diary.rules import Slot
from portal.notices.models import MessageKind, MessagePart
from portal.practice.models import Therapist
from portal.security.viewer import TokenPurpose
from portal.transaction import current_session, transaction
from tests.booking.visit import Visitor, free_slots_of, open_diary, soup, token_of, visitor
from tests.support.cast import Cast, client_of
from tests.support.marks import mark_of
from tests.support.statements import counted


@pytest.fixture
def desk(app: Flask, opened: Cast) -> FlaskClient:
    return client_of(app, opened.therapist)


@pytest.fixture
def path(app: Flask, guest: Visitor, slots: list[Slot]) -> str:
    """The page of one request that waits."""
    guest.book(slots[4].start, partner_name="Ben", partner_knows="no")
    with app.app_context():
        return f"/requests/{current_session().scalars(select(Consultation.id)).one()}"


def answer(desk: FlaskClient, path: str, verb: str) -> int:
    token = token_of(desk.get(path))
    return desk.post(f"{path}/{verb}", data={"form_token": token}).status_code


def calendar_of(app: Flask, kind: MessageKind) -> str:
    with app.app_context():
        part = current_session().scalars(select(MessagePart).where(MessagePart.kind == kind)).one()
        return str(json.loads(part.facts)["facts"]["ics"])


def the_one(app: Flask) -> Consultation:
    with app.app_context():
        return current_session().scalars(select(Consultation)).one()


class TestTheList:
    def test_shows_the_newest_first_with_the_article_that_brought_them(
        self, app: Flask, guest: Visitor, slots: list[Slot], opened: Cast, desk: FlaskClient
    ) -> None:
        with app.app_context(), transaction() as session:
            post = publish_post(
                session, session.get_one(Therapist, opened.therapist_profile_id), slug="two-lists", title="Two lists",
                lead="", body="", published_at=utc_now() - timedelta(days=1),
            )  # fmt: skip
        token = mark_of(app, post.id)
        guest.book(slots[0].start, first_name="Early")
        guest.send(guest.form(slots[9].start) | {"first_name": "Late"}, **{"from": token})
        lines = [line.get_text(" ") for line in soup(desk.get("/requests")).select("main .need")]
        assert "Late" in lines[0] and "Two lists" in lines[0] and "Early" in lines[1]

    def test_needs_few_statements_whatever_its_length(
        self, app: Flask, guest: Visitor, slots: list[Slot], desk: FlaskClient
    ) -> None:
        for number in range(12):
            guest.book(slots[number].start, email=f"a{number}@example.org")
        with counted(app) as statements:
            desk.get("/requests")
        assert len(statements) <= 12

    def test_belongs_to_one_therapist(self, app: Flask, opened: Cast, path: str) -> None:
        other = client_of(app, opened.stranger)
        assert path not in other.get("/requests").text
        assert other.get(path).status_code == 404
        for actor in (opened.ana, opened.front_desk, opened.owner):
            assert client_of(app, actor).get(path).status_code == 404
        assert client_of(app, None).get(path).status_code == 303

    def test_is_counted_for_the_first_page(
        self, app: Flask, opened: Cast, path: str, desk: FlaskClient
    ) -> None:
        viewer = opened.therapist.member()
        with app.app_context():
            session = current_session()
            assert [lead.person.first_name for lead in open_leads(session, viewer)] == ["Ana"]
            assert session.scalar(select(number_of_open_leads(viewer))) == 1
        answer(desk, path, "confirm")
        with app.app_context():
            assert current_session().scalar(select(number_of_open_leads(viewer))) == 0

    def test_keeps_what_confirmed_itself_open_until_it_goes_further(self, app: Flask, cast: Cast) -> None:
        open_diary(app, cast.therapist, is_instant=True)
        visitor(app).book(free_slots_of(app, cast)[0].start)
        with app.app_context():
            assert current_session().scalar(select(number_of_open_leads(cast.therapist.member()))) == 1


class TestAnAnswer:
    def test_that_confirms_is_mailed_with_a_newer_calendar_entry(
        self, app: Flask, path: str, desk: FlaskClient
    ) -> None:
        assert answer(desk, path, "confirm") == 303
        assert the_one(app).status is ConsultationStatus.CONFIRMED
        before = calendar_of(app, MessageKind.CONSULTATION_BOOKED)
        after = calendar_of(app, MessageKind.CONSULTATION_CONFIRMED)
        uid = next(line for line in before.splitlines() if line.startswith("UID:"))
        assert uid in after and "SEQUENCE:1" in after and "STATUS:CONFIRMED" in after
        assert "STATUS:TENTATIVE" in before

    def test_that_declines_frees_the_time_and_cancels_the_entry(
        self, app: Flask, path: str, desk: FlaskClient, slots: list[Slot], opened: Cast
    ) -> None:
        assert slots[4] not in free_slots_of(app, opened)
        assert answer(desk, path, "decline") == 303
        assert slots[4] in free_slots_of(app, opened)
        assert "METHOD:CANCEL" in calendar_of(app, MessageKind.CONSULTATION_DECLINED)

    def test_that_comes_second_changes_nothing(self, app: Flask, path: str, desk: FlaskClient) -> None:
        token = token_of(desk.get(path))
        assert desk.post(f"{path}/confirm", data={"form_token": token}).status_code == 303
        late = desk.post(f"{path}/decline", data={"form_token": token})
        assert late.status_code == 409 and "answered meanwhile" in late.text
        assert the_one(app).status is ConsultationStatus.CONFIRMED

    def test_that_confirms_too_late_is_refused_with_a_sentence_and_a_no_is_still_possible(
        self, app: Flask, path: str, opened: Cast
    ) -> None:
        with time_machine.travel(the_one(app).starts_at, tick=False):
            desk = client_of(app, opened.therapist)
            token = token_of(desk.get(path))
            assert "/confirm" not in desk.get(path).text
            late = desk.post(f"{path}/confirm", data={"form_token": token})
            assert late.status_code == 409 and "time of this request has passed" in late.text
            assert the_one(app).status is ConsultationStatus.REQUESTED
            assert answer(desk, path, "decline") == 303

    def test_shows_on_the_visitors_own_page(self, app: Flask, path: str, desk: FlaskClient) -> None:
        token = app.extensions["signer"].sign_id(TokenPurpose.CONSULTATION, the_one(app).id)
        answer(desk, path, "decline")
        page = client_of(app, None).get(f"/consultations/{token}").text
        assert "could not be arranged" in page

    def test_of_somebody_else_is_not_found(self, app: Flask, opened: Cast, path: str) -> None:
        other = client_of(app, opened.stranger)
        token = token_of(other.get("/requests"))
        for verb in ("confirm", "decline"):
            assert other.post(f"{path}/{verb}", data={"form_token": token}).status_code == 404
        assert the_one(app).status is ConsultationStatus.REQUESTED


def test_reading_a_request_leaves_a_trace(app: Flask, path: str, desk: FlaskClient) -> None:
    desk.get(path)
    with app.app_context():
        actions = current_session().scalars(select(AuditEvent.action).order_by(AuditEvent.at)).all()
    assert actions[-1] == "consultation.read"


def test_the_page_says_that_the_partner_must_not_be_contacted(path: str, desk: FlaskClient) -> None:
    text = desk.get(path).text
    assert "Ben" in text and "Do not contact or name the partner." in text


class TestACouple:
    def test_is_attached_once_and_only_to_ones_own_lead(self, app: Flask, path: str, opened: Cast) -> None:
        viewer, lead_id = opened.therapist.member(), the_one(app).id
        with app.app_context(), transaction() as session:
            lead, couple = session.get_one(Consultation, lead_id), session.get_one(Couple, opened.couple_id)
            foreign = session.get_one(Couple, opened.other_couple_id)
            with pytest.raises(AlreadyAnswered):
                attach_couple(session, viewer, lead, foreign)
            with pytest.raises(AlreadyAnswered):
                attach_couple(session, opened.stranger.member(), lead, couple)
            attach_couple(session, viewer, lead, couple)
            with pytest.raises(AlreadyAnswered):
                attach_couple(session, viewer, lead, couple)
            assert lead.couple_id == couple.id
