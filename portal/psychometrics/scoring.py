"""Score any scale of whole-number items: reversal, proration, statuses, and the form of a result. Pure.

Sums are exact fractions until the end, so that a score of exactly 59.5 is never 59.4999 when it is put into a band.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from portal.psychometrics.items import Answers, Flag, Item, Status, keyed_number_of, status_of


class Provenance(StrEnum):
    """Where a statistical parameter comes from."""

    LOCAL = "local"
    PUBLISHED_UNVERIFIED = "published_unverified"
    PUBLISHED_VERIFIED = "published_verified"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that a result rests on (a standard deviation, a reliability, a cut-off) with its source in words."""

    name: str
    value: float
    provenance: Provenance
    citation: str

    @property
    def is_provisional(self) -> bool:
        """Whether it may be used only behind a visible mark."""
        return self.provenance is Provenance.PUBLISHED_UNVERIFIED


@dataclass(frozen=True, slots=True)
class Basis:
    """What a result was made with and when, so that a later definition never re-scores it silently."""

    instrument_id: str
    instrument_version: str
    params_version: str
    scored_at: datetime


@dataclass(frozen=True, slots=True)
class ScaleResult:
    """The score of one scale. `total` (range of the scale) and `mean` (range of an item) are None when insufficient."""

    total: float | None
    mean: float | None
    status: Status
    answered: int
    asked: int
    flags: tuple[Flag, ...]
    basis: Basis


@dataclass(frozen=True, slots=True)
class Tally:
    """The exact sum behind a score: prorated `total`, or None when too few items were answered."""

    total: Fraction | None
    status: Status
    answered: int
    asked: int

    @property
    def flags(self) -> tuple[Flag, ...]:
        """The marks that follow from the status alone."""
        return (Flag.PROVISIONAL,) if self.status is Status.PRORATED else ()


def tally(items: Sequence[Item], answers: Answers, *, least: int) -> Tally:
    """Add up keyed answers; stand in for missing ones in proportion to each item's range.

    total = sum of all minima + sum of all ranges * (answered above minima) / (answered ranges). With equal ranges this
    is the mean times the number of items; with unequal ones the mean would be wrong.
    """
    keyed = [(item, keyed_number_of(answers, item)) for item in items]
    given = [(item, value) for item, value in keyed if value is not None]
    status = status_of(answered=len(given), asked=len(items), least=least)
    total = None
    if status is not Status.INSUFFICIENT:
        above = sum(value - item.lowest for item, value in given)
        reach = sum(item.highest - item.lowest for item, _ in given)
        whole = sum(item.highest - item.lowest for item in items)
        total = sum(item.lowest for item in items) + Fraction(whole * above, reach)
    return Tally(total, status, len(given), len(items))


def score_scale(items: Sequence[Item], answers: Answers, *, least: int, basis: Basis) -> ScaleResult:
    """Score a plain scale: prorated total and mean, None below `least` answered items."""
    sum_ = tally(items, answers, least=least)
    total = None if sum_.total is None else float(sum_.total)
    mean = None if sum_.total is None else float(sum_.total / len(items))
    return ScaleResult(total, mean, sum_.status, sum_.answered, sum_.asked, sum_.flags, basis)


def percent_of_range(items: Sequence[Item], total: Fraction) -> Fraction:
    """Put a total on 0 to 100: 0 when every keyed answer is the lowest, 100 when every one is the highest."""
    lowest = sum(item.lowest for item in items)
    return 100 * (total - lowest) / sum(item.highest - item.lowest for item in items)
