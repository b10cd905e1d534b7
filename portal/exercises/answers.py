"""Reading what a form says of one field, and whether an answer is whole. Pure.

Nothing is clamped and nothing foreign is taken: what cannot be an answer is refused with its flaw, and never stored.
An answer that is not whole yet may be stored; it only stops the finishing.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portal.exercises.definition import DEFAULT_LENGTH, LINE_LENGTH, RANGES, TEXTS, FieldType
from portal.exercises.questions import Question, lines_in
from portal.web.letters import is_forbidden

REPLIES = ("yes", "no", "unsure")


class Flaw(StrEnum):
    """Why something is no answer, or not a whole one."""

    TOO_LONG = "too_long"
    TOO_MANY_LINES = "too_many_lines"
    LINE_TOO_LONG = "line_too_long"
    FORBIDDEN_LETTERS = "forbidden_letters"
    NOT_OFFERED = "not_offered"
    TWICE = "twice"
    TOO_MANY = "too_many"
    NO_DATE = "no_date"
    TOO_FEW = "too_few"
    GAP = "gap"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Given:
    """What was read: a value for JSON, None for nothing, or a flaw with the number that it is about."""

    value: str | int | list[str] | None = None
    flaw: Flaw | None = None
    number: int = 0


def read_answer(question: Question, sent: Sequence[str]) -> Given:
    """Read the values that a form sent under the name of a field, in their order."""
    kind = question.prompt.type
    if kind is FieldType.CHOOSE_MANY:
        return _read_choices(question, sent)
    if kind is FieldType.RANKING:
        return _read_ranking(question, sent)
    if len(sent) > 1:
        return Given(flaw=Flaw.NOT_OFFERED)
    text = sent[0] if sent else ""
    if kind in TEXTS:
        return _read_text(question, text)
    return _read_one(question, text) if text else Given()


def shortfall(question: Question, value: object) -> Given | None:
    """Tell what keeps a stored answer from being whole: required and not there, too few, or no longer what is offered."""
    prompt = question.prompt
    if value is None:
        return Given(flaw=Flaw.MISSING) if prompt.is_required else None
    again = read_answer(question, sent_of(value))
    if again.flaw is not None:
        return again
    if not isinstance(value, list):
        return None
    if prompt.type is FieldType.RANKING:
        if "" in value:
            return Given(flaw=Flaw.GAP)
        least = question.places if prompt.is_required else 0
    else:
        least = min(prompt.least, len(question.options))
    return Given(flaw=Flaw.TOO_FEW, number=least) if len(value) < least else None


def sent_of(value: object) -> list[str]:
    """Give what a form would send for a stored answer; the opposite of reading."""
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def stored(given: Given) -> str:
    """Put an answer into the JSON of its row; empty for no answer."""
    return "" if given.value is None else json.dumps(given.value, ensure_ascii=False)


def decoded(text: str) -> object:
    """Read an answer from its row; None for none."""
    return json.loads(text) if text else None


def most_characters(question: Question) -> int:
    """Tell how long a text may be."""
    return question.prompt.most or DEFAULT_LENGTH[question.prompt.type]


def _read_text(question: Question, text: str) -> Given:
    has_lines = question.prompt.type is FieldType.LONG_TEXT
    text = text.replace("\r\n", "\n")
    if len(text) > most_characters(question):
        return Given(flaw=Flaw.TOO_LONG, number=most_characters(question))
    if any(is_forbidden(letter, lines=has_lines) for letter in text):
        return Given(flaw=Flaw.FORBIDDEN_LETTERS)
    if question.prompt.lines:
        lines = lines_in(text)
        if len(lines) > question.prompt.lines:
            return Given(flaw=Flaw.TOO_MANY_LINES, number=question.prompt.lines)
        if any(len(line) > LINE_LENGTH for line in lines):
            return Given(flaw=Flaw.LINE_TOO_LONG, number=LINE_LENGTH)
    return Given(text) if text.strip() else Given()


def _read_one(question: Question, text: str) -> Given:
    kind = question.prompt.type
    if kind is FieldType.DATE:
        return _read_date(text)
    if kind in RANGES:
        low, high = RANGES[kind]
        numbers = {str(number): number for number in range(low, high + 1)}
        return Given(numbers[text]) if text in numbers else Given(flaw=Flaw.NOT_OFFERED)
    offered = REPLIES if kind is FieldType.YES_NO_UNSURE else _slugs(question)
    return Given(text) if text in offered else Given(flaw=Flaw.NOT_OFFERED)


def _read_date(text: str) -> Given:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is None:
        return Given(flaw=Flaw.NO_DATE)
    try:
        return Given(date.fromisoformat(text).isoformat())
    except ValueError:
        return Given(flaw=Flaw.NO_DATE)


def _read_choices(question: Question, sent: Sequence[str]) -> Given:
    chosen = {one for one in sent if one}
    if chosen - set(_slugs(question)):
        return Given(flaw=Flaw.NOT_OFFERED)
    most = question.prompt.most
    if most and len(chosen) > most:
        return Given(flaw=Flaw.TOO_MANY, number=most)
    return Given([slug for slug in _slugs(question) if slug in chosen] or None)


def _read_ranking(question: Question, sent: Sequence[str]) -> Given:
    """Read one value a place, best first; an empty one is a place left open."""
    placed = [one for one in sent if one]
    if set(placed) - set(_slugs(question)):
        return Given(flaw=Flaw.NOT_OFFERED)
    if len(sent) > question.places:
        return Given(flaw=Flaw.TOO_MANY, number=question.places)
    if len(placed) > len(set(placed)):
        return Given(flaw=Flaw.TWICE)
    order = list(sent)
    while order and not order[-1]:
        order.pop()
    return Given(order or None)


def _slugs(question: Question) -> list[str]:
    return [option.slug for option in question.options]
