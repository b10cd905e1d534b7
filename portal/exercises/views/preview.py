"""An exercise as either partner will see it: the pages that partners get, filled with nobody's answers, and nothing stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.clock import utc_now
from portal.couples.models import Couple, CoupleStatus, Partner, SecretsPolicy
from portal.couples.models import Side as CoupleSide
from portal.errors import NotFound
from portal.exercises.checking import newest_in_library, problems_of
from portal.exercises.definition import Exercise, Prompt, Whose
from portal.exercises.drafts import as_exercise, can_be_shown, read_draft
from portal.exercises.finding import own_name
from portal.exercises.forms import asked
from portal.exercises.money import priced
from portal.exercises.queries import OwnPart, People
from portal.exercises.questions import Known, Side
from portal.exercises.samples import SOON, Samples, samples_for, until
from portal.exercises.shelf import find_readable, get_own_exercise
from portal.exercises.showing import Recalled, joint_of, only_shown, ratings_of, sections_of
from portal.exercises.together import are_opposed, commons_of, guesses_of
from portal.exercises.views.blueprint import blueprint
from portal.exercises.views.frame import Sheet
from portal.exercises.wording import lines_of
from portal.homework.models import Assignment, Response, TaskKind
from portal.homework.rules import Gate, Scope, Standing, Step
from portal.people.models import Person
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session
from portal.web.htmx import render
from portal.zones import parse_zone

DRAFT = "draft"
SIDES: Mapping[str, Side] = {"a": "a", "b": "b"}
OPENED, START = "opened", "start"


@dataclass(frozen=True)
class PreviewSheet(Sheet):
    """A partner's part that exists nowhere: its rows are made for one page and never stored."""

    samples: Samples = field(default_factory=Samples)

    @cached_property
    def known(self) -> Known:
        """Let pages build on the samples."""
        return self.samples.known(self.part.side.value, self.people.names if self.people else {})


@blueprint.get("/practice/exercises/look/<task_id>/<version>/<side>", defaults={"part": 1, "page": START})
@blueprint.get("/practice/exercises/look/<task_id>/<version>/<side>/<int:part>/<page>")
@requires(Permission.EXERCISES_EXERCISE_WRITE)
def preview(task_id: str, version: str, side: str, part: int, page: str) -> ResponseReturnValue:
    """Show one page as one of the two gets it: the start of a part, one page of it, or what opens after it."""
    exercise = priced(current_session(), _exercise(task_id, version))
    if side not in SIDES or part not in exercise.stages:
        raise NotFound("preview")
    sheet = _sheet(exercise, SIDES[side], part)
    pages = [START, *(str(number) for number in range(1, len(sheet.pages) + 1))]
    if _opens(sheet):
        pages.append(OPENED)
    if page not in pages:
        raise NotFound("preview")

    def way(to_part: int, to_page: str, to_side: str = side) -> str:
        return url_for(
            "exercises.preview", task_id=task_id, version=version, side=to_side, part=to_part, page=to_page
        )

    ways = [(one, START) for one in exercise.stages if one < part]
    steps = [*ways, *((part, one) for one in pages), *((one, START) for one in exercise.stages if one > part)]
    here = steps.index((part, page))
    return render(
        "exercises/preview.html",
        exercise=exercise,
        sheet=sheet,
        side=side,
        place=page,
        own_id=task_id if version == DRAFT else None,
        names=sheet.people.names if sheet.people else {},
        sides=[(one, way(part, page if _is_same(exercise) else START, one)) for one in SIDES],
        before=way(*steps[here - 1]) if here else None,
        after=way(*steps[here + 1]) if here + 1 < len(steps) else None,
        **{"fields": (), "line_prompt": None, **_content(sheet, page)},
    )


def _is_same(exercise: Exercise) -> bool:
    """Tell whether both have the same pages; what one alone is given, the other is not given at all."""
    return not exercise.is_hidden


def _content(sheet: Sheet, page: str) -> dict[str, Any]:
    if page == START:
        return {"scopes": dict.fromkeys(sheet.scope_of(prompt) for prompt in sheet.prompts)}
    if page == OPENED:
        return _opened(sheet)
    number = int(page)
    prompts = sheet.pages[number - 1]
    fields = [
        replace(asked(one, sheet.readers_of(one.prompt), None), may_write=sheet.may_write(one.prompt))
        for one in sheet.asked_on(number)
    ]
    return {
        "number": number,
        "prompts": prompts,
        "fields": fields,
        "fields_of": {
            prompt.id: [one for one in fields if one.question.prompt is prompt] for prompt in prompts
        },
        "may_write": sheet.may_write(prompts[0]),
        "recalled": {prompt.id: _recalled(sheet, prompt) for prompt in prompts if prompt.recalls},
        "zone": "UTC",
    }


