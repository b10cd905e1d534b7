"""Refuse an exercise that contradicts itself: at the start of the portal, not in front of a couple. Pure."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from portal.exercises.definition import (
    DEFAULT_LENGTH,
    GOAL_LEVELS,
    RANGES,
    TEXTS,
    DefinitionBroken,
    Exercise,
    FieldType,
    Prompt,
    Whose,
    read_exercise,
)
from portal.homework.rules import MOST_ANSWER_CHARACTERS, Scope

LIBRARY = Path(__file__).with_name("library")
CHOICES = frozenset({FieldType.CHOOSE_MANY, FieldType.RANKING, FieldType.MONEY_RANGE})
COUNTED = frozenset({FieldType.CHOOSE_MANY, *TEXTS})
RUNGS = 5
ESCAPED = 2  # a quotation mark or a line end takes two characters of JSON
WIDER = (Scope.PRIVATE, Scope.THERAPIST, Scope.REVEAL, Scope.JOINT)


@cache
def library() -> tuple[Exercise, ...]:
    """Load every exercise of the house. Reads its files once a process. Raises DefinitionBroken, naming the file."""
    exercises = []
    for path in sorted(LIBRARY.glob("*.toml")):
        try:
            exercises.append(load_exercise(path.read_text(encoding="utf-8")))
        except DefinitionBroken as broken:
            raise DefinitionBroken(f"{path.name}: {broken}") from broken
    named = Counter((exercise.id, exercise.version) for exercise in exercises)
    for (exercise_id, version), count in named.items():
        if count > 1:
            raise DefinitionBroken(f"{exercise_id} {version}: twice in the library")
    return tuple(exercises)


def find_exercise(exercise_id: str, version: str) -> Exercise:
    """Find one version of one exercise. Raises LookupError."""
    for exercise in library():
        if (exercise.id, exercise.version) == (exercise_id, version):
            return exercise
    raise LookupError(exercise_id)


def load_exercise(text: str) -> Exercise:
    """Make an exercise from TOML and check that it makes sense. Raises DefinitionBroken with every problem found."""
    exercise = read_exercise(text)
    problems = list(_problems(exercise))
    if problems:
        raise DefinitionBroken("; ".join(problems))
    return exercise


def _problems(exercise: Exercise) -> Iterator[str]:
    for name in ("id", "version", "title", "purpose", "therapist", "partner", "follow_up"):
        if not isinstance(getattr(exercise, name), str) or not getattr(exercise, name):
            yield f"exercise: {name} is no text"
    if type(exercise.minutes) is not int or exercise.minutes < 1:
        yield "exercise: minutes is no number of minutes"
    names = Counter([prompt.id for prompt in exercise.prompts] + list(exercise.groups))
    yield from (f"{name}: twice" for name, count in names.items() if count > 1)
    shapes = [problem for prompt in exercise.prompts for problem in _problems_of_shape(prompt)]
    yield from shapes
    missing = list(_missing_references(exercise))
    yield from missing
    if not shapes and not missing and max(names.values(), default=0) <= 1:
        yield from _problems_of_stages(exercise)
        yield from _problems_of_hiding(exercise)
        yield from _problems_of_pages(exercise)
        yield from _problems_of_goal(exercise)
        for prompt in exercise.prompts:
            yield from _problems_of_references(exercise, prompt)


def _problems_of_shape(prompt: Prompt) -> Iterator[str]:
    place = f"prompt {prompt.id}"
    if not re.fullmatch("[a-z][a-z0-9_]{0,30}", prompt.id):
        yield f"{place}: its id is not made of small letters, digits and _"
    if not prompt.text:
        yield f"{place}: no words"
    numbers = (
        prompt.stage,
        prompt.least,
        prompt.most,
        prompt.top,
        prompt.repeat,
        prompt.lines,
        prompt.shown_from,
    )
    if any(type(number) is not int or number < 0 for number in numbers) or prompt.stage < 1:
        yield f"{place}: stage, min, max, top, repeat, lines or shown_from is no such number"
        return
    for option in prompt.options:
        if not re.fullmatch("[a-z0-9][a-z0-9-]{0,40}", option.slug) or not option.text:
            yield f"{place}: option {option.slug!r} has no plain slug or no words"
    yield from _problems_of_numbers(prompt, place)


def _problems_of_numbers(prompt: Prompt, place: str) -> Iterator[str]:
    ways = [bool(prompt.options), bool(prompt.options_from), bool(prompt.source)]
    most = prompt.most or DEFAULT_LENGTH.get(prompt.type, 0)
    is_joint_author = prompt.author is not None
    contradictions = {
        "needs options, options_from or from, one of them": prompt.type in CHOICES and sum(ways) != 1,
        f"{prompt.type} has no options": prompt.type not in CHOICES and any(ways),
        "min and max are for choices and texts": (prompt.least or prompt.most) and prompt.type not in COUNTED,
        "a text has no min": prompt.least and prompt.type in TEXTS,
        "min is above max": prompt.most and prompt.least > prompt.most,
        "min or max is above the number of options": prompt.options
        and prompt.type is FieldType.CHOOSE_MANY
        and max(prompt.least, prompt.most) > len(prompt.options),
        "top belongs to a ranking": (prompt.type is FieldType.RANKING) != bool(prompt.top),
        "max is above what an answer may have": prompt.type in TEXTS
        and most * ESCAPED > MOST_ANSWER_CHARACTERS,
        "repeat and per at once": prompt.repeat and prompt.per,
        "lines belong to a long text": prompt.lines and prompt.type is not FieldType.LONG_TEXT,
        "shown_from and lowest_first are for numbers that are revealed": (
            prompt.shown_from or prompt.is_lowest_first
        )
        and (prompt.type not in RANGES or prompt.share is not Scope.REVEAL),
        "what is asked once is written by both": prompt.is_once and not prompt.is_joint,
        f"labels_from knows only {GOAL_LEVELS}": prompt.labels_from not in {"", GOAL_LEVELS},
        "labels_from words five options, one for each rung": prompt.labels_from
        and not prompt.options_from
        and len(prompt.options) != RUNGS,
        "author is for joint prompts": is_joint_author and not prompt.is_joint,
        "what only one may write cannot be required of both": is_joint_author and prompt.is_required,
    }
    yield from (f"{place}: {sentence}" for sentence, is_so in contradictions.items() if is_so)


def _missing_references(exercise: Exercise) -> Iterator[str]:
    known = {prompt.id for prompt in exercise.prompts}
    for prompt in exercise.prompts:
        named = {prompt.options_from, prompt.source, prompt.guess_of, *prompt.per} - {""}
        for name in sorted(named - known - (exercise.groups.keys() & {*prompt.per, prompt.source})):
            yield f"prompt {prompt.id}: there is no {name}"
    for name, group in exercise.groups.items():
        yield from (f"group {name}: there is no {one}" for one in group.prompts if one not in known)
    if exercise.opposed is not None and exercise.opposed.prompt not in known:
        yield f"opposed: there is no {exercise.opposed.prompt}"


def _problems_of_stages(exercise: Exercise) -> Iterator[str]:
    stages = exercise.stages
    if stages != tuple(range(1, len(stages) + 1)):
        yield f"stages: {', '.join(map(str, stages))} do not count from 1"
    for stage in stages[:-1]:
        if all(prompt.share is not Scope.REVEAL for prompt in exercise.of_stage(stage)):
            yield f"stage {stage}: nothing in it is revealed, so the next never opens"


def _problems_of_hiding(exercise: Exercise) -> Iterator[str]:
    """What the other never learns of has one part and nothing of both; one text at most can be shown by its author."""
    if not exercise.is_hidden:
        return
    shown = [prompt for prompt in exercise.prompts if prompt.share is Scope.REVEAL]
    if (
        len(exercise.stages) > 1
        or len(shown) > 1
        or any(one.type is not FieldType.SHORT_TEXT for one in shown)
    ):
        yield "mode: what is alone and private has one part, and one short text at most that can be shown"
    if any(prompt.is_joint for prompt in exercise.prompts) or exercise.groups:
        yield "mode: what is alone and private has nothing that both write"


def _problems_of_pages(exercise: Exercise) -> Iterator[str]:
    """A page is saved as a whole: by its one writer or by both, and nothing on it asks about something else on it."""
    page: list[Prompt] = []
    for prompt in exercise.prompts:
        place = f"prompt {prompt.id}"
        if not prompt.is_beside or not page or page[-1].stage != prompt.stage:
            if prompt.is_beside:
                yield f"{place}: beside nothing of its stage"
            page = [prompt]
            continue
        if (prompt.is_joint, prompt.author, prompt.is_once) != (
            page[0].is_joint,
            page[0].author,
            page[0].is_once,
        ):
            yield f"{place}: other people write it than {page[0].id}, which stands on the same page"
        if {one.id for one in page} & set(_sources(exercise, prompt)):
            yield f"{place}: asks about something on its own page"
        page.append(prompt)


def _problems_of_goal(exercise: Exercise) -> Iterator[str]:
    goal = exercise.creates_goal
    if goal is None:
        return
    gaps = set(re.findall(r"\{([^{}]+)\}", goal.template))
    known = {prompt.id for prompt in exercise.prompts}
    yield from (f"creates_goal: its template has no {name}" for name in sorted(goal.fill.keys() - gaps))
    for name, origin in goal.fill.items():
        how, _colon, prompt_id = origin.rpartition(":")
        if how not in {"", "partner", "common", "count", "goal", "name"} or (
            how not in {"name", "goal"} and prompt_id.partition(".")[0] not in known
        ):
            yield f"creates_goal: {name} cannot be filled from {origin!r}"
    if goal.levels_from and (
        goal.levels_from not in known or exercise.prompt(goal.levels_from).repeat != RUNGS
    ):
        yield f"creates_goal: {goal.levels_from} has no five rungs"


def _problems_of_references(exercise: Exercise, prompt: Prompt) -> Iterator[str]:
    place = f"prompt {prompt.id}"
    if _is_in_a_circle(exercise, prompt):
        yield f"{place}: asks for itself in a circle"
        return
    order = [one.id for one in exercise.prompts]
    for name in _sources(exercise, prompt):
        if order.index(name) >= order.index(prompt.id):
            yield f"{place}: {name} comes later"
        if name != prompt.options_from:
            yield from _problems_of_source(exercise, prompt, exercise.prompt(name))
    if prompt.source and not _can_be_chosen_from(exercise, prompt):
        yield f"{place}: nothing can be chosen from {prompt.source}"
    if prompt.guess_of:
        yield from _problems_of_guess(exercise, prompt)


def _problems_of_source(exercise: Exercise, prompt: Prompt, above: Prompt) -> Iterator[str]:
    place = f"prompt {prompt.id}"
    if above.id in _opened_first(exercise, prompt):
        if above.share is not Scope.REVEAL or above.stage >= prompt.stage:
            yield f"{place}: {above.id} is not open to both before stage {prompt.stage}"
    elif WIDER.index(prompt.share) > WIDER.index(above.share):
        yield f"{place}: {prompt.share} would tell of {above.id}, which is {above.share}"
    if above.per:
        yield f"{place}: {above.id} is asked several times itself"
    if above.type is FieldType.LONG_TEXT and not above.lines:
        yield f"{place}: {above.id} has no number of lines"


def _can_be_chosen_from(exercise: Exercise, prompt: Prompt) -> bool:
    return all(
        exercise.prompt(name).type in CHOICES | {FieldType.LONG_TEXT}
        for name in exercise.members(prompt.source)
    )


def _opened_first(exercise: Exercise, prompt: Prompt) -> frozenset[str]:
    """Name the prompts whose answers are asked about here only once they are open to both."""
    groups = [exercise.groups[name] for name in (*prompt.per, prompt.source) if name in exercise.groups]
    return frozenset(
        one for group in groups if group.whose in {Whose.BOTH, Whose.PARTNER} for one in group.prompts
    )


def _problems_of_guess(exercise: Exercise, prompt: Prompt) -> Iterator[str]:
    above = exercise.prompt(prompt.guess_of)
    if above.share is not Scope.REVEAL or prompt.share is not Scope.REVEAL or prompt.is_joint:
        yield f"prompt {prompt.id}: a guess and what it guesses are both revealed"
    if exercise.options_of(above) != exercise.options_of(prompt) or not exercise.options_of(above):
        yield f"prompt {prompt.id}: guesses among other options than {above.id} has"


def _sources(exercise: Exercise, prompt: Prompt) -> tuple[str, ...]:
    """The prompts whose answers decide what is asked here."""
    named = [one for name in (*prompt.per, prompt.source) if name for one in exercise.members(name)]
    return tuple(name for name in (*named, prompt.options_from) if name)


def _is_in_a_circle(exercise: Exercise, prompt: Prompt) -> bool:
    reached: set[str] = set()
    waiting = list(_sources(exercise, prompt))
    while waiting:
        name = waiting.pop()
        if name == prompt.id:
            return True
        if name not in reached:
            reached.add(name)
            waiting += _sources(exercise, exercise.prompt(name))
    return False
