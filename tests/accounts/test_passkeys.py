"""Passkeys through the real pages, with a device in software: adding, coming in, removing, and every way to lie."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from webauthn.helpers import encode_cbor
from werkzeug.test import TestResponse

from portal.accounts.ceremony import LETTERS, login_word, site_of
from portal.accounts.models import LoginSession, OneTimeToken, Passkey
from portal.accounts.resets import send_reset
from portal.accounts.rules import SIGN_IN_NETWORK
from portal.accounts.second_factor import reset_second_factor
from portal.accounts.throttle import throttle
from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.notices.models import MessagePart
from portal.notices.rules import forbidden_in
from portal.transaction import transaction
from tests.accounts.door import (
    MINUTE,
    change_account,
    code,
    come_in,
    copy_of,
    count,
    in_database,
    page,
    send,
    signed_in_staff,
)
from tests.accounts.test_account import without_tokens
from tests.support.authenticator import SOUND, Authenticator, Flaws, b64, keep_passkey, raw
from tests.support.cast import Actor, Cast, client_of, make_cast

# What may be wrong with any answer; by itself none of it is about the key.
WRONG = (
    Flaws(origin="https://portal.example.org.evil.example"),
    Flaws(origin="http://portal.example.org"),
    Flaws(origin="https://portal.example.org:8443"),
    Flaws(host="example.org"),
    Flaws(challenge=b64(bytes(32))),
    Flaws(is_present=False),
    Flaws(is_verified=False),
    Flaws(is_framed=True),
)
REFUSED = "This passkey could not be used"
Sent = dict[str, str]


def asked(client: FlaskClient, path: str) -> tuple[str, dict[str, Any]]:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json
    return answer.json["state"], answer.json["options"]


def add(
    client: FlaskClient, device: Authenticator, flaws: Flaws = SOUND, *, label: str = "My telephone"
) -> TestResponse:
    state, options = asked(client, "/account/passkeys/new")
    made = {"label": label, "state": state, "answer": device.make(options, flaws)}
    return send(client, "/account/passkeys", made, seen_at="/account/passkeys")


def knock(client: FlaskClient, device: Authenticator, flaws: Flaws = SOUND, **data: str) -> TestResponse:
    """Come to the door with a passkey."""
    state, options = asked(client, "/sign-in/passkey")
    return send_answer(client, {"state": state, "answer": device.use(options, flaws), **data})


def send_answer(client: FlaskClient, data: Sent) -> TestResponse:
    return send(client, "/sign-in/passkey", data, seen_at="/sign-in")


@pytest.fixture
def device(app: Flask, cast: Cast) -> Authenticator:
    """Ana's device, with a passkey."""
    return device_of(app, cast.ana)


def device_of(app: Flask, actor: Actor, *, counts: bool = True) -> Authenticator:
    device = Authenticator(counts=counts)
    assert add(client_of(app, actor), device).status_code == 303
    return device


def passkeys_in(app: Flask) -> list[Passkey]:
    return list(in_database(app, lambda session: session.scalars(select(Passkey)).all()))


def actions(app: Flask) -> list[str]:
    events = select(AuditEvent.action).order_by(AuditEvent.at)
    return list(in_database(app, lambda session: session.scalars(events).all()))


