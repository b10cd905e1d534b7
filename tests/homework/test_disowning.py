"""Answers that somebody else gave: out of everybody's reach at once, given anew, or taken back by their owner alone."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.clock import utc_now
from portal.errors import Conflict, NotFound
from portal.homework.answers import Change, save_answers
from portal.homework.commenting import comment_on
from portal.homework.disowning import disown, give_anew, reclaim
from portal.homework.models import Answer, Assignment, Comment, Opening, Response, StrayAnswer, TaskKind
from portal.homework.queries import desk_answers, opened_answers, own_answers
from portal.homework.registry import task_of
from portal.homework.rules import NothingDisowned, NothingToDisown, NotWriting, PageMark, Reach, Scope, Step
from portal.homework.service import assign, hide, reopen, share, submit, take_back
from portal.transaction import current_session, transaction
from tests.architecture.ledger import LEDGER
from tests.support.cast import Actor, Cast, client_of, make_cast
from tests.support.world import make_world, path_of

SAID = {"story": ('"Qanarstray of a tent"', Scope.REVEAL), "tender": ('"Qanarstray alone"', Scope.PRIVATE)}


class Table:
    """An exercise that Ana and Ben have answered."""

    def __init__(self, cast: Cast, task_id: str = "values-compass") -> None:
        self.cast, self.jane = cast, cast.therapist.member()
        task = task_of(TaskKind.EXERCISE, task_id, "1")
        with transaction() as session:
            self.assignment_id = assign(session, self.jane, cast.couple_id, task, now=utc_now()).id
        rows = current_session().scalars(select(Response).where(Response.assignment_id == self.assignment_id))
        self.parts = {one.person_id: one.id for one in rows}
        for who in (cast.ana, cast.ben):
            with transaction() as session:
                changes = [Change(prompt, value, scope, 0) for prompt, (value, scope) in SAID.items()]
                save_answers(session, who.member(), self.part(who), changes, PageMark(""), now=utc_now())
                submit(session, who.member(), self.part(who), seconds=None, now=utc_now())

    def part(self, who: Actor) -> UUID:
        return self.parts[who.person_id]

    def share(self, *whos: Actor) -> None:
        for who in whos:
            with transaction() as session:
                share(session, who.member(), self.part(who), now=utc_now())

    def disown(self, who: Actor) -> None:
        with transaction() as session:
            disown(session, who.member(), self.part(who), now=utc_now())

    def row(self, who: Actor) -> Response:
        return current_session().get_one(Response, self.part(who), populate_existing=True)

    def texts_of(self, who: Actor) -> list[str]:
        """Everything of this person's that anybody can read by any way there is."""
        session, cast = current_session(), self.cast
        found = [
            *desk_answers(session, self.jane, self.assignment_id),
            *own_answers(session, who.member(), self.part(who)).values(),
            *opened_answers(session, cast.ana.member(), self.assignment_id),
            *opened_answers(session, cast.ben.member(), self.assignment_id),
        ]
        return [one.value for one in found if one.person_id == who.person_id]


@pytest.fixture
def table(either_app: Flask) -> Iterator[Table]:
    with either_app.app_context():
        with transaction() as session:
            cast = make_cast(session)
        yield Table(cast)


@pytest.mark.parametrize("shared", ["nobody", "ana", "both"])
def test_from_that_moment_nobody_reads_shares_or_opens_them(table: Table, shared: str) -> None:
    ana, ben = table.cast.ana, table.cast.ben
    table.share(*{"nobody": (), "ana": (ana,), "both": (ana, ben)}[shared])
    assert table.texts_of(ana)
    table.disown(ana)
    assert table.texts_of(ana) == []
    assert current_session().scalar(select(func.count()).select_from(StrayAnswer)) == len(SAID)
    acts = (share, reopen, take_back, hide)
    for act in acts:
        with pytest.raises(Conflict), transaction() as session:
            act(session, ana.member(), table.part(ana), now=utc_now())
    with pytest.raises(NotWriting), transaction() as session:
        save_answers(
            session,
            ana.member(),
            table.part(ana),
            [Change("story", '"x"', Scope.REVEAL, 0)],
            PageMark(""),
            now=utc_now(),
        )
    if shared != "both":
        table.share(ben)
        assert current_session().scalars(select(Opening)).all() == []
    assert table.texts_of(ben)


