"""One person takes the short test: a result at once, nothing kept, and what robots and forgers get."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.accounts.models import Throttle
from portal.accounts.rules import Limit
from portal.models import shortform
from portal.orm import Model
from portal.shortform.views import area
from portal.sources.models import Step, StepCount
from portal.transaction import current_session
from tests.booking.visit import count
from tests.shortform.answering import MIXED, STATEMENTS, Person, person, soup, words_of
from tests.support.cast import Cast, client_of

KEPT_HERE: tuple[type[Model], ...] = (
    shortform.ShortFormPair,
    shortform.ShortFormPart,
    shortform.BroughtResult,
)


@pytest.fixture
def ana(app: Flask, cast: Cast) -> Person:
    return person(app)


def taken(app: Flask) -> int:
    with app.app_context():
        counted = select(func.sum(StepCount.number)).where(StepCount.step == Step.TEST_TAKEN)
        return current_session().scalar(counted) or 0


def test_the_result_comes_at_once_without_cookie_number_or_trace(app: Flask, ana: Person) -> None:
    assert "Set-Cookie" not in ana.get("/short-test").headers
    asked = ana.get("/short-test/statements")
    result = ana.send("/short-test/result", **MIXED)
    assert result.status_code == 200
    assert "Set-Cookie" not in result.headers
    assert "no-store" in result.headers["Cache-Control"]
    assert len(soup(asked).select("fieldset.item")) == 16
    said = words_of(result)
    assert "Some of what matters for your life together has been talked through" in said
    assert not any(sign in said for sign in ("%", "of 100", " 52"))
    assert "has not been validated" in said
    assert [count(app, kind) for kind in KEPT_HERE] == [0, 0, 0]


def test_a_finished_test_is_counted_once_however_often_it_is_sent(app: Flask, ana: Person) -> None:
    ana.get("/short-test/statements")
    form = {**MIXED, "form_key": ana.key()}
    for _time in range(3):
        page = ana.client.post("/short-test/result", data=form | {"form_token": _token(ana)})
        assert page.status_code == 200
    assert taken(app) == 1


def test_an_answer_only_travels_in_the_form(ana: Person) -> None:
    ana.get("/short-test/statements")
    forms = soup(ana.page).select("main form")
    assert [form["method"] for form in forms] == ["post"]
    result = ana.send("/short-test/result", **MIXED)
    assert not any("5411" in str(link.get("href")) for link in soup(result).select("a"))


def test_too_many_gaps_keep_what_was_chosen(app: Flask, ana: Person) -> None:
    ana.get("/short-test/statements")
    chosen = {name: value for name, value in MIXED.items() if name != "EXP2"} | {"VAL5": "prefer_not_to_say"}
    page = ana.send("/short-test/result", **chosen)
    assert page.status_code == 422
    assert "no more than one in each part" in words_of(page)
    assert "checked" in str(soup(page).select_one("#AUT1 input[value='1']"))
    assert {str(one["href"]) for one in soup(page).select("[role=alert] a")} == {"#VAL5-0", "#EXP2-0"}
    assert taken(app) == 0


HOSTILE: dict[str, dict[str, Any]] = {
    "out of range": {"VAL5": "6"},
    "a fraction": {"VAL5": "4.5"},
    "another script": {"VAL5": "٤"},
    "twice": {"VAL5": ["4", "5"]},
    "a right-to-left mark": {"VAL5": "\u202e4"},
    "nothing at all": dict.fromkeys(STATEMENTS, ""),
    "a forged key": {"form_key": "x" * 60},
    "a lone surrogate": {"VAL5": "\ud800"},
}


def test_what_is_no_answer_is_refused_with_a_sentence(app: Flask, ana: Person) -> None:
    ana.get("/short-test/statements")
    asked, refused = ana.page, {}
    for name, typed in HOSTILE.items():
        ana.page = asked
        page = ana.send("/short-test/result", **{**MIXED, **_sendable(typed)})
        refused[name] = page.status_code == 422 and soup(page).select_one("[role=alert]") is not None
    assert refused == dict.fromkeys(HOSTILE, True)
    assert taken(app) == 0


def test_a_hundred_kilobytes_of_answer_are_no_answer(ana: Person) -> None:
    ana.get("/short-test/statements")
    assert ana.send("/short-test/result", **{**MIXED, "VAL5": "5" * 100_000}).status_code == 422
    ana.get("/short-test/statements")
    assert ana.send("/short-test/result", **{**MIXED, "VAL5": "5" * 3_000_000}).status_code == 413


def test_a_robot_gets_a_page_and_is_not_counted(app: Flask, ana: Person) -> None:
    ana.get("/short-test/statements")
    assert ana.send("/short-test/result", **MIXED, website="https://buy.example").status_code == 200
    fields = {"form_token": _token(ana), "form_key": ana.key(ago=timedelta())}
    page = ana.client.post("/short-test/result", data=MIXED | fields)
    assert page.status_code == 422
    assert "very quick" in words_of(page)
    assert taken(app) == 0


def test_one_program_cannot_write_the_report(
    app: Flask, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(area, "COUNTED_OF_NETWORK", Limit("short_form_counted_network", 2, area.HOUR))
    for _time in range(4):
        ana.get("/short-test/statements")
        assert ana.send("/short-test/result", **MIXED).status_code == 200
    assert taken(app) == 2
    with app.app_context():
        assert (current_session().scalar(select(func.count()).select_from(Throttle)) or 0) > 0


SWITCHED_OFF: list[tuple[str, Callable[[Person], int]]] = [
    ("start", lambda one: one.get("/short-test").status_code),
    ("statements", lambda one: one.get("/short-test/statements").status_code),
    ("result", lambda one: one.client.post("/short-test/result", data=MIXED).status_code),
    ("together", lambda one: one.client.post("/short-test/together").status_code),
]


def test_a_practice_can_switch_it_off(app: Flask, cast: Cast, ana: Person) -> None:
    assert "/short-test" in ana.get("/").text
    desk = Person(app, client_of(app, cast.therapist))
    assert "checked" in str(soup(desk.get("/practice/short-test")).select_one("#is_offered"))
    assert desk.send("/practice/short-test").status_code == 303
    assert {name: visit(ana) for name, visit in SWITCHED_OFF} == {name: 404 for name, _visit in SWITCHED_OFF}
    assert "/short-test" not in ana.get("/").text
    assert "/short-test" not in ana.get("/sitemap.xml").text
    desk.get("/practice/short-test")
    assert desk.send("/practice/short-test", is_offered="y").status_code == 303
    assert ana.get("/short-test").status_code == 200


def _token(one: Person) -> str:
    return str(soup(one.page).select("[name=form_token]")[0]["value"])


def _sendable(typed: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.encode("utf-8", "surrogatepass") if value == "\ud800" else value
        for name, value in typed.items()
    }
