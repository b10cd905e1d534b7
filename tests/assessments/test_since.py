"""The same test a second time: both values for whom they are for, and nothing of it for anybody else."""

import re
from datetime import UTC, datetime, timedelta

import time_machine
from flask import Flask

from portal.homework.rules import Standing
from portal.homework.service import end_assignment, hide
from portal.transaction import transaction
from tests.assessments.sittings import EVERYTHING, TEST, keyed_as
from tests.assessments.walk import Walk, given_test, opened_test
from tests.support.cast import Actor, Cast, client_of
from tests.support.statements import counted

MARCH = datetime(2026, 3, 2, 12, tzinfo=UTC)
AUTUMN = MARCH + timedelta(days=180)
DOMAIN = TEST.domains[0]


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def read(app: Flask, reader: Actor, path: str) -> str:
    client = client_of(app, reader)
    with counted(app) as statements:
        answer = client.get(path)
    assert len(statements) <= 12
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def desk(walk: Walk) -> str:
    return f"/couples/tasks/{walk.assignment_id}/test"


def close(walk: Walk) -> Walk:
    """End it as finished: the same test is not asked twice at once."""
    with walk.app.app_context(), transaction() as session:
        therapist = walk.cast.therapist.member()
        end_assignment(session, therapist, walk.assignment_id, Standing.CLOSED, now=MARCH)
    return walk


def twice(app: Flask, cast: Cast) -> tuple[Walk, Walk]:
    """Ana goes from 2 to 4 and Ben from 5 to 4, both times open to both."""
    with time_machine.travel(MARCH, tick=False):
        first = close(opened_test(app, cast, keyed_as(2), keyed_as(5)))
    with time_machine.travel(AUTUMN, tick=False):
        return first, opened_test(app, cast, keyed_as(4), keyed_as(4))


def test_the_therapist_reads_both_values_of_each_person_and_how_the_two_moved(app: Flask, cast: Cast) -> None:
    _first, second = twice(app, cast)
    with time_machine.travel(AUTUMN, tick=False):
        page = text_of(read(app, cast.therapist, desk(second)))
    assert "was 25 (+50)" in page and "was 100 (-25)" in page
    assert "was seen differently" in page and "· was 25" in page
    assert "was disagree" in page and "was strongly agree" in page


def test_whoever_answered_only_once_has_no_change(app: Flask, cast: Cast) -> None:
    with time_machine.travel(MARCH, tick=False):
        first = given_test(app, cast)
        first.finish(cast.ana, keyed_as(2))
        close(first)
    with time_machine.travel(AUTUMN, tick=False):
        second = given_test(app, cast, cast.ben.person_id)
        second.finish(cast.ben, keyed_as(5))
        page = text_of(read(app, cast.therapist, desk(second)))
    assert "(+" not in page and "was " not in page


def test_the_first_page_tells_of_nothing_that_came_later(app: Flask, cast: Cast) -> None:
    first, _second = twice(app, cast)
    with time_machine.travel(AUTUMN, tick=False):
        assert "was " not in text_of(read(app, cast.therapist, desk(first)))


def test_the_joint_map_shows_both_times_where_both_are_open(app: Flask, cast: Cast) -> None:
    _first, second = twice(app, cast)
    with time_machine.travel(AUTUMN, tick=False):
        pages = [read(app, one, second.together(one)) for one in (cast.ana, cast.ben)]
        pages.append(read(app, cast.therapist, desk(second) + "/together"))
    for page in pages:
        assert "Last time: Ana early talks, Ben firm ground." in page
        assert page.count('class="ring-a"') == page.count('class="ring-b"') == len(TEST.domains)


def test_what_one_hid_of_the_first_time_is_not_drawn_the_second(app: Flask, cast: Cast) -> None:
    first, second = twice(app, cast)
    with app.app_context(), transaction() as session:
        hide(session, cast.ben.member(), first.part(cast.ben), now=AUTUMN)
    with time_machine.travel(AUTUMN, tick=False):
        page = read(app, cast.ana, second.together(cast.ana))
    assert "Last time" not in page and "ring-b" not in page


def test_what_never_opened_the_first_time_is_not_drawn_the_second(app: Flask, cast: Cast) -> None:
    with time_machine.travel(MARCH, tick=False):
        first = given_test(app, cast)
        for actor, level in ((cast.ana, 2), (cast.ben, 5)):
            first.finish(actor, keyed_as(level))
            first.share(actor, EVERYTHING)
        close(first)
    with time_machine.travel(AUTUMN, tick=False):
        second = opened_test(app, cast, keyed_as(4), keyed_as(4))
        assert "Last time" not in read(app, cast.ana, second.together(cast.ana))


def test_ones_own_page_sets_ones_own_two_results_beside_each_other(app: Flask, cast: Cast) -> None:
    _first, second = twice(app, cast)
    with time_machine.travel(AUTUMN, tick=False):
        page = text_of(read(app, cast.ana, f"/questions/{second.part(cast.ana)}/result"))
    assert page.count("Last time: 25 of 100.") == len(TEST.domains)
    assert "2 March" in page and "100 of 100" not in page
