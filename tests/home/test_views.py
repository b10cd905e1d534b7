"""The first page of each role."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from portal.audit.models import AuditEvent
from portal.booking.models import Consultation, ConsultationStatus
from portal.clock import utc_now
from portal.couples.models import Couple, CoupleStatus
from portal.meetings.models import Summary, SummaryState
from portal.practice.models import Consent, ConsentKind, ConsentText
from portal.practice.texts import DEFAULT_CONSENTS
from portal.transaction import current_session, transaction
from tests.support.cast import Actor, client_of
from tests.support.world import World

NO_DATE = "No date is set here yet."


@pytest.fixture
def ana(app: Flask, world: World) -> FlaskClient:
    return client_of(app, world.cast.ana)


def add_consents(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        for kind, (title, body) in DEFAULT_CONSENTS.items():
            session.add(ConsentText(kind=kind, version=1, title=title, body=body))


def hold_appointment(
    app: Flask, world: World, actor: Actor, status: ConsultationStatus = ConsultationStatus.CONFIRMED
) -> None:
    """Let the world's one consultation be this person's."""
    with app.app_context(), transaction() as session:
        session.execute(update(Consultation).values(person_id=actor.person_id, status=status))


def agree(client: FlaskClient) -> int:
    form = BeautifulSoup(client.get("/welcome").data, "html.parser").select_one(
        "main form input[name=form_token]"
    )
    assert form is not None
    return client.post("/welcome", data={"form_token": form["value"]}).status_code


class TestConsents:
    def test_they_come_first_and_each_person_gives_them_alone(
        self, app: Flask, ana: FlaskClient, world: World
    ) -> None:
        add_consents(app)
        assert ana.get("/home").location == "/welcome"
        assert agree(ana) == 303
        assert ana.get("/home").status_code == 200
        assert client_of(app, world.cast.ben).get("/home").location == "/welcome"

    def test_nothing_tells_what_the_other_has_decided(
        self, app: Flask, ana: FlaskClient, world: World
    ) -> None:
        add_consents(app)
        before = BeautifulSoup(ana.get("/welcome").data, "html.parser").main
        ben = client_of(app, world.cast.ben)
        agree(ben)
        after = BeautifulSoup(ana.get("/welcome").data, "html.parser").main
        assert before is not None
        assert after is not None
        assert before.get_text() == after.get_text()

    def test_agreeing_twice_is_one_consent(self, app: Flask, ana: FlaskClient, world: World) -> None:
        add_consents(app)
        token = BeautifulSoup(ana.get("/welcome").data, "html.parser").select_one(
            "main input[name=form_token]"
        )
        for _ in range(2):
            ana.post("/welcome", data={"form_token": token["value"]})  # type: ignore[index]  # it is there
        with app.app_context():
            given = set(current_session().scalars(select(ConsentText.kind).join(Consent)))
            number = current_session().scalar(select(func.count()).select_from(Consent))
        assert given == set(DEFAULT_CONSENTS) - {ConsentKind.QUALITY} and number == len(given)

    def test_a_consent_leaves_a_trace_and_one_that_was_withdrawn_is_asked_again(
        self, app: Flask, ana: FlaskClient, world: World
    ) -> None:
        add_consents(app)
        agree(ana)
        with app.app_context(), transaction() as session:
            given = session.scalars(select(Consent)).all()
            traces = session.scalars(
                select(AuditEvent.object_id).where(AuditEvent.action == "consent.given")
            ).all()
            assert sorted(one.id for one in given) == sorted(one for one in traces if one)
            given[0].withdrawn_at = utc_now()
        assert ana.get("/home").location == "/welcome"

    def test_a_new_wording_asks_again(self, app: Flask, ana: FlaskClient, world: World) -> None:
        add_consents(app)
        agree(ana)
        with app.app_context(), transaction() as session:
            first = session.scalars(select(ConsentText).limit(1)).one()
            session.add(ConsentText(kind=first.kind, version=2, title="Anew", body="Other words."))
        assert ana.get("/home").location == "/welcome"
        page = ana.get("/welcome").get_data(as_text=True)
        assert page.count("Version") == 1


class TestPartnersHome:
    def test_it_shows_the_one_next_thing(self, ana: FlaskClient, world: World) -> None:
        page = BeautifulSoup(ana.get("/home").data, "html.parser")
        links = [link["href"] for link in page.select("main .button.main")]
        assert links == [f"/reflections/{world.places['response_id']}"]

    def test_it_never_shows_the_other_persons_address_or_appointments(
        self, app: Flask, ana: FlaskClient, world: World
    ) -> None:
        hold_appointment(app, world, world.cast.ben)
        page = ana.get("/home").get_data(as_text=True)
        assert "us@example.org" not in page
        assert "Priya" not in page
        assert NO_DATE in page
        assert NO_DATE not in client_of(app, world.cast.ben).get("/home").get_data(as_text=True)

    @pytest.mark.parametrize(
        ("status", "days"), [(ConsultationStatus.DECLINED, 0), (ConsultationStatus.CONFIRMED, 30)]
    )
    def test_an_appointment_that_is_over_or_off_is_not_the_next_one(
        self, app: Flask, ana: FlaskClient, world: World, status: ConsultationStatus, days: int
    ) -> None:
        hold_appointment(app, world, world.cast.ana, status=status)
        with time_machine.travel(utc_now() + timedelta(days=days)):
            page = client_of(app, world.cast.ana).get("/home").get_data(as_text=True)
        assert NO_DATE in page

    def test_a_summary_that_was_replaced_is_not_listed(
        self, app: Flask, ana: FlaskClient, world: World
    ) -> None:
        with app.app_context(), transaction() as session:
            session.execute(update(Summary).values(state=SummaryState.SUPERSEDED))
        assert "summaries" not in ana.get("/home").get_data(as_text=True)

    @pytest.mark.parametrize("status", [CoupleStatus.SEPARATED, CoupleStatus.ARCHIVED])
    def test_a_closed_couple_leaves_a_calm_empty_home(
        self, app: Flask, ana: FlaskClient, world: World, status: CoupleStatus
    ) -> None:
        with app.app_context(), transaction() as session:
            session.get_one(Couple, world.cast.couple_id).status = status
        answer = ana.get("/home")
        assert answer.status_code == 200
        assert "summaries" not in answer.get_data(as_text=True)

    def test_a_mailed_reset_opens_appointments_only(self, app: Flask, world: World) -> None:
        limited = client_of(app, world.cast.ana, limited=True)
        page = limited.get("/home").get_data(as_text=True)
        assert "Your appointments" in page
        assert "summaries" not in page
        assert "Ben" not in page
        assert "/account" not in page
        assert limited.get("/").location == "/home"


class TestTodaysWork:
    def test_the_request_stands_first_with_the_post_that_brought_it(self, app: Flask, world: World) -> None:
        page = BeautifulSoup(client_of(app, world.cast.therapist).get("/today").data, "html.parser")
        first = page.select_one("main section")
        assert first is not None
        assert "Priya" in first.text
        assert "Two lists" in first.text

    def test_another_therapist_sees_nothing_of_it(self, app: Flask, world: World) -> None:
        page = client_of(app, world.cast.stranger).get("/today").get_data(as_text=True)
        assert "Priya" not in page
        assert "Ana" not in page

    def test_front_desk_and_owner_see_no_names(self, app: Flask, world: World) -> None:
        for actor in (world.cast.front_desk, world.cast.owner):
            client = client_of(app, actor)
            for path in ("/today", "/calendar"):
                page = client.get(path).get_data(as_text=True)
                assert not any(name in page for name in ("Priya", "Ana", "Ben", "Tom", "example.org"))
            assert "How the portal is doing" in client.get("/today").get_data(as_text=True)


class TestVisitors:
    def test_the_practice_shows_its_face(self, app: Flask, world: World) -> None:
        page = client_of(app, None).get("/").get_data(as_text=True)
        assert "Jane Parker" in page
        assert "Two lists" in page
        assert "/consultations/times" in page

    def test_before_the_first_set_up_nothing_breaks(self, app: Flask) -> None:
        for path in ("/", "/articles", "/consultations/times", "/sign-in"):
            assert client_of(app, None).get(path).status_code in {200, 404}

    def test_the_builders_page_is_for_development_only(self, app: Flask, world: World) -> None:
        assert client_of(app, None).get("/style").status_code == 404
