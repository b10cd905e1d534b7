"""Which sites may be listed, what the address of a frame may say, and that text stays legible in any two colours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.embed.rules import (
    Frame,
    NotAnOrigin,
    Theme,
    contrast,
    origin_of,
    parse_colour,
    parse_frame,
    parse_origin,
    site_of,
    tokens_of,
)

COLOURS = st.from_regex(r"[0-9a-f]{6}", fullmatch=True)


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://www.example.org", "https://www.example.org"),
        ("https://WWW.Example.org/", "https://www.example.org"),
        ("https://example.org:443", "https://example.org"),
        ("https://example.org:8443", "https://example.org:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1", "http://127.0.0.1"),
    ],
)
def test_a_site_is_named_as_browsers_do(typed: str, origin: str) -> None:
    assert parse_origin(typed) == origin
    assert parse_origin(origin) == origin


@pytest.mark.parametrize(
    "typed",
    [
        "", "example.org", "http://example.org", "https://*.example.org", "https://*", "*", "null", "https://", "'self'",
        "https://example.org/blog", "https://example.org?x", "https://example.org#x", "https://a@example.org",
        "https://192.0.2.1", "https://[::1]", "https://example.org:0", "https://example.org:99999", "https://localhost",
        "https://example.org; script-src *", "https://example.org\r\nX: y", "javascript://example.org", "data:text/html,x",
        "https://-a.example", "https://a..example", "https://example.123", "https://" + "a." * 200 + "example",
        "https://exa mple.org", "https://example.org\u2028", "file://localhost",
    ],
)  # fmt: skip
def test_nothing_else_is_a_site(typed: str) -> None:
    with pytest.raises(NotAnOrigin):
        parse_origin(typed)


@pytest.mark.parametrize(
    "name",
    [
        "blog.example.org,red,white", "blog.example.org,000000", "blog.example.org,000000,ffffff,x", "Blog.example.org", "",
        "blog.example.org,00000g,ffffff", "blog.example.org;x", "blog.example.org,000000,ffffff\n", "blog.example.org:999999",
        "<script>", "..%2f", "__proto__",
    ],
)  # fmt: skip
def test_a_frame_that_says_anything_else_is_none(name: str) -> None:
    frame = parse_frame(name)
    assert frame is None or origin_of(frame, ["https://blog.example.org"]) is None


def test_a_frame_stands_in_a_listed_site_only() -> None:
    listed = ["http://localhost:8080", "https://blog.example.org"]

    assert [origin_of(Frame(site_of(origin), None), listed) for origin in listed] == listed
    assert origin_of(Frame("example.org", None), listed) is None


def test_colours_that_cannot_be_read_are_left_out() -> None:
    assert parse_frame("blog.example.org,777777,888888") == Frame("blog.example.org", None)
    assert parse_frame("blog.example.org,000000,ffffff") == Frame(
        "blog.example.org", Theme("000000", "ffffff")
    )
    assert [parse_colour(text) for text in ("#1A251E", "1a251e", "#fff", "red", "#1a251e;")] == [
        "1a251e"
    ] * 2 + [None] * 3


@given(ink=COLOURS, paper=COLOURS)
def test_text_stays_legible_on_every_part(ink: str, paper: str) -> None:
    theme = Theme(ink, paper)
    if not theme.is_legible:  # black or white always is, on any paper
        theme = Theme(max("000000", "ffffff", key=lambda extreme: contrast(extreme, paper)), paper)
    tokens = {name: colour.removeprefix("#") for name, colour in tokens_of(theme).items()}

    for under in ("ground", "surface", "sunk", "tint", "problem-tint", "wait-tint", "done-tint"):
        assert contrast(tokens["ink"], tokens[under]) >= 4.5
        assert contrast(tokens["action"], tokens[under]) >= 4.5
    assert contrast(tokens["on-action"], tokens["action"]) >= 4.5
    assert min(contrast(tokens["soft"], tokens[under]) for under in ("ground", "tint")) >= 4.5
    assert contrast(tokens["edge"], tokens["surface"]) >= 3
