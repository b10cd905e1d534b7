"""What the therapist says about single answers, and what of it each of the three may read.

An answer is one person's, or what both wrote. One to a question of a test is open to both once both have shared just that
answer: then its two copies that the shares made stand on the page of both (`SHOWN_ITEM`); the answer itself never does.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.couples.queries import is_of_own_couple, is_treated, members_of
from portal.errors import Conflict, NotFound
from portal.homework.models import Answer, Assignment, Comment, JointAnswer, Opening, Response, TaskKind
from portal.homework.queries import desk_answers, get_assignment, joint_answers, readable_at_desk
from portal.homework.rules import SHOWN, SHOWN_ITEM, Reach, Scope, Standing, Step
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.people.models import Person
from portal.security.viewer import Member

MOST_COMMENTS = 20  # on one answer; more is a conversation, and belongs into the session
MOST_CHARACTERS = 1000
Written = TypeVar("Written", Answer, JointAnswer)
Key = TypeVar("Key", UUID, str)


class NotForThem(Conflict):
    """Who was to read it cannot: the answer is not one that is open to them, nor will be."""


class TooManyComments(Conflict):
    """There are as many comments on this answer as anybody would read."""


@dataclass(frozen=True, slots=True)
class Remarks:
    """What was said about one answer, for one reader. `is_reviewed`: it was talked about in a session, as it stands now.

    `changed_at`: what was said before that is about other words; None where the answer was not written since.
    """

    is_reviewed: bool = False
    comments: tuple[Comment, ...] = field(default=())
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """An answer that can be commented, for the couple's therapist. `is_open`: both partners can read it now."""

    answer: Answer | JointAnswer
    reaches: frozenset[Reach]
    is_open: bool

    @property
    def author_id(self) -> UUID | None:
        """Name whose answer it is; nobody where both wrote it."""
        return self.answer.person_id if isinstance(self.answer, Answer) else None


def find_subject(session: Session, viewer: Member, assignment: Assignment, answer_id: UUID) -> Subject:
    """Find what the couple's therapist may say something about, in an assignment found for the viewer with all its parts.

    Answers that are finished and not private, and each version of what both wrote; neither what a share itself made, nor an
    answer to a published questionnaire, which is shown to nobody as an answer. One statement or two. Raises NotFound.
    """
    if assignment.kind is not TaskKind.MEASURE:
        answers = desk_answers(session, viewer, assignment.id)
        for answer in answers:
            if answer.id == answer_id and not answer.prompt_id.startswith(SHOWN):
                return _subject(assignment, answer, answers)
    if assignment.kind is TaskKind.EXERCISE:
        is_open = assignment.standing is not Standing.WITHDRAWN
        for version in joint_answers(session, viewer, assignment.id):
            if version.id == answer_id:
                return Subject(version, frozenset({Reach.BOTH, Reach.THERAPIST}), is_open)
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

    Raises NotFound, NotForThem, TooManyComments.
    """
    assignment = get_assignment(session, viewer, assignment_id)
    subject = find_subject(session, viewer, assignment, answer_id)
    if reach not in subject.reaches:
        raise NotForThem(str(answer_id))
    about = or_(Comment.answer_id == answer_id, Comment.joint_answer_id == answer_id)
    if (session.scalar(select(func.count()).select_from(Comment).where(about)) or 0) >= MOST_COMMENTS:
        raise TooManyComments(str(answer_id))
    is_joint = isinstance(subject.answer, JointAnswer)
    comment = Comment(
        answer_id=None if is_joint else answer_id, joint_answer_id=answer_id if is_joint else None,
        couple_id=assignment.couple_id, person_id=subject.author_id, written_by_id=viewer.person_id, reach=reach,
        words=words,
    )  # fmt: skip
    session.add(comment)
    record_of(session, viewer, Action.TASK_COMMENTED, comment)
    session.flush()
    for person in _told(session, assignment, subject, reach):
        queue_message(session, person, MessageKind.NEW_ITEM, {"link": "/"}, now=now)
    return comment


def take_comment_back(session: Session, viewer: Member, assignment_id: UUID, comment_id: UUID) -> None:
    """Delete what was said, as the couple's therapist; it may have been read. Raises NotFound."""
    get_assignment(session, viewer, assignment_id)
    comment = session.scalar(
        select(Comment)
        .outerjoin(Answer, Answer.id == Comment.answer_id)
        .outerjoin(Response, Response.id == Answer.response_id)
        .outerjoin(JointAnswer, JointAnswer.id == Comment.joint_answer_id)
        .where(
            Comment.id == comment_id,
            or_(Response.assignment_id == assignment_id, JointAnswer.assignment_id == assignment_id),
        )
    )
    if comment is None:
        raise NotFound(str(comment_id))
    record_of(session, viewer, Action.TASK_COMMENTED, comment, result="taken back")
    session.execute(delete(Comment).where(Comment.id == comment_id))


def comments_on(session: Session, subject: Subject) -> list[Comment]:
    """List what was said about an answer found for the viewer before, or about any version of it. One statement."""
    answer = subject.answer
    about = Comment.answer_id == answer.id
    if isinstance(answer, JointAnswer):
        versions = select(JointAnswer.id).where(
            JointAnswer.assignment_id == answer.assignment_id, JointAnswer.prompt_id == answer.prompt_id
        )
        about = Comment.joint_answer_id.in_(versions)
    return list(session.scalars(select(Comment).where(about).order_by(Comment.created_at, Comment.id)))


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
    return _gathered(rows, lambda answer: answer.id)


