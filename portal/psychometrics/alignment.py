"""How alike two people answered: figures for the therapist, never for a partner's page (that is `joint`). Pure.

All on keyed answers: turning an item round changes correlations and the ICC. Chance is not zero: on 1-5 two people who
answer evenly at random reach an alignment of 60, with typical positive skew 70 to 76 (computed; see the tests). So the
words only describe, and only the baseline says what is usual.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import combinations, product
from math import fsum

from portal.psychometrics.items import Answers, Item, keyed_number_of, number_of
from portal.psychometrics.statistics import Statistic, Undefined, correlation

FEWEST_PAIRS = 3  # fewer say nothing of two people
FEWEST_ROWS_SHOWN = 10  # an ICC of fewer items is mostly noise
FEWEST_COUPLES_FOR_BASELINE = 20
FEWEST_COUPLES_FOR_MEANS = 30
FAR_APART = 3  # of four steps: opposite halves of the scale

Pair = tuple[int, int]
Profile = Mapping[str, int]  # keyed answers by item id; items without a number are absent


class Difference(StrEnum):
    """How far two answers to one item lie apart, on a scale of five."""

    SAME = "same"
    CLOSE = "close"
    DIFFERENT = "different"
    FAR_APART = "far_apart"


class Similarity(StrEnum):
    """How alike the answers to several items are. Descriptive; the limits are the project's own."""

    VERY_SIMILAR = "very_similar"
    MOSTLY_SIMILAR = "mostly_similar"
    SEVERAL_DIFFERENCES = "several_differences"
    MANY_DIFFERENCES = "many_differences"


@dataclass(frozen=True, slots=True)
class Alignment:
    """Mean absolute difference (steps) and the index from it (0 opposite ends, 100 the same), or None with a reason."""

    n_pairs: int
    mad: float | None
    alignment: float | None
    similarity: Similarity | None
    reason: Undefined | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """ICC(A,1) of two persons; `is_shown` is False where it rests on too few items to be put on a page."""

    icc: Statistic
    is_shown: bool


@dataclass(frozen=True, slots=True)
class PreferencePair:
    """Two places between two poles. Wishes, not perceptions: they stand apart and enter no figure."""

    item_id: str
    a: int
    b: int
    difference: Difference


@dataclass(frozen=True, slots=True)
class Baseline:
    """Alignments of people who are no couple, ascending; None with a reason while the practice has too few couples."""

    alignments: tuple[float, ...] | None
    couples: int
    reason: Undefined | None = None

    def percentile_of(self, alignment: float) -> float | None:
        """Where a couple stands among them (0 to 100): the share below, and half of those that are equal."""
        if self.alignments is None:
            return None
        below, up_to = bisect_left(self.alignments, alignment), bisect_right(self.alignments, alignment)
        return 50 * (below + up_to) / len(self.alignments)


def difference_of(a: int, b: int) -> Difference:
    """Name the distance of two answers on 1-5: 0 same, 1 close, 2 different, 3 or 4 far apart."""
    return list(Difference)[min(abs(a - b), FAR_APART)]


def pairs_of(items: Iterable[Item], a: Answers, b: Answers) -> list[Pair]:
    """The keyed answers to every item that both answered."""
    both = ((keyed_number_of(a, item), keyed_number_of(b, item)) for item in items)
    return [(left, right) for left, right in both if left is not None and right is not None]


def align(pairs: Sequence[Pair], *, reach: int = 4) -> Alignment:
    """Compare keyed answers: alignment = 100 * (1 - mean |a - b| / reach); `reach`: highest minus lowest answer.

    At least three pairs. For the whole test pass all statements' pairs, not the mean of the domains. Raises ValueError
    on a pair further apart than the scale reaches.
    """
    steps = [abs(a - b) for a, b in pairs]
    if max(steps, default=0) > reach:
        raise ValueError("a pair lies further apart than its scale reaches")
    if len(pairs) < FEWEST_PAIRS:
        return Alignment(len(pairs), None, None, None, Undefined.TOO_FEW)
    mad = Fraction(sum(steps), len(steps))
    index = 100 * (1 - mad / reach)
    return Alignment(len(pairs), float(mad), float(index), similarity_of(index))


def similarity_of(index: Fraction | float) -> Similarity:
    """Put an alignment index (unrounded) into words: from 90, from 75, from 60, and below."""
    floors = (
        (90, Similarity.VERY_SIMILAR),
        (75, Similarity.MOSTLY_SIMILAR),
        (60, Similarity.SEVERAL_DIFFERENCES),
    )
    return next((name for floor, name in floors if index >= floor), Similarity.MANY_DIFFERENCES)


