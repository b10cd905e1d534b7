"""How alike two people answered, against published and hand-computed examples."""

import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.assessments.comparison import compare
from portal.assessments.joint import Zone
from portal.psychometrics.alignment import (
    Baseline,
    Difference,
    Similarity,
    agreement,
    align,
    baseline_of,
    compare_preferences,
    difference_of,
    distinctive_similarity,
    intraclass,
    item_means,
    pairs_of,
    profile_of,
    similarity_of,
)
from portal.psychometrics.items import Absent, Answer
from portal.psychometrics.statistics import Undefined
from tests.assessments.sittings import TEST, all_of, keyed_as, sitting

EXAMPLE = list(zip([5, 4, 4, 2, 3], [4, 4, 5, 1, 3], strict=True))
# Shrout & Fleiss 1979, table 2: six targets, four judges.
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
some_pairs = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), max_size=40)


def test_distances_have_names() -> None:
    names = [difference_of(5, 5 - distance) for distance in range(5)]
    assert names == [*Difference, Difference.FAR_APART]


def test_the_worked_example() -> None:
    found = align(EXAMPLE)
    assert (found.n_pairs, found.mad, found.alignment) == (5, 0.6, 85.0)
    assert found.similarity is Similarity.MOSTLY_SIMILAR
    assert intraclass(EXAMPLE).value == pytest.approx(0.829, abs=5e-4)


@pytest.mark.parametrize(
    ("chances", "expected"),
    [((0.2,) * 5, 60), ((0.05, 0.1, 0.2, 0.4, 0.25), 70.5), ((0.02, 0.05, 0.13, 0.4, 0.4), 75.8)],
)
def test_two_strangers_reach_the_level_of_chance(chances: tuple[float, ...], expected: float) -> None:
    pairs = [
        (a, b)
        for a, b in product(range(1, 6), repeat=2)
        for _ in range(round(10_000 * chances[a - 1] * chances[b - 1]))
    ]
    assert align(pairs).alignment == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (90, "very_similar"),
        (89.99, "mostly_similar"),
        (75, "mostly_similar"),
        (74.99, "several_differences"),
        (60, "several_differences"),
        (59.99, "many_differences"),
        (0, "many_differences"),
    ],
)
def test_an_index_is_put_into_words_unrounded(index: float, words: str) -> None:
    assert similarity_of(index) == words


def test_fewer_than_three_pairs_say_nothing() -> None:
    found = align([(1, 1), (2, 2)])
    assert (found.n_pairs, found.mad, found.alignment, found.similarity) == (2, None, None, None)
    assert found.reason is Undefined.TOO_FEW
    assert align([(1, 1), (2, 2), (3, 3)]).alignment == 100
    with pytest.raises(ValueError, match="further apart"):
        align([(1, 6), (2, 2), (3, 3)])


