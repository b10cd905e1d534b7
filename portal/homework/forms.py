"""The hidden marks of a work page: which window it is, and which revision of each answer it shows."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from werkzeug.datastructures import MultiDict

from portal.homework.rules import PageMark

REVISION, RESOLVED = "rev-", "resolved-"
MARKS = ("form_token", "page_id", "serial", "go")
Fields = MultiDict[str, str]


class SavedState(StrEnum):
    """What the status line of a work page says."""

    FRESH = "fresh"
    SAVED = "saved"
    CONFLICT = "conflict"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class PageState:
    """What a work page carries in hidden fields, and what its status line says.

    `resolved`: prompts of which the page shows both texts of a conflict. `way`: where to go on, after a conflict to the
    same page, after a lapsed sign-in to it by way of signing in.
    """

    mark: PageMark
    revisions: Mapping[str, int]
    resolved: frozenset[str] = field(default_factory=frozenset)
    state: SavedState = SavedState.FRESH
    saved_at: datetime | None = None
    zone: str = "UTC"
    way: str = ""

    def after(
        self, state: SavedState, *, saved_at: datetime | None = None, zone: str = "UTC", way: str = ""
    ) -> "PageState":
        """Give the same page with another status line."""
        return replace(self, state=state, saved_at=saved_at, zone=zone, way=way)


def fresh_state(revisions: Mapping[str, int], *, resolved: frozenset[str] = frozenset()) -> PageState:
    """Mark a page that is being opened."""
    return PageState(PageMark(secrets.token_hex(8)), revisions, resolved)


def read_mark(form: Fields) -> PageMark:
    """Read which window a save comes from; nothing that was sent is taken for more than it is."""
    page_id = form.get("page_id", "")
    return PageMark(page_id if re.fullmatch("[0-9a-f]{16}", page_id) else "", _number(form.get("serial", "")))


def opened_at(form: Fields, prompt_id: str) -> int:
    """Read which revision the page showed; 0, none yet, for anything that is no number."""
    return _number(form.get(REVISION + prompt_id, ""))


def resolves(form: Fields, prompt_id: str) -> bool:
    """Read whether the page showed both texts of a conflict."""
    return form.get(RESOLVED + prompt_id) == "yes"


def turned_to(form: Fields, page: int) -> int | None:
    """Number the page that the pressed button of a work page leads to; None leaves the pages for a pause."""
    if form["go"] == "pause":
        return None
    return page - 1 if form["go"] == "back" else page + 1


def typed_fields(form: Fields) -> dict[str, list[str]]:
    """Collect what a person typed and which revisions the page showed, without what belongs to the window."""
    return {name: form.getlist(name) for name in form if name not in MARKS}


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
