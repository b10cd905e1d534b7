"""Finding an exercise by name and version: one of the library, or one that a therapist wrote.

A version of an own exercise is never changed, so each process reads it once and keeps it. An own exercise is named by its
id. Who may see one is decided where it is asked for: an assignment was given by somebody who could.
"""

import re
from collections import OrderedDict
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from portal.exercises import checking
from portal.exercises.definition import Exercise
from portal.exercises.drafts import as_exercise, read_draft
from portal.exercises.models import ExerciseVersion
from portal.transaction import current_session

MOST_KEPT = 500
NUMBER = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
Named = tuple[UUID, int]

_kept: OrderedDict[Named, Exercise] = OrderedDict()


def find_exercise(task_id: str, version: str) -> Exercise:
    """Find one version of one exercise. Raises LookupError.

    Costs nothing for the library and for what this process has read before; otherwise a statement, and one for the key.
    """
    named = own_name(task_id, version)
    if named is None:
        return checking.find_exercise(task_id, version)
    found = versions_named(current_session(), [named])
    if named not in found:
        raise LookupError(task_id)
    return found[named]


def versions_named(session: Session, names: Collection[Named]) -> dict[Named, Exercise]:
    """Give versions of own exercises, those that exist. One statement for all that are not kept yet, and one for the key."""
    found = {name: _kept[name] for name in names if name in _kept}
    unknown = [name for name in names if name not in found]
    if unknown:
        rows = session.scalars(
            select(ExerciseVersion).where(
                tuple_(ExerciseVersion.exercise_id, ExerciseVersion.number).in_(unknown)
            )
        )
        for row in rows.all():
            found[row.exercise_id, row.number] = _keep(row)
    return found


def own_name(task_id: str, version: str) -> Named | None:
    """Read the name of an own exercise; None for one of the library."""
    try:
        return (UUID(task_id), int(version)) if NUMBER.fullmatch(version) else None
    except ValueError:
        return None


def _keep(row: ExerciseVersion) -> Exercise:
    draft = read_draft(row.content)
    head = draft["exercise"]
    exercise = as_exercise(
        draft,
        str(row.exercise_id),
        str(row.number),
        therapist=head["therapist"],
        partner=head["partner"],
    )
    _kept[row.exercise_id, row.number] = exercise
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return exercise
