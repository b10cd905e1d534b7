"""What is asked on a page: the fields that a prompt becomes for one person at this moment. Pure.

Fields have stable ids: `story`, `lived.security`, `imp.g1`, `map.a.g1`. What is asked about a line that somebody wrote is
named by a code of that line: a line that is moved keeps its answers, and one that is changed is another one.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from portal.exercises.definition import Exercise, FieldType, Option, Prompt, Whose
from portal.homework.rules import Scope

Side = Literal["a", "b"]
SIDES: tuple[Side, Side] = ("a", "b")
Opened = Mapping[tuple[Side, str], object]
MARKER = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])?\s+|\s+$")


@dataclass(frozen=True, slots=True)
class AskedGoal:
    """A goal that both have kept: its id in hexadecimal, its words, and the words of its five rungs or none."""

    id: str
    words: str
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """Answers (decoded) that decide what is asked: one's own, what both wrote, and what is open to both by side and prompt.

    `side`: whose pages these are. `code_of`: names a line without telling it.
    """

    own: Mapping[str, object] = field(default_factory=dict)
    joint: Mapping[str, object] = field(default_factory=dict)
    opened: Opened = field(default_factory=dict)
    side: Side = "a"
    goals: Sequence[AskedGoal] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    code_of: Callable[[str], str] = lambda line: hashlib.sha256(line.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Question:
    """One field. `subject`, `side`: what it is about where a prompt is asked several times, and whose that is.

    `is_from_lines`: what is chosen here is stored as its own words.
    """

    id: str
    prompt: Prompt
    scope: Scope
    options: tuple[Option, ...] = ()
    places: int = 0
    subject: str = ""
    side: Side | None = None
    is_from_lines: bool = False

    @property
    def is_single(self) -> bool:
        """Whether one option at most can be chosen."""
        return self.prompt.type is FieldType.MONEY_RANGE or (
            self.prompt.type is FieldType.CHOOSE_MANY and self.prompt.most == 1
        )


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be looked up to know what is asked: what both write, what is open to both, the couple's goals."""

    joint: bool
    opened: bool
    goals: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that a prompt is asked about."""

    key: str
    words: str
    side: Side | None = None
    levels: tuple[str, ...] = ()


def prompts_of(
    exercise: Exercise, stage: int, *, is_for_one: bool, settled: frozenset[str] = frozenset()
) -> tuple[Prompt, ...]:
    """List the prompts of a stage; somebody who was asked alone has nobody to write with.

    `settled`: prompts that an earlier round has answered for good.
    """
    return tuple(
        prompt
        for prompt in exercise.of_stage(stage)
        if prompt.id not in settled and not (is_for_one and prompt.is_joint)
    )


def pages_of(prompts: Sequence[Prompt]) -> tuple[tuple[Prompt, ...], ...]:
    """Put prompts on pages: each on its own, but for those that stand beside the one before."""
    pages: list[list[Prompt]] = []
    for prompt in prompts:
        if prompt.is_beside and pages:
            pages[-1].append(prompt)
        else:
            pages.append([prompt])
    return tuple(tuple(page) for page in pages)


def scope_of(prompt: Prompt, *, is_for_one: bool) -> Scope:
    """Give the scope that stands above the field: asked alone, nothing is ever revealed."""
    return Scope.THERAPIST if is_for_one and prompt.share is Scope.REVEAL else prompt.share


def questions_of(
    exercise: Exercise, prompt: Prompt, known: Known, *, is_for_one: bool = False
) -> tuple[Question, ...]:
    """Make the fields of a prompt; none where it asks about answers that are not there yet."""
    options = _offered(exercise, prompt, known)
    if prompt.source and not options:
        return ()
    plain = Question(
        prompt.id,
        prompt,
        scope_of(prompt, is_for_one=is_for_one),
        options,
        min(prompt.top, len(options)),
        is_from_lines=exercise.is_from_lines(prompt),
    )
    if prompt.repeat:
        return tuple(
            replace(plain, id=f"{prompt.id}.{one}", subject=str(one)) for one in range(1, prompt.repeat + 1)
        )
    if not prompt.per:
        return (plain,)
    return tuple(
        replace(
            plain,
            id=f"{prompt.id}.{one.key}",
            subject=one.words,
            side=one.side,
            options=_labelled(options, one.levels) if prompt.labels_from else options,
        )
        for one in _subjects(exercise, prompt, known)
    )


def needs_of(exercise: Exercise, prompts: Sequence[Prompt]) -> Needs:
    """Tell what the fields of these prompts depend on beside their author's own answers."""
    named = {name for prompt in prompts for name in (*prompt.per, prompt.source) if name}
    whose = {exercise.groups[name].whose for name in named if name in exercise.groups}
    above = (exercise.prompt(one) for name in named for one in exercise.members(name))
    return Needs(
        joint=any(prompt.is_joint for prompt in (*prompts, *above)),
        opened=bool(whose & {Whose.BOTH, Whose.PARTNER}),
        goals=Whose.GOALS in whose,
    )


def base_of(question_id: str) -> str:
    """Name the prompt that a field belongs to."""
    return question_id.partition(".")[0]


