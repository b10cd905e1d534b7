"""Saving a page of the Readiness Test: by itself, against bad input, from two windows, after a lapsed sign-in."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from portal.clock import utc_now
from portal.homework.models import Assignment, KeptPage, TaskKind
from portal.transaction import current_session, transaction
from tests.assessments.pages import Reader, attribute, chosen, hidden, one, reader_of, text_of, words
from tests.assessments.walk import given_test
from tests.support.cast import Cast, client_of
from tests.support.statements import counted


@pytest.fixture
def ana(app: Flask, cast: Cast) -> Reader:
    reader = reader_of(given_test(app, cast), cast.ana)
    reader.begin()
    return reader


class TestByItself:
    def test_it_answers_with_the_marks_alone_and_says_when(self, ana: Reader) -> None:
        answer = ana.choose(1, by_script=True, VAL1="4")
        soup = BeautifulSoup(answer.text, "html.parser")
        assert [tag["id"] for tag in soup.find_all(True, recursive=False)] == ["marks"]
        assert "Saved at" in soup.text
        assert hidden(soup)["rev-VAL1"] == "1"
        assert ana.stored() == {"VAL1": "4"}

    def test_a_window_may_save_again_and_again(self, ana: Reader) -> None:
        page = ana.see("/1")
        for place in ("1", "2", "5"):
            assert ana.send("/1", page, {"VAL1": place}, by_script=True).status_code == 200
        assert ana.stored() == {"VAL1": "5"}

    def test_nothing_chosen_is_nothing_stored(self, ana: Reader) -> None:
        assert ana.choose(1, by_script=True).status_code == 200
        assert ana.stored() == {}

    def test_it_costs_at_most_six_statements_the_first_time_and_later(self, app: Flask, ana: Reader) -> None:
        page = ana.see("/1")
        for place in ("1", "2"):
            with counted(app) as statements:
                ana.send("/1", page, {"VAL1": place, "VAL2": "3", "VALB": place}, by_script=True)
            assert len(statements) <= 6


BAD = (
    "0", "6", "-1", "4.0", "4.5", "true", "", " 4", "4 ", "four", "٤", "99999999999999999999", "null", "[4]", "not_answered",
    "not_sure_yet", "x" * 5000, "\u202e4\u200b", "4\x00",
)  # fmt: skip


def test_what_is_no_answer_is_refused_with_a_sentence_and_the_rest_is_kept(ana: Reader) -> None:
    for bad in BAD:
        answer = ana.choose(1, VAL1="2", VAL2=bad, VALB="prefer_not_to_say")
        page = BeautifulSoup(answer.text, "html.parser")
        assert answer.status_code == 422, bad
        assert text_of(one(page, "title")).startswith("Problem: Questions")
        assert attribute(page, ".notice.problem a", "href") == "#VAL2-0"
        assert "Please choose one of the answers shown" in text_of(one(page, "#VAL2-error"))
        assert chosen(page) == {"VAL1": "2", "VALB": "prefer_not_to_say"}
        assert ana.stored() == {"VAL1": "2", "VALB": '"prefer_not_to_say"'}
        assert ana.send("/1", page, {**chosen(page), "go": "next"}).status_code == 303


def test_what_is_no_answer_is_refused_where_a_page_saves_itself(ana: Reader) -> None:
    for bad in BAD:
        answer = ana.choose(1, by_script=True, VAL1="2", VAL2=bad)
        assert answer.status_code == 422, bad
        assert "Something needs another look" in answer.text
        assert ana.stored() == {"VAL1": "2"}


def test_two_answers_to_one_item_are_none(ana: Reader) -> None:
    answer = ana.send("/1", ana.see("/1"), {"VAL1": ["1", "5"], "VAL2": "3", "go": "next"})
    assert answer.status_code == 422
    assert ana.stored() == {"VAL2": "3"}


def test_items_of_another_page_are_not_read(ana: Reader) -> None:
    ana.send("/1", ana.see("/1"), {"FIN1": "5", "shown.band.VAL": "firm_ground", "go": "next"})
    assert ana.stored() == {}


def test_a_page_of_another_sign_in_keeps_what_was_chosen_and_saves_nothing(ana: Reader) -> None:
    typed = {**hidden(ana.see("/1")), "form_token": "altered", "VAL1": "4", "go": "next"}
    answer = ana.client.post(ana.base + "/1", data=typed)
    assert answer.status_code == 422
    assert chosen(BeautifulSoup(answer.text, "html.parser")) == {"VAL1": "4"}
    assert ana.stored() == {}


def test_no_answers_of_the_test_are_saved_in_an_exercise(ana: Reader) -> None:
    page = ana.see("/1")
    with ana.walk.app.app_context(), transaction() as session:
        session.get_one(Assignment, ana.walk.assignment_id).kind = TaskKind.EXERCISE
    assert ana.send("/1", page, {"VAL1": "4", "go": "next"}).status_code == 404
    assert ana.client.get(ana.base).status_code == 404
    assert ana.stored() == {}


class TestTwoWindows:
    @pytest.fixture
    def page(self, ana: Reader) -> BeautifulSoup:
        """A window that was opened before another one saved."""
        page = ana.see("/1")
        ana.choose(1, VAL1="4", VAL2="2")
        return page

    def test_both_answers_are_kept_and_nothing_is_chosen_for_their_author(
        self, ana: Reader, page: BeautifulSoup
    ) -> None:
        answer = ana.send("/1", page, {"VAL1": "1", "VAL3": "5", "go": "next"})
        shown = BeautifulSoup(answer.text, "html.parser")
        assert answer.status_code == 409
        assert "“Agree” and “Strongly disagree”" in words(shown)
        assert chosen(shown) == {"VAL2": "2", "VAL3": "5"}
        assert ana.stored() == {"VAL1": "4", "VAL2": "2", "VAL3": "5"}

    def test_their_author_chooses(self, ana: Reader, page: BeautifulSoup) -> None:
        shown = BeautifulSoup(ana.send("/1", page, {"VAL1": "1", "go": "next"}).text, "html.parser")
        ana.send("/1", shown, {"VAL2": "3"}, by_script=True)
        assert "Two windows" in words(ana.see("/1"))
        assert ana.send("/1", shown, {"VAL1": "5", "go": "next"}).status_code == 303
        assert ana.stored() == {"VAL1": "5", "VAL2": "3"}
        assert "Two windows" not in words(ana.see("/1"))

    def test_a_save_by_itself_says_so_and_leads_to_both(self, ana: Reader, page: BeautifulSoup) -> None:
        answer = ana.send("/1", page, {"VAL1": "1"}, by_script=True)
        assert answer.status_code == 409
        assert attribute(BeautifulSoup(answer.text, "html.parser"), "#marks a", "href") == ana.base + "/1"

    def test_the_same_answer_twice_is_no_conflict(self, ana: Reader, page: BeautifulSoup) -> None:
        assert ana.send("/1", page, {"VAL1": "4", "go": "next"}).status_code == 303


class TestAfterTheSignInHasRunOut:
    @pytest.fixture
    def again(self, ana: Reader) -> Reader:
        """Ana signed in again, after her page was sent too late."""
        page = ana.see("/1")
        with time_machine.travel(utc_now() + timedelta(minutes=45), tick=False):
            answer = ana.send("/1", page, {"VAL1": "4", "VALB": "2", "go": "next"})
        assert "/sign-in" in answer.headers["Location"]
        assert ana.stored() == {}
        return reader_of(ana.walk, ana.actor)

    def test_what_was_chosen_is_back_and_saved_when_its_author_says_so(self, again: Reader) -> None:
        page = again.see("/1")
        assert "What you chose is back on this page" in words(page)
        assert chosen(page) == {"VAL1": "4", "VALB": "2"}
        again.send("/1", page, {**chosen(page), "go": "next"})
        assert again.stored() == {"VAL1": "4", "VALB": "2"}

    def test_it_is_dropped_once_it_is_saved(self, again: Reader) -> None:
        page = again.see("/1")
        again.send("/1", page, {"VAL1": "5"}, by_script=True)
        with again.walk.app.app_context():
            assert current_session().scalars(select(KeptPage)).all() == []
        assert chosen(again.see("/1")) == {"VAL1": "5"}

    def test_nobody_else_finds_it(self, again: Reader) -> None:
        ben = reader_of(again.walk, again.walk.cast.ben)
        ben.begin()
        assert chosen(ben.see("/1")) == {}

    def test_it_is_a_choice_between_both_where_another_window_saved_meanwhile(self, again: Reader) -> None:
        other = client_of(again.walk.app, again.actor)
        fresh = BeautifulSoup(other.get(again.base + "/2").text, "html.parser")
        marks = {**hidden(fresh), "rev-VAL1": "0", "VAL1": "1", "go": "next"}
        assert other.post(again.base + "/1", data=marks).status_code == 303
        page = again.see("/1")
        assert again.send("/1", page, {**chosen(page), "go": "next"}).status_code == 409
        assert again.stored() == {"VAL1": "1", "VALB": "2"}
