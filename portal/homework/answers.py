"""Saving answers: small, often, from more than one window, and never one over the other (INP-07)."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from portal.homework.models import Answer, Assignment, JointAnswer, KeptPage, Response
from portal.homework.queries import (
    Locked,
    find_kept_page,
    get_own_response,
    lock_for_save,
    newest_of,
)
from portal.homework.rules import (
    MOST_ANSWER_CHARACTERS,
    MOST_ANSWERS_AT_ONCE,
    AnswerTooLarge,
    NoLongerAsked,
    NotWriting,
    PageMark,
    Scope,
    Seen,
    Step,
    Verdict,
    judge_save,
)
from portal.security.viewer import Member

MOST_KEPT_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class Change:
    """What a page says of one answer: JSON (empty for an emptied field), and the revision that the page had opened.

    `resolves`: the page showed both texts of a conflict, so that this is its author's choice.
    """

    prompt_id: str
    value: str
    scope: Scope
    opened_at: int
    resolves: bool = False


@dataclass(frozen=True, slots=True)
class Saved:
    """The revision of each answer that the page may follow on, which of them another window had changed, and whose they are.

    `assignment`: so that an area can refuse, within the same transaction, what is no task of its own.
    """

    revisions: Mapping[str, int]
    conflicts: frozenset[str]
    assignment: Assignment


def save_answers(
    session: Session,
    viewer: Member,
    response_id: UUID,
    changes: Sequence[Change],
    mark: PageMark,
    *,
    now: datetime,
) -> Saved:
    """Save what has changed on a page of one's own answers; unchanged ones cost nothing.

    Where another window has saved since, nothing is overwritten: this text is kept beside the other until its author
    chooses; the rest of the page is saved all the same. Four statements, one more at the first save of a response.

    Raises:
        NotFound: not one's own.
        NotWriting: finished or shared.
        NoLongerAsked: ended, frozen, or its stage is not open.
        AnswerTooLarge: more than any page holds.
    """
    locked = lock_for_save(session, viewer, response_id)
    asked = [change.prompt_id for change in changes]
    found = session.scalars(
        select(Answer)
        .where(Answer.response_id == response_id, Answer.prompt_id.in_(asked))
        .execution_options(populate_existing=True)
    )
    stored = {answer.prompt_id: answer for answer in found}
    return write_answers(session, locked, stored, changes, mark, now=now)


def write_answers(
    session: Session,
    locked: Locked,
    stored: Mapping[str, Answer],
    changes: Sequence[Change],
    mark: PageMark,
    *,
    now: datetime,
) -> Saved:
    """Save as `save_answers` does, what was locked and read under that lock: `stored`, the answers by prompt. Two statements.

    Raises NotWriting, NoLongerAsked, AnswerTooLarge.
    """
    _check_size(changes)
    _must_be_writable(locked.response.step, is_asked=locked.is_asked)
    revisions: dict[str, int] = {}
    conflicts: set[str] = set()
    for change in changes:
        answer = stored.get(change.prompt_id)
        verdict = judge_save(_seen(answer), opened_at=change.opened_at, mark=mark)
        if answer is None:
            if change.value:
                answer = _new_answer(locked.response, change, mark, now)
                session.add(answer)
        elif verdict is Verdict.WRITE:
            _write(answer, change, mark, now)
        elif verdict is Verdict.CONFLICT and change.value != answer.value:
            answer.other = change.value
            conflicts.add(change.prompt_id)
        revisions[change.prompt_id] = answer.revision if answer else 0
    _finish_save(session, locked.response, now)
    return Saved(_followed(revisions, changes, conflicts), frozenset(conflicts), locked.response.assignment)


def save_joint(
    session: Session,
    viewer: Member,
    response_id: UUID,
    changes: Sequence[Change],
    mark: PageMark,
    *,
    now: datetime,
) -> Saved:
    """Save what has changed on a page that both write, as new versions; those of one visit replace each other.

    A conflict writes nothing: the caller keeps what was typed (`keep_page`) and shows both texts.
    Raises as `save_answers` does.
    """
    locked = lock_for_save(session, viewer, response_id)
    asked = [change.prompt_id for change in changes]
    newest = newest_of(session, locked.response.assignment_id, asked)
    return write_joint(session, locked, newest, changes, mark, now=now)


def write_joint(
    session: Session,
    locked: Locked,
    newest: Mapping[str, JointAnswer],
    changes: Sequence[Change],
    mark: PageMark,
    *,
    now: datetime,
) -> Saved:
    """Save as `save_joint` does, what was locked and read under that lock: `newest`, the last version of each prompt.

    Two statements. Raises NoLongerAsked, AnswerTooLarge.
    """
    _check_size(changes)
    _must_be_writable(Step.WRITING, is_asked=locked.is_asked)
    revisions: dict[str, int] = {}
    conflicts: set[str] = set()
    for change in changes:
        latest = newest.get(change.prompt_id)
        verdict = judge_save(_seen(latest), opened_at=change.opened_at, mark=mark)
        has_changed = change.value != (latest.value if latest else "")
        if has_changed and verdict is Verdict.CONFLICT:
            conflicts.add(change.prompt_id)
        elif has_changed and verdict is Verdict.WRITE:
            latest = _next_version(session, locked.response, latest, change, mark=mark, now=now)
        revisions[change.prompt_id] = latest.revision if latest else 0
    _finish_save(session, locked.response, now)
    return Saved(_followed(revisions, changes, conflicts), frozenset(conflicts), locked.response.assignment)


def keep_page(
    session: Session,
    owner: Member,
    response_id: UUID,
    page: int,
    fields: Mapping[str, list[str]],
    *,
    now: datetime,
) -> KeptPage:
    """Keep what somebody typed on a page that could not be saved, for that same person; a later one replaces it.

    Raises NotFound: not one's own response. AnswerTooLarge.
    """
    text = json.dumps(fields, ensure_ascii=False, sort_keys=True)
    if len(text) > MOST_KEPT_CHARACTERS:
        raise AnswerTooLarge
    get_own_response(session, owner, response_id)
    kept = find_kept_page(session, owner, response_id, page)
    if kept is None:
        kept = KeptPage(response_id=response_id, person_id=owner.person_id, page=page, kept_at=now)
        session.add(kept)
    kept.fields, kept.kept_at = text, now
    session.flush()
    return kept


def kept_fields(kept: KeptPage) -> dict[str, list[str]]:
    """Read what was kept, by the names of the form's fields."""
    fields: dict[str, list[str]] = json.loads(kept.fields)
    return fields


