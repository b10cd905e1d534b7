"""What counts as an answer, and rounding and proration as printed scoring keys do them."""

from decimal import ROUND_HALF_UP, Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.psychometrics.items import (
    Absent,
    AnswersRefused,
    Flag,
    Item,
    Status,
    check_answer,
    check_answers,
    keyed,
    round_half_up,
)
from portal.psychometrics.scoring import Basis, Parameter, Provenance, score_scale
from tests.assessments.sittings import NOON

FIVE = Item("Q1")
BASIS = Basis("csi-16", "1", "1", NOON)
CSI_16 = [Item("1", 0, 6), *(Item(str(number), 0, 5) for number in range(2, 17))]


class One(IntEnum):
    ONE = 1


@pytest.mark.parametrize(
    "value", [True, False, 0, 6, -1, 3.0, 2.5, "3", None, "", One.ONE, [3], float("nan"), 10**40]
)
def test_what_is_no_whole_number_of_the_range_is_refused_and_never_clamped(value: object) -> None:
    with pytest.raises(AnswersRefused):
        check_answer(FIVE, value)


def test_the_three_ordinary_absences_stay_apart() -> None:
    codes = ["prefer_not_to_say", "does_not_apply", "not_answered"]
    assert [check_answer(FIVE, code) for code in codes] == [Absent(code) for code in codes]


def test_not_sure_yet_is_an_answer_only_where_it_is_offered() -> None:
    assert check_answer(Item("Q1", allows_not_sure_yet=True), "not_sure_yet") is Absent.NOT_SURE_YET
    with pytest.raises(AnswersRefused):
        check_answer(FIVE, "not_sure_yet")


def test_a_sitting_has_exactly_one_answer_for_each_item() -> None:
    items = [Item("Q1"), Item("Q2"), Item("Q3")]
    assert check_answers(items, {"Q3": 5, "Q1": 1, "Q2": "not_answered"}) == {
        "Q1": 1,
        "Q2": "not_answered",
        "Q3": 5,
    }
    with pytest.raises(AnswersRefused) as refused:
        check_answers(items, {"Q1": 9, "Q2": 2, "my secret": 4})
    assert refused.value.item_ids == ("Q1", "Q3")
    assert refused.value.unknown == 1


@given(st.dictionaries(st.text(max_size=30), st.text(max_size=30)))
@settings(deadline=None)
def test_a_refusal_repeats_nothing_that_was_typed(raw: dict[str, Any]) -> None:
    with pytest.raises(AnswersRefused) as refused:
        check_answers([Item("Q1"), Item("Q2")], raw)
    assert str(refused.value) == f"items: Q1, Q2; unknown: {len(raw)}"


@given(st.integers(-20, 20), st.integers(0, 20), st.data())
@settings(deadline=None)
def test_reversing_twice_gives_the_answer_back(lowest: int, reach: int, data: st.DataObject) -> None:
    item = Item("Q1", lowest, lowest + reach, is_reversed=True)
    value = data.draw(st.integers(item.lowest, item.highest))
    assert keyed(item, keyed(item, value)) == value
    assert item.lowest <= keyed(item, value) <= item.highest


@pytest.mark.parametrize(
    ("value", "rounded"), [(59.5, 60), (14.625, 15), (14.5, 15), (39.4999, 39), (0.5, 1), (-0.5, 0)]
)
def test_halves_are_rounded_upwards(value: float, rounded: int) -> None:
    assert round_half_up(value) == rounded


@given(st.integers(0, 4000))
@settings(deadline=None)
def test_rounding_agrees_with_decimal_arithmetic(fortieths: int) -> None:
    expected = (Decimal(fortieths) / 40).quantize(Decimal(1), ROUND_HALF_UP)
    assert round_half_up(Fraction(fortieths, 40)) == expected


def test_a_missing_item_is_stood_in_for_by_its_own_range() -> None:
    answers = {item.id: 3 for item in CSI_16} | {"1": Absent.NOT_ANSWERED}
    result = score_scale(CSI_16, answers, least=13, basis=BASIS)
    assert (result.total, result.status, result.answered, result.asked) == (48.6, Status.PRORATED, 15, 16)
    assert result.flags == (Flag.PROVISIONAL,)


def test_below_the_fewest_answers_there_is_no_number() -> None:
    answers = {item.id: 3 if int(item.id) <= 12 else Absent.PREFER_NOT_TO_SAY for item in CSI_16}
    result = score_scale(CSI_16, answers, least=13, basis=BASIS)
    assert (result.total, result.mean, result.status, result.answered) == (
        None,
        None,
        Status.INSUFFICIENT,
        12,
    )


@given(st.lists(st.integers(1, 7), min_size=1, max_size=12), st.data())
@settings(deadline=None)
def test_with_equal_ranges_proration_is_the_mean_times_the_number_of_items(
    given_: list[int], data: st.DataObject
) -> None:
    missing = data.draw(st.integers(0, 5))
    items = [Item(str(number), 1, 7) for number in range(len(given_) + missing)]
    answers = {item.id: value for item, value in zip(items, given_, strict=False)}
    result = score_scale(items, answers, least=1, basis=BASIS)
    assert result.total == pytest.approx(sum(given_) / len(given_) * len(items))
    assert result.total is not None
    assert len(items) <= result.total <= 7 * len(items)


def test_only_an_unverified_parameter_is_provisional() -> None:
    marks = {source: Parameter("sd", 17, source, "Funk & Rogge 2007").is_provisional for source in Provenance}
    assert [source for source, is_provisional in marks.items() if is_provisional] == [
        Provenance.PUBLISHED_UNVERIFIED
    ]
