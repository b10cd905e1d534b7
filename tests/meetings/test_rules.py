"""What a summary may hold, and which stored text is one."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from portal.assessments.joint import JointDomain, JointPage, JointPreference, Zone
from portal.assessments.readiness import Band
from portal.meetings.rules import (
    CHOSEN_LETTERS,
    LINE_LETTERS,
    Agreement,
    ChosenLine,
    ChosenMap,
    ContentBroken,
    StillToCome,
    SummaryContent,
    TooLongAgo,
    Whom,
    check_time,
    content_from_json,
    content_json,
    long_lines,
    note_signature,
)
from tests.meetings.desk import CONTENT

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
STRENGTH = JointDomain("VAL", Zone.SHARED_STRENGTH, Band.FIRM_GROUND, Band.WELL_UNDER_WAY)
SILENT = JointDomain("FAM", Zone.NOT_DISCUSSED, None, None)
QUOTING = replace(
    CONTENT,
    chosen=(ChosenLine(uuid4(), Whom.A, "What for?", "Quiet."), ChosenLine(uuid4(), Whom.BOTH, "", "A tent")),
    chosen_map=ChosenMap(uuid4(), NOW, JointPage((STRENGTH,), (), (), (SILENT,), (), ())),
)


class TestContent:
    def test_what_is_stored_comes_back(self) -> None:
        assert content_from_json(content_json(CONTENT)) == CONTENT

    def test_a_summary_of_before_quotes_nothing(self) -> None:
        assert content_from_json('{"focus": "Before."}') == SummaryContent(focus="Before.")

    def test_what_is_quoted_comes_back(self) -> None:
        assert content_from_json(content_json(QUOTING)) == QUOTING

    def test_nothing_stored_is_an_empty_summary(self) -> None:
        assert content_from_json("") == SummaryContent()
        assert content_from_json(content_json(SummaryContent())) == SummaryContent()

    @pytest.mark.parametrize(
        "stored",
        [
            "[]", "null", "{", '{"focus": 1}', '{"note": "x"}', '{"going_well": "abc"}', '{"going_well": [1]}',
            '{"agreements": [{"what": "x", "who": "c", "by_on": null}]}', '{"agreements": ["x"]}',
            '{"agreements": [{"what": "x", "who": "a", "by_on": "soon"}]}', '{"next_meeting_at": "2026-12-01T18:00"}',
            '{"chosen": ["x"]}', '{"chosen": [{"source_id": "x", "side": "a", "question": "", "words": ""}]}',
            content_json(QUOTING).replace('"words": "Quiet."', '"words": 1'),
            content_json(QUOTING).replace('"side": "a"', '"side": "c"'), '{"chosen_map": {}}', '{"chosen_map": []}',
            content_json(QUOTING).replace("firm_ground", "89"), content_json(QUOTING).replace("shared_strength", "x"),
            '{"next_meeting_at": 5}', json.dumps({"focus": "x" * (LINE_LETTERS + 1)}),
        ],
    )  # fmt: skip
    def test_anything_else_that_is_stored_is_refused(self, stored: str) -> None:
        with pytest.raises(ContentBroken):
            content_from_json(stored)

    @pytest.mark.parametrize(
        "values",
        [
            {"going_well": ("a",) * 4},
            {"working_on": ("a",) * 4},
            {"next_time": ("a",) * 6},
            {"agreements": (Agreement("a", Whom.A, None),) * 6},
            {"agreements": (Agreement("a" * (LINE_LETTERS + 1), Whom.A, date(2026, 1, 1)),)},
            {"chosen": (QUOTING.chosen[0],) * 5},
            {"chosen": (replace(QUOTING.chosen[0], words="a" * (CHOSEN_LETTERS + 1)),)},
            {"remember_b": "a" * (LINE_LETTERS + 1)},
        ],
    )
    def test_nothing_grows_over_its_limit(self, values: dict[str, object]) -> None:
        with pytest.raises(ContentBroken):
            SummaryContent(**values)  # type: ignore[arg-type]  # values of several types by name

    def test_a_map_holds_no_single_answer(self) -> None:
        page = JointPage((STRENGTH,), (), (), (), (JointPreference("VAL6", 1, 4, is_far_apart=True),), ())
        with pytest.raises(ContentBroken):
            ChosenMap(uuid4(), NOW, page)

    def test_a_long_line_is_named_and_allowed(self) -> None:
        line = "word " * 19
        assert long_lines(SummaryContent(going_well=(line, "short"))) == [line]


class TestTime:
    def test_a_meeting_is_recorded_once_it_has_begun(self) -> None:
        check_time(NOW, NOW)
        with pytest.raises(StillToCome):
            check_time(NOW + timedelta(seconds=1), NOW)

    def test_a_year_typed_wrongly_is_noticed(self) -> None:
        with pytest.raises(TooLongAgo):
            check_time(NOW.replace(year=1026), NOW)


def test_a_signature_changes_with_every_part() -> None:
    signed = note_signature(b"k" * 32, facts=("a", "b"), sealed=b"text")
    others = [
        note_signature(b"j" * 32, facts=("a", "b"), sealed=b"text"),
        note_signature(b"k" * 32, facts=("a", "c"), sealed=b"text"),
        note_signature(b"k" * 32, facts=("ab",), sealed=b"text"),
        note_signature(b"k" * 32, facts=("a", "b"), sealed=b"test"),
    ]
    assert len({signed, *others}) == 5
