"""Two at the same instant on both databases: a reveal opens once, to both or to none (F19), and no word is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from itertools import count
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.couples.holds import lift_hold, set_hold
from portal.errors import Conflict
from portal.homework.answers import Change, save_answers
from portal.homework.models import Opening, TaskKind
from portal.homework.queries import get_assignment, opened_answers, own_answers
from portal.homework.registry import StageFacts, Task
from portal.homework.rules import Gate, PageMark, Scope, Standing
from portal.homework.service import (
    assign,
    end_assignment,
    hold_assignment,
    open_stage,
    share,
    submit,
    take_back,
)
from portal.transaction import current_session, transaction
from tests.support.cast import Actor, Cast

ROUNDS = 4
Act = Callable[[Session], object]


class Round:
    """One fresh assignment that both have begun, and acts upon it in transactions of their own."""

    def __init__(self, app: Flask, cast: Cast, number: int, gate: Gate) -> None:
        self.app, self.cast = app, cast
        task = Task(
            TaskKind.EXERCISE, f"round-{number}", "1", "Round", "To see.", 5, gate,
            (StageFacts(1, has_reveal=True, has_joint=False),),
        )  # fmt: skip
        with app.app_context(), transaction() as session:
            self.id = assign(session, cast.therapist.member(), cast.couple_id, task, now=utc_now()).id
        with app.app_context():
            parts = get_assignment(current_session(), cast.therapist.member(), self.id).responses
            self.parts: dict[UUID, UUID] = {one.person_id: one.id for one in parts}
        for actor in (cast.ana, cast.ben):
            self.run(self.save(actor, f'"{actor.user_name}"', 1))

    def run(self, *acts: Act) -> bool:
        """Do acts, each in its own transaction; tell whether none was refused."""
        with self.app.app_context():
            try:
                for act in acts:
                    with transaction() as session:
                        act(session)
            except Conflict:
                return False
        return True

    def at_once(self, first: Callable[[], bool], second: Callable[[], bool]) -> tuple[bool, bool]:
        barrier = Barrier(2)

        def start(act: Callable[[], bool]) -> bool:
            barrier.wait(timeout=20)
            return act()

        with ThreadPoolExecutor(2) as pool:
            one, other = (pool.submit(start, act) for act in (first, second))
            return one.result(timeout=60), other.result(timeout=60)

    def save(self, actor: Actor, words: str, serial: int) -> Act:
        changes, mark = [Change("story", words, Scope.REVEAL, 0)], PageMark("a" * 16, serial)
        part = self.parts[actor.person_id]
        return lambda session: save_answers(session, actor.member(), part, changes, mark, now=utc_now())

    def submit(self, actor: Actor) -> Act:
        part = self.parts[actor.person_id]
        return lambda session: submit(session, actor.member(), part, seconds=None, now=utc_now())

    def share(self, actor: Actor) -> Act:
        part = self.parts[actor.person_id]
        return lambda session: share(session, actor.member(), part, now=utc_now())

    def take_back(self, actor: Actor) -> Act:
        part = self.parts[actor.person_id]
        return lambda session: take_back(session, actor.member(), part, now=utc_now())

    def open(self, session: Session) -> object:
        return open_stage(session, self.cast.therapist.member(), self.id, 1, now=utc_now())

    def hold(self, session: Session) -> object:
        return hold_assignment(session, self.cast.therapist.member(), self.id, now=utc_now())

    def hold_couple(self, session: Session) -> object:
        return set_hold(session, self.cast.therapist.member(), self.cast.couple_id)

    def lift_couple(self, session: Session) -> None:
        lift_hold(session, self.cast.therapist.member(), self.cast.couple_id, utc_now())

    def close(self, session: Session) -> object:
        return end_assignment(session, self.cast.therapist.member(), self.id, Standing.CLOSED, now=utc_now())

    def has_opened(self) -> bool:
        """Tell whether it opened, once and to both; otherwise to none."""
        with self.app.app_context():
            session = current_session()
            openings = session.scalar(select(func.count()).where(Opening.assignment_id == self.id)) or 0
            read = [
                {one.person_id for one in opened_answers(session, actor.member(), self.id)}
                for actor in (self.cast.ana, self.cast.ben)
            ]
        assert (openings, read) in [(1, [set(self.parts)] * 2), (0, [set(), set()])]
        return openings == 1

    def stored(self, actor: Actor) -> str:
        with self.app.app_context():
            own = own_answers(current_session(), actor.member(), self.parts[actor.person_id])
            return own["story"].value


@pytest.fixture
def app(either_app: Flask) -> Flask:
    """Both databases keep two writers apart, each in its own way."""
    return either_app


@pytest.fixture
def rounds(app: Flask, cast: Cast) -> Callable[[Gate], list[Round]]:
    return lambda gate: [Round(app, cast, number, gate) for number in range(ROUNDS)]


Rounds = Callable[[Gate], list[Round]]


def test_two_who_share_open_it_once_to_both(rounds: Rounds, cast: Cast) -> None:
    for one in rounds(Gate.BOTH):
        acts = [partial(one.run, one.submit(who), one.share(who)) for who in (cast.ana, cast.ben)]
        assert one.at_once(acts[0], acts[1]) == (True, True)
        assert one.has_opened()


def test_of_taking_back_and_the_other_share_one_comes_first(rounds: Rounds, cast: Cast) -> None:
    for one in rounds(Gate.BOTH):
        assert one.run(one.submit(cast.ana), one.share(cast.ana), one.submit(cast.ben))
        shared, taken_back = one.at_once(
            partial(one.run, one.share(cast.ben)),
            partial(one.run, one.take_back(cast.ana)),
        )
        assert shared
        assert one.has_opened() is not taken_back


def test_of_taking_back_and_opening_one_is_refused(rounds: Rounds, cast: Cast) -> None:
    for one in rounds(Gate.THERAPIST):
        for who in (cast.ana, cast.ben):
            assert one.run(one.submit(who), one.share(who))
        opened, taken_back = one.at_once(
            partial(one.run, one.open), partial(one.run, one.take_back(cast.ana))
        )
        assert opened is not taken_back
        assert one.has_opened() is opened


def test_two_presses_of_the_therapist_open_once(rounds: Rounds, cast: Cast) -> None:
    for one in rounds(Gate.THERAPIST):
        for who in (cast.ana, cast.ben):
            assert one.run(one.submit(who), one.share(who))
        assert sorted(one.at_once(partial(one.run, one.open), partial(one.run, one.open))) == [False, True]
        assert one.has_opened()


def test_a_share_beside_a_hold_opens_before_it_or_not_at_all(rounds: Rounds, cast: Cast) -> None:
    for one in rounds(Gate.BOTH):
        assert one.run(one.submit(cast.ana), one.share(cast.ana), one.submit(cast.ben))
        assert one.at_once(partial(one.run, one.share(cast.ben)), partial(one.run, one.hold)) == (True, True)
        is_open = one.has_opened()
        assert one.run(one.take_back(cast.ben)) is not is_open


def test_nothing_opens_after_a_hold_of_the_couple_is_acknowledged(rounds: Rounds, cast: Cast) -> None:
    for one in rounds(Gate.BOTH):
        assert one.run(one.submit(cast.ana), one.share(cast.ana), one.submit(cast.ben))
        was_open: list[bool] = []

        def hold(one: Round = one, was_open: list[bool] = was_open) -> bool:
            is_held = one.run(one.hold_couple)
            was_open.append(one.has_opened())
            return is_held

        assert one.at_once(partial(one.run, one.share(cast.ben)), hold) == (True, True)
        assert was_open == [one.has_opened()]
        assert one.run(one.lift_couple)


def test_a_share_beside_the_close_opens_or_is_refused(rounds: Rounds, cast: Cast) -> None:
    for one in rounds(Gate.BOTH):
        assert one.run(one.submit(cast.ana), one.share(cast.ana), one.submit(cast.ben))
        shared, closed = one.at_once(partial(one.run, one.share(cast.ben)), partial(one.run, one.close))
        assert closed
        assert one.has_opened() is shared


def test_what_was_saved_before_the_share_is_part_of_it_and_the_rest_is_refused(
    rounds: Rounds, cast: Cast
) -> None:
    for one in rounds(Gate.BOTH):
        assert one.run(one.submit(cast.ben), one.share(cast.ben))
        acknowledged = ['"ana"']

        def write(one: Round = one, acknowledged: list[str] = acknowledged) -> bool:
            for serial in count(2):
                if not one.run(one.save(cast.ana, f'"save {serial}"', serial)):
                    return True
                acknowledged.append(f'"save {serial}"')
            raise AssertionError

        assert one.at_once(write, partial(one.run, one.submit(cast.ana), one.share(cast.ana))) == (True, True)
        assert one.stored(cast.ana) == acknowledged[-1]
        assert one.has_opened()


def test_a_share_waits_for_a_save_that_is_under_way(rounds: Rounds, cast: Cast) -> None:
    one = rounds(Gate.BOTH)[0]
    assert one.run(one.submit(cast.ben), one.share(cast.ben))

    def share_and_look() -> str:
        assert one.run(one.submit(cast.ana), one.share(cast.ana))
        with one.app.app_context():
            read = opened_answers(current_session(), cast.ben.member(), one.id)
            return next(answer.value for answer in read if answer.person_id == cast.ana.person_id)

    with ThreadPoolExecutor(1) as pool:
        with one.app.app_context(), transaction() as session:
            one.save(cast.ana, '"the last words"', 2)(session)
            looked = pool.submit(share_and_look)
            wait([looked], timeout=0.3)  # it would be over by then if it did not wait
        assert looked.result(timeout=60) == '"the last words"'
