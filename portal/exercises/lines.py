"""One line that somebody chose to show out of an exercise of their own, of which the other never learns.

Three persons act: its author shows it, the therapist opens it, and only then the other reads its words. The other learns of
nothing before that, and afterwards neither what was asked nor when it was answered.
"""

import json
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.couples.holds import find_hold
from portal.couples.queries import is_of_own_couple, is_treated, members_of
from portal.errors import NotFound
from portal.exercises.models import ShownLine
from portal.homework.models import Assignment, Response
from portal.homework.queries import (
    FROZEN,
    get_own_response,
    has_anybody_left,
    is_being_asked,
    lock_assignment,
    own_answers,
)
from portal.homework.rules import AlreadyOpened, NoLongerAsked, NotFinished, OnHold, Standing, Step
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.security.viewer import Member


def own_line(session: Session, viewer: Member, response_id: UUID) -> ShownLine | None:
    """Find what one has shown of one's own part. One statement."""
    return session.scalar(
        select(ShownLine).where(ShownLine.response_id == response_id, ShownLine.author_id == viewer.person_id)
    )


def lines_between(session: Session, viewer: Member) -> list[tuple[ShownLine, Assignment]]:
    """List the lines that are open between the two, those of both, for one of them. One statement and one for keys."""
    found = session.execute(
        select(ShownLine, Assignment)
        .join(Response, Response.id == ShownLine.response_id)
        .join(Assignment, Assignment.id == Response.assignment_id)
        .where(
            is_of_own_couple(ShownLine.couple_id, viewer),
            ShownLine.opened_at.is_not(None),
            ShownLine.hidden_at.is_(None),
            Assignment.standing != Standing.WITHDRAWN,
        )
        .order_by(ShownLine.opened_at, ShownLine.id)
    )
    return [(line, assignment) for line, assignment in found]


def desk_line(session: Session, viewer: Member, assignment_id: UUID) -> ShownLine | None:
    """Find the line that the author of an assignment wants to show, for their therapist. One statement."""
    return session.scalar(
        select(ShownLine)
        .join(Response, Response.id == ShownLine.response_id)
        .where(Response.assignment_id == assignment_id, is_treated(ShownLine.couple_id, viewer))
    )


def show(
    session: Session, viewer: Member, response_id: UUID, prompt_id: str, seen: str, *, now: datetime
) -> ShownLine:
    """Choose to show the answer to one prompt, as it was looked at (`seen`); once more changes nothing.

    Raises NotFound, NotFinished (also when it has changed since), NoLongerAsked.
    """
    response = get_own_response(session, viewer, response_id)
    assignment = lock_assignment(session, response.assignment_id)
    if not is_being_asked(session, assignment, viewer.person_id):
        raise NoLongerAsked(str(response_id))
    shown = own_line(session, viewer, response_id)
    if shown is not None:
        return shown
    answer = own_answers(session, viewer, response_id).get(prompt_id)
    if (
        response.step is not Step.SUBMITTED
        or answer is None
        or answer.value != json.dumps(seen, ensure_ascii=False)
    ):
        raise NotFinished(str(response_id))
    line = ShownLine(
        response_id=response_id,
        couple_id=assignment.couple_id,
        author_id=viewer.person_id,
        shared_at=now,
        words=seen,
    )
    session.add(line)
    session.flush()
    record_of(session, viewer, Action.LINE_SHOWN, line)
    return line


def take_back(session: Session, viewer: Member, response_id: UUID) -> None:
    """Take a line back while the therapist has not opened it. Raises NotFound, AlreadyOpened."""
    line = _own_locked(session, viewer, response_id)
    if line.opened_at is not None:
        raise AlreadyOpened(str(response_id))
    record_of(session, viewer, Action.LINE_TAKEN_BACK, line)
    session.delete(line)
    session.flush()


def hide(session: Session, viewer: Member, response_id: UUID, *, now: datetime) -> None:
    """Show a line no longer; it may have been read. Raises NotFound."""
    line = _own_locked(session, viewer, response_id)
    line.hidden_at = line.hidden_at or now
    record_of(session, viewer, Action.LINE_HIDDEN, line)
    session.flush()


def open_line(session: Session, viewer: Member, assignment_id: UUID, *, now: datetime) -> None:
    """Open a line to the other, as the couple's therapist; both are told, neutrally.

    Raises NotFound, NoLongerAsked, OnHold, AlreadyOpened.
    """
    line = desk_line(session, viewer, assignment_id)
    if line is None:
        raise NotFound(str(assignment_id))
    assignment = lock_assignment(session, assignment_id)
    has_ended = assignment.standing is Standing.WITHDRAWN or assignment.couple.status in FROZEN
    if has_ended or has_anybody_left(session, assignment.couple_id):
        raise NoLongerAsked(str(assignment_id))
    if assignment.held_at is not None or find_hold(session, assignment.couple_id) is not None:
        raise OnHold(str(assignment_id))
    opened = session.execute(
        update(ShownLine)
        .where(ShownLine.id == line.id, ShownLine.opened_at.is_(None), ShownLine.hidden_at.is_(None))
        .values(opened_at=now)
    )
    if not opened.rowcount:  # type: ignore[attr-defined]  # an update has one
        raise AlreadyOpened(str(assignment_id))
    record_of(session, viewer, Action.LINE_OPENED, line)
    for person in members_of(session, assignment.couple_id):
        queue_message(session, person, MessageKind.NEW_ITEM, {"link": "/"}, now=now)
    session.flush()


def _own_locked(session: Session, viewer: Member, response_id: UUID) -> ShownLine:
    response = get_own_response(session, viewer, response_id)
    lock_assignment(session, response.assignment_id)
    found = session.scalar(
        select(ShownLine)
        .where(ShownLine.response_id == response_id, ShownLine.author_id == viewer.person_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(str(response_id))
    return found