def _recalled(sheet: Sheet, prompt: Prompt) -> Recalled:
    """Let invented answers stand where those of the last time will."""
    exercise_id, prompt_id = sheet.exercise.recalled_by(prompt)
    there = sheet.exercise if exercise_id == sheet.exercise.id else newest_in_library(exercise_id)
    sides = [one for one in SIDES.values() if prompt.recalls_of is Whose.BOTH or one != sheet.part.side.value]
    texts = _texts()
    asked_then = there.prompt(prompt_id).text if there else prompt.text
    return Recalled(asked_then, utc_now() - SOON, {side: [texts[side]] for side in sides})


def _opened(sheet: Sheet) -> dict[str, Any]:
    """Give what the two read beside each other after a part, and the one line that may be shown of what is for one alone."""
    exercise, known = sheet.exercise, sheet.known
    prompts = [prompt for prompt in exercise.prompts if prompt.stage <= sheet.response.stage]
    line = exercise.line_to_show
    if line is not None:
        words = known.own.get(line.id)
        asked_line = [one for prompt in sheet.prompts if prompt == line for one in sheet.questions(prompt)]
        return {"line": lines_of(asked_line[0], words), "line_prompt": line}
    values = only_shown(exercise, known.opened)
    return {
        "commons": commons_of(exercise, values),
        "guesses": guesses_of(exercise, values),
        "sections": sections_of(exercise, prompts, values, replace(known, opened=values)),
        "ratings": ratings_of(exercise, prompts, values, known),
        "is_opposed": are_opposed(exercise, values),
        "together": joint_of(exercise, prompts, known),
        "remarks": {},
        "remarks_on_joint": {},
    }


def _opens(sheet: Sheet) -> bool:
    if sheet.is_for_one:
        return sheet.exercise.line_to_show is not None
    return any(prompt.share in {Scope.REVEAL, Scope.JOINT} for prompt in sheet.prompts)


def _exercise(task_id: str, version: str) -> Exercise:
    session, viewer = current_session(), current_member()
    if version != DRAFT:
        return find_readable(session, viewer, task_id, version)
    named = own_name(task_id, "1")
    if named is None:
        raise NotFound("exercise")
    row = get_own_exercise(session, viewer, named[0])
    exercise = as_exercise(read_draft(row.draft), str(row.id), DRAFT)
    if not can_be_shown(problems_of(exercise)):
        raise NotFound("exercise")
    return exercise


def _texts() -> dict[Side, str]:
    return {"a": str(_("An answer of partner A")), "b": str(_("An answer of partner B"))}


def _sheet(exercise: Exercise, side: Side, part: int) -> PreviewSheet:
    viewer = current_member()
    me = get_self(current_session(), viewer)
    names = {"a": str(_("Partner A")), "b": str(_("Partner B"))}
    persons = {one: Person(first_name=name, last_name="", zone="UTC") for one, name in names.items()}
    couple = Couple(
        number=0, therapist_id=viewer.person_id, status=CoupleStatus.ACTIVE, secrets_policy=SecretsPolicy.LIMITED,
        partners=[
            Partner(side=CoupleSide(one), person_id=person.id, person=person) for one, person in persons.items()
        ],
    )  # fmt: skip
    is_for_one = exercise.is_hidden
    assignment = Assignment(
        couple_id=couple.id, kind=TaskKind.EXERCISE, task_id=exercise.id, task_version=exercise.version,
        gate=Gate.THERAPIST if exercise.is_marked else Gate.BOTH, standing=Standing.OPEN, openings=[],
        for_person_id=persons[side].id if is_for_one else None,
    )  # fmt: skip
    response = Response(assignment=assignment, stage=part, person_id=persons[side].id, step=Step.WRITING)
    today = utc_now().astimezone(parse_zone(me.zone)).date()
    samples = samples_for(exercise, _texts(), today, is_for_one=is_for_one)
    return PreviewSheet(
        OwnPart(response, CoupleSide(side), {}),
        exercise,
        People(couple, names, me.first_name),
        samples=until(exercise, samples, part),
    )
