"""What a practice may count: only who agreed, one of each couple, nothing below a hundred couples, nobody's single answer."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask

from portal.assessments.own_data import Taken, own_data, quantile
from portal.assessments.queries import sittings_without_names
from portal.clock import utc_now
from portal.practice.service import choose_quality
from portal.psychometrics.items import Answers
from portal.transaction import current_session, transaction
from tests.assessments.sittings import TEST, all_of, keyed_as
from tests.assessments.walk import opened_test
from tests.support.cast import Actor, Cast, client_of, make_cast

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def person(number: int) -> UUID:
    return UUID(int=number)


def varied(lot: random.Random) -> Answers:
    centre = lot.gauss(3, 1)
    return keyed_as(3) | {one.id: min(5, max(1, round(lot.gauss(centre, 0.8)))) for one in TEST.statements}


def couples(number: int, *, again: bool = False) -> list[Taken]:
    lot, found = random.Random(5), []  # noqa: S311 - invents answers
    for couple in range(number):
        for side in (1, 2):
            answers, who = varied(lot), person(1000 * side + couple)
            found.append(Taken(person(couple), who, NOON, answers))
            if again:
                found.append(Taken(person(couple), who, NOON + timedelta(days=14), answers))
    return found


def test_nothing_but_how_many_below_a_hundred_couples() -> None:
    found = own_data(TEST, couples(99, again=True))
    assert found.couples == 99 and found.domains == ()


def test_each_area_and_the_whole_from_a_hundred_couples_on() -> None:
    found = own_data(TEST, couples(100))
    assert [one.domain.id if one.domain else "" for one in found.domains] == [
        *(one.id for one in TEST.domains),
        "",
    ]
    whole = found.domains[-1]
    assert whole.reliability.alpha.n == whole.replication.n == 100
    assert whole.reliability.alpha.value is not None and whole.reliability.alpha.value > 0.8


def test_the_same_partner_is_drawn_each_time_whatever_the_order() -> None:
    taken = couples(100)
    shuffled = random.Random(1).sample(taken, len(taken))  # noqa: S311 - shuffles, hides nothing
    assert own_data(TEST, taken) == own_data(TEST, shuffled)


def test_only_the_first_sitting_of_a_person_counts_for_reliability() -> None:
    once, twice = own_data(TEST, couples(100)), own_data(TEST, couples(100, again=True))
    assert once.domains == twice.domains
    assert once.retest is None and twice.retest is not None
    assert twice.retest.correlation.value == pytest.approx(1) and twice.retest.precision is not None
    assert twice.retest.precision.least_change == 1


def test_strangers_are_compared_from_twenty_couples_of_two_on() -> None:
    assert own_data(TEST, couples(19)).strangers.alignments is None
    found = own_data(TEST, couples(20)).strangers
    assert found.alignments is not None and len(found.alignments) == 20 * 19 * 2
    assert 40 < quantile(found.alignments, 0.5) < 90


def agree(app: Flask, actor: Actor, *, is_given: bool = True) -> None:
    with app.app_context(), transaction() as session:
        choose_quality(session, actor.member(), is_given=is_given, now=utc_now())


def test_only_those_count_who_agreed_and_have_not_taken_it_back(either_app: Flask) -> None:
    app = either_app
    with app.app_context(), transaction() as session:
        cast = make_cast(session)
    opened_test(app, cast, keyed_as(2), all_of(5))
    agree(app, cast.ana)
    agree(app, cast.ben)
    agree(app, cast.ben, is_given=False)
    with app.app_context():
        found = sittings_without_names(current_session(), TEST)
    assert [one.person_id for one in found] == [cast.ana.person_id]
    assert found[0].answers == keyed_as(2)


def test_saying_yes_and_taking_it_back_is_ones_own(app: Flask, cast: Cast) -> None:
    ana, ben = client_of(app, cast.ana), client_of(app, cast.ben)
    before = ben.get("/privacy").text
    assert "As long as you say nothing" in ana.get("/privacy").text
    form = {"form_token": ana.get("/privacy").text.split('name="form_token" value="')[1].split('"')[0]}
    assert ana.post("/privacy", data=form | {"quality": "yes"}).status_code == 303
    assert "You said yes." in ana.get("/privacy").text
    assert [part for part in ben.get("/privacy").text.split() if "value=" not in part] == [
        part for part in before.split() if "value=" not in part
    ]
    assert ana.post("/privacy", data=form).status_code == 303
    assert "As long as you say nothing" in ana.get("/privacy").text


def test_the_page_tells_no_small_number(app: Flask, cast: Cast) -> None:
    opened_test(app, cast, keyed_as(2), keyed_as(4))
    agree(app, cast.ana)
    page = client_of(app, cast.therapist).get("/practice/readiness-test")
    assert page.status_code == 200 and page.text.count("Fewer than 5 so far") == 3
