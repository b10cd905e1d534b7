"""What a summary may hold, what a meeting is, and what was faster. Pure."""

import hmac
import json
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from portal.assessments.joint import JointDomain, JointPage, Zone, only_joint
from portal.assessments.readiness import Band
from portal.errors import Conflict, Invalid

LINE_LETTERS = 300  # hard limit of one line, so that a page of two stays a page of two (PDF-03)
LINE_WORDS = 18  # advice for one line, clinical specification 6.3
MOST_LINES = 3
MOST_AGREEMENTS = 5
MOST_NEXT = 5
MOST_CHOSEN = 4
CHOSEN_LETTERS = 800  # of one line from an exercise: its longest field; four of them fit a page
NOTE_LETTERS = 100_000
_PARTS = ("strengths", "worth_exploring", "others", "not_discussed")  # of a joint page, in its order
LONGEST_MINUTES = 8 * 60
OLDEST = timedelta(days=10 * 366)  # an older date is a slip of the keyboard


class StillToCome(Invalid):
    """A meeting is recorded after it began."""


class TooLongAgo(Invalid):
    """Nobody records a meeting of ten years ago."""


class NobodyThere(Invalid):
    """The person named as seen alone is not one of the couple."""


class AlreadyRecorded(Conflict):
    """The couple has a meeting that began at this very time."""


class SavedElsewhere(Conflict):
    """The text has another revision than the one that was opened: it was saved in another window meanwhile."""


class AlreadySigned(Conflict):
    """A signed note cannot change."""


class NothingToSign(Conflict):
    """There is no saved text yet."""


class NothingToRelease(Conflict):
    """There is no draft, or its first line is missing."""


class NobodyToRead(Conflict):
    """Nobody of the couple may receive anything any more."""


class LineNotAllowed(Conflict):
    """A line or map from their homework that is not, or no longer, both theirs to read as it stands. Names no words."""


class ContentBroken(Invalid):
    """Stored or submitted content does not have the shape or the limits of a summary."""


class Whom(StrEnum):
    """Who of the two agreed to do something."""

    A = "a"
    B = "b"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Agreement:
    """One thing agreed: what, who, and by which day (in the calendar of both)."""

    what: str
    who: Whom
    by_on: date | None


@dataclass(frozen=True, slots=True)
class ChosenLine:
    """A line from an exercise as it was when it was chosen; made in `portal.meetings.chosen` alone. `side`: whose, or both."""

    source_id: UUID
    side: Whom
    question: str
    words: str


@dataclass(frozen=True, slots=True)
class ChosenMap:
    """The word bands of one opened Readiness Test as they were when chosen; made in `portal.meetings.bands` alone.

    `opened_at`: UTC. `page` holds bands only. Raises TypeError for any other page, ContentBroken for single answers.
    """

    assignment_id: UUID
    opened_at: datetime
    page: JointPage

    def __post_init__(self) -> None:
        only_joint(self.page)
        if self.page.items or self.page.preferences:
            raise ContentBroken("single answers")


@dataclass(frozen=True, slots=True)
class SummaryContent:
    """What a therapist writes for the couple. Plain texts, each at most `LINE_LETTERS` long, and what is quoted to them.

    `remember_a`, `remember_b`: one line in each partner's own words. `next_meeting_at`: UTC.
    Raises ContentBroken for anything over the limits.
    """

    focus: str = ""
    going_well: tuple[str, ...] = ()
    working_on: tuple[str, ...] = ()
    remember_a: str = ""
    remember_b: str = ""
    agreements: tuple[Agreement, ...] = ()
    next_time: tuple[str, ...] = ()
    next_meeting_at: datetime | None = None
    chosen: tuple[ChosenLine, ...] = ()
    chosen_map: ChosenMap | None = None

    def __post_init__(self) -> None:
        most = {
            "going_well": MOST_LINES,
            "working_on": MOST_LINES,
            "next_time": MOST_NEXT,
            "chosen": MOST_CHOSEN,
        }
        if any(len(getattr(self, name)) > number for name, number in most.items()):
            raise ContentBroken("lines")
        if len(self.agreements) > MOST_AGREEMENTS:
            raise ContentBroken("agreements")
        if any(len(text) > LINE_LETTERS for text in self.texts()):
            raise ContentBroken("length")
        if any(len(one.words) > CHOSEN_LETTERS for one in self.chosen):
            raise ContentBroken("chosen")
        if self.next_meeting_at is not None and self.next_meeting_at.tzinfo is None:
            raise ContentBroken("next_meeting_at")

    def texts(self) -> list[str]:
        """List every text that the therapist wrote."""
        agreed = [agreement.what for agreement in self.agreements]
        lines = [*self.going_well, *self.working_on, *self.next_time]
        return [self.focus, *lines, self.remember_a, self.remember_b, *agreed]


