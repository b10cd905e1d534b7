"""The short form: sixteen statements, one band in words, and a page for two from which no answer can be worked out."""

from collections.abc import Iterator
from functools import cache
from itertools import combinations_with_replacement, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.assessments.definition import DefinitionBroken, readiness_test
from portal.assessments.joint import Zone, zone_of
from portal.assessments.readiness import Band, band_of, score_short_form
from portal.assessments.short_form import (
    SHORT_FORM_FILE,
    NoSuchResult,
    TooFewAnswers,
    load_short_form,
    own_result,
    packed,
    result_of_two,
    short_form,
    told_as_text,
    told_from_text,
    told_of,
    unpacked,
)
from portal.psychometrics.items import Absent, Answer, round_half_up

FORM = short_form()
TEXT = SHORT_FORM_FILE.read_text()
STATEMENTS = FORM.statements
EARLY, SHAPE, WELL, FIRM = Band
REACH = 4
OF_THEME = range(4 * REACH + 1)


def sitting(text: str) -> dict[str, Answer]:
    return unpacked(FORM, text)


def keyed(value: int) -> dict[str, Answer]:
    """Everything answered so that it counts as `value`."""
    return {one.id: 6 - value if one.is_reversed else value for one in STATEMENTS}


def test_it_is_the_sixteen_statements_of_the_long_form_none_of_them_protected() -> None:
    assert {one.id for one in STATEMENTS} == {one.id for one in readiness_test().short_form}
    assert len(STATEMENTS) == 16
    assert not any(one.is_protected for one in STATEMENTS)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('"VAL5"', '"FIN3"'),
        ('"VAL5"', '"EXP3"'),
        ('"VAL5", ', ""),
        ("fewest_answers_of_theme = 3", "fewest_answers_of_theme = 4"),
        ('title = "Money and family"', 'title = ""'),
        ("[[themes]]", "[themes]"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(was: str, becomes: str) -> None:
    with pytest.raises(DefinitionBroken):
        load_short_form(TEXT.replace(was, becomes, 1), readiness_test())


@pytest.mark.parametrize(("value", "band"), [(1, EARLY), (3, SHAPE), (4, WELL), (5, FIRM)])
def test_the_whole_is_scored_as_the_long_form_scores_its_short_one(value: int, band: Band) -> None:
    answers = keyed(value)
    assert told_of(FORM, answers).band is band is score_short_form(FORM.test, answers).band


def test_three_may_be_left_out_but_not_two_of_one_theme() -> None:
    full = packed(FORM, keyed(4))
    assert told_of(FORM, sitting("0" + full[1:4] + "0" + full[5:8] + "0" + full[9:]))
    with pytest.raises(TooFewAnswers) as refusal:
        told_of(FORM, sitting("00" + full[2:]))
    assert refusal.value.theme_ids == ("each_other",)
    with pytest.raises(TooFewAnswers) as refusal:
        told_of(FORM, sitting("".join("0" + full[start + 1 : start + 4] for start in range(0, 16, 4))))
    assert refusal.value.theme_ids == ()


def test_the_own_result_names_the_clearest_three_on_either_side_as_they_were_answered() -> None:
    own = own_result(FORM, sitting("5411444422225544"), seconds=120)
    assert own.band is not None
    assert [(one.id, value) for one, value in own.held][:1] == [("VAL5", 5)]
    assert len(own.held) == 3
    assert len(own.open) == 3
    for one, value in own.open:
        assert (6 - value if one.is_reversed else value) <= 2


@pytest.mark.parametrize(("text", "seconds"), [("3" * 16, 300), ("5" * 15 + "1", None), ("4252" * 4, 20)])
def test_straight_lines_and_haste_give_no_band(text: str, seconds: int | None) -> None:
    own = own_result(FORM, sitting(text), seconds=seconds)
    assert own.has_straight_line
    assert (own.held, own.open, own.theme) == ((), (), None)
    assert told_of(FORM, sitting(text)).band, "the page for both stays as it would be"


@given(st.text(alphabet="012345", min_size=16, max_size=16))
def test_answers_and_what_is_told_survive_being_kept(text: str) -> None:
    assert packed(FORM, sitting(text)) == text
    try:
        told = told_of(FORM, sitting(text))
    except TooFewAnswers:
        return
    assert told_from_text(FORM, told_as_text(told)) == told


@pytest.mark.parametrize("text", ["", "1" * 15, "1" * 17, "6" * 16, "1" * 15 + "x", "1" * 15 + "١"])
def test_what_is_no_packed_sitting_is_refused(text: str) -> None:
    with pytest.raises(NoSuchResult):
        unpacked(FORM, text)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"band": "firm_ground", "themes": {}}', '{"band": "best", "themes": {}}', "1"]
)
def test_what_tells_no_result_is_refused(text: str) -> None:
    with pytest.raises(NoSuchResult):
        told_from_text(FORM, text)


