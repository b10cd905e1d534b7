"""The couple's side, from what the therapist gives to the line and the map on paper, by three people with the real processes."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.journeys import homework, people
from tests.journeys.conftest import PersonAt
from tests.journeys.homework import SHUT
from tests.journeys.house import House
from tests.journeys.people import follow, heading, press
from tests.support.browser import PHONE

GOALS, TEST = "My goals, then where they meet", "Relationship Readiness Test"
ONES = ("Learn to sail before I am fifty", "Sleep with the phone in the kitchen")
OTHERS = ("Build the shed, at last", "One evening a week outdoors")


@pytest.mark.parametrize(
    ("javascript", "names"),
    [(True, ("Cora", "Dimitri")), (False, ("Rosa", "Emil"))],
    ids=["with JavaScript", "without JavaScript"],
)
def test_two_people_answer_alone_and_meet_on_one_page_and_on_paper(
    house: House, person_at: PersonAt, tmp_path: Path, javascript: bool, names: tuple[str, str]
) -> None:
    house.let_a_couple_come("samir", *names)
    with ExitStack() as rooms:
        enter = partial(person_at, javascript=javascript)
        samir = rooms.enter_context(enter()).page
        one, other = (rooms.enter_context(enter(size=PHONE)).page for _ in names)
        people.sign_in(samir, house, "samir")
        for page, name in zip((one, other), names, strict=True):
            people.sign_in(page, house, name.lower())
            people.accept_consents(page)
        samir.goto("/couples")
        samir.locator("main tr").filter(has_text=names[0]).get_by_role("link").first.click()
        expect(heading(samir)).to_have_text(f"{names[0]} and {names[1]}")
        couple = samir.url
        for task in (GOALS, TEST):
            homework.give(samir, couple, task)
        both_tell_their_goals(one, other)
        both_take_the_test(one, other)
        therapist_opens_and_marks(samir, couple, names[0])
        both_see_the_map(one, other)
        summary_quotes_a_line_and_the_map(samir, couple, names)
        paper_shows_them(one, tmp_path / "paper.pdf", javascript=javascript)


def both_tell_their_goals(one: Page, other: Page) -> None:
    """Each alone; nothing tells one how far the other is; with the second share it opens to both."""
    homework.begin(one, GOALS)
    homework.answer_goals(one, ONES, helps="Time")
    expect(one.get_by_text(SHUT).first).to_be_visible()
    other.goto("/tasks")
    expect(other.locator("main")).not_to_contain_text(ONES[0])
    homework.begin(other, GOALS)
    homework.answer_goals(other, OTHERS, helps="Encouragement")
    for page in (one, other):
        page.goto("/tasks")
        page.locator("article").filter(has_text=GOALS).get_by_role("link", name="Read it").first.click()
        for goal in (*ONES, *OTHERS):
            expect(page.get_by_text(goal).first).to_be_visible()


def both_take_the_test(one: Page, other: Page) -> None:
    for page, answers in ((one, {3: 2, 5: 3}), (other, {1: 3, 7: 5})):
        homework.begin(page, TEST)
        homework.take_the_test(page, answers)
        homework.share_the_test(page)


def therapist_opens_and_marks(samir: Page, couple: str, author: str) -> None:
    samir.goto("/today")
    need = samir.locator(".need").filter(has_text=TEST)
    expect(need).to_contain_text("ready to be opened")
    need.get_by_role("link", name="Look and open").click()
    press(samir, "Open it to both")
    expect(samir.get_by_text("Opened to both").first).to_be_visible()
    homework.look_at(samir, couple, GOALS)
    homework.mark_talked_about(samir, f"{author}: A goal of mine")


def both_see_the_map(one: Page, other: Page) -> None:
    for page in (one, other):
        page.goto("/tasks")
        page.locator("article").filter(has_text=TEST).get_by_role("link", name="Read it").click()
        expect(heading(page)).to_have_text("Where you each stand")
        expect(page.get_by_role("img", name="Finances").first).to_be_visible()
        expect(page.locator("main")).not_to_contain_text("of 100")


def summary_quotes_a_line_and_the_map(samir: Page, couple: str, names: tuple[str, str]) -> None:
    samir.goto(couple)
    people.record_session(samir)
    follow(samir, "Open the summary")
    samir.get_by_role("checkbox", name=ONES[0]).check()
    samir.get_by_role("checkbox", name="Their map, in words").check()
    people.write_summary(samir, names)
    expect(samir.locator(".sheet")).to_contain_text(ONES[0])
    expect(samir.locator(".sheet")).not_to_contain_text(OTHERS[0])
    press(samir, f"Release to {names[0]} and {names[1]}")


def paper_shows_them(one: Page, file: Path, *, javascript: bool) -> None:
    people.open_summary(one)
    expect(one.get_by_text(ONES[0]).first).to_be_visible()
    people.wait_for_paper(one, javascript=javascript)
    people.download_paper(one).save_as(file)
    paper = PdfReader(file)
    words = " ".join(" ".join(sheet.extract_text().split()) for sheet in paper.pages)
    assert len(paper.pages) <= 2
    for said in (ONES[0], "Finances", "Firm ground"):
        assert said in words
    for unsaid in (ONES[1], *OTHERS):
        assert unsaid not in words
