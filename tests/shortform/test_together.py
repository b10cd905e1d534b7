"""Two people take the short test: each alone, by a spoken code, and one page for both once both have agreed."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from jobs.housekeeping import remove_expired
from portal.accounts.rules import Limit
from portal.assessments.short_form import short_form, unpacked
from portal.booking.rules import new_form_id
from portal.clock import utc_now
from portal.security.viewer import TokenHolder, TokenPurpose
from portal.shortform.models import ShortFormPair, ShortFormPart
from portal.shortform.queries import get_part, join_code
from portal.shortform.rules import KEPT, read_code, spoken
from portal.shortform.service import Finished, begin_pair, finish_part, join_pair, share_part, take_back
from portal.shortform.views import together
from portal.transaction import ConstraintViolated, current_session, transaction
from tests.booking.visit import count
from tests.shortform.answering import MIXED, Person, person, soup, words_of
from tests.support.cast import make_cast

WAITING = "This opens when you have both shared"
HIGH = dict.fromkeys(MIXED, "5") | {"EXP3": "1", "VIS3": "1", "COM4": "1", "RIT3": "2"}


def both_answer(two: tuple[Person, Person]) -> None:
    ana, ben = two
    ben.enter(ana.begin())
    ana.answer()
    ben.answer(HIGH)


def test_the_page_for_both_opens_once_both_have_agreed(app: Flask, two: tuple[Person, Person]) -> None:
    ana, ben = two
    both_answer(two)
    assert "Where you see the two of you" in words_of(ana.page)
    ana.send("/short-test/place", "share")
    assert WAITING in words_of(ana.page)
    ben.send("/short-test/place", "share")
    shown = words_of(ben.page)
    assert "Where you each stand" in shown
    assert "Firm ground" in shown
    assert "Taking shape" in shown
    ana.look()
    assert "Where you each stand" in words_of(ana.page)
    assert "Your partner sees nothing of it" in words_of(ana.page)


def test_until_then_a_page_is_the_same_whatever_the_other_does(two: tuple[Person, Person]) -> None:
    """No count, no progress, no time of the other: byte for byte but for the form's own tokens."""
    ana, ben = two
    code = ana.begin()
    ana.answer()
    ana.send("/short-test/place", "share")
    seen = [_bare(ana)]
    steps: list[Callable[[], object]] = [
        lambda: ben.enter(code),
        lambda: ben.send("/short-test/place", "answer"),
        lambda: ben.send("/short-test/answers", **HIGH),
        lambda: ben.send("/short-test/place", "remove"),
    ]
    for step in steps:
        step()
        ana.look()
        seen.append(_bare(ana))
    assert len(set(seen)) == 1


def test_what_is_agreed_can_be_taken_back_until_it_has_opened(two: tuple[Person, Person]) -> None:
    ana, ben = two
    both_answer(two)
    ana.send("/short-test/place", "share")
    ana.send("/short-test/place", "take-back")
    ben.send("/short-test/place", "share")
    assert WAITING in words_of(ben.page)
    ana.send("/short-test/place", "share")
    assert "Where you each stand" in words_of(ana.page)
    kept = dict(ana.look().headers)
    assert "no-store" in kept["Cache-Control"]


def test_the_page_for_both_holds_no_answer_of_the_other(two: tuple[Person, Person]) -> None:
    ana, ben = two
    both_answer(two)
    for one in two:
        one.send("/short-test/place", "share")
    ana.look()
    form = short_form()
    own = {one.text for one in form.statements if one.text in words_of(ana.page)}
    alone = {one.text for one in form.statements if one.text in _own_part(ana)}
    assert own == alone
    assert "Strongly agree" in ben.page.text, "ben's own part says what ben chose"


