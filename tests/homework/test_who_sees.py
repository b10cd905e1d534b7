"""What a person is told about who can read their words is what the reads really give."""

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from portal.clock import utc_now
from portal.homework.models import Answer, Response
from portal.homework.rules import Scope, Step
from portal.homework.who_sees import Circle, circle_of
from portal.transaction import transaction
from tests.support.cast import client_of
from tests.support.world import make_world


@pytest.mark.parametrize(
    ("scope", "step", "is_withheld", "is_opened", "circle"),
    [
        (Scope.PRIVATE, Step.SHARED, False, True, Circle.ONLY_ME),
        (Scope.THERAPIST, Step.WRITING, False, False, Circle.THERAPIST_LATER),
        (Scope.THERAPIST, Step.SUBMITTED, False, False, Circle.THERAPIST),
        (Scope.THERAPIST, Step.SHARED, False, True, Circle.THERAPIST),
        (Scope.REVEAL, Step.WRITING, False, False, Circle.PARTNER_MAYBE),
        (Scope.REVEAL, Step.SUBMITTED, False, False, Circle.PARTNER_IF_SHARED),
        (Scope.REVEAL, Step.SHARED, False, False, Circle.PARTNER_LATER),
        (Scope.REVEAL, Step.SHARED, False, True, Circle.BOTH),
        (Scope.REVEAL, Step.SHARED, True, True, Circle.THERAPIST),
        (Scope.REVEAL, Step.HIDDEN, False, True, Circle.THERAPIST),
    ],
)
def test_each_answer_stands_in_the_circle_of_those_who_can_read_it(
    scope: Scope, step: Step, circle: Circle, *, is_withheld: bool, is_opened: bool
) -> None:
    assert circle_of(scope, step, is_withheld=is_withheld, is_opened=is_opened) is circle


def test_the_page_is_for_partners_and_counts_ones_own_words_only(app: Flask) -> None:
    world = make_world(app)
    before = client_of(app, world.cast.ben).get("/privacy").text
    with app.app_context(), transaction() as session:
        part = session.get_one(Response, world.places["response_id"])
        session.add(
            Answer(
                response_id=part.id, person_id=part.person_id, prompt_id="own", scope=Scope.REVEAL, value='"x"',
                saved_at=utc_now(),
            )
        )  # fmt: skip
    assert "One answer:" in client_of(app, world.cast.ana).get("/privacy").text
    assert _said(client_of(app, world.cast.ben).get("/privacy").text) == _said(before)
    assert client_of(app, world.cast.therapist).get("/privacy").status_code == 404


def _said(page: str) -> str:
    return BeautifulSoup(page, "html.parser").get_text()
