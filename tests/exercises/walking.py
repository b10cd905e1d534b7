"""Going through an exercise as a browser without script does: every field of every page is filled from what it offers."""

from collections import defaultdict
from http import HTTPStatus
from typing import Any

from bs4 import BeautifulSoup, Tag

from tests.exercises.room import Desk
from tests.support.statements import counted

MANY = 40  # pages; more than any part has
MOST = 6  # statements of a save, without what it does once: note that a part was begun, make a key
ONCE = "INSERT INTO data_key", "UPDATE response SET begun_at"


def walk(desk: Desk, *, words: str = "Words", prefer: str = "") -> list[str]:
    """Fill page after page until the look back; returns the names of all fields. `prefer`: chosen wherever it is offered."""
    filled: list[str] = []
    for page in range(1, MANY):
        answer = desk.get(str(page))
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return filled
        if answer.status_code == HTTPStatus.SEE_OTHER:  # nothing of one's own to write any more
            continue
        assert answer.status_code == HTTPStatus.OK
        shown = BeautifulSoup(answer.text, "html.parser")
        if shown.select_one("[name=page_id]") is None:  # here only the other one writes
            continue
        fields = fill(shown, words, prefer)
        filled += [
            name for name in fields if "-" not in name and name not in {"form_token", "page_id", "serial"}
        ]
        with counted(desk.client.application) as statements:
            sent = desk.client.post(f"{desk.home}/{page}", data={**fields, "go": "next"})
        once = [one for one in statements if one.startswith(ONCE)]
        makes_key = any("data_key" in one for one in once)  # which was looked for in vain
        assert len(statements) - len(once) <= MOST + makes_key, "\n".join(statements)
        assert sent.status_code == HTTPStatus.SEE_OTHER, sent.text
    raise AssertionError("it never ends")


def fill(page: BeautifulSoup, words: str, prefer: str = "") -> dict[str, Any]:
    """Give what the page's own form would send once each of its fields is filled."""
    form = next(one for one in page.select("main form") if one.select_one("[name=page_id], h1"))
    sent: dict[str, Any] = {
        str(one["name"]): str(one.get("value", "")) for one in form.select("input[type=hidden]")
    }
    for one in form.select("input[type=text]"):
        sent[str(one["name"])] = f"{words} of {one['name']}"
    for one in form.select("textarea"):
        sent[str(one["name"])] = "\n".join(f"{words} {count} of {one['name']}" for count in (1, 2, 3))
    for one in form.select("input[type=date]"):
        sent[str(one["name"])] = "2030-05-17"
    offered: dict[str, list[str]] = defaultdict(list)
    for one in form.select("input[type=radio], input[type=checkbox]"):
        if one["value"]:
            offered[str(one["name"])].append(str(one["value"]))
    several = {str(one["name"]) for one in form.select("input[type=checkbox]")}
    for name, values in offered.items():
        sent[name] = values[:3] if name in several else prefer if prefer in values else values[-1]
    return sent | _ranked(form)


def _ranked(form: Tag) -> dict[str, list[str]]:
    places: dict[str, int] = defaultdict(int)
    choices: dict[str, list[str]] = {}
    for one in form.select("select"):
        places[str(one["name"])] += 1
        choices[str(one["name"])] = [
            str(option["value"]) for option in one.select("option") if option["value"]
        ]
    return {name: choices[name][: places[name]] for name in choices}
