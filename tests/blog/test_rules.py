"""Posts as safe HTML."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.blog.rules import article, reading_minutes

HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](data:text/html,1)",
    "![x](https://evil.example/p.png)", "![x](/static/../secret.svg)", "![x](//evil.example/p.png)", "<style>p{}</style>",
    "[x]: javascript:alert(1)\n[x]", "<a href='/' onclick=x>y</a>", "`<script>`", "<!-- x -->", "[x](<javascript:alert(1)>)",
    '![x](/static/img/a.svg "onload=alert(1)")', "<svg onload=alert(1)>", "[a](vbscript:x)", "<iframe src=//x>",
]  # fmt: skip
FORBIDDEN = (
    "<img src=x",
    "<script",
    "<style",
    "<svg",
    "<iframe",
    "<!--",
    "evil.example",
    "secret.svg",
    'href="javascript',
    'href="data',
    'vbscript:x"',
)


@pytest.mark.parametrize("markdown", HOSTILE)
def test_nothing_hostile_gets_through(markdown: str) -> None:
    html = article(markdown).html
    assert not any(word in html for word in FORBIDDEN)


def test_our_own_pictures_and_links_stay() -> None:
    html = article(
        "![Two hills](/static/img/mark.svg) [more](/articles/two) [out](https://example.org/)"
    ).html
    assert '<img src="/static/img/mark.svg" alt="Two hills">' in html
    assert 'href="/articles/two"' in html and 'href="https://example.org/"' in html


def test_a_foreign_picture_leaves_its_words() -> None:
    assert "A lake" in article("![A lake](https://evil.example/p.png)").html


def test_headings_stand_below_the_title_and_can_be_reached() -> None:
    made = article("# Begin *apart*\n\nText.\n\n## Read\n")
    assert [(one.anchor, one.words) for one in made.headings] == [
        ("part-1", "Begin apart"),
        ("part-2", "Read"),
    ]
    assert '<h2 id="part-1">' in made.html and "<h1" not in made.html


@pytest.mark.parametrize(("words", "minutes"), [(0, 1), (1, 1), (220, 1), (221, 2), (880, 4)])
def test_reading_time_is_rounded_up(words: int, minutes: int) -> None:
    assert reading_minutes("word " * words) == minutes


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_shown(text: str) -> None:
    html = article(text).html
    assert "<script" not in html and "<h1" not in html
