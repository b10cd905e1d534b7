import re
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.accounts.models import Account, BackupCode
from portal.accounts.second_factor import reset_second_factor
from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.errors import NotFound
from portal.notices.models import MessageKind, MessagePart
from portal.security.gate import access_of
from portal.security.permissions import Permission
from portal.transaction import transaction
from tests.accounts.door import MINUTE, change_account, code, come_in, copy_of, in_database, page, send
from tests.support.cast import PASSWORD, TOTP_SECRET, Cast, client_of


@pytest.fixture
def waiting(app: Flask, cast: Cast) -> FlaskClient:
    client = client_of(app, None)
    come_in(client, "jane")
    return client


def secret_on(client: FlaskClient, path: str) -> str:
    shown = page(client.get(path)).find("code")
    assert shown
    return shown.get_text().replace(" ", "")


def codes_in(answer: TestResponse) -> list[str]:
    return [item.get_text() for item in page(answer).select("ol.codes li")]


class TestWaiting:
    def test_a_password_alone_opens_nothing_for_staff(self, app: Flask, waiting: FlaskClient) -> None:
        for rule in app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.arguments:
                continue
            if access_of(app, rule.endpoint).permission is not None:
                assert waiting.get(rule.rule).location.startswith("/sign-in"), rule

    def test_it_lasts_ten_minutes(self, waiting: FlaskClient) -> None:
        assert waiting.get("/sign-in/code").status_code == 200
        with time_machine.travel(utc_now() + 11 * MINUTE):
            assert waiting.get("/sign-in/code").location == "/sign-in"

    def test_looking_at_its_page_five_times_changes_nothing(self, waiting: FlaskClient) -> None:
        for _ in range(5):
            assert waiting.get("/sign-in/code").status_code == 200
        assert send(waiting, "/sign-in/code", {"code": code()}).status_code == 303

    def test_partners_who_turned_it_on_are_asked_too(self, app: Flask, cast: Cast) -> None:
        change_account(app, cast.cleo, totp_secret=TOTP_SECRET, is_totp_on=True)
        client = client_of(app, None)
        assert come_in(client, "cleo").location == "/sign-in/code"
        assert client.get("/home").status_code == 303
        assert page(client.get("/sign-in/code")).select_one("form[action='/leave']")


class TestLostPhoneAndBackupCodes:
    def test_who_holds_the_machine_lets_them_set_up_anew_and_every_sign_in_ends(
        self, app: Flask, cast: Cast
    ) -> None:
        signed_in = client_of(app, cast.therapist)
        with app.app_context(), transaction() as session:
            session.add(BackupCode(account_id=cast.therapist.account_id, code_hash="x"))
        with app.app_context(), transaction() as session:
            reset_second_factor(session, " JANE", utc_now())
        assert signed_in.get("/today").location.startswith("/sign-in")
        assert in_database(app, lambda session: session.scalars(select(BackupCode)).all()) == []
        client = client_of(app, None)
        assert come_in(client, "jane").location == "/sign-in/code"
        assert client.get("/sign-in/code").location == "/sign-in/set-up"
        assert client.get("/today").location.startswith("/sign-in")
        told = in_database(app, lambda session: session.scalars(select(MessagePart)).one())
        assert (told.person_id, told.kind) == (cast.therapist.person_id, MessageKind.SECURITY_CHANGE)
        events = in_database(app, lambda session: session.scalars(select(AuditEvent)).all())
        assert ("second-factor.changed", cast.therapist.account_id) in {
            (one.action, one.object_id) for one in events
        }

    def test_others_stay_as_they_are(self, app: Flask, cast: Cast) -> None:
        with app.app_context(), transaction() as session:
            reset_second_factor(session, "jane", utc_now())
            with pytest.raises(NotFound):
                reset_second_factor(session, "nobody", utc_now())
        assert client_of(app, cast.stranger).get("/today").status_code == 200
        assert in_database(app, lambda session: session.get_one(Account, cast.stranger.account_id)).is_totp_on


