"""What the therapist says about single answers of the test: to their author, to both once both share just these, or to nobody."""

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from portal.clock import utc_now
from portal.errors import NotFound
from portal.homework.commenting import NotForThem, comment_on, remarks_for
from portal.homework.models import Answer
from portal.homework.rules import SHOWN, Reach
from portal.homework.service import hide, take_back
from portal.notices.models import MessagePart
from portal.transaction import current_session, transaction
from tests.assessments.sittings import PROTECTED, all_of
from tests.assessments.walk import Walk, given_test
from tests.homework.test_views import send, words
from tests.support.cast import Actor, Cast, client_of
from tests.support.readings import Readings, read

ITEM, WISH, ALONE = "VAL1", "FAMB", "FIN2"  # both share the first two, Ana alone the third


@pytest.fixture
def walk(app: Flask, cast: Cast) -> Iterator[Walk]:
    with time_machine.travel(utc_now(), tick=False):
        walk = given_test(app, cast)
        for actor in (cast.ana, cast.ben):
            walk.finish(actor, all_of(4))
        walk.share(cast.ana, item_ids=(ITEM, WISH, ALONE))
        walk.share(cast.ben, item_ids=(ITEM, WISH))
        yield walk


def row_of(walk: Walk, who: Actor, prompt_id: str) -> UUID:
    with walk.app.app_context():
        return current_session().scalars(
            select(Answer.id).where(Answer.response_id == walk.part(who), Answer.prompt_id == prompt_id)
        ).one()  # fmt: skip


def say(walk: Walk, who: Actor, prompt_id: str, reach: Reach, said: str) -> None:
    answer_id, jane = row_of(walk, who, prompt_id), walk.cast.therapist.member()
    with walk.app.app_context(), transaction() as session:
        comment_on(session, jane, walk.assignment_id, answer_id, words=said, reach=reach, now=utc_now())


def pages_of(walk: Walk, reader: Actor, client: FlaskClient) -> Readings:
    """The pages of the test that a partner has, and the two on which it is listed."""
    here = f"/questions/{walk.part(reader)}"
    own = (f"{here}{more}" for more in ("", "/result", "/together", "/share"))
    return {path: read(walk.app, client, path) for path in ("/home", "/tasks", "/privacy", *own)}


def read_by(walk: Walk, reader: Actor) -> set[str]:
    """What a partner finds on any page, by its telling words."""
    pages = pages_of(walk, reader, client_of(walk.app, reader)).values()
    return {one for _status, page, _headers, _cost in pages for one in re.findall(r"Qanar\w+", page)}


@pytest.mark.parametrize("is_open", [False, True])
def test_what_is_for_one_or_for_nobody_changes_no_byte_of_the_others_pages(walk: Walk, is_open: bool) -> None:
    cast = walk.cast
    if is_open:
        walk.open()
    ben = client_of(walk.app, cast.ben)
    before = pages_of(walk, cast.ben, ben)
    for prompt_id in (ITEM, WISH, ALONE, PROTECTED[0]):
        say(walk, cast.ana, prompt_id, Reach.AUTHOR, f"Qanarown{prompt_id}")
        say(walk, cast.ana, prompt_id, Reach.THERAPIST, f"Qanarnote{prompt_id}")
    if not is_open:
        say(walk, cast.ana, ITEM, Reach.BOTH, "Qanarlater")
    assert pages_of(walk, cast.ben, ben) == before
    with walk.app.app_context():
        assert remarks_for(current_session(), cast.ben.member(), walk.assignment_id) == {}
    assert read_by(walk, cast.ana) == {f"Qanarown{one}" for one in (ITEM, WISH, ALONE, PROTECTED[0])}
    assert "Qanar" not in client_of(walk.app, cast.ana).get(walk.together(cast.ana)).text


