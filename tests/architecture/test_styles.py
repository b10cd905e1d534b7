"""Promises of the stylesheet that eyes overlook: contrast in both themes, weight, and what moves by itself."""

import gzip
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "static"
CSS = (STATIC / "css/portal.css").read_text()
THEMES = {"light": 0, "dark": 1}


def colour(name: str, theme: str) -> tuple[float, float, float]:
    """The red, green and blue of a token in one theme, from 0 to 1."""
    pair = re.search(rf"^ {{4}}--{name}: light-dark\((#\w+), (#\w+)\);", CSS, flags=re.MULTILINE)
    one = re.search(rf"^ {{4}}--{name}: (#\w+);", CSS, flags=re.MULTILINE)
    digits = (pair[THEMES[theme] + 1] if pair else one[1] if one else "").lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    red, green, blue = (int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4))
    return red, green, blue


def luminance(rgb: tuple[float, float, float]) -> float:
    """Relative luminance (WCAG 2.2, definition of the same name)."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(name: str, behind: str, theme: str) -> float:
    light, dark = sorted((luminance(colour(name, theme)), luminance(colour(behind, theme))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_text_stands_out_seven_to_one_from_every_paper(theme: str) -> None:
    papers = [
        "ground",
        "surface",
        "sunk",
        "tint",
        "a-tint",
        "b-tint",
        "done-tint",
        "wait-tint",
        "problem-tint",
    ]
    assert {
        paper: contrast("ink", paper, theme) for paper in papers if contrast("ink", paper, theme) < 7
    } == {}
    assert min(contrast("soft", paper, theme) for paper in ("ground", "surface", "tint", "sunk")) >= 7
    assert min(contrast(text, "band", theme) for text in ("on-band", "on-band-soft")) >= 7
    assert contrast("on-action", "action", theme) >= 7


@pytest.mark.parametrize("theme", THEMES)
def test_what_can_be_pressed_or_tells_a_state_stands_out(theme: str) -> None:
    for paper in ("ground", "surface"):
        assert contrast("action", paper, theme) >= 7
        assert min(contrast(edge, paper, theme) for edge in ("edge", "a", "b")) >= 3
    for state in ("done", "problem"):
        assert min(contrast(state, paper, theme) for paper in ("surface", f"{state}-tint")) >= 4.5
    assert min(contrast("on-person", person, theme) for person in ("a", "b")) >= 4.5


def test_the_stylesheet_stays_light() -> None:
    assert len(gzip.compress(CSS.encode(), 9)) < 12 * 1024


def test_the_script_stays_small() -> None:
    assert len((STATIC / "js/portal.js").read_text().splitlines()) < 100


def test_every_token_and_font_that_is_named_exists() -> None:
    defined = set(re.findall(r"(--[\w-]+):", CSS))
    assert set(re.findall(r"var\((--[\w-]+)\)", CSS)) <= defined
    for address in re.findall(r'url\("([^"]+)"\)', CSS):
        assert (STATIC / "css" / address).is_file()


def test_nothing_turns_for_people_who_asked_for_calm() -> None:
    calm = CSS[CSS.index("prefers-reduced-motion") :]
    for selector in (".spin", ".button::before"):
        assert f"{selector},\n" in calm or f"{selector} {{\n      animation: none" in calm
    assert CSS.count("infinite") == 2
