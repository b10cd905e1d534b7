"""Answers of both persons put beside each other, for the couple and for their therapist."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from portal.exercises.definition import Exercise, Prompt, Whose
from portal.exercises.questions import SIDES, Known, Question, Side, base_of, questions_of
from portal.exercises.wording import lines_of

Values = Mapping[tuple[Side, str], object]


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer in words: the field it answers, and its lines."""

    question: Question
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Rated:
    """Something that both rated; None where somebody did not, or not for the other's eyes."""

    subject: str
    a: int | None
    b: int | None

    @property
    def lower(self) -> int | None:
        """Give the lower of two ratings; None unless there are two."""
        return None if self.a is None or self.b is None else min(self.a, self.b)


@dataclass(frozen=True, slots=True)
class Recalled:
    """What stands beside a question from the last time: what was asked then, since when it is open, and who said what."""

    asked: str
    opened_at: datetime
    words: Mapping[Side, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Section:
    """One prompt with the answers of both; a person without any has nothing here, for whatever reason."""

    prompt: Prompt
    entries: Mapping[Side, Sequence[Entry]]


def sections_of(
    exercise: Exercise, prompts: Sequence[Prompt], values: Values, known: Known | None = None
) -> list[Section]:
    """Put personal answers side by side, prompt by prompt; a prompt that nobody answered is left out.

    `known`: what both wrote, what is open to both, and the couple's goals, where prompts ask about them.
    """
    both = known or Known()
    sides = {
        side: replace(both, side=side, own={name: one for (of, name), one in values.items() if of == side})
        for side in SIDES
    }
    found = []
    for prompt in prompts:
        entries = {side: _entries(exercise, prompt, sides[side], sides[side].own) for side in SIDES}
        if not prompt.is_joint and any(entries.values()):
            found.append(Section(prompt, entries))
    return found


def ratings_of(
    exercise: Exercise, prompts: Sequence[Prompt], values: Values, known: Known
) -> list[tuple[Prompt, list[Rated]]]:
    """Put what both rated into one list each, the best of the lower ratings first; what nobody rated comes last."""
    found = []
    for prompt in prompts:
        if not prompt.is_lowest_first:
            continue
        rows = [
            Rated(one.subject, _number(values.get(("a", one.id))), _number(values.get(("b", one.id))))
            for one in questions_of(exercise, prompt, known)
        ]
        rows.sort(key=lambda one: (-(one.lower or 0), one.subject.casefold()))
        if any(one.a is not None or one.b is not None for one in rows):
            found.append((prompt, rows))
    return found


def recalled_of(
    exercise: Exercise, prompt_id: str, values: Mapping[Side, object], opened_at: datetime
) -> Recalled | None:
    """Say in words what was answered to a prompt of an exercise the last time; None where nothing of it is there to be read."""
    prompt = next((one for one in exercise.prompts if one.id == prompt_id), None)
    if prompt is None:
        return None
    shown = only_shown(exercise, {(side, prompt_id): value for side, value in values.items()})
    question = Question(prompt_id, prompt, prompt.share, exercise.options_of(prompt))
    words = {
        side: lines for (side, _id), value in sorted(shown.items()) if (lines := lines_of(question, value))
    }
    return Recalled(prompt.text, opened_at, words) if words else None


def only_shown(exercise: Exercise, opened: Values) -> dict[tuple[Side, str], object]:
    """Leave out the numbers that are shown to each other only from a certain one up, where anybody stayed below it.

    Of what each was asked, both must have reached it; of what only one was asked, about a line of the other's, that one.
    """
    bounds = {prompt.id: prompt for prompt in exercise.prompts if prompt.shown_from}
    return {
        (side, name): value
        for (side, name), value in opened.items()
        if (prompt := bounds.get(base_of(name))) is None or _is_shown(exercise, prompt, opened, name)
    }


def _is_shown(exercise: Exercise, prompt: Prompt, opened: Values, name: str) -> bool:
    is_of_other = any(
        one in exercise.groups and exercise.groups[one].whose is Whose.PARTNER for one in prompt.per
    )
    numbers = [_number(opened.get((side, name))) for side in SIDES]
    given = [one for one in numbers if one is not None] if is_of_other else numbers
    return all(one is not None and one >= prompt.shown_from for one in given)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def joint_of(exercise: Exercise, prompts: Sequence[Prompt], known: Known) -> list[tuple[Prompt, list[Entry]]]:
    """List what both wrote together, prompt by prompt."""
    found = []
    for prompt in prompts:
        entries = _entries(exercise, prompt, known, known.joint) if prompt.is_joint else []
        if entries:
            found.append((prompt, entries))
    return found


def _entries(exercise: Exercise, prompt: Prompt, known: Known, values: Mapping[str, object]) -> list[Entry]:
    return [
        Entry(question, lines)
        for question in questions_of(exercise, prompt, known)
        if (lines := lines_of(question, values.get(question.id)))
    ]
