"""What holds on each page of the portal, for each kind of reader, on a phone and on a desk, in light and dark."""

import itertools
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, Response

from portal.demo import ZONE
from tests.browser.gallery import Gallery, hung_gallery
from tests.browser.pages import NO_PAGES, REFUSALS, ROOMS, Room, address
from tests.support.browser import AXE, DESK, PHONE, Visitor

PersonAt = Callable[..., AbstractContextManager[Visitor]]
NAMES = ("Ana", "Ben", "Cleo", "Dan", "Moreno", "Okafor", "Weiss", "Ivo", "Priya", "Jane", "Parker", "Samir")
TELLING = re.compile("|".join([*NAMES, "[Tt]herap", "[Cc]ouple", "[Pp]artner", "[Cc]ounsel", "[Nn]ote"]))
KEPT = """async () => [
  ...Object.keys(localStorage), ...Object.keys(sessionStorage),
  ...(await indexedDB.databases()).map(one => one.name), ...await caches.keys()]"""
# Our own frames hang in the gallery as pages; styles come with the page.
LOOK = """only => axe.run(document, {resultTypes: ['violations'], iframes: false, preload: false,
    rules: {'target-size': {enabled: true}}, ...(only.length ? {runOnly: only} : {})})
  .then(found => found.violations.flatMap(one => one.nodes.map(node => `${one.id} at ${node.target}: ${node.failureSummary}`)))"""
# What size and colours of a screen decide; the rest is the page's own.
OF_A_LOOK = ["color-contrast", "target-size"]
WEAR = "rules => { const worn = new CSSStyleSheet(); worn.replaceSync(rules); document.adoptedStyleSheets = [worn]; }"
AS_IT_IS = {"as it is": ""}
WAYS_TO_READ = {
    **AS_IT_IS,
    "with wide spacing": "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }",
    "with letters of 200 %": "html { font-size: 200% !important; }",
}
Colours = Literal["light", "dark"]
LOOKS: tuple[tuple[tuple[int, int], Colours], ...] = ((PHONE, "dark"), (DESK, "light"))
HEADINGS = "() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(one => Number(one.tagName[1]))"


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Gallery]:
    folder = tmp_path_factory.mktemp("gallery")
    shutil.copy(migrated_sqlite, folder / "portal.sqlite3")
    with hung_gallery(folder) as hung:
        yield hung


@pytest.mark.parametrize("who", ROOMS)
def test_no_page_breaks_a_promise(gallery: Gallery, visitor_at: PersonAt, who: str) -> None:
    room = ROOMS[who]
    with inside(gallery, visitor_at, room) as visitor:
        broken = [problem for name in room.plain for problem in problems(visitor, gallery, room, name)]
        broken += [f"keeps {kept} in the browser" for kept in visitor.page.evaluate(KEPT)]
        assert not broken, "\n".join(broken)


@pytest.mark.parametrize("who", [name for name, room in ROOMS.items() if room.sent_empty or room.pressed])
def test_no_answer_to_a_form_breaks_a_promise(gallery: Gallery, visitor_at: PersonAt, who: str) -> None:
    room, broken = ROOMS[who], list[str]()
    with inside(gallery, visitor_at, room) as visitor:
        for name in room.sent_empty:
            broken += problems(visitor, gallery, room, name, then=send_empty)
        for name, button in room.pressed:
            broken += problems(visitor, gallery, room, name, then=partial(press, button))
        assert not broken, "\n".join(broken)


@contextmanager
def inside(gallery: Gallery, visitor_at: PersonAt, room: Room) -> Iterator[Visitor]:
    """Open a browser in which the room's person is signed in."""
    with visitor_at(gallery.home, zone=ZONE) as visitor:
        if room.user_name:
            gallery.let_in(visitor.context, room.user_name, waiting=room.waiting, limited=room.limited)
        yield visitor


