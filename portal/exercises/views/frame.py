"""One's own part of an exercise as its pages need it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.couples.models import SecretsPolicy
from portal.errors import NotFound
from portal.exercises.answers import Given, decoded, shortfall
from portal.exercises.definition import Exercise, Prompt, Whose
from portal.exercises.finding import find_exercise
from portal.exercises.goals import active_goals
from portal.exercises.money import priced
from portal.exercises.queries import (
    OwnPart,
    People,
    find_people,
    get_own_part,
    line_coder,
    settled_answers,
)
from portal.exercises.questions import (
    AskedGoal,
    Known,
    Question,
    needs_of,
    pages_of,
    prompts_of,
    questions_of,
    scope_of,
)
from portal.exercises.showing import Recalled, Values, only_shown, recalled_of
from portal.exercises.wording import Readers, may_be_shown, readers_of, shown_from_words
from portal.homework.models import Assignment, JointAnswer, Response, TaskKind
from portal.homework.queries import (
    FROZEN,
    Locked,
    is_reachable,
    joint_answers,
    lock_for_save,
    opened_answers,
    opened_last_time,
    own_answers,
)
from portal.homework.rules import Scope, Standing, Step
from portal.security.crypto import Owner, OwnerKind
from portal.security.login import current_member
from portal.security.sealed import expect_keys
from portal.security.viewer import Member
from portal.transaction import current_session

Versions = dict[str, list[JointAnswer]]


@dataclass(frozen=True)
class Sheet:
    """One person's own part. `people` is None once the couple is closed or the person has left it.

    `versions`: of what both write, by field, the newest last. `opened`: what is open to both, where pages ask about it.
    `settled`: what an earlier round has agreed once for all. `goals`: those that both have kept.
    """

    part: OwnPart
    exercise: Exercise
    people: People | None = None
    versions: Versions = field(default_factory=dict)
    opened: Values = field(default_factory=dict)
    settled: Mapping[str, JointAnswer] = field(default_factory=dict)
    goals: Sequence[AskedGoal] = ()

    @property
    def response(self) -> Response:
        """The row of this part."""
        return self.part.response

    @property
    def is_for_one(self) -> bool:
        """Tell whether nobody else was asked."""
        return self.response.assignment.for_person_id is not None

    @cached_property
    def prompts(self) -> tuple[Prompt, ...]:
        """What is asked in this stage, in order."""
        stage, settled = self.response.stage, frozenset(self.settled)
        return prompts_of(self.exercise, stage, is_for_one=self.is_for_one, settled=settled)

    @cached_property
    def pages(self) -> tuple[tuple[Prompt, ...], ...]:
        """The pages of this stage: the prompts of each."""
        return pages_of(self.prompts)

    @property
    def own(self) -> list[Question]:
        """The fields of this stage that only this person writes, in order."""
        return [one for prompt in self.prompts if not prompt.is_joint for one in self.questions(prompt)]

    @property
    def joint(self) -> list[Question]:
        """The fields of this stage that both write, in order."""
        return [one for prompt in self.prompts if prompt.is_joint for one in self.questions(prompt)]

    @property
    def has_reveal(self) -> bool:
        """Tell whether anything of this stage can be shared."""
        return not self.is_for_one and any(prompt.share is Scope.REVEAL for prompt in self.prompts)

    @property
    def is_asked(self) -> bool:
        """Tell whether this may be worked on at present."""
        is_open = self.response.assignment.standing is Standing.OPEN
        return is_open and self.people is not None and self.people.couple.status not in FROZEN

    @property
    def is_writing(self) -> bool:
        """Tell whether one's own answers may change."""
        return self.is_asked and self.response.step is Step.WRITING

    @property
    def is_opened(self) -> bool:
        """Tell whether what both shared of this stage is open."""
        return any(one.stage == self.response.stage for one in self.response.assignment.openings)

    @property
    def partner_name(self) -> str:
        """Name the other one."""
        other = "b" if self.part.side.value == "a" else "a"
        return self.people.names.get(other, "") if self.people else str(_("Your partner"))

    @property
    def therapist_name(self) -> str:
        """Name the therapist."""
        return self.people.therapist if self.people else str(_("Your therapist"))

    @cached_property
    def known(self) -> Known:
        """Collect the answers that decide what is asked."""
        settled = {name: decoded(row.value) for name, row in self.settled.items()}
        newest = {name: decoded(rows[-1].value) for name, rows in self.versions.items()}
        own = {name: decoded(row.value) for name, row in self.part.rows.items()}
        return Known(
            own=own, joint={**settled, **newest}, opened=self.opened, side=self.part.side.value, goals=self.goals,
            names=self.people.names if self.people else {},
            code_of=line_coder(current_session(), self.response.assignment_id),
        )  # fmt: skip

    def prompts_on(self, page: int) -> tuple[Prompt, ...]:
        """Give the prompts of one page, counted from 1. Raises NotFound."""
        if not 1 <= page <= len(self.pages):
            raise NotFound("page")
        return self.pages[page - 1]

    def asked_on(self, page: int) -> tuple[Question, ...]:
        """Make all fields of one page, counted from 1."""
        return tuple(one for prompt in self.pages[page - 1] for one in self.questions(prompt))

    def questions(self, prompt: Prompt) -> tuple[Question, ...]:
        """Make the fields of one prompt."""
        return questions_of(self.exercise, prompt, self.known, is_for_one=self.is_for_one)

    def scope_of(self, prompt: Prompt) -> Scope:
        """Give the scope that stands above a prompt's fields."""
        return scope_of(prompt, is_for_one=self.is_for_one)

    def value_of(self, question: Question) -> object:
        """Give the stored answer, None for none."""
        return (self.known.joint if question.prompt.is_joint else self.known.own).get(question.id)

    def missing(self) -> list[tuple[int, Question, Given]]:
        """List what keeps this stage from being finished: page, field and flaw."""
        found = []
        for number in range(1, len(self.pages) + 1):
            for question in self.asked_on(number):
                given = shortfall(question, self.value_of(question))
                if given is not None:
                    found.append((number, question, given))
        return found

    def may_write(self, prompt: Prompt) -> bool:
        """Tell whether this person may write this now."""
        if not prompt.is_joint:
            return self.is_writing
        return self.is_asked and prompt.author in {None, self.part.side.value.upper()}

    def readers_of(self, prompt: Prompt) -> Readers:
        """Say who reads an answer to a prompt."""
        readers = self.readers(self.scope_of(prompt))
        if prompt == self.exercise.line_to_show:
            return readers._replace(
                more=f"{readers.more} {may_be_shown(self.partner_name, self.therapist_name)}"
            )
        if prompt.shown_from:
            return readers._replace(more=f"{readers.more} {shown_from_words(prompt.shown_from)}")
        return readers

    def readers(self, scope: Scope) -> Readers:
        """Say who reads an answer of this scope."""
        policy = self.people.couple.secrets_policy if self.people else SecretsPolicy.LIMITED
        return readers_of(
            scope,
            partner=self.partner_name,
            therapist=self.therapist_name,
            gate=self.response.assignment.gate,
            is_open_policy=policy is SecretsPolicy.NO_SECRETS,
            is_for_one=self.is_for_one,
        )


