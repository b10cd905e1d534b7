"""Reliable change against the published examples, and at its edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.psychometrics.change import (
    ChangeClass,
    Norm,
    Precision,
    classify,
    classify_by_threshold,
    cut_offs,
    reliable_change_index,
)

CSI_16 = Precision(17, 0.98)
CSI_CUT = 51.5
SCORES = st.floats(0, 81, allow_nan=False)


def test_the_example_of_jacobson_and_truax() -> None:
    precision = Precision(7.5, 0.80)
    assert (round(precision.standard_error, 2), round(precision.of_difference, 2)) == (3.35, 4.74)
    index = reliable_change_index(32.5, 47.5, precision)
    assert index is not None and round(index, 2) == 3.16
    found = cut_offs(Norm(40, 7.5), Norm(60, 7.5), is_higher_better=True)
    assert (found.a, found.b, found.c) == (55, 45, 50)


def test_the_cut_off_of_a_published_depression_study() -> None:
    found = cut_offs(Norm(35.48, 8.16), Norm(7.69, 7.52), is_higher_better=False)
    assert found.c is not None and round(found.c, 2) == 21.02


@pytest.mark.parametrize(
    ("deviation", "reliability", "difference", "least"),
    [(4, 0.94, 1.386, 3), (17, 0.98, 3.400, 7), (32, 0.98, 6.400, 13), (17, 0.90, 7.603, 15)],
)
def test_the_least_change_of_the_satisfaction_scales(
    deviation: float, reliability: float, difference: float, least: int
) -> None:
    precision = Precision(deviation, reliability)
    assert round(precision.of_difference, 3) == difference
    assert precision.least_change == least


@pytest.mark.parametrize(
    ("before", "after", "index", "expected"),
    [
        (40, 58, 5.29, ChangeClass.RECOVERED),
        (30, 45, 4.41, ChangeClass.IMPROVED),
        (50, 55, 1.47, ChangeClass.UNCHANGED),
        (60, 70, 2.94, ChangeClass.IMPROVED),
        (60, 40, -5.88, ChangeClass.DETERIORATED_CROSSED),
        (40, 30, -2.94, ChangeClass.DETERIORATED),
        (80, 60, -5.88, ChangeClass.DETERIORATED),
        (30, 36, 1.76, ChangeClass.UNCHANGED),
        (30, 37, 2.06, ChangeClass.IMPROVED),
    ],
)
def test_each_class_by_an_example(before: int, after: int, index: float, expected: ChangeClass) -> None:
    change = classify(before, after, precision=CSI_16, cut_off=CSI_CUT, is_higher_better=True)
    assert change is not None and change.index is not None
    assert (round(change.index, 2), change.change_class) == (index, expected)


def test_crossing_without_a_reliable_change_is_noted_and_is_no_change() -> None:
    change = classify(50, 55, precision=CSI_16, cut_off=CSI_CUT, is_higher_better=True)
    assert change is not None and change.has_crossed_alone


def test_exactly_at_the_limit_nothing_has_changed() -> None:
    precision = Precision(1 / 2**0.5, 0)  # a difference has a standard error of exactly one point
    change = classify(0, 1.96, precision=precision, cut_off=1, is_higher_better=True)
    assert change is not None and change.change_class is ChangeClass.UNCHANGED


@given(before=SCORES, after=SCORES)
def test_the_direction_of_a_scale_is_only_a_matter_of_sign(before: float, after: float) -> None:
    up = classify(before, after, precision=CSI_16, cut_off=CSI_CUT, is_higher_better=True)
    down = classify(-before, -after, precision=CSI_16, cut_off=-CSI_CUT, is_higher_better=False)
    assert up is not None and down is not None
    assert (up.change_class, up.has_crossed) == (down.change_class, down.has_crossed)


@given(before=SCORES, after=SCORES)
def test_going_back_undoes_the_points(before: float, after: float) -> None:
    there = classify(before, after, precision=CSI_16, cut_off=CSI_CUT, is_higher_better=True)
    back = classify(after, before, precision=CSI_16, cut_off=CSI_CUT, is_higher_better=True)
    assert there is not None and back is not None and there.points == -back.points
    assert (there.change_class is ChangeClass.UNCHANGED) == (back.change_class is ChangeClass.UNCHANGED)


@pytest.mark.parametrize("precision", [Precision(0, 0.9), Precision(17, 1)])
def test_without_error_of_measurement_there_is_no_index_and_no_class(precision: Precision) -> None:
    change = classify(40, 58, precision=precision, cut_off=CSI_CUT, is_higher_better=True)
    assert change is not None and (change.index, change.change_class) == (None, None)


@pytest.mark.parametrize(("before", "after"), [(None, 40), (40, None), (None, None)])
def test_a_missing_score_gives_nothing(before: int | None, after: int | None) -> None:
    assert classify(before, after, precision=CSI_16, cut_off=CSI_CUT, is_higher_better=True) is None
    assert classify_by_threshold(before, after, threshold=6, caseness=10) is None


@pytest.mark.parametrize(("deviation", "reliability"), [(-1, 0.5), (1, -0.1), (1, 1.1), (float("nan"), 0.5)])
def test_impossible_parameters_are_refused(deviation: float, reliability: float) -> None:
    with pytest.raises(ValueError, match="deviation"):
        Precision(deviation, reliability)


@pytest.mark.parametrize(
    ("before", "after", "better", "worse", "recovery"),
    [
        (16, 10, True, False, False),
        (15, 9, True, False, True),
        (10, 9, False, False, True),
        (9, 3, True, False, False),
        (9, 15, False, True, False),
        (12, 7, False, False, True),
    ],
)
def test_the_fixed_threshold_of_the_depression_scale(
    before: int, after: int, *, better: bool, worse: bool, recovery: bool
) -> None:
    change = classify_by_threshold(before, after, threshold=6, caseness=10)
    assert change is not None
    assert (change.is_reliably_better, change.is_reliably_worse, change.is_recovery) == (
        better,
        worse,
        recovery,
    )
    assert change.is_reliable_recovery == (better and recovery)
