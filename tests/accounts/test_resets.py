import json
import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Account, LoginSession, OneTimeToken
from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.notices.models import MessagePart
from portal.security.gate import access_of
from portal.security.permissions import Permission
from tests.accounts.door import (
    MINUTE,
    NEW_PASSWORD,
    change_account,
    code,
    come_in,
    count,
    in_database,
    page,
    send,
)
from tests.support.cast import PASSWORD, TOTP_SECRET, Actor, Cast, client_of


def ask(app: Flask, identity: str) -> int:
    """Ask for a reset and let the answer leave, which is when the mail is written."""
    with send(client_of(app, None), "/reset", {"identity": identity}) as answer:
        return answer.status_code


def links(app: Flask) -> list[str]:
    """The paths of the reset links in all mails, the newest last."""

    def read(session: Session) -> list[str]:
        parts = session.scalars(select(MessagePart).order_by(MessagePart.created_at)).all()
        found = [json.loads(part.facts)["facts"] for part in parts if part.kind == "reset"]
        return [re.sub(r"^https?://[^/]+", "", facts["link"]) for facts in found]

    return list(in_database(app, read))


def link_for(app: Flask, identity: str) -> str:
    ask(app, identity)
    return links(app)[-1]


class TestRequest:
    @pytest.mark.parametrize(
        "identity", ["cleo", "cleo@example.org", "nobody", "nobody@example.org", "us@example.org"]
    )
    def test_the_answer_is_the_same_for_everybody(self, app: Flask, cast: Cast, identity: str) -> None:
        answer = send(client_of(app, None), "/reset", {"identity": identity})
        assert (answer.status_code, answer.location) == (303, "/reset/requested")

    def test_what_a_known_name_causes_happens_after_the_answer(self, app: Flask, cast: Cast) -> None:
        answer = send(client_of(app, None), "/reset", {"identity": "cleo"}, buffered=False)
        assert count(app, OneTimeToken) == 0
        answer.close()
        assert count(app, OneTimeToken) == 1

    def test_a_shared_inbox_gets_one_mail(self, app: Flask, cast: Cast) -> None:
        ask(app, "us@example.org")
        assert len(links(app)) == 1

    def test_unknown_names_cause_no_mail(self, app: Flask, cast: Cast) -> None:
        ask(app, "nobody@example.org")
        assert count(app, OneTimeToken) == 0

    def test_the_fourth_request_within_an_hour_waits(self, app: Flask, cast: Cast) -> None:
        assert [ask(app, "cleo") for _ in range(4)] == [303, 303, 303, 429]
        assert [ask(app, "nobody") for _ in range(4)] == [303, 303, 303, 429]

    def test_staff_without_a_second_factor_get_no_mail(self, app: Flask, cast: Cast) -> None:
        change_account(app, cast.therapist, totp_secret="", is_totp_on=False)
        ask(app, "jane")
        assert links(app) == []

    def test_the_token_is_stored_hashed(self, app: Flask, cast: Cast) -> None:
        link = link_for(app, "cleo")
        stored = in_database(app, lambda session: session.scalars(select(OneTimeToken.token_hash)).one())
        assert link.rsplit("/", 1)[1].encode() not in stored


class TestLink:
    def test_opening_it_five_times_uses_nothing_up(self, app: Flask, cast: Cast) -> None:
        link = link_for(app, "cleo")
        for _ in range(5):
            assert client_of(app, None).get(link).status_code == 200
        assert come_in(client_of(app, None), "cleo").status_code == 303
        assert send(client_of(app, None), link, {"password": NEW_PASSWORD}).status_code == 303

    def test_it_works_once(self, app: Flask, cast: Cast) -> None:
        link = link_for(app, "cleo")
        send(client_of(app, None), link, {"password": NEW_PASSWORD})
        assert client_of(app, None).get(link).status_code == 404

    def test_it_ends_with_another_one_that_was_used(self, app: Flask, cast: Cast) -> None:
        first, second = link_for(app, "cleo"), link_for(app, "cleo@example.org")
        send(client_of(app, None), second, {"password": NEW_PASSWORD})
        assert client_of(app, None).get(first).status_code == 404

    def test_it_holds_an_hour(self, app: Flask, cast: Cast) -> None:
        link = link_for(app, "cleo")
        with time_machine.travel(utc_now() + 61 * MINUTE):
            assert client_of(app, None).get(link).status_code == 404

    def test_altered_links_meet_the_same_page(self, app: Flask, cast: Cast) -> None:
        link = link_for(app, "cleo")
        pages = {
            re.sub(r"[0-9a-f]{12}|[\w.-]{60,}", "", client_of(app, None).get(path).text)
            for path in (link[:-1], link.swapcase().replace("/RESET", "/reset"), "/reset/x", "/reset/%00")
        }
        assert len(pages) == 1

    def test_a_weak_password_is_refused_and_the_link_stays(self, app: Flask, cast: Cast) -> None:
        link = link_for(app, "cleo")
        for weak in ("short", "password1234", "cleo-example-org", "x" * 129):
            answer = send(client_of(app, None), link, {"password": weak})
            assert answer.status_code == 422
            assert weak not in answer.text
        assert client_of(app, None).get(link).status_code == 200

    def test_it_names_nobody(self, app: Flask, cast: Cast) -> None:
        text = client_of(app, None).get(link_for(app, "us@example.org")).text
        assert not re.search(r"\b(ana|ben|us@example)", text, re.IGNORECASE)