class TestAdding:
    def test_it_is_kept_by_its_name_told_to_its_owner_and_ends_other_sign_ins(
        self, app: Flask, cast: Cast
    ) -> None:
        here, there = client_of(app, cast.ana), client_of(app, cast.ana)
        copied = copy_of(app, here)
        assert add(here, Authenticator()).location == "/account/passkeys"
        shown = page(here.get("/account/passkeys"))
        assert "My telephone" in shown.get_text()
        assert "Not used yet" in shown.get_text()
        assert [one.get("/home").status_code for one in (there, copied)] == [303, 303]
        told = in_database(app, lambda session: session.scalars(select(MessagePart)).all())
        assert [(part.person_id, part.kind) for part in told] == [(cast.ana.person_id, "security_change")]
        assert "passkey.added" in actions(app)
        assert b"telephone" not in (passkeys_in(app)[0].label_sealed or b"")

    def test_the_device_learns_neither_a_name_nor_what_this_is_about(self, app: Flask, cast: Cast) -> None:
        client, device = client_of(app, cast.ana), Authenticator()
        _, options = asked(client, "/account/passkeys/new")
        told = json.dumps([options["rp"], options["user"]]).lower()
        assert forbidden_in(told) == []
        for word in ("ana", "example", "jane", "us@"):
            assert word not in told.replace("portal.example.org", "")
        assert (options["attestation"], options["authenticatorSelection"]["userVerification"]) == (
            "none",
            "required",
        )
        assert options["authenticatorSelection"]["residentKey"] == "required"
        add(client, device)
        assert device.kept[0].name in client.get("/account/passkeys").text

    def test_a_second_one_is_for_the_same_login_and_the_device_is_told_of_the_first(
        self, app: Flask, cast: Cast
    ) -> None:
        client, device = client_of(app, cast.ana), Authenticator()
        add(client, device)
        _, options = asked(client, "/account/passkeys/new")
        assert [raw(one["id"]) for one in options["excludeCredentials"]] == [device.kept[0].id]
        assert raw(options["user"]["id"]) == device.kept[0].handle
        _, bens = asked(client_of(app, cast.ben), "/account/passkeys/new")
        assert bens["excludeCredentials"] == []
        assert raw(bens["user"]["id"]) != device.kept[0].handle

    def test_a_wrong_answer_is_refused(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.ana)
        for flaws in (
            *WRONG,
            Flaws(kind="webauthn.get"),
        ):
            answer = add(client, Authenticator(), flaws)
            assert answer.status_code == 422, flaws
            assert page(answer).select_one("[role=alert]")
            assert 'value="My telephone"' in answer.text
        assert passkeys_in(app) == []

    def test_a_challenge_works_once_for_six_minutes_and_for_its_own_sign_in(
        self, app: Flask, cast: Cast
    ) -> None:
        ana, ben, device = client_of(app, cast.ana), client_of(app, cast.ben), Authenticator()
        state, options = asked(ana, "/account/passkeys/new")
        made = {"label": "x", "state": state, "answer": device.make(options)}
        assert send(ben, "/account/passkeys", made, seen_at="/account/passkeys").status_code == 422
        assert send(ana, "/account/passkeys", made, seen_at="/account/passkeys").status_code == 422
        _, options = asked(ana, "/account/passkeys/new")
        assert add(ana, device).status_code == 303
        state, options = asked(client_of(app, None), "/sign-in/passkey")
        other = {
            "label": "x",
            "state": state,
            "answer": device.make({**options, "user": {"id": "", "name": ""}}),
        }
        assert send(ana, "/account/passkeys", other, seen_at="/account/passkeys").status_code == 422

    def test_a_key_that_is_there_cannot_be_taken_over_and_ten_are_enough(
        self, app: Flask, cast: Cast
    ) -> None:
        device = device_of(app, cast.ana)
        ben = client_of(app, cast.ben)
        state, options = asked(ben, "/account/passkeys/new")
        twin = Authenticator()
        answer = json.loads(twin.make(options))
        mine = b64(device.kept[0].id)
        attested = raw(answer["response"]["attestationObject"]).replace(twin.kept[0].id, device.kept[0].id)
        answer |= {"id": mine, "rawId": mine}
        answer["response"]["attestationObject"] = b64(attested)
        made = {"label": "x", "state": state, "answer": json.dumps(answer)}
        assert send(ben, "/account/passkeys", made, seen_at="/account/passkeys").status_code == 409
        assert [one.account_id for one in passkeys_in(app)] == [cast.ana.account_id]
        with app.app_context(), transaction() as session:
            for _ in range(10):
                keep_passkey(session, cast.ben.account_id)
        assert add(ben, Authenticator()).status_code == 409

    @pytest.mark.parametrize("path", ["/account/passkeys", "/account/passkeys/new"])
    def test_it_needs_a_fresh_proof_and_is_closed_after_a_mailed_reset(
        self, app: Flask, cast: Cast, path: str
    ) -> None:
        old = client_of(app, cast.ana, proved_at=utc_now() - 6 * MINUTE)
        assert old.get(path).location.startswith("/prove")
        assert client_of(app, cast.ana, limited=True).get(path).status_code == 404


