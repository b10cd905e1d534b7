"""What assigning needs to know of published questionnaires: those of which the practice has the words."""

from collections.abc import Sequence
from uuid import UUID

from portal.homework.models import Assignment, TaskKind
from portal.homework.registry import Catalogue, StageFacts, Task
from portal.homework.rules import Gate
from portal.measures.definition import keys
from portal.measures.queries import current_wordings
from portal.psychometrics.instrument import Instrument
from portal.transaction import current_session

ONLY_STAGE = (StageFacts(number=1, has_reveal=False, has_joint=False),)


def tasks(_person_id: UUID | None) -> Sequence[Task]:
    """List the questionnaires that can be given: nothing without words. One statement."""
    found = current_wordings(current_session())
    return [task_for(key, str(found[key.id].version)) for key in keys().values() if key.id in found]


def find_task(task_id: str, version: str) -> Task:
    """Give the facts about a questionnaire in the version of words that was given. Raises LookupError."""
    return task_for(keys()[task_id], version)


def task_for(key: Instrument, version: str) -> Task:
    """Say of a questionnaire what lists and rules need. Nothing of it is ever opened to the partner."""
    return Task(
        kind=TaskKind.MEASURE, id=key.id, version=version, title=key.title, purpose=key.measures, minutes=key.minutes,
        gate=Gate.THERAPIST, stages=ONLY_STAGE, is_for_one=key.is_individual,
    )  # fmt: skip


def is_measure(assignment: Assignment) -> bool:
    """Tell whether an assignment asks for a published questionnaire."""
    return assignment.kind is TaskKind.MEASURE and assignment.task_id in keys()


CATALOGUE = Catalogue(
    tasks=tasks,
    find=find_task,
    work_endpoint="measures.start",
    opened_endpoint="measures.start",
    desk_endpoint="measures.desk",
    words_of=lambda _task, _version, _prompt, _value: None,  # no summary may quote an answer or a score
)
