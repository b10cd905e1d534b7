"""Exercises in the gallery: one in the midst of being written, one open to both with its second part begun."""

import json
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Account
from portal.clock import utc_now
from portal.couples.models import Couple
from portal.exercises.authoring import add_prompt, begin_exercise, publish_exercise, share_exercise
from portal.exercises.checking import find_exercise
from portal.exercises.drafts import NewPrompt, copy_of
from portal.exercises.goals import end_goal, take_up_goal
from portal.exercises.models import GoalEnding, KeptGoal
from portal.homework.answers import Change, save_answers, save_joint
from portal.homework.models import Assignment, Response, TaskKind
from portal.homework.rules import Gate, PageMark, Scope
from portal.homework.service import share, submit
from portal.security.viewer import Member, Role

SECRET = {"type": "short_text", "share": "private", "text": "A wish I would not say aloud", "stage": 3}
VALUES = {
    "pick": ["home", "calm", "humour"],
    "rank": ["home", "calm", "humour"],
    "lived.home": 6,
    "story": "The last week of August.\nWe listened to the rain.",
    "guess": ["calm", "nature"],
}


def hang_exercises(session: Session, jane: Member, accounts: dict[str, Account]) -> dict[str, str]:
    """Give couple 1 exercises as if from other years; returns the paths of their pages by name."""
    begun, values, goal = (
        _given(session, jane, accounts, task, stages)
        for task, stages in (("values-compass", 1), ("values-compass", 1), ("one-shared-goal", 2))
    )
    ana, ben = (_viewer(accounts[name]) for name in ("ana", "ben"))
    _write(session, ana, begun[ana.person_id, 1], VALUES)
    for viewer in (ana, ben):
        _write(session, viewer, values[viewer.person_id, 1], VALUES)
        _write(session, viewer, goal[viewer.person_id, 1], {"ideas": "A shed.\nA choir.\nA walk each week."})
        for part in (values[viewer.person_id, 1], goal[viewer.person_id, 1]):
            submit(session, viewer, part, seconds=None, now=utc_now())
            share(session, viewer, part, now=utc_now())
    second = goal[ana.person_id, 2]
    for number, (viewer, words) in enumerate(((ana, "A shed."), (ben, "A choir, then a shed."))):
        part = goal[viewer.person_id, 2]
        change = Change("pick", json.dumps(words), Scope.JOINT, opened_at=number)
        save_joint(session, viewer, part, [change], PageMark(f"{number:016x}"), now=utc_now())
    assignment_id = session.scalars(select(Response.assignment_id).where(Response.id == second)).one()
    _keep_goals(session, jane, session.get_one(Assignment, assignment_id))
    pages = {
        "exercise": begun[ana.person_id, 1], "choices": f"{begun[ana.person_id, 1]}/1", "ranking": f"{begun[ana.person_id, 1]}/2",
        "scales": f"{begun[ana.person_id, 1]}/3", "writing paper": f"{begun[ana.person_id, 1]}/4",
        "look back at it": f"{begun[ana.person_id, 1]}/check", "opened exercise": f"{values[ana.person_id, 1]}/opened",
        "what could become a goal": f"{values[ana.person_id, 1]}/goal", "own words on paper": f"{values[ana.person_id, 1]}/print",
        "second part": second, "written together": f"{second}/1", "day": f"{second}/5",
    }  # fmt: skip
    return {
        **{name: f"/reflections/{page}" for name, page in pages.items()},
        "empty exercise": "/reflections/empty/city-or-cabin/1",
        "exercise on the desk": f"/couples/tasks/{assignment_id}/reflection",
        **_hang_own(session, jane),
    }


def _keep_goals(session: Session, jane: Member, assignment: Assignment) -> None:
    """Let both keep a goal that had ended and goes on, and have reached one and let go of another."""
    now = utc_now()
    for slot, words, ending, reason in (
        ("g1", "A walk each week, without telephones.", GoalEnding.LET_GO, "Too dark after work."),
        ("g2", "One curry that we can both cook.", GoalEnding.MET, ""),
        (
            "g3",
            "A boat of our own.",
            GoalEnding.LET_GO,
            "We would rather borrow one:\nno winter storage, no varnish.",
        ),
    ):
        goal = KeptGoal(
            assignment_id=assignment.id, couple_id=assignment.couple_id, slot=slot, kept_at=now, words=words, levels="",
        )  # fmt: skip
        session.add(goal)
        session.flush()
        end_goal(session, jane, goal.id, ending, reason=reason, now=now)
        if slot == "g1":
            take_up_goal(session, jane, goal.id, now=now)


def _hang_own(session: Session, jane: Member) -> dict[str, str]:
    """Let Jane have copied an exercise, published it, and gone on writing: with a question that tells too much."""
    now = utc_now()
    row = begin_exercise(session, jane, copy_of(find_exercise("joint-bucket-list", "1")), now=now)
    publish_exercise(
        session, jane, row.id, therapist="What each writes.", partner="What both shared.", now=now
    )
    share_exercise(session, jane, row.id, now=now)
    secret = add_prompt(session, jane, row.id, NewPrompt(SECRET), now=now).prompt_id
    told = add_prompt(
        session, jane, row.id, NewPrompt({**SECRET, "share": "joint", "per": [secret]}), now=now
    ).prompt_id
    bench, look = f"/practice/exercises/{row.id}", f"/practice/exercises/look/{row.id}/1/a"
    return {
        "own exercise": bench, "about the own exercise": f"{bench}/about", "question of the own exercise": f"{bench}/questions/{told}",
        "new question": f"{bench}/questions/new?kind=choose_many",
        "goal of the own exercise": f"{bench}/goal",
        "page of it as they see it": f"{look}/3/1", "what opens of it": f"{look}/3/opened",
    }  # fmt: skip


def _given(
    session: Session, jane: Member, accounts: dict[str, Account], task_id: str, stages: int
) -> dict[tuple[UUID, int], UUID]:
    couple = session.scalars(select(Couple).where(Couple.number == 1)).one()
    assignment = Assignment(
        couple_id=couple.id, assigned_by_id=jane.person_id, kind=TaskKind.EXERCISE, task_id=task_id, task_version="1",
        gate=Gate.BOTH,
    )  # fmt: skip
    session.add(assignment)
    session.flush()
    parts = [
        Response(assignment_id=assignment.id, stage=stage, person_id=accounts[name].person_id)
        for name in ("ana", "ben")
        for stage in range(1, stages + 1)
    ]
    session.add_all(parts)
    session.flush()
    return {(part.person_id, part.stage): part.id for part in parts}


def _viewer(account: Account) -> Member:
    return Member(account.id, account.person_id, UUID(int=0), frozenset({Role.PARTNER}), utc_now())


def _write(session: Session, viewer: Member, part: UUID, answers: dict[str, object]) -> None:
    changes = [Change(name, json.dumps(value), Scope.REVEAL, 0) for name, value in answers.items()]
    save_answers(session, viewer, part, changes, PageMark("0" * 16), now=utc_now())
