"""Statistics for a practice that checks a questionnaire with its own data. Pure; undefined is None with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import fsum, sqrt

FEWEST_ROWS = 2  # a sample variance needs two
FEWEST_ITEMS = 2
FEWEST_POINTS = 3  # a correlation of two points is always 1 or -1


class Undefined(StrEnum):
    """Why a statistic has no value."""

    HEYWOOD = "heywood"
    IDENTICAL_ANSWERS = "identical_answers"
    NO_COMMON_FACTOR = "no_common_factor"
    NO_VARIANCE = "no_variance"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Statistic:
    """A value, or None with the reason. `n`: complete rows or points used."""

    value: float | None
    n: int
    reason: Undefined | None = None


def cronbach_alpha(rows: Sequence[Sequence[int | None]]) -> Statistic:
    """Internal consistency of keyed items (Cronbach 1951, Psychometrika 16:297), complete rows only.

    `rows`: one per person, one keyed answer per item, None for missing. k/(k-1) * (1 - sum of item variances / variance
    of sums), sample variances. Use one partner drawn from each couple: two partners are not independent. Strongly
    negative means that a reversal was missed. Raises ValueError when rows differ in length.
    """
    width = _width(rows)
    complete = [[value for value in row if value is not None] for row in rows if None not in row]
    if width < FEWEST_ITEMS or len(complete) < FEWEST_ROWS:
        return Statistic(None, len(complete), Undefined.TOO_FEW)
    total = _variance([sum(row) for row in complete])
    if not total:
        return Statistic(None, len(complete), Undefined.NO_VARIANCE)
    items = sum((_variance(column) for column in zip(*complete, strict=True)), Fraction(0))
    return Statistic(float(Fraction(width, width - 1) * (1 - items / total)), len(complete))


def omega_total(loadings: Sequence[float], uniquenesses: Sequence[float]) -> Statistic:
    """McDonald's omega of a one-factor model: (sum of loadings)^2 / ((sum of loadings)^2 + sum of uniquenesses).

    McDonald 1999, Test Theory. A negative uniqueness (a Heywood case) is refused. Raises ValueError on unequal lengths.
    """
    if len(loadings) != len(uniquenesses):
        raise ValueError("one uniqueness belongs to each loading")
    if len(loadings) < FEWEST_ITEMS:
        return Statistic(None, len(loadings), Undefined.TOO_FEW)
    if min(uniquenesses) < 0:
        return Statistic(None, len(loadings), Undefined.HEYWOOD)
    common = fsum(loadings) ** 2
    whole = common + fsum(uniquenesses)
    if not whole:
        return Statistic(None, len(loadings), Undefined.NO_VARIANCE)
    return Statistic(common / whole, len(loadings))


@dataclass(frozen=True, slots=True)
class ThreeItems:
    """The one-factor solution of three standardised items: loadings, or () with the reason, and omega total."""

    loadings: tuple[float, ...]
    omega: Statistic


def omega_of_three(r12: float, r13: float, r23: float) -> ThreeItems:
    """Solve one factor for three correlations in closed form: first loading = sqrt(r12 * r13 / r23), and so on.

    Just identified, hence exact. Refused: a correlation that is not positive (an item was not keyed, or
    shares no factor), and a loading above 1 (Heywood).
    """
    if min(r12, r13, r23) <= 0:
        return ThreeItems((), Statistic(None, 3, Undefined.NO_COMMON_FACTOR))
    loadings = (sqrt(r12 * r13 / r23), sqrt(r12 * r23 / r13), sqrt(r13 * r23 / r12))
    if max(loadings) > 1:
        return ThreeItems((), Statistic(None, 3, Undefined.HEYWOOD))
    return ThreeItems(loadings, omega_total(loadings, [1 - loading**2 for loading in loadings]))


def correlation(pairs: Sequence[tuple[float, float]]) -> Statistic:
    """Pearson's correlation of at least three pairs; None without variance on either side."""
    if len(pairs) < FEWEST_POINTS:
        return Statistic(None, len(pairs), Undefined.TOO_FEW)
    lefts, rights = ([Fraction(value) for value in side] for side in zip(*pairs, strict=True))
    left, right = sum(lefts) / len(pairs), sum(rights) / len(pairs)
    both = sum(((a - left) * (b - right) for a, b in zip(lefts, rights, strict=True)), Fraction(0))
    spread = sum((a - left) ** 2 for a in lefts) * sum((b - right) ** 2 for b in rights)
    if not spread:
        return Statistic(None, len(pairs), Undefined.NO_VARIANCE)
    return Statistic(float(both) / sqrt(spread), len(pairs))


def _width(rows: Sequence[Sequence[int | None]]) -> int:
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        raise ValueError("each row has one answer or None per item")
    return widths.pop() if widths else 0


def _variance(values: Sequence[int]) -> Fraction:
    n = len(values)
    return Fraction(n * sum(value * value for value in values) - sum(values) ** 2, n * (n - 1))
