"""What somebody answered alone, and how soon the therapist should speak with that person. Pure.

No score and no verdict: a form without any yes clears nobody, so every one of them is read (clinical specification 7.1).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from portal.errors import Conflict, Invalid
from portal.safety.questions import QUESTIONS

MOST_LETTERS = 1000  # of the free words about being contacted
MOST_LINE_LETTERS = 120
SAME_DAY = frozenset({"s1", "s2", "s5"})
TELLING_IF_UNSAID = frozenset({"s1", "s2", "s3", "s4", "s5"})
CONTACT = "s7"  # here "yes, it is safe" is the quiet answer, and anything else is not
FRIDAY = 4


class OnlyTogether(Conflict):
    """The questions are asked of both persons at the same moment or of nobody."""


class AnswersBroken(Invalid):
    """Stored answers do not have the shape of answers."""


class Reply(StrEnum):
    """What can be said to a question."""

    YES = "yes"
    NO = "no"
    UNSAID = "unsaid"


class Way(StrEnum):
    """How somebody says that they may be reached; empty when they said nothing."""

    UNSAID = ""
    CALL = "call"
    TEXT = "text"
    EMAIL = "email"
    MEETING = "meeting"  # only when they meet, alone


class Urgency(StrEnum):
    """How soon the therapist should speak with the person alone, most urgent first."""

    SAME_DAY = "same_day"
    WORKING_DAY = "working_day"
    READ = "read"  # read and tick off, so that having something to read says nothing


@dataclass(frozen=True, slots=True)
class Contact:
    """How somebody can be reached safely: the way, the hours, a word by which both know who is there, free words."""

    way: Way = Way.UNSAID
    hours: str = ""
    safe_word: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything one person answered at one time. A question that is missing was left out."""

    replies: Mapping[str, Reply] = field(default_factory=dict)
    contact: Contact = field(default_factory=Contact)
    is_in_danger: bool = False

    def __post_init__(self) -> None:
        if self.replies.keys() - {question.id for question in QUESTIONS}:
            raise AnswersBroken("question")

    def said(self, question_id: str) -> Reply | None:
        """Give the reply to one question; None if it was left out."""
        return self.replies.get(question_id)


def urgency_of(answers: Answers) -> Urgency:
    """Say how soon to speak with the person (clinical specification 7.2; figures of our own, not validated).

    Beyond it, saying that contact is not safe, or leaving that open, counts as a reason to speak within a working day.
    """
    yes = {name for name, reply in answers.replies.items() if reply is Reply.YES}
    unsaid = {name for name, reply in answers.replies.items() if reply is Reply.UNSAID}
    if answers.is_in_danger or yes & SAME_DAY:
        return Urgency.SAME_DAY
    is_contact_unsafe = answers.said(CONTACT) in {Reply.NO, Reply.UNSAID}
    if yes - {CONTACT} or unsaid & TELLING_IF_UNSAID or is_contact_unsafe:
        return Urgency.WORKING_DAY
    return Urgency.READ


def due_on(urgency: Urgency, answered_on: date) -> date | None:
    """Say by which day to have spoken; None where nothing presses. Working days are Monday to Friday.

    `answered_on`: in the therapist's own time zone. Public holidays are not known here.
    """
    if urgency is Urgency.SAME_DAY:
        return answered_on
    if urgency is Urgency.READ:
        return None
    following = answered_on + timedelta(days=1)
    return following + timedelta(days=7 - following.weekday() if following.weekday() > FRIDAY else 0)


def answers_json(answers: Answers) -> str:
    """Write answers for storing."""
    return json.dumps(asdict(answers), ensure_ascii=False, sort_keys=True)


def answers_from_json(text: str) -> Answers:
    """Read stored answers, trusting nothing about them. Raises AnswersBroken."""
    try:
        values = json.loads(text)
        contact = values["contact"]
        return Answers(
            replies={str(name): Reply(reply) for name, reply in values["replies"].items()},
            contact=Contact(
                **{one.name: _text(contact[one.name]) for one in fields(Contact) if one.name != "way"},
                way=Way(contact["way"]),
            ),
            is_in_danger=values["is_in_danger"] is True,
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise AnswersBroken("shape") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