def test_a_code_leads_in_once_and_every_other_answer_is_the_same(
    app: Flask, two: tuple[Person, Person]
) -> None:
    ana, ben = two
    code = ana.begin()
    assert ben.enter(code).status_code == 200
    third = person(app)
    answers = {}
    for name, typed in {
        "used": code, "unknown": "000 000 001", "too short": "123", "letters": "never mind", "a way back": "1" * 12,
        "another script": "१२३ १२३ १२३", "hidden signs": "123\u200b456789",
    }.items():  # fmt: skip
        page = third.enter(typed)
        answers[name] = (page.status_code, words_of(page).replace(typed, ""))
    with time_machine.travel(utc_now() + KEPT, tick=True):
        page = third.enter(code)
        answers["over"] = (page.status_code, words_of(page))
    assert len(set(answers.values())) == 1
    assert answers["used"][0] == 422
    assert count(app, ShortFormPart) == 2


def test_a_code_may_be_typed_as_it_is_heard() -> None:
    assert (
        read_code(" 418-302 957 ")
        == read_code("418302957")
        == read_code("４１８ ３０２ ９５７")
        == "418302957"
    )
    assert read_code("4183029570") is None
    assert read_code("4" * 100_000) is None
    assert spoken("418302957") == "418 302 957"


def test_guessing_codes_ends_soon(two: tuple[Person, Person]) -> None:
    ana, guesser = two
    code = ana.begin()
    answers = [guesser.enter(f"{number:09d}").status_code for number in range(11)]
    assert answers == [422] * 10 + [429]
    assert guesser.enter(code).status_code == 429


def test_the_way_back_leads_each_to_the_own_page_only(app: Flask, two: tuple[Person, Person]) -> None:
    ana, ben = two
    ben.enter(ana.begin())
    back = ana.code(".spoken.back")
    assert back != ben.code(".spoken.back")
    ana.answer()
    returned = person(app)
    returned.enter(back)
    assert "Your way back" in words_of(returned.page)
    assert "Some of what matters" in words_of(returned.page)


def test_one_browser_may_serve_both(app: Flask, two: tuple[Person, Person]) -> None:
    """Nothing of the first person is in what the second one gets on the same device."""
    shared, _other = two
    code = shared.begin()
    first = shared.answer()
    shared.send("/short-test/place", "pass")
    assert shared.page.status_code == 303
    assert shared.page.headers["Clear-Site-Data"] == '"cache"'
    shared.enter(code)
    token = soup(shared.page).select_one("input[name=place]")
    assert token is not None
    assert str(token["value"]) not in first.text
    shared.answer(HIGH)
    assert "Firm ground" in words_of(shared.page)


def test_the_first_answers_stay(two: tuple[Person, Person]) -> None:
    ana, _ben = two
    ana.begin()
    ana.send("/short-test/place", "answer")
    asked = ana.page
    once = words_of(ana.send("/short-test/answers", **MIXED))
    ana.page = asked
    assert words_of(ana.send("/short-test/answers", **HIGH)) == once


FORGED = {"none": "", "nonsense": "x", "long": "x" * 100_000, "of a booking form": None}


def test_a_place_that_was_not_signed_here_is_no_longer_here(two: tuple[Person, Person]) -> None:
    ana, _ben = two
    ana.begin()
    fields = {"form_token": _token(ana), "act": "share"}
    for token in FORGED.values():
        for path in ("/short-test/place", "/short-test/answers"):
            page = ana.client.post(path, data=fields | {"place": ana.key() if token is None else token})
            assert page.status_code == 404
            assert "This is no longer here" in words_of(page)


def test_it_ends_after_two_days_whatever_the_sweeper_does(app: Flask, two: tuple[Person, Person]) -> None:
    ana, _ben = two
    both_answer(two)
    begun = utc_now()
    with time_machine.travel(begun + KEPT, tick=True):
        ana.look()
        assert ana.page.status_code == 404
        assert count(app, ShortFormPart) == 2
        with app.app_context(), transaction() as session:
            remove_expired(session, utc_now())
        assert (count(app, ShortFormPair), count(app, ShortFormPart)) == (0, 0)