def test_given_anew_they_are_gone_and_the_other_keeps_everything(table: Table) -> None:
    ana, ben = table.cast.ana, table.cast.ben
    table.share(ben)
    table.disown(ana)
    with transaction() as session:
        fresh = give_anew(session, table.jane, table.assignment_id, ana.person_id, now=utc_now())
    assert fresh.id == table.assignment_id
    assert (table.row(ana).step, table.row(ana).begun_at, table.row(ben).step) == (
        Step.WRITING,
        None,
        Step.SHARED,
    )
    assert current_session().scalars(select(StrayAnswer)).all() == []
    with pytest.raises(NothingDisowned), transaction() as session:
        reclaim(session, ana.member(), table.part(ana), now=utc_now())


def test_what_has_opened_is_given_once_more_to_that_person_alone(table: Table) -> None:
    ana, ben = table.cast.ana, table.cast.ben
    table.share(ana, ben)
    table.disown(ana)
    with transaction() as session:
        fresh = give_anew(session, table.jane, table.assignment_id, ana.person_id, now=utc_now())
    assert (fresh.id != table.assignment_id, fresh.for_person_id) == (True, ana.person_id)
    assert current_session().scalar(select(func.count()).select_from(Assignment)) == 2
    assert table.texts_of(ana) == []


def test_its_owner_alone_takes_it_back_and_nothing_is_shared_by_that(table: Table) -> None:
    ana, ben = table.cast.ana, table.cast.ben
    before = table.texts_of(ana)
    table.share(ana)
    table.disown(ana)
    with pytest.raises(NotFound), transaction() as session:
        reclaim(session, ben.member(), table.part(ana), now=utc_now())
    with transaction() as session:
        reclaim(session, ana.member(), table.part(ana), now=utc_now())
    assert sorted(table.texts_of(ana)) == sorted(before)
    assert table.row(ana).step is Step.SUBMITTED
    table.share(ben)
    assert current_session().scalars(select(Opening)).all() == []


def test_what_was_said_about_them_goes_with_them_and_it_is_said_once(table: Table) -> None:
    ana = table.cast.ana
    answer = current_session().scalars(
        select(Answer).where(Answer.person_id == ana.person_id, Answer.prompt_id == "story")
    ).one()  # fmt: skip
    with transaction() as session:
        comment_on(
            session,
            table.jane,
            table.assignment_id,
            answer.id,
            words="So.",
            reach=Reach.AUTHOR,
            now=utc_now(),
        )
    table.disown(ana)
    assert current_session().scalars(select(Comment)).all() == []
    with pytest.raises(NothingToDisown):
        table.disown(ana)
    with pytest.raises(NotFound), transaction() as session:
        give_anew(session, table.cast.stranger.member(), table.assignment_id, ana.person_id, now=utc_now())


def test_no_page_of_its_task_breaks_when_nothing_is_left_of_it(app: Flask) -> None:
    world = make_world(app)
    parts = [world.places["response_id"], world.places["response_id of assessments"]]
    ana, ben, jane = (client_of(app, one) for one in (world.cast.ana, world.cast.ben, world.cast.therapist))
    with app.app_context():
        for part in parts:
            with transaction() as session:
                disown(session, world.cast.ana.member(), UUID(str(part)), now=utc_now())
    for endpoint, method in LEDGER:
        if method == "GET" and endpoint.partition(".")[0] in {"assessments", "exercises", "homework", "home"}:
            for client in (ana, ben, jane):
                assert client.get(path_of(app, world, endpoint)).status_code in {200, 303, 404}, endpoint
    shown = ana.get("/tasks").get_data(as_text=True)
    assert "You said that somebody else answered this." in shown
    assert "answered by somebody else" in jane.get("/today").get_data(as_text=True)
