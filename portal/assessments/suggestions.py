"""Which exercise to suggest beside a domain: by its id, because this area does not know the library itself."""

from collections.abc import Iterable

from portal.assessments.definition import Domain
from portal.homework.models import TaskKind
from portal.homework.registry import Task, catalogue_of


def suggested_exercises(domains: Iterable[Domain]) -> dict[str, Task]:
    """Give the exercise that fits each domain, by domain id. Raises LookupError where the library has none of that name."""
    by_id = {task.id: task for task in catalogue_of(TaskKind.EXERCISE).tasks(None)}
    return {domain.id: by_id[domain.exercise_id] for domain in domains}
