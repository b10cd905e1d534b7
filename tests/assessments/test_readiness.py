"""Scores of the Readiness Test on the own page and on the therapist's."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.assessments.readiness import (
    Change,
    Score,
    band_of,
    change_between,
    has_straight_line,
    own_result,
    score_domain,
    score_shareable,
    score_short_form,
    therapist_result,
    watch_of,
)
from portal.psychometrics.items import Absent, Answer, Flag, Status
from tests.assessments.sittings import DOMAINS, NOON, PROTECTED, TEST, all_of, full_sitting, keyed_as, sitting

NOTHING = Absent.PREFER_NOT_TO_SAY
NUMBERS = {f"{domain}{number}" for domain in DOMAINS for number in range(1, 6)}


def total_of(answers: dict[str, Answer]) -> Score:
    return therapist_result(TEST, answers, seconds=None, scored_at=NOON).total


@pytest.mark.parametrize(("raw", "score"), [(3, 50), (5, 80), (1, 20)])
def test_the_same_raw_answer_throughout_is_not_the_end_of_the_scale(raw: int, score: int) -> None:
    assert total_of(all_of(raw)).score == score


@pytest.mark.parametrize(("value", "score"), [(1, 0), (5, 100)])
def test_the_ends_of_the_scale_are_0_and_100(value: int, score: int) -> None:
    assert total_of(keyed_as(value)).score == score


@pytest.mark.parametrize(
    ("rounded", "band"),
    [
        (0, "early_conversations"),
        (39, "early_conversations"),
        (40, "taking_shape"),
        (59, "taking_shape"),
        (60, "well_under_way"),
        (79, "well_under_way"),
        (80, "firm_ground"),
        (100, "firm_ground"),
    ],
)
def test_bands_begin_at_40_60_and_80(rounded: int, band: str) -> None:
    assert band_of(TEST, rounded) == band


def test_a_score_of_exactly_a_half_is_rounded_upwards() -> None:
    score = score_shareable(TEST, DOMAINS["COM"], keyed_as(4, COM2=3, COM3=3))
    assert (score.score, score.rounded) == (62.5, 63)


def test_a_domain_needs_four_of_five_and_the_partners_view_three_of_three_or_four() -> None:
    money, talk, values = DOMAINS["FIN"], DOMAINS["COM"], DOMAINS["VAL"]
    assert score_domain(TEST, money, keyed_as(4, FIN1=NOTHING)).status is Status.PRORATED
    assert score_domain(TEST, money, keyed_as(4, FIN1=NOTHING, FIN5=NOTHING)).score is None
    assert score_shareable(TEST, money, keyed_as(4, FIN3=NOTHING, FIN5=NOTHING)).status is Status.COMPLETE
    assert score_shareable(TEST, money, keyed_as(4, FIN1=NOTHING)).score is None
    assert score_shareable(TEST, talk, keyed_as(4, COM2=NOTHING)).score == 75
    assert score_shareable(TEST, talk, keyed_as(4, COM2=NOTHING, COM3=NOTHING)).score is None
    assert score_shareable(TEST, values, keyed_as(4, VAL1=NOTHING, VAL2=NOTHING)).score is None


def test_a_total_needs_six_domains() -> None:
    gone = {f"{domain}{number}": NOTHING for domain in ("VAL", "EXP") for number in (1, 2)}
    total = total_of(keyed_as(4, **gone))
    assert (total.score, total.status, total.answered, total.flags) == (
        75,
        Status.PRORATED,
        36,
        (Flag.PROVISIONAL,),
    )
    total = total_of(keyed_as(4, **gone, RIT1=NOTHING, RIT2=NOTHING))
    assert (total.score, total.rounded, total.band, total.status) == (None, None, None, Status.INSUFFICIENT)


def test_the_short_form_needs_thirteen_of_sixteen() -> None:
    ids = [one.id for one in TEST.short_form]
    assert score_short_form(TEST, keyed_as(2)).score == 25
    assert score_short_form(TEST, keyed_as(2, **dict.fromkeys(ids[:3], NOTHING))).status is Status.PRORATED
    assert score_short_form(TEST, keyed_as(2, **dict.fromkeys(ids[:4], NOTHING))).score is None


def test_nine_of_ten_equal_statements_hide_the_own_summary_and_not_the_therapists() -> None:
    others = dict.fromkeys(["VAL1", "EXP1", "FIN1", "FAM1"], 1)
    own = own_result(TEST, all_of(4, **others), seconds=600, scored_at=NOON)
    assert own.has_straight_line
    assert {(one.score.score, one.score.band) for one in own.domains} == {(None, None)}
    assert (own.total.rounded, own.total.band, own.total.flags) == (None, None, (Flag.STRAIGHT_LINE,))
    seen = therapist_result(TEST, all_of(4, **others), seconds=600, scored_at=NOON)
    assert seen.has_straight_line
    assert seen.total.band is not None
    assert not has_straight_line(TEST, all_of(4, **others, VIS1=1), seconds=600)


def test_under_two_seconds_an_item_is_a_straight_line_too() -> None:
    varied = {item.id: 1 + number % 5 for number, item in enumerate(TEST.items)}
    assert has_straight_line(TEST, varied, seconds=95.9)
    assert not has_straight_line(TEST, varied, seconds=96)
    assert not has_straight_line(TEST, varied, seconds=None)
    assert not has_straight_line(TEST, dict.fromkeys(varied, Absent.NOT_ANSWERED), seconds=1)
    for seconds in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="finite"):
            has_straight_line(TEST, varied, seconds=seconds)


@pytest.mark.parametrize(
    ("item_id", "silent", "noticed"),
    [("FIN3", 3, 4), ("FIN5", 3, 2), ("FAM2", 3, 2), ("AUT3", 3, 4), ("AUT5", 3, 2), ("COM1", 3, 2)],
)
def test_a_watched_answer_is_noticed_from_its_threshold(item_id: str, silent: int, noticed: int) -> None:
    assert watch_of(TEST, all_of(3, **{item_id: silent})).item_ids == ()
    watch = watch_of(TEST, all_of(3, **{item_id: noticed}))
    assert (watch.item_ids, watch.is_talk_suggested) == ((item_id,), False)


def test_two_watched_answers_suggest_a_talk() -> None:
    assert watch_of(TEST, all_of(3, FIN3=5, COM1=1)).is_talk_suggested


def test_the_therapist_sees_which_kind_of_nothing_was_given() -> None:
    answers = keyed_as(4, VAL1=Absent.DOES_NOT_APPLY, FAMB=Absent.NOT_SURE_YET)
    absences = therapist_result(TEST, answers, seconds=None, scored_at=NOON).absences
    assert absences == (("VAL1", Absent.DOES_NOT_APPLY), ("FAMB", Absent.NOT_SURE_YET))


def test_a_change_is_two_scores_and_the_points_between_them() -> None:
    assert change_between(total_of(keyed_as(4)), total_of(keyed_as(3))) == Change(75, 50, -25)
    assert change_between(total_of(keyed_as(4)), total_of(all_of(NOTHING))) is None


@given(sitting)
@settings(max_examples=60, deadline=None)
def test_scores_stay_between_0_and_100_and_are_none_exactly_when_insufficient(
    answers: dict[str, Answer],
) -> None:
    result = therapist_result(TEST, answers, seconds=None, scored_at=NOON)
    for score in (result.total, *(one.score for one in result.domains)):
        assert (score.score is None) == (score.status is Status.INSUFFICIENT)
        assert (score.band is None) == (score.rounded is None) == (score.score is None)
        assert score.score is None or 0 <= score.score <= 100


@given(full_sitting, st.sampled_from([1, 2, 3, 4]), st.sampled_from(sorted(NUMBERS)))
@settings(max_examples=60, deadline=None)
def test_a_higher_keyed_answer_never_lowers_a_score(
    answers: dict[str, Answer], low: int, item_id: str
) -> None:
    is_reversed = next(one.is_reversed for one in TEST.statements if one.id == item_id)
    less, more = (6 - low, 5 - low) if is_reversed else (low, low + 1)
    lower, higher = total_of(answers | {item_id: less}).score, total_of(answers | {item_id: more}).score
    assert lower is not None
    assert higher is not None
    assert higher - lower == pytest.approx(100 / 160)


@given(sitting, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_order_of_answers_does_not_matter(answers: dict[str, Answer], chance: random.Random) -> None:
    mixed = list(answers.items())
    chance.shuffle(mixed)
    assert total_of(dict(mixed)) == total_of(answers)


@given(sitting, sitting)
@settings(max_examples=60, deadline=None)
def test_preferences_never_enter_a_score_nor_protected_answers_the_partners(
    answers: dict[str, Answer], others: dict[str, Answer]
) -> None:
    wishes = {one.id: others[one.id] for one in TEST.preferences}
    assert total_of(answers | wishes) == total_of(answers)
    hidden = {item_id: others[item_id] for item_id in PROTECTED}
    for domain in TEST.domains:
        assert score_shareable(TEST, domain, answers | hidden) == score_shareable(TEST, domain, answers)
