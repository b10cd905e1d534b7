"""Promises about all templates that no single page can keep: read from the sources, so that a new page is included."""

import hashlib
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
PAGES = sorted(TEMPLATES.rglob("*.html"))
SCREEN = [path for path in PAGES if path.relative_to(TEMPLATES).parts[0] != "emails"]
PARTIALS = [path for path in SCREEN if path.name.startswith("_")]
JINJA = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)

# What may stand in the tab of a browser that somebody else looks at. Nobody's name, no topic, no word of therapy.
NEUTRAL_TITLES = {
    "About you",
    "Backup codes",
    "Check your e-mail",
    "Choose a password",
    "Code",
    "Confirm it is you",
    "Document",
    "Documents",
    "Goodbye",
    "Home",
    "Invitation",
    "New password",
    "Password",
    "Privacy",
    "Questions",
    "Session",
    "Sessions",
    "Sign in",
    "Signed out",
    "Tasks",
    "Welcome",
    "Your account",
    "Your calendar",
    "Your choices",
    "Your documents",
    "Your passkeys",
    "Your sign-ins",
}

# Where the name of an icon stands among the arguments of a macro.
ICON_ARGUMENT = {
    "icon": 0,
    "tag": 1,
    "notice": 2,
    "scope": 2,
    "button": 2,
    "link_button": 3,
    "post_button": 3,
}


Offences = Iterator[str]
Promise = Callable[[Path], Offences]


def kept_by(paths: list[Path]) -> Callable[[Promise], Callable[[], None]]:
    """Let a test look at each of these templates, and tell of all that break its promise at once."""

    def on_all(promise: Promise) -> Callable[[], None]:
        def test() -> None:
            broken = [f"{path.relative_to(TEMPLATES)}: {found}" for path in paths for found in promise(path)]
            assert not broken, "\n".join(broken)

        test.__name__, test.__doc__ = promise.__name__, promise.__doc__
        return test

    return on_all


@cache
def source_of(path: Path) -> str:
    return path.read_text()


@cache
def soup_of(path: Path) -> BeautifulSoup:
    return BeautifulSoup(plain_html(path), "html.parser")


@cache
def tree_of(path: Path) -> nodes.Template:
    return JINJA.parse(source_of(path))


def plain_html(path: Path) -> str:
    """A template without Jinja: statements gone, values replaced by a letter."""
    source = re.sub(r"\{#.*?#\}", "", source_of(path), flags=re.DOTALL)
    source = re.sub(r"\{\{.*?\}\}", "x", source, flags=re.DOTALL)
    return re.sub(r"\{%.*?%\}", "", source, flags=re.DOTALL)


@kept_by(PAGES)
def test_nothing_escapes_the_escaping(path: Path) -> Offences:
    if found := re.search(r"\|\s*safe\b|autoescape\s+false|Markup\(", source_of(path)):
        yield found.group()


@kept_by(SCREEN)
def test_nothing_needs_inline_style_or_script(path: Path) -> Offences:
    for tag in soup_of(path).find_all(True):
        if tag.name == "style" or (tag.name == "script" and not tag.get("src")):
            yield str(tag)
        for name, value in tag.attrs.items():
            is_refused = name == "style" or re.match(r"on|(data-)?hx-(on|vals|delete|put|patch)", name)
            if is_refused or "javascript:" in str(value):
                yield str(tag)


@kept_by(SCREEN)
def test_every_form_that_changes_something_carries_a_token(path: Path) -> Offences:
    source = source_of(path)
    for form in re.findall(r"<form\b.*?</form>", source, flags=re.DOTALL):
        opening = form[: form.index(">")]
        is_post = 'method="post"' in opening
        if "hx-post" in opening if not is_post else "{{ token() }}" not in form:
            yield opening
    if source.count("<form") != source.count("</form>"):
        yield "a form that is not closed"


