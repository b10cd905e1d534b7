"""What somebody answered alone, and how soon the therapist should speak with that person. Pure.

No score and no verdict: a form without any yes clears nobody, so every one of them is read (clinical specification 7.1).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from portal.errors import Conflict, Invalid
from portal.safety.questions import QUESTIONS
from portal.zones import both_instants, to_local

MOST_LETTERS = 1000  # of the free words about being contacted
MOST_LINE_LETTERS = 120
SAME_DAY = frozenset({"s1", "s2", "s5"})
TELLING_IF_UNSAID = frozenset({"s1", "s2", "s3", "s4", "s5"})
CONTACT = "s7"  # here "yes, it is safe" is the quiet answer, and anything else is not
WORKING_WEEK = frozenset(range(5))  # Monday to Friday
DAY = timedelta(days=1)
# Our choices, by the therapist's clock: when a day of work has begun and ended, and after what hour "today" becomes tomorrow
# morning; when both are asked again, so that no notice comes at night.
MORNING, EVENING, TOO_LATE_FOR_TODAY, ASKED_AGAIN_AT = time(9), time(17), time(15), time(10)
FEWEST_WEEKS, MOST_WEEKS = 4, 52


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


def due_on(urgency: Urgency, answered_on: date, working: frozenset[int] = WORKING_WEEK) -> date | None:
    """Say by which day to have spoken; None where nothing presses.

    `answered_on`: in the therapist's own time zone. `working`: Monday to Friday, and further weekdays on which the therapist
    works; never fewer, so that rare hours give nobody longer to wait. Time off does not put the day off either: then others
    are told sooner. Public holidays are not known here.
    """
    if urgency is Urgency.SAME_DAY:
        return answered_on
    if urgency is Urgency.READ:
        return None
    return next(
        day for day in (answered_on + DAY * ahead for ahead in range(1, 8)) if day.weekday() in working
    )


def late_at(
    urgency: Urgency, answered_at: datetime, zone: ZoneInfo, working: frozenset[int] = WORKING_WEEK
) -> datetime | None:
    """Say from when on an answer that nobody has looked at rises; None where nothing presses.

    At five of the day by which to have spoken; what presses the same day and came after three rises at nine the next day.
    """
    answered = to_local(answered_at, zone)
    due = due_on(urgency, answered.date(), working)
    if due is None:
        return None
    if urgency is Urgency.SAME_DAY and answered.time() > TOO_LATE_FOR_TODAY:
        return _at(due + DAY, MORNING, zone)
    return _at(due, EVENING, zone)


@dataclass(frozen=True, slots=True)
class Nudge:
    """One round of telling people of the practice. `told_on`: the day of it; each hears once a day at most."""

    told_on: date
    is_first: bool


def nudge_due(
    urgency: Urgency,
    answered_at: datetime,
    now: datetime,
    zone: ZoneInfo,
    working: frozenset[int] = WORKING_WEEK,
) -> Nudge | None:
    """Say whether people are to be told by now: when an answer rises, and again at nine of each day.

    What presses the same day does so at weekends too; the rest waits for days of work.
    """
    late = late_at(urgency, answered_at, zone, working)
    if late is None or now < late:
        return None
    first, today = to_local(late, zone).date(), to_local(now, zone).date()
    if today == first:
        return Nudge(today, is_first=True)
    is_working = urgency is Urgency.SAME_DAY or today.weekday() in working
    return Nudge(today, is_first=False) if is_working and now >= _at(today, MORNING, zone) else None


@dataclass(frozen=True, slots=True)
class Told:
    """Who hears that something was not looked at: the therapist, the others (cover or owners), or both."""

    therapist: bool
    others: bool


def who_is_told(nudge: Nudge, *, is_away: bool, has_others: bool) -> Told:
    """Let the therapist hear first, the others from the second day on; at once while the therapist is away.

    Time off is left in peace, unless there is nobody else: somebody has to look.
    """
    return Told(therapist=not (is_away and has_others), others=has_others and (is_away or not nudge.is_first))


def next_round_at(asked_at: datetime, weeks: int, zone: ZoneInfo) -> datetime:
    """Say when both are asked again: so many weeks later, at ten by the therapist's clock, the same for everybody."""
    return _at(to_local(asked_at, zone).date() + timedelta(weeks=weeks), ASKED_AGAIN_AT, zone)


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Give the first instant of a time of day; a day that a zone left out counts as the next one."""
    instants = both_instants(datetime.combine(day, clock), zone)
    return instants[0] if instants else _at(day + DAY, clock, zone)


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