def lines_in(value: object) -> tuple[str, ...]:
    """Split a text into its lines as they are asked about: without empty ones, bullets, and what stands there twice."""
    texts = (MARKER.sub("", line).strip() for line in value.split("\n")) if isinstance(value, str) else ()
    found: dict[str, str] = {}
    for text in texts:
        if text:
            found.setdefault(_plain(text), text)
    return tuple(found.values())


def told_by(exercise: Exercise, prompt_id: str) -> frozenset[str]:
    """List the prompts asked once for each answer to this one: their very presence would tell of it."""
    return frozenset(
        prompt.id
        for prompt in exercise.prompts
        if prompt_id in {one for name in prompt.per for one in exercise.members(name)}
    )


def kept_with(exercise: Exercise, kept: frozenset[str], asked: Sequence[str]) -> frozenset[str]:
    """List what stays with its author: the fields chosen, and those that ask about them."""
    telling = {name: told_by(exercise, name) for name in kept if "." not in name}
    return kept | {
        one
        for one in asked
        for name, told in telling.items()
        if base_of(one) in told and (_is_several(exercise, name) or one.endswith(f".{name}"))
    }


def _is_several(exercise: Exercise, name: str) -> bool:
    prompt = exercise.prompt(name)
    return prompt.type in {FieldType.LONG_TEXT, FieldType.RANKING, FieldType.CHOOSE_MANY}


def _plain(line: str) -> str:
    return " ".join(line.casefold().split())


def _labelled(options: tuple[Option, ...], levels: tuple[str, ...]) -> tuple[Option, ...]:
    if len(levels) != len(options):
        return options
    return tuple(
        Option(one.slug, f"{one.text}: {words}" if words else one.text)
        for one, words in zip(options, levels, strict=True)
    )


def _offered(exercise: Exercise, prompt: Prompt, known: Known) -> tuple[Option, ...]:
    if not prompt.source:
        return tuple(_named(option, known) for option in exercise.options_of(prompt))
    if exercise.is_from_lines(prompt):
        found = {
            _plain(line): line
            for value, _side in _values(exercise, prompt.source, known)
            for line in (lines_in(value) if isinstance(value, str) else _chosen(value))
        }
        return tuple(Option(line, line) for line in found.values())
    chosen = _chosen(_value(exercise.prompt(prompt.source), known))
    return tuple(option for option in exercise.options_of(prompt) if option.slug in chosen)


def _named(option: Option, known: Known) -> Option:
    """Put a first name where an option stands for one of the two."""
    for side in SIDES:
        if option.text == f"{{{side}}}":
            return Option(option.slug, known.names.get(side, side.upper()))
    return option


def _values(exercise: Exercise, name: str, known: Known) -> Iterator[tuple[object, Side | None]]:
    """Give the answers that a name stands for, and whose each is where it is not one's own."""
    group = exercise.groups.get(name)
    if group is None or group.whose is Whose.OWN:
        yield from ((_value(exercise.prompt(one), known), None) for one in exercise.members(name))
        return
    for side in _sides(group.whose, known):
        yield from ((known.opened.get((side, one)), side) for one in group.prompts)


def _sides(whose: Whose, known: Known) -> tuple[Side, ...]:
    return tuple(side for side in SIDES if whose is Whose.BOTH or side != known.side)


def _subjects(exercise: Exercise, prompt: Prompt, known: Known) -> Iterator[Subject]:
    found: dict[str, Subject] = {}
    for name in prompt.per:
        for one in _subjects_of(exercise, name, known):
            found.setdefault(one.key, one)
    yield from found.values()


def _subjects_of(exercise: Exercise, name: str, known: Known) -> Iterator[Subject]:
    group = exercise.groups.get(name)
    if group is not None and group.whose is Whose.GOALS:
        yield from (Subject(goal.id, goal.words, levels=goal.levels) for goal in known.goals)
    elif group is not None and group.whose is not Whose.OWN:
        yield from _subjects_open(exercise, group.whose, group.prompts, known)
    else:
        for one in exercise.members(name):
            yield from _subjects_own(exercise, exercise.prompt(one), known)


def _subjects_own(exercise: Exercise, source: Prompt, known: Known) -> Iterator[Subject]:
    value = _value(source, known)
    words = {option.slug: option.text for option in exercise.options_of(source)}
    if words:
        yield from (Subject(slug, words[slug]) for slug in _chosen(value) if slug in words)
    elif source.type is FieldType.LONG_TEXT or exercise.is_from_lines(source):
        lines = lines_in(value) if isinstance(value, str) else tuple(_chosen(value))
        yield from (Subject(known.code_of(_plain(line)), line) for line in lines)
    elif isinstance(value, str) and value:
        yield Subject(source.id, value)


def _subjects_open(
    exercise: Exercise, whose: Whose, prompts: Sequence[str], known: Known
) -> Iterator[Subject]:
    for side in _sides(whose, known):
        for one in prompts:
            value = known.opened.get((side, one))
            if exercise.prompt(one).type is FieldType.LONG_TEXT:
                yield from (Subject(known.code_of(_plain(line)), line, side) for line in lines_in(value))
            elif isinstance(value, str) and value:
                yield Subject(f"{side}.{one}", value, side)


def _value(prompt: Prompt, known: Known) -> object:
    return (known.joint if prompt.is_joint else known.own).get(prompt.id)


def _chosen(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str) and one] if isinstance(value, list) else []
