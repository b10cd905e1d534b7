"""Answers of both persons put beside each other, for the couple and for their therapist."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.exercises.definition import Exercise, Prompt
from portal.exercises.questions import SIDES, Known, Question, Side, questions_of
from portal.exercises.wording import lines_of

Values = Mapping[tuple[Side, str], object]


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer in words: the field it answers, and its lines."""

    question: Question
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Section:
    """One prompt with the answers of both; a person without any has nothing here, for whatever reason."""

    prompt: Prompt
    entries: Mapping[Side, Sequence[Entry]]


def sections_of(exercise: Exercise, prompts: Sequence[Prompt], values: Values) -> list[Section]:
    """Put personal answers side by side, prompt by prompt; a prompt that nobody answered is left out."""
    known = {
        side: Known(own={name: one for (of, name), one in values.items() if of == side}) for side in SIDES
    }
    found = []
    for prompt in prompts:
        entries = {side: _entries(exercise, prompt, known[side], known[side].own) for side in SIDES}
        if not prompt.is_joint and any(entries.values()):
            found.append(Section(prompt, entries))
    return found


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
