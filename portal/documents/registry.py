"""Where documents come from: each kind has a source, registered by the area that owns the thing.

The documents' area is below all others, so it knows their rows only through these functions.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from portal.documents.models import Document, DocumentKind
from portal.security.crypto import Owner
from portal.security.viewer import Member

RenderTemplate = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Composed:
    """A document before its layout."""

    html: str
    language: str


@dataclass(frozen=True, slots=True)
class Source:
    """What an area says about its kind of document.

    `visible_to`: the condition on `Document` under which a member may know of it, evaluated for every request anew.
    `check`: raises DocumentRefused if the thing has another revision or nobody may receive it (PDF-05).
    `compose`: gives the HTML; calls `check` first.
    `owner`: whose key seals the file.
    `web_address`: where the same content can be read as a page.
    """

    visible_to: Callable[[Member], ColumnElement[bool]]
    check: Callable[[Session, Document], None]
    compose: Callable[[Session, Document, RenderTemplate], Composed]
    owner: Callable[[Document], Owner]
    web_address: Callable[[Document], str]


_sources: dict[DocumentKind, Source] = {}


def register_source(kind: DocumentKind, source: Source) -> None:
    """Say where documents of one kind come from; called once, when the area's pages are registered."""
    _sources[kind] = source


def source_of(kind: DocumentKind) -> Source:
    """Give the source of a kind. KeyError means that an area was not registered: a fault of wiring."""
    return _sources[kind]


def all_sources() -> dict[DocumentKind, Source]:
    """Give every source by its kind."""
    return dict(_sources)
