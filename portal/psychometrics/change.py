"""How one person's score changed: reliable change and clinical significance. Pure; undefined is None.

Jacobson & Truax 1991, J Consult Clin Psychol 59:12-19. Always one person at a time: a couple has no class of its own.
The classes are the therapist's words; how a client is told stands with the pages.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import floor, sqrt

LIMIT = 1.96  # two-sided 5 %, as in the article; a change must lie beyond it, not on it


class ChangeClass(StrEnum):
    """What became of one person's score (Jacobson & Truax 1991)."""

    RECOVERED = "recovered"
    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    DETERIORATED = "deteriorated"
    DETERIORATED_CROSSED = "deteriorated_crossed"


@dataclass(frozen=True, slots=True)
class Precision:
    """How exactly a scale measures: the standard deviation of its scores and their reliability (alpha or retest).

    Raises ValueError unless the deviation is not negative and the reliability lies between 0 and 1.
    """

    deviation: float
    reliability: float

    def __post_init__(self) -> None:
        if not self.deviation >= 0 or not 0 <= self.reliability <= 1:
            raise ValueError("a deviation is not negative, and a reliability lies between 0 and 1")

    @property
    def standard_error(self) -> float:
        """The standard error of one measurement, in points."""
        return self.deviation * sqrt(1 - self.reliability)

    @property
    def of_difference(self) -> float:
        """The standard error of the difference of two measurements, in points."""
        return sqrt(2) * self.standard_error

    @property
    def least_change(self) -> int:
        """The smallest whole number of points that is a reliable change."""
        return floor(LIMIT * self.of_difference) + 1


@dataclass(frozen=True, slots=True)
class Norm:
    """Mean and standard deviation of a group, in points."""

    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class CutOffs:
    """The three places at which somebody may be said to have crossed over, in points. c is None without any spread.

    a: two deviations from the clinical group; b: within two of the functional one; c: nearer to the functional one.
    """

    a: float
    b: float
    c: float | None


@dataclass(frozen=True, slots=True)
class ReliableChange:
    """One person's change. `index` and `change_class` are None where they are undefined.

    `has_crossed`: from the clinical to the functional side of the cut-off, reliable or not.
    """

    points: float
    index: float | None
    change_class: ChangeClass | None
    has_crossed: bool

    @property
    def has_crossed_alone(self) -> bool:
        """Tell whether the cut-off was crossed by less than a reliable change: worth a note, no more."""
        return self.has_crossed and self.change_class is ChangeClass.UNCHANGED


@dataclass(frozen=True, slots=True)
class ThresholdChange:
    """A change by a published whole-number rule. Recovery: a case before and none after, by however little."""

    points: float
    is_reliably_better: bool
    is_reliably_worse: bool
    is_recovery: bool

    @property
    def is_reliable_recovery(self) -> bool:
        """Tell whether it is both."""
        return self.is_recovery and self.is_reliably_better


def reliable_change_index(before: float | None, after: float | None, precision: Precision) -> float | None:
    """Put a change into standard errors of a difference; None without both scores, or with nothing to measure by."""
    if before is None or after is None or not precision.of_difference:
        return None
    return (after - before) / precision.of_difference


def cut_offs(clinical: Norm, functional: Norm, *, is_higher_better: bool) -> CutOffs:
    """Find the cut-offs between two groups. Prefer a published criterion, then c, then b, then a."""
    sign = 1 if is_higher_better else -1
    spread = clinical.deviation + functional.deviation
    between = clinical.deviation * functional.mean + functional.deviation * clinical.mean
    return CutOffs(
        a=clinical.mean + sign * 2 * clinical.deviation,
        b=functional.mean - sign * 2 * functional.deviation,
        c=between / spread if spread else None,
    )


def classify(
    before: float | None,
    after: float | None,
    *,
    precision: Precision,
    cut_off: float,
    is_higher_better: bool,
) -> ReliableChange | None:
    """Say what became of a score; None without both. Crossing the cut-off alone is no change.

    Prorated scores do not belong here: their class would rest on answers that nobody gave.
    """
    if before is None or after is None:
        return None
    sign = 1 if is_higher_better else -1
    was_clinical, is_functional = sign * before < sign * cut_off, sign * after > sign * cut_off
    is_clinical = sign * after < sign * cut_off
    index = reliable_change_index(before, after, precision)
    has_crossed = was_clinical and is_functional
    return ReliableChange(
        points=after - before,
        index=index,
        change_class=_class_of(
            None if index is None else sign * index,
            has_crossed,
            was_functional_now_clinical=not was_clinical and is_clinical,
        ),
        has_crossed=has_crossed,
    )


def classify_by_threshold(
    before: float | None, after: float | None, *, threshold: float, caseness: float
) -> ThresholdChange | None:
    """Judge a symptom scale (lower is better) by a fixed number of points; None without both scores.

    threshold: that many points or more count. caseness: a score from which somebody is a case. NHS Talking Therapies:
    PHQ-9 6 and 10, GAD-7 4 and 8.
    """
    if before is None or after is None:
        return None
    return ThresholdChange(
        points=after - before,
        is_reliably_better=before - after >= threshold,
        is_reliably_worse=after - before >= threshold,
        is_recovery=before >= caseness > after,
    )


def _class_of(
    index: float | None, has_crossed: bool, *, was_functional_now_clinical: bool
) -> ChangeClass | None:
    """index: above 0 is better, whatever the scale's direction."""
    if index is None:
        return None
    if abs(index) <= LIMIT:
        return ChangeClass.UNCHANGED
    if index > 0:
        return ChangeClass.RECOVERED if has_crossed else ChangeClass.IMPROVED
    return ChangeClass.DETERIORATED_CROSSED if was_functional_now_clinical else ChangeClass.DETERIORATED
