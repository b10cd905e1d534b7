"""The individual questions of the fixed cast, asked and answered over HTTP."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.clock import utc_now
from portal.safety.models import SafetySitting
from portal.safety.questions import QUESTIONS
from portal.safety.rules import Answers
from portal.transaction import current_session, transaction
from tests.support.cast import Actor, Cast, client_of
from tests.support.individual import ask_quietly

ALL_NO = {question.id: "no" for question in QUESTIONS} | {"s7": "yes"}
ALL_YES = {question.id: "yes" for question in QUESTIONS}


def ask(app: Flask, cast: Cast, *, now: datetime | None = None) -> None:
    """Ask Ana and Ben, and tell nobody."""
    with app.app_context(), transaction() as session:
        persons = (cast.ana.person_id, cast.ben.person_id)
        ask_quietly(session, cast.therapist.person_id, cast.couple_id, *persons, now=now or utc_now())


def token_of(client: FlaskClient, page: str) -> str:
    """Read the hidden token of the page's form."""
    found = BeautifulSoup(client.get(page).text, "html.parser").select_one("input[name=form_token]")
    assert found is not None, page
    return str(found["value"])


def words_of(answer: TestResponse) -> str:
    """Give a page without the hidden tokens, which name the second in which it was made."""
    return re.sub(r'name="form_token" value="[^"]*"', "", answer.text)


def press(client: FlaskClient, page: str, address: str = "", **typed: str | list[str]) -> TestResponse:
    """Open a page and send a form from it."""
    return client.post(address or page, data={**typed, "form_token": token_of(client, page)})


def answer(app: Flask, actor: Actor, typed: Mapping[str, str]) -> TestResponse:
    """Answer the questions in a browser of the person's own."""
    return press(client_of(app, actor), "/about-you", **typed)


@dataclass(frozen=True)
class Kept:
    """One stored sitting, opened."""

    id: UUID
    asked_at: datetime
    answered_at: datetime | None
    answers: Answers | None


def sittings_of(app: Flask, person_id: UUID) -> list[Kept]:
    """Read everything one person was asked and answered, the oldest first."""
    mine = select(SafetySitting).where(SafetySitting.person_id == person_id)
    with app.app_context():
        rows = current_session().scalars(mine.order_by(SafetySitting.created_at))
        return [
            Kept(row.id, row.asked_at, row.answered_at, row.answers if row.answered_at else None)
            for row in rows
        ]
