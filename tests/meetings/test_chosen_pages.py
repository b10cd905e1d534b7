"""Picking lines and the map from their homework, and reading them in the summary."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.clock import utc_now
from portal.extensions import db
from portal.homework import registry
from portal.homework.models import TaskKind
from portal.homework.service import hide
from portal.meetings.models import Summary, SummaryState
from portal.transaction import transaction
from tests.meetings.desk import recorded, send, summary_form
from tests.meetings.homework import ALLOWED, CATALOGUE, Homework, canary, do_homework, opened_test
from tests.support.cast import Cast, client_of
from tests.support.statements import counted


@dataclass(frozen=True)
class Scene:
    """A therapist about to write a summary, with homework of every kind and an opened Readiness Test."""

    app: Flask
    cast: Cast
    desk: FlaskClient
    meeting_id: UUID
    homework: Homework
    map_id: UUID

    @property
    def page(self) -> str:
        return f"/meetings/{self.meeting_id}/summary"

    @property
    def preview(self) -> str:
        return f"{self.page}/preview"

    def send(self, **typed: object) -> TestResponse:
        return send(self.desk, self.page, summary_form(**typed))

    def pick(self) -> None:
        chosen = [str(one) for one in self.homework.allowed.values()]
        assert self.send(chosen=chosen, chosen_map=[str(self.map_id)]).status_code == 303

    def release(self) -> TestResponse:
        return send(self.desk, f"{self.page}/release", {"seen": "1.1"}, page=self.preview)

    def hide_anas(self) -> None:
        with self.app.app_context(), transaction() as session:
            hide(session, self.cast.ana.member(), self.homework.ana_part, now=utc_now())

    def betrayed(self, html: str) -> list[str]:
        return [name for name in self.homework.refused if canary(name) in html]


@pytest.fixture(autouse=True)
def shelf(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put an invented exercise in place of those of the library."""
    assert app  # which registers the library first
    monkeypatch.setitem(registry._catalogues, TaskKind.EXERCISE, CATALOGUE)


@pytest.fixture
def scene(app: Flask, cast: Cast) -> Scene:
    with app.app_context(), transaction() as session:
        map_id, homework = opened_test(session, cast).id, do_homework(session, cast)
    return Scene(app, cast, client_of(app, cast.therapist), recorded(app, cast), homework, map_id)


class TestPicking:
    def test_only_what_may_be_quoted_is_offered_with_its_author(self, scene: Scene) -> None:
        html = scene.desk.get(scene.page).text
        page = BeautifulSoup(html, "html5lib")
        boxes = {str(box["value"]): box for box in page.select("input[name=chosen]")}
        assert set(boxes) == {str(one) for one in scene.homework.allowed.values()}
        of_ana = boxes[str(scene.homework.allowed["Ana's goal"])].find_parent("label")
        assert of_ana is not None
        assert "Ana, opened to both" in of_ana.get_text(" ")
        assert [box["value"] for box in page.select("input[name=chosen_map]")] == [str(scene.map_id)]
        assert scene.betrayed(html) == []

    def test_any_other_answer_is_refused_and_what_was_typed_kept(self, scene: Scene) -> None:
        homework, statuses = scene.homework, {}
        strangers = {**homework.refused, "never there": uuid4(), "the assignment": homework.assignment_id}
        for name, answer_id in strangers.items():
            sent = scene.send(chosen=[str(answer_id)], working_on="kept words")
            statuses[name] = (sent.status_code, "kept words" in sent.text, scene.betrayed(sent.text))
        assert statuses == dict.fromkeys(strangers, (422, True, []))
        with scene.app.app_context():
            assert db.session.scalars(select(Summary)).all() == []

    @pytest.mark.parametrize(
        "typed",
        [
            {"chosen_map": "x"},
            {"chosen_map": str(uuid4())},
            {"chosen": ["x" * 5000]},
            {"chosen": ["\x00", "\u202e"]},
            {"chosen": [str(UUID(int=number)) for number in range(200)]},
        ],
    )
    def test_anything_else_that_is_sent_is_refused(self, scene: Scene, typed: dict[str, object]) -> None:
        sent = scene.send(**typed)
        assert sent.status_code == 422
        assert "can no longer be quoted" in sent.text

    def test_what_was_ticked_is_ticked_again_and_can_be_taken_out(self, scene: Scene) -> None:
        scene.pick()
        page = BeautifulSoup(scene.desk.get(scene.page).text, "html5lib")
        assert len(page.select("input[name=chosen][checked], input[name=chosen_map][checked]")) == 4
        scene.send(seen="1.1")
        assert "From your exercises" not in scene.desk.get(scene.preview).text


class TestReading:
    def test_both_read_the_lines_and_the_map_and_nothing_more(self, scene: Scene) -> None:
        scene.pick()
        seen_before = scene.desk.get(scene.preview).text
        assert [words for words in ALLOWED.values() if words not in seen_before] == []
        address = scene.release().headers["Location"]
        pages = [client_of(scene.app, actor).get(address).text for actor in (scene.cast.ana, scene.cast.ben)]
        first, second = (BeautifulSoup(html, "html5lib").select_one("article.sheet") for html in pages)
        assert str(first) == str(second)
        said = " ".join(BeautifulSoup(str(first), "html5lib").get_text(" ").split())
        told = [*ALLOWED.values(), "Firm ground", "has no norms", "opened to both on"]
        assert [words for words in told if words not in said] == []
        assert scene.betrayed(pages[0]) == []


class TestHiddenSince:
    def test_a_draft_that_quotes_it_says_so_and_is_not_released(self, scene: Scene) -> None:
        scene.pick()
        scene.hide_anas()
        assert "no longer stands" in scene.desk.get(scene.page).text
        sent = scene.release()
        assert sent.status_code == 409
        assert "was hidden, withdrawn or changed since" in sent.text
        with scene.app.app_context():
            assert db.session.scalars(select(Summary.state)).one() is SummaryState.DRAFT

    def test_the_next_save_leaves_it_out(self, scene: Scene) -> None:
        scene.pick()
        scene.hide_anas()
        left = [str(scene.homework.allowed[name]) for name in ("Ben's goal", "the one we choose")]
        assert scene.send(chosen=left, seen="1.1").status_code == 303
        preview = scene.desk.get(scene.preview).text
        assert ALLOWED["Ana's goal"] not in preview
        assert "no longer stands" not in preview


def test_no_page_asks_more_than_twelve_times(scene: Scene) -> None:
    scene.pick()
    costs = {address: _cost(scene.app, scene.desk, address) for address in (scene.page, scene.preview)}
    address = scene.release().headers["Location"]
    costs |= {address: _cost(scene.app, client_of(scene.app, scene.cast.ana), address)}
    assert {visit: cost for visit, cost in costs.items() if cost > 12} == {}


def _cost(app: Flask, client: FlaskClient, address: str) -> int:
    with counted(app) as statements:
        assert client.get(address).status_code == 200
    return len(statements)