def problems(
    visitor: Visitor, gallery: Gallery, room: Room, name: str, then: Callable[[Page], Response] | None = None
) -> Iterator[str]:
    """Open one page on a phone, do `then` on it, and list what is wrong with what stands there, in each of its looks."""
    page = visitor.page
    take(page, *LOOKS[0])
    answer = page.goto(address(gallery, name))
    assert answer is not None
    assert answer.status == REFUSALS.get(name, 200), f"{name} answered {answer.status}"
    assert page.url == answer.url == gallery.home + address(gallery, name), f"{name} led on to {page.url}"
    answer = then(page) if then else answer
    where = f"{name} ({answer.request.method})"
    for sentence in (*of_source(answer), *of_title(page, room), *of_headings(page), *of_way_out(page, room)):
        yield f"{where}: {sentence}"
    page.evaluate(AXE.read_text("utf-8"))
    sets_the_tone = name == room.plain[0]  # shows what stands around all pages of the room
    for size, colours in LOOKS:
        take(page, size, colours)
        is_first = (size, colours) == LOOKS[0]
        rules = [] if is_first or sets_the_tone else OF_A_LOOK
        ways = WAYS_TO_READ if is_first else AS_IT_IS
        for sentence in (*of_width(visitor, ways), *page.evaluate(LOOK, rules)):
            yield f"{where}, {size[0]} px and {colours}: {sentence}"


def take(page: Page, size: tuple[int, int], colours: Colours) -> None:
    """Show the page on a screen of this size, to somebody who likes these colours."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=colours)


def send_empty(page: Page) -> Response:
    """Empty the main form and send it."""
    form = page.locator("main form[method=post]").filter(has=page.locator(".button.main")).first
    for control in form.locator(
        "input:not([type=hidden], [type=radio], [type=checkbox], [type=file]), textarea"
    ).all():
        if control.is_visible():
            control.fill("")
    answer = _answer_to(form.locator(".button.main").first)
    assert answer.status == 422, f"{page.url} answered {answer.status}"
    return answer


def press(words: str, page: Page) -> Response:
    """Press the first button with these words."""
    return _answer_to(page.get_by_role("button", name=words).first)


def _answer_to(button: Locator) -> Response:
    with button.page.expect_navigation() as begun:
        button.click()
    return begun.value


def of_source(answer: Response) -> Iterator[str]:
    text = answer.text()
    if found := re.search(r"<[^>]*\s(style|on[a-z]+)=|<style|<script(?![^>]*\ssrc=)|javascript:", text):
        yield f"inline style or script: {found.group()[-80:]}"


def of_title(page: Page, room: Room) -> Iterator[str]:
    title = page.title()
    if "·" not in title:
        yield f"title without a name of the page: {title}"
    if room.is_partner and TELLING.search(title):
        yield f"title tells too much: {title}"


def of_way_out(page: Page, room: Room) -> Iterator[str]:
    """Look for the way out that each page of a partner has (decision 14)."""
    if room.is_partner and page.get_by_role("button", name="Leave now").count() != 1:
        yield "no way to leave at once"


def of_width(visitor: Visitor, ways: Mapping[str, str]) -> Iterator[str]:
    """Look for sideways scrolling: as it stands, with the spacing of WCAG 1.4.12, with the large letters of 1.4.4."""
    for how, rules in ways.items():
        visitor.page.evaluate(WEAR, rules)
        if visitor.overflows():
            yield f"wider than the window {how}"
    visitor.page.evaluate(WEAR, "")


def of_headings(page: Page) -> Iterator[str]:
    levels: list[int] = page.evaluate(HEADINGS)
    if levels.count(1) != 1:
        yield f"{levels.count(1)} headings of the first level"
    if any(later > earlier + 1 for earlier, later in itertools.pairwise(levels)):
        yield f"a level of headings is skipped: {levels}"


def test_each_page_of_the_portal_hangs_somewhere(gallery: Gallery) -> None:
    rules = gallery.app.url_map.bind("localhost")
    paths = {address(gallery, name).partition("?")[0] for room in ROOMS.values() for name in room.plain}
    seen = {rules.match(path)[0] for path in paths if rules.test(path)}
    pages = {rule.endpoint for rule in gallery.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert pages - NO_PAGES == seen
