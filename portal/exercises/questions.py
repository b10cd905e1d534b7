"""What is asked on a page: the fields that a prompt becomes for one person at this moment. Pure.

Fields have stable ids: `story`, `lived.security`, `imp.g1`, `map.a.g1`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from portal.exercises.definition import Exercise, FieldType, Option, Prompt, Whose
from portal.homework.rules import Scope

Side = Literal["a", "b"]
SIDES: tuple[Side, Side] = ("a", "b")


@dataclass(frozen=True, slots=True)
class Known:
    """Answers (decoded) that decide what is asked: one's own, what both wrote, and what is open to both by side and prompt.

    `opened` None: not looked up, so that every answer that could be there is asked about.
    """

    own: Mapping[str, object] = field(default_factory=dict)
    joint: Mapping[str, object] = field(default_factory=dict)
    opened: Mapping[tuple[Side, str], object] | None = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """One field. `subject`, `side`: what it is about where a prompt is asked several times, and whose that is."""

    id: str
    prompt: Prompt
    scope: Scope
    options: tuple[Option, ...] = ()
    places: int = 0
    subject: str = ""
    side: Side | None = None

    @property
    def is_single(self) -> bool:
        """Whether one option at most can be chosen."""
        return self.prompt.type is FieldType.MONEY_RANGE or (
            self.prompt.type is FieldType.CHOOSE_MANY and self.prompt.most == 1
        )


def pages_of(exercise: Exercise, stage: int, *, is_for_one: bool) -> tuple[Prompt, ...]:
    """List the prompts of a stage, each a page; somebody who was asked alone has nobody to write with."""
    return tuple(prompt for prompt in exercise.of_stage(stage) if not (is_for_one and prompt.is_joint))


def scope_of(prompt: Prompt, *, is_for_one: bool) -> Scope:
    """Give the scope that stands above the field: asked alone, nothing is ever revealed."""
    return Scope.THERAPIST if is_for_one and prompt.share is Scope.REVEAL else prompt.share


def questions_of(
    exercise: Exercise, prompt: Prompt, known: Known, *, is_for_one: bool = False
) -> tuple[Question, ...]:
    """Make the fields of a prompt; none where it asks about answers that are not there yet."""
    options = _offered(exercise, prompt, known)
    places = min(prompt.top, len(options))
    if prompt.source and not options:
        return ()
    scope = scope_of(prompt, is_for_one=is_for_one)
    if prompt.repeat:
        numbers = range(1, prompt.repeat + 1)
        return tuple(
            Question(f"{prompt.id}.{one}", prompt, scope, options, places, str(one)) for one in numbers
        )
    if not prompt.per:
        return (Question(prompt.id, prompt, scope, options, places),)
    return tuple(
        Question(f"{prompt.id}.{key}", prompt, scope, options, places, subject, side)
        for key, subject, side in _subjects(exercise, prompt, known)
    )


def base_of(question_id: str) -> str:
    """Name the prompt that a field belongs to."""
    return question_id.partition(".")[0]


def told_by(exercise: Exercise, prompt_id: str) -> frozenset[str]:
    """List the prompts asked once for each answer to this one: their very presence would tell of it."""
    return frozenset(
        prompt.id
        for prompt in exercise.prompts
        if prompt_id in {one for name in prompt.per for one in _members(exercise, name)}
    )


def kept_with(exercise: Exercise, kept: frozenset[str], asked: Sequence[str]) -> frozenset[str]:
    """List what stays with its author: the fields chosen, and those that ask about them."""
    telling = {name: told_by(exercise, name) for name in kept if "." not in name}
    return kept | {
        one
        for one in asked
        for name, told in telling.items()
        if base_of(one) in told and (exercise.options_of(exercise.prompt(name)) or one.endswith(f".{name}"))
    }


def _members(exercise: Exercise, name: str) -> tuple[str, ...]:
    return exercise.groups[name].prompts if name in exercise.groups else (name,)


def _offered(exercise: Exercise, prompt: Prompt, known: Known) -> tuple[Option, ...]:
    if not prompt.source:
        return exercise.options_of(prompt)
    chosen = _chosen(_value(exercise.prompt(prompt.source), known))
    return tuple(option for option in exercise.options_of(prompt) if option.slug in chosen)


def _subjects(exercise: Exercise, prompt: Prompt, known: Known) -> Iterator[tuple[str, str, Side | None]]:
    for name in prompt.per:
        group = exercise.groups.get(name)
        if group is not None and group.whose is Whose.BOTH:
            yield from _subjects_of_both(group.prompts, known)
            continue
        for one in _members(exercise, name):
            source = exercise.prompt(one)
            value = _value(source, known)
            words = {option.slug: option.text for option in exercise.options_of(source)}
            if words:
                yield from ((slug, words[slug], None) for slug in _chosen(value) if slug in words)
            elif isinstance(value, str) and value:
                yield one, value, None


def _subjects_of_both(prompts: Sequence[str], known: Known) -> Iterator[tuple[str, str, Side]]:
    for side in SIDES:
        for one in prompts:
            value = "" if known.opened is None else known.opened.get((side, one))
            if known.opened is None or (isinstance(value, str) and value):
                yield f"{side}.{one}", str(value), side


def _value(prompt: Prompt, known: Known) -> object:
    return (known.joint if prompt.is_joint else known.own).get(prompt.id)


def _chosen(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str) and one] if isinstance(value, list) else []
