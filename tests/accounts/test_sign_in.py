from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import Account, LoginSession
from portal.audit.models import AuditEvent
from portal.clock import utc_now
from tests.accounts.door import (
    NEW_PASSWORD,
    WRONG,
    change_account,
    checks_counted,
    code,
    come_in,
    copy_of,
    in_database,
    page,
    send,
    signed_in_staff,
)
from tests.support.cast import PASSWORD, Cast, client_of

OTHER_HASH = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$nothing"


class TestSignIn:
    def test_a_user_name_and_a_password_let_a_partner_in(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, None)
        answer = come_in(client, " Cleo ")
        assert (answer.status_code, answer.location) == (303, "/")
        assert client.get("/account/sign-ins").status_code == 200

    def test_an_address_does_as_well(self, app: Flask, cast: Cast) -> None:
        assert come_in(client_of(app, None), "CLEO@example.org").status_code == 303

    def test_the_cookie_is_bound_to_the_host_and_hidden_from_scripts(self, app: Flask, cast: Cast) -> None:
        cookie = come_in(client_of(app, None), "cleo").headers["Set-Cookie"]
        assert cookie.startswith("__Host-session=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {
            part.strip() for part in cookie.split(";")
        }
        assert "SameSite=Strict" in come_in(client_of(app, None), "jane").headers["Set-Cookie"]

    def test_the_database_keeps_no_token(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, None)
        come_in(client, "cleo")
        cookie = client.get_cookie("__Host-session", domain="portal.example.org")
        assert cookie
        stored = in_database(app, lambda session: session.scalars(select(LoginSession.token_hash)).all())
        assert cookie.value.encode() not in stored

    def test_a_visitor_gets_no_cookie(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, None)
        assert "Set-Cookie" not in client.get("/sign-in").headers
        assert "Set-Cookie" not in come_in(client, "cleo", WRONG).headers

    @pytest.mark.parametrize(
        "goal", ["//evil.example", "https://evil.example/", "/\\evil.example", "/a\r\nX: y"]
    )
    def test_the_way_on_stays_here(self, app: Flask, cast: Cast, goal: str) -> None:
        answer = send(
            client_of(app, None), "/sign-in", {"identity": "cleo", "password": PASSWORD, "next": goal}
        )
        assert answer.location == "/"
        assert "X" not in answer.headers

    def test_the_way_on_leads_to_the_page_that_was_asked_for(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, None)
        way = client.get("/account/sign-ins").location
        assert way == "/sign-in?next=/account/sign-ins"
        answer = send(client, "/sign-in", {"identity": "cleo", "password": PASSWORD}, seen_at=way)
        assert answer.location == "/account/sign-ins"

    def test_a_new_sign_in_ends_the_one_before_in_this_browser(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, None)
        come_in(client, "jane")
        thief = copy_of(app, client)
        assert thief.get("/sign-in/code").status_code == 200
        come_in(client, "cleo")
        assert thief.get("/sign-in/code").location == "/sign-in"

    def test_a_hash_made_with_weaker_settings_is_made_anew(self, app: Flask, cast: Cast) -> None:
        come_in(client_of(app, None), "cleo")
        stored = in_database(
            app, lambda session: session.get_one(Account, cast.cleo.account_id).password_hash
        )
        assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert come_in(client_of(app, None), "cleo").status_code == 303