@kept_by(SCREEN)
def test_whatever_htmx_fetches_has_an_address_without_it(path: Path) -> Offences:
    for tag in soup_of(path).find_all(["a", "form"]):
        is_fetched = any(name.endswith(("hx-get", "hx-post")) for name in tag.attrs)
        if is_fetched and not (tag.get("href") or tag.get("action") or tag.name == "form"):
            yield str(tag)


@kept_by(PARTIALS)
def test_a_partial_has_one_root_whose_id_is_defined_nowhere_else(path: Path) -> Offences:
    roots = [node for node in soup_of(path).contents if isinstance(node, Tag)]
    if len(roots) != 1:
        yield f"{len(roots)} roots"
    for root_id in {root.get("id") for root in roots} - {None, "x"}:
        yield from (
            f"{root_id} is in {other}"
            for other in SCREEN
            if other != path and f'id="{root_id}"' in source_of(other)
        )


@kept_by(SCREEN)
def test_every_icon_is_in_the_sprite(path: Path) -> Offences:
    yield from icons_in(path) - sprite()


@cache
def sprite() -> set[str]:
    return set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/img/icons.svg").read_text()))


def icons_in(path: Path) -> set[str]:
    names: set[str] = set()
    tree = tree_of(path)
    for call in tree.find_all(nodes.Call):
        position = ICON_ARGUMENT.get(call.node.name) if isinstance(call.node, nodes.Name) else None
        if position is not None:
            names |= constants(call.args[position] if len(call.args) > position else None)
        for keyword in call.kwargs:
            if keyword.key in {"icon_name", "scope_icon"}:
                names |= constants(keyword.value)
    for assigned in tree.find_all(nodes.Assign):
        if (
            isinstance(assigned.target, nodes.Name)
            and assigned.target.name == "icons"
            and isinstance(assigned.node, nodes.Dict)
        ):
            names |= {name for pair in assigned.node.items for name in constants(pair.value)}
    return names - {""}


def constants(node: nodes.Node | None) -> set[str]:
    if isinstance(node, nodes.Const):
        return {str(node.value)}
    if isinstance(node, nodes.CondExpr):
        return constants(node.expr1) | constants(node.expr2)
    return set()


def test_every_icon_of_the_navigation_is_in_the_sprite() -> None:
    used = set(
        re.findall(r'_item\(_\("[^"]+"\), "[\w.]+", "([\w-]+)"', (ROOT / "portal/home/chrome.py").read_text())
    )
    assert used
    assert used <= sprite()


@kept_by(SCREEN)
def test_titles_that_a_partner_sees_tell_nothing(path: Path) -> Offences:
    source = source_of(path)
    if not re.search(r'extends ("layouts/(partner|plain)\.html"|(?!layout )\w+ )', source):
        return
    title = re.search(r"\{% block title %\}(.*?)\{% endblock", source, flags=re.DOTALL)
    words = re.sub(r"\{\{ problem_title\(\w+\) \}\}", "", title[1]).strip() if title else '{{ _("Home") }}'
    constant = re.fullmatch(r'\{\{ _\("([^"]+)"\) \}\}', words)
    if constant is None or constant[1] not in NEUTRAL_TITLES:
        yield f"{words} is none of the neutral constants"


@kept_by(PAGES)
def test_every_import_is_used(path: Path) -> Offences:
    tree = tree_of(path)
    imported = {
        name[1] if isinstance(name, tuple) else name
        for node in tree.find_all(nodes.FromImport)
        for name in node.names
    }
    read = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"}
    yield from imported - read


@pytest.mark.parametrize("folder", ["static/fonts", "static/vendor", "tests/browser/vendor"])
def test_vendored_files_are_the_ones_that_were_read(folder: str) -> None:
    lines = (ROOT / folder / "CHECKSUMS.sha256").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split() for line in lines)}
    present = {path.name for path in (ROOT / folder).iterdir() if path.suffix in {".js", ".woff2"}}
    assert present == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((ROOT / folder / name).read_bytes()).hexdigest() == digest
