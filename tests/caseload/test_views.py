"""The list of couples, a new couple, and the page of one."""

import json
import re

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from portal.accounts.models import Invitation
from portal.audit.models import AuditEvent
from portal.booking.models import Consultation, PartnerKnows
from portal.couples.models import Couple, SecretsPolicy
from portal.couples.queries import get_couple
from portal.notices.models import Message, MessagePart
from portal.transaction import current_session, transaction
from tests.support.cast import Cast, client_of, make_couple
from tests.support.statements import counted
from tests.support.world import World

PAIR = {
    "first_first_name": "Priya", "first_last_name": "Shah", "first_email": "priya@example.org", "second_first_name": "Tom",
    "second_last_name": "Reed", "second_email": "", "secrets_policy": "limited",
}  # fmt: skip


@pytest.fixture
def jane(app: Flask, world: World) -> FlaskClient:
    return client_of(app, world.cast.therapist)


def token_on(client: FlaskClient, path: str) -> str:
    page = BeautifulSoup(client.get(path).data, "html.parser")
    return str(page.select_one("input[name=form_token]")["value"])  # type: ignore[index]  # the page has a form


def send(client: FlaskClient, path: str, page: str | None = None, **fields: str) -> TestResponse:
    return client.post(path, data={"form_token": token_on(client, page or path), **fields})


def new_path(world: World) -> str:
    return f"/couples/new/{world.places['consultation_id']}"


class TestNewCouple:
    def test_it_starts_with_what_the_booking_says(self, jane: FlaskClient, world: World) -> None:
        page = jane.get(new_path(world)).get_data(as_text=True)
        assert 'value="Priya"' in page
        assert 'value="priya@example.org"' in page
        assert 'value="Tom"' in page

    def test_a_lead_becomes_two_persons_and_a_couple(
        self, app: Flask, jane: FlaskClient, world: World
    ) -> None:
        answer = send(jane, new_path(world), **PAIR)
        assert answer.status_code == 303
        with app.app_context():
            session, therapist = current_session(), world.cast.therapist.member()
            lead = session.scalars(select(Consultation)).one()
            assert lead.couple_id is not None
            couple = get_couple(session, therapist, lead.couple_id)
            assert [(one.side.value, one.person.full_name) for one in couple.partners] == [
                ("a", "Priya Shah"),
                ("b", "Tom Reed"),
            ]
            assert couple.partners[0].person_id == lead.person_id
            assert couple.secrets_policy is SecretsPolicy.LIMITED
            assert couple.number == 9
            assert "couple.created" in set(session.scalars(select(AuditEvent.action)))

    @pytest.mark.parametrize("knows", [PartnerKnows.NO, PartnerKnows.UNSAID])
    def test_a_partner_who_may_know_nothing_is_not_filled_in(
        self, app: Flask, jane: FlaskClient, world: World, knows: PartnerKnows
    ) -> None:
        with app.app_context(), transaction() as session:
            session.scalars(select(Consultation)).one().partner_knows = knows
        assert 'value="Tom"' not in jane.get(new_path(world)).get_data(as_text=True)

    def test_what_the_therapist_corrects_is_kept(self, app: Flask, jane: FlaskClient, world: World) -> None:
        changed = {
            "first_first_name": "Pria",
            "first_email": "new@example.org",
            "secrets_policy": "no_secrets",
        }
        page = jane.get(send(jane, new_path(world), **{**PAIR, **changed}).location).get_data(as_text=True)
        assert all(words in page for words in ("Pria Shah", "new@example.org", "no secrets"))
        assert "priya@example.org" not in page

    def test_nobody_is_told(self, app: Flask, jane: FlaskClient, world: World) -> None:
        send(jane, new_path(world), **{**PAIR, "second_email": "tom@example.org"})
        with app.app_context():
            assert current_session().scalars(select(Message)).all() == []

    def test_a_lead_becomes_a_couple_once(self, app: Flask, jane: FlaskClient, world: World) -> None:
        token = token_on(jane, new_path(world))
        for expected in (303, 409):
            assert jane.post(new_path(world), data={"form_token": token, **PAIR}).status_code == expected
        with app.app_context():
            assert len(current_session().scalars(select(Couple)).all()) == 3

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("second_first_name", ""),
            ("second_first_name", "x" * 81),
            ("first_first_name", "A\x00na"),
            ("first_first_name", "Ana\r\nBcc: x"),
            ("second_email", "tom"),
            ("second_email", "tom@example.org, eve@example.org"),
            ("second_email", "tom@example.org\r\nBcc: eve@example.org"),
            ("secrets_policy", "everything"),
        ],
    )
    def test_a_slip_is_marked_and_the_rest_is_kept(
        self, jane: FlaskClient, world: World, field: str, value: str
    ) -> None:
        answer = send(jane, new_path(world), **{**PAIR, field: value})
        page = BeautifulSoup(answer.data, "html.parser")
        assert answer.status_code == 422
        assert page.select("[aria-invalid=true], .notice.problem")
        for name in set(PAIR) - {field, "secrets_policy"}:
            assert page.select_one(f"input[name={name}]")["value"] == PAIR[name]  # type: ignore[index]  # it is there

    def test_names_in_any_script_come_back_as_typed(
        self, app: Flask, jane: FlaskClient, world: World
    ) -> None:
        names = {"first_first_name": "Zoë‑Łucja", "second_first_name": "עדן 👩‍🚀"}
        answer = send(jane, new_path(world), **{**PAIR, **names})
        page = jane.get(answer.location).get_data(as_text=True)
        assert all(name in page for name in names.values())


