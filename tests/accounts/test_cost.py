"""What the pages cost in statements, and that the whole way in works on both engines."""

import re

import pytest
from flask import Flask

from portal.accounts.models import Account
from portal.accounts.rules import CodeRefused
from portal.accounts.second_factor import accept_answer, read_answer
from portal.app import create_app
from portal.clock import utc_now
from portal.extensions import db
from portal.settings import Settings
from portal.transaction import current_session, transaction
from tests.accounts.door import NEW_PASSWORD, WRONG, change_account, code, come_in, page, send
from tests.conftest import settings_for
from tests.support.cast import PASSWORD, Cast, client_of, make_cast
from tests.support.statements import counted

MOST = 12


@pytest.mark.parametrize("path", ["/sign-in", "/reset", "/reset/x", "/invitations/x", "/signed-out"])
def test_a_visitors_page_makes_few_statements(app: Flask, cast: Cast, path: str) -> None:
    client = client_of(app, None)
    with counted(app) as statements:
        client.get(path)
    assert len(statements) <= 4, statements


@pytest.mark.parametrize(
    "path", ["/account", "/account/sign-ins", "/account/second-factor", "/prove", "/second-factor/picture"]
)
def test_a_members_page_makes_at_most_twelve(app: Flask, cast: Cast, path: str) -> None:
    for actor in (cast.ana, cast.therapist):
        client = client_of(app, actor)
        with counted(app) as statements:
            assert client.get(path).status_code == 200
        assert len(statements) <= MOST, statements


@pytest.mark.parametrize("identity", ["cleo", "cleo@example.org", "nobody@example.org", "us@example.org"])
def test_a_refused_attempt_makes_the_same_statements_for_every_name(
    app: Flask, cast: Cast, identity: str
) -> None:
    expected = statements_of_attempt(app, "somebody-else")
    assert statements_of_attempt(app, identity) == expected
    assert expected.count("INSERT") == 4


def statements_of_attempt(app: Flask, identity: str) -> list[str]:
    client = client_of(app, None)
    with counted(app) as statements:
        come_in(client, identity, WRONG)
    return [re.split(r"\s", statement, maxsplit=1)[0] for statement in statements]


def test_a_code_that_two_send_at_once_lets_one_in(app: Flask, cast: Cast) -> None:
    with app.app_context():
        account = current_session().get_one(Account, cast.therapist.account_id)
        answers = [read_answer(current_session(), account, code(), utc_now()) for _ in range(2)]
        with transaction() as session:
            accept_answer(session, account, answers[0], utc_now())
        with pytest.raises(CodeRefused), transaction() as session:
            accept_answer(session, account, answers[1], utc_now())


def test_the_way_in_works_on_both_engines(database_url: str, settings: Settings) -> None:
    app = create_app(settings_for(settings.instance, database_url))
    with app.app_context(), transaction() as session:
        cast = make_cast(session)
    staff, partner = client_of(app, None), client_of(app, None)
    assert come_in(staff, "jane", WRONG).status_code == 422
    come_in(staff, "jane@example.org")
    assert send(staff, "/sign-in/code", {"code": code()}).status_code == 303
    shown = page(send(staff, "/account/backup-codes", {}, seen_at="/account")).select("ol.codes li")
    change_account(app, cast.ana, is_limited=True)
    come_in(partner, "ana")
    issued = page(send(staff, f"/clients/{cast.ana.person_id}/unlock-code", {})).select_one("ol.codes li")
    assert issued
    assert send(partner, "/unlock", {"code": issued.get_text()}).status_code == 303
    data = {"present": PASSWORD, "password": NEW_PASSWORD}
    assert send(partner, "/account/password", data, seen_at="/account").status_code == 303
    again = client_of(app, None)
    come_in(again, "jane")
    assert send(again, "/sign-in/code", {"code": shown[0].get_text()}).status_code == 303
    assert send(client_of(app, None), "/reset", {"identity": "us@example.org"}).status_code == 303
    with app.app_context():
        db.engine.dispose()
