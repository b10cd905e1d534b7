"""How tests visit: an open diary, a browser without an account, and the form filled in as a person would."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.booking.models import Consultation
from portal.booking.rules import new_form_id
from portal.clock import utc_now
from portal.diary.queries import find_offer
from portal.diary.rules import ConsultationType, Slot, WeeklyHours
from portal.diary.service import add_consultation_type, set_weekly_hours
from portal.orm import Model
from portal.security.viewer import TokenPurpose
from portal.transaction import current_session, transaction
from tests.support.cast import Actor, Cast, client_of

KIND = ConsultationType(
    length_minutes=20, buffer_before_minutes=0, buffer_after_minutes=10, minimum_notice_minutes=24 * 60, horizon_days=28,
    step_minutes=30,
)  # fmt: skip
HOURS = [WeeklyHours(day, time(9), time(12)) for day in range(5)]
ANSWERS = {
    "first_name": "Ana",
    "email": "ana.new@example.org",
    "partner_name": "Ben",
    "partner_knows": "yes",
    "words": "We keep postponing one conversation.",
    "agreed": "y",
    "zone": "Europe/London",
}


def open_diary(
    app: Flask, therapist: Actor, *, is_instant: bool = False, hours: list[WeeklyHours] = HOURS
) -> None:
    """Let visitors book this therapist on weekday mornings."""
    with app.app_context(), transaction() as session:
        set_weekly_hours(session, therapist.person_id, hours)
        add_consultation_type(
            session, therapist.person_id, name="Consultation", kind=KIND, is_instant=is_instant
        )


def free_slots_of(app: Flask, cast: Cast) -> list[Slot]:
    """Ask the diary what is free, past all pages."""
    with app.app_context():
        offer = find_offer(current_session(), utc_now(), cast.therapist.person_id)
        assert offer is not None
        return offer.free(utc_now())


def iso(start: datetime) -> str:
    return f"{start:%Y-%m-%dT%H:%M:%SZ}"


def count(app: Flask, kind: type[Model] = Consultation) -> int:
    with app.app_context():
        return current_session().scalar(select(func.count()).select_from(kind)) or 0


def soup(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.text, "html.parser")


def typed(response: TestResponse) -> dict[str, str]:
    """Read what a form would send as it stands, whichever of its buttons is pressed."""
    form = soup(response).select_one("main form[method=post]")
    assert form is not None, response.text
    fields = {
        str(one["name"]): str(one.get("value", ""))
        for one in form.select("input[name]")
        if one.get("type") not in {"radio", "checkbox"} or one.has_attr("checked")
    }
    areas = {str(area["name"]): area.get_text().removeprefix("\r\n") for area in form.select("textarea")}
    return fields | areas


def token_of(response: TestResponse) -> str:
    """Read the hidden token that every form of a page carries."""
    return str(soup(response).select("[name=form_token]")[0]["value"])


@dataclass
class Visitor:
    """One visitor's browser, and the form that it has open."""

    app: Flask
    client: FlaskClient

    def form(self, start: datetime | str, **link: str) -> dict[str, str]:
        """Open the form of one time, long enough ago to have filled it in."""
        when = start if isinstance(start, str) else iso(start)
        page = self.client.get("/consultations/new", query_string={"start": when, **link})
        shown_at = utc_now() - timedelta(minutes=2)
        signer = self.app.extensions["signer"]
        key = signer.sign_id(TokenPurpose.BOOKING_FORM, new_form_id(shown_at))
        return typed(page) | {"form_key": key} | ANSWERS

    def send(self, form: Mapping[str, Any], **link: str) -> TestResponse:
        return self.client.post("/consultations/new", data=form, query_string=link)

    def book(self, start: datetime, **answers: str) -> TestResponse:
        return self.send(self.form(start) | answers)


def visitor(app: Flask) -> Visitor:
    return Visitor(app, client_of(app, None))
