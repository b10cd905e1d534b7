"""A partner at the pages of the Readiness Test, in a browser without script unless a save says otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.homework.queries import own_answers
from portal.transaction import current_session
from tests.assessments.sittings import TEST
from tests.assessments.walk import Walk
from tests.support.cast import Actor, client_of

BY_SCRIPT = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "marks"}
Typed = Mapping[str, str | list[str]]


@dataclass(frozen=True)
class Reader:
    """One partner with an own browser, and the own part of a walk."""

    walk: Walk
    actor: Actor
    client: FlaskClient

    @property
    def base(self) -> str:
        """Give the address of the own part."""
        return f"/questions/{self.walk.part(self.actor)}"

    def see(self, path: str = "") -> BeautifulSoup:
        """Open a page of the own part that is there."""
        answer = self.client.get(self.base + path)
        assert answer.status_code == 200, (path, answer.status_code)
        return BeautifulSoup(answer.text, "html.parser")

    def send(self, path: str, page: BeautifulSoup, typed: Typed, *, by_script: bool = False) -> TestResponse:
        """Send the form of an opened page with what was chosen on it."""
        return self.client.post(
            self.base + path, data={**hidden(page), **typed}, headers=BY_SCRIPT if by_script else None
        )

    def choose(self, number: int, *, by_script: bool = False, **typed: str) -> TestResponse:
        """Open a page, choose, and save it."""
        pressed = {} if by_script else {"go": "next"}
        return self.send(f"/{number}", self.see(f"/{number}"), {**typed, **pressed}, by_script=by_script)

    def choose_all(self, number: int, place: str) -> TestResponse:
        """Choose one place for every item of a page, and save it."""
        items = {item.id: place for item in TEST.domains[number - 1].items}
        return self.send(f"/{number}", self.see(f"/{number}"), {**items, "go": "next"})

    def begin(self) -> None:
        """Press Begin."""
        assert self.send("", self.see(), {}).status_code == 303

    def stored(self) -> dict[str, str]:
        """Give what is stored, JSON by prompt."""
        with self.walk.app.app_context():
            found = own_answers(current_session(), self.actor.member(), self.walk.part(self.actor))
            return {prompt_id: one.value for prompt_id, one in found.items()}


def reader_of(walk: Walk, actor: Actor) -> Reader:
    """Sign a partner in at a browser of their own."""
    return Reader(walk, actor, client_of(walk.app, actor))


def hidden(page: BeautifulSoup) -> dict[str, str]:
    """Give the hidden fields of the page's own form."""
    main = page.find("main") or page
    assert isinstance(main, Tag)
    return {str(one["name"]): str(one["value"]) for one in main.select("input[type=hidden]")}


def chosen(page: BeautifulSoup) -> dict[str, str]:
    """Give the places that are chosen on a page, by item."""
    return {str(one["name"]): str(one["value"]) for one in page.select("input[type=radio][checked]")}


def one(page: Tag, selector: str) -> Tag:
    """Give the tag that must be there."""
    found = page.select_one(selector)
    assert found is not None, selector
    return found


def attribute(page: Tag, selector: str, name: str) -> str:
    """Give an attribute of the tag that must be there."""
    return str(one(page, selector)[name])


def text_of(tag: Tag) -> str:
    """Give the words of a tag as they are read."""
    return " ".join(tag.get_text(" ").split())


def words(page: BeautifulSoup) -> str:
    """Give the text of a page without its shell."""
    return text_of(one(page, "main"))
