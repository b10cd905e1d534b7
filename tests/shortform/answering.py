"""How tests take the short test: pages without a cookie, what travels in their forms, and answers as a person chooses them."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.assessments.short_form import short_form
from portal.booking.rules import new_form_id
from portal.clock import utc_now
from portal.security.viewer import TokenPurpose
from tests.support.cast import client_of

STATEMENTS = [one.id for one in short_form().statements]
MIXED = dict(zip(STATEMENTS, "5411444422225544", strict=True))
LATER = timedelta(minutes=2)


def soup(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.text, "html.parser")


def form_to(response: TestResponse, action: str, press: str = "") -> Tag:
    """The form whose address begins so, with the button that is pressed."""
    for form in soup(response).select(f"form[action^='{action}'], main form:not([action])"):
        if not press or form.select_one(f"button[value='{press}']") is not None:
            return form
    raise AssertionError(f"no form to {action} {press}: {response.text}")


def hidden(response: TestResponse, action: str, press: str = "") -> dict[str, str]:
    """What the form with that address sends by itself, and by the pressed button."""
    fields = form_to(response, action, press).select("input[type=hidden]")
    sent = {str(one["name"]): str(one.get("value", "")) for one in fields}
    return sent | ({"act": press} if press else {})


def words_of(response: TestResponse) -> str:
    main = soup(response).select_one("main")
    assert main is not None
    return " ".join(main.get_text(" ").split())


@dataclass
class Person:
    """One person's browser, and the page that it shows."""

    app: Flask
    client: FlaskClient
    page: TestResponse = field(init=False)

    def key(self, ago: timedelta = LATER) -> str:
        form_id = new_form_id(utc_now() - ago)
        return str(self.app.extensions["signer"].sign_id(TokenPurpose.BOOKING_FORM, form_id))

    def get(self, path: str) -> TestResponse:
        self.page = self.client.get(path)
        return self.page

    def send(self, action: str, press: str = "", **typed: Any) -> TestResponse:
        """Send a form of the page that is shown, as if it had been open for two minutes."""
        fields = hidden(self.page, action, press)
        if "form_key" in fields:
            fields["form_key"] = self.key()
        to = str(form_to(self.page, action, press).get("action", action))
        self.page = self.client.post(to, data={**fields, **typed})
        return self.page

    def begin(self) -> str:
        """Begin a test for two; give the code to pass on."""
        self.get("/short-test")
        self.send("/short-test/together")
        return self.code(".spoken")

    def enter(self, code: str) -> TestResponse:
        self.get("/short-test")
        return self.send("/short-test/code", code=code)

    def answer(self, answers: dict[str, str] | None = None) -> TestResponse:
        self.send("/short-test/place", "answer")
        return self.send("/short-test/answers", **(MIXED if answers is None else answers))

    def look(self) -> TestResponse:
        """Ask for the own place anew, whatever can be pressed there."""
        fields = hidden(self.page, "/short-test/place") | {"act": "look"}
        self.page = self.client.post("/short-test/place", data=fields)
        return self.page

    def code(self, selector: str) -> str:
        found = soup(self.page).select_one(selector)
        assert found is not None, self.page.text
        return found.get_text()


def person(app: Flask) -> Person:
    return Person(app, client_of(app, None))
