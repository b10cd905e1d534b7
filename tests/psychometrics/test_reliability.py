"""Reliability of a scale: against published and constructed examples, and what is undefined."""

import random

import pytest

from portal.psychometrics.change import Precision
from portal.psychometrics.reliability import (
    Reliability,
    omega_of,
    reliability_of,
)
from portal.psychometrics.statistics import Undefined

ROWS = [
    [1, 2, 1, 2, 1], [2, 2, 3, 2, 2], [3, 3, 2, 4, 3], [4, 5, 4, 4, 5], [5, 4, 5, 5, 4],
    [2, 1, 2, 1, 3], [3, 4, 3, 3, 3], [4, 4, 5, 3, 4], [1, 1, 2, 2, 1], [5, 5, 4, 5, 5],
]  # fmt: skip


def whole(rows: list[list[int | None]]) -> Reliability:
    return reliability_of(rows, lowest=1, highest=5)


def sampled(loadings: list[float], persons: int) -> list[list[int]]:
    """Draw answers of one factor on a scale so fine that rounding does no harm."""
    lot = random.Random(7)  # noqa: S311 - draws a sample
    rows = []
    for _ in range(persons):
        factor = lot.gauss(0, 1)
        rows.append(
            [round(1000 * (one * factor + lot.gauss(0, 1) * (1 - one**2) ** 0.5)) for one in loadings]
        )
    return rows


def test_omega_of_one_factor_comes_back_from_its_own_answers() -> None:
    loadings = [0.8, 0.7, 0.6, 0.5, 0.75]
    common = sum(loadings) ** 2
    expected = common / (common + sum(1 - one**2 for one in loadings))
    assert omega_of(sampled(loadings, 20_000)).value == pytest.approx(expected, abs=0.01)


def test_equal_loadings_make_omega_and_alpha_one() -> None:
    """Clinical specification 2.8: five loadings of .7 give .828."""
    found = reliability_of(sampled([0.7] * 5, 20_000), lowest=-9999, highest=9999)
    assert found.alpha.value == pytest.approx(0.828, abs=0.01)
    assert found.omega.value == pytest.approx(found.alpha.value, abs=0.01)


def test_the_interval_holds_the_alpha_and_narrows_with_more_persons() -> None:
    few, many = (reliability_of(sampled([0.6] * 5, n), lowest=-9999, highest=9999) for n in (50, 500))
    for one in (few, many):
        assert one.interval.low is not None and one.interval.high is not None and one.alpha.value is not None
        assert one.interval.low < one.alpha.value < one.interval.high
    assert many.interval.high - many.interval.low < few.interval.high - few.interval.low  # type: ignore[operator]


def test_an_item_is_correlated_with_the_rest_and_not_with_itself() -> None:
    rows: list[list[int | None]] = [[a, a, b] for a in (1, 2, 3, 4, 5) for b in (1, 3, 5)]
    first, _second, third = whole(rows).items
    assert third.item_total.value == pytest.approx(0)
    assert first.item_total.value is not None and 0.6 < first.item_total.value < 0.9
    assert third.is_doubtful


def test_a_missed_reversal_shows_as_a_negative_alpha_and_item() -> None:
    turned = [[6 - row[0], *row[1:]] for row in ROWS]
    found = whole([list(row) for row in turned])
    straight = whole([list(row) for row in ROWS])
    assert found.items[0].item_total.value is not None and found.items[0].item_total.value < 0
    assert straight.alpha.value is not None and found.alpha.value is not None
    assert found.alpha.value < straight.alpha.value


def test_shares_are_of_those_who_answered_and_sums_of_whole_rows() -> None:
    rows: list[list[int | None]] = [[1, 5], [1, None], [5, 3], [None, 4]]
    found = whole(rows)
    assert found.items[0].missing == 0.25 and found.items[0].at_floor == pytest.approx(2 / 3)
    assert found.items[1].at_ceiling == pytest.approx(1 / 3)
    assert found.mean == 7.0 and found.sd == pytest.approx(2**0.5) and found.alpha.n == 2


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], Undefined.TOO_FEW),
        ([[1, 2, 3]], Undefined.TOO_FEW),
        ([[1, 2], [2, 3], [3, 5]], Undefined.TOO_FEW),
        ([[3, 1, 2], [3, 2, 1], [3, 4, 5]], Undefined.NO_VARIANCE),
    ],
)
def test_what_cannot_be_computed_says_why(rows: list[list[int]], reason: Undefined) -> None:
    assert omega_of(rows).value is None and omega_of(rows).reason is reason


def test_no_rows_have_no_figures() -> None:
    found = whole([])
    assert (found.mean, found.sd, found.items, found.alpha.value) == (None, None, (), None)


def test_the_standard_error_of_measurement() -> None:
    """Jacobson & Truax 1991: SD 7.5, r .80 give 3.35."""
    assert Precision(7.5, 0.80).standard_error == pytest.approx(3.354, abs=0.001)
    with pytest.raises(ValueError, match="between 0 and 1"):
        Precision(1, 1.2)
