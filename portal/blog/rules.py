"""What a post is made of: words to minutes, Markdown to safe HTML. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from html import escape
from math import ceil
from typing import NamedTuple
from uuid import UUID

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from portal.errors import Conflict, Invalid
from portal.slugs import slug_from

# Our choice: a little below the 238 words a minute at which adults read English non-fiction silently (Brysbaert 2019,
# Journal of Memory and Language 109, 104047), because a couple may well read aloud to each other.
WORDS_A_MINUTE = 220
MOST_BODY = 100_000
MOST_TAGS, MOST_TAG = 8, 40
# Our choice: far more than any article has, and few enough that the slowest text of 100,000 letters takes 200 ms.
MOST_SIGNS, MOST_QUOTES, MOST_LINES = 5000, 2500, 4000
SIGNS = re.compile(r"[\[\]!*_`<>&\\\"'#=|(){}~:^+@]")
QUOTES = re.compile("[\"']")
PICTURE = re.compile(r"/pictures/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
OWN_PICTURE = re.compile(rf"/static/(?:[\w-]+/)*[\w-]+\.(?:svg|png|jpg|webp)|{PICTURE.pattern}")

TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "hr", "img", "li", "ol", "p", "pre", "strong", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt"}, "h2": {"id"}, "h3": {"id"}, "ol": {"start"}}
LOWER = {"h1": "h2", "h4": "h3", "h5": "h3", "h6": "h3"}  # the page's one h1 is the post's title


class Standing(StrEnum):
    """Where a post stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"


class PostSavedElsewhere(Conflict):
    """The post was saved in another window since this one was opened; nothing was written."""


class AddressTaken(Conflict):
    """Another post has this name in its address."""


class AddressKept(Invalid):
    """Readers have the address of a published post; it stays."""


class PostKept(Conflict):
    """What readers have seen, or came here by, is not deleted."""


class PictureInUse(Conflict):
    """A post or a profile shows this picture."""


@dataclass(frozen=True, slots=True)
class PostWords:
    """What an author writes. `slug` empty: made from the title. `cover_alt`: what the cover shows, for who cannot see it."""

    title: str
    slug: str
    lead: str
    body: str
    tags: tuple["Tag", ...]
    cover_id: UUID | None
    cover_alt: str


def standing_of(published_at: datetime | None, now: datetime) -> Standing:
    """Tell where a post stands."""
    if published_at is None:
        return Standing.DRAFT
    return Standing.PUBLISHED if published_at <= now else Standing.SCHEDULED


class Tag(NamedTuple):
    """A word under which posts are found: `name` in addresses, `label` on pages."""

    name: str
    label: str


class Heading(NamedTuple):
    """A section of a post, for the list of what is in it."""

    anchor: str
    words: str


class Article(NamedTuple):
    """A post ready to be shown: `html` is safe by the allow-list above."""

    html: str
    headings: tuple[Heading, ...]


def reading_minutes(markdown: str) -> int:
    """Say how long reading takes, in whole minutes, rounded up and at least one."""
    return max(1, ceil(len(markdown.split()) / WORDS_A_MINUTE))


def tags_from(text: str) -> tuple[Tag, ...]:
    """Read tags as they are typed: words between commas, each once, in alphabetical order."""
    labels = [" ".join(part.split())[:MOST_TAG] for part in text.split(",")]
    tags = {slug_from(label, "tag"): label for label in reversed(labels) if label}
    return tuple(
        sorted((Tag(name, label) for name, label in tags.items()), key=lambda tag: tag.label.casefold())
    )


def is_knotted(markdown: str) -> bool:
    """Tell whether a text has so many marks or lines that reading it as Markdown would take too long."""
    is_long = len(markdown) > MOST_BODY or markdown.count("\n") > MOST_LINES
    return is_long or sum(1 for _ in SIGNS.finditer(markdown)) > MOST_SIGNS


@lru_cache(maxsize=64)
def article(markdown: str) -> Article:
    """Turn a post's Markdown into HTML: no raw HTML, links to http(s), mailto and our own pages, our own pictures only.

    A knotted text (see `is_knotted`) stands as it was typed. Cost: at most 200 ms for 100,000 letters.
    """
    if is_knotted(markdown):
        return Article(f"<pre>{escape(markdown[:MOST_BODY])}</pre>", ())
    parser = MarkdownIt("commonmark", {"html": False, "typographer": True}).enable("replacements")
    if len(QUOTES.findall(markdown)) <= MOST_QUOTES:
        parser.enable("smartquotes")
    tokens = parser.parse(markdown)
    headings = tuple(_name_headings(tokens))
    for token in tokens:
        token.children = [_own(child) for child in token.children] if token.children else token.children
    html = nh3.clean(
        parser.renderer.render(tokens, parser.options, {}),
        tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto"}, link_rel="noopener noreferrer",
    )  # fmt: skip
    return Article(html, headings)


def _name_headings(tokens: list[Token]) -> list[Heading]:
    """Give each heading an anchor and its place below the title."""
    headings: list[Heading] = []
    for number, token in enumerate(tokens):
        if token.type in {"heading_open", "heading_close"}:
            token.tag = LOWER.get(token.tag, token.tag)
        if token.type == "heading_open" and token.tag == "h2":
            heading = Heading(f"part-{len(headings) + 1}", _plain(tokens[number + 1]))
            token.attrSet("id", heading.anchor)
            headings.append(heading)
    return headings


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or ())


def _own(child: Token) -> Token:
    """Keep pictures of our own; of others only the words that stand for them, so that no page asks another host."""
    if child.type != "image" or OWN_PICTURE.fullmatch(str(child.attrs.get("src", ""))):
        return child
    return Token("text", "", 0, content=child.content)
