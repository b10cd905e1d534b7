"""Letters by the contact form: kept once, read by one, told to nobody else."""

import time
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.booking.models import Enquiry
from portal.booking.rules import TOO_QUICK, new_form_id
from portal.clock import utc_now
from portal.front.views import letters as views
from portal.notices.models import MessagePart
from portal.security.viewer import TokenPurpose
from portal.transaction import current_session
from tests.support.cast import Cast, client_of

WORDS = "Qanarletter about a boat"
TYPED = {"first_name": "Rosa", "email": "rosa@example.org", "words": WORDS, "agreed": "y"}


@pytest.fixture
def visitor(app: Flask, cast: Cast) -> FlaskClient:
    return client_of(app, None)


def filled_in(app: Flask, client: FlaskClient, *, quick: bool = False, **typed: Any) -> dict[str, str]:
    """The form as somebody sends it who took the time to read it."""
    form = BeautifulSoup(client.get("/contact").text, "html.parser").select_one("main form")
    assert form is not None
    hidden = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[type=hidden]")}
    if not quick:
        made = new_form_id(utc_now() - 10 * TOO_QUICK)
        hidden["form_key"] = app.extensions["signer"].sign_id(TokenPurpose.BOOKING_FORM, made)
    return {**hidden, **TYPED, **typed}


def number_of(app: Flask, table: Any) -> int:
    with app.app_context():
        return current_session().scalar(select(func.count()).select_from(table)) or 0


def test_it_arrives_once_with_the_therapist_alone(app: Flask, cast: Cast, visitor: FlaskClient) -> None:
    sent = filled_in(app, visitor)
    for _twice in range(2):
        assert visitor.post("/contact", data=sent).location == "/contact/sent"
    assert "has arrived" in visitor.get("/contact/sent").text
    assert number_of(app, Enquiry) == 1
    with app.app_context():
        enquiry = current_session().scalars(select(Enquiry)).one()
        part = current_session().scalars(select(MessagePart)).one()
        assert part.person_id == cast.therapist.person_id and "Qanar" not in part.facts
        assert "rosa" not in part.facts.lower() and part.kind.value == "therapist_notice"
        page = f"/requests/letters/{enquiry.id}"
    jane = client_of(app, cast.therapist)
    assert "Rosa" in jane.get("/requests/letters").text
    shown = jane.get(page).text
    assert WORDS in shown and "mailto:rosa%40example.org?subject=Your%20question" in shown
    assert client_of(app, cast.stranger).get(page).status_code == 404
    token = {"form_token": shown.split('name="form_token" value="')[1].split('"')[0]}
    assert jane.post(f"{page}/handled", data=token).status_code == 303
    assert "Open it again" in jane.get(page).text
    jane.post(f"{page}/handled", data={**token, "is_handled": "no"})
    assert "Open it again" not in jane.get(page).text


def test_a_second_letter_of_one_form_is_a_letter_too(app: Flask, visitor: FlaskClient) -> None:
    sent = filled_in(app, visitor)
    visitor.post("/contact", data=sent)
    visitor.post("/contact", data={**sent, "words": "And on Mondays?"})
    assert number_of(app, Enquiry) == 2


WRONG: list[dict[str, Any]] = [
    {"first_name": " "}, {"first_name": "\u200b"}, {"email": ""}, {"email": "a@b.c, d@e.f"}, {"email": "a@b.c\r\nBcc: x@y.z"},
    {"words": ""}, {"words": "x" * 3001}, {"words": "a\x00b"}, {"agreed": ""}, {"form_token": "x"}, {"form_key": "x"},
]  # fmt: skip


def test_what_cannot_be_answered_comes_back(app: Flask, visitor: FlaskClient) -> None:
    for wrong in WRONG:
        kept = (
            {"first_name": "Qanarfirst"} if "first_name" not in wrong else {"email": "qanarfirst@example.org"}
        )
        answer = visitor.post("/contact", data=filled_in(app, visitor, **dict(kept, **wrong)))
        assert answer.status_code == 422, wrong
        assert "qanarfirst" in answer.text.lower()
    assert number_of(app, Enquiry) == 0
    alone = visitor.post("/contact", data=filled_in(app, visitor, to="nobody"))
    assert alone.status_code == 303, "one therapist alone need not be chosen, whatever is sent"


def test_programs_get_the_page_they_hope_for(app: Flask, visitor: FlaskClient) -> None:
    answer = visitor.post("/contact", data=filled_in(app, visitor, website="https://spam.example"))
    assert answer.location == "/contact/sent"
    quick = visitor.post("/contact", data=filled_in(app, visitor, quick=True))
    assert quick.status_code == 422 and "very quick" in quick.text and WORDS in quick.text
    assert number_of(app, Enquiry) == number_of(app, MessagePart) == 0


def test_nobody_can_flood(app: Flask, visitor: FlaskClient) -> None:
    most = views.LETTERS_OF_ADDRESS.most
    sent = filled_in(app, visitor)
    answers = [
        visitor.post("/contact", data={**sent, "words": f"Letter {n}"}).status_code for n in range(most + 1)
    ]
    assert answers == [303] * most + [429]
    assert number_of(app, Enquiry) == most
    assert visitor.post("/contact", data={**sent, "words": "Letter 0"}).status_code == 303


def test_it_says_the_same_of_known_and_unknown_addresses(app: Flask, visitor: FlaskClient) -> None:
    started = time.perf_counter()
    answers = {
        visitor.post("/contact", data=filled_in(app, visitor, email=email)).location
        for email in ("us@example.org", "nobody@example.org")
    }
    assert answers == {"/contact/sent"} and time.perf_counter() - started < 20
