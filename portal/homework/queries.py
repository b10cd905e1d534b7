"""Reading assignments and answers. Every read starts from what the viewer may see, as of now.

A partner's read never loads a row that is not for that partner: own answers, answers that both wrote, and what the other
has shared once the reveal has opened. The rest is refused where rows are selected, not in templates.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, false, or_, select, true
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload, selectinload

from portal.couples.models import Couple, CoupleStatus, Partner, Side
from portal.couples.queries import CLOSED, is_of_own_couple, is_treated
from portal.errors import NotFound
from portal.homework.models import Answer, Assignment, JointAnswer, KeptPage, Opening, Response, TaskKind
from portal.homework.registry import Task
from portal.homework.rules import Course, Scope, Standing, Step
from portal.security.viewer import Member

FROZEN = (*CLOSED, CoupleStatus.PAUSED)  # nothing is asked of these couples


def own_responses(viewer: Member) -> Select[Response]:
    """Start a read of one's own parts in assignments. One's own words stay one's own, also when the couple is closed."""
    responses = select(Response).join(Response.assignment)
    if not viewer.is_partner or viewer.is_limited:
        return responses.where(false())
    return responses.where(Response.person_id == viewer.person_id)


def get_own_response(session: Session, viewer: Member, response_id: UUID) -> Response:
    """Load one's own part with its assignment and openings. Two statements. Raises NotFound for any other."""
    found = session.scalar(
        own_responses(viewer)
        .where(Response.id == response_id)
        .options(contains_eager(Response.assignment).selectinload(Assignment.openings))
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(str(response_id))
    return found


@dataclass(frozen=True, slots=True)
class Locked:
    """A response locked for a save, on which side its author stands, and whether its answers are asked for at present."""

    response: Response
    side: Side
    is_asked: bool


def lock_for_save(session: Session, viewer: Member, response_id: UUID) -> Locked:
    """Load one's own part for a change of its answers; saves of both partners queue here, and behind a change of the reveal.

    The assignment is locked first, as `lock_assignment` does, so that neither waits for the other in a circle; the part too,
    so that how far it has come is read as it is once the wait is over.
    Asked for: the assignment is open, its stage reached, the couple neither paused nor closed, the viewer not gone.
    One statement. Raises NotFound.
    """
    before = exists().where(Opening.assignment_id == Assignment.id, Opening.stage == Response.stage - 1)
    is_there = exists().where(Couple.id == Assignment.couple_id, Couple.status.not_in(FROZEN))
    is_asked = and_(
        Partner.left_at.is_(None),
        Assignment.standing == Standing.OPEN,
        or_(Response.stage == 1, before),
        is_there,
    )
    found = session.execute(
        own_responses(viewer)
        .add_columns(Partner.side, is_asked)
        .join(
            Partner, and_(Partner.couple_id == Assignment.couple_id, Partner.person_id == Response.person_id)
        )
        .where(Response.id == response_id)
        .options(contains_eager(Response.assignment))
        .with_for_update(of=(Assignment, Response))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound(str(response_id))
    return Locked(found[0], found[1], bool(found[2]))


def newest_of(session: Session, assignment_id: UUID, prompt_ids: Sequence[str]) -> dict[str, JointAnswer]:
    """Load the newest version of joint answers of an assignment that was found for the viewer before. One statement."""
    found = session.scalars(
        select(JointAnswer)
        .where(JointAnswer.assignment_id == assignment_id, JointAnswer.prompt_id.in_(prompt_ids))
        .order_by(JointAnswer.prompt_id, JointAnswer.revision)
        .execution_options(populate_existing=True)
    )
    return {answer.prompt_id: answer for answer in found}


def lock_assignment(session: Session, assignment_id: UUID) -> Assignment:
    """Load an assignment that was found for the viewer before, with couple, parts and openings, for a change of its state.

    Every change of a reveal queues here, so that it opens exactly once; so do a hold of the couple and its closing, so that
    nothing opens after either is acknowledged. Three statements. Raises NotFound.
    """
    found = session.scalar(
        select(Assignment)
        .join(Assignment.couple)
        .where(Assignment.id == assignment_id)
        .with_for_update(of=(Assignment, Couple))
        .options(
            contains_eager(Assignment.couple),
            selectinload(Assignment.responses),
            selectinload(Assignment.openings),
        )
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(str(assignment_id))
    return found


def is_being_asked(session: Session, assignment: Assignment, person_id: UUID) -> bool:
    """Tell whether this person may still work on it: the couple is neither paused nor closed, nobody has left. One statement."""
    is_there = (
        select(Partner.id)
        .join(Couple, Couple.id == Partner.couple_id)
        .where(Partner.couple_id == assignment.couple_id, Partner.person_id == person_id)
        .where(Partner.left_at.is_(None), Couple.status.not_in(FROZEN))
    )
    return assignment.standing is Standing.OPEN and session.scalar(is_there) is not None


def has_anybody_left(session: Session, couple_id: UUID) -> bool:
    """Tell whether one of the two has left: nothing that was shared before is revealed after that (CPL-09). One statement."""
    gone = select(Partner.id).where(Partner.couple_id == couple_id, Partner.left_at.is_not(None)).limit(1)
    return session.scalar(gone) is not None


def is_reachable(response: Response) -> bool:
    """Tell whether its stage may be worked on: the first at once, each later one once the one before has opened."""
    opened = {opening.stage for opening in response.assignment.openings}
    return response.stage == 1 or response.stage - 1 in opened


def own_answers(session: Session, viewer: Member, response_id: UUID) -> dict[str, Answer]:
    """Load one's own answers by prompt, whatever their scope. One statement."""
    found = session.scalars(
        select(Answer)
        .join(Response, Response.id == Answer.response_id)
        .where(Answer.response_id == response_id, Response.person_id == viewer.person_id)
        .order_by(Answer.prompt_id)
    )
    return {answer.prompt_id: answer for answer in found}


def opened_answers(session: Session, viewer: Member, assignment_id: UUID) -> list[Answer]:
    """Load what is open to both partners of one assignment, of both, for one of them. One statement.

    Exactly: scope `reveal`, not withheld, shared and not hidden since, the stage opened, the couple open, the viewer in it.
    """
    is_seen = is_of_own_couple(Assignment.couple_id, viewer)
    return list(session.scalars(_opened(is_seen).where(Assignment.id == assignment_id)))


def desk_opened_answers(session: Session, viewer: Member, assignment_id: UUID) -> list[Answer]:
    """Load the same for the couple's therapist. One statement."""
    is_seen = is_treated(Assignment.couple_id, viewer)
    return list(session.scalars(_opened(is_seen).where(Assignment.id == assignment_id)))


def _opened(is_seen: ColumnElement[bool]) -> Select[Answer]:
    return (
        select(Answer)
        .join(Response, Response.id == Answer.response_id)
        .join(Assignment, Assignment.id == Response.assignment_id)
        .join(Opening, and_(Opening.assignment_id == Assignment.id, Opening.stage == Response.stage))
        .where(
            Assignment.for_person_id.is_(None),
            Assignment.standing != Standing.WITHDRAWN,
            is_seen,
            Answer.scope == Scope.REVEAL,
            Answer.is_withheld.is_(False),
            Response.step == Step.SHARED,
        )
        .order_by(Answer.prompt_id, Answer.person_id)
    )


def readable_at_desk(viewer: Member, assignment_id: UUID) -> Select[Answer]:
    """Start a read of what the couple's therapist may read: finished answers that are not private."""
    return (
        select(Answer)
        .join(Response, Response.id == Answer.response_id)
        .join(Assignment, Assignment.id == Response.assignment_id)
        .where(
            Assignment.id == assignment_id,
            is_treated(Assignment.couple_id, viewer),
            Answer.scope.in_((Scope.THERAPIST, Scope.REVEAL)),
            Response.step != Step.WRITING,
        )
        .order_by(Answer.prompt_id, Answer.person_id)
    )


def desk_answers(session: Session, viewer: Member, assignment_id: UUID) -> list[Answer]:
    """Load what the couple's therapist may read. One statement."""
    return list(session.scalars(readable_at_desk(viewer, assignment_id)))


def joint_answers(session: Session, viewer: Member, assignment_id: UUID) -> list[JointAnswer]:
    """Load every version of what both wrote, the newest of each prompt last, for both and their therapist. One statement."""
    found = session.scalars(
        select(JointAnswer)
        .where(
            JointAnswer.assignment_id == assignment_id,
            or_(is_of_own_couple(JointAnswer.couple_id, viewer), is_treated(JointAnswer.couple_id, viewer)),
        )
        .order_by(JointAnswer.prompt_id, JointAnswer.revision)
    )
    return list(found)


def find_kept_page(session: Session, viewer: Member, response_id: UUID, page: int) -> KeptPage | None:
    """Find what the viewer typed on a page when the sign-in had run out. One statement."""
    return session.scalar(
        select(KeptPage).where(
            KeptPage.response_id == response_id,
            KeptPage.person_id == viewer.person_id,
            KeptPage.page == page,
        )
    )


def visible_assignments(viewer: Member) -> Select[Assignment]:
    """Start a read of assignments as the couple's therapist."""
    return select(Assignment).where(is_treated(Assignment.couple_id, viewer))


def get_assignment(session: Session, viewer: Member, assignment_id: UUID) -> Assignment:
    """Load one assignment with couple, persons, parts and openings, as its therapist. Three statements. Raises NotFound."""
    found = session.scalar(
        visible_assignments(viewer)
        .where(Assignment.id == assignment_id)
        .options(
            joinedload(Assignment.couple).selectinload(Couple.partners).joinedload(Partner.person),
            selectinload(Assignment.responses),
            selectinload(Assignment.openings),
        )
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(str(assignment_id))
    return found


def assignments_of(session: Session, viewer: Member, couple_id: UUID) -> Sequence[Assignment]:
    """List a couple's assignments, the newest first, with parts and openings and not one answer. Three statements."""
    return session.scalars(_assignments_of(viewer, couple_id)).all()


def _assignments_of(viewer: Member, couple_id: UUID) -> Select[Assignment]:
    return (
        visible_assignments(viewer)
        .where(Assignment.couple_id == couple_id)
        .options(selectinload(Assignment.responses), selectinload(Assignment.openings))
        .order_by(Assignment.created_at.desc(), Assignment.id)
    )


def current_assignments(
    session: Session, viewer: Member, couple_id: UUID, *, beside: Collection[UUID] = ()
) -> Sequence[Assignment]:
    """List what a couple is asked at present, and what is named `beside` it, as `assignments_of` does. Three statements."""
    return session.scalars(
        _assignments_of(viewer, couple_id).where(
            or_(Assignment.standing == Standing.OPEN, Assignment.id.in_(beside))
        )
    ).all()


class PartLine(NamedTuple):
    """How far one person came with one stage of an assignment; of its answers nothing. `opened_at`: of its stage."""

    assignment_id: UUID
    kind: TaskKind
    task_id: str
    task_version: str
    asked_at: datetime
    for_person_id: UUID | None
    due_on: date | None
    stage: int
    person_id: UUID
    step: Step
    course: Course
    moved_to: date | None
    submitted_at: datetime | None
    shared_at: datetime | None
    opened_at: datetime | None


def part_lines(session: Session, viewer: Member, couple_id: UUID) -> list[PartLine]:
    """List every part of everything a couple was ever asked, as its therapist, the newest first. One statement.

    As columns: a couple of three years has three hundred, which as objects would cost more than the page they stand on.
    """
    columns = (
        Assignment.id, Assignment.kind, Assignment.task_id, Assignment.task_version, Assignment.created_at,
        Assignment.for_person_id, Assignment.due_on, Response.stage, Response.person_id, Response.step, Response.course,
        Response.moved_to, Response.submitted_at, Response.shared_at, Opening.created_at,
    )  # fmt: skip
    rows = session.execute(
        select(*columns)
        .join(Response, Response.assignment_id == Assignment.id)
        .outerjoin(Opening, and_(Opening.assignment_id == Assignment.id, Opening.stage == Response.stage))
        .where(is_treated(Assignment.couple_id, viewer), Assignment.couple_id == couple_id)
        .order_by(Assignment.created_at.desc(), Assignment.id, Response.stage)
    )
    return [PartLine._make(row) for row in rows]


def find_earlier(session: Session, viewer: Member, assignment: Assignment) -> Assignment | None:
    """Find the time before that the same task was given, and at least one of its persons finished it, as the therapist.

    With its parts. One statement.
    """
    is_finished = exists().where(Response.assignment_id == Assignment.id, Response.step != Step.WRITING)
    found = session.scalars(
        visible_assignments(viewer)
        .where(_is_the_same_earlier(assignment), is_finished)
        .options(joinedload(Assignment.responses))
        .order_by(Assignment.created_at.desc())
        .limit(1)
    )
    return found.unique().one_or_none()


def opened_before(
    session: Session, viewer: Member, assignment: Assignment
) -> tuple[datetime | None, list[Answer]]:
    """Load what of the same task was open to both the time before and still is, and when it opened. One statement.

    For one of the two or their therapist. None and nothing where there was no such time.
    """
    newest = (
        select(Opening.id)
        .join(Assignment, Assignment.id == Opening.assignment_id)
        .where(_is_the_same_earlier(assignment), Opening.stage == 1)
        .order_by(Assignment.created_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    is_seen = or_(is_of_own_couple(Assignment.couple_id, viewer), is_treated(Assignment.couple_id, viewer))
    found = session.execute(
        _opened(is_seen).add_columns(Opening.created_at).where(Opening.id == newest)
    ).all()
    return (found[0][1] if found else None), [answer for answer, _at in found]


def opened_last_time(
    session: Session, viewer: Member, assignment: Assignment, wanted: Collection[tuple[str, str]]
) -> list[tuple[Assignment, datetime, Answer]]:
    """Load what both could read of the last time that tasks were given, and still can: with when it opened. One statement.

    For one of the two. `wanted`: task and prompt, each in whatever version. The last time is the one before `assignment` that
    both were given and that was not withdrawn; where it has not opened, nothing older stands in for it.
    """
    prompts: dict[str, list[str]] = defaultdict(list)
    for task_id, prompt_id in wanted:
        prompts[task_id].append(prompt_id)
    is_wanted = [
        and_(Assignment.id == _last_time(assignment, task_id), Answer.prompt_id.in_(prompt_ids))
        for task_id, prompt_ids in prompts.items()
    ]
    opened = _opened(is_of_own_couple(Assignment.couple_id, viewer)).where(or_(false(), *is_wanted))
    found = session.execute(opened.add_columns(Assignment, Opening.created_at)).all()
    return [(given, opened_at, answer) for answer, given, opened_at in found]


def _last_time(assignment: Assignment, task_id: str) -> ScalarSelect[UUID]:
    earlier = aliased(Assignment)
    return (
        select(earlier.id)
        .where(
            earlier.couple_id == assignment.couple_id,
            earlier.kind == assignment.kind,
            earlier.task_id == task_id,
            earlier.for_person_id.is_(None),
            earlier.created_at < assignment.created_at,
            earlier.standing != Standing.WITHDRAWN,
        )
        .order_by(earlier.created_at.desc(), earlier.id)
        .limit(1)
        .scalar_subquery()
    )


def find_own_earlier(session: Session, viewer: Member, response: Response) -> Response | None:
    """Find one's own finished part of the same task the time before, whoever else was asked. One statement."""
    return session.scalar(
        own_responses(viewer)
        .where(_is_the_same_earlier(response.assignment), Response.stage == response.stage)
        .where(Response.step != Step.WRITING, Response.disowned_at.is_(None))
        .options(contains_eager(Response.assignment))
        .order_by(Assignment.created_at.desc())
        .limit(1)
    )


def _is_the_same_earlier(assignment: Assignment) -> ColumnElement[bool]:
    """The same task in the same version, given to the same couple before; what was withdrawn never happened."""
    return and_(
        Assignment.couple_id == assignment.couple_id,
        Assignment.kind == assignment.kind,
        Assignment.task_id == assignment.task_id,
        Assignment.task_version == assignment.task_version,
        Assignment.created_at < assignment.created_at,
        Assignment.standing != Standing.WITHDRAWN,
    )


def busy_with(session: Session, couple_id: UUID, task: Task, *, but: UUID | None = None) -> set[UUID]:
    """Tell who of a couple, found for the viewer before, has this task open at present. One statement.

    `but`: an assignment that does not count.
    """
    found = session.scalars(
        select(Response.person_id)
        .join(Response.assignment)
        .where(
            Assignment.couple_id == couple_id,
            Assignment.kind == task.kind,
            Assignment.task_id == task.id,
            Assignment.standing == Standing.OPEN,
            Assignment.id != but if but is not None else true(),
        )
    )
    return set(found)
