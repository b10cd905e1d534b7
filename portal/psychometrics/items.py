"""What an answer may be, and the few conventions that every score follows. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import floor

from portal.errors import Invalid

MOST_IDS_NAMED = 60  # more than any questionnaire has: an error never grows with the input


class Absent(StrEnum):
    """Why there is no number. Kept apart for the therapist; the same nothing for every score and for the partner."""

    DOES_NOT_APPLY = "does_not_apply"
    NOT_ANSWERED = "not_answered"
    NOT_SURE_YET = "not_sure_yet"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"


Answer = int | Absent
Answers = Mapping[str, Answer]  # one per item, by item id


class Status(StrEnum):
    """How much of a scale was answered."""

    COMPLETE = "complete"
    INSUFFICIENT = "insufficient"
    PRORATED = "prorated"


class Flag(StrEnum):
    """What a reader of a result must know beside its number."""

    PROVISIONAL = "provisional"  # prorated: its band is provisional, and it enters no reliable-change label
    STRAIGHT_LINE = "straight_line"  # bands are hidden
    WATCHED_ITEM = (
        "watched_item"  # an answer that somebody must look at, whatever the total (PHQ-9: item 9 above 0)
    )


class AnswersRefused(Invalid):
    """Some answers are none. Names the items only: known ids, and how many keys belong to no item."""

    def __init__(self, item_ids: Iterable[str], unknown: int = 0) -> None:
        self.item_ids = tuple(sorted(item_ids))[:MOST_IDS_NAMED]
        self.unknown = unknown
        super().__init__(f"items: {', '.join(self.item_ids) or 'none'}; unknown: {unknown}")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to answer with a whole number from `lowest` to `highest`."""

    id: str
    lowest: int = 1
    highest: int = 5
    is_reversed: bool = False
    allows_not_sure_yet: bool = False


def check_answer(item: Item, value: object) -> Answer:
    """Accept one answer as it stands, for autosave: never clamped, never rounded.

    A number is an `int` of the item's range (no boolean, no fraction, no text); an absence is one of the codes of
    `Absent`, also as text. Raises AnswersRefused.
    """
    if type(value) is int and item.lowest <= value <= item.highest:
        return value
    if isinstance(value, str) and value in set(Absent):
        absent = Absent(value)
        if absent is not Absent.NOT_SURE_YET or item.allows_not_sure_yet:
            return absent
    raise AnswersRefused([item.id])


def check_answers(items: Iterable[Item], raw: Mapping[str, object]) -> dict[str, Answer]:
    """Accept a whole sitting: exactly one answer or absence per item. Raises AnswersRefused with all that is wrong."""
    by_id = {item.id: item for item in items}
    accepted: dict[str, Answer] = {}
    refused = set(by_id) - set(raw)
    for item_id in set(by_id) & set(raw):
        try:
            accepted[item_id] = check_answer(by_id[item_id], raw[item_id])
        except AnswersRefused:
            refused.add(item_id)
    unknown = len(set(raw) - set(by_id))
    if refused or unknown:
        raise AnswersRefused(refused, unknown)
    return {item_id: accepted[item_id] for item_id in by_id}


def answers_of(items: Iterable[Item], rows: Mapping[str, str]) -> dict[str, Answer]:
    """Read a sitting from its rows (JSON by item id); other rows do not count, an item without one was not answered.

    Raises AnswersRefused when a row holds no answer to its item.
    """
    return {
        item.id: check_answer(item, json.loads(rows[item.id])) if rows.get(item.id) else Absent.NOT_ANSWERED
        for item in items
    }


def number_of(answers: Answers, item: Item) -> int | None:
    """The raw number given to an item, or None for whatever reason there is none."""
    answer = answers.get(item.id, Absent.NOT_ANSWERED)
    return None if isinstance(answer, Absent) else answer


def keyed(item: Item, value: int) -> int:
    """Turn a raw answer so that more always means more of what the scale is named for."""
    return item.lowest + item.highest - value if item.is_reversed else value


def keyed_number_of(answers: Answers, item: Item) -> int | None:
    """The keyed number given to an item, or None."""
    value = number_of(answers, item)
    return None if value is None else keyed(item, value)


def round_half_up(value: Fraction | float) -> int:
    """Round to the nearest whole number, halves upwards (59.5 is 60, 14.5 is 15), as printed scoring keys do.

    Python's own rounding takes halves to the even neighbour and would put 14.5 into the band below.
    """
    return floor(Fraction(value) + Fraction(1, 2))


def status_of(*, answered: int, asked: int, least: int) -> Status:
    """Say whether enough was answered for a number: none below `least`, prorated below `asked`."""
    if answered < least or not answered:
        return Status.INSUFFICIENT
    return Status.COMPLETE if answered == asked else Status.PRORATED
