"""What can be assigned: each kind has a catalogue, registered by the area that knows it.

This area is below exercises and tests, so it knows them only by these facts and addresses.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.homework.models import TaskKind
from portal.homework.rules import Gate


@dataclass(frozen=True, slots=True)
class StageFacts:
    """One stage of a task. The second opens when the reveal of the first has opened.

    `has_reveal`: something in it is shared with the partner. `has_joint`: something in it is written by both.
    """

    number: int
    has_reveal: bool
    has_joint: bool


@dataclass(frozen=True, slots=True)
class Task:
    """What lists and rules need to know of something that can be assigned.

    `minutes`: an estimate for one person. `is_marked`: not to be assigned to a couple on safety hold. `is_for_one`: given to
    one person alone, and the other never learns that it exists.
    """

    kind: TaskKind
    id: str
    version: str
    title: str
    purpose: str
    minutes: int
    gate: Gate
    stages: tuple[StageFacts, ...]
    is_marked: bool = False
    is_for_one: bool = False


@dataclass(frozen=True, slots=True)
class SmallPart:
    """A part of a task that is enough for a day on which the whole is too much.

    `words`: what it asks, or how much is enough; `endpoint`, `page`: where it is among the person's own pages.
    """

    words: str
    endpoint: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What an area says about its kind of task.

    `tasks`: what a therapist (by the person's id; None: whoever it is) can assign today, in the order of the library. `find`: one version of one task, LookupError if there
    is none. The endpoints are those of a partner at work (`response_id`), of what was opened to both (`response_id`), and
    of the therapist (`assignment_id`).
    `words_of`: says an answer in words for a summary (task, version, prompt, decoded JSON value), None for what no summary
    may quote; without it only plain texts are words. `question_of`: the sentence that was answered, None if unknown.
    `desk_words_of`: says it in words to the therapist who reads it; without it as for a summary.
    `small_part`: finds one (task, version, stage, whether it is for one person alone), None where there is none.
    """

    tasks: Callable[[UUID | None], Sequence[Task]]
    find: Callable[[str, str], Task]
    work_endpoint: str
    opened_endpoint: str
    desk_endpoint: str
    words_of: Callable[[str, str, str, object], str | None] | None = None
    question_of: Callable[[str, str, str], str | None] | None = None
    desk_words_of: Callable[[str, str, str, object], str | None] | None = None
    small_part: Callable[[str, str, int, bool], SmallPart | None] | None = None


_catalogues: dict[TaskKind, Catalogue] = {}


def register_catalogue(kind: TaskKind, catalogue: Catalogue) -> None:
    """Say where tasks of one kind come from; called once, when the area's pages are registered."""
    _catalogues[kind] = catalogue


def catalogue_of(kind: TaskKind) -> Catalogue:
    """Give the catalogue of a kind. KeyError means that an area was not registered: a fault of wiring."""
    return _catalogues[kind]


def task_of(kind: TaskKind, task_id: str, version: str) -> Task:
    """Give the facts about what an assignment asks for, in the version that was given."""
    return catalogue_of(kind).find(task_id, version)


def words_of(kind: TaskKind, task_id: str, version: str, prompt_id: str, value: object) -> str | None:
    """Say an answer (decoded JSON) in words that a summary may quote; None if it may not or has none."""
    catalogue = _catalogues.get(kind)
    if catalogue is not None and catalogue.words_of is not None:
        return catalogue.words_of(task_id, version, prompt_id, value)
    return value if isinstance(value, str) else None


def desk_words_of(kind: TaskKind, task_id: str, version: str, prompt_id: str, value: object) -> str | None:
    """Say an answer (decoded JSON) in words to the therapist who may read it; None if it has none."""
    say = catalogue_of(kind).desk_words_of
    if say is not None:
        return say(task_id, version, prompt_id, value)
    return words_of(kind, task_id, version, prompt_id, value)


def question_of(kind: TaskKind, task_id: str, version: str, prompt_id: str) -> str | None:
    """Give the sentence that an answer belongs to; None if its area does not say."""
    catalogue = _catalogues.get(kind)
    if catalogue is None or catalogue.question_of is None:
        return None
    return catalogue.question_of(task_id, version, prompt_id)


class OfTask:
    """What is told of an assignment by the kind, id and version of its task: the registry knows the rest."""

    __slots__ = ()
    kind: TaskKind
    task_id: str
    task_version: str

    @property
    def task(self) -> Task:
        """Give what the registry knows of it."""
        return task_of(self.kind, self.task_id, self.task_version)

    @property
    def desk_endpoint(self) -> str:
        """Say where the therapist looks at it."""
        return catalogue_of(self.kind).desk_endpoint


def library(person_id: UUID) -> list[Task]:
    """List everything that this therapist can assign, tests first."""
    kinds = sorted(_catalogues, key=lambda kind: kind is not TaskKind.TEST)
    return [task for kind in kinds for task in _catalogues[kind].tasks(person_id)]
