"""What the therapist says about an answer: to its author alone, or to both while it is open to both, and to nobody else."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text

from portal.clock import utc_now
from portal.errors import NotFound
from portal.homework.commenting import AuthorOnly, comment_on, remarks_for, take_comment_back
from portal.homework.models import Answer, Comment, TaskKind
from portal.homework.registry import task_of
from portal.homework.reviewing import mark_reviewed
from portal.homework.rules import Reach, Scope
from portal.homework.service import assign, hide
from portal.notices.models import MessagePart
from portal.transaction import current_session, transaction
from tests.homework.test_disowning import Table
from tests.homework.test_views import send, words
from tests.support.cast import Actor, client_of, make_cast

SAID = "Qanarcomment on a tent"


@pytest.fixture
def table(app: Flask) -> Iterator[Table]:
    with app.app_context():
        with transaction() as session:
            cast = make_cast(session)
        yield Table(cast)


def story_of(who: Actor, scope: Scope = Scope.REVEAL) -> UUID:
    return current_session().scalars(
        select(Answer.id).where(Answer.person_id == who.person_id, Answer.scope == scope)
    ).one()  # fmt: skip


def say(table: Table, who: Actor, reach: Reach) -> UUID:
    with transaction() as session:
        return comment_on(
            session, table.jane, table.assignment_id, story_of(who), words=SAID, reach=reach, now=utc_now()
        ).id


def read_by(table: Table, reader: Actor) -> list[str]:
    found = remarks_for(current_session(), reader.member(), table.assignment_id)
    return [one.words for remarks in found.values() for one in remarks.comments]


@pytest.mark.parametrize("reach", list(Reach))
def test_it_reaches_whom_it_is_for_and_nobody_else(table: Table, reach: Reach) -> None:
    cast = table.cast
    say(table, cast.ana, reach)
    assert read_by(table, cast.ben) == []
    assert read_by(table, cast.ana) == ([SAID] if reach is Reach.AUTHOR else [])
    table.share(cast.ana, cast.ben)
    assert read_by(table, cast.ana) == [SAID]
    assert read_by(table, cast.ben) == ([SAID] if reach is Reach.BOTH else [])
    for other in (cast.cleo, cast.stranger, cast.owner, cast.front_desk, cast.therapist):
        assert read_by(table, other) == []
    with transaction() as session:
        hide(session, cast.ana.member(), table.part(cast.ana), now=utc_now())
    assert read_by(table, cast.ben) == []
    sealed = current_session().execute(text("select words_sealed from comment")).scalars().all()
    assert sealed
    assert all(b"Qanar" not in bytes(one) for one in sealed)


def test_a_notice_goes_only_to_who_can_read_it(table: Table) -> None:
    cast = table.cast

    def told() -> list[UUID]:
        return sorted(current_session().scalars(select(MessagePart.person_id)))

    before = told()
    say(table, cast.ana, Reach.BOTH)
    assert told() == before
    say(table, cast.ana, Reach.AUTHOR)
    assert told() == sorted([*before, cast.ana.person_id])


def test_of_what_the_other_never_sees_only_its_author_hears(table: Table) -> None:
    cast = table.cast
    with transaction() as session:
        session.get_one(Answer, story_of(cast.ana)).is_withheld = True
    answer_id = story_of(cast.ana)
    with pytest.raises(AuthorOnly), transaction() as session:
        comment_on(
            session, table.jane, table.assignment_id, answer_id, words="x", reach=Reach.BOTH, now=utc_now()
        )
    with pytest.raises(NotFound), transaction() as session:
        comment_on(
            session, table.jane, table.assignment_id, story_of(cast.ana, Scope.PRIVATE), words="x", reach=Reach.AUTHOR,
            now=utc_now(),
        )  # fmt: skip


def test_a_comment_is_taken_back_by_its_therapist_alone_and_only_from_its_own_task(table: Table) -> None:
    comment_id, cast = say(table, table.cast.ana, Reach.AUTHOR), table.cast
    with transaction() as session:
        task = task_of(TaskKind.EXERCISE, "one-shared-goal", "1")
        other = assign(session, table.jane, cast.couple_id, task, now=utc_now()).id
    for viewer, assignment_id in ((cast.stranger.member(), table.assignment_id), (table.jane, other)):
        with pytest.raises(NotFound), transaction() as session:
            take_comment_back(session, viewer, assignment_id, comment_id)
    with transaction() as session:
        take_comment_back(session, table.jane, table.assignment_id, comment_id)
    assert current_session().scalars(select(Comment)).all() == []


def test_the_pages_show_it_beside_the_answer_with_what_was_talked_about(app: Flask) -> None:
    with app.app_context():
        with transaction() as session:
            cast = make_cast(session)
        table = Table(cast)
        answer_id = story_of(cast.ana)
    jane, ana, ben = (client_of(app, one) for one in (cast.therapist, cast.ana, cast.ben))
    path = f"/couples/tasks/{table.assignment_id}/answers/{answer_id}"
    empty = send(jane, path, reach="both", words=" ")
    assert (empty.status_code, "Please write what you want to say." in words(empty)) == (422, True)
    assert send(jane, path, reach="author", words="For you alone, Qanarone").status_code == 303
    assert send(jane, path, reach="both", words="For both, Qanartwo").status_code == 303
    assert "Qanarone" in words(ana.get(f"/reflections/{table.part(cast.ana)}/check"))
    with app.app_context():
        table.share(cast.ana, cast.ben)
        with transaction() as session:
            mark_reviewed(session, table.jane, table.assignment_id, [answer_id], utc_now())
    seen = {
        who: words(client.get(f"/reflections/{table.part(actor)}/opened"))
        for who, client, actor in (("ana", ana, cast.ana), ("ben", ben, cast.ben))
    }
    assert ["Qanarone" in seen["ana"], "Qanarone" in seen["ben"]] == [True, False]
    for shown in seen.values():
        assert "Qanartwo" in shown
        assert "We talked about this in a session" in shown
    assert "Qanartwo" in words(jane.get(f"/couples/tasks/{table.assignment_id}/reflection"))
