"""Reading the file in which another blog hands its articles over: RSS, Atom, or the export of WordPress or Blogger. Pure.

Nothing is fetched. What the file says is turned into our Markdown, which has no raw HTML; pictures that lie elsewhere are
named, so that somebody can put them on the shelf.
"""

import re
from calendar import timegm
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from io import BytesIO
from typing import Any

import feedparser
from bs4 import BeautifulSoup
from bs4.element import Comment
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse
from markdownify import MarkdownConverter

from portal.blog.rules import MOST_TAGS, Tag, is_knotted, tags_from
from portal.errors import Invalid
from portal.slugs import slug_from

MOST_BYTES = 10 * 1024 * 1024
MOST_ELEMENTS, MOST_DEPTH = 200_000, 60  # our choice: five times what a large blog's export has
MOST_ENTRIES = 1000
MOST_HTML, MOST_TITLE, MOST_LEAD, MOST_KEY = 400_000, 160, 400, 500
UNREADABLE = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # WordPress writes them, XML has none
SHORTCODE = re.compile(
    r"\[/?(?:caption|gallery|embed|audio|video|playlist|contact-form[\w-]*|vc_\w+|et_pb_\w+)\b[^\]]*\]"
)
BLOCKS = re.compile(r"<(?:p|div|h[1-6]|ul|ol|blockquote|figure|table)\b", re.IGNORECASE)
DRAFTS = frozenset({"draft", "pending", "auto-draft", "private"})
BINNED = frozenset({"trash", "inherit"})
KIND = "http://schemas.google.com/g/2005#kind"
UNSEEN = ("script", "style", "form", "object", "embed", "noscript", "template", "svg")


class Left(StrEnum):
    """Why an entry of the file was left out."""

    NO_ARTICLE = "no_article"
    BINNED = "binned"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    UNREADABLE = "unreadable"
    TOO_MANY = "too_many"


class NoExport(Invalid):
    """The file is no feed and no export, or one that was made to do harm."""


