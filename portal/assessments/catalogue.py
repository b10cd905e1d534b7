"""What assigning needs to know of the tests, and the questionnaire behind an assignment."""

from collections.abc import Sequence
from uuid import UUID

from flask_babel import gettext as _

from portal.assessments.definition import Preference, Questionnaire, Statement, readiness_test
from portal.assessments.saying import answer_words
from portal.homework.models import Assignment, TaskKind
from portal.homework.registry import Catalogue, SmallPart, StageFacts, Task
from portal.homework.rules import Gate
from portal.psychometrics.items import check_answer

MINUTES = 10
PURPOSE = "See how far your conversations have got, each alone, and where to go on."


def tasks(_person_id: UUID | None = None) -> Sequence[Task]:
    """List the tests that can be assigned: those whose wording ships with the portal."""
    test = readiness_test()
    return [
        Task(
            kind=TaskKind.TEST,
            id=test.id,
            version=test.version,
            title=test.title,
            purpose=PURPOSE,
            minutes=MINUTES,
            gate=Gate.THERAPIST,  # decision 1: nothing can be told from waiting
            stages=(StageFacts(number=1, has_reveal=True, has_joint=False),),
            is_marked=True,  # not for couples where violence or coercion is a concern
        )
    ]


def find_task(task_id: str, version: str) -> Task:
    """Give the facts about one version of one test. Raises LookupError."""
    found = {(task.id, task.version): task for task in tasks()}
    return found[task_id, version]


def small_part(_task_id: str, _version: str, _stage: int, _is_for_one: bool) -> SmallPart:
    """Say how much is enough for a day on which the whole is too much."""
    return SmallPart(_("One page of it. The rest stays where it is."), "assessments.start")


def question_of(task_id: str, version: str, item_id: str) -> str | None:
    """Give the statement, or the two poles, that an answer belongs to; None for what is no item of the test."""
    item = _item(task_id, version, item_id)
    return str(_(item.text)) if item is not None else None


def desk_words_of(task_id: str, version: str, item_id: str, value: object) -> str | None:
    """Say an answer to the therapist as its author chose it; None for what is no item of the test."""
    item = _item(task_id, version, item_id)
    return answer_words(readiness_test(), item, check_answer(item, value)) if item is not None else None


def _item(task_id: str, version: str, item_id: str) -> Statement | Preference | None:
    test = readiness_test()
    items = test.items if (task_id, version) == (test.id, test.version) else ()
    return next((one for one in items if one.id == item_id), None)


def is_known(assignment: Assignment) -> bool:
    """Tell whether an assignment asks for a test of which the portal has the words."""
    test = readiness_test()
    asked = (assignment.kind, assignment.task_id, assignment.task_version)
    return asked == (TaskKind.TEST, test.id, test.version)


def questionnaire_of(assignment: Assignment) -> Questionnaire:
    """Give the questionnaire that an assignment asks for. Raises LookupError where it asks for none that is known."""
    if not is_known(assignment):
        raise LookupError(str(assignment.id))
    return readiness_test()


CATALOGUE = Catalogue(
    tasks=tasks,
    find=find_task,
    work_endpoint="assessments.start",
    opened_endpoint="assessments.opened",
    desk_endpoint="assessments.desk",
    question_of=question_of,
    desk_words_of=desk_words_of,
    small_part=small_part,
)
