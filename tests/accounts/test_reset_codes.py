"""A new password with a code from the therapist: for those to whom nothing may be sent."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.accounts.models import Account, OneTimeToken
from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.notices.models import MessagePart
from portal.people.rules import Card, Channel
from portal.people.service import save_own_card
from portal.transaction import transaction
from tests.accounts.door import MINUTE, NEW_PASSWORD, change_account, code, come_in, in_database, page, send
from tests.support.cast import PASSWORD, TOTP_SECRET, Actor, Cast, client_of
from tests.support.statements import counted


def way_to(client: Actor) -> str:
    return f"/clients/{client.person_id}/reset-code"


def issue(app: Flask, therapist: Actor, client: Actor) -> str:
    shown = page(send(client_of(app, therapist), way_to(client), {})).select_one("ol.codes li")
    assert shown
    return shown.get_text()


def use(app: Flask, name: str, issued: str, password: str = NEW_PASSWORD) -> TestResponse:
    return send(client_of(app, None), "/reset/code", {"identity": name, "code": issued, "password": password})


def test_the_code_sets_a_new_password_and_leaves_nothing_shut(app: Flask, cast: Cast) -> None:
    older, other = client_of(app, cast.ana), client_of(app, cast.ben)
    issued = issue(app, cast.therapist, cast.ana)
    client = client_of(app, None)
    data = {"identity": "ana", "code": issued, "password": NEW_PASSWORD}
    assert send(client, "/reset/code", data).status_code == 303
    assert client.get("/account/sign-ins").status_code == 200
    assert older.get("/account/sign-ins").status_code == 303, "an older sign-in has ended"
    assert other.get("/account/sign-ins").status_code == 200, "the other partner's has not"
    assert come_in(client_of(app, None), "ana", PASSWORD).status_code != 303
    assert not in_database(app, lambda session: session.get_one(Account, cast.ana.account_id)).is_limited
    assert use(app, "ana", issued).status_code == 422, "it works once"


def test_the_address_of_a_shared_inbox_names_both_and_the_code_decides(app: Flask, cast: Cast) -> None:
    issued = issue(app, cast.therapist, cast.ben)
    assert use(app, "us@example.org", issued).status_code == 303
    assert come_in(client_of(app, None), "ben", NEW_PASSWORD).status_code == 303
    assert come_in(client_of(app, None), "ana", PASSWORD).status_code == 303


def test_a_second_factor_is_still_asked_for(app: Flask, cast: Cast) -> None:
    change_account(app, cast.ana, totp_secret=TOTP_SECRET, is_totp_on=True)
    client = client_of(app, None)
    data = {"identity": "ana", "code": issue(app, cast.therapist, cast.ana), "password": NEW_PASSWORD}
    assert send(client, "/reset/code", data).location == "/sign-in/code"
    assert send(client, "/sign-in/code", {"code": code()}).status_code == 303


@pytest.mark.parametrize("name", ["ben", "cleo", "nobody", "nobody@example.org", "ana"])
def test_a_wrong_pair_is_answered_alike_at_the_same_cost(app: Flask, cast: Cast, name: str) -> None:
    issue(app, cast.therapist, cast.ana)
    with counted(app) as statements:
        answer = use(app, name, "00000000")
    assert (answer.status_code, len(statements)) == (422, 7)
    assert "do not go together" in answer.text
    assert NEW_PASSWORD not in answer.text


def test_five_wrong_tries_end_it_and_do_not_touch_a_mailed_link(app: Flask, cast: Cast) -> None:
    with send(client_of(app, None), "/reset", {"identity": "ana"}):
        pass
    issued = issue(app, cast.therapist, cast.ana)
    for _ in range(5):
        assert use(app, "ana", "00000000").status_code == 422
    assert use(app, "ana", issued).status_code == 422
    tries = in_database(app, lambda session: session.scalars(select(OneTimeToken.tries_left)).all())
    assert sorted(tries) == [-1, 5]


def test_the_eleventh_try_for_a_name_waits_known_or_not(app: Flask, cast: Cast) -> None:
    for name in ("ana", "nobody"):
        assert [use(app, name, "1").status_code for _ in range(11)] == [422] * 10 + [429]


def test_a_weak_password_costs_nothing(app: Flask, cast: Cast) -> None:
    issued = issue(app, cast.therapist, cast.ana)
    assert use(app, "ana", issued, "password1234").status_code == 422
    assert use(app, "ana", issued).status_code == 303


def test_it_holds_fifteen_minutes_and_a_new_one_ends_the_old(app: Flask, cast: Cast) -> None:
    first, second = (issue(app, cast.therapist, cast.ana) for _ in range(2))
    assert use(app, "ana", first).status_code == 422
    with time_machine.travel(utc_now() + 16 * MINUTE):
        assert use(app, "ana", second).status_code == 422


def test_only_the_own_therapist_makes_one_and_only_freshly(app: Flask, cast: Cast) -> None:
    for actor in (cast.stranger, cast.front_desk, cast.owner, cast.ben, cast.ana):
        assert client_of(app, actor).get(way_to(cast.ana)).status_code == 404
    stale = client_of(app, cast.therapist, proved_at=utc_now() - timedelta(minutes=6))
    assert stale.get(way_to(cast.ana)).location.startswith("/prove")
    change_account(app, cast.ana, is_disabled=True)
    assert client_of(app, cast.therapist).get(way_to(cast.ana)).status_code == 404


def test_nothing_of_it_leaves_the_portal_and_it_is_written_down(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction() as session:
        card = Card(Channel.PORTAL_ONLY)
        save_own_card(session, cast.ana.member(), card, phone="", ask_again_on=None, now=utc_now())
    client = client_of(app, cast.therapist)
    couple = f"/couples/{cast.couple_id}"
    assert way_to(cast.ana) in client.get(f"{couple}/contact/{cast.ana.person_id}").text
    assert way_to(cast.ben) not in client.get(f"{couple}/contact/{cast.ben.person_id}").text
    issued = issue(app, cast.therapist, cast.ana)
    stored = in_database(app, lambda session: session.scalars(select(OneTimeToken.token_hash)).one())
    assert issued.replace(" ", "").encode() not in stored
    assert not in_database(app, lambda session: session.scalars(select(MessagePart)).all())
    use(app, "ana", issued)
    parts = in_database(app, lambda session: session.scalars(select(MessagePart)).all())
    assert all(part.kept_at is not None or part.person_id == cast.ana.person_id for part in parts)
    actions = in_database(app, lambda session: session.scalars(select(AuditEvent.action)).all())
    assert {"reset.code-issued", "reset.used"} <= set(actions)


def test_the_other_partner_sees_nothing_of_it(app: Flask, cast: Cast) -> None:
    ben = client_of(app, cast.ben)
    paths = ("/home", "/account/sign-ins", "/privacy", "/tasks")

    def seen() -> list[list[str]]:
        with time_machine.travel(moment, tick=False):
            return [page(ben.get(path)).get_text(" ").split() for path in paths]

    moment = utc_now()
    before = seen()
    use(app, "ana", issue(app, cast.therapist, cast.ana))
    assert seen() == before