class TestCode:
    @pytest.mark.parametrize("steps", [-1, 0, 1])
    def test_a_clock_half_a_minute_off_is_tolerated(self, waiting: FlaskClient, steps: int) -> None:
        assert send(waiting, "/sign-in/code", {"code": code(steps=steps)}).status_code == 303

    @pytest.mark.parametrize("steps", [-2, 2])
    @time_machine.travel(datetime.fromisoformat("2026-11-21T10:00:15+00:00"), tick=False)
    def test_a_clock_a_minute_off_is_not(self, app: Flask, cast: Cast, steps: int) -> None:
        client = client_of(app, None)
        come_in(client, "jane")
        assert send(client, "/sign-in/code", {"code": code(steps=steps)}).status_code == 422

    def test_a_code_that_somebody_watched_does_not_work_again(self, app: Flask, waiting: FlaskClient) -> None:
        watched = code()
        assert send(waiting, "/sign-in/code", {"code": watched}).status_code == 303
        thief = client_of(app, None)
        come_in(thief, "jane")
        assert send(thief, "/sign-in/code", {"code": watched}).status_code == 422
        assert send(thief, "/sign-in/code", {"code": code(steps=-1)}).status_code == 422
        assert thief.get("/today").status_code == 303

    def test_five_wrong_codes_make_wait_even_for_the_right_one(self, waiting: FlaskClient) -> None:
        for _ in range(5):
            assert send(waiting, "/sign-in/code", {"code": "000000"}).status_code == 422
        answer = send(waiting, "/sign-in/code", {"code": code()})
        assert answer.status_code == 429
        assert "many tries" in answer.text
        with time_machine.travel(utc_now() + 6 * MINUTE):
            assert send(waiting, "/sign-in/code", {"code": code()}).status_code == 303

    @pytest.mark.parametrize("text", ["", "1", "abcdef", "１２３４５６", "0" * 500, "\x00" * 6])
    def test_what_is_no_code_is_refused_calmly(self, waiting: FlaskClient, text: str) -> None:
        assert send(waiting, "/sign-in/code", {"code": text}).status_code == 422


class TestSetUp:
    @pytest.fixture
    def fresh(self, app: Flask, cast: Cast) -> FlaskClient:
        change_account(app, cast.therapist, totp_secret="", is_totp_on=False)
        client = client_of(app, None)
        come_in(client, "jane")
        return client

    def test_staff_without_it_come_to_its_set_up_and_nowhere_else(self, fresh: FlaskClient) -> None:
        assert fresh.get("/sign-in/code").location == "/sign-in/set-up"
        assert fresh.get("/today").status_code == 303

    def test_the_first_code_turns_it_on_and_shows_ten_backup_codes_once(
        self, app: Flask, fresh: FlaskClient
    ) -> None:
        secret = secret_on(fresh, "/sign-in/set-up")
        answer = send(fresh, "/sign-in/set-up", {"code": code(secret)})
        shown = codes_in(answer)
        assert (answer.status_code, len(set(shown))) == (200, 10)
        assert answer.headers["Cache-Control"] == "no-store"
        assert fresh.get("/account/sign-ins").status_code == 200
        assert fresh.get("/sign-in/set-up").location == "/sign-in"
        stored = in_database(app, lambda session: session.scalars(select(BackupCode.code_hash)).all())
        assert not {one.replace("-", "") for one in shown} & set(stored)

    def test_a_wrong_first_code_changes_nothing(self, app: Flask, cast: Cast, fresh: FlaskClient) -> None:
        assert send(fresh, "/sign-in/set-up", {"code": "123456"}).status_code == 422
        account = in_database(app, lambda session: session.get_one(Account, cast.therapist.account_id))
        assert not account.is_totp_on

    def test_looking_five_times_offers_the_same_secret_and_writes_nothing(
        self, app: Flask, cast: Cast, fresh: FlaskClient
    ) -> None:
        assert len({secret_on(fresh, "/sign-in/set-up") for _ in range(5)}) == 1
        account = in_database(app, lambda session: session.get_one(Account, cast.therapist.account_id))
        assert account.totp_secret_sealed is None

    def test_the_picture_is_for_whoever_sets_up_and_is_kept_nowhere(
        self, app: Flask, cast: Cast, fresh: FlaskClient
    ) -> None:
        answer = fresh.get("/second-factor/picture")
        assert (answer.mimetype, answer.headers["Cache-Control"]) == ("image/svg+xml", "no-store")
        assert not re.search(r"style|script|href", answer.text)
        assert client_of(app, None).get("/second-factor/picture").status_code == 404
        stale = client_of(app, cast.cleo, proved_at=utc_now() - 6 * MINUTE)
        assert stale.get("/second-factor/picture").status_code == 404

    def test_a_stolen_password_cannot_move_it_to_another_phone(self, waiting: FlaskClient) -> None:
        assert waiting.get("/sign-in/set-up").location == "/sign-in/code"
        assert waiting.post("/sign-in/set-up", data={"code": "1"}).location == "/sign-in/code"
        assert waiting.get("/second-factor/picture").status_code == 404


