"""What a couple could make its goal after an exercise: the exercise's own sentence, filled with their words. Pure.

Only what both can read goes into it: what both wrote, and what is open to both.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from portal.exercises.definition import Exercise, GoalTemplate, GoalType
from portal.exercises.questions import SIDES, Known, Question, Side, base_of, lines_in, questions_of
from portal.exercises.together import commons_of

US = "us"
GAP = re.compile(r"\{([^{}]+)\}")
CHANGED = frozenset({"make-it-smaller", "make-it-larger"})
Say = Callable[[Question, object], str]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One sentence that could become a goal. `slot` names it within its assignment; `levels`: words of five rungs or none."""

    slot: str
    words: str
    levels: tuple[str, ...] = ()


def suggestions_of(exercise: Exercise, known: Known, say: Say) -> list[Suggestion]:
    """Fill the exercise's template. `say` puts an answer into words. Nothing, while what it is about is not there."""
    goal = exercise.creates_goal
    if goal is None:
        return []
    if goal.type is GoalType.REVISION:
        return list(_revisions(exercise, goal, known, say))
    if goal.type is GoalType.SHARED:
        words = _filled(exercise, goal, known, say, None)
        return [Suggestion(US, words, _levels(exercise, goal, known))] if words else []
    personal = [(side, _filled(exercise, goal, known, say, side)) for side in SIDES]
    return [Suggestion(side, words) for side, words in personal if words]


def _revisions(exercise: Exercise, goal: GoalTemplate, known: Known, say: Say) -> Iterator[Suggestion]:
    decide = exercise.prompt(goal.fill["decide"].removeprefix("goal:"))
    for one, question in zip(known.goals, questions_of(exercise, decide, known), strict=True):
        chosen = known.joint.get(question.id)
        if isinstance(chosen, list) and CHANGED & set(chosen):
            words = {"goal": one.words, "decide": say(question, chosen)}
            yield Suggestion(one.id, _with(goal, words))


def _filled(exercise: Exercise, goal: GoalTemplate, known: Known, say: Say, owner: Side | None) -> str:
    """Fill every gap that can be filled; empty where the words that the goal is about are missing."""
    words = {name: _words(exercise, origin, known, say, owner) for name, origin in goal.fill.items()}
    central = [name for name, origin in goal.fill.items() if ":" not in origin]
    if central and not words[central[0]]:
        return ""
    return _with(goal, words)


def _with(goal: GoalTemplate, words: dict[str, str]) -> str:
    return GAP.sub(lambda gap: words.get(gap[1]) or f"({gap[1]})", goal.template)


def _words(exercise: Exercise, origin: str, known: Known, say: Say, owner: Side | None) -> str:
    how, _colon, name = origin.rpartition(":")
    other: Side = "a" if owner == "b" else "b"
    if how == "name":
        return known.names.get(owner or "a" if name == "owner" else other, "")
    if how == "common":
        options = [option.text for common in commons_of(exercise, known.opened) for option in common.options]
        return options[0] if options else ""
    if how == "count":
        return str(len(lines_in(known.joint.get(name))))
    return _answer(exercise, name, known, say, other if how == "partner" else owner)


def _answer(exercise: Exercise, name: str, known: Known, say: Say, side: Side | None) -> str:
    prompt = exercise.prompt(base_of(name))
    opened = known.opened
    value = known.joint.get(name) if prompt.is_joint or side is None else opened.get((side, name))
    if value is None:
        return ""
    asked = next((one for one in questions_of(exercise, prompt, known) if one.id == name), None)
    return " ".join(
        say(asked or Question(name, prompt, prompt.share, exercise.options_of(prompt)), value).split()
    )


def _levels(exercise: Exercise, goal: GoalTemplate, known: Known) -> tuple[str, ...]:
    """Give the five rungs, if the couple wrote every one."""
    if not goal.levels_from:
        return ()
    number = exercise.prompt(goal.levels_from).repeat
    rungs = [known.joint.get(f"{goal.levels_from}.{one}") for one in range(1, number + 1)]
    return tuple(str(one) for one in rungs) if all(rungs) else ()