class TestSharedInbox:
    def test_the_user_name_decides_whose_password_changes(self, app: Flask, cast: Cast) -> None:
        link = link_for(app, "us@example.org")
        data = {"user_name": "ben", "password": NEW_PASSWORD}
        assert send(client_of(app, None), link, data).status_code == 303
        assert come_in(client_of(app, None), "ben", NEW_PASSWORD).status_code == 303
        assert come_in(client_of(app, None), "ana", PASSWORD).status_code == 303

    def test_other_names_are_refused_and_five_of_them_end_the_link(self, app: Flask, cast: Cast) -> None:
        link = link_for(app, "us@example.org")
        for _ in range(5):
            data = {"user_name": "cleo", "password": NEW_PASSWORD}
            assert send(client_of(app, None), link, data).status_code == 422
        assert client_of(app, None).get(link).status_code == 404
        assert come_in(client_of(app, None), "cleo").status_code == 303


def after_reset(app: Flask, actor: Actor) -> FlaskClient:
    client = client_of(app, None)
    send(client, link_for(app, actor.user_name), {"password": NEW_PASSWORD})
    return client


class TestAfterReset:
    def test_only_appointments_open(self, app: Flask, cast: Cast) -> None:
        client = after_reset(app, cast.cleo)
        assert client.get("/home").status_code == 200
        policy = app.extensions["policy"]
        limited = {Permission.HOME_PARTNER_VIEW, Permission.ACCOUNT_PROOF_GIVE, Permission.ACCOUNT_UNLOCK_USE}
        for rule in app.url_map.iter_rules():
            permission = access_of(app, rule.endpoint).permission
            if permission is None or permission in limited or "GET" not in (rule.methods or ()):
                continue
            path = rule.rule
            for argument in rule.arguments:
                path = re.sub(rf"<[^>]*{argument}>", str(cast.couple_id), path)
            assert client.get(path).status_code == 404, rule
        assert policy

    def test_no_link_of_its_pages_leads_to_a_closed_door(self, app: Flask, cast: Cast) -> None:
        client = after_reset(app, cast.cleo)
        ways = {str(link["href"]) for link in page(client.get("/home")).select("a[href^='/']")}
        assert "/unlock" in ways
        assert all(client.get(way).status_code in {200, 303} for way in ways)

    def test_signing_out_and_in_again_lifts_nothing(self, app: Flask, cast: Cast) -> None:
        after_reset(app, cast.cleo)
        again = client_of(app, None)
        assert come_in(again, "cleo", NEW_PASSWORD).status_code == 303
        assert again.get("/account/sign-ins").status_code == 404
        assert again.get("/account").status_code == 404

    def test_proving_the_new_password_lifts_nothing(self, app: Flask, cast: Cast) -> None:
        client = after_reset(app, cast.cleo)
        send(client, "/prove", {"password": NEW_PASSWORD})
        assert client.get("/account").status_code == 404

    def test_every_copy_of_an_older_cookie_is_dead(self, app: Flask, cast: Cast) -> None:
        older = client_of(app, cast.cleo)
        after_reset(app, cast.cleo)
        assert older.get("/account/sign-ins").status_code == 303

    def test_the_second_factor_is_still_asked_for_and_lifts_the_limit(self, app: Flask, cast: Cast) -> None:
        change_account(app, cast.cleo, totp_secret=TOTP_SECRET, is_totp_on=True)
        client = after_reset(app, cast.cleo)
        assert client.get("/home").status_code == 303
        assert send(client, "/sign-in/code", {"code": code()}).status_code == 303
        assert client.get("/account/sign-ins").status_code == 200

    def test_staff_are_not_signed_in_by_it(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, None)
        answer = send(client, link_for(app, "jane"), {"password": NEW_PASSWORD})
        assert answer.location == "/sign-in"
        assert "Set-Cookie" not in answer.headers
        assert count(app, LoginSession) == 0

    def test_a_person_locked_out_by_others_can_still_get_in(self, app: Flask, cast: Cast) -> None:
        for _ in range(11):
            come_in(client_of(app, None), "cleo", "not the right password")
        assert come_in(client_of(app, None), "cleo").status_code == 429
        assert after_reset(app, cast.cleo).get("/home").status_code == 200
        assert come_in(client_of(app, None), "cleo", NEW_PASSWORD).status_code == 303

    def test_it_is_told_to_the_person_and_written_down(self, app: Flask, cast: Cast) -> None:
        after_reset(app, cast.cleo)
        kinds = in_database(app, lambda session: session.scalars(select(MessagePart.kind)).all())
        actions = in_database(app, lambda session: session.scalars(select(AuditEvent.action)).all())
        assert set(kinds) == {"reset", "security_change"}
        assert {"reset.requested", "reset.used"} <= set(actions)