def exercise_of(assignment: Assignment) -> Exercise:
    """Give the exercise that an assignment asks for, in its version. Raises NotFound where it asks for something else."""
    if assignment.kind is not TaskKind.EXERCISE:
        raise NotFound(str(assignment.id))
    try:
        return find_exercise(assignment.task_id, assignment.task_version)
    except LookupError:
        raise NotFound(str(assignment.id)) from None


def own_sheet(response_id: UUID, *, is_whole: bool = False) -> Sheet:
    """Load one's own part with all that its pages show; whole: with what both wrote and what is open of every stage.

    Raises NotFound for any other, and for a stage not reached.
    """
    session, viewer = current_session(), current_member()
    part = get_own_part(session, viewer, response_id)
    assignment = part.response.assignment
    exercise = priced(session, exercise_of(assignment))
    if not is_reachable(part.response):
        raise NotFound(str(response_id))
    prompts = prompts_of(exercise, part.response.stage, is_for_one=assignment.for_person_id is not None)
    needs = needs_of(exercise, prompts)
    versions: Versions = {}
    if is_whole or needs.joint:
        versions = versions_of(joint_answers(session, viewer, assignment.id))
    people = find_people(
        session, viewer, assignment.couple_id
    )  # last: one statement for the keys of all rows
    opened: Values = {}
    if people is not None and (is_whole or needs.opened):
        opened = opened_to_both(part, assignment.id, exercise)
    goals = (
        active_goals(session, viewer, assignment.couple_id, but=assignment.id)
        if exercise.asks_about_goals
        else ()
    )
    return Sheet(part, exercise, people, versions, opened, _settled(exercise, assignment), goals)


