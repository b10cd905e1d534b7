"""Writing one's own exercises: drafts that change, versions that never do, and who may give them.

What somebody was given stays what it was: an assignment names a version, and nothing here touches one. A question that asks
something else than in the newest version gets another id, so that no answer is ever read beside words it was not given to.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.errors import Conflict, Invalid, NotFound
from portal.exercises.checking import problems_of
from portal.exercises.definition import data_of
from portal.exercises.drafts import (
    MOST_PROMPTS,
    Draft,
    NewPrompt,
    added,
    as_exercise,
    asks_the_same,
    changed,
    doubled,
    entry_of,
    moved,
    read_draft,
    renamed,
    with_goal,
    with_head,
    without,
    written,
)
from portal.exercises.finding import versions_named
from portal.exercises.models import ExerciseVersion, OwnExercise
from portal.exercises.shelf import get_own_exercise, versions_of_exercise
from portal.practice.queries import get_practice
from portal.security.crypto import MasterKey
from portal.security.viewer import Member


class NotReady(Invalid):
    """The draft contradicts itself, so no version of it can be given."""


class NothingNew(Conflict):
    """The draft says what the newest version says already."""


class ChangedElsewhere(Conflict):
    """Another window has changed the same thing since it was shown."""


class AlreadyGiven(Conflict):
    """There is a version of it, so it can be retired but not removed."""


class TooManyPrompts(Invalid):
    """An exercise asks that much already."""


class Placed(NamedTuple):
    """A question as it was kept: its id, and the draft that it now stands in."""

    prompt_id: str
    draft: Draft


def begin_exercise(session: Session, viewer: Member, draft: Draft, *, now: datetime) -> OwnExercise:
    """Begin an exercise of one's own. One insert."""
    row = OwnExercise(
        practice_id=get_practice(session).id, author_id=viewer.person_id, changed_at=now, draft=written(draft)
    )
    session.add(row)
    session.flush()
    record_of(session, viewer, Action.EXERCISE_CHANGED, row)
    return row


def save_head(
    session: Session, viewer: Member, exercise_id: UUID, head: Mapping[str, Any], *, seen: str, now: datetime
) -> None:
    """Give it another title, purpose and course. Raises NotFound, ChangedElsewhere."""

    def change(draft: Draft) -> Draft:
        return with_head(_as_seen(draft, "exercise", seen, exercise_id), head)

    _change(session, viewer, exercise_id, change, now)


def save_goal(
    session: Session,
    viewer: Member,
    exercise_id: UUID,
    goal: Mapping[str, Any] | None,
    *,
    seen: str,
    now: datetime,
) -> None:
    """Let another goal grow out of it, or none. Raises NotFound, ChangedElsewhere."""

    def change(draft: Draft) -> Draft:
        return with_goal(_as_seen(draft, "creates_goal", seen, exercise_id), goal)

    _change(session, viewer, exercise_id, change, now)


def add_prompt(
    session: Session,
    viewer: Member,
    exercise_id: UUID,
    new: NewPrompt,
    *,
    now: datetime,
) -> Placed:
    """Put a question at the end of its part. Raises NotFound, TooManyPrompts."""
    prompt_id = new_prompt_id()

    def change(draft: Draft) -> Draft:
        _refuse_if_full(draft, exercise_id)
        return added(draft, prompt_id, new)

    return Placed(prompt_id, _change(session, viewer, exercise_id, change, now))


def save_prompt(
    session: Session,
    viewer: Member,
    exercise_id: UUID,
    prompt_id: str,
    new: NewPrompt,
    *,
    seen: str,
    now: datetime,
) -> Placed:
    """Put other words in the place of a question, which gets another id where it asks something else than was given.

    Raises NotFound, ChangedElsewhere.
    """
    row = get_own_exercise(session, viewer, exercise_id, is_for_change=True)
    draft = read_draft(row.draft)
    before = _entry(draft, prompt_id, exercise_id)
    _refuse_if_changed(before, seen, exercise_id)
    after = changed(draft, prompt_id, new)
    given = _given_entry(session, row, prompt_id)
    if given is not None and not asks_the_same(given, entry_of(after, prompt_id)):
        new_id = new_prompt_id()
        after, prompt_id = renamed(after, prompt_id, new_id), new_id
    _keep(session, viewer, row, after, now)
    return Placed(prompt_id, after)


def move_prompt(
    session: Session, viewer: Member, exercise_id: UUID, prompt_id: str, step: int, *, now: datetime
) -> None:
    """Move a question up (-1) or down (1). Raises NotFound."""
    _change(session, viewer, exercise_id, lambda draft: moved(draft, prompt_id, step), now)


def double_prompt(
    session: Session, viewer: Member, exercise_id: UUID, prompt_id: str, *, now: datetime
) -> None:
    """Ask the same once more, below. Raises NotFound, TooManyPrompts."""

    def change(draft: Draft) -> Draft:
        _refuse_if_full(draft, exercise_id)
        return doubled(draft, prompt_id, new_prompt_id())

    _change(session, viewer, exercise_id, change, now)


def remove_prompt(
    session: Session, viewer: Member, exercise_id: UUID, prompt_id: str, *, now: datetime
) -> None:
    """Take a question out, and every mention of it. Raises NotFound."""
    _change(session, viewer, exercise_id, lambda draft: without(draft, prompt_id), now)


