"""What couples of the growing practice do between their sessions: the pages need one of each state, and more with time."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.assessments.definition import readiness_test
from portal.clock import utc_now
from portal.demo_homework import ANAS_SITTING, ANAS_VALUES, BENS_SITTING, BENS_VALUES, IDEAS, Desk
from portal.exercises.authoring import begin_exercise, publish_exercise, share_exercise
from portal.exercises.checking import find_exercise
from portal.exercises.drafts import copy_of
from portal.homework.commenting import comment_on
from portal.homework.models import Answer, Assignment, Opening, Response, TaskKind
from portal.homework.rules import Gate, Reach, Standing, Step
from portal.homework.service import begin, end_assignment, open_stage
from portal.pathways.rules import Delivery, Rule
from portal.pathways.service import plan_of, save_template, start_pathway, stop
from portal.pathways.shipped import PlannedStep
from portal.security.viewer import Member
from tests.support.cast import Cast

TEST = (readiness_test().id, readiness_test().version)
VALUES, GOAL = ("values-compass", "1"), ("one-shared-goal", "1")
Places = dict[str, object]


def begin_homework(session: Session, cast: Cast) -> Places:
    """Let Ana and Ben have one of everything; return what stands in the addresses of which pages."""
    now, ana, ben = utc_now(), cast.ana.member(), cast.ben.member()
    therapist = cast.therapist.member()
    desk = Desk(session, therapist, cast.couple_id, now)
    values = desk.talk_about_values({ana: ANAS_VALUES, ben: BENS_VALUES})
    test = desk.take_the_test({ana: ANAS_SITTING, ben: BENS_SITTING})
    places: Places = {
        "page": 1,
        "task_id": "values-compass",
        "version": "1",
        "stage": 1,
        "step": "place",
        "assignment_id": values.id,
        "assignment_id of assessments": test.id,
        "response_id of exercises.opened": _part(session, values, ana),
        "response_id of assessments": _part(session, test, ana),
    }
    open_stage(session, therapist, test.id, 1, now=now)
    end_assignment(session, therapist, test.id, Standing.CLOSED, now=now)
    places |= _say_something(session, therapist, values, now) | _begin_a_way(session, therapist, cast, now)
    places |= _write_an_exercise(session, therapist, now)
    goal = desk.assign(TaskKind.EXERCISE, GOAL, days_ago=2)
    desk.answer(ana, goal, {"ideas": IDEAS})
    fresh = desk.assign(TaskKind.TEST, TEST, days_ago=1)
    begin(session, ana, _part(session, fresh, ana), now=now)
    return places | {
        "response_id": _part(session, goal, ana),
        "response_id of assessments.start": _part(session, fresh, ana),
        "response_id of assessments.questions": _part(session, fresh, ana),
        "response_id of assessments.check": _part(session, fresh, ana),
    }


def _say_something(session: Session, therapist: Member, values: Assignment, now: datetime) -> Places:
    """Let the therapist say something about one answer."""
    answer_id = session.scalars(
        select(Answer.id)
        .join(Response, Response.id == Answer.response_id)
        .where(Response.assignment_id == values.id, Answer.prompt_id == "story")
        .limit(1)
    ).one()
    said = comment_on(
        session, therapist, values.id, answer_id, words="A good one.", reach=Reach.BOTH, now=now
    )
    return {"answer_id": answer_id, "comment_id": said.id}


def _begin_a_way(session: Session, therapist: Member, cast: Cast, now: datetime) -> Places:
    """Let the practice have a template, and the couple be on a pathway."""
    steps = (PlannedStep("exercise", "my-goals-our-overlap", Rule(Delivery.WEEKDAY, weekday=0)),) * 2
    template = save_template(session, therapist, None, title="Quietly", purpose="", steps=steps, now=now)
    way = start_pathway(session, therapist, cast.couple_id, plan_of(template), zone="Europe/London", now=now)
    return {"template_id": template.id, "pathway_id": way.id, "step_id": way.steps[0].id}


def _write_an_exercise(session: Session, therapist: Member, now: datetime) -> Places:
    """Let the therapist have an exercise of the own hand, which colleagues may give too."""
    row = begin_exercise(session, therapist, copy_of(find_exercise("values-compass", "1")), now=now)
    publish_exercise(session, therapist, row.id, therapist="All of it.", partner="What both shared.", now=now)
    share_exercise(session, therapist, row.id, now=now)
    return {
        "exercise_id": row.id, "prompt_id": "tender", "side": "a", "part": 1, "task_id of exercises.preview": str(row.id),
        "version of exercises.preview": "1",
    }  # fmt: skip


def add_way(session: Session, therapist: Member, couple_id: UUID, now: datetime) -> None:
    """Let there be one more template and one more own exercise, and a couple have been on one more pathway."""
    steps = (PlannedStep("exercise", "my-goals-our-overlap", Rule(Delivery.WEEKDAY, weekday=0)),)
    template = save_template(session, therapist, None, title="Once more", purpose="", steps=steps, now=now)
    way = start_pathway(session, therapist, couple_id, plan_of(template), zone="Europe/London", now=now)
    stop(session, therapist, way.id, now)
    _write_an_exercise(session, therapist, now)


def add_homework(session: Session, therapist: Member, couple_id: UUID) -> None:
    """Let another couple have something that waits for the therapist, and something that has rested."""
    desk = Desk(session, therapist, couple_id, utc_now())
    shared = desk.assign(TaskKind.TEST, TEST, days_ago=3)
    for part in shared.responses:
        part.step, part.shared_at = Step.SHARED, utc_now()
    desk.assign(TaskKind.EXERCISE, VALUES, days_ago=20)


def add_finished_homework(session: Session, cast: Cast, at: datetime) -> None:
    """Let Ana and Ben have finished one more exercise some time ago."""
    done = Assignment(
        couple_id=cast.couple_id, assigned_by_id=cast.therapist.person_id, kind=TaskKind.EXERCISE, task_id=VALUES[0],
        task_version=VALUES[1], gate=Gate.BOTH, standing=Standing.CLOSED, created_at=at, ended_at=at + timedelta(days=9),
    )  # fmt: skip
    session.add(done)
    session.flush()
    session.add(Opening(assignment_id=done.id, stage=1))
    session.add_all(
        Response(
            assignment_id=done.id, stage=1, person_id=actor.person_id, step=Step.SHARED, begun_at=at, submitted_at=at,
            shared_at=at,
        )
        for actor in (cast.ana, cast.ben)
    )  # fmt: skip


def _part(session: Session, assignment: Assignment, person: Member) -> UUID:
    of_person = select(Response.id).where(Response.assignment_id == assignment.id, Response.stage == 1)
    return session.scalars(of_person.where(Response.person_id == person.person_id)).one()
