import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.accounts.invitations import Issued, invite, latest_invitations, withdraw
from portal.accounts.models import Account, AccountRole, Invitation
from portal.accounts.rules import AlreadyHasAccount
from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.people.models import Person
from portal.security.viewer import Role
from portal.transaction import transaction
from tests.accounts.door import MINUTE, NEW_PASSWORD, come_in, count, in_database, page, send
from tests.support.cast import Cast, client_of, make_person

DAY = timedelta(days=1)


@pytest.fixture
def issued(app: Flask, cast: Cast) -> Issued:
    return issue(app, cast)


def issue(app: Flask, cast: Cast, *, with_code: bool = True) -> Issued:
    with app.app_context(), transaction() as session:
        person = make_person(session, "Mira", "mira@example.org")
        return invite(session, cast.therapist.member(), person, now=utc_now(), with_code=with_code)


def link(issued: Issued) -> str:
    return f"/invitations/{issued.token}"


def accept(app: Flask, issued: Issued, **changes: str) -> tuple[FlaskClient, TestResponse]:
    """Enter the code, then choose user name and password, in one browser."""
    client = client_of(app, None)
    shown = send(client, link(issued), {"code": issued.code or ""})
    form = page(shown).select_one("main form")
    assert form
    hidden = {str(one["name"]): str(one["value"]) for one in form.select("input[type=hidden]")}
    data = {"user_name": "mira", "password": NEW_PASSWORD, **changes}
    return client, client.post(str(form["action"]), data={**hidden, **data})


def wrong_code(issued: Issued) -> str:
    return "00000000" if issued.code != "00000000" else "11111111"


class TestLink:
    def test_it_tells_nobody_whose_it_is_before_the_code(self, app: Flask, issued: Issued) -> None:
        text = client_of(app, None).get(link(issued)).text
        assert not re.search(r"mira|jane|therap|couple", text, re.IGNORECASE)

    def test_opening_it_five_times_uses_nothing_up(self, app: Flask, issued: Issued) -> None:
        before = in_database(app, lambda session: session.scalars(select(Invitation.tries_left)).one())
        for _ in range(5):
            assert client_of(app, None).get(link(issued)).status_code == 200
        assert (
            in_database(app, lambda session: session.scalars(select(Invitation.tries_left)).one()) == before
        )
        assert accept(app, issued)[1].status_code == 303

    def test_used_withdrawn_expired_altered_and_unknown_links_meet_the_same_page(
        self, app: Flask, cast: Cast
    ) -> None:
        used, late, back = (issue(app, cast) for _ in range(3))
        accept(app, used)
        with app.app_context(), transaction() as session:
            withdraw(
                session, cast.therapist.member(), session.get_one(Invitation, back.invitation.id), utc_now()
            )
        with app.app_context(), transaction() as session:
            session.get_one(Invitation, late.invitation.id).expires_at = utc_now()
        paths = [
            link(used),
            link(late),
            link(back),
            link(used)[:-1],
            "/invitations/nothing",
            link(back).swapcase().lower(),
        ]
        answers = [client_of(app, None).get(path) for path in paths]
        assert {answer.status_code for answer in answers} == {404}
        assert len({re.sub(r"[0-9a-f]{12}", "", answer.text) for answer in answers}) == 1

    @pytest.mark.parametrize(("with_code", "age"), [(True, 14 * DAY), (False, 3 * DAY)])
    def test_it_holds_fourteen_days_with_a_code_and_three_without(
        self, app: Flask, cast: Cast, age: timedelta, *, with_code: bool
    ) -> None:
        issued = issue(app, cast, with_code=with_code)
        with time_machine.travel(utc_now() + age - MINUTE):
            assert client_of(app, None).get(link(issued)).status_code == 200
        with time_machine.travel(utc_now() + age + MINUTE):
            assert client_of(app, None).get(link(issued)).status_code == 404

    def test_without_a_code_nobody_is_greeted_by_name(self, app: Flask, cast: Cast) -> None:
        text = client_of(app, None).get(link(issue(app, cast, with_code=False))).text
        assert "Choose how you sign in" in text
        assert "Mira" not in text

    def test_neither_token_nor_code_is_in_the_database(self, app: Flask, issued: Issued) -> None:
        stored = in_database(app, lambda session: session.scalars(select(Invitation)).one())
        assert issued.token.encode() not in stored.token_hash
        assert issued.code
        assert issued.code.encode() not in stored.code_hash


