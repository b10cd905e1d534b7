"""Score a published questionnaire by its key, and judge how one person's score changed. Pure.

Answers are the scores printed beside the chosen places; a reversed item is turned here and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from math import inf

from portal.psychometrics.change import (
    ChangeClass,
    ReliableChange,
    ThresholdChange,
    classify,
    classify_by_threshold,
)
from portal.psychometrics.instrument import Headline, Instrument, Method, Precisions, Scale
from portal.psychometrics.items import Answers, Flag, Status, number_of, round_half_up, status_of
from portal.psychometrics.scoring import Basis, Tally, tally

BETTER = frozenset({ChangeClass.RECOVERED, ChangeClass.IMPROVED})
WORSE = frozenset({ChangeClass.DETERIORATED, ChangeClass.DETERIORATED_CROSSED})


@dataclass(frozen=True, slots=True)
class ScaleScore:
    """The figures of one scale; None where they do not exist. `headline`: the one that counts, unrounded."""

    scale_id: str
    total: float | None
    mean: float | None
    percent: float | None
    headline: float | None
    status: Status
    answered: int
    asked: int
    band: str | None
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What one sitting comes to, and what it was scored with. `flags`: of the whole sitting."""

    basis: Basis
    scales: tuple[ScaleScore, ...]
    flags: tuple[Flag, ...]

    @property
    def has_watched_answer(self) -> bool:
        """Tell whether somebody must look at once (PHQ-9: item 9 above 0), whatever else was answered."""
        return Flag.WATCHED_ITEM in self.flags

    @property
    def main(self) -> ScaleScore:
        """The first scale, which is the only one of most questionnaires."""
        return self.scales[0]


class Certainty(StrEnum):
    """How sure a change is, by a liberal and a conservative view of the same questionnaire."""

    NOISE = "noise"
    PROBABLY_REAL = "probably_real"
    CLEARLY_REAL = "clearly_real"


@dataclass(frozen=True, slots=True)
class ViewedChange:
    """One view of a change. `least`: the smallest whole number of points that counts by it."""

    precisions: Precisions
    change: ReliableChange
    least: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """Two scores of one person beside each other. Without published figures there is only the raw difference."""

    before: float
    after: float
    views: tuple[ViewedChange, ...]
    threshold: ThresholdChange | None

    @property
    def points(self) -> float:
        """Later less earlier, whatever the direction."""
        return self.after - self.before

    @property
    def change_class(self) -> ChangeClass | None:
        """The class by the view that decides; None without one."""
        return self.views[0].change.change_class if self.views else None

    @property
    def direction(self) -> int | None:
        """1 clearly better, -1 clearly worse, 0 neither; None where nothing published can say."""
        if self.threshold is not None:
            return int(self.threshold.is_reliably_better) - int(self.threshold.is_reliably_worse)
        if self.change_class is None:
            return None
        return int(self.change_class in BETTER) - int(self.change_class in WORSE)

    @property
    def certainty(self) -> Certainty | None:
        """How sure the change is where two views exist; None with fewer."""
        if len(self.views) < 2 or any(one.change.change_class is None for one in self.views):  # noqa: PLR2004 - two views
            return None
        counted = sum(one.change.change_class in BETTER | WORSE for one in self.views)
        return [Certainty.NOISE, Certainty.PROBABLY_REAL, Certainty.CLEARLY_REAL][min(counted, 2)]


def score(
    instrument: Instrument, answers: Answers, *, instrument_version: str, scored_at: datetime
) -> Result:
    """Score one sitting. Raises nothing for missing answers: they are what `status` is for."""
    basis = Basis(instrument.id, instrument_version, instrument.params_version, scored_at)
    is_watched = any(
        (value := number_of(answers, item)) is not None and value >= instrument.watched[item.id]
        for item in instrument.items
        if item.id in instrument.watched
    )
    scales = tuple(_score_scale(instrument, scale, answers) for scale in instrument.scales)
    return Result(basis, scales, (Flag.WATCHED_ITEM,) if is_watched else ())


def band_of(instrument: Instrument, headline: Fraction | float) -> str | None:
    """Name the band of a headline figure: rounded halves up where the questionnaire counts whole points; None without bands.

    A value exactly on a floor lies above it.
    """
    value = round_half_up(headline) if instrument.rounds else headline
    return next((floor.name for floor in reversed(instrument.bands) if value >= floor.value), None)


def judge(instrument: Instrument, before: ScaleScore | None, after: ScaleScore | None) -> Judgement | None:
    """Compare two scores of one person; None unless both are complete: a prorated one rests on answers nobody gave."""
    earlier, later = _complete(before), _complete(after)
    if earlier is None or later is None:
        return None
    rule = instrument.threshold
    return Judgement(
        before=earlier,
        after=later,
        views=tuple(_view(instrument, one, earlier, later) for one in instrument.precisions),
        threshold=classify_by_threshold(
            earlier, later, threshold=rule.points.value, caseness=rule.caseness.value
        )
        if rule
        else None,
    )


def _complete(one: ScaleScore | None) -> float | None:
    return one.headline if one is not None and one.status is Status.COMPLETE else None


def _view(instrument: Instrument, one: Precisions, before: float, after: float) -> ViewedChange:
    nobody_clinical = -inf if instrument.is_higher_better else inf
    change = classify(
        before,
        after,
        precision=one.precision,
        cut_off=instrument.cut_off.value if instrument.cut_off else nobody_clinical,
        is_higher_better=instrument.is_higher_better,
    )
    assert change is not None  # noqa: S101 - both scores exist
    return ViewedChange(one, change, one.precision.least_change)


def _score_scale(instrument: Instrument, scale: Scale, answers: Answers) -> ScaleScore:
    is_paired = scale.method is Method.PAIRED_PRODUCTS
    summed = _pairs(scale, answers) if is_paired else tally(scale.items, answers, least=scale.least)
    total = summed.total
    mean = None if total is None or is_paired else total / len(scale.items)
    percent = None if total is None else total * instrument.percent_factor
    figures = {Headline.TOTAL: total, Headline.MEAN: mean, Headline.PERCENT: percent}
    headline = figures[instrument.headline]
    return ScaleScore(
        scale_id=scale.id,
        total=_float(total),
        mean=_float(mean),
        percent=_float(percent) if instrument.headline is Headline.PERCENT else None,
        headline=_float(headline),
        status=summed.status,
        answered=summed.answered,
        asked=summed.asked,
        band=None if headline is None else band_of(instrument, headline),
        flags=summed.flags,
    )


def _pairs(scale: Scale, answers: Answers) -> Tally:
    """The mean of the products of each item of the first half with its mate of the second; half a pair is none."""
    half = scale.asked
    both = [
        (number_of(answers, first), number_of(answers, mate))
        for first, mate in zip(scale.items[:half], scale.items[half:], strict=True)
    ]
    products = [first * mate for first, mate in both if first is not None and mate is not None]
    status = status_of(answered=len(products), asked=half, least=scale.least)
    total = None if status is Status.INSUFFICIENT else Fraction(sum(products), len(products))
    return Tally(total, status, len(products), half)


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def first_and_previous(scores: Sequence[ScaleScore]) -> tuple[ScaleScore | None, ScaleScore | None]:
    """What the last of these (oldest first) is compared with: the first complete one, and the complete one before it."""
    complete = [one for one in scores[:-1] if one.status is Status.COMPLETE]
    return (complete[0], complete[-1]) if complete else (None, None)
