"""What of their homework may enter a summary (CPL-07): nothing but what is open to both and was talked about."""

import ast
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask, render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

import portal
from portal.assessments.definition import readiness_test
from portal.assessments.differing import say_differ
from portal.assessments.joint import Zone
from portal.clock import utc_now
from portal.documents.models import Document, DocumentState
from portal.documents.service import begin_rendering
from portal.homework import registry
from portal.homework.lines import SummaryLine, summary_lines
from portal.homework.models import Answer, JointAnswer, TaskKind
from portal.homework.queries import desk_answers
from portal.homework.service import hide
from portal.meetings.bands import joint_bands
from portal.meetings.chosen import offered_for, with_homework
from portal.meetings.models import SummaryState
from portal.meetings.rules import ChosenLine, ChosenMap, LineNotAllowed, SummaryContent, Whom
from portal.meetings.showing import build_view
from portal.meetings.summary_view import summary_html
from tests.meetings.desk import CONTENT, record, release, write
from tests.meetings.homework import (
    ALLOWED,
    CATALOGUE,
    EXERCISE,
    Homework,
    canary,
    do_homework,
    opened_test,
    part_of,
    together,
    written,
)
from tests.support.cast import Cast

LINE = SummaryLine(uuid4(), "revealed", "a", "What for?", "For quiet.")


@pytest.fixture
def app(either_app: Flask) -> Flask:
    """What is kept out is kept out by either database."""
    return either_app


