"""What a calendar elsewhere may be, and what is made of it. Pure.

Numbers are those of the security requirements, section 5, row "ICS import".
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from portal.diary.rules import Interval
from portal.errors import Conflict

MOST_BYTES = 1024 * 1024
MOST_EVENTS = 2_000
HORIZON = timedelta(days=400)
LOOK_BACK = timedelta(days=30)
FETCH_SECONDS = 5.0
READ_EVERY = timedelta(minutes=10)
WRITE_EVERY = timedelta(minutes=1)
MOST_CALENDARS = 5  # of one therapist; each is asked every ten minutes


class OutsideKind(StrEnum):
    """How a calendar elsewhere is reached."""

    ICS = "ics"
    CALDAV = "caldav"


class OutsideState(StrEnum):
    """Whether it could be read last time."""

    NEW = "new"
    ACTIVE = "active"
    FAILING = "failing"


class FoundChange(StrEnum):
    """What was found elsewhere that does not fit our diary."""

    DELETED = "deleted"  # an entry of ours is gone
    MOVED = "moved"  # an entry of ours lies at another time
    OVERLAPPED = "overlapped"  # something else takes the same time; kept with its answer only


class QuestionAnswer(StrEnum):
    """What the therapist made of it."""

    KEPT = "kept"
    FOLLOWED = "followed"


class Failure(StrEnum):
    """Why a calendar could not be read or written: the only words about it that are kept or shown."""

    ADDRESS = "address"  # not an address that may be asked
    PRIVATE = "private"  # leads into a network that is not the internet
    UNREACHABLE = "unreachable"
    SLOW = "slow"
    MOVED = "moved"  # answers with another address
    REFUSED = "refused"  # wants another name or password
    MISSING = "missing"
    ERROR = "error"  # the server has trouble of its own
    LARGE = "large"
    NO_CALENDAR = "no_calendar"
    BROKEN = "broken"  # a calendar, but one that contradicts itself
    MANY = "many"  # too many events
    ENDLESS = "endless"  # repeats that nobody could work out
    READ_ONLY = "read_only"

    @property
    def passes(self) -> bool:
        """Tell whether it may be over in a moment, so that trying again makes sense."""
        return self in {Failure.UNREACHABLE, Failure.SLOW, Failure.ERROR}


class CalendarRefused(Exception):
    """A calendar elsewhere cannot be used. Carries a word of the list, never what a server said."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


class TooManyCalendars(Conflict):
    """The therapist has connected as many as are read."""


class AlreadyDecided(Conflict):
    """The question was answered, or has gone away by itself."""


class OwnTime(NamedTuple):
    """Where an entry of ours lies in a calendar elsewhere."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """What a calendar elsewhere says. `busy`: sorted, none overlaps another. `own`: by the UID of our entries."""

    busy: tuple[Interval, ...] = ()
    own: dict[str, OwnTime] = field(default_factory=dict)


def joined(intervals: list[Interval]) -> tuple[Interval, ...]:
    """Sort busy times and join those that touch: nobody needs to know how a day elsewhere is divided."""
    found: list[Interval] = []
    for one in sorted(intervals):
        if found and one.start <= found[-1].end:
            found[-1] = Interval(found[-1].start, max(found[-1].end, one.end))
        else:
            found.append(one)
    return tuple(found)
