"""What a couple does between sessions, and what its therapist does with it: each function is one thing with a page."""

import re
from collections.abc import Mapping

from playwright.sync_api import Page, expect

from tests.journeys.people import follow, heading, press

SHUT = "This opens when you have both shared, or in your session."

# The therapist


def give(page: Page, couple: str, task: str) -> None:
    """Give a couple something from the library, from its own page."""
    page.goto(couple)
    follow(page, "Give them something")
    page.get_by_role("radio", name=task).check()
    press(page, "Give it to them")
    expect(page.get_by_role("link", name=task).first).to_be_visible()


def look_at(page: Page, couple: str, task: str) -> None:
    """Open the therapist's page of what the couple was given."""
    page.goto(couple)
    follow(page, task)
    expect(heading(page)).to_have_text(task)


def mark_talked_about(page: Page, answer: str) -> None:
    """Mark one answer, named by who gave it and to which question."""
    page.get_by_role("checkbox", name=answer).check()
    press(page, "Keep these marks")


# A partner


def begin(page: Page, task: str) -> None:
    """Open what waits, from the list, and begin it."""
    page.goto("/tasks")
    card = page.locator("article").filter(has_text=task)
    card.get_by_role("link", name=re.compile("Begin|Go on")).click()
    page.locator("main").get_by_role("link", name="Begin").or_(
        page.get_by_role("button", name="Begin")
    ).click()


def answer_goals(page: Page, goals: tuple[str, ...], *, helps: str) -> None:
    """Answer the first part of the exercise on goals, page by page, and share it."""
    for number in range(3):
        expect(page.get_by_text(f"Question {number + 1} of")).to_be_visible()
        field = page.locator("main textarea, main input[type=text]").first
        if number < len(goals):
            field.fill(goals[number])
        press(page, "Save and continue")
    for group in page.locator("main fieldset[role=radiogroup]").all():
        group.locator("label", has_text=re.compile("^7$")).click()
    press(page, "Save and continue")
    page.get_by_label(helps, exact=True).first.check()
    press(page, "Save and continue")
    expect(heading(page)).to_have_text("Before you finish")
    press(page, "Finish and share")


def take_the_test(page: Page, answers: Mapping[int, int]) -> None:
    """Answer all eight pages, the same place on each but where `answers` says another, and look at the result."""
    for number in range(1, 9):
        expect(page.get_by_text(f"Page {number} of 8")).to_be_visible()
        for group in page.get_by_role("radiogroup").all():
            group.locator(f"input[value='{answers.get(number, 4)}']").check()
        press(page, "Save and continue")
    press(page, "Finish and see your result")
    expect(heading(page)).to_have_text("Where you see the two of you")


def share_the_test(page: Page) -> None:
    """Share all areas in words, and the look into the future."""
    follow(page, re.compile("Choose what to share"))
    press(page, "See what your partner will see")
    expect(heading(page)).to_have_text("This is what your partner will see")
    press(page, "Share this")
    expect(page.get_by_text(SHUT).first).to_be_visible()
