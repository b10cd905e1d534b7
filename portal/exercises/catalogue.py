"""What assigning and summaries need to know of exercises."""

from collections.abc import Sequence
from uuid import UUID

from portal.exercises.checking import library
from portal.exercises.definition import TEXTS, Exercise, FieldType
from portal.exercises.finding import find_exercise
from portal.exercises.money import priced
from portal.exercises.questions import base_of, pages_of, prompts_of
from portal.exercises.shelf import given_by
from portal.homework.models import TaskKind
from portal.homework.registry import Catalogue, SmallPart, StageFacts, Task
from portal.homework.rules import Gate, Scope
from portal.transaction import current_session


def tasks(person_id: UUID | None) -> Sequence[Task]:
    """List the exercises that a therapist can assign: own ones and colleagues' shared ones first, then the library.

    The library costs no statement; the others one, and one for those that this process has not read yet.
    """
    own = given_by(current_session(), person_id) if person_id is not None else []
    return [_task(exercise) for exercise in (*own, *library())]


def find_task(task_id: str, version: str) -> Task:
    """Give the facts about one version of one exercise. Raises LookupError."""
    return _task(find_exercise(task_id, version))


def question_of(task_id: str, version: str, prompt_id: str) -> str | None:
    """Give the sentence that an answer belongs to; None for what is no prompt of it."""
    try:
        return find_exercise(task_id, version).prompt(base_of(prompt_id)).text
    except LookupError:
        return None


def words_of(task_id: str, version: str, prompt_id: str, value: object) -> str | None:
    """Say an answer in words that a summary may quote: texts and what was chosen, no number.

    Neither an answer that belongs to another one, such as what would help with a goal: alone it says nothing.
    One statement for a sum, which is said in the practice's currency.
    """
    try:
        exercise = find_exercise(task_id, version)
        prompt = exercise.prompt(prompt_id)
    except LookupError:
        return None
    if prompt.type in TEXTS or prompt.type is FieldType.DATE:
        return value if isinstance(value, str) else None
    if prompt.type is FieldType.MONEY_RANGE:
        prompt = priced(current_session(), exercise).prompt(prompt_id)
    words = {option.slug: option.text for option in exercise.options_of(prompt)}
    chosen = value if isinstance(value, list) else [value]
    if exercise.is_from_lines(prompt):
        return ", ".join(one for one in chosen if isinstance(one, str) and one) or None
    return ", ".join(words[slug] for slug in chosen if slug in words) or None


def _task(exercise: Exercise) -> Task:
    return Task(
        kind=TaskKind.EXERCISE,
        id=exercise.id,
        version=exercise.version,
        title=exercise.title,
        purpose=exercise.purpose,
        minutes=exercise.minutes,
        gate=Gate.THERAPIST if exercise.is_marked else Gate.BOTH,
        stages=tuple(_stage(exercise, number) for number in exercise.stages),
        is_marked=exercise.is_marked,
        is_for_one=exercise.is_hidden,
    )


def _stage(exercise: Exercise, number: int) -> StageFacts:
    shares = {prompt.share for prompt in exercise.of_stage(number)}
    return StageFacts(number=number, has_reveal=Scope.REVEAL in shares, has_joint=Scope.JOINT in shares)


def small_part(task_id: str, version: str, stage: int, is_for_one: bool) -> SmallPart | None:
    """Find what is enough for a day on which the whole is too much: the first question of one's own that must be answered.

    Where none must, the first one. None for a part that both write.
    """
    pages = pages_of(prompts_of(find_exercise(task_id, version), stage, is_for_one=is_for_one))
    numbered = [(number, prompt) for number, page in enumerate(pages, start=1) for prompt in page]
    own = [(number, prompt) for number, prompt in numbered if not prompt.is_joint]
    chosen = next((one for one in own if one[1].is_required), own[0] if own else None)
    return SmallPart(chosen[1].text, "exercises.questions", chosen[0]) if chosen else None


CATALOGUE = Catalogue(
    tasks=tasks,
    find=find_task,
    work_endpoint="exercises.start",
    opened_endpoint="exercises.opened",
    desk_endpoint="exercises.desk",
    words_of=words_of,
    question_of=question_of,
    small_part=small_part,
)
