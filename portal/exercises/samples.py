"""Answers that nobody gave, so that a preview has something to show where one question builds on another. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from portal.exercises.definition import RANGES, Exercise, FieldType, Prompt
from portal.exercises.questions import SIDES, AskedGoal, Known, Question, Side, questions_of
from portal.homework.rules import Scope

SOON = timedelta(days=14)
ONE_GOAL = AskedGoal("0" * 32, "One evening a week without screens")


@dataclass(frozen=True, slots=True)
class Samples:
    """Answers by side and field, and what both wrote. `open`: what both shared of it."""

    own: dict[tuple[Side, str], object] = field(default_factory=dict)
    open: dict[tuple[Side, str], object] = field(default_factory=dict)
    joint: dict[str, object] = field(default_factory=dict)

    def known(self, side: Side, names: Mapping[str, str]) -> Known:
        """Give what one side's pages know of them."""
        own = {name: value for (of, name), value in self.own.items() if of == side}
        goals = (ONE_GOAL,)
        return Known(own=own, joint=self.joint, opened=self.open, side=side, goals=goals, names=names)


def samples_for(exercise: Exercise, texts: Mapping[Side, str], today: date, *, is_for_one: bool) -> Samples:
    """Answer a whole exercise for both, part by part; `texts`: what stands for a text of each side.

    Parts before the one that asks are open, as they are for a couple that has shared them.
    """
    found = Samples()
    for stage in exercise.stages:
        seen = Samples(found.own, dict(found.open), found.joint)
        for prompt in exercise.of_stage(stage):
            for side in SIDES:
                known = seen.known(side, {})
                asked = questions_of(exercise, prompt, known, is_for_one=is_for_one)
                answers = {one.id: _value(one, side, texts[side], today) for one in asked}
                _note(found, prompt, side, {name: one for name, one in answers.items() if one is not None})
    return found


def until(exercise: Exercise, samples: Samples, last_stage: int) -> Samples:
    """Leave out what is open only after a part."""
    later = {prompt.id for prompt in exercise.prompts if prompt.stage > last_stage}
    shown = {key: value for key, value in samples.open.items() if key[1].partition(".")[0] not in later}
    return replace(samples, open=shown)


def _note(found: Samples, prompt: Prompt, side: Side, answers: Mapping[str, object]) -> None:
    for name, value in answers.items():
        if prompt.is_joint:
            found.joint.setdefault(name, value)
            continue
        found.own[side, name] = value
        if prompt.share is Scope.REVEAL:
            found.open[side, name] = value


def _value(question: Question, side: Side, text: str, today: date) -> object:
    prompt, is_second = question.prompt, side == "b"
    plain = {
        FieldType.SHORT_TEXT: text,
        FieldType.LONG_TEXT: f"{text} (1)\n{text} (2)" if prompt.lines else text,
        FieldType.DATE: (today + SOON).isoformat(),
        FieldType.YES_NO_UNSURE: "unsure" if is_second else "yes",
    }
    if prompt.type in RANGES:
        low, high = RANGES[prompt.type]
        return max(high - 1 - is_second, low)
    return plain[prompt.type] if prompt.type in plain else _chosen(question, is_second=is_second)


def _chosen(question: Question, *, is_second: bool) -> object:
    prompt, slugs = question.prompt, [option.slug for option in question.options]
    if prompt.type is FieldType.MONEY_RANGE:
        return slugs[min(int(is_second), len(slugs) - 1)] if slugs else None
    if prompt.type is FieldType.RANKING:
        chosen = slugs[: question.places]
        return (chosen[::-1] if is_second else chosen) or None
    number = max(prompt.least, min(prompt.most or 2, 2))
    return slugs[int(is_second) : number + is_second] or slugs[:number] or None
