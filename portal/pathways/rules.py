"""When the next step of a pathway is due. Pure: local time only in here, instants in and out.

Each rule counts from the moment the step before was given, so that a worker that comes late gives one step and not three.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from portal.errors import Conflict, Invalid

MOST_STEPS = 12
MOST_DAYS = 90
USUAL_HOUR = 9
WEEK = 7


class Delivery(StrEnum):
    """When a step is given."""

    AT_ONCE = "at_once"  # together with the one before
    AFTER_PREVIOUS = "after_previous"  # when the one before is finished
    AFTER_DAYS = "after_days"  # so many days after the one before was given
    WEEKDAY = "weekday"  # on the next such day of the week


class Standing(StrEnum):
    """What became of a pathway as a whole."""

    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"  # every step was given or skipped
    STOPPED = "stopped"


class Stuck(StrEnum):
    """Why a step that is due cannot be given. Its therapist is told; the couple sees nothing."""

    HELD = "held"  # a safety hold is on, and the task has a safety mark
    ASKED = "asked"  # the same task is with one of them already
    GONE = "gone"  # the library has it no longer


class NotRunning(Conflict):
    """The pathway is paused, finished or stopped."""


class NotPaused(Conflict):
    """Only what is paused can go on."""


class NothingToGive(Conflict):
    """No step is left, or this one was given or skipped before."""


class StepStuck(Conflict):
    """The step cannot be given at present; `reason` says why."""

    def __init__(self, reason: Stuck) -> None:
        super().__init__(reason.value)
        self.reason = reason


class WrongRule(Invalid):
    """A rule without the number that it needs, or with one out of range."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A delivery rule. `days`: 1 to 90; `weekday`: 0 Monday to 6 Sunday; `hour`: 0 to 23, by the pathway's own clock."""

    delivery: Delivery
    days: int | None = None
    weekday: int | None = None
    hour: int | None = None

    def __post_init__(self) -> None:
        """Raise WrongRule for numbers that say nothing."""
        if self.delivery is Delivery.AFTER_DAYS and not (self.days and 1 <= self.days <= MOST_DAYS):
            raise WrongRule("days")
        if self.delivery is Delivery.WEEKDAY and (self.weekday is None or not 0 <= self.weekday < WEEK):
            raise WrongRule("weekday")
        if self.hour is not None and not 0 <= self.hour < 24:  # noqa: PLR2004 - hours of a day
            raise WrongRule("hour")

    def due_at(self, since: datetime, zone: ZoneInfo) -> datetime | None:
        """Say when it is due, counted from `since` (UTC); None: that depends on the couple. Never before `since`.

        An hour that clocks skip is moved on by the jump; of one that they show twice it is the first.
        """
        if self.delivery is Delivery.AT_ONCE:
            return since
        if self.delivery is Delivery.AFTER_PREVIOUS:
            return None
        return next(moment for moment in self._moments(since, zone) if moment > since)

    def _moments(self, since: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Go through the moments that the rule names, from the day of `since` on."""
        hour = USUAL_HOUR if self.hour is None else self.hour
        day = since.astimezone(zone).date()
        if self.delivery is Delivery.AFTER_DAYS:
            ahead, every = self.days or 1, 1
        else:
            ahead, every = ((self.weekday or 0) - day.weekday()) % WEEK, WEEK
        while True:
            yield moment_of(datetime.combine(day + timedelta(days=ahead), time(hour)), zone)
            ahead += every


def moment_of(local: datetime, zone: ZoneInfo) -> datetime:
    """Give the instant of a time on the wall: the first of a doubled hour; a skipped one is moved on by the jump (PEP 495)."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)
