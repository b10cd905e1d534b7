"""Promises about all templates that no single page can keep: read from the sources, so that a new page is included."""

import hashlib
import re
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


def named(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(TEMPLATES))) for path in paths]


def plain_html(path: Path) -> str:
    """A template without Jinja: statements gone, values replaced by a letter."""
    source = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    source = re.sub(r"\{\{.*?\}\}", "x", source, flags=re.DOTALL)
    return re.sub(r"\{%.*?%\}", "", source, flags=re.DOTALL)


@pytest.mark.parametrize("path", named(PAGES))
def test_nothing_escapes_the_escaping(path: Path) -> None:
    assert not re.search(r"\|\s*safe\b|autoescape\s+false|Markup\(", path.read_text())


@pytest.mark.parametrize("path", named(SCREEN))
def test_nothing_needs_inline_style_or_script(path: Path) -> None:
    for tag in BeautifulSoup(plain_html(path), "html.parser").find_all(True):
        assert tag.name != "style"
        assert tag.name != "script" or tag.get("src")
        refused = [
            name
            for name in tag.attrs
            if name == "style" or re.match(r"on|(data-)?hx-(on|vals|delete|put|patch)", name)
        ]
        assert refused == [], tag
        assert not any("javascript:" in str(value) for value in tag.attrs.values())


@pytest.mark.parametrize("path", named(SCREEN))
def test_every_form_that_changes_something_carries_a_token(path: Path) -> None:
    source = path.read_text()
    for form in re.findall(r"<form\b.*?</form>", source, flags=re.DOTALL):
        opening = form[: form.index(">")]
        assert 'method="post"' in opening or "hx-post" not in opening
        if 'method="post"' in opening:
            assert "{{ token() }}" in form, opening
    assert source.count("<form") == source.count("</form>")


@pytest.mark.parametrize("path", named(SCREEN))
def test_whatever_htmx_fetches_has_an_address_without_it(path: Path) -> None:
    for tag in BeautifulSoup(plain_html(path), "html.parser").find_all(["a", "form"]):
        if any(name.endswith(("hx-get", "hx-post")) for name in tag.attrs):
            assert tag.get("href") or tag.get("action") or tag.name == "form", tag


@pytest.mark.parametrize("path", named(PARTIALS))
def test_a_partial_has_one_root_whose_id_is_defined_nowhere_else(path: Path) -> None:
    soup = BeautifulSoup(plain_html(path), "html.parser")
    roots = [node for node in soup.contents if isinstance(node, Tag)]
    assert len(roots) == 1
    root_id = roots[0].get("id")
    if root_id and root_id != "x":
        others = [other for other in SCREEN if other != path and f'id="{root_id}"' in other.read_text()]
        assert others == []


@pytest.mark.parametrize("path", named(SCREEN))
def test_every_icon_is_in_the_sprite(path: Path) -> None:
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/img/icons.svg").read_text()))
    assert icons_in(path) <= sprite


def icons_in(path: Path) -> set[str]:
    names: set[str] = set()
    tree = JINJA.parse(path.read_text())
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
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/img/icons.svg").read_text()))
    used = set(
        re.findall(r'_item\(_\("[^"]+"\), "[\w.]+", "([\w-]+)"', (ROOT / "portal/home/chrome.py").read_text())
    )
    assert used
    assert used <= sprite


@pytest.mark.parametrize("path", named(SCREEN))
def test_titles_that_a_partner_sees_tell_nothing(path: Path) -> None:
    source = path.read_text()
    if not re.search(r'extends ("layouts/(partner|plain)\.html"|(?!layout )\w+ )', source):
        return
    title = re.search(r"\{% block title %\}(.*?)\{% endblock", source, flags=re.DOTALL)
    words = re.sub(r"\{\{ problem_title\(\w+\) \}\}", "", title[1]).strip() if title else '{{ _("Home") }}'
    constant = re.fullmatch(r'\{\{ _\("([^"]+)"\) \}\}', words)
    assert constant, f"{words} is not a constant"
    assert constant[1] in NEUTRAL_TITLES


@pytest.mark.parametrize("path", named(PAGES))
def test_every_import_is_used(path: Path) -> None:
    tree = JINJA.parse(path.read_text())
    imported = {
        name[1] if isinstance(name, tuple) else name
        for node in tree.find_all(nodes.FromImport)
        for name in node.names
    }
    read = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"}
    assert imported <= read


@pytest.mark.parametrize("folder", ["static/fonts", "static/vendor", "tests/browser/vendor"])
def test_vendored_files_are_the_ones_that_were_read(folder: str) -> None:
    lines = (ROOT / folder / "CHECKSUMS.sha256").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split() for line in lines)}
    present = {path.name for path in (ROOT / folder).iterdir() if path.suffix in {".js", ".woff2"}}
    assert present == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((ROOT / folder / name).read_bytes()).hexdigest() == digest
