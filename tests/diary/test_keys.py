"""Moving in the week's grid by keyboard: a preview first, a page that confirms it, and only then the move."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, time, timedelta

import pytest
from flask import Flask

from portal.clock import utc_now
from portal.diary.models import OccupiedInterval
from portal.security.login import cookie_name
from portal.settings import Settings
from portal.transaction import current_session, transaction
from tests.diary.scene import take
from tests.support.browser import Visitor
from tests.support.cast import client_of, make_cast
from tests.support.serving import served


@pytest.fixture
def grid(settings: Settings) -> Iterator[Flask]:
    with served(settings) as app:
        yield app


def test_arrows_move_a_preview_escape_leaves_and_the_page_confirms(
    grid: Flask, visitor_at: Callable[..., AbstractContextManager[Visitor]]
) -> None:
    with grid.app_context(), transaction() as session:
        cast = make_cast(session)
    monday = datetime.combine(utc_now().date() + timedelta(days=14 - utc_now().weekday()), time(12), UTC)
    occupied_id = take(grid, cast.therapist, monday)
    home = grid.extensions["settings"].public_url
    with grid.app_context():
        cookie = client_of(grid, cast.therapist).get_cookie(cookie_name(), domain="portal.example.org")
    assert cookie is not None
    with visitor_at(home) as jane:
        jane.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": home}])
        jane.page.goto(f"/calendar?view=week&on={monday.date()}")
        entry, says = jane.page.locator("a[data-move]"), jane.page.locator("[data-agenda-says]")
        entry.press("ArrowRight")
        assert jane.page.locator(".is-preview").count() == 1 and "Tuesday" in says.inner_text()
        entry.press("Escape")
        assert jane.page.locator(".is-preview").count() == 0 and says.inner_text() == ""
        for key in ("ArrowRight", "ArrowDown", "ArrowDown"):
            entry.press(key)
        with jane.page.expect_navigation():
            entry.press("Enter")
        with grid.app_context():
            assert current_session().get_one(OccupiedInterval, occupied_id).starts_at == monday
        with jane.page.expect_navigation():
            jane.page.get_by_role("button", name="Move it there").press("Enter")
    with grid.app_context():
        moved = current_session().get_one(OccupiedInterval, occupied_id)
        assert moved.starts_at - monday == timedelta(days=1, minutes=30)