class TestCode:
    def test_five_wrong_ones_end_the_invitation_for_the_right_one_too(
        self, app: Flask, issued: Issued
    ) -> None:
        answers = [send(client_of(app, None), link(issued), {"code": wrong_code(issued)}) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [422] * 4 + [404]
        assert client_of(app, None).post(link(issued), data={"code": issued.code or ""}).status_code == 404
        assert count(app, Account) == 8

    def test_the_right_one_greets_by_the_first_name(self, app: Flask, issued: Issued) -> None:
        answer = send(client_of(app, None), link(issued), {"code": f" {issued.code} "})
        assert "Welcome, Mira" in answer.text

    def test_an_account_cannot_be_made_without_it(self, app: Flask, cast: Cast, issued: Issued) -> None:
        other = issue(app, cast)
        shown = page(send(client_of(app, None), link(other), {"code": other.code or ""}))
        proof = shown.select_one("input[name=code_given]")
        assert proof
        data = {"user_name": "thief", "password": NEW_PASSWORD}
        for given in ("", "nonsense", str(proof["value"])):
            answer = client_of(app, None).post(f"{link(issued)}/account", data={**data, "code_given": given})
            assert answer.status_code == 404
        assert count(app, Account) == 8


class TestAccount:
    def test_it_is_a_partners_own_and_signed_in(self, app: Flask, issued: Issued) -> None:
        client, answer = accept(app, issued)
        assert answer.status_code == 303
        assert client.get("/account/sign-ins").status_code == 200
        rows = in_database(app, lambda session: session.scalars(select(AccountRole.role)).all())
        assert rows.count(Role.PARTNER) == 5
        assert come_in(client_of(app, None), "mira@example.org", NEW_PASSWORD).status_code == 303

    def test_a_taken_user_name_is_a_conflict_that_keeps_what_was_typed(
        self, app: Flask, issued: Issued
    ) -> None:
        _, answer = accept(app, issued, user_name="Ana")
        assert answer.status_code == 409
        assert 'value="Ana"' in answer.text
        assert NEW_PASSWORD not in answer.text
        assert accept(app, issued)[1].status_code == 303

    @pytest.mark.parametrize(
        ("user_name", "password"),
        [("mi", NEW_PASSWORD), ("mira@example.org", NEW_PASSWORD), ("m\u200bira", NEW_PASSWORD), ("mira", "eleven char"),
         ("mira", "password1234"), ("mira", "mira-mira-2026"), ("mira", "x" * 100_000), ("", "")],
    )  # fmt: skip
    def test_what_cannot_be_accepted_is_told_and_uses_nothing_up(
        self, app: Flask, issued: Issued, user_name: str, password: str
    ) -> None:
        _, answer = accept(app, issued, user_name=user_name, password=password)
        assert answer.status_code == 422
        assert page(answer).select_one("[role=alert] a")
        assert accept(app, issued)[1].status_code == 303

    def test_it_is_made_once(self, app: Flask, issued: Issued) -> None:
        accept(app, issued)
        assert client_of(app, None).get(link(issued)).status_code == 404
        actions = in_database(app, lambda session: session.scalars(select(AuditEvent.action)).all())
        assert actions.count("invitation.accepted") == 1


class TestInvite:
    def test_a_new_invitation_ends_the_one_before(self, app: Flask, cast: Cast, issued: Issued) -> None:
        with app.app_context(), transaction() as session:
            person = session.get_one(Person, issued.invitation.person_id)
            again = invite(session, cast.therapist.member(), person, now=utc_now())
            latest = latest_invitations(session, [person.id])
            assert latest[person.id].id == again.invitation.id
        assert client_of(app, None).get(link(issued)).status_code == 404
        assert client_of(app, None).get(link(again)).status_code == 200

    def test_who_signs_in_already_cannot_be_invited(self, app: Flask, cast: Cast) -> None:
        with app.app_context(), pytest.raises(AlreadyHasAccount), transaction() as session:
            invite(
                session, cast.therapist.member(), session.get_one(Person, cast.ana.person_id), now=utc_now()
            )

    def test_what_was_withdrawn_stays_withdrawn(self, app: Flask, cast: Cast, issued: Issued) -> None:
        for _ in range(2):
            with app.app_context(), transaction() as session:
                withdraw(
                    session,
                    cast.therapist.member(),
                    session.get_one(Invitation, issued.invitation.id),
                    utc_now(),
                )
        actions = in_database(app, lambda session: session.scalars(select(AuditEvent.action)).all())
        assert actions.count("invitation.withdrawn") == 1