def commented_versions(
    session: Session, viewer: Member, assignment_id: UUID
) -> tuple[list[JointAnswer], dict[str, list[Comment]]]:
    """Load every version of what both wrote, the newest last, and what was said by prompt, as their therapist. One statement."""
    rows = session.execute(
        select(JointAnswer, Comment)
        .outerjoin(Comment, Comment.joint_answer_id == JointAnswer.id)
        .where(JointAnswer.assignment_id == assignment_id, is_treated(JointAnswer.couple_id, viewer))
        .order_by(JointAnswer.prompt_id, JointAnswer.revision, Comment.created_at, Comment.id)
    )
    return _gathered(rows, lambda version: version.prompt_id)


def _gathered(
    rows: Iterable[tuple[Written, Comment | None]], by: Callable[[Written], Key]
) -> tuple[list[Written], dict[Key, list[Comment]]]:
    """Give each answer once, in the order of the rows, and the comments on them under what `by` says of each answer."""
    written: dict[UUID, Written] = {}
    comments: dict[Key, list[Comment]] = defaultdict(list)
    for one, comment in rows:
        written[one.id] = one
        if comment is not None:
            comments[by(one)].append(comment)
    return list(written.values()), dict(comments)


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
        found[person_id, prompt_id] = Remarks(is_reviewed, before.comments + more, saved_at)
    return found


def remarks_on_joint(session: Session, viewer: Member, assignment_id: UUID) -> dict[str, Remarks]:
    """Give a partner what was said to both about what both wrote, by prompt, whichever version it was about. One statement."""
    rows = session.execute(
        select(JointAnswer.prompt_id, JointAnswer.saved_at, JointAnswer.reviewed_at, Comment)
        .join(Assignment, Assignment.id == JointAnswer.assignment_id)
        .outerjoin(Comment, and_(Comment.joint_answer_id == JointAnswer.id, Comment.reach == Reach.BOTH))
        .where(
            Assignment.id == assignment_id,
            Assignment.standing != Standing.WITHDRAWN,
            is_of_own_couple(JointAnswer.couple_id, viewer),
        )
        .order_by(JointAnswer.revision, Comment.created_at, Comment.id)
    ).all()
    found: dict[str, Remarks] = {}
    for prompt_id, saved_at, reviewed_at, comment in rows:
        said = found.get(prompt_id, Remarks()).comments + ((comment,) if comment is not None else ())
        is_reviewed = reviewed_at is not None and saved_at <= reviewed_at
        found[prompt_id] = Remarks(is_reviewed, said, saved_at)
    return {prompt_id: one for prompt_id, one in found.items() if one.comments or one.is_reviewed}


def _subject(assignment: Assignment, answer: Answer, answers: Iterable[Answer]) -> Subject:
    shared = {part.id: part.stage for part in assignment.responses if part.step is Step.SHARED}
    if answer.scope is Scope.REVEAL:
        shown = [] if answer.is_withheld else [answer]
        may_open = bool(shown)
    else:
        copy = SHOWN_ITEM + answer.prompt_id
        shown = [one for one in answers if one.prompt_id == copy and one.response_id in shared]
        may_open = {one.person_id for one in shown} == {part.person_id for part in assignment.responses}
    if assignment.for_person_id is not None or not may_open:
        return Subject(answer, frozenset({Reach.AUTHOR, Reach.THERAPIST}), is_open=False)
    opened = {opening.stage for opening in assignment.openings}
    are_open = all(shared.get(one.response_id) in opened for one in shown)
    return Subject(answer, frozenset(Reach), are_open and assignment.standing is not Standing.WITHDRAWN)


def _is_open_to_both(viewer: Member) -> ColumnElement[bool]:
    """Hold for answers that both of the viewer's open couple can read now: themselves, or as copies that both shared."""
    return and_(
        Assignment.for_person_id.is_(None),
        Assignment.standing != Standing.WITHDRAWN,
        is_of_own_couple(Assignment.couple_id, viewer),
        or_(_is_revealed(Answer, Response), _is_shown_by_both()),
    )


def _is_revealed(answer: type[Answer], part: type[Response]) -> ColumnElement[bool]:
    """Hold for an answer that the reveal has opened and nobody keeps or hides (as `queries.opened_answers`)."""
    opened = exists().where(Opening.assignment_id == part.assignment_id, Opening.stage == part.stage)
    return and_(answer.scope == Scope.REVEAL, answer.is_withheld.is_(False), part.step == Step.SHARED, opened)


def _is_shown_by_both() -> ColumnElement[bool]:
    """Hold for an answer of which both persons' shares made a copy that is open now."""
    copy, part = aliased(Answer), aliased(Response)
    showing = (
        select(func.count(func.distinct(copy.person_id)))
        .join(part, part.id == copy.response_id)
        .where(part.assignment_id == Assignment.id, copy.prompt_id == SHOWN_ITEM + Answer.prompt_id)
        .where(_is_revealed(copy, part))
        .correlate(Assignment, Answer)
    )
    return showing.scalar_subquery() == 2  # noqa: PLR2004 - a couple


def _told(session: Session, assignment: Assignment, subject: Subject, reach: Reach) -> list[Person]:
    """Name who can read a comment from now on; nobody of a couple that is closed, nor who has left it."""
    if reach is Reach.THERAPIST:
        return []
    members = members_of(session, assignment.couple_id)
    if reach is Reach.AUTHOR:
        return [one for one in members if one.id == subject.author_id]
    return members if subject.is_open else []
