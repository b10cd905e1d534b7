"""Whatever one person answers alone, and whatever their therapist then does, nobody else's pages change by a byte."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, text
from werkzeug.test import TestResponse

from portal.couples.holds import set_hold
from portal.people.rules import Card, Channel, SafeRange
from portal.people.service import save_own_card
from portal.safety.models import SafetySitting
from portal.safety.rules import Answers, Reply
from portal.safety.service import give_answers, mark_contacted
from portal.sources.models import StepCount
from portal.transaction import transaction
from tests.support.cast import client_of
from tests.support.individual import all_said, ask_quietly
from tests.support.statements import counted
from tests.support.world import World, make_world, path_of

NOW = datetime(2026, 11, 20, 16, 5, tzinfo=UTC)
AS_FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}
# What is drawn by lot for each answer, and says nothing: numbers of requests, ids of opened pages and of empty forms, what a
# device is to sign, and what it would call a new passkey.
BY_LOT = re.compile(
    r'\b[0-9a-f]{12}\b|(?<=name="page_id" value=")[^"]*|(?:(?<=name="form_key" value=")|(?<=name="form_key" type="hidden" value="))[^"]*'
    r'|(?<="state": ")[^"]*|(?<="challenge": ")[^"]*|(?<="user": {"id": ")[^"]*|"Login [A-Z2-9]{4}"'
)
Answer = tuple[int, str, tuple[tuple[str, str], ...], int]


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    """Everything of Jane's, with both asked and nobody's answer, on a clock that stands still."""
    with time_machine.travel(NOW, tick=False):
        made = make_world(app)
        client_of(app, None).get("/readyz")  # leaves its first heartbeat
        cast = made.cast
        with app.app_context(), transaction() as session:
            session.execute(text("delete from safety_sitting"))
            persons = (cast.ana.person_id, cast.ben.person_id)
            ask_quietly(session, cast.therapist.person_id, cast.couple_id, *persons, now=NOW)
        yield made


def answered(answers: Answers) -> Callable[[Flask, World], None]:
    """Let Ana answer."""

    def happen(app: Flask, world: World) -> None:
        with app.app_context(), transaction() as session:
            give_answers(session, world.cast.ana.member(), answers, now=NOW)

    return happen


def settled_and_held(app: Flask, world: World) -> None:
    """Let the therapist speak with Ana and keep everything joint shut."""
    jane = world.cast.therapist.member()
    with app.app_context(), transaction() as session:
        sitting = session.query(SafetySitting).where(SafetySitting.answered_at.is_not(None)).first()
        assert sitting is not None
        mark_contacted(session, jane, world.cast.couple_id, sitting.id, now=NOW)
        set_hold(session, jane, world.cast.couple_id)


def card_filled_in(app: Flask, world: World) -> None:
    """Let Ana say how she wants to be reached."""
    card = Card(
        Channel.PORTAL_ONLY, (SafeRange((0,), time(9), time(10)),), code_word="Marmalade", words="Ring. " * 80
    )
    with app.app_context(), transaction() as session:
        save_own_card(
            session,
            world.cast.ana.member(),
            card,
            phone="+447700900123",
            ask_again_on=date(2026, 11, 1),
            now=NOW,
        )


HAPPENINGS = {
    "all no": answered(all_said(Reply.NO)),
    "all yes": answered(all_said(Reply.YES, contact=Reply.NO, words="Ring twice. " * 80)),
    "in danger": answered(Answers(is_in_danger=True)),
    "spoken with, and a hold": settled_and_held,
    "a card of her own": card_filled_in,
}


def everything(app: Flask, world: World, client: FlaskClient) -> dict[str, Answer]:
    """Read every address of the portal, as a page and as a part of one: status, body, headers, cost.

    What earlier readings were counted as (views of the form in frames elsewhere) is forgotten first.
    """
    with app.app_context(), transaction() as session:
        session.execute(delete(StepCount))
    read = {}
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        path = path_of(app, world, rule.endpoint)
        for headers in ({}, AS_FRAGMENT):
            app.extensions.pop("readiness", None)
            with counted(app) as statements:
                answer = client.get(path, headers=headers)
            body = BY_LOT.sub("-", answer.get_data().decode("latin-1"))
            read[f"{rule.endpoint} {bool(headers)}"] = (
                answer.status_code,
                body,
                headers_of(answer),
                len(statements),
            )
    return read


def headers_of(answer: TestResponse) -> tuple[tuple[str, str], ...]:
    """Give the headers without what is drawn by lot; the length, which follows from body and lot, is left out."""
    return tuple(
        (name, BY_LOT.sub("-", value)) for name, value in answer.headers.items() if name != "Content-Length"
    )


@pytest.mark.parametrize("name", ["ben", "cleo", "sam", "fay", "olive", "visitor"])
def test_nobody_elses_pages_tell_what_was_answered_alone(app: Flask, world: World, name: str) -> None:
    client = client_of(app, world.viewers[name])
    first = everything(app, world, client)
    assert any(answer[0] == 200 for answer in first.values())
    for what, happen in HAPPENINGS.items():
        happen(app, world)
        now = everything(app, world, client)
        assert {where for where in first if now[where] != first[where]} == set(), what


def test_only_the_two_whom_it_concerns_see_a_change(app: Flask, world: World) -> None:
    ana, jane = client_of(app, world.cast.ana), client_of(app, world.cast.therapist)
    jane.get(
        "/practice/exercises"
    )  # what was published is read once by each process, and would cost less later
    before = [everything(app, world, client) for client in (ana, jane)]
    HAPPENINGS["all no"](app, world)
    after = [everything(app, world, client) for client in (ana, jane)]
    seen = [
        {where.split()[0] for where in one if one[where] != other[where]}
        for one, other in zip(before, after, strict=True)
    ]
    assert seen == [
        {"home.partner"},
        {"caseload.brief", "home.today", "safety.contact_of", "safety.individual"},
    ]


def test_what_the_person_sees_does_not_tell_either_what_was_answered(app: Flask, world: World) -> None:
    ana = client_of(app, world.cast.ana)
    HAPPENINGS["all no"](app, world)
    first = everything(app, world, ana)
    for what in ("all yes", "in danger", "spoken with, and a hold"):
        HAPPENINGS[what](app, world)
        assert everything(app, world, ana) == first, what
