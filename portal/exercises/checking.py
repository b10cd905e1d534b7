"""Refuse an exercise that contradicts itself: at the start of the portal, not in front of a couple. Pure."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from portal.exercises.definition import (
    DEFAULT_LENGTH,
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
        for prompt in exercise.prompts:
            yield from _problems_of_references(exercise, prompt)


def _problems_of_shape(prompt: Prompt) -> Iterator[str]:
    place = f"prompt {prompt.id}"
    if not re.fullmatch("[a-z][a-z0-9_]{0,30}", prompt.id):
        yield f"{place}: its id is not made of small letters, digits and _"
    if not prompt.text:
        yield f"{place}: no words"
    numbers = (prompt.stage, prompt.least, prompt.most, prompt.top, prompt.repeat)
    if any(type(number) is not int or number < 0 for number in numbers) or prompt.stage < 1:
        yield f"{place}: stage, min, max, top or repeat is no such number"
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
        "author is for joint prompts": is_joint_author and not prompt.is_joint,
        "what only one may write cannot be required of both": is_joint_author and prompt.is_required,
    }
    yield from (f"{place}: {sentence}" for sentence, is_so in contradictions.items() if is_so)


def _missing_references(exercise: Exercise) -> Iterator[str]:
    known = {prompt.id for prompt in exercise.prompts}
    for prompt in exercise.prompts:
        named = {prompt.options_from, prompt.source, prompt.guess_of, *prompt.per} - {""}
        for name in sorted(named - known - (exercise.groups.keys() & set(prompt.per))):
            yield f"prompt {prompt.id}: there is no {name}"
    for name, group in exercise.groups.items():
        yield from (f"group {name}: there is no {one}" for one in group.prompts if one not in known)


def _problems_of_stages(exercise: Exercise) -> Iterator[str]:
    stages = exercise.stages
    if stages != tuple(range(1, len(stages) + 1)):
        yield f"stages: {', '.join(map(str, stages))} do not count from 1"
    for stage in stages[:-1]:
        if all(prompt.share is not Scope.REVEAL for prompt in exercise.of_stage(stage)):
            yield f"stage {stage}: nothing in it is revealed, so the next never opens"


def _problems_of_references(exercise: Exercise, prompt: Prompt) -> Iterator[str]:
    place = f"prompt {prompt.id}"
    if _is_in_a_circle(exercise, prompt):
        yield f"{place}: asks for itself in a circle"
        return
    order = [one.id for one in exercise.prompts]
    for name in _sources(exercise, prompt):
        above = exercise.prompt(name)
        if order.index(name) >= order.index(prompt.id):
            yield f"{place}: {name} comes later"
        if WIDER.index(prompt.share) > WIDER.index(above.share) and not _is_of_both(exercise, prompt):
            yield f"{place}: {prompt.share} would tell of {name}, which is {above.share}"
        if prompt.source == name and above.type not in CHOICES:
            yield f"{place}: not supported yet: from the lines of {name}"
    yield from _problems_of_per(exercise, prompt)
    if prompt.guess_of:
        yield from _problems_of_guess(exercise, prompt)


def _problems_of_per(exercise: Exercise, prompt: Prompt) -> Iterator[str]:
    place = f"prompt {prompt.id}"
    for name in prompt.per:
        group = exercise.groups.get(name)
        if group is None and len(prompt.per) == 1 and exercise.prompt(name).type in TEXTS:
            yield f"{place}: not supported yet: per line of {name}"
        for one in group.prompts if group else ():
            above = exercise.prompt(one)
            if above.type not in TEXTS or above.per:
                yield f"group {name}: not supported yet: {one} is no text of its own"
            if (
                group
                and group.whose is Whose.BOTH
                and (above.share is not Scope.REVEAL or above.stage >= prompt.stage)
            ):
                yield f"{place}: {one} is not open to both before stage {prompt.stage}"
        if group is None and exercise.prompt(name).per:
            yield f"{place}: not supported yet: per answer of {name}, which is asked several times itself"


def _problems_of_guess(exercise: Exercise, prompt: Prompt) -> Iterator[str]:
    above = exercise.prompt(prompt.guess_of)
    if above.share is not Scope.REVEAL or prompt.share is not Scope.REVEAL or prompt.is_joint:
        yield f"prompt {prompt.id}: a guess and what it guesses are both revealed"
    if exercise.options_of(above) != exercise.options_of(prompt) or not exercise.options_of(above):
        yield f"prompt {prompt.id}: guesses among other options than {above.id} has"


def _sources(exercise: Exercise, prompt: Prompt) -> tuple[str, ...]:
    """The prompts whose answers decide what is asked here."""
    per = [
        one
        for name in prompt.per
        for one in (exercise.groups[name].prompts if name in exercise.groups else (name,))
    ]
    return tuple(name for name in (prompt.source, prompt.options_from, *per) if name)


def _is_of_both(exercise: Exercise, prompt: Prompt) -> bool:
    return bool(prompt.per) and all(
        name in exercise.groups and exercise.groups[name].whose is Whose.BOTH for name in prompt.per
    )


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
