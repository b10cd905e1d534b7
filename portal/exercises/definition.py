"""What an exercise is made of, and reading one from its data file. Pure.

The vocabulary is that of the clinical specification, section 5. `checking` refuses a file that contradicts itself.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from portal.homework.rules import Scope

GOAL_LEVELS = "goal.levels"  # the five rungs that a couple wrote for a goal


class DefinitionBroken(ValueError):
    """A data file is no exercise. The text names the place and the reason."""


class Mode(StrEnum):
    """How two people go through an exercise."""

    ALONE_PRIVATE = "alone_private"
    ALONE_THEN_REVEAL = "alone_then_reveal"
    TOGETHER = "together"
    ALONE_THEN_TOGETHER = "alone_then_together"


class Safety(StrEnum):
    """Whether an exercise can be given while the therapist's safety hold is on."""

    NONE = "none"
    WITHHOLD_IF_FLAG = "withhold_if_flag"


class FieldType(StrEnum):
    """What an answer looks like."""

    SHORT_TEXT = "short_text"
    LONG_TEXT = "long_text"
    RATING_1_5 = "rating_1_5"
    SCALE_0_10 = "scale_0_10"
    SCALE_1_10 = "scale_1_10"
    CHOOSE_MANY = "choose_many"
    RANKING = "ranking"
    DATE = "date"
    MONEY_RANGE = "money_range"
    YES_NO_UNSURE = "yes_no_unsure"


class GoalType(StrEnum):
    """Whose a goal is: of both, of one who is supported by the other, or a goal that was changed."""

    SHARED = "shared"
    PERSONAL_SUPPORTED = "personal_supported"
    REVISION = "revision"


class Author(StrEnum):
    """The one of the two who alone may write a joint prompt."""

    A = "A"
    B = "B"


class Whose(StrEnum):
    """What a group gathers: one's own answers, open ones of both or of the other alone, or the goals a couple has kept."""

    OWN = "own"
    BOTH = "both"
    PARTNER = "partner"
    GOALS = "goals"


CHOICE_TYPES = frozenset({FieldType.CHOOSE_MANY, FieldType.RANKING, FieldType.MONEY_RANGE})
TEXTS = frozenset({FieldType.SHORT_TEXT, FieldType.LONG_TEXT})
RANGES: Mapping[FieldType, tuple[int, int]] = {
    FieldType.RATING_1_5: (1, 5),
    FieldType.SCALE_0_10: (0, 10),
    FieldType.SCALE_1_10: (1, 10),
}
DEFAULT_LENGTH = {FieldType.SHORT_TEXT: 300, FieldType.LONG_TEXT: 4000}
RENAMED = {
    "required": "is_required", "min": "least", "max": "most", "from": "source", "once": "is_once", "beside": "is_beside",
    "lowest_first": "is_lowest_first",
}  # fmt: skip
LINE_LENGTH = 200  # characters of a line that something else is asked about


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that can be chosen: what is stored, and what is read."""

    slug: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Answers to several prompts, taken together as something to ask about; of a long text each line is one."""

    whose: Whose
    prompts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """One thing that is asked.

    `least`, `most`: how many are chosen, or how many characters a text may have. `lines`: how many lines a long text may have
    that something else asks about. `top`: places of a ranking. `source`: the prompt or group whose answers are chosen from
    here. `options_from`: the prompt with the same options. `guess_of`: the prompt of the partner's that this guesses. `per`:
    prompts or groups for each of whose answers this is asked. `repeat`: asked so often. `is_once`: asked in the first round
    only. `recalls`: beside it stands what was answered to this prompt the last time, as far as that is open to both; of another
    exercise it is named with that one's id, as in `rooting-for-you.offer`. `recalls_of`: whose answers, those of both or of the
    other alone. `is_beside`: stands on the page of the prompt before. `shown_from`: shown to each other only where nobody is below
    this number. `is_lowest_first`: what both rated is sorted by the lower of two ratings, the best first. `labels_from`:
    what words the options of each goal.
    """

    id: str
    type: FieldType
    share: Scope
    text: str
    stage: int = 1
    is_required: bool = False
    least: int = 0
    most: int = 0
    lines: int = 0
    top: int = 0
    options: tuple[Option, ...] = ()
    options_from: str = ""
    source: str = ""
    guess_of: str = ""
    per: tuple[str, ...] = ()
    repeat: int = 0
    author: Author | None = None
    is_once: bool = False
    is_beside: bool = False
    shown_from: int = 0
    is_lowest_first: bool = False
    labels_from: str = ""
    recalls: str = ""
    recalls_of: Whose = Whose.BOTH

    @property
    def has_named_ends(self) -> bool:
        """Whether the sentence itself says what the ends of its scale mean."""
        return self.type is FieldType.RATING_1_5 and " 1 " in self.text

    @property
    def is_joint(self) -> bool:
        """Whether both write one answer."""
        return self.share is Scope.JOINT


