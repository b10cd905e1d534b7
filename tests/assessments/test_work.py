"""Taking the Readiness Test, page by page."""

import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from portal.clock import utc_now
from portal.homework.models import Answer, Response
from portal.homework.rules import Scope, Standing, Step
from portal.homework.service import end_assignment
from portal.transaction import current_session, transaction
from tests.assessments.pages import Reader, attribute, chosen, hidden, one, reader_of, text_of, words
from tests.assessments.sittings import TEST, keyed_as
from tests.assessments.walk import Walk, given_test
from tests.support.cast import Cast, client_of
from tests.support.statements import counted

FINANCES, FAMILY = 3, 4


@pytest.fixture
def walk(app: Flask, cast: Cast) -> Walk:
    return given_test(app, cast)


@pytest.fixture
def ana(walk: Walk) -> Reader:
    reader = reader_of(walk, walk.cast.ana)
    reader.begin()
    return reader


def response_of(reader: Reader) -> Response:
    with reader.walk.app.app_context():
        return current_session().get_one(Response, reader.walk.part(reader.actor))


class TestBeforeTheFirstQuestion:
    def test_it_says_how_long_it_takes_who_sees_what_and_its_limits(self, walk: Walk) -> None:
        text = words(reader_of(walk, walk.cast.ana).see())
        assert "8 to 10 minutes" in text
        assert "Your therapist reads your answers once you have finished." in text
        assert "Your partner sees nothing unless you choose to share." in text
        assert "never reach your partner at all, in any form" in text
        assert TEST.limits in text

    def test_one_person_alone_reads_nothing_about_sharing(self, app: Flask, cast: Cast) -> None:
        walk = given_test(app, cast, for_person_id=cast.ana.person_id)
        assert "partner" not in words(reader_of(walk, cast.ana).see())

    def test_no_page_opens_before_it_was_begun(self, walk: Walk) -> None:
        reader = reader_of(walk, walk.cast.ana)
        assert reader.client.get(reader.base + "/1").headers["Location"] == reader.base

    def test_going_on_leads_to_the_first_page_with_something_left_out(self, ana: Reader) -> None:
        ana.choose_all(1, "3")
        page = ana.see()
        assert one(page, "main button.main").text == "Go on"
        assert ana.send("", page, {}).headers["Location"] == ana.base + "/2"

    def test_what_is_no_longer_asked_cannot_be_begun(self, walk: Walk) -> None:
        reader = reader_of(walk, walk.cast.ana)
        page = reader.see()
        with walk.app.app_context(), transaction() as session:
            jane = walk.cast.therapist.member()
            end_assignment(session, jane, walk.assignment_id, Standing.WITHDRAWN, now=utc_now())
        assert "not being asked" in words(reader.see())
        assert reader.send("", page, {}).status_code == 409


class TestAPage:
    def test_each_item_has_five_places_and_the_reasons_for_none_apart(self, ana: Reader) -> None:
        for fieldset in ana.see(f"/{FINANCES}").select("fieldset.item"):
            places, reasons = (group.select("input[type=radio]") for group in fieldset.select(".choices"))
            assert [place["value"] for place in places] == ["1", "2", "3", "4", "5"]
            assert [reason["value"] for reason in reasons] == ["prefer_not_to_say", "does_not_apply"]

    def test_only_the_wish_for_a_child_may_be_open_yet(self, ana: Reader) -> None:
        unsure = ana.see(f"/{FAMILY}").select("input[value=not_sure_yet]")
        assert [place["name"] for place in unsure] == ["FAMB"]

    def test_each_item_says_who_sees_it_before_it_is_answered(self, ana: Reader) -> None:
        protected = {item.id for item in TEST.statements if item.is_protected}
        for number, domain in enumerate(TEST.domains, start=1):
            page = ana.see(f"/{number}")
            for item in domain.items:
                described = attribute(page, f"fieldset#{item.id}", "aria-describedby")
                assert f"{item.id}-scope" in described.split()
                scope = text_of(one(page, f"#{item.id}-scope"))
                is_apart = "Only you and your therapist see this answer, and nothing" in scope
                assert is_apart == (item.id in protected)

    def test_a_place_between_two_poles_is_named_for_those_who_hear_it(self, ana: Reader) -> None:
        labels = [text_of(label) for label in ana.see("/1").select("#VALB .scale label .only-heard")]
        assert labels[0] == "1, closer to security and the familiar"
        assert labels[2] == "3, in the middle"
        assert labels[4] == "5, closer to adventure and the new"

    def test_what_was_left_out_stays_so_and_what_was_chosen_is_there_again(self, ana: Reader) -> None:
        ana.choose(FINANCES, FIN1="4", FIN3="prefer_not_to_say", FIN5="does_not_apply", FINB="2")
        assert ana.stored() == {
            "FIN1": "4", "FIN3": '"prefer_not_to_say"', "FIN5": '"does_not_apply"', "FINB": "2",
        }  # fmt: skip
        assert chosen(ana.see(f"/{FINANCES}")) == {
            "FIN1": "4", "FIN3": "prefer_not_to_say", "FIN5": "does_not_apply", "FINB": "2",
        }  # fmt: skip

    def test_every_answer_is_for_its_author_and_the_therapist_only(self, ana: Reader) -> None:
        for number in range(1, 9):
            ana.choose_all(number, "3")
        with ana.walk.app.app_context():
            scopes = set(current_session().scalars(select(Answer.scope)))
        assert scopes == {Scope.THERAPIST}

    def test_its_buttons_lead_on_back_and_home(self, ana: Reader) -> None:
        def way(number: int, go: str) -> str:
            return ana.send(f"/{number}", ana.see(f"/{number}"), {"go": go}).headers["Location"]

        assert way(1, "next") == ana.base + "/2"
        assert way(8, "next") == ana.base + "/check"
        assert way(2, "back") == ana.base + "/1"
        assert way(1, "back") == ana.base
        assert way(1, "pause") == "/home"

    def test_there_is_no_page_but_the_eight(self, ana: Reader) -> None:
        page = ana.see("/1")
        for number in (0, 9, 400):
            assert ana.client.get(f"{ana.base}/{number}").status_code == 404
            assert ana.send(f"/{number}", page, {"VAL1": "3"}).status_code == 404

    def test_it_costs_at_most_twelve_statements(self, app: Flask, ana: Reader) -> None:
        with counted(app) as statements:
            ana.see("/1")
        assert len(statements) <= 12


