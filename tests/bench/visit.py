"""The first visit to the booking page, by the real browser from the real server: what it weighs, and whether it moves."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page

from portal.clock import utc_now
from portal.transaction import transaction
from tests.bench.booking import fill_diary, occupied_intervals
from tests.bench.figures import Figure
from tests.bench.installation import Install
from tests.support.browser import DESK, PHONE, chromium, visitor
from tests.support.processes import portal_processes

KILOBYTE = 1024
SLOW: dict[str, object] = {
    "offline": False,
    "latency": 300,
    "downloadThroughput": 60 * KILOBYTE,
    "uploadThroughput": 60 * KILOBYTE,
}
QUICK: dict[str, object] = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
A_BREATH = 0.01  # a tenth of what web.dev calls good: stand-in fonts are replaced within their lines
SHIFTS = """new Promise(done => {
    let sum = 0
    new PerformanceObserver(list => list.getEntries().forEach(entry => { sum += entry.value }))
        .observe({type: 'layout-shift', buffered: true})
    document.fonts.ready.then(() => setTimeout(() => done(sum), 500))
})"""


@dataclass(slots=True)
class Weight:
    """Bytes that came over the wire, heads included."""

    fonts: float = 0
    others: float = 0


def measure(install: Install) -> Iterator[Figure]:
    """Visit the page once for its weight, then over a slow line on a phone and at a desk to see whether it moves."""
    with _portal(install) as address, chromium() as browser:
        weight = _weigh(browser, address)
        yield Figure("First visit to the booking page, without fonts", weight.others / KILOBYTE, "KB", 60)
        yield Figure(
            "First visit to the booking page, with fonts",
            (weight.others + weight.fonts) / KILOBYTE,
            "KB",
            160,
        )
        yield Figure("Layout shift of it, at a desk", _shift(browser, address, DESK, QUICK), "", 0)
        for name, size in (("on a phone", PHONE), ("at a desk", DESK)):
            shift = _shift(browser, address, size, SLOW)
            yield Figure(f"Layout shift of it, {name} on a slow line", shift, "", A_BREATH)


@contextmanager
def _portal(install: Install) -> Iterator[str]:
    installed = install()
    with installed.app.app_context(), transaction() as session:
        fill_diary(session, installed.cast.therapist.person_id, occupied_intervals(utc_now()))
    with portal_processes(installed.environment, installed.folder / "processes") as portal:
        portal.start_web()
        yield portal.address


def _weigh(browser: Browser, address: str) -> Weight:
    weight, kinds = Weight(), dict[str, str]()
    with visitor(browser, address) as guest:
        wire = guest.context.new_cdp_session(guest.page)
        wire.send("Network.enable")
        wire.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))

        def finished(event: dict[str, object]) -> None:
            size = float(str(event["encodedDataLength"]))
            if kinds.get(str(event["requestId"])) == "Font":
                weight.fonts += size
            else:
                weight.others += size

        wire.on("Network.loadingFinished", finished)
        _open(guest.page)
    return weight


def _shift(browser: Browser, address: str, size: tuple[int, int], network: dict[str, object]) -> float:
    with visitor(browser, address, size=size) as guest:
        wire = guest.context.new_cdp_session(guest.page)
        wire.send("Network.enable")
        wire.send("Network.emulateNetworkConditions", network)
        _open(guest.page)
        return float(guest.page.evaluate(SHIFTS))


def _open(page: Page) -> None:
    page.goto("/consultations/times", wait_until="networkidle")
    assert page.locator(".slot").count() > 0, "no free time is shown"