class TestComingIn:
    @pytest.mark.parametrize("counts", [True, False])
    def test_it_opens_the_portal_and_is_seen_on_the_own_page(
        self, app: Flask, cast: Cast, *, counts: bool
    ) -> None:
        device = device_of(app, cast.ana, counts=counts)
        for _ in range(2):
            client = client_of(app, None)
            assert knock(client, device, next="/tasks").location == "/tasks"
            assert client.get("/home").status_code == 200
        text = page(client.get("/account/passkeys")).get_text()
        assert "Last used" in text
        assert ("Copied to other devices" in text) is not counts
        assert actions(app).count("sign-in.done") == 2

    def test_on_both_engines_up_to_the_highest_count(self, either_app: Flask) -> None:
        with either_app.app_context(), transaction() as session:
            cast = make_cast(session)
        device = device_of(either_app, cast.ana)
        device.count = 2**32 - 2
        assert knock(client_of(either_app, None), device).status_code == 303
        assert passkeys_in(either_app)[0].sign_count == 2**32 - 1

    def test_the_way_on_stays_on_this_site_and_the_sign_in_before_ends(
        self, app: Flask, cast: Cast, device: Authenticator
    ) -> None:
        client = client_of(app, cast.ben)
        before = copy_of(app, client)
        state, options = asked(client, "/sign-in/passkey")
        token = str(page(client.get("/home")).select_one("input[name=form_token]")["value"])  # type: ignore[index]
        data = {
            "state": state,
            "answer": device.use(options),
            "form_token": token,
            "next": "https://evil.example/",
        }
        assert client.post("/sign-in/passkey", data=data).location == "/"
        assert before.get("/home").status_code == 303

    def test_for_staff_it_is_both_factors(self, app: Flask, cast: Cast) -> None:
        device = device_of(app, cast.therapist)
        client = client_of(app, None)
        answer = knock(client, device)
        assert "SameSite=Strict" in answer.headers["Set-Cookie"]
        assert client.get("/today").status_code == 200

    def test_a_wrong_answer_opens_nothing(self, app: Flask, device: Authenticator) -> None:
        for flaws in (
            *WRONG,
            Flaws(kind="webauthn.create"),
            Flaws(handle=bytes(32)),
            Flaws(handle=b""),
            Flaws(is_tampered=True),
        ):
            client = client_of(app, None)
            answer = knock(client, device, flaws, next="/tasks")
            assert (answer.status_code, REFUSED in answer.text) == (422, True), flaws
            assert "Set-Cookie" not in answer.headers
            assert 'name="next" value="/tasks"' in answer.text
            assert actions(app)[-1] == "sign-in.refused"
            assert knock(client, device).status_code == 303

    def test_a_passkey_of_nobody_and_one_of_a_closed_login_are_the_same(
        self, app: Flask, cast: Cast, device: Authenticator
    ) -> None:
        stranger = Authenticator()
        stranger.make({"challenge": "", "user": {"id": b64(bytes(32)), "name": ""}})
        unknown = knock(client_of(app, None), stranger)
        change_account(app, cast.ana, is_disabled=True)
        closed = knock(client_of(app, None), device)
        assert unknown.status_code == closed.status_code == 422
        assert [words(answer) for answer in (unknown, closed)] == [words(unknown)] * 2

    def test_nobody_comes_in_with_the_key_of_one_and_the_login_of_another(
        self, app: Flask, cast: Cast, device: Authenticator
    ) -> None:
        bens = device_of(app, cast.ben)
        assert knock(client_of(app, None), device, Flaws(handle=bens.kept[0].handle)).status_code == 422

    def test_an_answer_works_once_and_for_six_minutes(self, app: Flask, cast: Cast) -> None:
        device = device_of(app, cast.ana, counts=False)
        client = client_of(app, None)
        state, options = asked(client, "/sign-in/passkey")
        late, late_options = asked(client, "/sign-in/passkey")
        data = {"state": state, "answer": device.use(options)}
        assert send_answer(client, data).status_code == 303
        thief = client_of(app, None)
        assert send_answer(thief, data).status_code == 422
        with time_machine.travel(utc_now() + 7 * MINUTE):
            again = {"state": late, "answer": device.use(late_options)}
            assert send_answer(thief, again).status_code == 422
            assert send_answer(thief, data).status_code == 422
        with time_machine.travel(utc_now() + timedelta(hours=1)):
            assert send_answer(thief, data).status_code == 422

    def test_a_count_that_goes_back_is_refused_and_kept_in_view(
        self, app: Flask, cast: Cast, device: Authenticator
    ) -> None:
        device.count = 7
        assert knock(client_of(app, None), device).status_code == 303
        for flaws in (Flaws(count=8), Flaws(count=3), Flaws(count=0)):
            assert knock(client_of(app, None), device, flaws).status_code == 422
        assert "passkey.doubted" in actions(app)
        assert "may have been copied" in client_of(app, cast.ana).get("/account/passkeys").text
        device.count = 20
        assert knock(client_of(app, None), device).status_code == 303

    def test_nonsense_is_a_refusal_and_no_failure(self, app: Flask, device: Authenticator) -> None:
        client = client_of(app, None)
        for change in NONSENSE:
            state, options = asked(client, "/sign-in/passkey")
            answer = change(device.use(options))
            assert send_answer(client, {"state": state, "answer": answer}).status_code == 422, answer[:200]
        for state in ("", "x", "\x00", "a.b.c", "x" * 30_000):
            assert send_answer(client, {"state": state, "answer": device.use(options)}).status_code == 422, (
                state[:9]
            )

    def test_nonsense_adds_nothing(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.ana)
        for change in (*NONSENSE[:8], *UNATTESTED):
            state, options = asked(client, "/account/passkeys/new")
            made = {"label": "x", "state": state, "answer": change(Authenticator().make(options))}
            answer = send(client, "/account/passkeys", made, seen_at="/account/passkeys")
            assert answer.status_code == 422, made["answer"][:200]

    def test_tries_are_counted_as_those_with_passwords(self, app: Flask, device: Authenticator) -> None:
        client = client_of(app, None)
        assert knock(client, device, Flaws(is_verified=False)).status_code == 422
        with app.app_context(), transaction() as session:
            for _ in range(29):
                throttle(session, SIGN_IN_NETWORK, "127.0.0.1", utc_now())
        assert knock(client, device).status_code == 429
        assert come_in(client, "ana").status_code == 429
        with time_machine.travel(utc_now() + 16 * MINUTE):
            assert knock(client, device).status_code == 303

    def test_the_page_and_the_challenge_say_nothing_of_who_has_one(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, None)
        before, rows = client.get("/sign-in").text, count(app, LoginSession)
        _, options = asked(client, "/sign-in/passkey")
        device_of(app, cast.ana)
        _, after = asked(client, "/sign-in/passkey")
        assert {**options, "challenge": ""} == {**after, "challenge": ""}
        assert after["allowCredentials"] == []
        assert words(client.get("/sign-in")) == page_words(before)
        assert count(app, LoginSession) == rows + 1  # Ana's own, who added it
        assert "Set-Cookie" not in client.get("/sign-in/passkey").headers


