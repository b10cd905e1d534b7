"""Nothing that somebody was told is saved gets lost: two windows, a lost network, a sign-in that has run out."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import people
from tests.journeys.conftest import PersonAt
from tests.journeys.house import House
from tests.journeys.people import follow, heading, press

TASK = "Choose one shared goal"
FIRST, SECOND = "A weekend without any plan, by the sea.", "A shelf that we build ourselves."


def open_question(page: Page) -> None:
    """Open the first question of what waits, from the list."""
    page.goto("/tasks")
    page.locator("article").filter(has_text=TASK).get_by_role("link").first.click()
    follow(page, re.compile("^(Begin|Go on|Look at all of it)$"))
    if "/check" in page.url:
        page.goto(page.url.replace("/check", "/1"))
    expect(page.get_by_text("Question 1 of")).to_be_visible()


def field(page: Page) -> str:
    return page.locator("main textarea").input_value()


def write(page: Page, words: str) -> None:
    page.locator("main textarea").fill(words)


def saved(page: Page) -> None:
    expect(page.locator("#marks")).to_contain_text("Saved at")


def test_two_windows_keep_both_texts_until_their_author_chooses(house: House, person_at: PersonAt) -> None:
    with person_at() as ana:
        people.sign_in(ana.page, house, "ana")
        open_question(ana.page)
        other = ana.context.new_page()
        other.goto(ana.page.url)
        write(ana.page, FIRST)
        saved(ana.page)
        write(other, SECOND)
        expect(other.locator("#marks")).to_contain_text("Both texts are kept")
        follow(other, "Show both")
        expect(other.locator("main")).to_contain_text(SECOND)
        assert field(other) == FIRST
        write(other, f"{FIRST} {SECOND}")
        press(other, "Save and continue")
        expect(heading(other)).to_have_text("Before you finish")
        ana.page.reload()
        assert field(ana.page) == f"{FIRST} {SECOND}"
        assert ana.storage() == {}


def test_a_lost_network_is_told_and_made_good(house: House, person_at: PersonAt) -> None:
    with person_at() as ben:
        people.sign_in(ben.page, house, "ben")
        open_question(ben.page)
        ben.context.set_offline(True)
        write(ben.page, FIRST)
        expect(ben.page.locator("#marks")).to_contain_text("Not saved yet")
        assert field(ben.page) == FIRST
        ben.context.set_offline(False)
        saved(ben.page)
        ben.page.reload()
        assert field(ben.page) == FIRST
        ben.watch.script_errors.clear()


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_words_typed_after_the_sign_in_ran_out_come_back_to_their_author_only(
    house: House, person_at: PersonAt, javascript: bool
) -> None:
    words = f"{SECOND} {javascript}"
    with person_at(javascript=javascript) as ana:
        people.sign_in(ana.page, house, "ana")
        open_question(ana.page)
        house.let_sign_ins_run_out()
        write(ana.page, words)
        if javascript:
            expect(ana.page.locator("#marks")).to_contain_text("What you wrote is kept for you.")
            follow(ana.page, "Sign in and go on")
        else:
            press(ana.page, "Save and continue")
        expect(heading(ana.page)).to_have_text("Sign in")
        person = house.sign_ins["ana"]
        ana.page.get_by_label("User name or e-mail address").fill(person.user_name)
        ana.page.get_by_label("Password", exact=True).fill(person.password)
        press(ana.page, "Sign in")
        expect(ana.page.get_by_text("What you wrote is back on this page")).to_be_visible()
        assert field(ana.page) == words
        press(ana.page, "Save and continue")
        open_question(ana.page)
        assert field(ana.page) == words
    with person_at(javascript=javascript) as ben:
        people.sign_in(ben.page, house, "ben")
        open_question(ben.page)
        assert words not in ben.page.content()
