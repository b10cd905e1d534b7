"""What the invented couple of the demo has done between its sessions.

A pathway of which the first exercise is open to both, a test that waits for its therapist, and one more exercise that has been begun.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from uuid import UUID

from sqlalchemy.orm import Session

from portal.assessments.definition import Questionnaire, readiness_test
from portal.assessments.service import preview
from portal.assessments.sharing import shown_rows
from portal.exercises.checking import find_exercise
from portal.exercises.questions import base_of
from portal.homework import service as homework
from portal.homework.answers import Change, save_answers
from portal.homework.models import Assignment, TaskKind
from portal.homework.queries import desk_answers
from portal.homework.registry import task_of
from portal.homework.reviewing import mark_reviewed
from portal.homework.rules import PageMark, Scope
from portal.pathways.rules import Delivery, Rule
from portal.pathways.service import start_pathway
from portal.pathways.shipped import Plan, PlannedStep
from portal.security.viewer import Member

VALUES = ("values-compass", "1")
ANAS_VALUES: Mapping[str, object] = {
    "pick": ["calm", "family", "creativity", "nature", "humour"],
    "rank": ["calm", "creativity", "family", "nature", "humour"],
    "lived.calm": 3,
    "lived.creativity": 5,
    "lived.family": 7,
    "lived.nature": 4,
    "lived.humour": 6,
    "story": "The last week of August, very early. The tent flap was open and nobody needed us. I listened to the rain stop "
    "and did not have to fix anything for two hours.",
    "guess": ["family", "humour", "security"],
    "tender": "Adventure. I used to be the one who left without a plan.",
}
BENS_VALUES: Mapping[str, object] = {
    "pick": ["family", "security", "calm", "humour", "home"],
    "rank": ["family", "calm", "humour", "home", "security"],
    "lived.family": 8,
    "lived.calm": 4,
    "lived.humour": 6,
    "lived.home": 7,
    "lived.security": 5,
    "story": "Sunday coffee with the radio on. Even after the bad week in May it took place, and we both came in socks.",
    "guess": ["calm", "family", "learning"],
}
# Readiness answers by domain: five statements, then the preference. What is reversed is answered in the same sense.
ANAS_SITTING = {
    "VAL": (5, 4, 4, 2, 5, 3), "EXP": (4, 4, 2, 3, 4, 4), "FIN": (2, 2, 4, 3, 4, 4), "FAM": (4, 4, 3, 2, 4, 4),
    "VIS": (3, 2, 3, 2, 4, 5), "AUT": (4, 4, 2, 4, 5, 2), "COM": (4, 4, 5, 2, 4, 1), "RIT": (5, 4, 2, 4, 4, 3),
}  # fmt: skip
BENS_SITTING = {
    "VAL": (4, 4, 3, 2, 5, 2), "EXP": (4, 3, 3, 4, 4, 2), "FIN": (4, 4, 2, 4, 5, 5), "FAM": (4, 5, 4, 1, 4, 4),
    "VIS": (5, 4, 2, 4, 4, 1), "AUT": (4, 5, 1, 5, 5, 4), "COM": (4, 2, 3, 3, 3, 5), "RIT": (4, 5, 2, 3, 4, 4),
}  # fmt: skip
IDEAS = "A weekend without any plan. A shelf for the two of us. Learning to cook one proper curry."

WAY = "From values to goals, unhurried"
ZONE = "Europe/London"
AT_ONCE = Rule(Delivery.AT_ONCE)
THREE_WEEKS, A_MONTH = (Rule(Delivery.AFTER_DAYS, days=days, hour=9) for days in (21, 30))


def do_homework(
    session: Session, therapist: Member, pair: tuple[Member, Member], couple_id: UUID, now: datetime
) -> None:
    """Let the three of them do what couples do between sessions."""
    desk, (ana, ben) = Desk(session, therapist, couple_id, now), pair
    desk.talk_about_values({ana: ANAS_VALUES, ben: BENS_VALUES})
    desk.take_the_test({ana: ANAS_SITTING, ben: BENS_SITTING})
    goal = desk.assign(TaskKind.EXERCISE, ("one-shared-goal", "1"), days_ago=2)
    desk.answer(ana, goal, {"ideas": IDEAS})


@dataclass(frozen=True)
class Desk:
    """Where one therapist assigns to one couple, and what both do with it."""

    session: Session
    therapist: Member
    couple_id: UUID
    now: datetime

    def talk_about_values(self, answers: Mapping[Member, Mapping[str, object]]) -> Assignment:
        """Let both answer and share the exercise on values; their stories were talked about in a session."""
        assignment = self.start_way()
        for person, said in answers.items():
            part = self.answer(person, assignment, said)
            homework.submit(self.session, person, part, seconds=None, now=self._days_ago(6))
            homework.share(self.session, person, part, now=self._days_ago(5))
        self.session.refresh(assignment, ["openings"])
        for opening in assignment.openings:
            opening.created_at = self._days_ago(5)
        finished = desk_answers(self.session, self.therapist, assignment.id)
        stories = [one.id for one in finished if one.prompt_id == "story"]
        mark_reviewed(self.session, self.therapist, assignment.id, stories, self.now)
        return assignment

    def take_the_test(self, answers: Mapping[Member, Mapping[str, tuple[int, ...]]]) -> Assignment:
        """Let both take and share the Readiness Test; it waits for the therapist to open it."""
        test = readiness_test()
        assignment = self.assign(TaskKind.TEST, (test.id, test.version), days_ago=4)
        domains = [domain.id for domain in test.domains]
        for person, by_domain in answers.items():
            part = _part(assignment, person)
            save_answers(
                self.session, person, part, _sitting(test, by_domain), PageMark(""), now=self._days_ago(2)
            )
            homework.submit(self.session, person, part, seconds=None, now=self._days_ago(2))
            shown = preview(self.session, person, part, domain_ids=domains, item_ids=["VISB"])
            homework.share(self.session, person, part, shown=shown_rows(shown), now=self._days_ago(1))
        return assignment

    def start_way(self) -> Assignment:
        """Start the couple on a pathway nine days ago; give what it gave at once. Its next task is twelve days ahead."""
        plan = Plan(
            "demo",
            WAY,
            "",
            (
                _step(VALUES[0], AT_ONCE),
                _step("my-goals-our-overlap", THREE_WEEKS),
                _step("revisit-and-revise", A_MONTH),
            ),
        )
        pathway = start_pathway(
            self.session, self.therapist, self.couple_id, plan, zone=ZONE, now=self._days_ago(9)
        )
        pathway.created_at = self._days_ago(9)
        assignment = self.session.get_one(Assignment, pathway.steps[0].assignment_id)
        return self._as_of(assignment, 9)

    def assign(self, kind: TaskKind, task: tuple[str, str], *, days_ago: int) -> Assignment:
        """Give both something, some days ago."""
        asked = task_of(kind, *task)
        assignment = homework.assign(self.session, self.therapist, self.couple_id, asked, now=self.now)
        return self._as_of(assignment, days_ago)

    def answer(self, person: Member, assignment: Assignment, answers: Mapping[str, object]) -> UUID:
        """Write answers to the first part of an exercise; return whose part it is."""
        exercise = find_exercise(assignment.task_id, assignment.task_version)
        changes = [
            Change(
                name, json.dumps(value, ensure_ascii=False), exercise.prompt(base_of(name)).share, opened_at=0
            )
            for name, value in answers.items()
        ]
        part = _part(assignment, person)
        save_answers(self.session, person, part, changes, PageMark(""), now=self.now)
        return part

    def _as_of(self, assignment: Assignment, days_ago: int) -> Assignment:
        assignment.created_at = self._days_ago(days_ago)
        self.session.flush()
        self.session.refresh(assignment, ["responses"])
        return assignment

    def _days_ago(self, days: int) -> datetime:
        return self.now - timedelta(days=days)


def _step(task_id: str, rule: Rule) -> PlannedStep:
    return PlannedStep(TaskKind.EXERCISE.value, task_id, rule)


def _sitting(test: Questionnaire, by_domain: Mapping[str, tuple[int, ...]]) -> list[Change]:
    items = chain.from_iterable(
        zip((*domain.statements, *domain.preferences), by_domain[domain.id], strict=True)
        for domain in test.domains
    )
    return [Change(item.id, json.dumps(value), Scope.THERAPIST, 0) for item, value in items]


def _part(assignment: Assignment, person: Member) -> UUID:
    return next(
        one.id for one in assignment.responses if one.stage == 1 and one.person_id == person.person_id
    )