class TestBesideOtherWays:
    def test_a_mailed_reset_limits_the_password_and_not_the_passkey(
        self, app: Flask, cast: Cast, device: Authenticator
    ) -> None:
        change_account(app, cast.ana, is_limited=True)
        client = client_of(app, None)
        assert knock(client, device).status_code == 303
        assert client.get("/tasks").status_code == 200
        somebody = client_of(app, None)
        come_in(somebody, "ana")
        assert somebody.get("/tasks").status_code == 404, (
            "whoever chose the password by mail gains nothing by it"
        )

    def test_staff_may_have_it_instead_of_codes_and_then_a_password_sets_nothing_up(
        self, app: Flask, cast: Cast
    ) -> None:
        client, device = signed_in_staff(app, cast.therapist), Authenticator()
        add(client, device)
        assert send(client, "/account/second-factor/off", {}, seen_at="/account").status_code == 303
        thief = client_of(app, None)
        assert come_in(thief, "jane").location == "/sign-in/code"
        assert thief.get("/sign-in/set-up").location == "/sign-in/code"
        assert thief.get("/second-factor/picture").status_code == 404
        shown = page(thief.get("/sign-in/code"))
        assert shown.select_one("form[data-passkey=use]")
        assert not shown.select_one("input[name=code]")
        token = str(shown.select_one("input[name=form_token]")["value"])  # type: ignore[index]
        assert thief.post("/sign-in/code", data={"code": "000000", "form_token": token}).status_code == 200
        assert thief.get("/today").status_code == 303
        assert knock(thief, device).status_code == 303
        assert thief.get("/today").status_code == 200

    def test_staff_without_codes_keep_their_last_one(self, app: Flask, cast: Cast) -> None:
        client = signed_in_staff(app, cast.therapist)
        add(client, Authenticator())
        send(client, "/account/second-factor/off", {}, seen_at="/account")
        answer = remove_first(client)
        assert (answer.status_code, "only second step" in answer.text) == (409, True)
        add(client, Authenticator())
        assert remove_first(client).status_code == 303
        assert remove_first(client).status_code == 409

    def test_staff_without_any_keep_their_codes(self, app: Flask, cast: Cast) -> None:
        client = signed_in_staff(app, cast.therapist)
        page_ = page(client.get("/account"))
        assert not page_.select_one("form[action='/account/second-factor/off']")

    def test_staff_with_a_passkey_alone_may_have_a_new_password_by_mail(self, app: Flask, cast: Cast) -> None:
        change_account(app, cast.therapist, is_totp_on=False)
        for expected in (0, 1):
            with app.app_context(), transaction() as session:
                send_reset(session, "jane", link_to=lambda token: f"/reset/{token}", now=utc_now())
            assert count(app, OneTimeToken) == expected
            if not expected:
                device_of(app, cast.therapist)

    def test_who_lost_the_telephone_loses_its_passkeys_too(self, app: Flask, cast: Cast) -> None:
        device = device_of(app, cast.therapist)
        bens = device_of(app, cast.ben)
        with app.app_context(), transaction() as session:
            reset_second_factor(session, "jane", utc_now())
        assert knock(client_of(app, None), device).status_code == 422
        assert knock(client_of(app, None), bens).status_code == 303

    def test_a_second_step_may_be_a_passkey(self, app: Flask, cast: Cast) -> None:
        device = device_of(app, cast.therapist)
        client = client_of(app, None)
        come_in(client, "jane")
        assert page(client.get("/sign-in/code")).select_one("form[data-passkey=use]")
        assert knock(client, device).status_code == 303
        other = client_of(app, None)
        come_in(other, "jane")
        assert send(other, "/sign-in/code", {"code": code()}).status_code == 303


