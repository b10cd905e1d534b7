"""The page before a session: what is new since the last one, what moved, and what not to mention to whom."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import time_machine
from flask import Flask

from portal.caseload.brief import news_by_day
from portal.caseload.timeline import Happening, Moment
from portal.homework.rules import Standing
from portal.homework.service import end_assignment
from portal.meetings.models import Meeting, Place
from portal.safety.rules import Reply
from portal.safety.service import give_answers
from portal.transaction import transaction
from tests.assessments.sittings import TEST, keyed_as
from tests.assessments.walk import Walk, given_test, opened_test
from tests.support.cast import Cast, client_of
from tests.support.individual import all_said, ask_quietly
from tests.support.statements import counted

MARCH = datetime(2026, 3, 2, 12, tzinfo=UTC)
AUTUMN = MARCH + timedelta(days=180)


def brief(app: Flask, cast: Cast) -> str:
    client = client_of(app, cast.therapist)
    with counted(app) as statements:
        answer = client.get(f"/couples/{cast.couple_id}/brief")
    assert answer.status_code == 200 and len(statements) <= 14
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text.split("<main")[1]))


def close(walk: Walk) -> None:
    with walk.app.app_context(), transaction() as session:
        end_assignment(session, walk.cast.therapist.member(), walk.assignment_id, Standing.CLOSED, now=MARCH)


def met(app: Flask, cast: Cast, at: datetime) -> None:
    with app.app_context(), transaction() as session:
        session.add(
            Meeting(
                couple_id=cast.couple_id, therapist_id=cast.therapist.person_id, number=1, starts_at=at,
                ends_at=at + timedelta(hours=1), zone="Europe/London", place=Place.ROOM,
            )
        )  # fmt: skip


def test_a_couple_without_anything_has_a_quiet_page(app: Flask, cast: Cast) -> None:
    page = brief(app, cast)
    assert "You have not recorded a session yet." in page and "Nothing. A good moment" in page
    assert page.count("has written nothing for you alone") == 2


def test_what_moved_stands_with_both_places_and_the_rest_is_left_out(app: Flask, cast: Cast) -> None:
    moved = {one.id: 5 for one in TEST.domains[0].statements}
    with time_machine.travel(MARCH, tick=False):
        close(opened_test(app, cast, keyed_as(2), keyed_as(2)))
    with time_machine.travel(AUTUMN, tick=False):
        opened_test(app, cast, keyed_as(2, **moved), keyed_as(2))
        page = brief(app, cast)
    assert page.count("Last time: Ana early talks, Ben early talks.") == 1
    assert TEST.domains[0].title in page and TEST.domains[1].title not in page


def test_only_what_came_after_the_last_session_is_new(app: Flask, cast: Cast) -> None:
    with time_machine.travel(MARCH, tick=False):
        walk = given_test(app, cast)
        walk.finish(cast.ana, keyed_as(2))
    met(app, cast, MARCH + timedelta(days=1))
    with time_machine.travel(AUTUMN, tick=False):
        assert "Ana finished" not in brief(app, cast)
        walk.finish(cast.ben, keyed_as(2))
        assert "Ben finished" in brief(app, cast)


def test_what_happened_alike_on_one_day_of_the_therapist_is_one_line() -> None:
    def asked(at: datetime, title: str, side: str = "a") -> Moment:
        return Moment(at, Happening.ASKED, side, uuid4(), title)

    near_midnight = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)  # past midnight in London
    days = news_by_day(
        [
            asked(near_midnight, "Values"),
            asked(near_midnight - timedelta(hours=1), "Wishes", "both"),
            asked(near_midnight - timedelta(hours=2), "Values"),
            asked(near_midnight - timedelta(hours=3), "Values"),
        ],
        "Europe/London",
    )
    assert [(one.on.day, [(news.side, news.titles) for news in one.news]) for one in days] == [
        (2, [("a", {"Values": 1})]),
        (1, [("both", {"Wishes": 1}), ("a", {"Values": 2})]),
    ]


def test_what_each_told_alone_stands_under_the_others_name(app: Flask, cast: Cast) -> None:
    given_test(app, cast, cast.ana.person_id).answer(cast.ana, keyed_as(2))
    assert "answers for you alone" not in brief(app, cast)
    walk = given_test(app, cast, cast.ben.person_id)
    walk.finish(cast.ben, keyed_as(2))
    page = brief(app, cast)
    assert re.search(
        r"Not to Ana Relationship Readiness Test : Ana does not know that it exists\. \d+ answers", page
    )
    assert "Ana has written nothing for you alone." in page


def test_what_was_given_twice_is_named_once_with_how_often(app: Flask, cast: Cast) -> None:
    for at in (MARCH, AUTUMN):
        with time_machine.travel(at, tick=False):
            walk = given_test(app, cast)
            walk.finish(cast.ana, keyed_as(2))
            close(walk)
    (told,) = re.findall(r"Not to Ben (.*?) Ben has written nothing", brief(app, cast))
    assert told.count("Relationship Readiness Test") == 1
    assert re.search(
        rf"{2 * len(TEST.items)} answers for you alone\. Given 2 times, last on Sat 29 Aug\.", told
    ), told


def test_what_somebody_answered_alone_stands_first_without_a_name(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction() as session:
        ask_quietly(session, cast.therapist.person_id, cast.couple_id, cast.ana.person_id, now=MARCH)
        give_answers(session, cast.ana.member(), all_said(Reply.YES), now=MARCH)
    page = brief(app, cast)
    assert "Something one of them answered alone. Speak with that person by" in page
    assert page.index("First, and alone") < page.index("New since then")


def test_neither_partner_nor_anybody_else_has_this_page(app: Flask, cast: Cast) -> None:
    for reader in (cast.ana, cast.ben, cast.stranger):
        assert client_of(app, reader).get(f"/couples/{cast.couple_id}/brief").status_code == 404
