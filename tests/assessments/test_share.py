"""Choosing what to share of the Readiness Test, and seeing exactly that before."""

import json

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from werkzeug.test import TestResponse

from portal.homework.models import Response
from portal.homework.queries import own_answers
from portal.homework.rules import Scope, Step
from portal.psychometrics.items import Absent, Answer
from portal.transaction import current_session
from tests.assessments.pages import Reader, Typed, attribute, hidden, one, reader_of, text_of, words
from tests.assessments.sittings import DOMAINS, PROTECTED, TEST, keyed_as
from tests.assessments.walk import Walk, given_test
from tests.support.cast import Cast

SHARED_ROWS = "shown."


@pytest.fixture
def walk(app: Flask, cast: Cast) -> Walk:
    return given_test(app, cast)


@pytest.fixture
def ana(walk: Walk) -> Reader:
    return finished(walk, keyed_as(4, VALB=2, FAMB=Absent.NOT_SURE_YET, EXP1=Absent.NOT_ANSWERED))


def finished(walk: Walk, answers: dict[str, Answer]) -> Reader:
    walk.finish(walk.cast.ana, answers)
    return reader_of(walk, walk.cast.ana)


def choose(reader: Reader, /, go: str = "preview", **typed: list[str]) -> TestResponse:
    return reader.send("/share", reader.see("/share"), {**typed, "go": go})


def share(reader: Reader, **typed: list[str]) -> TestResponse:
    """See the preview, and share that."""
    preview = BeautifulSoup(choose(reader, "preview", **typed).text, "html.parser")
    return reader.send("/share", preview, {**typed, "go": "share"})


def rows_of(reader: Reader) -> dict[str, object]:
    return {
        name: json.loads(value) for name, value in reader.stored().items() if name.startswith(SHARED_ROWS)
    }


def pairs(page: Tag) -> dict[str, str]:
    return {
        text_of(term): text_of(words)
        for term, words in zip(page.select("main dt"), page.select("main dd"), strict=True)
    }


class TestTheChoice:
    def test_every_area_with_words_is_ticked_and_no_single_answer(self, ana: Reader) -> None:
        page = ana.see("/share")
        ticked = [str(box["value"]) for box in page.select("input[type=checkbox][checked]")]
        assert ticked == list(DOMAINS)

    def test_neither_protected_nor_missing_answers_are_offered(self, ana: Reader) -> None:
        offered = {str(box["value"]) for box in ana.see("/share").select("input[type=checkbox]")} - set(
            DOMAINS
        )
        assert offered == {item.id for item in TEST.items} - set(PROTECTED) - {"FAMB", "EXP1"}

    def test_an_area_without_enough_answers_is_named_and_not_offered(self, walk: Walk) -> None:
        page = finished(walk, keyed_as(4, FIN1=Absent.PREFER_NOT_TO_SAY)).see("/share")
        assert not page.select("input[name=domains][value=FIN]")
        assert "There are not enough answers for words on: Finances." in words(page)

    def test_it_waits_until_the_answers_are_finished(self, walk: Walk) -> None:
        reader = reader_of(walk, walk.cast.ana)
        assert reader.client.get(reader.base + "/share").headers["Location"] == reader.base
        data = {"form_token": hidden(reader.see())["form_token"], "domains": "VAL", "go": "share"}
        assert reader.client.post(reader.base + "/share", data=data).status_code == 409


class TestThePreview:
    def test_it_shows_words_for_areas_and_single_answers_as_given(self, ana: Reader) -> None:
        page = BeautifulSoup(choose(ana, domains=["VAL", "RIT"], items_VAL=["VALB"]).text, "html.parser")
        assert pairs(page) == {
            "Values": "Well under way",
            "Rituals and accountability": "Well under way",
            "I would like our life to lean towards...": "2, closer to security and the familiar",
        }
        assert "of 100" not in words(page)

    def test_nothing_is_shared_by_looking(self, ana: Reader) -> None:
        choose(ana, domains=["VAL"])
        assert rows_of(ana) == {}

    def test_the_choice_is_kept_for_a_change(self, ana: Reader) -> None:
        preview = BeautifulSoup(choose(ana, domains=["VAL"], items_VAL=["VALB"]).text, "html.parser")
        typed: Typed = {"domains": ["VAL"], "items_VAL": ["VALB"], "go": "change"}
        page = BeautifulSoup(ana.send("/share", preview, typed).text, "html.parser")
        assert [str(box["value"]) for box in page.select("input[type=checkbox][checked]")] == ["VAL", "VALB"]

    def test_it_may_be_nothing(self, ana: Reader) -> None:
        assert "Nothing. Every area says “Not discussed yet”" in choose(ana).text


