"""What a couple may read of a meeting, and nothing else: the only thing that the summary's templates are ever given.

Notes and process notes have no field here. Whoever adds one adds it for both partners at once.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from hashlib import sha256
from typing import Any, Literal

from portal.assessments.map_view import Lane, MapView
from portal.documents.printable import printable

SHOWN_HASH_LENGTH = 12  # hex digits in the footer: enough to tell two printed versions apart
_QUOTES = "\"'“”„‟‘’‚«»‹›"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What one partner would like to remember, in the partner's own words. The side gives the mark: a circle, b diamond."""

    side: Literal["a", "b"]
    name: str
    words: str

    def __post_init__(self) -> None:
        """The page sets quotation marks of its own."""
        object.__setattr__(self, "words", _without_quotes(self.words))


@dataclass(frozen=True, slots=True)
class Quoted:
    """What somebody wrote in an exercise, word for word. The question may be empty."""

    question: str
    words: str

    def __post_init__(self) -> None:
        """The page sets quotation marks of its own."""
        object.__setattr__(self, "words", _without_quotes(self.words))


@dataclass(frozen=True, slots=True)
class Voice:
    """What one partner wrote alone and opened to the other."""

    side: Literal["a", "b"]
    name: str
    quotes: tuple[Quoted, ...]


@dataclass(frozen=True, slots=True)
class ShownMap:
    """The word bands of both. `day_line`: of when they are; `limits`: what they are not. Never without either."""

    drawn: MapView
    day_line: str
    limits: str


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """One agreement: what, who of the two (or both), and by when in words. Who and when may be empty."""

    what: str
    who: str
    by_when: str


@dataclass(frozen=True, slots=True)
class SummaryView:
    """One version of a summary as it stands on paper. Texts are plain and final (dates and times in words); empty means left out.

    `going_well`, `working_on`, `next_time`: one short sentence each. `language`: a BCP 47 tag. `audience_line`: for whom
    the paper is ("Prepared for both of you. Not a medical report."); the record of one person differs only there, in
    having one remembered box, and in quoting nothing. `voices`, `together`: from exercises, as `chosen` let them in.
    """

    practice_name: str
    therapist_line: str
    language: str
    paper: Literal["a4", "letter"]
    names: str
    session_number: int
    session_line: str
    focus: str
    going_well: tuple[str, ...]
    working_on: tuple[str, ...]
    remembered: tuple[Remembered, ...]
    agreements: tuple[AgreementLine, ...]
    next_time: tuple[str, ...]
    next_meeting: str
    contact_line: str
    help_notice: str
    version: int
    is_superseded: bool
    audience_line: str
    voices: tuple[Voice, ...] = ()
    together: tuple[Quoted, ...] = ()
    shown_map: ShownMap | None = None


def _without_quotes(words: str) -> str:
    """Take off quotation marks that were typed around the whole: two pairs look wrong."""
    words = words.strip()
    if words[:1] in _QUOTES and words[-1:] in _QUOTES:
        words = words[1:-1].strip() or words
    return words


# Exact types. Text that counts as markup, or that is translated only when it is shown, is not among them.
_ALLOWED = {
    SummaryView, Remembered, AgreementLine, Voice, Quoted, ShownMap, MapView, Lane, tuple, str, int, bool, type(None),
}  # fmt: skip


def content_hash(view: SummaryView) -> str:
    """Name a summary by what it says, so that the same version is stored once and a print can be told from its successor.

    64 hex digits (SHA-256 over JSON with sorted keys). It follows from clinical text: keep it where the text may be kept.
    """
    canonical = json.dumps(asdict(view), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def summary_html(view: SummaryView, render_template: Callable[..., str]) -> str:
    """Render the paper version; the one place that hands anything to its template (`render_template` is Flask's).

    Raises TypeError for anything but these exact types: a subclass could carry more, and marked-up text would not be escaped.
    """
    if type(view) is not SummaryView:
        raise TypeError(f"a {type(view).__name__} is no summary")
    _refuse_strangers(view)
    clean = _printable(view)
    shown_hash = content_hash(view)[:SHOWN_HASH_LENGTH]
    return render_template("pdf/summary.html", summary=clean, shown_hash=shown_hash)


def _refuse_strangers(part: object) -> None:
    if type(part) not in _ALLOWED:
        raise TypeError(f"no part of a summary is a {type(part).__name__}")
    for inner in _parts_of(part):
        _refuse_strangers(inner)


def _parts_of(value: object) -> Iterable[object]:
    if isinstance(value, tuple):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name) for field in fields(value)]
    return ()


def _printable(value: Any) -> Any:
    """Clean every text of a view, however deep."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, tuple):
        return tuple(map(_printable, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{field.name: _printable(getattr(value, field.name)) for field in fields(value)}
        )
    return value
