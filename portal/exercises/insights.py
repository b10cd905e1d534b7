"""What a therapist's page of an exercise says beside the answers: counts, sparks, attainment. Pure; never for the partners."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from portal.exercises.attainment import attainment
from portal.exercises.definition import RANGES, Exercise, FieldType, Prompt, Whose
from portal.exercises.questions import SIDES, Known, Side, questions_of
from portal.homework.rules import Scope

Values = Mapping[tuple[Side, str], object]
SPARK = 4  # of 5: a wish of one that tempts the other (clinical specification, joint-bucket-list)


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each option was chosen where both chose for several things, such as goals that overlap."""

    prompt: Prompt
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Spark:
    """A line of one person that tempts the other."""

    words: str
    owner: Side
    number: int


@dataclass(frozen=True, slots=True)
class Bound:
    """A number that both must reach before it is shown to them, and whether both have."""

    prompt: Prompt
    is_reached: bool


@dataclass(frozen=True, slots=True)
class Attained:
    """T of each rater over the goals rated, and of what both said together; None where nothing was rated."""

    a: float | None
    b: float | None
    together: float | None
    goals: int


@dataclass(frozen=True, slots=True)
class Trend:
    """A number over the rounds of an exercise, the oldest first; None where somebody did not give it."""

    prompt: Prompt
    rounds: tuple[tuple[str, int | None, int | None], ...]

    @property
    def ends(self) -> tuple[int, int]:
        """Give the ends of its scale."""
        return RANGES[self.prompt.type]

    def points(self, side: Side) -> list[tuple[float, float]]:
        """Place one person's numbers in a picture of 300 by 100, the first round on the left."""
        low, high = self.ends
        step = 300 / max(len(self.rounds) - 1, 1)
        numbers = [a if side == "a" else b for _day, a, b in self.rounds]
        return [
            (round(index * step, 1), round(100 - 100 * (number - low) / (high - low), 1))
            for index, number in enumerate(numbers)
            if number is not None
        ]


def tallies_of(exercise: Exercise, known: Known) -> list[Tally]:
    """Count what both chose for several things together."""
    found = []
    for prompt in exercise.prompts:
        if not (prompt.is_joint and prompt.per and prompt.type is FieldType.CHOOSE_MANY):
            continue
        counted: Counter[str] = Counter()
        words: dict[str, str] = {}
        for question in questions_of(exercise, replace(prompt, labels_from=""), known):
            words |= {option.slug: option.text for option in question.options}
            chosen = known.joint.get(question.id)
            counted.update(one for one in (chosen if isinstance(chosen, list) else []) if one in words)
        if counted:
            found.append(
                Tally(prompt, tuple((words[slug], counted[slug]) for slug in words if counted[slug]))
            )
    return found


def sparks_of(exercise: Exercise, values: Values, known: Known) -> list[Spark]:
    """List the lines of each that tempt the other, the most tempting first."""
    found = []
    for prompt in exercise.prompts:
        groups = [exercise.groups[name] for name in prompt.per if name in exercise.groups]
        if not prompt.shown_from or not any(group.whose is Whose.PARTNER for group in groups):
            continue
        for rater in SIDES:
            for question in questions_of(exercise, prompt, replace(known, side=rater)):
                number = values.get((rater, question.id))
                if isinstance(number, int) and number >= SPARK and question.side:
                    found.append(Spark(question.subject, question.side, number))
    return sorted(found, key=lambda one: -one.number)


def bounds_of(exercise: Exercise, values: Values) -> list[Bound]:
    """Tell of each number with a bound for both whether both have reached it, once both have given it."""
    found = []
    for prompt in exercise.prompts:
        numbers = [values.get((side, prompt.id)) for side in SIDES]
        if prompt.shown_from and not prompt.per and all(isinstance(one, int) for one in numbers):
            found.append(
                Bound(prompt, all(isinstance(one, int) and one >= prompt.shown_from for one in numbers))
            )
    return found


def attained_of(exercise: Exercise, values: Values, known: Known) -> Attained | None:
    """Give the attainment of the couple's goals as each sees it and as they said it together; None without any."""
    rated = [prompt for prompt in exercise.prompts if prompt.labels_from]
    if not rated or not known.goals:
        return None

    def levels(prompt: Prompt, given: Mapping[str, object]) -> list[int | None]:
        slugs = [option.slug for option in exercise.options_of(prompt)]
        chosen = [given.get(f"{prompt.id}.{goal.id}") for goal in known.goals]
        return [slugs.index(one[0]) - 2 if isinstance(one, list) and one else None for one in chosen]

    own = next(prompt for prompt in rated if not prompt.is_joint)
    joint = next((prompt for prompt in rated if prompt.is_joint), None)
    by_side = {side: {name: one for (of, name), one in values.items() if of == side} for side in SIDES}
    return Attained(
        attainment(levels(own, by_side["a"])),
        attainment(levels(own, by_side["b"])),
        attainment(levels(joint, known.joint)) if joint else None,
        len(known.goals),
    )


def numbers_for_therapist(exercise: Exercise) -> tuple[Prompt, ...]:
    """List what each rates for the therapist alone, once a round."""
    return tuple(
        prompt
        for prompt in exercise.prompts
        if prompt.share is Scope.THERAPIST and prompt.type in RANGES and not prompt.per
    )


def trends_of(
    exercise: Exercise, rounds: Sequence[tuple[str, Mapping[tuple[Side, str], object]]]
) -> list[Trend]:
    """Put numbers of several rounds (day and values of each, the oldest first) in a line; none for a single round."""
    found = []
    for prompt in numbers_for_therapist(exercise):
        rows = tuple(
            (day, _number(values.get(("a", prompt.id))), _number(values.get(("b", prompt.id))))
            for day, values in rounds
            if any(isinstance(values.get((side, prompt.id)), int) for side in SIDES)
        )
        if len(rows) > 1:
            found.append(Trend(prompt, rows))
    return found


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
