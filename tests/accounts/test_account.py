import json
import re
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import LoginSession
from portal.app import create_app
from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.extensions import db
from portal.notices.models import MessagePart
from portal.settings import Settings
from portal.transaction import transaction
from tests.accounts.door import NEW_PASSWORD, in_database, page, send
from tests.conftest import settings_for
from tests.support.cast import PASSWORD, TOTP_SECRET, Cast, client_of


class TestPassword:
    @pytest.mark.parametrize(
        ("present", "password"),
        [("not the present one", NEW_PASSWORD), (PASSWORD, "short"), (PASSWORD, "password1234"), ("", "")],
    )
    def test_it_needs_the_present_one_and_a_good_new_one(
        self, app: Flask, cast: Cast, present: str, password: str
    ) -> None:
        client = client_of(app, cast.cleo)
        answer = send(
            client, "/account/password", {"present": present, "password": password}, seen_at="/account"
        )
        assert answer.status_code == 422
        assert page(answer).select_one("[role=alert] a")
        assert NEW_PASSWORD not in answer.text

    def test_the_change_is_told_to_its_owner_alone(self, app: Flask, cast: Cast) -> None:
        data = {"present": PASSWORD, "password": NEW_PASSWORD}
        send(client_of(app, cast.ana), "/account/password", data, seen_at="/account")
        told = in_database(app, lambda session: session.scalars(select(MessagePart)).all())
        assert [(part.person_id, part.kind) for part in told] == [(cast.ana.person_id, "security_change")]

    def test_the_other_partner_sees_nothing_of_it(self, app: Flask, cast: Cast) -> None:
        before = client_of(app, cast.ben).get("/home").text
        data = {"present": PASSWORD, "password": NEW_PASSWORD}
        send(client_of(app, cast.ana), "/account/password", data, seen_at="/account")
        after = client_of(app, cast.ben).get("/home").text
        assert without_tokens(before) == without_tokens(after)


def without_tokens(text: str) -> str:
    soup = BeautifulSoup(text, "html.parser")
    for token in soup.select("input[name=form_token]"):
        token.decompose()
    return str(soup)


class TestSignIns:
    def test_the_list_shows_the_own_ones_by_class_of_device(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.ana)
        client_of(app, cast.ana)
        client_of(app, cast.ben)
        shown = page(client.get("/account/sign-ins"))
        assert re.search(r"\(London, GMT(\+1)?\)", shown.get_text())
        assert len(shown.select("main ul.lines li")) == 2
        assert shown.get_text().count("This device") == 1

    def test_one_can_be_ended_and_all_others_too(self, app: Flask, cast: Cast) -> None:
        here, there, third = (client_of(app, cast.ana) for _ in range(3))
        button = page(here.get("/account/sign-ins")).select_one("main form[action$='/end']")
        assert button
        assert send(here, str(button["action"]), {}, seen_at="/account/sign-ins").status_code == 303
        alive = [client.get("/account/sign-ins").status_code for client in (there, third)]
        assert sorted(alive) == [200, 303]
        send(here, "/account/sign-ins/end-others", {}, seen_at="/account/sign-ins")
        assert [client.get("/account/sign-ins").status_code for client in (here, there, third)] == [
            200,
            303,
            303,
        ]

    def test_nobody_ends_those_of_somebody_else(self, app: Flask, cast: Cast) -> None:
        bens = client_of(app, cast.ben)
        foreign = in_database(
            app,
            lambda session: session.scalars(
                select(LoginSession.id).where(LoginSession.account_id == cast.ben.account_id)
            ).one(),
        )
        ana = client_of(app, cast.ana)
        token = page(ana.get("/account/sign-ins")).select_one("input[name=form_token]")
        assert token
        data = {"form_token": str(token["value"])}
        assert ana.post(f"/account/sign-ins/{foreign}/end", data=data).status_code == 404
        assert ana.get(f"/account/sign-ins/{foreign}/end").status_code == 405
        assert ana.post("/account/sign-ins/1/end", data=data).status_code == 404
        assert bens.get("/account/sign-ins").status_code == 200

    def test_an_idle_one_is_shown_as_ended(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.ana)
        client_of(app, cast.ana)
        with app.app_context(), transaction() as session:
            idle = session.scalars(select(LoginSession).order_by(LoginSession.created_at.desc())).first()
            assert idle
            idle.last_seen_at = utc_now() - timedelta(minutes=30)
        assert page(client.get("/account/sign-ins")).get_text().count("ended") == 1

    def test_ending_is_written_down(self, app: Flask, cast: Cast) -> None:
        here = client_of(app, cast.ana)
        client_of(app, cast.ana)
        button = page(here.get("/account/sign-ins")).select_one("main form[action$='/end']")
        assert button
        send(here, str(button["action"]), {}, seen_at="/account/sign-ins")
        actions = in_database(app, lambda session: session.scalars(select(AuditEvent.action)).all())
        assert "sign-in.ended" in actions


class TestDemo:
    ROW: ClassVar[dict[str, str]] = {
        "role": "Therapist",
        "name": "Jane",
        "user_name": "jane",
        "password": PASSWORD,
        "totp_secret": TOTP_SECRET,
    }

    @pytest.fixture(autouse=True)
    def listed(self, settings: Settings) -> None:
        (settings.instance / "demo-sign-ins.json").write_text(json.dumps([self.ROW]))

    def test_the_sign_ins_are_never_shown_outside_the_demo(self, app: Flask, cast: Cast) -> None:
        text = client_of(app, None).get("/sign-in").text
        assert PASSWORD not in text
        assert "Look around" not in text

    def test_the_demo_shows_them_with_the_present_code(self, settings: Settings, cast: Cast) -> None:
        demo = create_app(settings_for(settings.instance, is_demo=True))
        text = page(client_of(demo, None).get("/sign-in")).select_one("table")
        with demo.app_context():
            db.engine.dispose()
        assert text
        cells = [cell.get_text() for cell in text.select("td code")]
        assert cells[:2] == ["jane", PASSWORD]
        assert cells[2].isdecimal()

    def test_the_demo_stands_before_its_people_are_there(self, settings: Settings) -> None:
        Path(settings.instance / "demo-sign-ins.json").unlink()
        demo = create_app(settings_for(settings.instance, is_demo=True))
        assert client_of(demo, None).get("/sign-in").status_code == 200
        with demo.app_context():
            db.engine.dispose()
