"""A library of invented tasks, in place of those of the areas above: what the common pages do must not depend on them."""

from portal.homework.models import TaskKind
from portal.homework.registry import Catalogue, StageFacts, Task
from portal.homework.rules import Gate


def task(
    kind: TaskKind, task_id: str, title: str, gate: Gate, *, is_marked: bool = False, parts: int = 1
) -> Task:
    """Make one invented task; every part of it is opened to both."""
    stages = tuple(
        StageFacts(number, has_reveal=True, has_joint=number > 1) for number in range(1, parts + 1)
    )
    return Task(kind, task_id, "1", title, "To see what is there.", 20, gate, stages, is_marked=is_marked)


TASKS = (
    task(TaskKind.EXERCISE, "values-compass", "Talking about values", Gate.BOTH),
    task(TaskKind.EXERCISE, "two-parts", "In two parts", Gate.BOTH, parts=2),
    task(TaskKind.EXERCISE, "marked", "About money", Gate.THERAPIST, is_marked=True),
    task(TaskKind.TEST, "rrt", "Relationship Readiness Test", Gate.THERAPIST),
    task(TaskKind.EXERCISE, "one-shared-goal", "Choose one shared goal", Gate.BOTH),
)


def catalogue(kind: TaskKind) -> Catalogue:
    """Catalogue the invented tasks of one kind. Their pages are stood in for by addresses of this area."""
    shelf = [one for one in TASKS if one.kind is kind]
    by_id = {one.id: one for one in shelf}
    return Catalogue(
        tasks=lambda _person_id: shelf,
        find=lambda task_id, _version: by_id[task_id],
        work_endpoint="homework.own",
        opened_endpoint="homework.own",
        desk_endpoint="homework.own",
    )
