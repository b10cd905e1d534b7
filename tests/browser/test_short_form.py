"""Two people take the short test on a phone, one of them without script, and see one page for both."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from portal.assessments.short_form import short_form
from portal.booking.rules import TOO_QUICK
from portal.settings import Settings
from portal.transaction import transaction
from tests.support.browser import PHONE, Visitor
from tests.support.cast import make_cast
from tests.support.serving import home_of, served

ANSWERS = "5411444422225544"


@pytest.fixture
def home(settings: Settings) -> Iterator[str]:
    """The address of a portal with a practice, served from this process."""
    with served(settings) as app:
        with app.app_context(), transaction() as session:
            make_cast(session)
        yield home_of(app)


def answer(person: Visitor) -> None:
    for one, value in zip(short_form().statements, ANSWERS, strict=True):
        person.page.locator(f"input[name={one.id}][value='{value}']").check(force=True)
    person.page.wait_for_timeout(TOO_QUICK.total_seconds() * 1000)
    person.page.get_by_role("button", name="See what it comes to").click()
    person.page.get_by_role("button", name="Share my part").click()


def test_two_people_from_the_code_to_the_page_for_both(
    home: str, visitor_at: Callable[..., AbstractContextManager[Visitor]]
) -> None:
    with (
        visitor_at(home, size=PHONE, colours="dark") as ana,
        visitor_at(home, size=PHONE, javascript=False) as ben,
    ):
        ana.page.goto("/short-test")
        ana.page.wait_for_timeout(TOO_QUICK.total_seconds() * 1000)
        ana.page.get_by_role("button", name="Get a code").click()
        code = ana.page.locator(".spoken").first.inner_text()
        ben.page.goto("/short-test")
        ben.page.get_by_label("Your code").fill(code)
        ben.page.get_by_role("button", name="Go on with the code").click()
        for one in (ana, ben):
            one.page.get_by_role("button", name="Go on to the statements").click()
            answer(one)
        ana.page.get_by_role("button", name="Look again").click()
        for one in (ana, ben):
            assert one.page.get_by_role("heading", level=1).inner_text() == "Where you each stand"
            assert not one.overflows()
            assert one.context.cookies() == []
            assert code.replace(" ", "") not in one.page.url
        assert ana.axe_violations() == []
        assert ana.storage() == {}
