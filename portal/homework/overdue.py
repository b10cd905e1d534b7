"""What a task asks of its reader about the day it was wished for by: gently, and of nobody but that reader. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from portal.errors import Conflict
from portal.homework.rules import Course, Step

MOVES = (3, 7, 14)  # days from today; our choice: soon, a week, a fortnight


class NothingToMove(Conflict):
    """It has no day, or the day was moved once before."""


class NotAsked(Conflict):
    """The question what is to become of it is not before this person."""


class About(StrEnum):
    """What a page says of the day."""

    NOTHING = "nothing"
    WISH = "wish"  # the day is still to come
    SMALLER = "smaller"  # it has gone by: a small part is enough, and it may be moved once
    QUESTION = "question"  # it has gone by again: keep, change or drop?
    CHANGE = "change"  # to be spoken about
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Wish:
    """The day that was wished for, and what its reader made of it."""

    due_on: date | None
    moved_to: date | None = None
    course: Course = Course.AS_ASKED

    @property
    def day(self) -> date | None:
        """Give the day that holds at present."""
        return self.moved_to or self.due_on

    def about(self, today: date) -> About:
        """Say what its reader is told or asked; `today` by that reader's own clock."""
        if self.course in {Course.CHANGE, Course.DROPPED}:
            return About(self.course.value)
        if self.day is None or self.course is Course.KEPT:
            return About.NOTHING
        if self.day >= today:
            return About.WISH
        return About.SMALLER if self.moved_to is None else About.QUESTION

    def move(self, today: date, days: int) -> date:
        """Give the new day. Raises NothingToMove: there is none, or it was moved before."""
        if self.due_on is None or self.moved_to is not None or self.course is not Course.AS_ASKED:
            raise NothingToMove
        return today + timedelta(days=days)

    def settle(self, today: date, course: Course) -> Course:
        """Answer the question, or take up again what was put aside. Raises NotAsked."""
        is_asked = self.about(today) is About.QUESTION and course is not Course.AS_ASKED
        is_taken_up = self.course in {Course.CHANGE, Course.DROPPED} and course is Course.KEPT
        if not (is_asked or is_taken_up):
            raise NotAsked
        return course


@dataclass(frozen=True, slots=True)
class Done:
    """One part that had a day, as its therapist may see it. `finished_on`: by the person's own clock, None: not finished."""

    wish: Wish
    step: Step
    finished_on: date | None


@dataclass(frozen=True, slots=True)
class Pattern:
    """How one person's tasks with a day went: numbers for the therapist alone, never a judgement."""

    with_day: int = 0
    by_day: int = 0
    later: int = 0
    moved: int = 0
    to_speak_about: int = 0
    dropped: int = 0


def pattern_of(parts: Iterable[Done], today: date) -> Pattern:
    """Count one person's parts. A part whose day is still to come and that is not finished is not counted."""
    counted = [
        one
        for one in parts
        if one.wish.due_on is not None and (one.finished_on is not None or one.wish.due_on < today)
    ]
    return Pattern(
        with_day=len(counted),
        by_day=sum(_is_by_day(one) for one in counted),
        later=sum(one.finished_on is not None and not _is_by_day(one) for one in counted),
        moved=sum(one.wish.moved_to is not None for one in counted),
        to_speak_about=sum(one.wish.course is Course.CHANGE for one in counted),
        dropped=sum(one.wish.course is Course.DROPPED for one in counted),
    )


def _is_by_day(one: Done) -> bool:
    day = one.wish.due_on
    return one.finished_on is not None and day is not None and one.finished_on <= day