class TestProving:
    def prove(self, client: FlaskClient, device: Authenticator, flaws: Flaws = SOUND) -> TestResponse:
        state, options = asked(client, "/sign-in/passkey")
        data = {"state": state, "answer": device.use(options, flaws), "next": "/account"}
        return send(client, "/prove/passkey", data, seen_at="/prove")

    def test_it_stands_for_the_password_and_leads_on(
        self, app: Flask, cast: Cast, device: Authenticator
    ) -> None:
        client = client_of(app, cast.ana, proved_at=utc_now() - 6 * MINUTE)
        assert client.get("/account").location.startswith("/prove")
        assert self.prove(client, device).location == "/account"
        assert client.get("/account").status_code == 200
        assert actions(app)[-1] == "proof.given"

    def test_one_of_somebody_else_proves_nothing_and_no_wrong_answer_does(
        self, app: Flask, cast: Cast, device: Authenticator
    ) -> None:
        bens = device_of(app, cast.ben)
        client = client_of(app, cast.ana, proved_at=utc_now() - 6 * MINUTE)
        for one, flaws in (
            (bens, SOUND),
            (device, Flaws(is_verified=False)),
            (device, Flaws(is_tampered=True)),
        ):
            answer = self.prove(client, one, flaws)
            assert (answer.status_code, REFUSED in answer.text) == (422, True)
            assert client.get("/account").status_code == 303
        for _ in range(8):
            answer = self.prove(client, bens)
        assert answer.status_code == 429
        without = client_of(app, cast.cleo)
        assert not page(without.get("/prove")).select_one("form[action='/prove/passkey']")