def content_json(content: SummaryContent) -> str:
    """Write a summary's content for storing."""
    values = asdict(content)
    values["next_meeting_at"] = content.next_meeting_at and content.next_meeting_at.isoformat()
    values["agreements"] = [
        {"what": one.what, "who": one.who.value, "by_on": one.by_on and one.by_on.isoformat()}
        for one in content.agreements
    ]
    values["chosen"] = [
        {
            "source_id": str(one.source_id),
            "side": one.side.value,
            "question": one.question,
            "words": one.words,
        }
        for one in content.chosen
    ]
    values["chosen_map"] = content.chosen_map and _map_values(content.chosen_map)
    return json.dumps(values, ensure_ascii=False, sort_keys=True)


def _map_values(shown: ChosenMap) -> dict[str, Any]:
    return {
        "assignment_id": str(shown.assignment_id),
        "opened_at": shown.opened_at.isoformat(),
        "page": {
            part: [[one.domain_id, one.zone.value, one.a, one.b] for one in getattr(shown.page, part)]
            for part in _PARTS
        },
    }


def content_from_json(text: str) -> SummaryContent:
    """Read stored content, trusting nothing about it. An empty text is an empty summary.

    Raises:
        ContentBroken: unknown fields, other types, or over the limits.
    """
    if not text:
        return SummaryContent()
    try:
        values = json.loads(text)
        if not isinstance(values, dict) or values.keys() - {field.name for field in fields(SummaryContent)}:
            raise ContentBroken("fields")
        return SummaryContent(**{name: _read(name, value) for name, value in values.items()})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ContentBroken("shape") from error


def _read(name: str, value: Any) -> Any:
    if name == "agreements":
        return tuple(_read_agreement(one) for one in _list(value))
    if name == "next_meeting_at":
        return None if value is None else datetime.fromisoformat(value)
    if name == "chosen":
        return tuple(_read_chosen(one) for one in _list(value))
    if name == "chosen_map":
        return None if value is None else _read_map(value)
    if name in {"going_well", "working_on", "next_time"}:
        return tuple(_text(line) for line in _list(value))
    return _text(value)


def _read_agreement(values: dict[str, Any]) -> Agreement:
    by_on = values["by_on"]
    return Agreement(_text(values["what"]), Whom(values["who"]), date.fromisoformat(by_on) if by_on else None)


def _read_chosen(values: dict[str, Any]) -> ChosenLine:
    side, texts = Whom(values["side"]), (_text(values["question"]), _text(values["words"]))
    return ChosenLine(UUID(values["source_id"]), side, *texts)


def _read_map(values: dict[str, Any]) -> ChosenMap:
    strengths, exploring, others, silent = (
        tuple(map(_read_domain, _list(values["page"][part]))) for part in _PARTS
    )
    opened_at = datetime.fromisoformat(values["opened_at"])
    page = JointPage(strengths, exploring, others, silent, preferences=(), items=())
    return ChosenMap(UUID(values["assignment_id"]), opened_at, page)


def _read_domain(values: list[Any]) -> JointDomain:
    domain_id, zone, a, b = values
    return JointDomain(_text(domain_id), Zone(zone), Band(a) if a else None, Band(b) if b else None)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def long_lines(content: SummaryContent) -> list[str]:
    """List the lines that would read better shorter: advice, never a refusal."""
    lines = [*content.going_well, *content.working_on, *content.next_time]
    return [line for line in lines if len(line.split()) > LINE_WORDS]


def check_time(starts_at: datetime, now: datetime) -> None:
    """Let only meetings be recorded that have begun. Raises StillToCome or TooLongAgo."""
    if starts_at > now:
        raise StillToCome
    if starts_at < now - OLDEST:
        raise TooLongAgo


def note_signature(key: bytes, *, facts: tuple[str, ...], sealed: bytes) -> bytes:
    """Bind a note's sealed text to who signed it when (HMAC-SHA256, 32 bytes); no separator can occur in a fact."""
    return hmac.digest(key, b"note\x1e" + "\x1f".join(facts).encode() + b"\x1e" + sealed, "sha256")