class TestBackupCode:
    @pytest.fixture
    def shown(self, app: Flask, cast: Cast) -> list[str]:
        client = client_of(app, cast.therapist)
        return codes_in(send(client, "/account/backup-codes", {}, seen_at="/account"))

    def test_it_lets_in_once(self, app: Flask, shown: list[str]) -> None:
        client = client_of(app, None)
        come_in(client, "jane")
        assert send(client, "/sign-in/code", {"code": shown[3].lower()}).status_code == 303
        again = client_of(app, None)
        come_in(again, "jane")
        assert send(again, "/sign-in/code", {"code": shown[3]}).status_code == 422
        assert send(again, "/sign-in/code", {"code": shown[4].replace("-", " ")}).status_code == 303

    def test_it_belongs_to_one_account(self, app: Flask, shown: list[str]) -> None:
        client = client_of(app, None)
        come_in(client, "sam")
        assert send(client, "/sign-in/code", {"code": shown[0]}).status_code == 422

    def test_new_ones_end_the_old(self, app: Flask, cast: Cast, shown: list[str]) -> None:
        client = client_of(app, None)
        come_in(client, "jane")
        codes_in(send(client_of(app, cast.therapist), "/account/backup-codes", {}, seen_at="/account"))
        assert client.get("/sign-in/code").location == "/sign-in"
        come_in(client, "jane")
        assert send(client, "/sign-in/code", {"code": shown[0]}).status_code == 422


class TestOwnAccount:
    def test_a_partner_turns_it_on_and_off(self, app: Flask, cast: Cast) -> None:
        client, elsewhere = client_of(app, cast.cleo), client_of(app, cast.cleo)
        secret = secret_on(client, "/account/second-factor")
        assert len(codes_in(send(client, "/account/second-factor", {"code": code(secret)}))) == 10
        assert elsewhere.get("/account/sign-ins").status_code == 303
        assert come_in(client_of(app, None), "cleo").location == "/sign-in/code"
        assert send(client, "/account/second-factor/off", {}, seen_at="/account").status_code == 303
        assert come_in(client_of(app, None), "cleo").location == "/"

    def test_the_old_app_works_until_the_new_one_is_confirmed(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.therapist)
        secret = secret_on(client, "/account/second-factor")
        other = client_of(app, None)
        come_in(other, "jane")
        assert send(other, "/sign-in/code", {"code": code()}).status_code == 303
        assert send(client, "/account/second-factor", {"code": code(secret)}).status_code == 422
        fresh_secret = secret_on(client, "/account/second-factor")
        assert (
            send(client, "/account/second-factor", {"code": code(fresh_secret, steps=1)}).status_code == 200
        )

    def test_staff_cannot_turn_it_off(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.therapist)
        token = page(client.get("/account")).select_one("input[name=form_token]")
        assert token
        data = {"form_token": str(token["value"])}
        assert client.post("/account/second-factor/off", data=data).status_code == 409

    def test_each_change_gives_this_sign_in_a_new_token(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.therapist)
        thief = copy_of(app, client)
        send(client, "/account/backup-codes", {}, seen_at="/account")
        assert client.get("/account").status_code == 200
        assert thief.get("/account").status_code == 303

    def test_it_asks_for_a_proof_not_older_than_five_minutes(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, cast.cleo, proved_at=utc_now() - timedelta(minutes=6))
        assert client.get("/account/second-factor").location.startswith("/prove")
        assert Permission.ACCOUNT_SECURITY_EDIT in app.extensions["policy"]


def test_the_password_of_the_cast_is_accepted(app: Flask, cast: Cast) -> None:
    assert come_in(client_of(app, None), "cleo", PASSWORD).status_code == 303
