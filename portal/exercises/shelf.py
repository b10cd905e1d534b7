"""Reading the exercises that therapists write: one's own, and what colleagues share. No partner reads any of them here."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.couples.queries import is_treated
from portal.errors import NotFound
from portal.exercises import checking
from portal.exercises.definition import Exercise
from portal.exercises.finding import own_name, versions_named
from portal.exercises.models import ExerciseVersion, OwnExercise
from portal.homework.models import Assignment, TaskKind
from portal.security.viewer import Member


class Shelved(NamedTuple):
    """An own exercise, and its newest version; None before there is one."""

    row: OwnExercise
    newest: Exercise | None


def visible_exercises(viewer: Member) -> Select[OwnExercise]:
    """Start a read of own exercises: those that the viewer wrote, and those that colleagues share."""
    return select(OwnExercise).where(_is_seen_by(viewer.person_id))


def _is_seen_by(person_id: UUID) -> ColumnElement[bool]:
    return or_(OwnExercise.author_id == person_id, OwnExercise.shared_at.is_not(None))


def get_own_exercise(
    session: Session, viewer: Member, exercise_id: UUID, *, is_for_change: bool = False
) -> OwnExercise:
    """Load an exercise that the viewer wrote. One statement. Raises NotFound for any other, also for a shared one."""
    rows = select(OwnExercise).where(OwnExercise.id == exercise_id, OwnExercise.author_id == viewer.person_id)
    if is_for_change:
        rows = rows.with_for_update(of=OwnExercise).execution_options(populate_existing=True)
    found = session.scalar(rows)
    if found is None:
        raise NotFound(str(exercise_id))
    return found


def shelf_of(session: Session, viewer: Member) -> list[Shelved]:
    """List what the viewer wrote and what colleagues share, the last changed first. Two statements, and two for keys."""
    rows = session.scalars(
        visible_exercises(viewer)
        .options(joinedload(OwnExercise.author))
        .order_by(OwnExercise.changed_at.desc(), OwnExercise.id)
    ).all()
    found = versions_named(session, [(row.id, row.current) for row in rows if row.current])
    return [Shelved(row, found.get((row.id, row.current))) for row in rows]


def given_by(session: Session, person_id: UUID) -> list[Exercise]:
    """List the own exercises that somebody can give today, in the version of today. One statement, and one for new ones."""
    rows = session.execute(
        select(OwnExercise.id, OwnExercise.current).where(
            _is_seen_by(person_id), OwnExercise.current > 0, OwnExercise.retired_at.is_(None)
        )
    )
    found = versions_named(session, [(exercise_id, number) for exercise_id, number in rows])
    return sorted(found.values(), key=lambda one: one.title.casefold())


def find_readable(session: Session, viewer: Member, task_id: str, version: str) -> Exercise:
    """Give a version that a therapist may look at: of the library, own, shared, or given to a couple of the viewer's.

    Raises NotFound. One statement for an own exercise, and two for what this process has not read yet.
    """
    named = own_name(task_id, version)
    if named is None:
        try:
            return checking.find_exercise(task_id, version)
        except LookupError:
            raise NotFound("exercise") from None
    was_given = exists().where(
        Assignment.kind == TaskKind.EXERCISE,
        Assignment.task_id == str(named[0]),
        Assignment.task_version == str(named[1]),
        is_treated(Assignment.couple_id, viewer),
    )
    may_read = or_(_is_seen_by(viewer.person_id), was_given)
    if session.scalar(select(OwnExercise.id).where(OwnExercise.id == named[0], may_read)) is None:
        raise NotFound("exercise")
    found = versions_named(session, [named])
    if named not in found:
        raise NotFound("exercise")
    return found[named]


def versions_of_exercise(session: Session, row: OwnExercise) -> Sequence[ExerciseVersion]:
    """List the versions of an exercise that was loaded for its viewer before, the newest first. One statement."""
    return session.scalars(
        select(ExerciseVersion)
        .where(ExerciseVersion.exercise_id == row.id)
        .order_by(ExerciseVersion.number.desc())
    ).all()
