"""HTML to PDF/UA-1 bytes, from packaged parts only. No database, no Flask, no network, no file of anybody's choosing."""

import atexit
import logging
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import cast

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from portal.documents.fonts import NAMED_FACES, font_face_rules, font_file
from portal.documents.tags import finish_tags

STYLESHEETS = Path(__file__).resolve().parents[2] / "static" / "css"
# A page of little cost that goes through most of what a document needs.
GETTING_READY = '<!doctype html><html lang="en"><title>-</title><h1>a</h1><p><b>b</b></p><table><tr><th>c</th></tr></table>'

# The renderer's messages quote the markup they stumble over, and markup here is clinical text.
logging.getLogger("weasyprint").propagate = False


class AddressRefused(Exception):
    """The HTML asked for something that is not packaged: a template is wrong or markup came through. Nothing was fetched."""


class PackagedFonts(URLFetcher):  # type: ignore[misc]  # untyped library
    """Serve the shipped fonts by name and refuse every other address, packaged pages and pictures included."""

    def __init__(self) -> None:
        # The parent's constructor is left out on purpose: it registers the handlers that could open files and sockets.
        self._fail_on_errors = False
        self.has_refused = False

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """Return the font that `asset:<name>` stands for. Raises AddressRefused otherwise, and remembers it."""
        name = url.removeprefix("asset:")
        if name not in NAMED_FACES:
            self.has_refused = True
            raise AddressRefused
        return URLFetcherResponse(url, font_file(name))


@cache
def _stylesheet(name: str) -> str:
    return (STYLESHEETS / name).read_text(encoding="utf-8")


@lru_cache(maxsize=4)  # one for each set of alphabets that texts have asked for of late
def _prepared(rules: str) -> tuple[CSS, FontConfiguration]:
    """Parse the stylesheet and open its fonts, once for a process and all that are forked from it: a quarter of a rendering.

    The fonts lie in a temporary folder for as long as the process lives. Whoever is forked must leave through `os._exit`.
    """
    fetcher, fonts = PackagedFonts(), FontConfiguration()
    stylesheet = CSS(string=rules, font_config=fonts, url_fetcher=fetcher)
    if fetcher.has_refused:
        raise AddressRefused
    return stylesheet, fonts


atexit.register(_prepared.cache_clear)  # which removes the folder


def render_pdf(html: str, *, language: str, stylesheet_name: str = "pdf.css") -> bytes:
    """Lay out an HTML document as a tagged PDF with embedded fonts, a title, a language and no other metadata.

    `html` comes from an autoescaped template; `language` is a BCP 47 tag; `stylesheet_name` a file of `static/css`.
    Raises AddressRefused when the HTML asks for anything but a shipped font. There are no limits here: see `limits`.
    Cost: 0.1 to 0.4 s for two pages in a warm process.
    """
    fetcher = PackagedFonts()
    stylesheet, fonts = _prepared(font_face_rules(html) + _stylesheet(stylesheet_name))
    pdf = HTML(string=html, base_url="asset:", url_fetcher=fetcher).write_pdf(
        font_config=fonts,
        stylesheets=[stylesheet],
        pdf_variant="pdf/ua-1",
        finisher=partial(finish_tags, language=language),
    )
    if fetcher.has_refused:  # the renderer itself goes on without what it could not get, which may be a font
        raise AddressRefused
    return cast("bytes", pdf)


def warm_up() -> None:
    """Render a small page twice, so that a process forked afterwards starts with libraries and fonts in memory.

    For the worker's parent, before it takes jobs. Importing alone is not warm. Takes 1 to 3 s.
    """
    for _ in range(2):
        render_pdf(GETTING_READY, language="en")
