"""When somebody on the waitlist has time, how long an offered time is kept, and when a reminder is due. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.errors import Conflict
from portal.zones import parse_zone, to_local

KEPT = timedelta(
    hours=4
)  # our choice: enough to see a mail on a working day, and the next person waits meanwhile
LEAST_KEPT = timedelta(minutes=30)  # our choice: less is no offer
DAY_BEGINS, DAY_ENDS = 8, 20  # our choice: nobody loses a time while asleep (hours of the person's own clock)
NOON, EVENING = 12, 17  # the hours at which afternoon and evening begin, as the form says
MORNING_PART, AFTERNOON_PART, EVENING_PART = 1, 2, 4
ALL_WEEKDAYS, ALL_PARTS = 0b1111111, 0b111
MOST_OPEN_OFFERS = 3  # of one therapist at a time (our choice): the list never empties a diary
MOST_UNANSWERED = 3  # our choice: who let so many offers run out is asked no more


class OfferOver(Conflict):
    """The time that was kept for somebody of the waitlist is no longer kept."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """On which weekdays (bit 0 is Monday) and in which parts of the day (1, 2, 4) a person has time, by the own clock."""

    weekdays: int
    parts: int
    zone: str

    def suit(self, start: datetime) -> bool:
        """Tell whether a time that begins then suits."""
        local = to_local(start, parse_zone(self.zone))
        return bool(self.weekdays >> local.weekday() & 1) and bool(self.parts & part_of_day(local.hour))


def part_of_day(hour: int) -> int:
    """Give the part of the day that an hour of the clock belongs to."""
    if hour < NOON:
        return MORNING_PART
    return AFTERNOON_PART if hour < EVENING else EVENING_PART


def kept_until(starts_at: datetime, *, notice_minutes: int, now: datetime) -> datetime | None:
    """Say until when a time is kept for the person whom it is offered to: four hours, but never past its notice.

    None: too little of that is left for an answer.
    """
    until = min(now + KEPT, starts_at - timedelta(minutes=notice_minutes))
    return until if until - now >= LEAST_KEPT else None


def may_ask_now(zone: str, now: datetime) -> bool:
    """Tell whether it is day where the person is."""
    return DAY_BEGINS <= to_local(now, parse_zone(zone)).hour < DAY_ENDS
