"""When a repeated questionnaire is due, and what may be decided about one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from portal.errors import Conflict, Invalid

MOST_WEEKS = 52
REMINDED_AFTER = timedelta(days=3)  # our choice: one neutral notice, no more


class NoWording(Conflict):
    """The practice has no words for this questionnaire, so it cannot be given."""


class WordingOlder(Conflict):
    """The words were replaced or taken out of use meanwhile."""


class ScheduleRefused(Invalid):
    """A rhythm that cannot be: days in the wrong order, or weeks out of reach."""


class Outcome(StrEnum):
    """What became of one due day of a schedule."""

    GIVEN = "given"
    STILL_OPEN = "still_open"  # the one before is with them yet
    PAUSED = "paused"  # the couple or the schedule rested
    NO_WORDING = "no_wording"
    PASSED = "passed"  # the portal did not run that day, and a later day has come


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Every so many weeks from a day on, perhaps until a day (which may be one of them)."""

    starts_on: date
    every_weeks: int
    until_on: date | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.every_weeks <= MOST_WEEKS or (
            self.until_on is not None and self.until_on < self.starts_on
        ):
            raise ScheduleRefused("rhythm")

    def first_from(self, day: date) -> date | None:
        """Give the first due day on or after `day`; None once the rhythm has ended."""
        step = 7 * self.every_weeks
        behind = max(0, (day - self.starts_on).days)
        due = self.starts_on + timedelta(days=-(-behind // step) * step)
        return due if self.until_on is None or due <= self.until_on else None

    def due_through(self, first: date, today: date) -> Sequence[date]:
        """List the due days from `first` up to today, the oldest first: more than one after a standstill."""
        days: list[date] = []
        due = self.first_from(first)
        while due is not None and due <= today:
            days.append(due)
            due = self.first_from(due + timedelta(days=1))
        return days