def test_nothing_readable_is_stored(app: Flask, two: tuple[Person, Person]) -> None:
    both_answer(two)
    with app.app_context():
        rows = current_session().scalars(select(ShortFormPart)).all()
        stored = b"".join((row.own_sealed or b"") + (row.told_sealed or b"") for row in rows)
        assert {json.loads(row.own)["answers"] for row in rows} >= {"5411444422225544"}
    assert b"5411444422225544" not in stored
    assert b"firm_ground" not in stored


def test_beginning_has_a_limit_and_a_trap(
    app: Flask, two: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, _ben = two
    ana.get("/short-test")
    trapped = ana.send("/short-test/together", website="https://buy.example")
    assert trapped.status_code == 200
    assert soup(trapped).select_one(".spoken") is not None
    assert ana.send("/short-test/place", "answer").status_code == 404
    ana.get("/short-test")
    haste = ana.client.post(
        "/short-test/together",
        data={"form_key": ana.key(timedelta()), "form_token": _token(ana)},
    )
    assert haste.status_code == 422
    assert count(app, ShortFormPair) == 0
    monkeypatch.setattr(together, "BEGUN_BY_NETWORK", Limit("short_form_begun", 1, timedelta(hours=1)))
    ana.begin()
    ana.get("/short-test")
    assert ana.send("/short-test/together").status_code == 429
    assert count(app, ShortFormPair) == 1


def test_a_double_click_begins_one(app: Flask, two: tuple[Person, Person]) -> None:
    ana, _ben = two
    ana.get("/short-test")
    fields = {"form_key": ana.key(), "form_token": _token(ana)}
    codes = set()
    for _press in range(2):
        ana.page = ana.client.post("/short-test/together", data=fields)
        codes.add(ana.code(".spoken"))
    assert len(codes) == 1
    assert count(app, ShortFormPair) == 1


def test_two_at_the_same_instant(either_app: Flask) -> None:
    """Joining: one gets the place. Sharing: it opens exactly once, for both. Sharing and taking back: never for one alone."""
    with either_app.app_context(), transaction() as session:
        make_cast(session)
    now = utc_now()
    with either_app.app_context(), transaction() as session:
        first = begin_pair(session, new_form_id(now), now).id
        code = join_code(session, session.get_one(ShortFormPart, first).pair_id)

    def join(_number: int) -> object:
        with either_app.app_context():
            try:
                with transaction() as session:
                    return join_pair(session, code, now).id
            except ConstraintViolated:
                return None

    def act(name: str, part_id: object) -> None:
        holder = TokenHolder(TokenPurpose.SHORT_FORM_PLACE, part_id)  # type: ignore[arg-type]
        with either_app.app_context(), transaction() as session:
            part = get_part(session, holder, now, to_change=True)
            if name == "finish":
                answers = unpacked(short_form(), "5411444422225544")
                finish_part(session, part, short_form(), Finished(answers, 90), now)
            elif name == "share":
                share_part(session, part, may_go_along=False, now=now)
            else:
                take_back(session, part)

    with ThreadPoolExecutor(4) as pool:
        joined = [one for one in pool.map(join, range(4)) if one is not None]
        assert len(joined) == 1
        second = joined[0]
        list(pool.map(act, ["finish"] * 2, [first, second]))
        list(pool.map(act, ["share", "take-back"] * 3, [first, second] * 3))
        assert _opened(either_app) is None
        list(pool.map(act, ["share", "share"], [first, second]))
        assert _opened(either_app) == now
        list(pool.map(act, ["take-back", "take-back"], [first, second]))
        assert _opened(either_app) == now


def _opened(app: Flask) -> datetime | None:
    with app.app_context():
        pair = current_session().scalars(select(ShortFormPair)).one()
        assert pair.opened_at is None or (pair.first_shares and pair.second_shares)
        return pair.opened_at


def _token(one: Person) -> str:
    return str(soup(one.page).select("[name=form_token]")[0]["value"])


def _bare(one: Person) -> str:
    page = soup(one.page)
    for field in page.select("input[type=hidden]"):
        field.decompose()
    return str(page)


def _own_part(one: Person) -> str:
    return "".join(
        part.get_text() for part in soup(one.page).select("[aria-labelledby=held], [aria-labelledby=open]")
    )
