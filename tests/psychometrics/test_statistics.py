"""Statistics against published and hand-computed examples, and where they have no value."""

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portal.psychometrics.statistics import (
    Undefined,
    correlation,
    cronbach_alpha,
    omega_of_three,
    omega_total,
)

rows_of_four = st.lists(st.lists(st.integers(1, 5), min_size=4, max_size=4), min_size=2, max_size=15)


def test_alpha_of_a_hand_computed_example() -> None:
    # item variances 1, 1, 7/3; variance of the sums 28/3: 3/2 * (1 - 13/28) = 45/56
    assert cronbach_alpha([[1, 1, 1], [2, 3, 2], [3, 2, 4]]).value == pytest.approx(45 / 56)


def test_alpha_counts_complete_rows_only() -> None:
    complete = [[1, 1, 1], [2, 3, 2], [3, 2, 4]]
    alpha = cronbach_alpha([*complete, [5, None, 1]])
    assert (alpha, alpha.n) == (cronbach_alpha(complete), 3)


def test_a_missed_reversal_shows_as_a_strongly_negative_alpha() -> None:
    value = cronbach_alpha([[1, 5], [2, 4], [5, 2], [4, 1]]).value
    assert value is not None
    assert value < -1


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], Undefined.TOO_FEW),
        ([[1, 2]], Undefined.TOO_FEW),
        ([[1], [2]], Undefined.TOO_FEW),
        ([[1, None], [2, 3]], Undefined.TOO_FEW),
        ([[1, 3], [2, 2]], Undefined.NO_VARIANCE),
    ],
)
def test_an_undefined_alpha_is_none_with_a_reason(rows: list[list[int | None]], reason: Undefined) -> None:
    alpha = cronbach_alpha(rows)
    assert (alpha.value, alpha.reason) == (None, reason)


def test_rows_of_different_length_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="each row"):
        cronbach_alpha([[1, 2], [1]])


@given(rows_of_four, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_alpha_is_at_most_1_and_blind_to_the_order_of_rows_and_items(
    rows: list[list[int]], chance: random.Random
) -> None:
    alpha = cronbach_alpha(rows)
    order = chance.sample(range(4), 4)
    mixed = [[row[column] for column in order] for row in chance.sample(rows, len(rows))]
    assert cronbach_alpha(mixed) == alpha
    assert alpha.value is None or alpha.value <= 1
    assert (alpha.value is None) == (alpha.reason is not None)


def test_omega_of_equal_loadings_is_alpha() -> None:
    assert omega_total([0.7] * 5, [1 - 0.49] * 5).value == pytest.approx(0.828, abs=5e-4)


def test_omega_of_three_items_in_closed_form() -> None:
    solved = omega_of_three(0.56, 0.48, 0.42)
    assert solved.loadings == pytest.approx((0.8, 0.7, 0.6))
    assert solved.omega.value == pytest.approx(0.745, abs=5e-4)


@given(*[st.floats(0.05, 0.99)] * 3)
@settings(max_examples=60, deadline=None)
def test_three_loadings_come_back_from_their_correlations(one: float, two: float, three: float) -> None:
    solved = omega_of_three(one * two, one * three, two * three)
    assert solved.loadings == pytest.approx((one, two, three))
    assert solved.omega.value is not None
    assert 0 < solved.omega.value < 1


@pytest.mark.parametrize(
    ("correlations", "reason"),
    [
        ((0.9, 0.9, 0.1), Undefined.HEYWOOD),
        ((0.5, 0.0, 0.5), Undefined.NO_COMMON_FACTOR),
        ((-0.5, 0.5, 0.5), Undefined.NO_COMMON_FACTOR),
    ],
)
def test_three_items_without_a_proper_solution_are_refused(
    correlations: tuple[float, float, float], reason: Undefined
) -> None:
    solved = omega_of_three(*correlations)
    assert (solved.loadings, solved.omega.value, solved.omega.reason) == ((), None, reason)


@pytest.mark.parametrize(
    ("loadings", "uniquenesses", "reason"),
    [
        ([0.7], [0.5], Undefined.TOO_FEW),
        ([0.9, 1.2], [0.2, -0.4], Undefined.HEYWOOD),
        ([0, 0], [0, 0], Undefined.NO_VARIANCE),
    ],
)
def test_an_undefined_omega_is_none_with_a_reason(
    loadings: list[float], uniquenesses: list[float], reason: Undefined
) -> None:
    omega = omega_total(loadings, uniquenesses)
    assert (omega.value, omega.reason) == (None, reason)
    with pytest.raises(ValueError, match="one uniqueness"):
        omega_total([*loadings, 1], uniquenesses)


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=3, max_size=20))
@settings(max_examples=60, deadline=None)
def test_a_correlation_is_bounded_and_its_sign_turns_with_one_side(pairs: list[tuple[int, int]]) -> None:
    found = correlation(pairs)
    assume(found.value is not None)
    assert found.value is not None
    assert -1 - 1e-9 <= found.value <= 1 + 1e-9
    assert correlation([(6 - a, b) for a, b in pairs]).value == pytest.approx(-found.value)
    assert correlation([(b, a) for a, b in pairs]).value == pytest.approx(found.value)


def test_a_correlation_without_variance_or_points_is_none_with_a_reason() -> None:
    assert correlation([(1, 1), (1, 2), (1, 3)]).reason is Undefined.NO_VARIANCE
    assert correlation([(1, 1), (2, 2)]).reason is Undefined.TOO_FEW
