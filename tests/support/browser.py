"""Drive the real Chromium, and watch what a page does behind the reader's back."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    sync_playwright,
)

from tests.support.chromium import executable

AXE = Path(__file__).parents[1] / "browser" / "vendor" / "axe-4.14.1.min.js"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE = (320, 640)
TABLET = (768, 1024)
DESK = (1280, 900)


@dataclass(kw_only=True)
class Watch:
    """What the pages of one context asked for and what went wrong in them."""

    home: str
    requests: list[str] = field(default_factory=list)
    third_party: list[str] = field(default_factory=list)
    policy_violations: list[str] = field(default_factory=list)
    script_errors: list[str] = field(default_factory=list)
    server_errors: list[str] = field(default_factory=list)

    def troubles(self) -> list[str]:
        """List everything that no page of the portal may do."""
        return [*self.third_party, *self.policy_violations, *self.script_errors, *self.server_errors]

    def _note_request(self, request: Request) -> None:
        self.requests.append(request.url)
        address = urlsplit(request.url)
        if address.scheme not in {"data", "blob", "about"} and not _same_origin(request.url, self.home):
            self.third_party.append(f"third-party request: {request.method} {request.url}")

    def _note_response(self, response: Response) -> None:
        if response.status >= 500:
            self.server_errors.append(f"{response.status} from {response.url}")

    def _note_console(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.policy_violations.append(message.text)

    def follow(self, context: BrowserContext) -> None:
        """Watch all pages of a context from now on."""
        context.on("request", self._note_request)
        context.on("response", self._note_response)
        context.on("console", self._note_console)
        context.on("weberror", lambda error: self.script_errors.append(f"script error: {error.error}"))


def _same_origin(one: str, other: str) -> bool:
    left, right = urlsplit(one), urlsplit(other)
    return (left.scheme, left.netloc) == (right.scheme, right.netloc)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser; one serves many tests, each with contexts of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass(kw_only=True)
class Visitor:
    """One person's browser: its own cookies and storage, and a record of what its pages did."""

    context: BrowserContext
    page: Page
    watch: Watch

    def axe_violations(self) -> list[str]:
        """Let axe look at the page as it stands; needs a context with JavaScript. One line for each finding."""
        # Evaluated by the debugger, which the page's own policy does not bind.
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found
            for node in one["nodes"]
        ]

    def storage(self) -> dict[str, str]:
        """Read all that the page keeps in the browser beside cookies; needs a context with JavaScript."""
        kept = self.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
        return dict(json.loads(kept))

    def overflows(self) -> bool:
        """Say whether the page is wider than its window, so that a reader must scroll sideways."""
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return bool(self.page.evaluate(wide))


@contextmanager
def visitor(
    browser: Browser,
    home: str,
    *,
    javascript: bool = True,
    size: tuple[int, int] = DESK,
    colours: Literal["light", "dark"] = "light",
    zone: str = "Europe/Berlin",
    locale: str = "en-GB",
) -> Iterator[Visitor]:
    """Open a browser context of one person at ``home``; relative addresses start there.

    Fails at the end when a page asked another site for something, broke the content security policy,
    raised a script error or got an answer of 500 and above. A test that provokes one clears its list.
    """
    context = browser.new_context(
        base_url=home,
        java_script_enabled=javascript,
        viewport={"width": size[0], "height": size[1]},
        color_scheme=colours,
        timezone_id=zone,
        locale=locale,
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(15_000)
    watch = Watch(home=home)
    watch.follow(context)
    try:
        yield Visitor(context=context, page=context.new_page(), watch=watch)
    finally:
        context.close()
    assert not watch.troubles(), "\n".join(watch.troubles())