class TestNobodyLearnsWhoHasAnAccount:
    @pytest.mark.parametrize(
        "identity",
        ["cleo", "nobody-here", "cleo@example.org", "nobody@example.org", "us@example.org", "sam"],
    )
    def test_every_attempt_makes_two_checks_and_gets_the_same_answer(
        self, app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch, identity: str
    ) -> None:
        client = client_of(app, None)
        with checks_counted(monkeypatch) as checked:
            answer = come_in(client, identity, WRONG)
        summary = page(answer).select_one("[role=alert]")
        assert (len(checked), answer.status_code) == (2, 422)
        assert summary
        assert "use your user name instead" in summary.get_text()
        assert summary.get_text() == refusal_for_unknown(app)

    def test_a_right_password_makes_two_checks_too(
        self, app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with checks_counted(monkeypatch) as checked:
            assert come_in(client_of(app, None), "cleo").status_code == 303
        assert len(checked) == 2

    def test_a_disabled_account_is_refused_like_an_unknown_one(
        self, app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        change_account(app, cast.cleo, is_disabled=True)
        with checks_counted(monkeypatch) as checked:
            answer = come_in(client_of(app, None), "cleo")
        summary = page(answer).select_one("[role=alert]")
        assert summary
        assert (len(checked), summary.get_text()) == (2, refusal_for_unknown(app))

    def test_known_and_unknown_leave_the_same_traces(self, app: Flask, cast: Cast) -> None:
        for identity in ("cleo", "nobody-here"):
            come_in(client_of(app, None), identity, WRONG)
        rows = in_database(app, lambda session: session.scalars(select(AuditEvent)).all())
        refused = [(row.object_id, row.account_id) for row in rows if row.action == "sign-in.refused"]
        assert refused == [(None, None)] * 2


def refusal_for_unknown(app: Flask) -> str:
    summary = page(come_in(client_of(app, None), "somebody-else", WRONG)).select_one("[role=alert]")
    assert summary
    return summary.get_text()


class TestTwoOnOneInbox:
    def test_the_shared_address_lets_in_whose_password_it_is(self, app: Flask, cast: Cast) -> None:
        change_account(app, cast.ben, password_hash=OTHER_HASH)
        client = client_of(app, None)
        assert come_in(client, "us@example.org").status_code == 303
        open_ones = in_database(app, lambda session: session.scalars(select(LoginSession.account_id)).all())
        assert open_ones == [cast.ana.account_id]

    def test_the_same_password_of_both_is_an_ordinary_refusal(self, app: Flask, cast: Cast) -> None:
        answer = come_in(client_of(app, None), "us@example.org")
        summary = page(answer).select_one("[role=alert]")
        assert summary
        assert (answer.status_code, summary.get_text()) == (422, refusal_for_unknown(app))
        assert come_in(client_of(app, None), "ben").status_code == 303


class TestTypedText:
    def test_the_name_is_kept_and_the_password_is_not(self, app: Flask, cast: Cast) -> None:
        answer = come_in(client_of(app, None), "clea", "something quite long")
        assert 'value="clea"' in answer.text
        assert "something quite long" not in answer.text

    def test_an_empty_form_is_told_field_by_field(self, app: Flask, cast: Cast) -> None:
        answer = come_in(client_of(app, None), "", "")
        links = [str(link["href"]) for link in page(answer).select("[role=alert] a")]
        assert (answer.status_code, links) == (422, ["#identity", "#password"])

    def test_a_megabyte_of_password_is_never_hashed(
        self, app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with checks_counted(monkeypatch) as checked:
            answer = come_in(client_of(app, None), "cleo", "x" * 1_000_000)
        assert (answer.status_code, checked) == (422, [])

    @pytest.mark.parametrize(
        "text", ["a\x00b", "a\r\nSet-Cookie: x=1", "\ud800", "' OR 1=1--", "{{7*7}}", "x" * 5000]
    )
    def test_hostile_names_are_answered_calmly(self, app: Flask, cast: Cast, text: str) -> None:
        answer = come_in(client_of(app, None), text.encode("utf-8", "replace").decode())
        assert answer.status_code == 422
        assert "49" not in answer.text.split("</form>")[0].split("form_token")[0]

    def test_a_page_left_open_too_long_keeps_the_name(self, app: Flask, cast: Cast) -> None:
        data = {"identity": "cleo", "password": PASSWORD, "form_token": "old"}
        answer = client_of(app, None).post("/sign-in", data=data)
        assert answer.status_code == 422
        assert 'value="cleo"' in answer.text


class TestCopiedCookie:
    def test_it_is_dead_after_sign_out(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, None)
        come_in(client, "cleo")
        thief = copy_of(app, client)
        assert thief.get("/account/sign-ins").status_code == 200
        answer = send(client, "/sign-out", {}, seen_at="/account/sign-ins")
        assert '"cookies"' in answer.headers["Clear-Site-Data"]
        assert thief.get("/account/sign-ins").status_code == 303

    def test_it_is_dead_once_the_account_is_disabled(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.cleo)
        change_account(app, cast.cleo, is_disabled=True)
        assert client.get("/account/sign-ins").status_code == 303

    def test_a_cookie_seen_before_the_second_factor_is_worth_nothing_after_it(
        self, app: Flask, cast: Cast
    ) -> None:
        client = client_of(app, None)
        come_in(client, "jane")
        thief = copy_of(app, client)
        assert send(client, "/sign-in/code", {"code": code()}).status_code == 303
        assert client.get("/account/sign-ins").status_code == 200
        assert thief.get("/account/sign-ins").status_code == 303

    def test_it_is_dead_once_its_owner_has_proved_who_is_there(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.cleo)
        thief = copy_of(app, client)
        assert send(client, "/prove", {"password": PASSWORD}).status_code == 303
        assert client.get("/account/sign-ins").status_code == 200
        assert thief.get("/account/sign-ins").status_code == 303

    def test_all_others_end_with_a_new_password(self, app: Flask, cast: Cast) -> None:
        here, elsewhere = client_of(app, cast.cleo), client_of(app, cast.cleo)
        data = {"present": PASSWORD, "password": NEW_PASSWORD}
        assert send(here, "/account/password", data, seen_at="/account").status_code == 303
        assert here.get("/account/sign-ins").status_code == 200
        assert elsewhere.get("/account/sign-ins").status_code == 303
        assert come_in(client_of(app, None), "cleo").status_code == 422
        assert come_in(client_of(app, None), "cleo", NEW_PASSWORD).status_code == 303


class TestLeaving:
    def test_leaving_works_without_script_and_ends_the_sign_in(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.ana)
        thief = copy_of(app, client)
        answer = send(client, "/leave", {}, seen_at="/account/sign-ins")
        refresh = page(answer).select_one("meta[http-equiv=refresh]")
        assert answer.status_code == 200
        assert answer.location is None
        assert refresh
        assert str(refresh["content"]).startswith("0; url=https://")
        assert not any(word in answer.text for word in ("Common Ground", "portal", "therap", "Ana"))
        assert thief.get("/account/sign-ins").status_code == 303

    def test_leaving_works_when_the_sign_in_ran_out_meanwhile(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.ana)
        token = page(client.get("/account/sign-ins")).select_one("input[name=form_token]")
        assert token
        with time_machine.travel(utc_now() + timedelta(hours=9)):
            data = {"form_token": str(token["value"])}
            assert client.post("/leave", data=data).status_code == 200
            assert client.post("/sign-out", data=data).status_code == 303

    def test_looking_at_the_way_out_ends_nothing(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.ana)
        assert client.get("/leave").status_code == 405
        assert client.get("/sign-out").status_code == 405
        assert client.get("/account/sign-ins").status_code == 200


class TestProof:
    def test_what_is_sealed_asks_once_more_and_then_opens(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.cleo, proved_at=utc_now() - timedelta(minutes=6))
        way = client.get("/account").location
        assert way == "/prove?next=/account"
        assert send(client, "/prove", {"password": WRONG}, seen_at=way).status_code == 422
        assert client.get("/account").status_code == 303
        assert send(client, "/prove", {"password": PASSWORD}, seen_at=way).location == "/account"
        assert client.get("/account").status_code == 200

    def test_the_password_alone_is_no_proof_for_staff(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.therapist, proved_at=utc_now() - timedelta(minutes=6))
        assert send(client, "/prove", {"password": PASSWORD, "code": "000000"}).status_code == 422
        assert client.get("/account").status_code == 303
        assert send(client, "/prove", {"password": PASSWORD, "code": code()}).status_code == 303
        assert client.get("/account").status_code == 200

    def test_staff_can_come_in_at_all(self, app: Flask, cast: Cast) -> None:
        assert signed_in_staff(app, cast.therapist).get("/account").status_code == 200


@pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(days=366)])
def test_a_clock_that_is_set_back_revives_no_sign_in(app: Flask, cast: Cast, ahead: timedelta) -> None:
    ana = client_of(app, cast.ana)
    assert ana.get("/privacy").status_code == 200
    with time_machine.travel(utc_now() + ahead):
        assert ana.get("/privacy").status_code == 303
    assert ana.get("/privacy").status_code == 303
