"""The result of one's own sitting, on one's own page."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.clock import utc_now
from portal.errors import NotFound
from portal.homework.models import Response
from portal.homework.service import hide
from portal.psychometrics.items import Absent, Answer
from portal.transaction import transaction
from tests.assessments.pages import Reader, one, reader_of, text_of, words
from tests.assessments.sittings import TEST, all_of, keyed_as
from tests.assessments.walk import Walk, given_test, opened_test
from tests.support.cast import Cast, client_of

STRAIGHT = "Most answers were the same, so we are not showing a summary."
FORBIDDEN = ("compatib", "pass", "fail", "score", "%", "than your partner")


@pytest.fixture
def walk(app: Flask, cast: Cast) -> Walk:
    return given_test(app, cast)


def result_of(walk: Walk, answers: dict[str, Answer]) -> str:
    """Finish and read the result."""
    walk.finish(walk.cast.ana, answers)
    return words(reader_of(walk, walk.cast.ana).see("/result"))


class TestTheWords:
    def test_each_band_has_its_own_sentence_and_the_author_sees_the_number(self, walk: Walk) -> None:
        answers = keyed_as(4, **mixed("VAL", 1), **mixed("EXP", 3), **mixed("RIT", 5))
        walk.finish(walk.cast.ana, answers)
        page = reader_of(walk, walk.cast.ana).see("/result")
        lines = {text_of(one(line, "h3")): text_of(line) for line in page.select("ol.lines li")}
        assert "Early talks , 0 of 100" in lines["Values"]
        assert "You describe the conversations about values as just beginning." in lines["Values"]
        assert "Talking about values is a gentle first step." in lines["Values"]
        assert "Taking shape , 50 of 100" in lines["Expectations"]
        assert "Some of expectations has been talked through, some is still open." in lines["Expectations"]
        assert "Well under way , 75 of 100" in lines["Finances"]
        assert "Much of finances is already spoken about and lived." in lines["Finances"]
        assert "Firm ground , 100 of 100" in lines["Rituals and accountability"]
        assert "Worth protecting:" in lines["Rituals and accountability"]
        assert "{" not in words(page)

    def test_the_area_with_the_most_room_gets_one_exercise(self, walk: Walk) -> None:
        text = result_of(walk, keyed_as(4, **mixed("VAL", 1)))
        assert text.count("An exercise that fits: Talking about values.") == 1

    def test_nothing_is_suggested_where_all_is_firm_ground(self, walk: Walk) -> None:
        assert "An exercise that fits" not in result_of(walk, keyed_as(5))

    def test_no_word_judges(self, walk: Walk) -> None:
        text = result_of(walk, keyed_as(4, **mixed("VAL", 1))).replace(TEST.limits, "").lower()
        assert [word for word in FORBIDDEN if word in text] == []

    def test_the_limits_and_the_day_stand_on_it(self, walk: Walk) -> None:
        text = result_of(walk, keyed_as(4))
        assert TEST.limits in text
        assert "courts, custody, immigration" in text
        assert str(utc_now().year) in text or utc_now().strftime("%B") in text


class TestWhereAnswersAreMissing:
    def test_it_says_how_many_there_are_and_that_a_place_is_provisional(self, walk: Walk) -> None:
        text = result_of(walk, keyed_as(4, VAL1=Absent.PREFER_NOT_TO_SAY))
        assert "4 of 5 answered · provisional" in text
        assert "39 of 40 statements answered · provisional" in text

    def test_an_area_without_enough_has_neither_place_nor_number(self, walk: Walk) -> None:
        text = result_of(walk, keyed_as(4, VAL1=Absent.NOT_ANSWERED, VAL2=Absent.DOES_NOT_APPLY))
        assert (
            "Values No place on the line: not enough answers yet. Not enough answers yet. 3 of 5 answered"
            in text
        )

    def test_nothing_at_all_is_no_number(self, walk: Walk) -> None:
        text = result_of(walk, all_of(Absent.NOT_ANSWERED))
        assert "of 100" not in text
        assert "0 of 40 statements answered" in text


class TestAfterAStraightLine:
    def test_neither_numbers_nor_bands_are_shown(self, walk: Walk) -> None:
        text = result_of(walk, all_of(4))
        assert STRAIGHT in text
        assert "of 100" not in text
        assert "Well under way" not in text

    def test_a_sitting_in_a_hurry_is_one(self, walk: Walk) -> None:
        walk.finish(walk.cast.ana, keyed_as(4, **mixed("VAL", 1)))
        with walk.app.app_context(), transaction() as session:
            session.get_one(Response, walk.part(walk.cast.ana)).seconds = 90
        assert STRAIGHT in words(reader_of(walk, walk.cast.ana).see("/result"))

    def test_what_can_be_shared_stays_as_it_would_be(self, walk: Walk) -> None:
        walk.finish(walk.cast.ana, all_of(4))
        ticked = reader_of(walk, walk.cast.ana).see("/share").select("input[name=domains][checked]")
        assert len(ticked) == len(TEST.domains)


class TestWhatComesNext:
    def test_before_it_is_finished_there_is_none(self, walk: Walk) -> None:
        reader = reader_of(walk, walk.cast.ana)
        assert reader.client.get(reader.base + "/result").headers["Location"] == reader.base

    def test_the_answers_can_be_taken_up_again_until_they_are_shared(self, walk: Walk) -> None:
        walk.finish(walk.cast.ana, keyed_as(4))
        reader = reader_of(walk, walk.cast.ana)
        assert again(reader) is not None
        walk.share(walk.cast.ana)
        assert again(reader) is None
        assert "This opens when you have both shared, or in your session." in words(reader.see("/result"))

    def test_the_words_do_not_depend_on_the_other(self, walk: Walk) -> None:
        walk.finish(walk.cast.ana, keyed_as(4))
        walk.share(walk.cast.ana)
        reader = reader_of(walk, walk.cast.ana)
        pages = ("/result", "/share")
        alone = [words(reader.see(page)) for page in pages]
        walk.finish(walk.cast.ben, keyed_as(2))
        finished = [words(reader.see(page)) for page in pages]
        walk.share(walk.cast.ben)
        assert alone == finished == [words(reader.see(page)) for page in pages]

    def test_what_was_opened_leads_to_what_both_see(self, app: Flask, cast: Cast) -> None:
        walk = opened_test(app, cast, keyed_as(4), keyed_as(2))
        reader = reader_of(walk, cast.ana)
        assert one(reader.see("/result"), f'a[href="{reader.base}/together"]')
        with app.app_context(), transaction() as session:
            hide(session, cast.ana.member(), walk.part(cast.ana), now=utc_now() + timedelta(minutes=1))
        assert "no longer shown to your partner" in words(reader.see("/result"))

    def test_one_person_alone_is_offered_no_sharing(self, app: Flask, cast: Cast) -> None:
        walk = given_test(app, cast, for_person_id=cast.ana.person_id)
        walk.finish(cast.ana, keyed_as(4))
        reader = reader_of(walk, cast.ana)
        assert "partner" not in words(reader.see("/result"))
        assert reader.client.get(reader.base + "/share").status_code == 404
        with pytest.raises(NotFound):
            walk.share(cast.ana)

    def test_somebody_else_never_reads_it(self, walk: Walk) -> None:
        walk.finish(walk.cast.ana, keyed_as(4))
        path = reader_of(walk, walk.cast.ana).base + "/result"
        assert client_of(walk.app, walk.cast.ben).get(path).status_code == 404


def mixed(domain_id: str, value: int) -> dict[str, Answer]:
    """Give the raw answers of one domain that are all worth `value` once keyed."""
    keyed = keyed_as(value)
    return {
        item.id: keyed[item.id] for domain in TEST.domains if domain.id == domain_id for item in domain.items
    }


def again(reader: Reader) -> object:
    """Find the button that takes the answers up again."""
    return reader.see("/result").select_one('form[action$="/reopen"]')