@dataclass(frozen=True, slots=True)
class GoalTemplate:
    """What a goal made from this exercise would say.

    `fill`: where the words for each gap of the template come from (see `suggestions`); a gap without is left for the two to
    fill. `levels_from`: the prompt with the five rungs of the goal.
    """

    type: GoalType
    domain: str
    template: str
    fill: Mapping[str, str] = field(default_factory=dict)
    levels_from: str = ""


@dataclass(frozen=True, slots=True)
class Opposed:
    """Answers to one prompt that stand against each other: then what is open begins with a guide to listening."""

    prompt: str
    one: tuple[str, ...]
    other: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exercise:
    """An exercise of the library as printed.

    `therapist`, `partner`, `follow_up`: what the therapist reads about who sees what and how to go on.
    """

    id: str
    version: str
    title: str
    purpose: str
    mode: Mode
    minutes: int
    safety: Safety
    therapist: str
    partner: str
    follow_up: str
    prompts: tuple[Prompt, ...]
    groups: Mapping[str, Group]
    creates_goal: GoalTemplate | None = None
    opposed: Opposed | None = None

    @property
    def is_hidden(self) -> bool:
        """Whether it is given to one person, and the other never learns that it exists."""
        return self.mode is Mode.ALONE_PRIVATE

    @property
    def is_marked(self) -> bool:
        """Whether it is not given to a couple on safety hold, and only the therapist opens it."""
        return self.safety is Safety.WITHHOLD_IF_FLAG

    @property
    def line_to_show(self) -> Prompt | None:
        """The one text of a hidden exercise that its author may choose to show to the other."""
        shown = (prompt for prompt in self.prompts if self.is_hidden and prompt.share is Scope.REVEAL)
        return next(shown, None)

    @property
    def asks_about_goals(self) -> bool:
        """Whether it asks about the goals that the couple has kept."""
        return any(group.whose is Whose.GOALS for group in self.groups.values())

    @property
    def stages(self) -> tuple[int, ...]:
        """The numbers of its stages, from 1."""
        return tuple(sorted({prompt.stage for prompt in self.prompts}))

    def of_stage(self, stage: int) -> tuple[Prompt, ...]:
        """The prompts of one stage in order."""
        return tuple(prompt for prompt in self.prompts if prompt.stage == stage)

    def prompt(self, prompt_id: str) -> Prompt:
        """One prompt. Raises LookupError."""
        found = next((prompt for prompt in self.prompts if prompt.id == prompt_id), None)
        if found is None:
            raise LookupError(prompt_id)
        return found

    def options_of(self, prompt: Prompt) -> tuple[Option, ...]:
        """All options that a prompt can ever offer, its own or those of the prompt that it takes them from.

        None where they are lines that somebody wrote.
        """
        above = prompt.options_from or prompt.source
        if prompt.options or not above or above in self.groups:
            return prompt.options
        return self.options_of(self.prompt(above))

    def recalled_by(self, prompt: Prompt) -> tuple[str, str]:
        """Name what a prompt recalls: the exercise, and the prompt in it."""
        exercise_id, _dot, prompt_id = prompt.recalls.rpartition(".")
        return exercise_id or self.id, prompt_id

    def members(self, name: str) -> tuple[str, ...]:
        """The prompts of a group, or the one prompt that is named."""
        return self.groups[name].prompts if name in self.groups else (name,)

    def is_from_lines(self, prompt: Prompt) -> bool:
        """Whether one chooses here among lines that somebody wrote: each is stored as its own words."""
        if not prompt.source:
            return False
        if prompt.source in self.groups:
            return True
        above = self.prompt(prompt.source)
        return above.type in TEXTS or self.is_from_lines(above)