class TestUnlock:
    @pytest.fixture
    def limited(self, app: Flask, cast: Cast) -> FlaskClient:
        return limited_client(app, cast.ana)

    def issue(self, app: Flask, therapist: Actor, client: Actor) -> str:
        answer = send(client_of(app, therapist), f"/clients/{client.person_id}/unlock-code", {})
        shown = page(answer).select_one("ol.codes li")
        assert shown
        return shown.get_text()

    def test_the_therapists_code_opens_everything(self, app: Flask, cast: Cast, limited: FlaskClient) -> None:
        issued = self.issue(app, cast.therapist, cast.ana)
        assert send(limited, "/unlock", {"code": issued}).status_code == 303
        assert limited.get("/account/sign-ins").status_code == 200
        account = in_database(app, lambda session: session.get_one(Account, cast.ana.account_id))
        assert not account.is_limited

    def test_a_wrong_code_opens_nothing_and_five_end_the_right_one(
        self, app: Flask, cast: Cast, limited: FlaskClient
    ) -> None:
        issued = self.issue(app, cast.therapist, cast.ana)
        for _ in range(5):
            assert send(limited, "/unlock", {"code": "00000000"}).status_code == 422
        assert send(limited, "/unlock", {"code": issued}).status_code == 422
        assert limited.get("/account/sign-ins").status_code == 404

    def test_it_holds_fifteen_minutes(self, app: Flask, cast: Cast) -> None:
        limited = limited_client(app, cast.ana)
        issued = self.issue(app, cast.therapist, cast.ana)
        with time_machine.travel(utc_now() + 16 * MINUTE):
            late = limited_client(app, cast.ana)
            assert send(late, "/unlock", {"code": issued}).status_code == 422
        assert limited.get("/account/sign-ins").status_code == 404

    def test_it_belongs_to_one_person(self, app: Flask, cast: Cast) -> None:
        change_account(app, cast.ana, is_limited=True)
        issued = self.issue(app, cast.therapist, cast.ana)
        assert send(limited_client(app, cast.ben), "/unlock", {"code": issued}).status_code == 422

    def test_only_the_own_therapist_can_make_one_and_only_freshly(self, app: Flask, cast: Cast) -> None:
        path = f"/clients/{cast.ana.person_id}/unlock-code"
        for actor in (cast.stranger, cast.front_desk, cast.owner, cast.ben, cast.ana):
            assert client_of(app, actor).get(path).status_code == 404
        stale = client_of(app, cast.therapist, proved_at=utc_now() - timedelta(minutes=6))
        assert stale.get(path).location.startswith("/prove")

    def test_looking_at_the_page_makes_none(self, app: Flask, cast: Cast) -> None:
        change_account(app, cast.ana, is_limited=True)
        for _ in range(5):
            client_of(app, cast.therapist).get(f"/clients/{cast.ana.person_id}/unlock-code")
        assert count(app, OneTimeToken) == 0

    def test_the_code_is_not_in_the_database(self, app: Flask, cast: Cast) -> None:
        change_account(app, cast.ana, is_limited=True)
        issued = self.issue(app, cast.therapist, cast.ana).replace(" ", "")
        stored = in_database(app, lambda session: session.scalars(select(OneTimeToken.token_hash)).one())
        assert issued.encode() not in stored


def limited_client(app: Flask, actor: Actor) -> FlaskClient:
    change_account(app, actor, is_limited=True)
    return client_of(app, actor, limited=True)
