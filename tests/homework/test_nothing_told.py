"""What one person makes of a task, and what the therapist plans or says to that person alone: the other's pages stay as they are.

Status, headers, number of statements and every byte of each page that the other can open.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.couples.holds import set_hold
from portal.homework.answers import Change, save_answers
from portal.homework.commenting import comment_on
from portal.homework.days import move_day, settle_day
from portal.homework.disowning import disown, give_anew, reclaim
from portal.homework.models import Answer, Response
from portal.homework.rules import Course, PageMark, Reach, Scope
from portal.homework.service import submit
from portal.pathways import service as pathways
from portal.pathways.rules import Delivery, Rule
from portal.pathways.shipped import Plan, PlannedStep
from portal.transaction import transaction
from tests.architecture.ledger import LEDGER
from tests.support.cast import client_of
from tests.support.readings import Readings, changed, read_whole
from tests.support.world import World, make_world, path_of

NOW = datetime(2026, 11, 20, 16, 5, tzinfo=UTC)


class Stage:
    """One of everything, with a day that has gone by for both, and hands to do things."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app, self.world, self.cast = app, world, world.cast
        self.ana, self.jane = world.cast.ana.member(), world.cast.therapist.member()
        self.part = UUID(str(world.places["response_id"]))
        self.assignment_id = UUID(str(world.places["assignment_id"]))
        self.pathway_id = UUID(str(world.places["pathway_id"]))

    def do(self, *acts: Callable[[Session], object]) -> None:
        for act in acts:
            with self.app.app_context(), transaction() as session:
                act(session)

    def let_days_pass(self, session: Session) -> None:
        session.get_one(Response, self.part).moved_to = NOW.date() - timedelta(days=1)

    def answer_and_finish(self, session: Session) -> None:
        change = Change("story", '"A tent."', Scope.REVEAL, 0)
        save_answers(session, self.ana, self.part, [change], PageMark(""), now=NOW)
        submit(session, self.ana, self.part, seconds=None, now=NOW)

    def comment(self, session: Session, reach: Reach) -> None:
        story = select(Answer.id).where(Answer.response_id == self.part, Answer.prompt_id == "story")
        answer_id = session.scalars(story).one()
        comment_on(session, self.jane, self.assignment_id, answer_id, words="So.", reach=reach, now=NOW)

    def walk_ana_alone(self, session: Session) -> None:
        now_and_then = (
            PlannedStep("exercise", "my-goals-our-overlap", Rule(Delivery.AT_ONCE)),
            PlannedStep("exercise", "one-shared-goal", Rule(Delivery.AFTER_PREVIOUS)),
        )
        pathways.start_pathway(
            session, self.jane, self.cast.couple_id, Plan("p", "Alone", "", now_and_then), zone="Europe/London",
            for_person_id=self.cast.ana.person_id, now=NOW,
        )  # fmt: skip


@pytest.fixture
def stage(app: Flask) -> Iterator[Stage]:
    with time_machine.travel(NOW, tick=False):
        made = make_world(app)
        client_of(app, None).get("/readyz")
        stage = Stage(app, made)
        stage.do(lambda session: setattr(session.get_one(Response, stage.part), "course", Course.AS_ASKED))
        stage.do(_with_a_day)
        yield stage


def _with_a_day(session: Session) -> None:
    for part in session.scalars(select(Response)).all():
        session.refresh(part, ["assignment"])
        part.assignment.due_on = NOW.date() - timedelta(days=9)


def pages(stage: Stage, client: FlaskClient, name: str) -> Readings:
    """Read every page that this partner can open, and its parts for htmx."""
    seen: Readings = {}
    for (endpoint, method), row in LEDGER.items():
        if method != "GET" or row[name] not in {200, 303} or row["visitor"] == 200:
            continue
        path = path_of(stage.app, stage.world, endpoint)
        seen |= read_whole(stage.app, client, path, endpoint)
    return seen


def test_neither_a_day_moved_nor_a_task_dropped_disowned_or_planned_shows_on_the_others_pages(
    stage: Stage,
) -> None:
    ben, ana = client_of(stage.app, stage.cast.ben), client_of(stage.app, stage.cast.ana)
    before, own = pages(stage, ben, "ben"), pages(stage, ana, "ana")
    assert before["homework.own as a page"][0] == 200
    part, jane, ana_id = stage.part, stage.jane, stage.cast.ana.person_id
    happenings: dict[str, tuple[Callable[[Session], object], ...]] = {
        "moved": (lambda session: move_day(session, stage.ana, part, 7, now=NOW),),
        "put aside": (
            stage.let_days_pass,
            lambda session: settle_day(session, stage.ana, part, Course.DROPPED, now=NOW),
        ),
        "taken up": (lambda session: settle_day(session, stage.ana, part, Course.KEPT, now=NOW),),
        "finished": (stage.answer_and_finish,),
        "commented for its author": (lambda session: stage.comment(session, Reach.AUTHOR),),
        "commented for both while it is shut": (lambda session: stage.comment(session, Reach.BOTH),),
        "disowned": (lambda session: disown(session, stage.ana, part, now=NOW),),
        "theirs after all": (lambda session: reclaim(session, stage.ana, part, now=NOW),),
        "disowned, and given anew": (
            lambda session: disown(session, stage.ana, part, now=NOW),
            lambda session: give_anew(session, jane, stage.assignment_id, ana_id, now=NOW),
        ),
        "a way for one": (stage.walk_ana_alone,),
        "a way for two that rests": (lambda session: pathways.pause(session, jane, stage.pathway_id, NOW),),
        "a way for two that goes on": (
            lambda session: set_hold(session, jane, stage.cast.couple_id),
            lambda session: pathways.resume(session, jane, stage.pathway_id, NOW),
        ),
    }
    for what, acts in happenings.items():
        stage.do(*acts)
        assert changed(before, pages(stage, ben, "ben")) == set(), what
        after = pages(stage, ana, "ana") if what in {"moved", "disowned", "a way for one"} else None
        assert after is None or after["homework.own as a page"] != own["homework.own as a page"], what
