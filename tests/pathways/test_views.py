"""Making a pathway of the practice's own, copying one, and starting a couple on it."""

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from portal.clock import utc_now
from portal.pathways.rules import Delivery, Rule, Stuck
from portal.pathways.service import start_pathway
from portal.pathways.shipped import Plan, PlannedStep
from portal.transaction import transaction
from tests.homework.test_views import send
from tests.support.cast import Cast, client_of

LATER = {
    "steps-0-task": "exercise:revisit-and-revise",
    "steps-0-delivery": "after_days",
    "steps-0-days": "60",
}


@pytest.fixture
def jane(app: Flask, cast: Cast) -> FlaskClient:
    return client_of(app, cast.therapist)


def test_a_pathway_is_made_and_a_couple_started_on_it(jane: FlaskClient, cast: Cast) -> None:
    couple = f"/couples/{cast.couple_id}"
    assert send(jane, "/practice/pathways/new", title="Qanarway", purpose="", **LATER).status_code == 303
    choice = BeautifulSoup(jane.get(f"{couple}/pathways/new").text, "html.parser").select_one("[name=plan]")
    assert choice is not None
    started = send(jane, f"{couple}/pathways/new", plan=str(choice["value"]), for_whom="pair")
    assert started.status_code == 303
    shown = jane.get(couple).text
    assert shown.count("Qanarway") == 2
    assert "for Ana alone" in shown


def test_a_shipped_one_is_copied_to_be_changed(jane: FlaskClient) -> None:
    copied = send(jane, "/practice/pathways/copy", key="weekly-start")
    assert copied.status_code == 303
    assert 'value="A calm start, week by week"' in jane.get(copied.location).text
    assert send(jane, "/practice/pathways/copy", key="../none").status_code == 404


def test_slips_are_marked_and_what_was_typed_is_kept(jane: FlaskClient) -> None:
    typed = {
        "title": "", "purpose": "Qanarpurpose", "steps-0-task": "exercise:none", "steps-1-task": "exercise:values-compass",
        "steps-1-delivery": "after_days", "steps-2-task": "exercise:values-compass", "steps-2-delivery": "odd",
        "steps-3-task": "exercise:values-compass", "steps-3-due_days": "4000",
    }  # fmt: skip
    wrong = send(jane, "/practice/pathways/new", **typed)
    assert wrong.status_code == 422
    for sentence in (
        "Please give it a title.", "Please choose what the library has.", "Please say after how many days.",
        "From 1 to 60 days.", "Qanarpurpose",
    ):  # fmt: skip
        assert sentence in wrong.text


def test_a_step_that_is_stuck_stands_on_the_therapists_first_page(
    app: Flask, jane: FlaskClient, cast: Cast
) -> None:
    with app.app_context(), transaction() as session:
        way = Plan(
            "p",
            "Qanarway",
            "",
            (PlannedStep("exercise", "values-compass", Rule(Delivery.WEEKDAY, weekday=0)),),
        )
        pathway = start_pathway(
            session, cast.therapist.member(), cast.couple_id, way, zone="Europe/London", now=utc_now()
        )
        pathway.stuck = Stuck.HELD
        path = f"/pathways/{pathway.id}"
    page = jane.get("/today").text
    assert "a pathway waits for you" in page
    assert "A hold keeps its next step back." in page
    assert path in page
    assert "Qanarway" not in page
    assert path not in client_of(app, cast.stranger).get("/today").text
