"""Homework of Ana and Ben as the portal itself makes it: some that a summary may quote, and every kind that it may not."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.assessments.definition import readiness_test
from portal.assessments.readiness import Band
from portal.assessments.sharing import Shared, shown_rows
from portal.clock import utc_now
from portal.couples.models import Couple
from portal.homework.answers import Change, save_answers, save_joint
from portal.homework.models import Answer, Assignment, JointAnswer, Response, TaskKind
from portal.homework.registry import Catalogue, StageFacts, Task
from portal.homework.rules import Gate, PageMark, Scope, Standing
from portal.homework.service import assign, end_assignment, hide, open_stage, share, submit
from tests.support.cast import Actor, Cast

Answers = Mapping[Actor, Mapping[str, tuple[Scope, object]]]  # by author and prompt
SHOWN = "shown.words"
EARLIER = utc_now() - timedelta(hours=2)
ONE_STAGE = (StageFacts(1, has_reveal=True, has_joint=True),)
EXERCISE = Task(TaskKind.EXERCISE, "canaries", "1", "Canaries", "To see.", 5, Gate.THERAPIST, ONE_STAGE)
TEST = Task(TaskKind.TEST, "rrt", "1", "Test", "To see.", 5, Gate.THERAPIST, ONE_STAGE)
ALLOWED = {
    "Ana's goal": "Half a marathon",
    "Ben's goal": "Thursdays at the stove",
    "the one we choose": "Four evenings",
}


@dataclass(frozen=True)
class Homework:
    """Answers by what they are. `allowed`: what a summary may quote; `refused`: what it may not, each with telling words."""

    assignment_id: UUID
    ana_part: UUID
    allowed: dict[str, UUID]
    refused: dict[str, UUID]


# An area that says nothing of words: plain texts are quoted.
CATALOGUE = Catalogue(
    tasks=lambda _person_id: [],
    find=lambda _task_id, _version: EXERCISE,
    work_endpoint="home.partner",
    opened_endpoint="home.partner",
    desk_endpoint="home.today",
)


def canary(name: str) -> str:
    """Give the words of an answer that no summary may show."""
    return f"Canary {name}"


def part_of(session: Session, assignment: Assignment, actor: Actor) -> UUID:
    """Name one person's part."""
    own = select(Response.id).where(
        Response.assignment_id == assignment.id, Response.person_id == actor.person_id
    )
    return session.scalars(own).one()


def written(
    session: Session,
    cast: Cast,
    answers: Answers,
    *,
    task: Task = EXERCISE,
    withheld: tuple[str, ...] = (),
    is_opened: bool = True,
) -> Assignment:
    """Let both answer an exercise, share it and, if so asked, see it opened."""
    therapist = cast.therapist.member()
    one_of_many = replace(task, id=uuid4().hex)  # nobody is asked for the same thing twice
    assignment = assign(session, therapist, cast.couple_id, one_of_many, now=EARLIER)
    for actor in (cast.ana, cast.ben):
        viewer, part = actor.member(), part_of(session, assignment, actor)
        changes = [
            Change(prompt, json.dumps(value), scope, 0)
            for prompt, (scope, value) in answers.get(actor, {}).items()
        ]
        save_answers(session, viewer, part, changes, PageMark(f"{actor.user_name:_<16}"), now=EARLIER)
        submit(session, viewer, part, seconds=None, now=EARLIER)
        shown = {SHOWN: json.dumps(canary(SHOWN))}
        share(session, viewer, part, withheld=withheld, shown=shown, now=EARLIER)
    if is_opened:
        open_stage(session, therapist, assignment.id, 1, now=EARLIER)
    return assignment


def answer_of(session: Session, assignment: Assignment, prompt: str, actor: Actor) -> Answer:
    """Find one person's answer."""
    own = select(Answer).join(Response, Response.id == Answer.response_id)
    of_prompt = (Answer.prompt_id == prompt, Answer.person_id == actor.person_id)
    return session.scalars(own.where(Response.assignment_id == assignment.id, *of_prompt)).one()


def together(session: Session, cast: Cast, assignment: Assignment, prompt: str, words: str) -> JointAnswer:
    """Let Ana write one version of what both may write."""
    versions = select(JointAnswer).where(
        JointAnswer.prompt_id == prompt, JointAnswer.assignment_id == assignment.id
    )
    part, seen = part_of(session, assignment, cast.ana), len(session.scalars(versions).all())
    change = Change(prompt, json.dumps(words), Scope.JOINT, seen)
    mark = PageMark(f"{words:_<16}"[:16])
    save_joint(session, cast.ana.member(), part, [change], mark, now=EARLIER)
    return session.scalars(versions.order_by(JointAnswer.revision.desc()).limit(1)).one()