def test_what_both_share_is_spoken_of_to_both_on_their_page_while_both_show_it(walk: Walk) -> None:
    cast = walk.cast
    say(walk, cast.ana, ITEM, Reach.BOTH, "Qanarfirst")
    say(walk, cast.ben, WISH, Reach.BOTH, "Qanarsecond")
    assert read_by(walk, cast.ana) == read_by(walk, cast.ben) == set()
    shown = words(
        client_of(walk.app, cast.therapist).get(f"/couples/tasks/{walk.assignment_id}/test/together")
    )
    assert "Qanarfirst" in shown
    walk.open()
    for reader in (cast.ana, cast.ben):
        assert read_by(walk, reader) == {"Qanarfirst", "Qanarsecond"}
        page = words(client_of(walk.app, reader).get(walk.together(reader)))
        assert re.search(
            r"Ana : .{5,40} Your therapist You and your partner can read this. Qanarfirst", page
        ), page
    for other in (cast.cleo, cast.stranger, cast.owner, cast.front_desk, cast.therapist):
        with walk.app.app_context():
            assert remarks_for(current_session(), other.member(), walk.assignment_id) == {}
    with walk.app.app_context(), transaction() as session:
        hide(session, cast.ben.member(), walk.part(cast.ben), now=utc_now())
    assert read_by(walk, cast.ana) == read_by(walk, cast.ben) == set()


def test_only_an_answer_that_both_share_can_be_spoken_of_to_both(walk: Walk) -> None:
    cast = walk.cast
    for who, prompt_id in ((cast.ana, ALONE), (cast.ben, ALONE), (cast.ana, PROTECTED[0])):
        with pytest.raises(NotForThem):
            say(walk, who, prompt_id, Reach.BOTH, "x")
    for prompt_id in (f"{SHOWN}item.{ITEM}", f"{SHOWN}band.VAL"):
        with pytest.raises(NotFound):
            say(walk, cast.ana, prompt_id, Reach.AUTHOR, "x")
    with walk.app.app_context(), transaction() as session:
        take_back(session, cast.ben.member(), walk.part(cast.ben), now=utc_now())
    with pytest.raises(NotForThem):
        say(walk, cast.ana, ITEM, Reach.BOTH, "x")


def test_a_notice_goes_only_to_who_can_read_it_and_the_words_lie_sealed(walk: Walk) -> None:
    cast = walk.cast

    def told() -> list[UUID]:
        with walk.app.app_context():
            return sorted(current_session().scalars(select(MessagePart.person_id)))

    before = told()
    say(walk, cast.ana, ITEM, Reach.THERAPIST, "Qanarnote")
    say(walk, cast.ana, ITEM, Reach.BOTH, "Qanarboth")
    assert told() == before
    say(walk, cast.ana, ITEM, Reach.AUTHOR, "Qanarown")
    assert told() == sorted([*before, cast.ana.person_id])
    with walk.app.app_context():
        sealed = current_session().execute(text("select words_sealed from comment")).scalars().all()
    assert len(sealed) == 3
    assert all(b"Qanar" not in bytes(one) for one in sealed)


def test_the_therapist_comments_from_the_table_of_all_answers(walk: Walk) -> None:
    cast, jane = walk.cast, client_of(walk.app, walk.cast.therapist)
    path = f"/couples/tasks/{walk.assignment_id}/answers/{row_of(walk, cast.ana, WISH)}"
    desk = f"/couples/tasks/{walk.assignment_id}/test"
    assert path in jane.get(desk).text
    assert "4, closer to" in words(jane.get(path))
    assert send(jane, path, reach="both", words="So I heard.").status_code == 303
    assert "1 comment Ana" in words(jane.get(desk))
    alone = path.replace(str(row_of(walk, cast.ana, WISH)), str(row_of(walk, cast.ana, ALONE)))
    assert "and Ben, while" not in words(jane.get(alone))
    assert send(jane, alone, reach="both", words="So I heard.").status_code == 422