def publish_exercise(
    session: Session, viewer: Member, exercise_id: UUID, *, therapist: str, partner: str, now: datetime
) -> int:
    """Make a version that can be given, and that nobody changes; returns its number. `therapist`, `partner`: who reads what.

    Two publishing at once: the second finds nothing new. Raises NotFound, NotReady, NothingNew.
    """
    row = get_own_exercise(session, viewer, exercise_id, is_for_change=True)
    draft, number = read_draft(row.draft), row.current + 1
    exercise = as_exercise(draft, str(row.id), str(number), therapist=therapist, partner=partner)
    if problems_of(exercise):
        raise NotReady(str(exercise_id))
    data = data_of(exercise)
    head = {name: words for name, words in data["exercise"].items() if name not in {"id", "version"}}
    content = written({**data, "exercise": head})
    keyring: MasterKey = session.info["keyring"]
    fingerprint = keyring.lookup_code(f"exercise|{row.id}|{content}")
    newest = next(iter(versions_of_exercise(session, row)), None)
    if newest is not None and newest.fingerprint == fingerprint:
        raise NothingNew(str(exercise_id))
    version = ExerciseVersion(
        practice_id=row.practice_id, exercise_id=row.id, number=number, published_by_id=viewer.person_id,
        fingerprint=fingerprint, content=content,
    )  # fmt: skip
    session.add(version)
    row.current, row.changed_at = number, now
    session.flush()
    record_of(session, viewer, Action.EXERCISE_PUBLISHED, version)
    return number


def share_exercise(session: Session, viewer: Member, exercise_id: UUID, *, now: datetime) -> None:
    """Let colleagues give and copy it, in its newest version. Raises NotFound, NotReady: there is no version yet."""
    row = get_own_exercise(session, viewer, exercise_id, is_for_change=True)
    if not row.current:
        raise NotReady(str(exercise_id))
    row.shared_at = row.shared_at or now
    record_of(session, viewer, Action.EXERCISE_SHARED, row)


def keep_to_oneself(session: Session, viewer: Member, exercise_id: UUID) -> None:
    """Share it no longer; what colleagues gave or copied stays with them. Raises NotFound."""
    row = get_own_exercise(session, viewer, exercise_id, is_for_change=True)
    row.shared_at = None
    record_of(session, viewer, Action.EXERCISE_UNSHARED, row)


def retire_exercise(session: Session, viewer: Member, exercise_id: UUID, *, now: datetime) -> None:
    """Offer it no longer; what was given goes on. Raises NotFound."""
    row = get_own_exercise(session, viewer, exercise_id, is_for_change=True)
    row.retired_at = row.retired_at or now
    record_of(session, viewer, Action.EXERCISE_RETIRED, row)


def offer_again(session: Session, viewer: Member, exercise_id: UUID) -> None:
    """Offer it once more, in its newest version. Raises NotFound."""
    row = get_own_exercise(session, viewer, exercise_id, is_for_change=True)
    row.retired_at = None
    record_of(session, viewer, Action.EXERCISE_OFFERED, row)


def remove_draft(session: Session, viewer: Member, exercise_id: UUID) -> None:
    """Delete what was never published. Raises NotFound, AlreadyGiven."""
    row = get_own_exercise(session, viewer, exercise_id, is_for_change=True)
    if row.current:
        raise AlreadyGiven(str(exercise_id))
    record_of(session, viewer, Action.EXERCISE_REMOVED, row)
    session.delete(row)
    session.flush()


def mark_of(part: object) -> str:
    """Mark how a part of a draft was shown."""
    return hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()[:16]


def new_prompt_id() -> str:
    """Make an id that no question had before: answers are found by it."""
    return f"q{secrets.token_hex(5)}"


def _change(
    session: Session, viewer: Member, exercise_id: UUID, change: Callable[[Draft], Draft], now: datetime
) -> Draft:
    row = get_own_exercise(session, viewer, exercise_id, is_for_change=True)
    try:
        new = change(read_draft(row.draft))
    except LookupError:
        raise NotFound(str(exercise_id)) from None
    _keep(session, viewer, row, new, now)
    return new


def _keep(session: Session, viewer: Member, row: OwnExercise, draft: Draft, now: datetime) -> None:
    row.draft, row.changed_at = written(draft), now
    session.flush()
    record_of(session, viewer, Action.EXERCISE_CHANGED, row)


def _entry(draft: Draft, prompt_id: str, exercise_id: UUID) -> dict[str, Any]:
    try:
        return entry_of(draft, prompt_id)
    except LookupError:
        raise NotFound(str(exercise_id)) from None


def _given_entry(session: Session, row: OwnExercise, prompt_id: str) -> dict[str, Any] | None:
    """Give a question as it stands in the newest version; None where it is not in it."""
    if not row.current:
        return None
    newest = versions_named(session, [(row.id, row.current)])[row.id, row.current]
    return next((one for one in data_of(newest)["prompts"] if one["id"] == prompt_id), None)


def _as_seen(draft: Draft, part: str, seen: str, exercise_id: UUID) -> Draft:
    """Give a draft of which one part is still as it was shown. Raises ChangedElsewhere."""
    _refuse_if_changed(draft.get(part), seen, exercise_id)
    return draft


def _refuse_if_changed(part: object, seen: str, exercise_id: UUID) -> None:
    if mark_of(part) != seen:
        raise ChangedElsewhere(str(exercise_id))


def _refuse_if_full(draft: Draft, exercise_id: UUID) -> None:
    if len(draft["prompts"]) >= MOST_PROMPTS:
        raise TooManyPrompts(str(exercise_id))