def forget_kept_page(session: Session, viewer: Member, response_id: UUID, page: int) -> None:
    """Drop what was kept, once it is saved or its author has let it go. One statement."""
    session.execute(
        delete(KeptPage).where(
            KeptPage.response_id == response_id, KeptPage.person_id == viewer.person_id, KeptPage.page == page
        )
    )


def _check_size(changes: Sequence[Change]) -> None:
    longest = max((len(change.value) for change in changes), default=0)
    if len(changes) > MOST_ANSWERS_AT_ONCE or longest > MOST_ANSWER_CHARACTERS:
        raise AnswerTooLarge


def _must_be_writable(step: Step, *, is_asked: bool) -> None:
    if not is_asked:
        raise NoLongerAsked
    if step is not Step.WRITING:
        raise NotWriting


def _followed(
    revisions: Mapping[str, int], changes: Sequence[Change], conflicts: Collection[str]
) -> dict[str, int]:
    """Give the revisions that the page may follow on: in a conflict its own, since it has not shown the other text."""
    opened = {one.prompt_id: one.opened_at for one in changes if one.prompt_id in conflicts}
    return {**revisions, **opened}


def _finish_save(session: Session, response: Response, now: datetime) -> None:
    """Note when a part was begun, and write everything."""
    if response.begun_at is None:
        response.begun_at = now
    session.flush()


def _seen(stored: Answer | JointAnswer | None) -> Seen | None:
    return Seen(stored.revision, stored.page_id, stored.serial) if stored else None


def _new_answer(response: Response, change: Change, mark: PageMark, now: datetime) -> Answer:
    return Answer(
        response_id=response.id, person_id=response.person_id, prompt_id=change.prompt_id, scope=change.scope,
        revision=1, page_id=mark.page_id, serial=mark.serial, saved_at=now, value=change.value,
    )  # fmt: skip


def _write(answer: Answer, change: Change, mark: PageMark, now: datetime) -> None:
    if change.resolves and answer.other:
        answer.other = ""
    elif change.value == answer.value:
        if mark.page_id == answer.page_id and mark.serial != answer.serial:
            answer.serial = mark.serial  # so that an earlier save, still under way, does not undo this one
            _update_alike(answer)
        return
    answer.value, answer.saved_at = change.value, now
    answer.page_id, answer.serial = mark.page_id, mark.serial
    answer.revision += 1
    _update_alike(answer)


def _update_alike(answer: Answer) -> None:
    """Let every row of a page be updated in the same columns: the mapper then sends one statement for all of them."""
    for column in ("revision", "page_id", "serial", "saved_at", "value_sealed", "seal_revision"):
        flag_modified(answer, column)


def _next_version(
    session: Session,
    response: Response,
    latest: JointAnswer | None,
    change: Change,
    *,
    mark: PageMark,
    now: datetime,
) -> JointAnswer:
    is_same_visit = latest is not None and (latest.page_id, latest.author_id) == (
        mark.page_id,
        response.person_id,
    )
    if latest is not None and is_same_visit:
        latest.value, latest.saved_at, latest.serial = change.value, now, mark.serial
        return latest
    version = JointAnswer(
        assignment_id=response.assignment_id, couple_id=response.assignment.couple_id, stage=response.stage,
        prompt_id=change.prompt_id, author_id=response.person_id, revision=latest.revision + 1 if latest else 1,
        page_id=mark.page_id, serial=mark.serial, saved_at=now, value=change.value,
    )  # fmt: skip
    session.add(version)
    return version
