"""What the therapist says about an answer: to its author alone, or to both while it is open to both, and to nobody else."""

import json
from collections.abc import Iterator
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, text

from portal.clock import utc_now
from portal.errors import NotFound
from portal.homework.answers import Change, save_joint
from portal.homework.commenting import (
    NotForThem,
    comment_on,
    commented_versions,
    remarks_for,
    remarks_on_joint,
    take_comment_back,
)
from portal.homework.models import Answer, Assignment, Comment, JointAnswer, TaskKind
from portal.homework.registry import task_of
from portal.homework.reviewing import mark_reviewed
from portal.homework.rules import PageMark, Reach, Scope, Standing
from portal.homework.service import assign, end_assignment, hide
from portal.notices.models import MessagePart
from portal.transaction import current_session, transaction
from tests.homework.test_disowning import Table
from tests.homework.test_views import send, words
from tests.support.cast import Actor, client_of, make_cast
from tests.support.readings import BY_LOT

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


def write_together(table: Table, who: Actor, text: str, opened_at: int) -> UUID:
    """Let one of the two write a version of what both write."""
    with transaction() as session:
        change = Change("goal", json.dumps(text), Scope.JOINT, opened_at)
        save_joint(session, who.member(), table.part(who), [change], PageMark(""), now=utc_now())
    newest = select(JointAnswer.id).order_by(JointAnswer.revision.desc()).limit(1)
    return current_session().scalars(newest).one()


def read_together(table: Table, reader: Actor) -> list[str]:
    found = remarks_on_joint(current_session(), reader.member(), table.assignment_id)
    return [one.words for remarks in found.values() for one in remarks.comments]


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
    assert read_by(table, cast.ana) == ([] if reach is Reach.THERAPIST else [SAID])
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
    with pytest.raises(NotForThem), transaction() as session:
        comment_on(
            session, table.jane, table.assignment_id, answer_id, words="x", reach=Reach.BOTH, now=utc_now()
        )
    with pytest.raises(NotFound), transaction() as session:
        comment_on(
            session, table.jane, table.assignment_id, story_of(cast.ana, Scope.PRIVATE), words="x", reach=Reach.AUTHOR,
            now=utc_now(),
        )  # fmt: skip


def test_an_answer_to_a_published_questionnaire_stands_on_no_page_and_is_not_spoken_of(table: Table) -> None:
    with transaction() as session:
        session.get_one(Assignment, table.assignment_id).kind = TaskKind.MEASURE
    with pytest.raises(NotFound):
        say(table, table.cast.ana, Reach.AUTHOR)


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


@pytest.mark.parametrize("reach", [Reach.BOTH, Reach.THERAPIST])
def test_of_what_both_wrote_both_hear_at_once_or_nobody(table: Table, reach: Reach) -> None:
    cast = table.cast
    first = write_together(table, cast.ana, "A shed", 0)
    told = current_session().scalar(select(func.count()).select_from(MessagePart)) or 0
    with transaction() as session:
        comment_on(session, table.jane, table.assignment_id, first, words=SAID, reach=reach, now=utc_now())
    write_together(table, cast.ben, "A shed with a window", 1)
    for reader in (cast.ana, cast.ben):
        assert read_together(table, reader) == ([SAID] if reach is Reach.BOTH else [])
    for other in (cast.cleo, cast.stranger, cast.owner, cast.front_desk, cast.therapist):
        assert read_together(table, other) == []
    said = commented_versions(current_session(), table.jane, table.assignment_id)[1]
    assert [one.words for one in said["goal"]] == [SAID]
    assert commented_versions(current_session(), cast.stranger.member(), table.assignment_id) == ([], {})
    now_told = current_session().scalar(select(func.count()).select_from(MessagePart)) or 0
    assert (now_told > told) is (reach is Reach.BOTH)
    with pytest.raises(NotForThem), transaction() as session:
        comment_on(
            session, table.jane, table.assignment_id, first, words="x", reach=Reach.AUTHOR, now=utc_now()
        )
    with transaction() as session:
        end_assignment(session, table.jane, table.assignment_id, Standing.WITHDRAWN, now=utc_now())
    assert read_together(table, cast.ana) == []


def test_the_pages_show_it_beside_what_both_wrote(app: Flask) -> None:
    """What is for the therapist alone changes no byte of either partner's pages."""
    with app.app_context():
        with transaction() as session:
            cast = make_cast(session)
        table = Table(cast, "milestones-plan")
        answer_id = write_together(table, cast.ana, "A shed", 0)
    jane, ana, ben = (client_of(app, one) for one in (cast.therapist, cast.ana, cast.ben))
    path = f"/couples/tasks/{table.assignment_id}/answers/{answer_id}"
    assert send(jane, path, words="To whom?").status_code == 422, "nobody is chosen beforehand"

    def shown() -> list[str]:
        pages = [
            client.get(f"/reflections/{table.part(who)}/{page}")
            for client, who in ((ana, cast.ana), (ben, cast.ben))
            for page in ("opened", "check")
        ]
        assert {one.status_code for one in pages} == {200}
        return [BY_LOT.sub("-", one.get_data(as_text=True)) for one in pages]

    with time_machine.travel(utc_now(), tick=False):
        before = shown()
        assert send(jane, path, reach="therapist", words="Qanarmine").status_code == 303
        assert shown() == before
    assert send(jane, path, reach="both", words="Qanarours").status_code == 303
    assert ["Qanarours" in page for page in shown()] == [True] * 4
    desk = words(jane.get(f"/couples/tasks/{table.assignment_id}/reflection"))
    assert "Qanarours" in desk
    assert "Qanarmine for you alone" in desk
    comments = words(jane.get(path))
    assert "Written by Ana and Ben together" in comments
    assert "For you alone" in comments