def test_the_page_for_two_is_made_of_bands_alone() -> None:
    a, b = told_of(FORM, keyed(5)), told_of(FORM, keyed(2))
    page = result_of_two(FORM, a, b)
    assert (page.a, page.b) == (FIRM, EARLY)
    assert {one.zone for one in page.themes} == {Zone.SEEN_DIFFERENTLY}
    other = dict(keyed(2)) | {"VAL5": 1}
    assert result_of_two(FORM, a, told_of(FORM, other)) == page, "another answer in the same bands"


# CPL-05, tried out whole. Whoever knows the own answers learns of the other's themes only in which of these sets of bands
# each lies, and the band of the whole. Sums are above the lowest answer: 0 to 16 a theme, 0 to 64 altogether.
LEARNED = {
    frozenset(other for other in Band if zone_of(own, other) is zone)
    for own in Band
    for zone in Zone
    if any(zone_of(own, other) is zone for other in Band)
}


@cache
def sums_in(bands: frozenset[Band]) -> frozenset[int]:
    return frozenset(number for number in OF_THEME if band_of(FORM.test, percent(number, 16)) in bands)


def percent(above: int, whole: int) -> int:
    return (
        round_half_up(100 * above / whole)
        if 100 * above % whole == 0
        else (200 * above + whole) // (2 * whole)
    )


@cache
def wholes(themes: tuple[frozenset[Band], ...]) -> frozenset[int]:
    found = frozenset({0})
    for theme in themes:
        found = frozenset(one + other for one in found for other in sums_in(theme))
    return found


def possible_answers(theme: frozenset[Band], rest: frozenset[int], whole: Band) -> Iterator[int]:
    for value in range(REACH + 1):
        own = {value + others for others in range(3 * REACH + 1)} & sums_in(theme)
        if any(band_of(FORM.test, percent(one + other, 64)) is whole for one in own for other in rest):
            yield value


def test_nobody_can_work_out_a_single_answer_of_the_other() -> None:
    tried = 0
    for themes in combinations_with_replacement(sorted(LEARNED, key=sorted), 4):
        for number, whole in product(range(4), Band):
            others = (*themes[:number], *themes[number + 1 :])
            left = list(possible_answers(themes[number], wholes(others), whole))
            assert len(left) != 1, (themes, number, whole)
            tried += len(left) > 1
    assert tried > 1000


@given(st.text(alphabet="012345", min_size=16, max_size=16))
def test_what_was_left_out_shows_in_nothing(text: str) -> None:
    """Whatever a form with gaps tells, a whole one tells as well: the sets above are all there is to learn."""
    try:
        told = told_of(FORM, sitting(text))
    except TooFewAnswers:
        return
    sums = wholes(tuple(frozenset({told.themes[theme.id]}) for theme in FORM.themes))
    assert any(band_of(FORM.test, percent(one, 64)) is told.band for one in sums)
    assert Absent.NOT_ANSWERED.value not in told_as_text(told)