class TestOwnPage:
    def test_one_can_be_renamed_and_removed(self, app: Flask, cast: Cast, device: Authenticator) -> None:
        client, others = client_of(app, cast.ana), client_of(app, cast.ana)
        name = named(client)
        assert (
            send(client, name, {field_of(name): "  Old one "}, seen_at="/account/passkeys").status_code == 303
        )
        assert "Old one" in client.get("/account/passkeys").text
        wrong = send(client, name, {field_of(name): ""}, seen_at="/account/passkeys")
        assert (wrong.status_code, bool(page(wrong).select_one("details[open] .wrong"))) == (422, True)
        assert remove_first(client).status_code == 303
        assert others.get("/home").status_code == 303
        assert knock(client_of(app, None), device).status_code == 422
        assert passkeys_in(app) == []
        assert {"passkey.renamed", "passkey.removed"} <= set(actions(app))

    def test_nobody_sees_renames_or_removes_those_of_somebody_else(
        self, app: Flask, cast: Cast, device: Authenticator
    ) -> None:
        bens = client_of(app, cast.ben)
        assert "My telephone" not in bens.get("/account/passkeys").text
        token = str(page(bens.get("/account/passkeys")).select_one("input[name=form_token]")["value"])  # type: ignore[index]
        found = passkeys_in(app)[0].id
        for act in ("name", "remove"):
            answer = bens.post(
                f"/account/passkeys/{found}/{act}", data={"form_token": token, f"{found}-label": "x"}
            )
            assert answer.status_code == 404
        assert knock(client_of(app, None), device).status_code == 303


@pytest.mark.parametrize(
    ("address", "host", "origin"),
    [
        ("https://portal.example.org", "portal.example.org", "https://portal.example.org"),
        ("https://Portal.Example.org:443/x", "portal.example.org", "https://portal.example.org"),
        ("https://portal.example.org:8443", "portal.example.org", "https://portal.example.org:8443"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_passkeys_are_bound_to_the_public_address(address: str, host: str, origin: str) -> None:
    site = site_of(address)
    assert site
    assert (site.host, site.origin) == (host, origin)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://[::1]:8000"])
def test_numbers_are_no_name(address: str) -> None:
    assert site_of(address) is None


def test_what_devices_call_a_login_is_no_word() -> None:
    assert not set("AEIOU") & set(LETTERS)
    assert login_word(bytes(32)) == "Login BBBB"


def words(answer: TestResponse) -> str:
    return page_words(answer.text)


def page_words(text: str) -> str:
    """A page without what differs each time."""
    return without_tokens(text)


def with_part(answer: str, part: str, content: bytes) -> str:
    changed = json.loads(answer)
    changed["response"][part] = b64(content)
    return json.dumps(changed)


NONSENSE: tuple[Callable[[str], str], ...] = (
    lambda _: "",
    lambda _: "not json",
    lambda _: "null",
    lambda _: "[" * 9000,
    lambda _: "9" * 9000,
    lambda _: "\x00",
    lambda _: "x" * 30_000,
    lambda answer: answer[:-20],
    lambda answer: answer.replace('"public-key"', "7"),
    lambda answer: answer.replace('"rawId": "', '"rawId": "AAAA'),
    lambda answer: with_part(answer, "clientDataJSON", b"[]"),
    lambda answer: with_part(answer, "clientDataJSON", b'{"type":1,"challenge":2,"origin":{}}'),
    lambda answer: with_part(answer, "clientDataJSON", b"\xff\xfe{"),
    lambda answer: with_part(answer, "authenticatorData", b""),
    lambda answer: with_part(answer, "authenticatorData", bytes(32) + b"\xc5" + bytes(22)),
    lambda answer: with_part(answer, "signature", b""),
    lambda answer: with_part(answer, "userHandle", b""),
)
UNATTESTED: tuple[Callable[[str], str], ...] = (
    lambda answer: with_part(answer, "attestationObject", b""),
    lambda answer: with_part(answer, "attestationObject", b"\xff" * 50),
    lambda answer: with_part(answer, "attestationObject", b"\x9b" + b"\xff" * 8),
    lambda answer: with_part(answer, "attestationObject", encode_cbor({"fmt": "tpm", "authData": b""})),
    lambda answer: with_part(
        answer, "attestationObject", encode_cbor({"fmt": [], "authData": 7, "attStmt": 7})
    ),
    lambda answer: with_part(answer, "attestationObject", b"\x81" * 5000),
    lambda answer: answer.replace('"internal"', "[]").replace('"type"', '"kind"'),
)


def named(client: FlaskClient) -> str:
    form = page(client.get("/account/passkeys")).select_one("form[action$='/name']")
    assert form
    return str(form["action"])


def field_of(name: str) -> str:
    return f"{name.split('/')[3]}-label"


def remove_first(client: FlaskClient) -> TestResponse:
    form = page(client.get("/account/passkeys")).select_one("form[action$='/remove']")
    assert form
    return send(client, str(form["action"]), {}, seen_at="/account/passkeys")
