"""Whatever one person is asked alone, and whatever comes of it, nobody else's pages change by a byte or a statement."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from portal.homework.models import Response
from portal.measures.rules import Rhythm
from portal.measures.service import acknowledge, start_schedule
from portal.safety.escalation import nudge_about_unlooked
from portal.sources.models import StepCount
from portal.transaction import transaction
from tests.support.cast import client_of
from tests.support.measuring import ask_ana, bring_words, sat_ana, sit
from tests.support.readings import Readings, changed, read
from tests.support.world import World, make_world, path_of

NOW = datetime(2026, 11, 20, 16, 5, tzinfo=UTC)
# All that a partner, a visitor or the front desk can open; what others cannot open answers 404 by the ledger's test.
PAGES = (
    "home.partner", "home.privacy", "homework.own", "accounts.security", "accounts.sign_ins", "calendars.feed", "home.start",
    "measures.start", "measures.questions", "measures.check", "measures.result", "measures.desk", "measures.of_couple",
    "measures.shelf", "measures.one", "homework.of_couple", "documents.status", "assessments.start", "exercises.start",
    "home.today", "diary.calendar", "health.readyz", "safety.about_you",
)  # fmt: skip


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    """Everything of Jane's, on a clock that stands still."""
    with time_machine.travel(NOW, tick=False):
        made = make_world(app)
        client_of(app, None).get("/readyz")  # leaves its first heartbeat
        with app.app_context(), transaction() as session:
            bring_words(session, made.cast, "who5", "k6")
        yield made


def everything(app: Flask, world: World, client: FlaskClient) -> Readings:
    """Read the pages."""
    with app.app_context(), transaction() as session:
        session.execute(delete(StepCount))
    return {endpoint: read(app, client, path_of(app, world, endpoint)) for endpoint in PAGES}


def test_nobody_else_learns_that_one_person_was_asked_or_what_came_of_it(app: Flask, world: World) -> None:
    cast, names = world.cast, ("ben", "cleo", "sam", "fay", "visitor")
    clients = {name: client_of(app, world.viewers[name]) for name in names}
    first = {name: everything(app, world, client) for name, client in clients.items()}
    assert all(any(answer[0] == 200 for answer in read.values()) for read in first.values())

    def unchanged(what: str) -> None:
        for name, client in clients.items():
            assert changed(first[name], everything(app, world, client)) == set(), (what, name)

    with app.test_request_context(), transaction() as session:
        part_id = ask_ana(session, cast, "phq9", NOW).id
    unchanged("asked")
    with app.test_request_context(), transaction() as session:
        sit(session, cast, session.get_one(Response, part_id), 3, NOW)
    unchanged("answered with a watched answer")
    with app.test_request_context(), transaction() as session:
        assert nudge_about_unlooked(session, NOW + timedelta(days=2)) == 2
    unchanged("not looked at, and others told that something waits")
    with app.test_request_context(), transaction() as session:
        score_id = sat_ana(session, cast, "who5", 0, NOW + timedelta(seconds=1))
        acknowledge(session, cast.therapist.member(), score_id, now=NOW)
        jane, rhythm, ana = cast.therapist.member(), Rhythm(NOW.date(), 1), cast.ana.person_id
        start_schedule(session, jane, cast.couple_id, "k6", rhythm, for_person_id=ana, zone="UTC")
    unchanged("asked again and again, and settled")