@dataclass(frozen=True, slots=True)
class Found:
    """One article of the file. `key`: what the other blog knows it by. `published_at`: None for a draft."""

    key: str
    title: str
    slug: str
    lead: str
    body: str
    tags: tuple[Tag, ...]
    published_at: datetime | None
    pictures: tuple[str, ...]
    has_lost_parts: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One entry that is no article for us."""

    title: str
    why: Left


@dataclass(frozen=True, slots=True)
class Export:
    """What a file holds."""

    found: tuple[Found, ...]
    left_out: tuple[LeftOut, ...]


def read_export(content: bytes) -> Export:
    """Read a file of at most 10 MB. Cost: some seconds for a large one; no network. Raises NoExport."""
    if not content or len(content) > MOST_BYTES:
        raise NoExport
    content = UNREADABLE.sub(b"", content)
    _refuse_bombs(content)
    feed: Any = feedparser.parse(BytesIO(content), sanitize_html=False, resolve_relative_uris=False)
    if not feed.version and not feed.entries:
        raise NoExport
    read = [_read(entry) for entry in feed.entries[:MOST_ENTRIES]]
    left_out = [one for one in read if isinstance(one, LeftOut)]
    left_out += [LeftOut(_title(entry), Left.TOO_MANY) for entry in feed.entries[MOST_ENTRIES:]]
    return Export(tuple(one for one in read if isinstance(one, Found)), tuple(left_out))


def _refuse_bombs(content: bytes) -> None:
    """Look at the file as XML before anything else does: no document type, no entities, no endless nesting."""
    depth = count = 0
    try:
        for happened, element in iterparse(BytesIO(content), events=("start", "end"), forbid_dtd=True):
            depth += 1 if happened == "start" else -1
            count += happened == "start"
            if count > MOST_ELEMENTS or depth > MOST_DEPTH:
                raise NoExport
            if happened == "end":
                element.clear()
    except (DefusedXmlException, ParseError, ValueError, LookupError) as error:
        raise NoExport from error


def _read(entry: Any) -> Found | LeftOut:
    title, status = _title(entry), entry.get("wp_status", "publish")
    if not _is_article(entry) or status in BINNED:
        return LeftOut(title, Left.BINNED if _is_article(entry) else Left.NO_ARTICLE)
    html = max((part.value for part in entry.get("content", [])), key=len, default="") or entry.get(
        "summary", ""
    )
    if len(html) > MOST_HTML:
        return LeftOut(title, Left.TOO_LONG)
    try:
        body, pictures, has_lost_parts = _markdown(html)
    except (RecursionError, ValueError, AssertionError):
        return LeftOut(title, Left.UNREADABLE)
    if not body or is_knotted(body):
        return LeftOut(title, Left.TOO_LONG if body else Left.EMPTY)
    return Found(
        key=(entry.get("id") or entry.get("link") or f"{title}|{entry.get('published', '')}")[:MOST_KEY],
        title=title,
        slug=_slug(entry, title),
        lead=_lead(entry, html),
        body=body,
        tags=_tags(entry),
        published_at=None if _is_draft(entry, status) else _published(entry),
        pictures=pictures,
        has_lost_parts=has_lost_parts,
    )


def _is_article(entry: Any) -> bool:
    kinds = [tag.term.rpartition("#")[2] for tag in entry.get("tags", []) if tag.get("scheme") == KIND]
    return entry.get("wp_post_type", "post") == "post" and (not kinds or "post" in kinds)


def _title(entry: Any) -> str:
    return _one_line(_plain(entry.get("title", "")))[:MOST_TITLE] or "…"


def _slug(entry: Any, title: str) -> str:
    """Keep the last part of the old address, so that it is known again."""
    last = entry.get("wp_post_name") or re.sub(
        r"\.html?$", "", entry.get("link", "").rstrip("/").rpartition("/")[2]
    )
    return slug_from(last if re.search("[a-z]{3}", last) and "=" not in last else title, "article")


def _is_draft(entry: Any, status: str) -> bool:
    said = entry.get("app_draft") or entry.get("draft") or entry.get("blogger_status") or ""
    return status in DRAFTS or said.lower() in {"yes", "draft"}


def _published(entry: Any) -> datetime | None:
    text = entry.get("wp_post_date_gmt", "")
    if re.fullmatch(r"[12]\d{3}-\d\d-\d\d \d\d:\d\d:\d\d", text):
        try:
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        except ValueError:
            pass
    parsed = entry.get("published_parsed") or entry.get("updated_parsed")
    try:
        return datetime.fromtimestamp(timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None


def _lead(entry: Any, html: str) -> str:
    """Take over what the author wrote as a summary, unless it only repeats how the article begins."""
    summary = _one_line(_plain(entry.get("excerpt_encoded", "") or entry.get("summary", "")))
    begins = _one_line(_plain(html))
    is_teaser = begins.startswith(summary.rstrip("…. ")[:60])
    return "" if is_teaser else summary[:MOST_LEAD]


def _tags(entry: Any) -> tuple[Tag, ...]:
    labels = [
        (tag.get("label") or tag.get("term") or "").replace(",", " ")
        for tag in entry.get("tags", [])
        if tag.get("scheme") != KIND
    ]
    return tags_from(",".join(label for label in labels if label.lower() != "uncategorized"))[:MOST_TAGS]


def _markdown(html: str) -> tuple[str, tuple[str, ...], bool]:
    """Turn HTML into Markdown; also the addresses of its pictures, and whether something had no place in it."""
    without_codes = SHORTCODE.sub("", html)
    has_lost_parts = without_codes != html
    if not BLOCKS.search(without_codes):  # WordPress's old editor keeps paragraphs as empty lines
        without_codes = "".join(
            f"<p>{part}</p>" for part in re.split(r"\n\s*\n", without_codes) if part.strip()
        )
    soup = BeautifulSoup(without_codes, "html.parser")
    for note in soup.find_all(string=lambda text: isinstance(text, Comment)):
        note.extract()
    for frame in soup.find_all("iframe"):
        _make_link(soup, frame)
        has_lost_parts = True
    for tag in soup.find_all(UNSEEN):
        tag.decompose()
        has_lost_parts = True
    pictures = tuple(dict.fromkeys(_pictures(soup)))
    text = MarkdownConverter(
        heading_style="ATX", bullets="-", strip=["table", "tr", "td", "th"]
    ).convert_soup(soup)
    return re.sub(r"[ \t]+\n", "\n", re.sub(r"\n{3,}", "\n\n", text)).strip(), pictures, has_lost_parts


def _make_link(soup: BeautifulSoup, frame: Any) -> None:
    """Leave a link where a film or a map was shown, which would call another company."""
    address = str(frame.get("src", ""))
    if address.startswith("https://"):
        link = soup.new_tag("a", href=address)
        link.string = str(frame.get("title") or address)
        frame.replace_with(link)
    else:
        frame.decompose()


def _pictures(soup: BeautifulSoup) -> Iterator[str]:
    for picture in soup.find_all("img"):
        address = str(picture.get("src", ""))
        if address.startswith(("https://", "http://", "//", "/")):
            yield address[:500]
        else:
            picture.decompose()


def _plain(html: str) -> str:
    return BeautifulSoup(html, "html.parser").get_text(" ") if "<" in html or "&" in html else html


def _one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
