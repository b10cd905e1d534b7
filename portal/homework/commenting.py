"""What the therapist says about single answers, and what of it each of the three may read."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, false, func, or_, select
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.couples.queries import is_of_own_couple, members_of
from portal.errors import Conflict, NotFound
from portal.homework.models import Answer, Assignment, Comment, Opening, Response
from portal.homework.queries import desk_answers, get_assignment, readable_at_desk
from portal.homework.rules import Reach, Scope, Standing, Step
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.people.models import Person
from portal.security.viewer import Member

MOST_COMMENTS = 20  # on one answer; more is a conversation, and belongs into the session
MOST_CHARACTERS = 1000


class AuthorOnly(Conflict):
    """An answer that is never open to the other, so that what is said about it is not either."""


class TooManyComments(Conflict):
    """There are as many comments on this answer as anybody would read."""


@dataclass(frozen=True, slots=True)
class Remarks:
    """What was said about one answer, for one reader. `is_reviewed`: it was talked about in a session, as it stands now."""

    is_reviewed: bool = False
    comments: tuple[Comment, ...] = field(default=())


def reach_of(answer: Answer, assignment: Assignment) -> frozenset[Reach]:
    """Say how far a comment on an answer may reach. Pure."""
    may_open = answer.scope is Scope.REVEAL and not answer.is_withheld and assignment.for_person_id is None
    return frozenset(Reach) if may_open else frozenset({Reach.AUTHOR})


def get_desk_answer(session: Session, viewer: Member, assignment_id: UUID, answer_id: UUID) -> Answer:
    """Find an answer that the couple's therapist may read. One statement. Raises NotFound."""
    for answer in desk_answers(session, viewer, assignment_id):
        if answer.id == answer_id:
            return answer
    raise NotFound(str(answer_id))


def comment_on(
    session: Session,
    viewer: Member,
    assignment_id: UUID,
    answer_id: UUID,
    *,
    words: str,
    reach: Reach,
    now: datetime,
) -> Comment:
    """Say something about a finished answer, as the couple's therapist; whoever can read it now is told, neutrally.

    Raises NotFound, AuthorOnly, TooManyComments.
    """
    assignment = get_assignment(session, viewer, assignment_id)
    answer = get_desk_answer(session, viewer, assignment_id, answer_id)
    if reach not in reach_of(answer, assignment):
        raise AuthorOnly(str(answer_id))
    number = select(func.count()).select_from(Comment).where(Comment.answer_id == answer_id)
    if (session.scalar(number) or 0) >= MOST_COMMENTS:
        raise TooManyComments(str(answer_id))
    comment = Comment(
        answer_id=answer_id, couple_id=assignment.couple_id, person_id=answer.person_id, written_by_id=viewer.person_id,
        reach=reach, words=words,
    )  # fmt: skip
    session.add(comment)
    record_of(session, viewer, Action.TASK_COMMENTED, comment)
    session.flush()
    for person in _told(session, assignment, answer, reach):
        queue_message(session, person, MessageKind.NEW_ITEM, {"link": "/"}, now=now)
    return comment


def take_comment_back(session: Session, viewer: Member, assignment_id: UUID, comment_id: UUID) -> None:
    """Delete what was said, as the couple's therapist; it may have been read. Raises NotFound."""
    get_assignment(session, viewer, assignment_id)
    comment = session.scalar(
        select(Comment)
        .join(Answer, Answer.id == Comment.answer_id)
        .join(Response, Response.id == Answer.response_id)
        .where(Comment.id == comment_id, Response.assignment_id == assignment_id)
    )
    if comment is None:
        raise NotFound(str(comment_id))
    record_of(session, viewer, Action.TASK_COMMENTED, comment, result="taken back")
    session.execute(delete(Comment).where(Comment.id == comment_id))


def commented_answers(
    session: Session, viewer: Member, assignment_id: UUID
) -> tuple[list[Answer], dict[UUID, list[Comment]]]:
    """Load what the couple's therapist may read of an assignment, and what was said about each answer. One statement."""
    rows = session.execute(
        readable_at_desk(viewer, assignment_id)
        .add_columns(Comment)
        .outerjoin(Comment, Comment.answer_id == Answer.id)
        .order_by(Comment.created_at, Comment.id)
    )
    answers: dict[UUID, Answer] = {}
    comments: dict[UUID, list[Comment]] = defaultdict(list)
    for answer, comment in rows:
        answers[answer.id] = answer
        if comment is not None:
            comments[answer.id].append(comment)
    return list(answers.values()), dict(comments)


def remarks_for(session: Session, viewer: Member, assignment_id: UUID) -> dict[tuple[UUID, str], Remarks]:
    """Give a partner what was said about answers of an assignment, by author and prompt. One statement.

    About an own answer: what is for its author and, while the answer is open to both, what is for both and whether it was
    talked about. About the other's: only the latter two.
    """
    is_own = Response.person_id == viewer.person_id
    is_open = _is_open_to_both(viewer)
    rows = session.execute(
        select(Answer.person_id, Answer.prompt_id, Answer.saved_at, Answer.reviewed_at, is_open, Comment)
        .join(Response, Response.id == Answer.response_id)
        .join(Assignment, Assignment.id == Response.assignment_id)
        .outerjoin(
            Comment,
            and_(
                Comment.answer_id == Answer.id,
                or_(and_(is_own, Comment.reach == Reach.AUTHOR), and_(is_open, Comment.reach == Reach.BOTH)),
            ),
        )
        .where(Assignment.id == assignment_id, or_(is_own, is_open) if viewer.is_partner else false())
        .where(or_(Comment.id.is_not(None), and_(is_open, Answer.reviewed_at.is_not(None))))
        .order_by(Comment.created_at, Comment.id)
    ).all()
    found: dict[tuple[UUID, str], Remarks] = {}
    for person_id, prompt_id, saved_at, reviewed_at, open_now, comment in rows:
        before = found.get((person_id, prompt_id), Remarks())
        is_reviewed = bool(open_now) and reviewed_at is not None and saved_at <= reviewed_at
        more = (comment,) if comment is not None else ()
        found[person_id, prompt_id] = Remarks(is_reviewed, before.comments + more)
    return found


def _is_open_to_both(viewer: Member) -> ColumnElement[bool]:
    """Hold for answers that both of the viewer's open couple can read now (as `queries.opened_answers`)."""
    opened = exists().where(Opening.assignment_id == Assignment.id, Opening.stage == Response.stage)
    return and_(
        Assignment.for_person_id.is_(None),
        Assignment.standing != Standing.WITHDRAWN,
        is_of_own_couple(Assignment.couple_id, viewer),
        Answer.scope == Scope.REVEAL,
        Answer.is_withheld.is_(False),
        Response.step == Step.SHARED,
        opened,
    )


def _told(session: Session, assignment: Assignment, answer: Answer, reach: Reach) -> list[Person]:
    """Name who can read a comment from now on; nobody of a couple that is closed, nor who has left it."""
    members = members_of(session, assignment.couple_id)
    if reach is Reach.AUTHOR:
        return [one for one in members if one.id == answer.person_id]
    opened = {opening.stage for opening in assignment.openings}
    part = next(one for one in assignment.responses if one.id == answer.response_id)
    return members if part.stage in opened and part.step is Step.SHARED else []
