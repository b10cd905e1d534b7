"""A passkey from the first to the last day, in a browser with a device that the browser itself plays."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Filled, settings_for
from tests.support.browser import PHONE, Visitor
from tests.support.cast import PASSWORD, Cast
from tests.support.serving import home_of, served

PersonAt = Callable[..., AbstractContextManager[Visitor]]


@pytest.fixture
def home(filled_with_cast: Filled[Cast], tmp_path: Path) -> Iterator[str]:
    """The address of a portal with the cast in it."""
    shutil.copytree(filled_with_cast.folder, tmp_path, dirs_exist_ok=True)
    with served(settings_for(tmp_path)) as app:
        yield home_of(app)


def give_device(page: Page) -> None:
    """Let the browser play a telephone that knows its owner's face."""
    debugger = page.context.new_cdp_session(page)
    debugger.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    debugger.send("WebAuthn.addVirtualAuthenticator", {"options": device})


def sign_out(page: Page) -> None:
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/sign-in")


def test_a_partner_adds_one_comes_in_with_it_and_removes_it(home: str, visitor_at: PersonAt) -> None:
    with visitor_at(home, size=PHONE) as visitor:
        page = visitor.page
        give_device(page)
        page.goto("/sign-in")
        door = page.locator("main").inner_text()
        assert no_faults(visitor)
        page.get_by_role("button", name="Use a passkey").click()
        expect(page.get_by_text("No passkey was used.")).to_be_visible()
        page.get_by_label("User name or e-mail").fill("cleo")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()

        page.goto("/account")
        page.get_by_role("link", name="Add a passkey").click()
        page.get_by_label("Name", exact=True).fill("My telephone")
        page.get_by_label("Name", exact=True).press("Enter")
        expect(page.get_by_text("Not used yet.")).to_be_visible()
        assert no_faults(visitor)
        page.get_by_role("button", name="Add a passkey").click()
        expect(page.get_by_text("This device has one of your passkeys already.")).to_be_visible()

        sign_out(page)
        assert page.locator("main").inner_text() == door, "the door tells nobody who has one"
        page.goto("/sign-in?next=/account/passkeys")
        page.get_by_role("button", name="Use a passkey").click()
        expect(page.get_by_role("heading", name="Your passkeys")).to_be_visible()
        expect(page.get_by_text("Last used")).to_be_visible()
        assert visitor.storage() == {}

        page.get_by_role("button", name="Remove My telephone").click()
        expect(page.get_by_text("My telephone")).to_have_count(0)
        sign_out(page)
        page.get_by_role("button", name="Use a passkey").click()
        expect(page.get_by_role("alert")).to_contain_text("This passkey could not be used")


def test_at_another_address_the_page_says_where_passkeys_work(home: str, visitor_at: PersonAt) -> None:
    with visitor_at(home.replace("localhost", "127.0.0.1")) as visitor:
        visitor.page.goto("/sign-in")
        expect(visitor.page.get_by_text(f"Passkeys work at {home} only")).to_be_visible()
        expect(visitor.page.get_by_role("button", name="Use a passkey")).to_be_hidden()


def no_faults(visitor: Visitor) -> bool:
    assert visitor.axe_violations() == []
    return not visitor.overflows()
