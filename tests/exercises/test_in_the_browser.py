"""Two people at a staged exercise on small phones, one with script and one without; ranking by drag, by keyboard, by selects."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http import HTTPStatus
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from portal.security.login import cookie_name
from portal.transaction import transaction
from tests.conftest import settings_for
from tests.exercises.room import Room, room_with
from tests.support.browser import PHONE, Visitor
from tests.support.cast import Actor, Cast, begin_sign_in
from tests.support.serving import home_of, served

PersonAt = Callable[..., AbstractContextManager[Visitor]]


@pytest.fixture
def app(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Flask]:
    """The portal, served so that browsers reach it."""
    shutil.copy(migrated_sqlite, tmp_path / "portal.sqlite3")
    with served(settings_for(tmp_path, is_demo=True)) as app:
        yield app


def let_in(app: Flask, context: BrowserContext, actor: Actor) -> None:
    with app.app_context(), transaction() as session:
        token, _ = begin_sign_in(session, actor.account_id)
        name = cookie_name()
    context.add_cookies([{"name": name, "value": token, "url": home_of(app)}])


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Save and continue").click()


def share(page: Page, how: str = "Finish and share") -> None:
    page.get_by_role("button", name=how, exact=True).click()
    expect(page.get_by_role("heading", name="Before you finish")).to_have_count(0)


def open_part(page: Page, room: Room, actor: Actor, stage: int) -> None:
    page.goto(f"{room.desk(actor, stage).home}/1")


def test_a_staged_exercise_on_two_small_phones_with_script_and_without(
    app: Flask, cast: Cast, visitor_at: PersonAt
) -> None:
    room = room_with(app, cast, "joint-bucket-list")
    home = home_of(app)
    with (
        visitor_at(home, size=PHONE) as first,
        visitor_at(home, size=PHONE, javascript=False) as second,
    ):
        ana, ben = first.page, second.page
        for visitor, actor in ((first, cast.ana), (second, cast.ben)):
            let_in(app, visitor.context, actor)
        for page, actor, wishes in (
            (ana, cast.ana, "Sleep in a lighthouse\nLearn the tango"),
            (ben, cast.ben, "A night train\n- A shed"),
        ):
            open_part(page, room, actor, 1)
            page.locator("textarea").fill(wishes)
            go_on(page)
            share(page)
        for page, actor, numbers in ((ana, cast.ana, ("5", "1")), (ben, cast.ben, ("4", "3"))):
            open_part(page, room, actor, 2)
            for group, number in zip(page.get_by_role("radiogroup").all(), numbers, strict=True):
                group.locator("label").filter(has_text=number).click()
            go_on(page)
            share(page)
        ana.goto(f"{room.desk(cast.ana, 2).home}/opened")
        told = ana.locator("main").inner_text()
        assert "A night train: 5 of 5" in told
        assert "A shed: 1" not in told
        open_part(ana, room, cast.ana, 3)
        rank_with_script(ana)
        assert not first.overflows()
        go_on(ana)
        open_part(ben, room, cast.ben, 3)
        selects = ben.locator("select")
        assert selects.nth(0).input_value() == "A night train"
        selects.nth(3).select_option("A shed")
        go_on(ben)
        expect(ben.get_by_text("A shed", exact=True)).to_be_visible()
        ben.get_by_label("Free").first.check()
        go_on(ben)
        ben.get_by_label("A night train").check()
        go_on(ben)
        share(ben, "Finish")
        for page, actor in ((ana, cast.ana), (ben, cast.ben)):
            page.goto(f"{room.desk(actor, 3).home}/goal")
            expect(page.get_by_text("Do “A night train” within 30 days")).to_be_visible()
            page.get_by_role("button", name="I would keep this").click()
        expect(ben.get_by_text("You both keep this")).to_be_visible()
        assert first.watch.troubles() + second.watch.troubles() == []


def rank_with_script(page: Page) -> None:
    """Put three lines in by keyboard, move one up by its button, and drag the last to the top."""
    for words in ("Sleep in a lighthouse", "Learn the tango", "A night train"):
        page.get_by_role("button", name=f"{words}: Put in").focus()
        page.keyboard.press("Enter")
    page.get_by_role("button", name="Up Learn the tango").focus()
    page.keyboard.press("Enter")
    names = page.locator(".ranked-name")
    assert names.all_inner_texts() == ["Learn the tango", "Sleep in a lighthouse", "A night train"]
    last, first = page.locator(".grip").nth(2).bounding_box(), page.locator(".grip").nth(0).bounding_box()
    assert last is not None
    assert first is not None
    page.mouse.move(last["x"] + 4, last["y"] + 4)
    page.mouse.down()
    page.mouse.move(first["x"] + 4, first["y"] + 2, steps=6)
    page.mouse.up()
    assert names.all_inner_texts() == ["A night train", "Learn the tango", "Sleep in a lighthouse"]
    sent = page.locator("select").evaluate_all("all => all.map(one => one.value)")
    assert sent[:3] == ["A night train", "Learn the tango", "Sleep in a lighthouse"]
    assert page.request.get(page.url).status == HTTPStatus.OK