@given(some_pairs, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_alignment_is_bounded_symmetric_and_blind_to_order_and_to_reflected_items(
    pairs: list[tuple[int, int]], chance: random.Random
) -> None:
    found = align(pairs)
    assert align([(b, a) for a, b in pairs]) == found
    assert align(chance.sample(pairs, len(pairs))) == found
    assert align([(6 - a, 6 - b) if chance.random() < 0.5 else (a, b) for a, b in pairs]) == found
    assert (found.alignment is None) == (len(pairs) < 3) == (found.reason is not None)
    assert found.alignment is None or 0 <= found.alignment <= 100


def test_the_published_data_of_shrout_and_fleiss() -> None:
    assert intraclass(SHROUT_FLEISS).value == pytest.approx(0.290, abs=5e-4)


@pytest.mark.parametrize(
    ("a", "b", "value", "reason"),
    [
        ([4, 4, 4], [4, 4, 4], None, Undefined.IDENTICAL_ANSWERS),
        ([4, 4, 4], [2, 2, 2], 0, None),
        ([1, 2, 3, 4], [2, 3, 4, 5], 10 / 13, None),
        ([1, 2, 3], [1, 2, 3], 1, None),
        ([1, 3, 2], [3, 1, 2], -3, None),
        ([1, 2], [1, 2], None, Undefined.TOO_FEW),
        ([], [], None, Undefined.TOO_FEW),
    ],
)
def test_the_edges_of_the_intraclass_correlation(
    a: list[int], b: list[int], value: float | None, reason: Undefined | None
) -> None:
    found = intraclass(list(zip(a, b, strict=True)))
    assert found.value == (None if value is None else pytest.approx(value))
    assert found.reason is reason


def test_the_shifted_profile_reaches_the_stated_value() -> None:
    assert intraclass([(1, 2), (2, 3), (3, 4), (4, 5)]).value == pytest.approx(0.769, abs=5e-4)


@pytest.mark.parametrize("rows", [[[1], [2], [3]], [[1, 2], [1, 2], [1, 2, 3]]])
def test_rows_without_a_second_rater_or_of_different_length_are_a_mistake(rows: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="each row"):
        intraclass(rows)


@given(some_pairs, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_agreement_is_symmetric_blind_to_order_and_none_only_with_a_reason(
    pairs: list[tuple[int, int]], chance: random.Random
) -> None:
    found = intraclass(pairs)
    assert intraclass([(b, a) for a, b in pairs]) == found
    assert intraclass(chance.sample(pairs, len(pairs))) == found
    assert (found.value is None) == (found.reason is not None)
    assert found.value is None or found.value <= 1
    if len(pairs) >= 3:
        assert (found.value is None) == (len({value for pair in pairs for value in pair}) == 1)


def test_agreement_is_shown_from_ten_items_on() -> None:
    assert not agreement([(1, 2), (3, 3), (5, 4)] * 3).is_shown
    assert agreement([(1, 2), (3, 3), (5, 4), (2, 2), (1, 1)] * 2).is_shown
    assert not agreement([(4, 4)] * 10).is_shown


def test_preferences_stand_apart_and_leave_out_what_one_did_not_say() -> None:
    pairs = compare_preferences(TEST.preferences, all_of(1, FAMB=Absent.NOT_SURE_YET), all_of(4, VALB=1))
    assert [pair.item_id for pair in pairs] == ["VALB", "EXPB", "FINB", "VISB", "AUTB", "COMB", "RITB"]
    assert [pair.difference for pair in pairs[:2]] == [Difference.SAME, Difference.FAR_APART]


def test_pairs_are_keyed_and_drop_what_either_left_out() -> None:
    items = TEST.domains[0].statements
    assert pairs_of(items, all_of(5, VAL1=Absent.NOT_ANSWERED), all_of(4)) == [(5, 4), (5, 4), (1, 2), (5, 4)]


def test_the_baseline_waits_for_twenty_couples() -> None:
    one = profile_of(TEST.statements, keyed_as(4))
    assert baseline_of([(one, one)] * 19) == Baseline(None, 19, Undefined.TOO_FEW)
    assert Baseline(None, 19, Undefined.TOO_FEW).percentile_of(80) is None
    made = baseline_of([(one, one)] * 20)
    assert made.alignments == (100,) * (190 * 4)
    assert (made.percentile_of(100), made.percentile_of(99)) == (50, 0)


def test_the_baseline_pairs_nobody_with_the_own_partner() -> None:
    items = ("x", "y", "z")
    couples = [(dict.fromkeys(items, 1), dict.fromkeys(items, 5))] * 20
    made = baseline_of(couples)
    assert made.alignments == (0,) * 380 + (100,) * 380
    assert [made.percentile_of(index) for index in (0, 50, 100)] == [25, 50, 75]


def test_distinctive_similarity_takes_the_typical_profile_out() -> None:
    means = {"x": 2.0, "y": 3.0, "z": 4.0}
    typical, against = {"x": 2, "y": 4, "z": 4}, {"x": 3, "y": 3, "z": 5}
    plain = {"x": 1, "y": 2, "z": 4}
    assert distinctive_similarity(typical, typical, item_means=means, couples=30).value == pytest.approx(1)
    found = distinctive_similarity(typical, against, item_means=means, couples=30).value
    assert found == pytest.approx(-1)
    assert distinctive_similarity(typical, plain, item_means=means, couples=29).reason is Undefined.TOO_FEW
    flat = {"x": 1, "y": 2, "z": 3}
    assert distinctive_similarity(flat, plain, item_means=means, couples=30).reason is Undefined.NO_VARIANCE


def test_item_means_are_over_those_who_answered() -> None:
    assert item_means([{"x": 1, "y": 5}, {"x": 4}]) == {"x": 2.5, "y": 5}


def test_the_therapists_comparison_holds_all_statements_and_keeps_wishes_apart() -> None:
    found = compare(TEST, keyed_as(5), keyed_as(2, FIN5=Absent.PREFER_NOT_TO_SAY))
    money = next(one for one in found.domains if one.domain_id == "FIN")
    assert (money.points, money.zone, money.alignment.n_pairs) == (75, Zone.SEEN_DIFFERENTLY, 4)
    assert money.alignment.similarity is Similarity.MANY_DIFFERENCES
    protected = money.items[-1]
    assert (protected.item_id, protected.a, protected.b) == ("FIN5", 5, Absent.PREFER_NOT_TO_SAY)
    assert protected.difference is None
    assert found.whole.n_pairs == 39
    assert len(found.preferences) == 8


@given(sitting, sitting)
@settings(max_examples=30, deadline=None)
def test_swapping_the_partners_swaps_the_comparison_and_changes_no_figure(
    a: dict[str, Answer], b: dict[str, Answer]
) -> None:
    one, other = compare(TEST, a, b), compare(TEST, b, a)
    assert (one.whole, one.agreement) == (other.whole, other.agreement)
    for left, right in zip(one.domains, other.domains, strict=True):
        assert (left.a, left.b, left.points) == (right.b, right.a, right.points)
        assert (left.alignment, left.zone) == (right.alignment, right.zone)