def intraclass(rows: Sequence[Sequence[int]]) -> Statistic:
    """ICC(A,1): two-way, absolute agreement, single rater, items as targets (rows), raters as columns.

    McGraw & Wong 1996, Psychol Methods 1:30; = ICC(2,1) of Shrout & Fleiss 1979, Psychol Bull 86:420.
    Never clamped: it may be below zero, with few items below -1. All answers equal is 0/0: None, "identical answers".
    At least three complete rows. Raises ValueError when rows differ in length or have fewer than two raters.
    """
    n = len(rows)
    if n < FEWEST_PAIRS:
        return Statistic(None, n, Undefined.TOO_FEW)
    k = len(rows[0])
    if k <= 1 or any(len(row) != k for row in rows):
        raise ValueError("each row has one answer per rater, of two raters or more")
    # Sums of squares, each times n * k: whole numbers are exact and quick.
    total, size = sum(map(sum, rows)), n * k
    targets = n * _squares(map(sum, rows)) - total**2
    raters = k * _squares(map(sum, zip(*rows, strict=True))) - total**2
    rest = size * _squares(value for row in rows for value in row) - total**2 - targets - raters
    msr, msc = Fraction(targets, size * (n - 1)), Fraction(raters, size * (k - 1))
    mse = Fraction(rest, size * (n - 1) * (k - 1))
    below = msr + (k - 1) * mse + k * (msc - mse) / n
    if not below:
        return Statistic(None, n, Undefined.IDENTICAL_ANSWERS)
    return Statistic(float((msr - mse) / below), n)


def agreement(pairs: Sequence[Pair]) -> Agreement:
    """The ICC of two people, for the therapist alone; shown from ten items on.

    It depends on the spread of items: where both answer 4 and 5 throughout it collapses though they agree.
    """
    icc = intraclass(pairs)
    return Agreement(icc, icc.value is not None and len(pairs) >= FEWEST_ROWS_SHOWN)


def compare_preferences(items: Iterable[Item], a: Answers, b: Answers) -> tuple[PreferencePair, ...]:
    """Every preference that both answered, in printed order."""
    both = ((item.id, number_of(a, item), number_of(b, item)) for item in items)
    return tuple(
        PreferencePair(item_id, left, right, difference_of(left, right))
        for item_id, left, right in both
        if left is not None and right is not None
    )


def profile_of(items: Iterable[Item], answers: Answers) -> dict[str, int]:
    """The keyed answers that a person gave, by item id."""
    keyed = ((item.id, keyed_number_of(answers, item)) for item in items)
    return {item_id: value for item_id, value in keyed if value is not None}


def baseline_of(couples: Sequence[tuple[Profile, Profile]]) -> Baseline:
    """What alignment people reach who are no couple: each person with everybody of every other couple of the practice.

    None below 20 couples. Cost: 2 * couples^2 comparisons of all items; make it once and keep it.
    """
    if len(couples) < FEWEST_COUPLES_FOR_BASELINE:
        return Baseline(None, len(couples), Undefined.TOO_FEW)
    crossed = (pair for one, other in combinations(couples, 2) for pair in product(one, other))
    found = (align(_shared(left, right)).alignment for left, right in crossed)
    alignments = tuple(sorted(value for value in found if value is not None))
    return Baseline(alignments or None, len(couples), None if alignments else Undefined.TOO_FEW)


def distinctive_similarity(
    a: Profile, b: Profile, *, item_means: Mapping[str, float], couples: int
) -> Statistic:
    """Correlate what is special to each person: both profiles less the practice's mean of each item.

    The plain correlation is not offered: two strangers correlate, because both follow the typical profile (Furr 2008,
    J Pers 76:1267; Wood & Furr 2016). `couples`: behind the means, at least 30. Raises KeyError for an item without mean.
    """
    shared = [item_id for item_id in a if item_id in b]
    if couples < FEWEST_COUPLES_FOR_MEANS:
        return Statistic(None, len(shared), Undefined.TOO_FEW)
    return correlation([_less(item_means[item_id], a[item_id], b[item_id]) for item_id in shared])


def item_means(profiles: Sequence[Profile]) -> dict[str, float]:
    """The mean keyed answer to each item over all persons who answered it."""
    ids = sorted({item_id for profile in profiles for item_id in profile})
    given = {item_id: [profile[item_id] for profile in profiles if item_id in profile] for item_id in ids}
    return {item_id: fsum(values) / len(values) for item_id, values in given.items()}


def _shared(a: Profile, b: Profile) -> list[Pair]:
    return [(value, b[item_id]) for item_id, value in a.items() if item_id in b]


def _less(mean: float, a: int, b: int) -> tuple[float, float]:
    return a - mean, b - mean


def _squares(values: Iterable[int]) -> int:
    return sum(value**2 for value in values)
