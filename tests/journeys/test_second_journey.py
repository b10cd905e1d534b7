"""The couple's side, from what the therapist gives to the line and the map on paper, by three people with the real processes."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.journeys import homework, people
from tests.journeys.homework import SHUT
from tests.journeys.house import open_house
from tests.journeys.people import follow, heading, press
from tests.support.browser import PHONE, Visitor

GOALS, TEST = "My goals, then where they meet", "Relationship Readiness Test"
CLEOS = ("Learn to sail before I am fifty", "Sleep with the phone in the kitchen")
DANS = ("Build the shed, at last", "One evening a week outdoors")


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_two_people_answer_alone_and_meet_on_one_page_and_on_paper(
    tmp_path: Path, visitor_at: Callable[..., AbstractContextManager[Visitor]], javascript: bool
) -> None:
    with open_house(tmp_path) as house, ExitStack() as rooms:
        enter = partial(visitor_at, house.home, javascript=javascript)
        samir = rooms.enter_context(enter()).page
        cleo, dan = (rooms.enter_context(enter(size=PHONE)).page for _ in range(2))
        for page, name in ((samir, "samir"), (cleo, "cleo"), (dan, "dan")):
            people.sign_in(page, house, name)
        samir.goto("/couples")
        samir.locator("main th a").first.click()
        couple = samir.url
        for task in (GOALS, TEST):
            homework.give(samir, couple, task)
        both_tell_their_goals(cleo, dan)
        both_take_the_test(cleo, dan)
        therapist_opens_and_marks(samir, couple)
        both_see_the_map(cleo, dan)
        summary_quotes_a_line_and_the_map(samir, couple)
        paper_shows_them(cleo, tmp_path / "paper.pdf", javascript=javascript)


def both_tell_their_goals(cleo: Page, dan: Page) -> None:
    """Each alone; nothing tells one how far the other is; with the second share it opens to both."""
    homework.begin(cleo, GOALS)
    homework.answer_goals(cleo, CLEOS, helps="Time")
    expect(cleo.get_by_text(SHUT).first).to_be_visible()
    dan.goto("/tasks")
    expect(dan.locator("main")).not_to_contain_text(CLEOS[0])
    homework.begin(dan, GOALS)
    homework.answer_goals(dan, DANS, helps="Encouragement")
    for page in (cleo, dan):
        page.goto("/tasks")
        page.locator("article").filter(has_text=GOALS).get_by_role("link", name="Read it").first.click()
        for goal in (*CLEOS, *DANS):
            expect(page.get_by_text(goal).first).to_be_visible()


def both_take_the_test(cleo: Page, dan: Page) -> None:
    for page, answers in ((cleo, {3: 2, 5: 3}), (dan, {1: 3, 7: 5})):
        homework.begin(page, TEST)
        homework.take_the_test(page, answers)
        homework.share_the_test(page)


def therapist_opens_and_marks(samir: Page, couple: str) -> None:
    samir.goto("/today")
    need = samir.locator(".need").filter(has_text=TEST)
    expect(need).to_contain_text("ready to be opened")
    need.get_by_role("link", name="Look and open").click()
    press(samir, "Open it to both")
    expect(samir.get_by_text("Opened to both").first).to_be_visible()
    homework.look_at(samir, couple, GOALS)
    homework.mark_talked_about(samir, "Cleo: A goal of mine")


def both_see_the_map(cleo: Page, dan: Page) -> None:
    for page in (cleo, dan):
        page.goto("/tasks")
        page.locator("article").filter(has_text=TEST).get_by_role("link", name="Read it").click()
        expect(heading(page)).to_have_text("Where you each stand")
        expect(page.get_by_role("img", name="Finances").first).to_be_visible()
        expect(page.locator("main")).not_to_contain_text("of 100")


def summary_quotes_a_line_and_the_map(samir: Page, couple: str) -> None:
    samir.goto(couple)
    people.record_session(samir)
    follow(samir, "Open the summary")
    samir.get_by_role("checkbox", name=CLEOS[0]).check()
    samir.get_by_role("checkbox", name="Their map, in words").check()
    people.write_summary(samir, ("Cleo", "Dan"))
    expect(samir.locator(".sheet")).to_contain_text(CLEOS[0])
    expect(samir.locator(".sheet")).not_to_contain_text(DANS[0])
    press(samir, "Release to Cleo and Dan")


def paper_shows_them(cleo: Page, file: Path, *, javascript: bool) -> None:
    people.open_summary(cleo)
    expect(cleo.get_by_text(CLEOS[0]).first).to_be_visible()
    people.wait_for_paper(cleo, javascript=javascript)
    people.download_paper(cleo).save_as(file)
    paper = PdfReader(file)
    words = " ".join(" ".join(sheet.extract_text().split()) for sheet in paper.pages)
    assert len(paper.pages) <= 2
    for said in (CLEOS[0], "Finances", "Firm ground"):
        assert said in words
    for unsaid in (CLEOS[1], *DANS):
        assert unsaid not in words