@pytest.fixture(autouse=True)
def shelf(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put an invented exercise in place of those of the library."""
    assert app  # which registers the library first
    monkeypatch.setitem(registry._catalogues, TaskKind.EXERCISE, CATALOGUE)


@pytest.fixture
def homework(cast: Cast, session: Session) -> Homework:
    return do_homework(session, cast)


def _quoting(session: Session, cast: Cast, *, with_map: bool = False) -> SummaryContent:
    viewer = cast.therapist.member()
    maps = joint_bands(session, viewer, cast.couple_id) if with_map else []
    return with_homework(CONTENT, summary_lines(session, viewer, cast.couple_id), next(iter(maps), None))


class TestTheList:
    def test_it_holds_exactly_what_both_can_read_and_what_was_talked_about(
        self, cast: Cast, session: Session, homework: Homework
    ) -> None:
        lines = summary_lines(session, cast.therapist.member(), cast.couple_id)
        assert {line.source_id: line.words for line in lines} == {
            homework.allowed[name]: words for name, words in ALLOWED.items()
        }
        assert sorted((line.kind, line.side) for line in lines) == [
            ("joint", "both"), ("revealed", "a"), ("revealed", "b"),
        ]  # fmt: skip

    def test_it_is_empty_for_everybody_but_the_couples_therapist(
        self, cast: Cast, session: Session, homework: Homework
    ) -> None:
        assert homework.allowed
        opened_test(session, cast)
        for actor in (cast.stranger, cast.ana, cast.ben, cast.cleo, cast.owner, cast.front_desk):
            assert summary_lines(session, actor.member(), cast.couple_id) == []
            assert joint_bands(session, actor.member(), cast.couple_id) == []

    def test_a_limited_sign_in_gets_none(self, cast: Cast, session: Session, homework: Homework) -> None:
        assert homework.allowed
        assert summary_lines(session, cast.therapist.member(is_limited=True), cast.couple_id) == []

    def test_a_meeting_with_one_alone_offers_nothing(
        self, cast: Cast, session: Session, homework: Homework
    ) -> None:
        assert homework.allowed
        meeting = record(session, cast, with_person_id=cast.ana.person_id)
        assert not offered_for(session, cast.therapist.member(), meeting).lines
        with pytest.raises(LineNotAllowed):
            write(session, cast, meeting.id, _quoting(session, cast))


class TestTheMap:
    def test_it_shows_bands_of_both_and_no_single_answer(self, cast: Cast, session: Session) -> None:
        assignment = opened_test(session, cast)
        (one,) = joint_bands(session, cast.therapist.member(), cast.couple_id)
        assert one.assignment_id == assignment.id
        assert (one.page.items, one.page.preferences) == ((), ())
        assert [len(one.page.not_discussed), one.page.not_discussed[0].a] == [1, None]

    def test_before_its_opening_there_is_none(self, cast: Cast, session: Session) -> None:
        opened_test(session, cast, is_opened=False)
        assert joint_bands(session, cast.therapist.member(), cast.couple_id) == []

    def test_once_one_has_hidden_it_there_is_none(self, cast: Cast, session: Session) -> None:
        assignment = opened_test(session, cast)
        hide(session, cast.ben.member(), part_of(session, assignment, cast.ben), now=utc_now())
        assert joint_bands(session, cast.therapist.member(), cast.couple_id) == []

    def test_where_they_agree_to_differ_it_says_so(self, cast: Cast, session: Session) -> None:
        assignment, ana = opened_test(session, cast), cast.ana.member()
        domain_id, own = readiness_test().domains[0].id, part_of(session, assignment, cast.ana)
        say_differ(session, ana, own, domain_id, is_agreed=True, seen_revision=0, now=utc_now())
        (one,) = joint_bands(session, cast.therapist.member(), cast.couple_id)
        assert domain_id in {lane.domain_id for lane in one.page.others if lane.zone is Zone.AGREE_TO_DIFFER}

    def test_one_that_was_altered_on_the_way_is_refused(self, cast: Cast, session: Session) -> None:
        opened_test(session, cast)
        content = _quoting(session, cast, with_map=True)
        assert content.chosen_map is not None
        page = content.chosen_map.page
        other = replace(content.chosen_map, page=replace(page, strengths=page.strengths[:1]))
        with pytest.raises(LineNotAllowed):
            write(session, cast, record(session, cast).id, replace(content, chosen_map=other))


class TestTheLeakCheck:
    def test_no_other_answer_can_be_saved_in_a_summary(
        self, cast: Cast, session: Session, homework: Homework
    ) -> None:
        meeting, taken = record(session, cast), []
        for name, answer_id in homework.refused.items():
            forged = ChosenLine(answer_id, Whom.A, "", canary(name))
            try:
                write(session, cast, meeting.id, replace(CONTENT, chosen=(forged,)))
            except LineNotAllowed:
                continue
            taken.append(name)
        assert taken == []

    @pytest.mark.parametrize("change", [{"words": "Half a marathon."}, {"side": Whom.B}])
    def test_words_and_voice_stay_as_they_were_given(
        self, cast: Cast, session: Session, homework: Homework, change: dict[str, Any]
    ) -> None:
        line = ChosenLine(homework.allowed["Ana's goal"], Whom.A, "", ALLOWED["Ana's goal"])
        meeting = record(session, cast)
        with pytest.raises(LineNotAllowed):
            write(session, cast, meeting.id, replace(CONTENT, chosen=(replace(line, **change),)))
        assert write(session, cast, meeting.id, replace(CONTENT, chosen=(line,))).revision == 1

    def test_what_was_hidden_after_the_draft_is_not_released(
        self, cast: Cast, session: Session, homework: Homework
    ) -> None:
        draft = write(session, cast, record(session, cast).id, _quoting(session, cast))
        hide(session, cast.ana.member(), homework.ana_part, now=utc_now())
        with pytest.raises(LineNotAllowed):
            release(session, cast, draft)

    def test_what_both_went_on_writing_is_not_released(self, cast: Cast, session: Session) -> None:
        assignment = written(session, cast, {}, task=EXERCISE)
        pick = together(session, cast, assignment, "pick", "A tent")
        pick.reviewed_at = utc_now()
        session.flush()
        draft = write(session, cast, record(session, cast).id, _quoting(session, cast))
        together(session, cast, assignment, "pick", "A hut")
        with pytest.raises(LineNotAllowed):
            release(session, cast, draft)

    def test_a_pdf_is_not_made_of_what_was_hidden_meanwhile(
        self, cast: Cast, session: Session, homework: Homework
    ) -> None:
        release(session, cast, write(session, cast, record(session, cast).id, _quoting(session, cast)))
        hide(session, cast.ana.member(), homework.ana_part, now=utc_now())
        document = session.scalars(select(Document)).one()
        assert begin_rendering(session, document.id, render_template=_never, now=utc_now()) is None
        assert (document.state, document.failure) == (DocumentState.FAILED, "changed")

    def test_released_it_shows_the_chosen_lines_and_nothing_else_of_theirs(
        self, app: Flask, cast: Cast, session: Session, homework: Homework
    ) -> None:
        opened_test(session, cast)
        content = _quoting(session, cast, with_map=True)
        summary = release(session, cast, write(session, cast, record(session, cast).id, content))
        with app.test_request_context():
            html = summary_html(build_view(session, summary), render_template)
        assert [words for words in ALLOWED.values() if words not in html] == []
        assert [name for name in homework.refused if canary(name) in html] == []
        assert "has no norms" in html
        assert summary.state is SummaryState.RELEASED


@dataclass(frozen=True, slots=True)
class More(SummaryLine):
    """A line that carries one thing more."""

    process_note: str = "she wept"


@dataclass(frozen=True)
class LookAlike:
    source_id: UUID = LINE.source_id
    side: str = "a"
    question: str = ""
    words: str = "For quiet."


STRANGERS: dict[str, Any] = {
    "a mapping": asdict(LINE),
    "a subclass": More(**asdict(LINE)),
    "a look-alike": LookAlike(),
    "words alone": "For quiet.",
    "a stored line": ChosenLine(LINE.source_id, Whom.A, "", "For quiet."),
    "an answer": Answer(),
    "what both wrote": JointAnswer(),
    "nothing": None,
}


class TestTheOneWayIn:
    @pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
    def test_nothing_but_a_line_of_the_list_is_taken(self, stranger: Any) -> None:
        with pytest.raises(TypeError):
            with_homework(CONTENT, [LINE, stranger], None)

    def test_not_even_what_the_therapist_may_read(
        self, cast: Cast, session: Session, homework: Homework
    ) -> None:
        for answer in desk_answers(session, cast.therapist.member(), homework.assignment_id):
            with pytest.raises(TypeError):
                with_homework(CONTENT, [answer], None)  # type: ignore[list-item]  # the point

    def test_a_map_is_a_map_and_nothing_else(self) -> None:
        with pytest.raises(TypeError):
            with_homework(CONTENT, [], {"page": "x"})  # type: ignore[arg-type]  # the point
        with pytest.raises(TypeError):
            ChosenMap(uuid4(), utc_now(), {"strengths": ()})  # type: ignore[arg-type]  # the point

    def test_lines_and_maps_are_made_where_they_are_checked(self) -> None:
        made = {"SummaryLine": "lines.py", "ChosenLine": "chosen.py", "ChosenMap": "bands.py"}
        for path in Path(portal.__file__).parent.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in made:
                    assert path.name in {made[node.func.id], "rules.py"}, path


def _never(*_: object, **__: object) -> str:
    pytest.fail("the template was reached")
