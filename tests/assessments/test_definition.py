"""The data file of the Readiness Test, and files that contradict themselves."""

import pytest
from flask import Flask

from portal.assessments.definition import READINESS_FILE, DefinitionBroken, load_questionnaire
from portal.assessments.suggestions import suggested_exercises
from portal.psychometrics.scoring import Provenance
from tests.assessments.sittings import EVERYTHING, PROTECTED, TEST

TEXT = READINESS_FILE.read_text(encoding="utf-8")


def test_the_readiness_test_has_its_items_and_marks() -> None:
    assert [domain.id for domain in TEST.domains] == ["VAL", "EXP", "FIN", "FAM", "VIS", "AUT", "COM", "RIT"]
    assert {(len(one.statements), len(one.preferences)) for one in TEST.domains} == {(5, 1)}
    reversed_ = [one.id for one in TEST.statements if one.is_reversed]
    assert reversed_ == ["VAL4", "EXP3", "FIN3", "FAM4", "VIS3", "AUT3", "COM4", "RIT3"]
    assert PROTECTED == ["FIN3", "FIN5", "FAM2", "FAM4", "AUT3", "AUT5", "COM1"]
    assert [item.id for item in TEST.items if item.allows_not_sure_yet] == ["FAMB"]
    assert len(TEST.short_form) == 16
    assert not set(PROTECTED) & {one.id for one in TEST.short_form}


def test_the_bands_say_where_their_limits_come_from() -> None:
    assert [floor.value for floor in TEST.band_floors] == [0, 40, 60, 80]
    assert all(floor.provenance is Provenance.LOCAL and floor.citation for floor in TEST.band_floors)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('id = "VAL2"', 'id = "VAL1"', "VAL1: twice"),
        ('id = "VAL1"\ntext = "I can', 'id = "VAL1"\nwords = "I can', "unexpected keyword argument 'words'"),
        ('"VAL5", "EXP2"', '"VAL9", "EXP2"', "missing: VAL9"),
        ('"VAL5", "EXP2"', '"COM1", "EXP2"', "COM1: protected, but in the short form"),
        ("watched_from = 4", "watched_from = 6", "watched_from is outside its range"),
        ("is_reversed = true", "is_reversed = 1", "VAL4: is_reversed is neither true nor false"),
        ('low = "security and the familiar"', 'low = ""', "VALB: a preference has two poles"),
        ("highest = 5", "highest = 1", "VAL1: its range is empty"),
        ("highest = 5", "highest = 4", "anchors: 5 for another number of answers"),
        ("taking_shape = 40", "taking_shape = 60", "bands: their floors do not rise from 0"),
        ('provenance = "local"', 'provenance = "rumour"', "'rumour' is not a valid Provenance"),
        ("[questionnaire]", "[questionnaire", "not TOML"),
        ("lead_in =", "leading =", "missing: lead_in"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_with_the_place(
    before: str, after: str, reason: str
) -> None:
    assert before in TEXT
    with pytest.raises(DefinitionBroken) as broken:
        load_questionnaire(TEXT.replace(before, after, 1))
    assert reason in str(broken.value)


def test_a_domain_that_is_no_table_is_refused() -> None:
    head = TEXT[: TEXT.index("[[domains]]")]
    with pytest.raises(DefinitionBroken):
        load_questionnaire("domains = [3]\n" + head)


def test_every_domain_suggests_an_exercise_of_the_library(app: Flask) -> None:
    assert app.blueprints
    assert set(suggested_exercises(TEST.domains)) == set(EVERYTHING)


@pytest.mark.parametrize("line", ['exercise_id = "values-compass"\n', "ritual = "])
def test_a_domain_without_a_suggestion_is_refused(line: str) -> None:
    with pytest.raises(DefinitionBroken, match="missing"):
        load_questionnaire(TEXT.replace(line, "x = " if line.endswith("= ") else "", 1))
