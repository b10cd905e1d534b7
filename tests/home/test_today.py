"""What the therapist's first page says of letters and words that nobody has read yet."""

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from portal.booking.models import Consultation, Enquiry
from portal.booking.rules import TOO_QUICK, ConsultationStatus, new_form_id
from portal.clock import utc_now
from portal.security.viewer import TokenPurpose
from portal.transaction import current_session, transaction
from tests.booking.visit import free_slots_of, open_diary, visitor
from tests.support.cast import Actor, Cast, client_of

WROTE = "Wrote to you about the appointment."
LETTER = {"first_name": "Rosa", "email": "rosa@example.org", "words": "Do you work in Welsh?", "agreed": "y"}


@pytest.fixture
def jane(app: Flask, cast: Cast) -> FlaskClient:
    return client_of(app, cast.therapist)


def today(app: Flask, actor: Actor) -> tuple[str, str]:
    """The requests of the page, and their number in the navigation."""
    page = BeautifulSoup(client_of(app, actor).get("/today").text, "html.parser")
    requests, door = (
        page.select_one(place) for place in ("section[aria-labelledby=requests]", "nav a[href='/requests']")
    )
    assert requests is not None and door is not None
    number = "".join(letter for letter in door.text if letter.isdigit())
    return " ".join(requests.text.split()), number


def press(client: FlaskClient, path: str, page: str) -> int:
    token = BeautifulSoup(client.get(page).text, "html.parser").select_one("[name=form_token]")
    assert token is not None
    return client.post(path, data={"form_token": token["value"]}).status_code


def test_words_about_an_agreed_time_stand_there_until_they_are_read(
    app: Flask, cast: Cast, jane: FlaskClient
) -> None:
    open_diary(app, cast.therapist)
    guest = visitor(app)
    page = guest.book(free_slots_of(app, cast)[0].start).location.partition("?")[0]
    with app.app_context(), transaction() as session:
        session.execute(
            update(Consultation).values(
                status=ConsultationStatus.CONFIRMED, answered_at=utc_now(), settled_at=utc_now()
            )
        )
        lead = f"/requests/{session.scalars(select(Consultation.id)).one()}"
    assert today(app, cast.therapist) == ("Requests0 No request is waiting.", "")
    guest.client.post(f"{page}/message", data={"form_token": token(app), "words": "We take the later train."})
    requests, number = today(app, cast.therapist)
    assert WROTE in requests and "later train" not in requests and number == "1"
    assert WROTE not in today(app, cast.stranger)[0]
    jane.get(lead)
    assert WROTE in today(app, cast.therapist)[0], "looking at it answers nothing"
    assert press(jane, f"{lead}/read", lead) == 303
    assert today(app, cast.therapist) == ("Requests0 No request is waiting.", "")


def test_letters_are_counted_until_they_are_handled(app: Flask, cast: Cast, jane: FlaskClient) -> None:
    guest = client_of(app, None)
    for _ in range(2):
        key = app.extensions["signer"].sign_id(
            TokenPurpose.BOOKING_FORM, new_form_id(utc_now() - 10 * TOO_QUICK)
        )
        sent = {**LETTER, "form_token": token(app), "form_key": key, "to": str(cast.therapist.person_id)}
        guest.post("/contact", data=sent)
    assert "2 letters to answer" in today(app, cast.therapist)[0]
    with app.app_context():
        first = f"/requests/letters/{current_session().scalars(select(Enquiry.id)).first()}"
    assert press(jane, f"{first}/handled", first) == 303
    requests, number = today(app, cast.therapist)
    assert "1 letter to answer" in requests and number == "1"
    assert "letter" not in today(app, cast.stranger)[0]


def token(app: Flask) -> str:
    signed: str = app.extensions["signer"].form_token(None)
    return signed