class TestFinishing:
    def test_the_look_back_names_what_was_left_out_and_leads_to_it(self, ana: Reader) -> None:
        ana.choose(1, VAL1="3", VAL3="3")
        page = ana.see("/check")
        lines = [text_of(line) for line in page.select("ol.lines li")]
        assert lines[0] == "Values 4 left out"
        assert attribute(page, "ol.lines a", "href") == ana.base + "/1#VAL2"

    def test_nothing_has_to_be_answered(self, ana: Reader) -> None:
        answer = ana.send("/check", ana.see("/check"), {})
        assert answer.headers["Location"] == ana.base + "/result"
        assert response_of(ana).step is Step.SUBMITTED

    def test_a_finished_one_takes_no_answers_until_it_is_taken_up_again(self, ana: Reader) -> None:
        page = ana.see("/1")
        ana.send("/check", ana.see("/check"), {})
        assert ana.send("/1", page, {"VAL1": "5", "go": "next"}).status_code == 409
        assert ana.client.get(ana.base + "/1").headers["Location"] == ana.base + "/result"
        assert ana.stored() == {}

    def test_the_time_is_measured_from_the_beginning_to_the_last_answer_without_long_pauses(
        self, walk: Walk
    ) -> None:
        with time_machine.travel(utc_now() + timedelta(minutes=1), tick=False) as clock:
            reader = reader_of(walk, walk.cast.ana)
            reader.begin()
            clock.shift(timedelta(minutes=2))
            reader.choose(1, VAL1="3")
            clock.shift(timedelta(hours=1, minutes=50))
            reader = reader_of(walk, walk.cast.ana)  # the pause was longer than a sign-in lasts
            reader.choose(2, EXP1="3")
            clock.shift(timedelta(minutes=1))
            reader.send("/check", reader.see("/check"), {})
        assert response_of(reader).seconds == 32 * 60

    def test_a_time_that_nobody_saw_is_unknown(self, walk: Walk) -> None:
        walk.finish(walk.cast.ana, keyed_as(4))
        assert response_of(reader_of(walk, walk.cast.ana)).seconds is None


class TestOthers:
    @pytest.mark.parametrize("path", ["", "/1", "/check", "/result", "/share"])
    def test_nobody_else_opens_it(self, ana: Reader, path: str) -> None:
        cast = ana.walk.cast
        for actor in (cast.ben, cast.cleo, cast.therapist, cast.stranger):
            assert client_of(ana.walk.app, actor).get(ana.base + path).status_code == 404

    def test_nobody_else_saves_on_it(self, ana: Reader) -> None:
        ben = reader_of(ana.walk, ana.walk.cast.ben)
        ben.begin()
        typed = {"VAL1": "3", "go": "next"}
        data = {**typed, "form_token": hidden(ben.see("/1"))["form_token"]}
        assert ben.client.post(ana.base + "/1", data=data).status_code == 404
        assert ana.stored() == {}

    def test_no_tab_tells_what_it_is_about(self, ana: Reader) -> None:
        for path in ("", "/3", "/check"):
            assert re.fullmatch(r"Questions · .*", text_of(one(ana.see(path), "title"))), path
