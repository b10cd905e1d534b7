"""The interval of alpha, and the quantile under it, against published values and closed forms."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.psychometrics.intervals import Interval, alpha_interval, f_quantile, incomplete_beta
from portal.psychometrics.statistics import Statistic, Undefined

halves = st.integers(1, 300).map(lambda twice: twice / 2)
places = st.floats(0.001, 0.999)


@pytest.mark.parametrize(("n", "low", "high"), [(50, 0.62, 0.845), (100, 0.66, 0.82), (200, 0.69, 0.80)])
def test_the_stated_intervals_of_an_alpha_of_75_over_five_items(n: int, low: float, high: float) -> None:
    found = alpha_interval(Statistic(0.75, n), items=5)
    assert found.low == pytest.approx(low, abs=0.005)
    assert found.high == pytest.approx(high, abs=0.005)


@pytest.mark.parametrize(
    ("chance", "first", "second", "value"),
    [(0.95, 5, 10, 3.3258), (0.95, 1, 1, 161.4476), (0.975, 10, 20, 2.7737), (0.99, 4, 30, 4.0179)],
)
def test_quantiles_of_f_agree_with_the_printed_tables(
    chance: float, first: int, second: int, value: float
) -> None:
    assert f_quantile(chance, first, second) == pytest.approx(value, abs=5e-5)


@given(places, halves, halves)
@settings(max_examples=100, deadline=None)
def test_the_incomplete_beta_function_is_whole_on_both_sides_and_known_where_it_is_a_power(
    x: float, a: float, b: float
) -> None:
    assert incomplete_beta(x, a, b) + incomplete_beta(1 - x, b, a) == pytest.approx(1)
    assert incomplete_beta(x, a, 1) == pytest.approx(x**a, rel=1e-9)


@given(places, st.integers(1, 400), st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_turning_an_f_over_swaps_its_degrees_of_freedom(chance: float, first: int, second: int) -> None:
    assert f_quantile(chance, first, second) * f_quantile(1 - chance, second, first) == pytest.approx(
        1, rel=1e-6
    )


def test_an_interval_without_an_alpha_is_none_with_a_reason() -> None:
    assert alpha_interval(Statistic(None, 40, Undefined.NO_VARIANCE), items=5) == Interval(
        None, None, Undefined.NO_VARIANCE
    )
    assert alpha_interval(Statistic(0.5, 40), items=1).reason is Undefined.TOO_FEW


def test_a_negative_alpha_keeps_its_interval_unclamped() -> None:
    found = alpha_interval(Statistic(-1.5, 20), items=2)
    assert found.low is not None
    assert found.low < -1.5


@pytest.mark.parametrize(("chance", "first"), [(0, 1), (1, 1), (0.5, 0)])
def test_a_chance_of_nothing_or_no_freedom_is_a_mistake(chance: float, first: int) -> None:
    with pytest.raises(ValueError, match="chance"):
        f_quantile(chance, first, 5)