class TestCouplePage:
    def test_every_look_at_it_is_noted(self, app: Flask, jane: FlaskClient, world: World) -> None:
        assert jane.get(f"/couples/{world.cast.couple_id}").status_code == 200
        with app.app_context():
            event = (
                current_session().scalars(select(AuditEvent).where(AuditEvent.action == "couple.read")).one()
            )
            assert (event.object_id, event.account_id) == (
                world.cast.couple_id,
                world.cast.therapist.account_id,
            )

    def test_the_title_names_nobody(self, jane: FlaskClient, world: World) -> None:
        title = BeautifulSoup(jane.get(f"/couples/{world.cast.couple_id}").data, "html.parser").title
        assert title is not None
        assert "Ana" not in title.text


class TestInviting:
    def invite(self, client: FlaskClient, world: World) -> tuple[TestResponse, str]:
        send(client, new_path(world), **PAIR)
        page = client.get("/couples").get_data(as_text=True)
        couple_path = re.findall(r"/couples/[0-9a-f-]{36}", page)[-1]
        form = BeautifulSoup(client.get(couple_path).data, "html.parser").select_one(
            "form[action*=invitations]"
        )
        assert form is not None
        return send(client, str(form["action"]), couple_path), couple_path

    def test_link_and_code_are_shown_once_and_only_the_link_is_mailed(
        self, app: Flask, jane: FlaskClient, world: World
    ) -> None:
        answer, couple_path = self.invite(jane, world)
        words = [code.text for code in BeautifulSoup(answer.data, "html.parser").select("dd code")]
        assert words[0].startswith("https://portal.example.org/invitations/")
        assert re.fullmatch(r"[\d -]{8,12}", words[1])
        assert re.fullmatch("[A-Z]{3}", words[2])
        shown_by_the_link = client_of(app, None).get(words[0].removeprefix("https://portal.example.org"))
        assert f"invitation {words[2]}" in shown_by_the_link.text
        assert words[1] not in jane.get(couple_path).get_data(as_text=True)
        with app.app_context():
            part = current_session().scalars(select(MessagePart)).one()
            facts = json.loads(part.facts)["facts"]
        assert facts == {"link": words[0].removeprefix("https://portal.example.org"), "label": words[2]}

    def test_how_far_each_person_has_come_is_told(self, app: Flask, jane: FlaskClient, world: World) -> None:
        _, couple_path = self.invite(jane, world)
        page = BeautifulSoup(jane.get(couple_path).data, "html.parser")
        first, second = page.select(".sides section")[:2]
        assert "open until" in first.text
        assert "Not invited yet" in second.text
        ready = jane.get(f"/couples/{world.cast.couple_id}").get_data(as_text=True)
        assert ready.count("Set up") == 2
        with app.app_context(), transaction() as session:
            session.execute(update(Invitation).values(tries_left=0))
        assert "The invitation has lapsed" in jane.get(couple_path).get_data(as_text=True)

    def test_a_withdrawn_invitation_opens_nothing(self, app: Flask, jane: FlaskClient, world: World) -> None:
        answer, couple_path = self.invite(jane, world)
        link = BeautifulSoup(answer.data, "html.parser").select_one("dd code").text  # type: ignore[union-attr]  # it is there
        form = BeautifulSoup(jane.get(couple_path).data, "html.parser").select_one("form[action$=withdraw]")
        assert form is not None
        assert send(jane, str(form["action"]), couple_path).status_code == 303
        path = link.removeprefix("https://portal.example.org")
        assert client_of(app, None).get(path).status_code == 404
        assert "open until" not in jane.get(couple_path).get_data(as_text=True)

    def test_only_persons_of_this_couple_can_be_invited_from_its_page(
        self, app: Flask, jane: FlaskClient, world: World
    ) -> None:
        couple_path = f"/couples/{world.cast.couple_id}"
        for verb in ("", "/withdraw"):
            path = f"{couple_path}/invitations/{world.cast.cleo.person_id}{verb}"
            assert send(jane, path, "/account/sign-ins").status_code == 404

    def test_without_an_address_no_mail_is_promised(
        self, app: Flask, jane: FlaskClient, world: World
    ) -> None:
        answer, couple_path = self.invite(jane, world)
        assert "goes out by mail" in answer.text
        form = BeautifulSoup(jane.get(couple_path).data, "html.parser").select(".sides section")[1].form
        assert form is not None
        assert "No mail was sent." in send(jane, str(form["action"]), couple_path).text

    def test_inviting_again_makes_the_earlier_link_worthless(
        self, app: Flask, jane: FlaskClient, world: World
    ) -> None:
        first, couple_path = self.invite(jane, world)
        link = BeautifulSoup(first.data, "html.parser").select_one("dd code").text  # type: ignore[union-attr]  # it is there
        form = BeautifulSoup(jane.get(couple_path).data, "html.parser").select_one(
            "form[action*=invitations]"
        )
        send(jane, str(form["action"]), couple_path)  # type: ignore[index]  # it is there
        with app.app_context():
            states = [
                one.withdrawn_at is None
                for one in current_session().scalars(select(Invitation).order_by(Invitation.created_at))
            ]
        assert states[-2:] == [False, True]
        old = client_of(app, None).get(link.removeprefix("https://portal.example.org"))
        unknown = client_of(app, None).get("/invitations/never-made")
        assert old.status_code == unknown.status_code

    def test_a_partner_can_invite_nobody(self, app: Flask, world: World) -> None:
        ana = client_of(app, world.cast.ana)
        path = f"/couples/{world.cast.couple_id}/invitations/{world.cast.ben.person_id}"
        token = token_on(ana, "/account/sign-ins")
        assert ana.post(path, data={"form_token": token}).status_code == 404


def test_the_list_tells_how_often_and_when_they_last_met(app: Flask, jane: FlaskClient, world: World) -> None:
    with app.app_context(), transaction() as session:
        make_couple(session, 100, world.cast.therapist, world.cast.cleo, world.cast.dan)
    rows = BeautifulSoup(jane.get("/couples").data, "html.parser").select("tbody tr")
    told = [[cell.get_text(strip=True) for cell in row.select("td")] for row in rows]
    assert told == [["Ana, Ben", "1", "Tue 17 Nov"], ["Cleo, Dan", "0", "None yet"]]


def test_the_list_costs_the_same_for_one_couple_and_for_thirty(app: Flask, cast: Cast) -> None:
    jane = client_of(app, cast.therapist)
    costs = []
    for count in (0, 29):
        with app.app_context(), transaction() as session:
            for number in range(count):
                make_couple(session, 100 + number, cast.therapist, cast.cleo, cast.dan)
        with counted(app) as statements:
            assert jane.get("/couples").status_code == 200
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 12
