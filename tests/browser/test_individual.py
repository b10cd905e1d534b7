"""The pages that follow the individual questions, which no address alone leads to."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response

from portal.demo import ZONE
from tests.browser.gallery import Gallery, hung_gallery
from tests.browser.pages import ROOMS
from tests.browser.test_pages import problems
from tests.support.browser import Visitor

PersonAt = Callable[..., AbstractContextManager[Visitor]]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Gallery]:
    folder = tmp_path_factory.mktemp("individual")
    shutil.copy(migrated_sqlite, folder / "portal.sqlite3")
    with hung_gallery(folder) as hung:
        yield hung


def in_danger(page: Page) -> Response:
    page.get_by_label("I am in danger now").check()
    return sent(page)


def answered(page: Page) -> Response:
    for question in page.get_by_role("radiogroup").all()[:8]:
        question.get_by_label("No", exact=True).check()
    return sent(page)


def sent(page: Page) -> Response:
    with page.expect_navigation() as begun:
        page.get_by_role("button", name="Send to my therapist").click()
    assert begun.value.status == 200
    return begun.value


@pytest.mark.parametrize("then", [in_danger, answered])
def test_what_follows_the_answers_breaks_no_promise(
    gallery: Gallery, visitor_at: PersonAt, then: Callable[[Page], Response]
) -> None:
    with visitor_at(gallery.home, zone=ZONE) as visitor:
        gallery.let_in(visitor.context, "ana")
        assert list(problems(visitor, gallery, ROOMS["partner"], "/about-you", then=then)) == []
        focused = visitor.page.evaluate("document.activeElement.textContent")
        assert ("in danger now, call" if then is in_danger else "Thank you") in focused


def test_going_back_shows_the_questions_without_the_answers(gallery: Gallery, visitor_at: PersonAt) -> None:
    with visitor_at(gallery.home, zone=ZONE) as visitor:
        gallery.let_in(visitor.context, "ana")
        visitor.page.goto("/about-you")
        visitor.page.get_by_label("A word that tells us it is you").fill("Marmalade")
        answered(visitor.page)
        visitor.page.go_back()
        assert visitor.page.get_by_label("A word that tells us it is you").input_value() == ""
        assert visitor.page.locator("main input:checked").count() == 0
