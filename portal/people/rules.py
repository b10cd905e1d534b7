"""How a person may be reached safely, and when. Pure.

A card that was never filled in means: by mail, at any time. What a card says binds every message that the portal sends.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from portal.errors import Invalid
from portal.zones import TimeOutOfRange, offset_spans

MOST_RANGES = 3
MOST_LINE_LETTERS = 120
MOST_LETTERS = 1000
DAY = timedelta(days=1)
# A weekly time comes again within eight days, unless that one falls into a night on which clocks are put forward, or on
# a day that the zone left out altogether (Apia, Friday 30 December 2011): then a week later.
LOOKED_AHEAD = timedelta(days=16)
OLD_AFTER = timedelta(days=365)


class CardBroken(Invalid):
    """A stored card does not have the shape of one."""


class Channel(StrEnum):
    """How a person may be reached. By a call, the therapist does so; the portal itself never calls."""

    EMAIL = "email"
    TEXT = "text"
    CALL = "call"
    PORTAL_ONLY = "portal_only"


class Voicemail(StrEnum):
    """Whether words may be left on a machine; empty when the person said nothing, which counts as no."""

    UNSAID = ""
    YES = "yes"
    NO = "no"


WRITTEN = frozenset({Channel.EMAIL, Channel.TEXT})  # what the portal can do by itself


@dataclass(frozen=True, slots=True)
class SafeRange:
    """Weekdays (0 is Monday) and a time of each, by the person's own clock. An end at 00:00 is midnight."""

    days: tuple[int, ...]
    starts: time
    ends: time

    def __post_init__(self) -> None:
        is_known = all(day in range(7) for day in self.days)
        if not self.days or not is_known or not ends_after_start(self.starts, self.ends):
            raise CardBroken("range")


@dataclass(frozen=True, slots=True)
class Card:
    """How one person wants to be reached. No ranges: at any time. `code_word`: by which both know who is there."""

    channel: Channel = Channel.EMAIL
    ranges: tuple[SafeRange, ...] = ()
    voicemail: Voicemail = Voicemail.UNSAID
    code_word: str = ""
    words: str = ""

    @property
    def is_written_to(self) -> bool:
        """Tell whether anything may leave the portal by itself."""
        return self.channel in WRITTEN


def ends_after_start(starts: time, ends: time) -> bool:
    """Tell whether a time of day ends after it begins; an end at 00:00 is midnight."""
    return ends == time(0) or starts < ends


def next_safe_moment(ranges: Sequence[SafeRange], zone: ZoneInfo, now: datetime) -> datetime | None:
    """Give the first instant from `now` on at which the clocks of `zone` show a safe time; `now` itself if they do.

    Without ranges every time is safe. None: there is no such instant within sixteen days, or the years have run out. An
    hour that is skipped is never safe, one that is shown twice is so twice.
    """
    if not ranges:
        return now
    try:
        spans = offset_spans(zone, now, now + LOOKED_AHEAD)
    except (TimeOutOfRange, OverflowError):
        return None
    starts = (start for span in spans for start in _starts_in(ranges, span.start, span.end, span.offset))
    return next(starts, None)


def _starts_in(
    ranges: Sequence[SafeRange], start: datetime, end: datetime, offset: timedelta
) -> Iterable[datetime]:
    """Give, in order, where safe times begin in a stretch through which the clocks keep one offset."""
    local_start = (start + offset).replace(tzinfo=None)
    days = [local_start.date() + DAY * number for number in range((end - start) // DAY + 2)]
    for day in days:
        begins = [
            max(datetime.combine(day, one.starts), local_start)
            for one in ranges
            if day.weekday() in one.days and _end_of(day, one) > local_start
        ]
        for begin in sorted(begins)[:1]:
            instant = (begin - offset).replace(tzinfo=UTC)
            if instant < end:
                yield instant


def _end_of(day: date, one: SafeRange) -> datetime:
    return datetime.combine(day, one.ends) + (DAY if one.ends == time(0) else timedelta())


def is_old(changed_at: datetime, now: datetime) -> bool:
    """Tell whether a card was last looked at more than a year ago."""
    return now - changed_at > OLD_AFTER


def card_json(card: Card) -> str:
    """Write a card for storing."""
    content = asdict(card)
    content["ranges"] = [
        {"days": list(one.days), "starts": f"{one.starts:%H:%M}", "ends": f"{one.ends:%H:%M}"}
        for one in card.ranges
    ]
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


def card_from_json(text: str) -> Card:
    """Read a stored card, trusting nothing about it. Raises CardBroken."""
    try:
        values = json.loads(text)
        return Card(
            channel=Channel(values["channel"]),
            ranges=tuple(_range(one) for one in values["ranges"]),
            voicemail=Voicemail(values["voicemail"]),
            code_word=_text(values["code_word"]),
            words=_text(values["words"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CardBroken("shape") from error


def _range(value: Any) -> SafeRange:
    days = tuple(int(day) for day in value["days"])
    return SafeRange(days, time.fromisoformat(value["starts"]), time.fromisoformat(value["ends"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
