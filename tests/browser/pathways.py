"""Pathways in every state, days that have gone by, and comments, for the pages' gallery."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from portal.accounts.models import Account
from portal.clock import utc_now
from portal.couples.models import Couple
from portal.errors import NotFound
from portal.homework.commenting import comment_on
from portal.homework.models import Answer, Assignment, JointAnswer, Response, TaskKind
from portal.homework.rules import Course, Gate, Reach, Scope, Standing, Step
from portal.pathways.models import Pathway, PathwayStep
from portal.pathways.rules import Delivery, Rule, Stuck
from portal.pathways.service import save_template, skip, start_pathway
from portal.pathways.shipped import Plan, PlannedStep, shipped
from portal.security.viewer import Member

LATER = PlannedStep("exercise", "my-goals-our-overlap", Rule(Delivery.WEEKDAY, weekday=0, hour=8), due_days=6)


def hang_pathways(session: Session, jane: Member, accounts: dict[str, Account]) -> dict[str, str]:
    """Let the demo's couple be on one pathway with a step of each kind, and have come back to things that rested."""
    couple = session.scalars(select(Couple).where(Couple.number == 1)).one()
    now, plan = utc_now(), shipped()[0]
    template = save_template(
        session, jane, None, title="Slowly, and with Mondays", purpose=plan.purpose, steps=plan.steps, now=now
    )
    steps = (LATER, *plan.steps[1:], LATER)
    way = start_pathway(
        session,
        jane,
        couple.id,
        Plan("p", "From values to one goal", "", steps),
        zone="Europe/London",
        now=now,
    )
    _walk(session, jane, couple, way)
    ana = accounts["ana"].person_id
    answer = _comment(session, jane, ana)
    return {
        "pathway": f"/pathways/{way.id}",
        "pathways": "/practice/pathways",
        "own pathway": f"/practice/pathways/{template.id}",
        "start a pathway": f"/couples/{couple.id}/pathways/new",
        "comment": answer,
        "not answered by me": f"/tasks/{_rested(session, jane, couple, ana)}/not-me",
    }


def _walk(session: Session, jane: Member, couple: Couple, way: Pathway) -> None:
    """Let the first step be done, the second be with them, the third be left out, and the next wait for the therapist."""
    done, with_them = session.scalars(
        select(Assignment)
        .where(Assignment.couple_id == couple.id, ~exists().where(PathwayStep.assignment_id == Assignment.id))
        .order_by(Assignment.created_at, Assignment.id)
        .limit(2)
    ).all()
    done.standing = Standing.CLOSED
    for step, assignment in zip(way.steps, (done, with_them), strict=False):
        step.given_at, step.assignment_id = utc_now() - timedelta(days=9), assignment.id
    session.flush()
    skip(session, jane, way.id, way.steps[2].id, utc_now())
    way.stuck = Stuck.HELD


def _comment(session: Session, jane: Member, ana: UUID) -> str:
    answer, assignment_id = session.execute(
        select(Answer, Response.assignment_id)
        .join(Response, Response.id == Answer.response_id)
        .where(
            Answer.person_id == ana,
            Answer.prompt_id == "story",
            Answer.scope == Scope.REVEAL,
            Response.step == Step.SHARED,
        )
        .order_by(Answer.created_at)
        .limit(1)
    ).one()
    for words, reach in (
        ("I would like to hear more of this.", Reach.AUTHOR),
        ("Read this one aloud.", Reach.BOTH),
    ):
        comment_on(session, jane, assignment_id, answer.id, words=words, reach=reach, now=utc_now())
    _comment_together(session, jane)
    return f"/couples/tasks/{assignment_id}/answers/{answer.id}"


def _comment_together(session: Session, jane: Member) -> None:
    """Say something about what both wrote, to them and to nobody, and about an answer of the test."""
    joint = select(JointAnswer.assignment_id, JointAnswer.id).join(
        Assignment, Assignment.id == JointAnswer.assignment_id
    )
    tested = select(Response.assignment_id, Answer.id).join(Answer, Answer.response_id == Response.id)
    tested = tested.join(Assignment, Assignment.id == Response.assignment_id)
    for found, words, reach in (
        (joint.where(Assignment.kind == TaskKind.EXERCISE), "A first step that you can see.", Reach.BOTH),
        (joint.where(Assignment.kind == TaskKind.EXERCISE), "Ask who chose the day.", Reach.THERAPIST),
        (
            tested.where(Assignment.kind == TaskKind.TEST, Answer.prompt_id == "VAL1"),
            "Tell me more.",
            Reach.AUTHOR,
        ),
    ):
        for assignment_id, answer_id in session.execute(found).all():
            with suppress(NotFound):
                comment_on(session, jane, assignment_id, answer_id, words=words, reach=reach, now=utc_now())


def _rested(session: Session, jane: Member, couple: Couple, ana: UUID) -> UUID:
    """Give Ana three things whose day has gone by: to be moved, to be decided about, put aside; and one that she disowned."""
    today, now, parts = utc_now().date(), utc_now(), []
    for _number in range(4):
        given = Assignment(
            couple_id=couple.id, for_person_id=ana, assigned_by_id=jane.person_id, kind=TaskKind.EXERCISE,
            task_id="values-compass", task_version="1", gate=Gate.BOTH, due_on=today - timedelta(days=4),
        )  # fmt: skip
        session.add(given)
        session.flush()
        part = Response(assignment_id=given.id, stage=1, person_id=ana, begun_at=now)
        session.add(part)
        parts.append(part)
    session.flush()
    for part in parts[1:3]:
        part.moved_to = today - timedelta(days=1)
    parts[2].course = Course.DROPPED
    parts[3].disowned_at, parts[3].step = utc_now(), Step.HIDDEN
    session.flush()
    return parts[0].id
