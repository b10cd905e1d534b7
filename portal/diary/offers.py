"""What one therapist offers to visitors, loaded once and asked several times. Pure, like the rules that it asks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.diary.days import Emptiness, days_of_slots, reasons_for_empty_days
from portal.diary.rules import (
    Availability,
    Cap,
    ConsultationType,
    Cover,
    Interval,
    Slot,
    TimeAway,
    free_slots,
    host_slot,
    nearest_slots,
    slot_at,
)
from portal.zones import to_local

A_DAY = timedelta(days=1)
TITLES = frozenset({"Dr", "Prof", "Mr", "Mrs", "Ms", "Mx", "Sir", "Dame", "Rev"})


def short_name(name: str) -> str:
    """Say a public name as one would on the phone: "Jane" for "Jane Parker", but all of "Dr. Jane Parker"."""
    first = name.partition(" ")[0]
    return name if first.endswith(".") or first in TITLES else first


@dataclass(frozen=True, slots=True)
class Venue:
    """Where a consultation would take place. `zone`: of a room; its times are always shown there."""

    id: UUID
    is_online: bool
    name: str
    address: str
    zone: ZoneInfo | None


class Absence(NamedTuple):
    """What readers are told while the therapist is away: until when, whom to turn to, and the next free time."""

    return_on: date | None
    cover: Cover | None
    next_slot: Slot | None


@dataclass(frozen=True, slots=True)
class Offer:
    """Everything that decides which times are free. `therapist_id` is the therapist's person id.

    `zone`: the clocks by which the offer is read: those of the place where it has its own, else the therapist's.
    `place`: None as long as the therapist has entered no place for this type.
    """

    therapist_id: UUID
    therapist_name: str
    zone: ZoneInfo
    type_id: UUID
    type_name: str
    place: Venue | None
    is_instant: bool
    kind: ConsultationType
    availability: Sequence[Availability]
    away: Sequence[TimeAway]
    occupied: Sequence[Interval]
    cap: Cap | None = None

    @property
    def contact_name(self) -> str:
        """Say the name as pages do in running text."""
        return short_name(self.therapist_name)

    def free(self, now: datetime) -> list[Slot]:
        """List all that can be booked now, sorted; cost as `free_slots`."""
        return free_slots(
            availability=self.availability, occupied=self.occupied, away=self.away, kind=self.kind, now=now, cap=self.cap,
            first_day=to_local(now, self.zone).date() - A_DAY, days=self.kind.horizon_days + 4,
        )  # fmt: skip

    def slot(self, start: datetime, now: datetime) -> Slot:
        """Find the slot that starts then. Raises SlotTaken, SlotNotOffered."""
        return slot_at(
            start, availability=self.availability, occupied=self.occupied, away=self.away, kind=self.kind, now=now,
            cap=self.cap,
        )  # fmt: skip

    def host_slot(self, start: datetime) -> Slot:
        """Give the therapist any time that is not occupied, as far as the offer was loaded. Raises SlotTaken."""
        return host_slot(start, occupied=self.occupied, kind=self.kind)

    def absence(self, now: datetime) -> Absence | None:
        """Say what readers need to know if the therapist is away at this moment; None: is here."""
        off = next((off for off in self.away if off.interval.start <= now < off.interval.end), None)
        if off is None:
            return None
        return Absence(off.return_on, off.cover, next(iter(self.free(now)), None))

    def near(self, start: datetime, now: datetime) -> list[Slot]:
        """Choose the three free slots that are closest to one that is gone."""
        return nearest_slots(start, self.free(now))

    def next_by_day(self, now: datetime, count: int) -> list[Slot]:
        """Choose the next free times so that they differ: the first of each day, then the earliest of the rest."""
        free = self.free(now)
        firsts = [day.slots[0] for day in days_of_slots(free, self.zone)][:count]
        rest = [slot for slot in free if slot not in firsts]
        return sorted(firsts + rest[: count - len(firsts)])

    def reasons(
        self, now: datetime, *, first_day: date, days: int, reader_zone: ZoneInfo, but: Collection[date] = ()
    ) -> dict[date, Emptiness]:
        """Say why each date of the reader is empty, should it be. `but`: dates that are not."""
        return reasons_for_empty_days(
            availability=self.availability, away=self.away, kind=self.kind, now=now, first_day=first_day, days=days,
            reader_zone=reader_zone, but=but,
        )  # fmt: skip