def do_homework(session: Session, cast: Cast) -> Homework:
    """Make everything at once. All of it was talked about, except what says otherwise."""
    ana, ben = cast.ana, cast.ben
    goals: Answers = {
        ana: {
            "goal": (Scope.REVEAL, ALLOWED["Ana's goal"]),
            "private": (Scope.PRIVATE, canary("private")),
            "therapist": (Scope.THERAPIST, canary("therapist")),
            "withheld": (Scope.REVEAL, canary("withheld")),
            "unreviewed": (Scope.REVEAL, canary("unreviewed")),
            "figure": (Scope.REVEAL, 7),
        },
        ben: {"goal": (Scope.REVEAL, ALLOWED["Ben's goal"])},
    }
    main = written(session, cast, goals, withheld=("withheld",), is_opened=False)
    pick = together(session, cast, main, "pick", ALLOWED["the one we choose"])
    open_stage(session, cast.therapist.member(), main.id, 1, now=EARLIER)
    refused = {
        name: answer_of(session, main, name, ana).id
        for name in ("private", "therapist", "withheld", "unreviewed", "figure", SHOWN)
    }
    refused |= _joint_strangers(session, cast, main) | _strangers(session, cast)
    _mark_reviewed(session, except_for={refused["unreviewed"]})
    _change_after_review(session, refused["changed since"])
    allowed = {
        "Ana's goal": answer_of(session, main, "goal", ana).id,
        "Ben's goal": answer_of(session, main, "goal", ben).id,
        "the one we choose": pick.id,
    }
    return Homework(main.id, part_of(session, main, ana), allowed, refused)


def _joint_strangers(session: Session, cast: Cast, main: Assignment) -> dict[str, UUID]:
    older = together(session, cast, main, "twice", canary("older version"))
    together(session, cast, main, "twice", "7 words")
    changed = together(session, cast, main, "edited", canary("changed since"))
    session.scalars(select(JointAnswer).where(JointAnswer.revision == 2)).one().value = ""
    return {"older version": older.id, "changed since": changed.id}


def _strangers(session: Session, cast: Cast) -> dict[str, UUID]:
    """Make answers whose assignment keeps them out."""

    def opened(name: str, *, task: Task = EXERCISE, is_opened: bool = True, of: Cast = cast) -> Assignment:
        answers = {of.ana: {"goal": (Scope.REVEAL, canary(name))}}
        return written(session, of, answers, task=task, is_opened=is_opened)

    session.get_one(Couple, cast.other_couple_id).therapist_id = cast.therapist.person_id
    theirs = replace(cast, couple_id=cast.other_couple_id, ana=cast.cleo, ben=cast.dan)
    made = {name: opened(name) for name in ("hidden", "withdrawn", "individual")}
    made["unopened"] = opened("unopened", is_opened=False)
    made["a test's"] = opened("a test's", task=TEST)
    now = utc_now()
    hide(session, cast.ana.member(), part_of(session, made["hidden"], cast.ana), now=now)
    end_assignment(session, cast.therapist.member(), made["withdrawn"].id, Standing.WITHDRAWN, now=now)
    made["individual"].for_person_id = cast.ana.person_id
    refused = {name: answer_of(session, one, "goal", cast.ana).id for name, one in made.items()}
    return refused | {
        "another couple's": answer_of(session, opened("another couple's", of=theirs), "goal", cast.cleo).id
    }


def _mark_reviewed(session: Session, *, except_for: set[UUID]) -> None:
    session.flush()
    rows = [*session.scalars(select(Answer)), *session.scalars(select(JointAnswer))]
    for row in rows:
        if row.id not in except_for:
            row.reviewed_at = EARLIER + timedelta(hours=1)
    session.flush()


def _change_after_review(session: Session, answer_id: UUID) -> None:
    session.get_one(JointAnswer, answer_id).saved_at = EARLIER + timedelta(hours=2)
    session.flush()


def opened_test(session: Session, cast: Cast, *, is_opened: bool = True) -> Assignment:
    """Let both share the word bands of a Readiness Test: Ana all, Ben all but the last domain."""
    test, bands = readiness_test(), list(Band)
    ids = [domain.id for domain in test.domains]
    assignment = assign(session, cast.therapist.member(), cast.couple_id, TEST, now=EARLIER)
    of_each = {
        cast.ana: {domain_id: bands[number % 4] for number, domain_id in enumerate(ids)},
        cast.ben: dict.fromkeys(ids[:-1], Band.WELL_UNDER_WAY),
    }
    for actor, shown in of_each.items():
        viewer, part = actor.member(), part_of(session, assignment, actor)
        submit(session, viewer, part, seconds=None, now=EARLIER)
        share(
            session, viewer, part, shown=shown_rows(Shared(shown, {test.preferences[0].id: 4})), now=EARLIER
        )
    if is_opened:
        open_stage(session, cast.therapist.member(), assignment.id, 1, now=EARLIER)
    return assignment