def read_exercise(text: str) -> Exercise:
    """Read an exercise from TOML as it is written. Raises DefinitionBroken; `checking.load_exercise` also checks its sense."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        raise DefinitionBroken(f"not TOML: {broken}") from broken
    return exercise_from(data)


def exercise_from(data: Mapping[str, Any]) -> Exercise:
    """Make an exercise of what a data file holds. Raises DefinitionBroken."""
    unknown = data.keys() - {"exercise", "prompts", "groups", "creates_goal", "opposed"}
    if unknown:
        raise DefinitionBroken(f"file: unknown {', '.join(sorted(unknown))}")
    try:
        head, goal = dict(data["exercise"]), data.get("creates_goal")
        return Exercise(
            mode=_member(Mode, head.pop("mode"), "exercise"),
            safety=_member(Safety, head.pop("safety"), "exercise"),
            prompts=tuple(_prompt(entry) for entry in data["prompts"]),
            groups={name: _group(name, entry) for name, entry in data.get("groups", {}).items()},
            creates_goal=_goal(goal) if goal else None,
            opposed=_opposed(data["opposed"]) if "opposed" in data else None,
            **head,
        )
    except KeyError as missing:
        raise DefinitionBroken(f"missing: {missing.args[0]}") from missing
    except (TypeError, AttributeError) as wrong:
        raise DefinitionBroken(str(wrong)) from wrong


def data_of(exercise: Exercise) -> dict[str, Any]:
    """Give an exercise as its data file would hold it; `exercise_from` makes the same exercise of it again."""
    head = {
        name: getattr(exercise, name)
        for name in ("id", "version", "title", "purpose", "minutes", "therapist", "partner", "follow_up")
    }
    data: dict[str, Any] = {
        "exercise": {**head, "mode": exercise.mode.value, "safety": exercise.safety.value},
        "prompts": [_entry(prompt) for prompt in exercise.prompts],
    }
    if exercise.groups:
        data["groups"] = {
            name: {"whose": group.whose.value, "prompts": list(group.prompts)}
            for name, group in exercise.groups.items()
        }
    goal, opposed = exercise.creates_goal, exercise.opposed
    if goal is not None:
        entry = {"type": goal.type.value, "domain": goal.domain, "template": goal.template}
        levels = {"levels_from": goal.levels_from} if goal.levels_from else {}
        data["creates_goal"] = {**entry, "fill": dict(goal.fill), **levels}
    if opposed is not None:
        data["opposed"] = {"prompt": opposed.prompt, "one": list(opposed.one), "other": list(opposed.other)}
    return data


def _entry(prompt: Prompt) -> dict[str, Any]:
    """Give a prompt as its data file would hold it, without what says nothing."""
    own_names = {own_name: name for name, own_name in RENAMED.items()}
    entry: dict[str, Any] = {}
    for one in fields(prompt):
        value = getattr(prompt, one.name)
        if value == one.default:
            continue
        if one.name == "options":
            value = {option.slug: option.text for option in value}
        elif one.name == "per":
            value = list(value)
        entry[own_names.get(one.name, one.name)] = value.value if isinstance(value, StrEnum) else value
    return entry


def _prompt(entry: Mapping[str, Any]) -> Prompt:
    data = dict(entry)
    place = f"prompt {data.get('id', '?')}"
    for name, own_name in RENAMED.items():
        if name in data:
            data[own_name] = data.pop(name)
    data["type"] = _member(FieldType, data["type"], place)
    data["share"] = _member(Scope, data["share"], place)
    if "author" in data:
        data["author"] = _member(Author, data["author"], place)
    if "recalls_of" in data:
        data["recalls_of"] = _member(Whose, data["recalls_of"], place)
    data["per"] = tuple(data.get("per", ()))
    data["options"] = tuple(
        Option(slug, words) for slug, words in (data.get("options") or data.pop("bands", {})).items()
    )
    try:
        return Prompt(**data)
    except TypeError as wrong:
        raise DefinitionBroken(f"{place}: {str(wrong).removeprefix('Prompt.__init__() ')}") from wrong


def _group(name: str, entry: Mapping[str, Any]) -> Group:
    return Group(_member(Whose, entry["whose"], f"group {name}"), tuple(entry.get("prompts", ())))


def _goal(entry: Mapping[str, Any]) -> GoalTemplate:
    return GoalTemplate(**{**entry, "type": _member(GoalType, entry["type"], "creates_goal")})


def _opposed(entry: Mapping[str, Any]) -> Opposed:
    return Opposed(entry["prompt"], tuple(entry["one"]), tuple(entry["other"]))


def _member(kind: type[Any], value: object, place: str) -> Any:
    try:
        return kind(value)
    except ValueError as wrong:
        raise DefinitionBroken(f"{place}: {kind.__name__} knows no {value!r}") from wrong
