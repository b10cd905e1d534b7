"""Refuse an exercise that contradicts itself: at the start of the portal, not in front of a couple. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from portal.exercises.definition import (
    CHOICE_TYPES,
    DEFAULT_LENGTH,
    GOAL_LEVELS,
    RANGES,
    TEXTS,
    DefinitionBroken,
    Exercise,
    FieldType,
    GoalType,
    Prompt,
    Whose,
    read_exercise,
)
from portal.homework.rules import MOST_ANSWER_CHARACTERS, Scope

RECALL = re.compile(r"|([a-z0-9-]+\.)?[a-z][a-z0-9_]{0,30}")
LIBRARY = Path(__file__).with_name("library")

COUNTED = frozenset({FieldType.CHOOSE_MANY, *TEXTS})
RUNGS = 5
ESCAPED = 2  # a quotation mark or a line end takes two characters of JSON
WIDER = (Scope.PRIVATE, Scope.THERAPIST, Scope.REVEAL, Scope.JOINT)


class Slip(StrEnum):
    """In which way an exercise contradicts itself, as the person says it who keeps data files."""

    NO_WORDS_IN_HEAD = "{other} is no text"
    NO_MINUTES = "minutes is no number of minutes"
    NO_PROMPTS = "asks nothing"
    TWICE = "twice"
    NO_PLAIN_ID = "its id is not made of small letters, digits and _"
    NO_WORDS = "no words"
    NO_SUCH_NUMBER = "stage, min, max, top, repeat, lines or shown_from is no such number"
    NO_PLAIN_OPTION = "option {other!r} has no plain slug or no words"
    NO_OPTIONS = "needs options, options_from or from, one of them"
    OPTIONS_NOT_HERE = "{other} has no options"
    MIN_MAX_NOT_HERE = "min and max are for choices and texts"
    MIN_OF_TEXT = "a text has no min"
    MIN_ABOVE_MAX = "min is above max"
    MORE_THAN_OPTIONS = "min or max is above the number of options"
    TOP_AND_RANKING = "top belongs to a ranking"
    TOO_LONG = "max is above what an answer may have"
    REPEAT_AND_PER = "repeat and per at once"
    LINES_NOT_HERE = "lines belong to a long text"
    BOUND_NOT_HERE = "shown_from and lowest_first are for numbers that are revealed"
    ONCE_NOT_JOINT = "what is asked once is written by both"
    UNKNOWN_LABELS = "labels_from knows only {other}"
    RUNGS_MISSING = "labels_from words five options, one for each rung"
    AUTHOR_NOT_JOINT = "author is for joint prompts"
    AUTHOR_REQUIRED = "what only one may write cannot be required of both"
    MISSING = "there is no {other}"
    STAGES_WITH_GAPS = "{other} do not count from 1"
    NOTHING_REVEALED = "nothing in it is revealed, so the next never opens"
    HIDDEN_SHOWS_MORE = "what is alone and private has one part, and one short text at most that can be shown"
    HIDDEN_IS_JOINT = "what is alone and private has nothing that both write"
    BESIDE_NOTHING = "beside nothing of its stage"
    OTHER_WRITERS = "other people write it than {other}, which stands on the same page"
    ABOUT_OWN_PAGE = "asks about something on its own page"
    NO_SUCH_GAP = "its template has no {other}"
    CANNOT_BE_FILLED = "{other} cannot be filled from {more!r}"
    NO_FIVE_RUNGS = "{other} has no five rungs"
    GOAL_TELLS_MORE = "{other} is filled from what both cannot read"
    NO_DECISION = "a revision is filled from no prompt about the couple's goals"
    CIRCLE = "asks for itself in a circle"
    LATER = "{other} comes later"
    NOT_CHOSEN_FROM = "nothing can be chosen from {other}"
    NOT_OPEN_BEFORE = "{other} is not open to both before stage {more}"
    TELLS_MORE = "{own} would tell of {other}, which is {more}"
    ASKED_SEVERAL_TIMES = "{other} is asked several times itself"
    NO_LINES = "{other} has no number of lines"
    GUESS_NOT_REVEALED = "a guess and what it guesses are both revealed"
    GUESS_OF_OTHERS = "guesses among other options than {other} has"
    NO_RECALL = "recalls names no prompt, or recalls_of neither both nor partner"
    RECALLS_ONE = "what both write recalls answers of both"
    RECALL_NOT_OPEN = "{other} is not one answer that is revealed, so it cannot be recalled"


@dataclass(frozen=True, slots=True)
class Problem:
    """One contradiction. `place`: a prompt by its id, or what else of the file; `other`, `more`: what the slip names."""

    slip: Slip
    place: str
    other: str = ""
    more: str = ""
    own: str = ""
    is_of_prompt: bool = True

    def __str__(self) -> str:
        """Say it by name and place, for who keeps the file."""
        place = f"prompt {self.place}" if self.is_of_prompt else self.place
        return f"{place}: {self.slip.value.format(other=self.other, more=self.more, own=self.own)}"


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
    _check_recalls(exercises)
    return tuple(exercises)


def _check_recalls(exercises: Sequence[Exercise]) -> None:
    """Refuse what recalls from another exercise something that is not there, or not open to both."""
    open_to_both = {
        (exercise.id, prompt.id)
        for exercise in exercises
        for prompt in exercise.prompts
        if can_be_recalled(prompt)
    }
    for exercise in exercises:
        for prompt in exercise.prompts:
            if prompt.recalls and exercise.recalled_by(prompt) not in open_to_both:
                raise DefinitionBroken(
                    f"{exercise.id}: {Problem(Slip.RECALL_NOT_OPEN, prompt.id, prompt.recalls)}"
                )


def find_exercise(exercise_id: str, version: str) -> Exercise:
    """Find one version of one exercise of the library. Raises LookupError."""
    for exercise in library():
        if (exercise.id, exercise.version) == (exercise_id, version):
            return exercise
    raise LookupError(exercise_id)


def newest_in_library(exercise_id: str) -> Exercise | None:
    """Find an exercise of the library by its id, whatever its version; None for one that is not there."""
    return next((one for one in reversed(library()) if one.id == exercise_id), None)


def load_exercise(text: str) -> Exercise:
    """Make an exercise from TOML and check that it makes sense. Raises DefinitionBroken with every problem found."""
    exercise = read_exercise(text)
    problems = problems_of(exercise)
    if problems:
        raise DefinitionBroken("; ".join(map(str, problems)))
    return exercise


def problems_of(exercise: Exercise) -> list[Problem]:
    """List in which ways an exercise contradicts itself; what hangs on the sense of its prompts, once each has some."""
    return list(_problems(exercise))


def _problems(exercise: Exercise) -> Iterator[Problem]:
    for name in ("id", "version", "title", "purpose", "therapist", "partner", "follow_up"):
        if not isinstance(getattr(exercise, name), str) or not getattr(exercise, name):
            yield Problem(Slip.NO_WORDS_IN_HEAD, "exercise", name, is_of_prompt=False)
    if type(exercise.minutes) is not int or exercise.minutes < 1:
        yield Problem(Slip.NO_MINUTES, "exercise", is_of_prompt=False)
    if not exercise.prompts:
        yield Problem(Slip.NO_PROMPTS, "exercise", is_of_prompt=False)
    names = Counter([prompt.id for prompt in exercise.prompts] + list(exercise.groups))
    yield from (Problem(Slip.TWICE, name, is_of_prompt=False) for name, count in names.items() if count > 1)
    shapes = [problem for prompt in exercise.prompts for problem in _problems_of_shape(prompt)]
    yield from shapes
    missing = list(_missing_references(exercise))
    yield from missing
    if not shapes and not missing and max(names.values(), default=0) <= 1:
        yield from _problems_of_stages(exercise)
        yield from _problems_of_hiding(exercise)
        yield from _problems_of_pages(exercise)
        yield from _problems_of_goal(exercise)
        yield from _problems_of_all_references(exercise)


def _problems_of_shape(prompt: Prompt) -> Iterator[Problem]:
    if not re.fullmatch("[a-z][a-z0-9_]{0,30}", prompt.id):
        yield Problem(Slip.NO_PLAIN_ID, prompt.id)
    if not prompt.text:
        yield Problem(Slip.NO_WORDS, prompt.id)
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
        yield Problem(Slip.NO_SUCH_NUMBER, prompt.id)
        return
    for option in prompt.options:
        if not re.fullmatch("[a-z0-9][a-z0-9-]{0,40}", option.slug) or not option.text:
            yield Problem(Slip.NO_PLAIN_OPTION, prompt.id, option.slug)
    yield from _problems_of_numbers(prompt)


def _problems_of_numbers(prompt: Prompt) -> Iterator[Problem]:
    ways = [bool(prompt.options), bool(prompt.options_from), bool(prompt.source)]
    most = prompt.most or DEFAULT_LENGTH.get(prompt.type, 0)
    is_joint_author = prompt.author is not None
    contradictions = {
        Slip.NO_OPTIONS: prompt.type in CHOICE_TYPES and sum(ways) != 1,
        Slip.OPTIONS_NOT_HERE: prompt.type not in CHOICE_TYPES and any(ways),
        Slip.MIN_MAX_NOT_HERE: (prompt.least or prompt.most) and prompt.type not in COUNTED,
        Slip.MIN_OF_TEXT: prompt.least and prompt.type in TEXTS,
        Slip.MIN_ABOVE_MAX: prompt.most and prompt.least > prompt.most,
        Slip.MORE_THAN_OPTIONS: prompt.options
        and prompt.type is FieldType.CHOOSE_MANY
        and max(prompt.least, prompt.most) > len(prompt.options),
        Slip.TOP_AND_RANKING: (prompt.type is FieldType.RANKING) != bool(prompt.top),
        Slip.TOO_LONG: prompt.type in TEXTS and most * ESCAPED > MOST_ANSWER_CHARACTERS,
        Slip.REPEAT_AND_PER: prompt.repeat and prompt.per,
        Slip.LINES_NOT_HERE: prompt.lines and prompt.type is not FieldType.LONG_TEXT,
        Slip.BOUND_NOT_HERE: (prompt.shown_from or prompt.is_lowest_first)
        and (prompt.type not in RANGES or prompt.share is not Scope.REVEAL),
        Slip.ONCE_NOT_JOINT: prompt.is_once and not prompt.is_joint,
        Slip.UNKNOWN_LABELS: prompt.labels_from not in {"", GOAL_LEVELS},
        Slip.RUNGS_MISSING: prompt.labels_from and not prompt.options_from and len(prompt.options) != RUNGS,
        Slip.AUTHOR_NOT_JOINT: is_joint_author and not prompt.is_joint,
        Slip.AUTHOR_REQUIRED: is_joint_author and prompt.is_required,
        Slip.NO_RECALL: not RECALL.fullmatch(prompt.recalls)
        or prompt.recalls_of not in {Whose.BOTH, Whose.PARTNER},
        Slip.RECALLS_ONE: prompt.is_joint and prompt.recalls_of is not Whose.BOTH,
    }
    named = {Slip.OPTIONS_NOT_HERE: prompt.type.value, Slip.UNKNOWN_LABELS: GOAL_LEVELS}
    yield from (
        Problem(slip, prompt.id, named.get(slip, "")) for slip, is_so in contradictions.items() if is_so
    )


def _missing_references(exercise: Exercise) -> Iterator[Problem]:
    known = {prompt.id for prompt in exercise.prompts}
    for prompt in exercise.prompts:
        recalled = "" if "." in prompt.recalls else prompt.recalls
        named = {prompt.options_from, prompt.source, prompt.guess_of, recalled, *prompt.per} - {""}
        for name in sorted(named - known - (exercise.groups.keys() & {*prompt.per, prompt.source})):
            yield Problem(Slip.MISSING, prompt.id, name)
    for name, group in exercise.groups.items():
        for one in group.prompts:
            if one not in known:
                yield Problem(Slip.MISSING, f"group {name}", one, is_of_prompt=False)
    if exercise.opposed is not None and exercise.opposed.prompt not in known:
        yield Problem(Slip.MISSING, "opposed", exercise.opposed.prompt, is_of_prompt=False)


def _problems_of_stages(exercise: Exercise) -> Iterator[Problem]:
    stages = exercise.stages
    if stages != tuple(range(1, len(stages) + 1)):
        yield Problem(Slip.STAGES_WITH_GAPS, "stages", ", ".join(map(str, stages)), is_of_prompt=False)
    for stage in stages[:-1]:
        if all(prompt.share is not Scope.REVEAL for prompt in exercise.of_stage(stage)):
            yield Problem(Slip.NOTHING_REVEALED, f"stage {stage}", str(stage), is_of_prompt=False)


def _problems_of_hiding(exercise: Exercise) -> Iterator[Problem]:
    """What the other never learns of has one part and nothing of both; one text at most can be shown by its author."""
    if not exercise.is_hidden:
        return
    shown = [prompt for prompt in exercise.prompts if prompt.share is Scope.REVEAL]
    if (
        len(exercise.stages) > 1
        or len(shown) > 1
        or any(one.type is not FieldType.SHORT_TEXT for one in shown)
    ):
        yield Problem(Slip.HIDDEN_SHOWS_MORE, "mode", is_of_prompt=False)
    if any(prompt.is_joint for prompt in exercise.prompts) or exercise.groups:
        yield Problem(Slip.HIDDEN_IS_JOINT, "mode", is_of_prompt=False)


def _problems_of_pages(exercise: Exercise) -> Iterator[Problem]:
    """A page is saved as a whole: by its one writer or by both, and nothing on it asks about something else on it."""
    page: list[Prompt] = []
    for prompt in exercise.prompts:
        if not prompt.is_beside or not page or page[-1].stage != prompt.stage:
            if prompt.is_beside:
                yield Problem(Slip.BESIDE_NOTHING, prompt.id)
            page = [prompt]
            continue
        if (prompt.is_joint, prompt.author, prompt.is_once) != (
            page[0].is_joint,
            page[0].author,
            page[0].is_once,
        ):
            yield Problem(Slip.OTHER_WRITERS, prompt.id, page[0].id)
        if {one.id for one in page} & set(_sources(exercise, prompt)):
            yield Problem(Slip.ABOUT_OWN_PAGE, prompt.id)
        page.append(prompt)


def _problems_of_goal(exercise: Exercise) -> Iterator[Problem]:
    goal = exercise.creates_goal
    if goal is None:
        return
    gaps = set(re.findall(r"\{([^{}]+)\}", goal.template))
    known = {prompt.id for prompt in exercise.prompts}
    for name in sorted(goal.fill.keys() - gaps):
        yield Problem(Slip.NO_SUCH_GAP, "creates_goal", name, is_of_prompt=False)
    for name, origin in goal.fill.items():
        how, _colon, prompt_id = origin.rpartition(":")
        base = prompt_id.partition(".")[0]
        is_asked = how in {"", "partner", "common", "count"}
        if (not is_asked and how not in {"goal", "name"}) or (is_asked and base not in known):
            yield Problem(Slip.CANNOT_BE_FILLED, "creates_goal", name, origin, is_of_prompt=False)
        elif is_asked and exercise.prompt(base).share not in {Scope.REVEAL, Scope.JOINT}:
            yield Problem(Slip.GOAL_TELLS_MORE, "creates_goal", name, is_of_prompt=False)
    decide = goal.fill.get("decide", "").removeprefix("goal:")
    if goal.type is GoalType.REVISION and (decide not in known or not exercise.asks_about_goals):
        yield Problem(Slip.NO_DECISION, "creates_goal", is_of_prompt=False)
    if goal.levels_from and (
        goal.levels_from not in known or exercise.prompt(goal.levels_from).repeat != RUNGS
    ):
        yield Problem(Slip.NO_FIVE_RUNGS, "creates_goal", goal.levels_from, is_of_prompt=False)


def _problems_of_all_references(exercise: Exercise) -> Iterator[Problem]:
    """List the circles; only where there are none has it an end to ask what is chosen from what."""
    circles = [
        Problem(Slip.CIRCLE, prompt.id) for prompt in exercise.prompts if _is_in_a_circle(exercise, prompt)
    ]
    yield from circles
    if not circles:
        for prompt in exercise.prompts:
            yield from _problems_of_references(exercise, prompt)


def _problems_of_references(exercise: Exercise, prompt: Prompt) -> Iterator[Problem]:
    order = [one.id for one in exercise.prompts]
    for name in _sources(exercise, prompt):
        if order.index(name) >= order.index(prompt.id):
            yield Problem(Slip.LATER, prompt.id, name)
        if name != prompt.options_from:
            yield from _problems_of_source(exercise, prompt, exercise.prompt(name))
    if prompt.source and not _can_be_chosen_from(exercise, prompt):
        yield Problem(Slip.NOT_CHOSEN_FROM, prompt.id, prompt.source)
    if prompt.guess_of:
        yield from _problems_of_guess(exercise, prompt)
    if prompt.recalls and "." not in prompt.recalls and not can_be_recalled(exercise.prompt(prompt.recalls)):
        yield Problem(Slip.RECALL_NOT_OPEN, prompt.id, prompt.recalls)


def _problems_of_source(exercise: Exercise, prompt: Prompt, above: Prompt) -> Iterator[Problem]:
    if above.id in _opened_first(exercise, prompt):
        if above.share is not Scope.REVEAL or above.stage >= prompt.stage:
            yield Problem(Slip.NOT_OPEN_BEFORE, prompt.id, above.id, str(prompt.stage))
    elif WIDER.index(prompt.share) > WIDER.index(above.share):
        yield Problem(Slip.TELLS_MORE, prompt.id, above.id, above.share.value, prompt.share.value)
    if above.per:
        yield Problem(Slip.ASKED_SEVERAL_TIMES, prompt.id, above.id)
    if above.type is FieldType.LONG_TEXT and not above.lines:
        yield Problem(Slip.NO_LINES, prompt.id, above.id)


def _can_be_chosen_from(exercise: Exercise, prompt: Prompt) -> bool:
    return all(
        exercise.prompt(name).type in CHOICE_TYPES | {FieldType.LONG_TEXT}
        for name in exercise.members(prompt.source)
    )


def _opened_first(exercise: Exercise, prompt: Prompt) -> frozenset[str]:
    """Name the prompts whose answers are asked about here only once they are open to both."""
    groups = [exercise.groups[name] for name in (*prompt.per, prompt.source) if name in exercise.groups]
    return frozenset(
        one for group in groups if group.whose in {Whose.BOTH, Whose.PARTNER} for one in group.prompts
    )


def can_be_recalled(prompt: Prompt) -> bool:
    """Tell whether answers to a prompt can stand beside a later question: one of each person, which both can have read."""
    return prompt.share is Scope.REVEAL and not prompt.per and not prompt.repeat


def _problems_of_guess(exercise: Exercise, prompt: Prompt) -> Iterator[Problem]:
    above = exercise.prompt(prompt.guess_of)
    if above.share is not Scope.REVEAL or prompt.share is not Scope.REVEAL or prompt.is_joint:
        yield Problem(Slip.GUESS_NOT_REVEALED, prompt.id, above.id)
    if exercise.options_of(above) != exercise.options_of(prompt) or not exercise.options_of(above):
        yield Problem(Slip.GUESS_OF_OTHERS, prompt.id, above.id)


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