class TestSharing:
    def test_it_stores_what_was_seen_and_nothing_else_for_the_partner(self, ana: Reader) -> None:
        assert share(ana, domains=["VAL", "FIN"], items_VAL=["VALB", "VAL1"]).status_code == 303
        assert rows_of(ana) == {
            "shown.band.VAL": "well_under_way", "shown.band.FIN": "well_under_way", "shown.item.VALB": 2, "shown.item.VAL1": 4,
        }  # fmt: skip
        with ana.walk.app.app_context():
            rows = own_answers(current_session(), ana.actor.member(), ana.walk.part(ana.actor)).values()
            for row in rows:
                is_shown = row.prompt_id.startswith(SHARED_ROWS)
                assert row.scope is (Scope.REVEAL if is_shown else Scope.THERAPIST)

    def test_the_page_afterwards_says_what_and_that_it_waits(self, ana: Reader) -> None:
        share(ana, domains=["VAL"])
        page = ana.see("/share")
        assert pairs(page) == {"Values": "Well under way"}
        assert "This opens when you have both shared, or in your session." in words(page)

    def test_it_can_be_taken_back_and_leaves_nothing_to_see(self, ana: Reader) -> None:
        share(ana, domains=["VAL"])
        page = ana.see("/share")
        taken = ana.client.post(attribute(page, 'form[action$="/take-back"]', "action"), data=hidden(page))
        assert taken.status_code == 303
        with ana.walk.app.app_context():
            response = current_session().get_one(Response, ana.walk.part(ana.actor))
            assert response.step is Step.SUBMITTED
        share(ana, domains=["RIT"])
        assert list(rows_of(ana)) == ["shown.band.RIT"]

    def test_what_was_not_seen_is_not_shared(self, ana: Reader) -> None:
        preview = BeautifulSoup(choose(ana, domains=["VAL"]).text, "html.parser")
        answer = ana.send("/share", preview, {"domains": ["VAL", "RIT"], "go": "share"})
        assert answer.status_code == 409
        assert rows_of(ana) == {}
        assert set(pairs(BeautifulSoup(answer.text, "html.parser"))) == {
            "Values",
            "Rituals and accountability",
        }

    def test_a_second_press_changes_nothing(self, ana: Reader) -> None:
        preview = BeautifulSoup(choose(ana, domains=["VAL"]).text, "html.parser")
        assert ana.send("/share", preview, {"domains": ["VAL"], "go": "share"}).status_code == 303
        assert ana.send("/share", preview, {"domains": ["VAL"], "go": "share"}).status_code == 409


class TestWhatCannotBeShared:
    @pytest.mark.parametrize("go", ["preview", "share"])
    @pytest.mark.parametrize(
        "typed",
        [{"items_FIN": ["FIN3"]}, {"items_VAL": ["FIN5"]}, {"items_VAL": ["shown.band.VAL"]}, {"domains": ["XXX"]},
         {"domains": ["VAL", "VAL1"]}, {"items_EXP": ["EXP1"]}],
    )  # fmt: skip
    def test_what_is_not_offered_is_refused_with_a_sentence(
        self, ana: Reader, typed: dict[str, list[str]], go: str
    ) -> None:
        answer = choose(ana, go, **typed)
        assert answer.status_code == 422
        assert "Please choose among what is shown here." in answer.text
        assert rows_of(ana) == {}

    def test_what_would_tell_another_answer_is_explained(self, walk: Walk) -> None:
        reader = finished(walk, keyed_as(4, FIN1=1, FIN2=2, FIN4=5))
        answer = choose(reader, domains=["FIN"], items_FIN=["FIN1", "FIN2"])
        page = BeautifulSoup(answer.text, "html.parser")
        assert answer.status_code == 422
        assert "beside the words for finances, another answer of yours could be worked out" in words(page)
        assert one(page, "input[value=FIN1][checked]")
        assert rows_of(reader) == {}
