"""What two persons' open answers to the same prompts have in common, and how guesses met. Pure; words, no score."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.exercises.definition import Exercise, FieldType, Option, Prompt
from portal.exercises.questions import SIDES, Side
from portal.homework.rules import Scope

Opened = Mapping[tuple[Side, str], object]


@dataclass(frozen=True, slots=True)
class Common:
    """What both chose in answer to one prompt, in the order in which it is offered."""

    prompt: Prompt
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Guess:
    """What one person guessed of the other: what the other chose indeed, and what not."""

    prompt: Prompt
    side: Side
    met: tuple[Option, ...]
    unmet: tuple[Option, ...]


def commons_of(exercise: Exercise, opened: Opened) -> list[Common]:
    """List what both chose, prompt by prompt, rankings first, nothing twice.

    A prompt that only one has opened has nothing in common.
    """
    asked = [prompt for prompt in exercise.prompts if _is_compared(prompt)]
    found: list[Common] = []
    for prompt in sorted(asked, key=lambda one: one.type is not FieldType.RANKING):
        both = set(_slugs(opened.get(("a", prompt.id)))) & set(_slugs(opened.get(("b", prompt.id))))
        said = {option for one in found for option in one.options}
        options = tuple(one for one in exercise.options_of(prompt) if one.slug in both and one not in said)
        if options:
            found.append(Common(prompt, options))
    return found


def guesses_of(exercise: Exercise, opened: Opened) -> list[Guess]:
    """List the guesses that both can read and that can be compared: the other's choice is open too."""
    found = []
    for prompt in exercise.prompts:
        for side in SIDES if prompt.guess_of else ():
            guessed = _slugs(opened.get((side, prompt.id)))
            chosen = opened.get(("b" if side == "a" else "a", prompt.guess_of))
            if guessed and chosen is not None:
                words = {option.slug: option for option in exercise.options_of(prompt)}
                met = tuple(words[slug] for slug in guessed if slug in _slugs(chosen))
                found.append(
                    Guess(prompt, side, met, tuple(words[slug] for slug in guessed if words[slug] not in met))
                )
    return found


def are_opposed(exercise: Exercise, opened: Opened) -> bool:
    """Tell whether both have opened wishes that stand against each other."""
    opposed = exercise.opposed
    if opposed is None:
        return False
    first, second = (set(_slugs(opened.get((side, opposed.prompt)))) for side in SIDES)
    one, other = set(opposed.one), set(opposed.other)
    return bool((first & one and second & other) or (first & other and second & one))


def _is_compared(prompt: Prompt) -> bool:
    is_choice = prompt.type in {FieldType.RANKING, FieldType.CHOOSE_MANY}
    return is_choice and prompt.share is Scope.REVEAL and not prompt.guess_of and not prompt.per


def _slugs(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str) and one] if isinstance(value, list) else []
