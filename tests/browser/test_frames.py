"""The booking inside a page of another site, in a real browser that blocks third-party cookies."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page

from portal.practice.models import EmbedOrigin
from portal.sources.models import CampaignLink, Touch
from portal.transaction import current_session, transaction
from tests.browser.gallery import Gallery, hung_gallery
from tests.support.browser import ARGUMENTS, DESK, PHONE
from tests.support.chromium import executable

PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>A blog</title><style>body {{ margin: 0 }}</style><h1>A blog</h1>{}<p id='end'>The end.</p></html>"
)


@dataclass
class Blog:
    """Somebody else's site: pages by path, at an origin of its own. The name 127.0.0.1 makes it another site, too."""

    pages: dict[str, str] = field(default_factory=dict)
    port: int = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def served() -> Iterator[Blog]:
    blog = Blog()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = PAGE.format(blog.pages.get(self.path, "")).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    blog.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield blog
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Gallery]:
    folder = tmp_path_factory.mktemp("frames")
    shutil.copy(migrated_sqlite, folder / "portal.sqlite3")
    with hung_gallery(folder) as hung:
        yield hung


@pytest.fixture(scope="module")
def listed(gallery: Gallery) -> Iterator[Blog]:
    """A site on the practice's list."""
    with served() as blog:
        with gallery.app.app_context(), transaction() as session:
            session.add(EmbedOrigin(origin=blog.origin))
            session.add(CampaignLink(code="letter-a", name="Letter"))
        line = f'<script src="{gallery.home}/embed.js" data-link="letter-a" data-form="{{}}" async></script>'
        address = f"{gallery.home}/embed/127.0.0.1:{blog.port}/"
        blog.pages = {f"/{form}": line.format(form) for form in ("inline", "card", "button")}
        blog.pages["/plain"] = f'<iframe src="{address}?link=letter-a" width="100%" height="900"></iframe>'
        yield blog


@pytest.fixture(scope="module")
def strict_browser(browser: Browser) -> Iterator[Browser]:
    """A browser that blocks cookies of third parties; beside the one of all tests, by the same driver."""
    arguments = [*ARGUMENTS, "--test-third-party-cookie-phaseout"]
    started = browser.browser_type.launch(executable_path=executable(), args=arguments)
    yield started
    started.close()


@pytest.fixture
def open_at(strict_browser: Browser) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []

    def open_page(address: str, size: tuple[int, int] = DESK, *, javascript: bool = True) -> Page:
        context = strict_browser.new_context(
            viewport={"width": size[0], "height": size[1]}, java_script_enabled=javascript,
            timezone_id="Europe/London", reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        assert context.cookies() == []
        context.close()


def frame_of(page: Page) -> Frame:
    found = page.locator("iframe").first.element_handle().content_frame()
    assert found is not None
    return found


def book(frame: Frame) -> None:
    frame.locator(".slot:visible").first.click()
    frame.get_by_label("Your first name").fill("Ana")
    frame.get_by_label("E-mail").fill("ana.framed@example.org")
    frame.locator("input[name=agreed]").check()
    frame.wait_for_timeout(2100)  # the time trap asks for two seconds
    frame.locator("form#details button.main").click()
    frame.get_by_role("heading", name="Your time is kept for you").wait_for()


def touches(gallery: Gallery) -> int:
    with gallery.app.app_context():
        return current_session().query(Touch).filter(Touch.last_link_id.is_not(None)).count()


@pytest.mark.parametrize(
    ("path", "size"),
    [("/inline", DESK), ("/card", PHONE), ("/plain", PHONE)],
    ids=["inline", "card", "no script"],
)
def test_a_visitor_books_inside_the_frame(
    gallery: Gallery, listed: Blog, open_at: Callable[..., Page], path: str, size: tuple[int, int]
) -> None:
    javascript = path != "/plain"
    before = touches(gallery)
    page = open_at(listed.origin + path, size, javascript=javascript)
    frame = frame_of(page)
    frame.locator(".slot").first.wait_for()
    if javascript:
        height = "document.querySelector('iframe').offsetHeight"
        page.wait_for_function(f"{height} !== 760 && {height} !== 420")
        inside = frame.evaluate("Math.ceil(document.body.getBoundingClientRect().height)")
        assert page.evaluate(height) == inside
        assert not frame.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
    book(frame)

    assert touches(gallery) == before + 1
    assert frame.locator("a.main").get_attribute("target") == "_top"


def test_the_button_opens_a_dialog_that_closes(listed: Blog, open_at: Callable[..., Page]) -> None:
    page = open_at(f"{listed.origin}/button")
    assert page.locator("iframe").count() == 0
    page.get_by_role("button", name="Book a consultation").click()
    frame_of(page).locator(".slot").first.wait_for()
    page.get_by_role("button", name="Close").click()

    assert not page.locator("dialog").is_visible()


def test_a_site_that_is_not_listed_sees_nothing(
    gallery: Gallery, listed: Blog, open_at: Callable[..., Page]
) -> None:
    with served() as other:
        other.pages = {
            "/borrowed": listed.pages["/plain"],
            "/outside": f'<iframe src="{gallery.home}/consultations/times"></iframe>',
            "/sandbox": listed.pages["/plain"].replace(
                "<iframe", '<iframe sandbox="allow-scripts allow-forms"'
            ),
        }
        for path in other.pages:
            page = open_at(other.origin + path)
            assert is_refused(page), path
    listed.pages["/outside"] = other.pages["/outside"]
    assert is_refused(open_at(f"{listed.origin}/outside"))


def is_refused(page: Page) -> bool:
    """Tell whether the browser shows its own refusal in the frame, which may come a moment after the page."""
    for _ in range(100):
        if page.frames[1].url:
            break
        page.wait_for_timeout(50)
    return page.frames[1].url.startswith("chrome-error:")


def test_only_a_number_of_its_own_frame_changes_the_height(
    listed: Blog, open_at: Callable[..., Page]
) -> None:
    page = open_at(f"{listed.origin}/card")
    frame = frame_of(page)
    frame.locator(".slot").first.wait_for()
    height = "document.querySelector('iframe').offsetHeight"
    page.wait_for_function(f"{height} !== 420")
    before = page.evaluate(height)
    page.evaluate("for (let i = 0; i < 500; i++) postMessage(i, '*')")  # the blog itself, and in a flood
    say = "(said) => said.forEach((one) => parent.postMessage(one, '*'))"
    said: list[Any] = [
        {"common-ground-height": 5000},
        "5000",
        [5000],
        None,
        {"__proto__": {"height": 1}},
        True,
    ]
    frame.evaluate(say, said)
    frame.evaluate("() => [NaN, Infinity, -Infinity].forEach((one) => parent.postMessage(one, '*'))")
    page.wait_for_timeout(200)
    assert page.evaluate(height) == before

    frame.evaluate(say, [10_000_000])
    page.wait_for_function(f"{height} === 8000")
    frame.evaluate(say, [-5])
    page.wait_for_function(f"{height} === 120")
