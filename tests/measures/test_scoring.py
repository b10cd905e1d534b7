"""Every published figure and every computed example of the clinical specification, scored by the keys that ship."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.measures.definition import keys
from portal.psychometrics.change import ChangeClass
from portal.psychometrics.instrument import Instrument, Layout
from portal.psychometrics.items import Absent, Answer, AnswersRefused, Flag, Status, check_answers, keyed
from portal.psychometrics.results import Certainty, Judgement, Result, judge, score
from portal.psychometrics.scoring import Provenance
from portal.psychometrics.statistics import cronbach_alpha
from portal.psychometrics.trend import LEAST_S, kendall_s, tendency, theil_sen

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CSI_32_IN_16 = (1, 5, 9, 11, 12, 17, 19, 20, 21, 22, 26, 27, 28, 30, 31, 32)


def scored(key_id: str, answers: Mapping[str, Answer]) -> Result:
    return score(keys()[key_id], answers, instrument_version="1", scored_at=NOW)


def all_of(key_id: str, value: int, **others: Answer) -> dict[str, Answer]:
    return {item.id: value for item in keys()[key_id].items} | {
        name.removeprefix("i"): other for name, other in others.items()
    }


def with_total(key_id: str, total: int) -> dict[str, Answer]:
    """Answers without a reversed item that add up to a total."""
    found: dict[str, Answer] = {}
    left = total - sum(item.lowest for item in keys()[key_id].items)
    for item in keys()[key_id].items:
        step = min(left, item.highest - item.lowest)
        found[item.id] = item.lowest + step
        left -= step
    assert left == 0
    return found


def judged(key_id: str, before: int, after: int) -> Judgement:
    key = keys()[key_id]
    found = judge(
        key, scored(key_id, with_total(key_id, before)).main, scored(key_id, with_total(key_id, after)).main
    )
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("key_id", "items", "reach", "least"),
    [
        ("csi4", 4, (0, 21), 4),
        ("csi16", 16, (0, 81), 13),
        ("csi32", 32, (0, 161), 26),
        ("ras", 7, (7, 35), 6),
        ("phq9", 9, (0, 27), 7),
        ("gad7", 7, (0, 21), 6),
        ("who5", 5, (0, 25), 5),
        ("k6", 6, (0, 24), 6),
        ("k10", 10, (10, 50), 10),
        ("vlq", 20, (1, 100), 8),
    ],
)
def test_the_summary_of_the_specification(
    key_id: str, items: int, reach: tuple[int, int], least: int
) -> None:
    key = keys()[key_id]
    assert (len(key.items), key.scales[0].reach, key.scales[0].least) == (items, reach, least)


@pytest.mark.parametrize(("key_id", "least", "asked"), [("ecr_r", 14, 18), ("ecr_s", 5, 6)])
def test_the_attachment_questionnaires_have_two_scales(key_id: str, least: int, asked: int) -> None:
    assert [(one.id, one.least, one.asked) for one in keys()[key_id].scales] == [
        ("anxiety", least, asked),
        ("avoidance", least, asked),
    ]


def test_the_short_forms_are_parts_of_the_long_one_and_printed_like_it() -> None:
    long, middle, short = (keys()[name].items for name in ("csi32", "csi16", "csi4"))
    shape = [(one.lowest, one.highest, one.layout, one.is_descending) for one in long]
    assert [(one.lowest, one.highest, one.layout, one.is_descending) for one in middle] == [
        shape[n - 1] for n in CSI_32_IN_16
    ]
    assert [(one.lowest, one.highest, one.layout, one.is_descending) for one in short] == [shape[n - 1] for n in (1, 12, 19, 22)]  # fmt: skip
    assert [one.id for one in middle if one.is_descending] == ["2", "11", "13", "14", "16"]
    assert {one.id for one in middle if one.layout is Layout.POLES} == {
        str(number) for number in range(11, 17)
    }


def test_only_the_first_item_of_the_satisfaction_index_has_seven_places_and_none_is_reversed() -> None:
    for name in ("csi4", "csi16", "csi32"):
        assert [len(one.printed_scores) for one in keys()[name].items][:3] == [7, 6, 6]
        assert not any(one.is_reversed for one in keys()[name].items)
    assert keys()["csi16"].items[1].printed_scores == (5, 4, 3, 2, 1, 0)


@pytest.mark.parametrize(
    ("key_id", "reversed_"),
    [
        ("ras", "4 7"),
        ("ecr_r", "9 11 20 22 26 27 28 29 30 31 33 34 35 36"),
        ("ecr_s", "1 5 8 9"),
        *((name, "") for name in ("csi32", "phq9", "gad7", "who5", "k6", "k10", "vlq")),
    ],
)
def test_the_reversed_items(key_id: str, reversed_: str) -> None:
    assert [one.id for one in keys()[key_id].items if one.is_reversed] == reversed_.split()


def test_a_missing_first_item_is_stood_in_for_in_proportion_to_ranges() -> None:
    result = scored("csi16", all_of("csi16", 3, i1=Absent.NOT_ANSWERED)).main
    assert (result.total, result.status, result.answered, result.flags) == (
        48.6,
        Status.PRORATED,
        15,
        (Flag.PROVISIONAL,),
    )


def test_the_shortest_index_is_never_prorated() -> None:
    result = scored("csi4", all_of("csi4", 3, i2=Absent.NOT_ANSWERED)).main
    assert (result.total, result.band, result.status) == (None, None, Status.INSUFFICIENT)


@pytest.mark.parametrize(
    ("key_id", "below", "above"), [("csi4", 13, 14), ("csi16", 51, 52), ("csi32", 104, 105)]
)
def test_the_cut_offs_of_the_satisfaction_index(key_id: str, below: int, above: int) -> None:
    assert scored(key_id, with_total(key_id, below)).main.band == "below_cutoff"
    assert scored(key_id, with_total(key_id, above)).main.band == "at_or_above_cutoff"


def test_always_five_gives_no_five_where_items_are_reversed() -> None:
    result = scored("ras", all_of("ras", 5)).main
    assert (result.total, result.mean) == (27, 27 / 7)
    assert round(result.headline or 0, 2) == 3.86 and result.band is None


@pytest.mark.parametrize(
    ("key_id", "total", "band"),
    [
        ("phq9", 0, "minimal"), ("phq9", 4, "minimal"), ("phq9", 5, "mild"), ("phq9", 9, "mild"), ("phq9", 10, "moderate"),
        ("phq9", 14, "moderate"), ("phq9", 15, "moderately_severe"), ("phq9", 19, "moderately_severe"), ("phq9", 20, "severe"),
        ("phq9", 27, "severe"), ("gad7", 4, "minimal"), ("gad7", 5, "mild"), ("gad7", 9, "mild"), ("gad7", 10, "moderate"),
        ("gad7", 14, "moderate"), ("gad7", 15, "severe"), ("gad7", 21, "severe"), ("k6", 12, "below_serious_distress"),
        ("k6", 13, "serious_distress"), ("k10", 30, None),
    ],
)  # fmt: skip
def test_the_bands(key_id: str, total: int, band: str | None) -> None:
    result = scored(key_id, with_total(key_id, total)).main
    assert (result.total, result.band) == (total, band)


@pytest.mark.parametrize(
    ("total", "percent", "band"), [(25, 100, "not_low"), (13, 52, "not_low"), (12, 48, "low"), (8, 32, "low"), (7, 28, "very_low"), (0, 0, "very_low")]
)  # fmt: skip
def test_well_being_is_a_percentage(total: int, percent: int, band: str) -> None:
    result = scored("who5", with_total("who5", total)).main
    assert (result.total, result.percent, result.headline, result.band) == (total, percent, percent, band)


def test_whole_points_are_rounded_half_up_before_they_are_put_into_a_band() -> None:
    """13 over eight answers of nine is 14.625, which counts as 15 and so as the band above."""
    answers = all_of("phq9", 2, i1=Absent.NOT_ANSWERED, i2=1, i3=1, i4=1)
    result = scored("phq9", answers).main
    assert (result.total, result.band) == (14.625, "moderately_severe")


def test_the_watched_item_is_noticed_even_where_there_is_no_total() -> None:
    only_nine = all_of("phq9", 0) | {str(n): Absent.NOT_ANSWERED for n in range(1, 9)}
    assert scored("phq9", only_nine | {"9": 1}).has_watched_answer
    assert scored("phq9", only_nine | {"9": 1}).main.status is Status.INSUFFICIENT
    assert not scored("phq9", only_nine).has_watched_answer
    assert not scored("phq9", all_of("phq9", 3, i9=Absent.NOT_ANSWERED)).has_watched_answer
    assert not scored("gad7", all_of("gad7", 3)).has_watched_answer


def test_the_two_scales_of_attachment_are_scored_apart() -> None:
    answers = all_of("ecr_s", 7) | {"2": Absent.NOT_ANSWERED, "4": Absent.NOT_ANSWERED}
    anxiety, avoidance = scored("ecr_s", answers).scales
    assert (anxiety.status, anxiety.headline) == (Status.INSUFFICIENT, None)
    assert (avoidance.total, avoidance.headline) == (24, 4.0)  # three of six reversed: 7 7 7 and 1 1 1
    whole = scored("ecr_r", all_of("ecr_r", 7))
    assert [one.headline for one in whole.scales] == [(16 * 7 + 2) / 18, (6 * 7 + 12) / 18]


def test_the_composite_of_values_is_the_mean_of_products() -> None:
    answers = {str(n): 10 for n in range(1, 11)} | {str(n): 5 for n in range(11, 21)}
    assert scored("vlq", answers).main.total == 50
    half = answers | {"1": Absent.NOT_ANSWERED, "12": Absent.NOT_ANSWERED}
    assert (scored("vlq", half).main.status, scored("vlq", half).main.answered) == (Status.PRORATED, 8)
    assert scored("vlq", half | {"3": Absent.NOT_ANSWERED}).main.total is None


@pytest.mark.parametrize("value", [-1, 6, True, 2.0, "2", None])
def test_nothing_is_clamped(value: object) -> None:
    raw: dict[str, object] = {item.id: 2 for item in keys()["csi16"].items} | {"2": value}
    with pytest.raises(AnswersRefused, match="items: 2"):
        check_answers(keys()["csi16"].items, raw)


@settings(max_examples=25)
@given(data=st.data(), key_id=st.sampled_from(["csi16", "csi32", "ras", "phq9", "k10", "ecr_r"]))
def test_a_score_stays_within_its_reach_and_turning_round_mirrors_it(
    data: st.DataObject, key_id: str
) -> None:
    key = keys()[key_id]
    answers: dict[str, Answer] = {
        item.id: data.draw(st.one_of(st.integers(item.lowest, item.highest), st.just(Absent.NOT_ANSWERED)))
        for item in key.items
    }
    mirrored = {
        item.id: item.lowest + item.highest - value if isinstance(value := answers[item.id], int) else value
        for item in key.items
    }
    for scale, one, other in zip(
        key.scales, scored(key_id, answers).scales, scored(key_id, mirrored).scales, strict=True
    ):
        if one.total is not None and other.total is not None:
            low, high = scale.reach
            assert low <= one.total <= high
            assert one.total + other.total == pytest.approx(low + high)


@pytest.mark.parametrize(
    ("before", "after", "expected", "certainty"),
    [
        (40, 58, ChangeClass.RECOVERED, Certainty.CLEARLY_REAL),
        (30, 45, ChangeClass.IMPROVED, Certainty.CLEARLY_REAL),
        (50, 55, ChangeClass.UNCHANGED, Certainty.NOISE),
        (60, 70, ChangeClass.IMPROVED, Certainty.PROBABLY_REAL),
        (60, 40, ChangeClass.DETERIORATED_CROSSED, Certainty.CLEARLY_REAL),
        (30, 36, ChangeClass.UNCHANGED, Certainty.NOISE),
        (30, 37, ChangeClass.IMPROVED, Certainty.PROBABLY_REAL),
        (30, 44, ChangeClass.IMPROVED, Certainty.PROBABLY_REAL),
    ],
)
def test_both_views_of_the_satisfaction_index(
    before: int, after: int, expected: ChangeClass, certainty: Certainty
) -> None:
    found = judged("csi16", before, after)
    assert (found.change_class, found.certainty) == (expected, certainty)
    assert [one.least for one in found.views] == [7, 15]
    assert all(one.precisions.is_provisional for one in found.views)


@pytest.mark.parametrize(("key_id", "least"), [("csi4", 3), ("csi32", 13)])
def test_the_least_change_of_the_other_two(key_id: str, least: int) -> None:
    assert judged(key_id, 0, least).change_class is ChangeClass.IMPROVED
    assert judged(key_id, 0, least - 1).change_class is ChangeClass.UNCHANGED
    assert judged(key_id, 0, least).certainty is None


@pytest.mark.parametrize(
    ("key_id", "before", "after", "direction"),
    [("phq9", 16, 10, 1), ("phq9", 16, 11, 0), ("phq9", 4, 10, -1), ("gad7", 12, 8, 1), ("gad7", 8, 11, 0), ("gad7", 3, 7, -1)],
)  # fmt: skip
def test_fixed_thresholds_count_from_the_threshold_on(
    key_id: str, before: int, after: int, direction: int
) -> None:
    assert judged(key_id, before, after).direction == direction


def test_without_published_figures_only_the_difference_is_shown() -> None:
    found = judged("k10", 30, 20)
    assert (found.points, found.direction, found.change_class, found.views) == (-10, None, None, ())


def test_a_prorated_score_is_never_compared() -> None:
    whole = scored("csi16", with_total("csi16", 30)).main
    part = scored("csi16", all_of("csi16", 5, i3=Absent.NOT_ANSWERED)).main
    assert judge(keys()["csi16"], whole, part) is None and judge(keys()["csi16"], part, whole) is None


def test_every_number_has_a_source_and_what_is_from_memory_is_marked() -> None:
    for key in keys().values():
        assert all(one.citation for one in [*key.bands, *([key.cut_off] if key.cut_off else [])])
        assert key.licence.holder and key.licence.terms
    assert all(one.is_provisional for name in ("csi4", "csi16", "csi32") for one in keys()[name].precisions)
    assert keys()["ecr_s"].sources["literature"].provenance is Provenance.PUBLISHED_UNVERIFIED


def test_the_line_of_the_specification() -> None:
    line = theil_sen(list(zip([0, 7, 21, 28, 42], [5, 6, 5, 7, 8], strict=True)))
    assert line is not None and (line.n, round(line.slope, 4), round(line.weekly, 9)) == (5, 0.0714, 0.5)
    assert theil_sen([(42, 8), (0, 5), (28, 7), (7, 6), (21, 5)]) == line
    one_bad_week = theil_sen(list(zip([0, 7, 14, 21, 28], [5, 5, 6, 1, 7], strict=True)))
    assert one_bad_week is not None and one_bad_week.weekly == pytest.approx(0.5)
    assert theil_sen([(0, 1), (7, 2)]) is None and theil_sen([(3, 1), (3, 2), (3, 3)]) is None


def test_a_tendency_needs_four_points_over_three_weeks_and_most_of_them_in_one_direction() -> None:
    rising = [(7.0 * n, float(n)) for n in range(4)]
    assert tendency(rising) == 1 and tendency([(day, -value) for day, value in rising]) == -1
    assert tendency(rising[:3]) is None and tendency([(day / 7, value) for day, value in rising]) is None
    assert tendency([*rising[:3], (21.0, 0.5)]) == 0
    assert kendall_s([1, 2, 3, 4]) == LEAST_S[4]
    assert tendency([(7.0 * n, float(n)) for n in range(40)]) == 1


def test_scoring_and_reliability_are_cheap() -> None:
    key: Instrument = keys()["csi32"]
    answers = all_of("csi32", 3)
    began = time.perf_counter()
    for _ in range(20):
        scored("csi32", answers)
    cronbach_alpha(
        [[keyed(item, (n + place) % 6) for place, item in enumerate(key.items)] for n in range(200)]
    )
    assert time.perf_counter() - began < 1
