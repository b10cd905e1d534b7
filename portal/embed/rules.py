"""Which sites may show the booking, how a frame is named in its address, and in which colours. Pure."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from portal.errors import Invalid

HOST = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
OWN_COMPUTER = frozenset({"localhost", "127.0.0.1"})
DEFAULT_PORT = {"https": 443, "http": 80}
MOST_LETTERS = 300
FRAME = re.compile(
    r"(?P<site>[a-z0-9.-]+(?::[0-9]{1,5})?)(?:,(?P<ink>[0-9a-f]{6}),(?P<paper>[0-9a-f]{6}))?", re.ASCII
)
COLOUR = re.compile(r"#?[0-9a-fA-F]{6}", re.ASCII)
LEGIBLE = 4.5  # WCAG 2.2, 1.4.3: the least contrast of text
VISIBLE = 3.0  # WCAG 2.2, 1.4.11: the least contrast of the edge of a control
SHARES = 20
Fits = Callable[[str], bool]


class NotAnOrigin(Invalid):
    """The text names no site that could show a frame."""


def parse_origin(text: str) -> str:
    """Read the address of a site as browsers name it: scheme, host, and a port that is not the usual one.

    https only; http for a site on one's own computer. A host with letters of any alphabet becomes its ASCII form.

    Raises NotAnOrigin for anything else: a path, a star, a name and password, an address of digits.
    """
    if len(text) > MOST_LETTERS or not text.isprintable():
        raise NotAnOrigin
    try:
        parts = urlsplit(text.strip())
        port, host = parts.port, (parts.hostname or "").encode("idna").decode()
    except ValueError:
        raise NotAnOrigin from None
    is_bare = parts.path in {"", "/"} and not parts.query and not parts.fragment and "@" not in parts.netloc
    is_known = HOST.fullmatch(host) is not None if parts.scheme == "https" else host in OWN_COMPUTER
    if not is_bare or not is_known or parts.scheme not in DEFAULT_PORT or port == 0:
        raise NotAnOrigin
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, DEFAULT_PORT[parts.scheme]} else "")


def site_of(origin: str) -> str:
    """Give the part of an origin that names it in a frame's address: host and port. One scheme fits each host."""
    return origin.partition("://")[2]


@dataclass(frozen=True, slots=True)
class Theme:
    """The two colours of a site: of its text and of what lies under it, each as six hexadecimal digits."""

    ink: str
    paper: str

    @property
    def is_legible(self) -> bool:
        """Tell whether text in these colours can be read; the portal's own colours stand in for others."""
        return contrast(self.ink, self.paper) >= LEGIBLE


@dataclass(frozen=True, slots=True)
class Frame:
    """What the address of a frame says: in which site it stands, and in which colours."""

    site: str
    theme: Theme | None

    @property
    def name(self) -> str:
        """Give it as it stands in the address."""
        return f"{self.site},{self.theme.ink},{self.theme.paper}" if self.theme else self.site


def parse_frame(text: str) -> Frame | None:
    """Read the name of a frame; None for what cannot be one. Colours that cannot be read are left out."""
    found = FRAME.fullmatch(text)
    if found is None:
        return None
    theme = Theme(found["ink"], found["paper"]) if found["ink"] else None
    return Frame(found["site"], theme if theme is not None and theme.is_legible else None)


def origin_of(frame: Frame, listed: Iterable[str]) -> str | None:
    """Find the listed origin in which a frame says that it stands; None for a site that is not on the list."""
    return next((origin for origin in listed if site_of(origin) == frame.site), None)


def parse_colour(text: str) -> str | None:
    """Read a colour as "#1a251e" or "1A251E"; None for anything else."""
    return text.lower().removeprefix("#") if COLOUR.fullmatch(text) else None


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def tokens_of(theme: Theme) -> dict[str, str]:
    """Make the colours of every part out of two, so that text stays legible on all of them. Names as in portal.css."""
    ink, paper = theme.ink, theme.paper
    tint = _towards(paper, ink, 2, lambda colour: contrast(colour, ink) >= LEGIBLE)
    tokens = {
        "ground": paper, "surface": paper, "on-action": paper, "ink": ink, "action": ink, "action-deep": ink,
        "sunk": _towards(paper, ink, 1, lambda colour: contrast(colour, ink) >= LEGIBLE),
        "tint": tint, "done-tint": tint, "wait-tint": tint, "problem-tint": tint,
        "soft": _back(ink, paper, lambda colour: min(contrast(colour, paper), contrast(colour, tint)) >= LEGIBLE),
        "edge": _back(ink, paper, lambda colour: contrast(colour, paper) >= VISIBLE),
        "line": mixed(paper, ink, 4 / SHARES), "done": ink, "wait": ink, "problem": ink,
    }  # fmt: skip
    return {name: f"#{colour}" for name, colour in tokens.items()}


def is_dark(theme: Theme) -> bool:
    """Tell whether the paper is darker than what is written on it."""
    return _luminance(theme.paper) < _luminance(theme.ink)


def mixed(one: str, other: str, share: float) -> str:
    """Mix two colours; `share` of the second, 0 to 1."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _towards(start: str, end: str, most: int, fits: Fits) -> str:
    """Go a few shares from one colour towards another, as far as it still fits."""
    steps = [mixed(start, end, share / SHARES) for share in range(most + 1)]
    return next((colour for colour in reversed(steps) if fits(colour)), start)


def _back(start: str, end: str, fits: Fits) -> str:
    """Find the quietest colour between two that still fits, at most six tenths of the way."""
    steps = [mixed(start, end, share / SHARES) for share in range(12)]
    return next((colour for colour in reversed(steps) if fits(colour)), start)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - IEC 61966-2-1


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour))
