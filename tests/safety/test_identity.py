"""Whatever one person answers alone, and whatever their therapist then does, nobody else's pages change by a byte."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, text

from portal.couples.holds import set_hold
from portal.people.rules import Card, Channel, SafeRange
from portal.people.service import save_own_card
from portal.safety.models import SafetySitting
from portal.safety.rules import Answers, Reply
from portal.safety.service import give_answers, mark_contacted
from portal.sources.models import StepCount
from portal.transaction import transaction
from tests.architecture.ledger import LEDGER
from tests.support.cast import client_of
from tests.support.individual import all_said, ask_quietly
from tests.support.readings import Readings, changed, read_whole
from tests.support.world import World, make_world, path_of

NOW = datetime(2026, 11, 20, 16, 5, tzinfo=UTC)


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


def everything(
    app: Flask, world: World, client: FlaskClient, *, with_public: bool = False, seen: Readings | None = None
) -> Readings:
    """Read every address of the portal, as a page and as a part of one; or again, as pages, what could be `seen` before.

    What is public is read `with_public` alone: by visitors, and by the partner whom it must tell nothing; for the others it
    stands there as for visitors. What earlier readings were counted as (views of the form in frames elsewhere) is forgotten
    first.
    """
    with app.app_context(), transaction() as session:
        session.execute(delete(StepCount))
    readings: Readings = {}
    for (endpoint, method), row in LEDGER.items():
        is_read = with_public or row["visitor"] != 200
        if method == "GET" and is_read and (seen is None or f"{endpoint} as a page" in seen):
            path = path_of(app, world, endpoint)
            readings |= read_whole(app, client, path, endpoint, in_parts=seen is None)
    return readings


@pytest.mark.parametrize("name", ["ben", "cleo", "sam", "fay", "olive", "visitor"])
def test_nobody_elses_pages_tell_what_was_answered_alone(app: Flask, world: World, name: str) -> None:
    client, with_public = client_of(app, world.viewers[name]), name in {"ben", "visitor"}
    first = everything(app, world, client, with_public=with_public)
    seen = {name: one for name, one in first.items() if one[0] == 200 and name.endswith("page")}
    assert seen
    for what, happen in HAPPENINGS.items():
        happen(app, world)
        assert changed(seen, everything(app, world, client, with_public=with_public, seen=seen)) == set(), (
            what
        )
    assert changed(first, everything(app, world, client, with_public=with_public)) == set()


def test_only_the_two_whom_it_concerns_see_a_change(app: Flask, world: World) -> None:
    ana, jane = client_of(app, world.cast.ana), client_of(app, world.cast.therapist)
    jane.get(
        "/practice/exercises"
    )  # what was published is read once by each process, and would cost less later
    before = [everything(app, world, client) for client in (ana, jane)]
    HAPPENINGS["all no"](app, world)
    after = [everything(app, world, client) for client in (ana, jane)]
    seen = [
        {where.split()[0] for where in changed(one, other)} for one, other in zip(before, after, strict=True)
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
        assert changed(first, everything(app, world, ana)) == set(), what