def written_sheet(session: Session, viewer: Member, response_id: UUID, page: int) -> tuple[Sheet, Locked]:
    """Lock one's own part for a save of one page, and load only what is saved there and what its fields depend on.

    Two statements and one for keys; one more for each of: what is open to both, what both write where only one saves, goals,
    earlier rounds.
    Raises NotFound for any other part, and for a page that is not there.
    """
    locked = lock_for_save(session, viewer, response_id)
    response, assignment = locked.response, locked.response.assignment
    expect_keys(
        session, Owner(OwnerKind.PERSON, viewer.person_id), Owner(OwnerKind.COUPLE, assignment.couple_id)
    )
    exercise = exercise_of(assignment)
    bare = Sheet(OwnPart(response, locked.side, {}), exercise, settled=_settled(exercise, assignment))
    prompts = bare.prompts_on(page)
    needs = needs_of(exercise, prompts)
    rows = {} if prompts[0].is_joint else own_answers(session, viewer, response_id)
    part = OwnPart(response, locked.side, rows)
    versions = versions_of(joint_answers(session, viewer, assignment.id)) if needs.joint else {}
    goals = active_goals(session, viewer, assignment.couple_id, but=assignment.id) if needs.goals else ()
    opened = opened_to_both(part, assignment.id, exercise) if needs.opened else {}
    return Sheet(part, exercise, None, versions, opened, bare.settled, goals), locked


def _settled(exercise: Exercise, assignment: Assignment) -> dict[str, JointAnswer]:
    once = {prompt.id for prompt in exercise.prompts if prompt.is_once}
    found = settled_answers(current_session(), current_member(), assignment) if once else {}
    return {name: answer for name, answer in found.items() if name in once}


def versions_of(answers: list[JointAnswer]) -> Versions:
    """Sort the versions of what both write by field, the newest last."""
    found: Versions = defaultdict(list)
    for answer in answers:
        found[answer.prompt_id].append(answer)
    return dict(found)


def recalled_on(sheet: Sheet, prompts: Sequence[Prompt]) -> dict[str, Recalled]:
    """Load what stands beside these prompts from the last time, by prompt: exactly what both could read and still can.

    One statement and perhaps one for keys; none where nothing is recalled.
    """
    wanted = {prompt.id: sheet.exercise.recalled_by(prompt) for prompt in prompts if prompt.recalls}
    if not wanted:
        return {}
    names, assignment = frozenset(wanted.values()), sheet.response.assignment
    rows = opened_last_time(current_session(), current_member(), assignment, names)
    found: dict[str, Recalled] = {}
    for prompt in prompts:
        said = [one for one in rows if (one[0].task_id, one[2].prompt_id) == wanted.get(prompt.id)]
        sides = {sheet.part.side_of(answer.person_id): decoded(answer.value) for _given, _at, answer in said}
        if prompt.recalls_of is Whose.PARTNER:
            sides.pop(sheet.part.side.value, None)
        if sides:
            given, opened_at, answer = said[0]
            exercise = priced(current_session(), exercise_of(given))
            recalled = recalled_of(exercise, answer.prompt_id, sides, opened_at)
            found |= {prompt.id: recalled} if recalled else {}
    return found


def opened_to_both(part: OwnPart, assignment_id: UUID, exercise: Exercise) -> Values:
    """Load what is open to both, by side and field, without the numbers that are not shown to each other. One statement."""
    opened = {
        (part.side_of(answer.person_id), answer.prompt_id): decoded(answer.value)
        for answer in opened_answers(current_session(), current_member(), assignment_id)
    }
    return only_shown(exercise, opened)
