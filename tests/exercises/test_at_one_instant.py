"""Both at the same instant, in every part of staged exercises and on both databases: what opens, opens once (F19)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.errors import Conflict
from portal.exercises.authoring import begin_exercise
from portal.exercises.catalogue import find_task
from portal.exercises.checking import find_exercise
from portal.exercises.drafts import copy_of
from portal.exercises.goals import keep
from portal.exercises.models import ExerciseVersion, GoalWish, KeptGoal
from portal.exercises.suggestions import US, Suggestion
from portal.homework.models import Opening, Response
from portal.homework.rules import Gate
from portal.homework.service import assign, open_stage, share, submit
from portal.security.viewer import Member
from portal.transaction import current_session, transaction
from tests.support.cast import Cast, client_of

Act = Callable[[Session], object]


@pytest.fixture
def app(either_app: Flask) -> Flask:
    """Both databases keep two writers apart, each in its own way."""
    return either_app


def act(app: Flask, *acts: Act) -> bool:
    """Do acts, each in a transaction of its own; tell whether none was refused."""
    with app.app_context():
        try:
            for one in acts:
                with transaction() as session:
                    one(session)
        except Conflict:
            return False
    return True


def at_once(first: Callable[[], bool], second: Callable[[], bool]) -> list[bool]:
    barrier = Barrier(2)

    def start(one: Callable[[], bool]) -> bool:
        barrier.wait(timeout=20)
        return one()

    with ThreadPoolExecutor(2) as pool:
        return [one.result(timeout=60) for one in [pool.submit(start, one) for one in (first, second)]]


def given(app: Flask, cast: Cast, name: str) -> UUID:
    with app.app_context(), transaction() as session:
        task = find_task(name, "1")
        return assign(session, cast.therapist.member(), cast.couple_id, task, now=utc_now()).id


def part_of(app: Flask, assignment_id: UUID, person_id: UUID, stage: int) -> UUID:
    with app.app_context():
        own = select(Response.id).where(
            Response.assignment_id == assignment_id, Response.person_id == person_id, Response.stage == stage
        )
        return current_session().scalars(own).one()


def openings(app: Flask, assignment_id: UUID) -> list[int]:
    with app.app_context():
        found = select(Opening.stage).where(Opening.assignment_id == assignment_id).order_by(Opening.stage)
        return list(current_session().scalars(found))


@pytest.mark.parametrize("name", ["joint-bucket-list", "unspoken-expectations", "listening-for-the-why"])
def test_each_part_opens_once_when_both_share_or_the_therapist_presses_twice(
    app: Flask, cast: Cast, name: str
) -> None:
    assignment_id, task = given(app, cast, name), find_task(name, "1")
    jane = cast.therapist.member()
    for stage in [one.number for one in task.stages if one.has_reveal]:
        acts = []
        for actor in (cast.ana, cast.ben):
            who, part = actor.member(), part_of(app, assignment_id, actor.person_id, stage)
            acts.append(partial(act, app, *sharing(who, part)))
        assert at_once(acts[0], acts[1]) == [True, True]
        if task.gate is Gate.THERAPIST:
            assert stage not in openings(app, assignment_id)

            def opened(stage: int = stage) -> bool:
                return act(
                    app, lambda session: open_stage(session, jane, assignment_id, stage, now=utc_now())
                )

            assert sorted(at_once(opened, opened)) == [False, True]
        assert openings(app, assignment_id) == list(range(1, stage + 1))


def sharing(who: Member, part: UUID) -> list[Act]:
    """Finish and share, each in its own transaction."""
    return [
        lambda session: submit(session, who, part, seconds=None, now=utc_now()),
        lambda session: share(session, who, part, now=utc_now()),
    ]


def test_two_who_keep_a_goal_at_once_keep_one_goal_and_no_wish_is_left(app: Flask, cast: Cast) -> None:
    assignment_id, goal = given(app, cast, "milestones-plan"), Suggestion(US, "Build the shed.")

    def kept(who: Member) -> bool:
        return act(app, lambda session: keep(session, who, assignment_id, goal, now=utc_now()))

    assert at_once(partial(kept, cast.ana.member()), partial(kept, cast.ben.member())) == [True, True]
    with app.app_context():
        session = current_session()
        counts = [session.scalar(select(func.count()).select_from(kind)) for kind in (KeptGoal, GoalWish)]
    assert counts == [1, 0]


def test_a_draft_that_two_windows_publish_at_once_becomes_one_version(app: Flask, cast: Cast) -> None:
    """The other window is told that there is nothing new, on the page of the exercise."""
    first, second = client_of(app, cast.therapist), client_of(app, cast.therapist)
    with app.app_context(), transaction() as session:
        draft = copy_of(find_exercise("small-wins", "1"))
        exercise_id = begin_exercise(session, cast.therapist.member(), draft, now=utc_now()).id
    bench = f"/practice/exercises/{exercise_id}"
    pages: list[str] = []

    def published(client: FlaskClient) -> bool:
        token = client.get(bench).text.split('name="form_token" value="')[1].split('"')[0]
        ready.wait(timeout=20)
        answer = client.post(f"{bench}/publish", data={"form_token": token})
        pages.append(answer.text if answer.status_code == HTTPStatus.CONFLICT else "")
        return answer.status_code == HTTPStatus.SEE_OTHER

    ready = Barrier(2)
    assert sorted(at_once(partial(published, first), partial(published, second))) == [False, True]
    assert "nothing to publish" in "".join(pages)
    with app.app_context():
        assert current_session().scalars(select(ExerciseVersion.number)).all() == [1]
