"""Reading one's own part of an exercise, and the people around it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, contains_eager

from portal.couples.models import Couple, Partner, Side
from portal.couples.queries import get_couple, is_of_own_couple, is_treated
from portal.errors import NotFound
from portal.homework.models import Answer, Assignment, JointAnswer, Response
from portal.homework.queries import own_responses
from portal.homework.rules import Scope, Standing, Step
from portal.people.queries import persons_by_id
from portal.security.crypto import MasterKey
from portal.security.viewer import Member


@dataclass(frozen=True, slots=True)
class OwnPart:
    """One's own part, the side on which one stands in the couple, and one's answers by prompt, whatever their scope."""

    response: Response
    side: Side
    rows: dict[str, Answer]

    def side_of(self, person_id: UUID) -> Literal["a", "b"]:
        """Tell the side of one of the two."""
        return "a" if (self.side is Side.A) == (person_id == self.response.person_id) else "b"


@dataclass(frozen=True, slots=True)
class People:
    """Whom sentences about readers name. `names`: by side."""

    couple: Couple
    names: dict[str, str]
    therapist: str


def get_own_part(session: Session, viewer: Member, response_id: UUID) -> OwnPart:
    """Load one's own part with its answers, and which stages have opened. Two statements. Raises NotFound for any other."""
    own = (
        own_responses(viewer)
        .add_columns(Partner.side, Answer)
        .join(
            Partner, and_(Partner.couple_id == Assignment.couple_id, Partner.person_id == Response.person_id)
        )
        .outerjoin(Answer, Answer.response_id == Response.id)
        .where(Response.id == response_id)
        .options(contains_eager(Response.assignment).selectinload(Assignment.openings))
        .execution_options(populate_existing=True)
    )
    found = session.execute(own).all()
    if not found:
        raise NotFound(str(response_id))
    rows = {answer.prompt_id: answer for _response, _side, answer in found if answer is not None}
    return OwnPart(found[0][0], found[0][1], rows)


def own_stages(session: Session, viewer: Member, assignment_id: UUID) -> dict[int, UUID]:
    """Find one's own parts in an assignment by the number of their stage. One statement."""
    found = session.scalars(own_responses(viewer).where(Response.assignment_id == assignment_id))
    return {response.stage: response.id for response in found}


def settled_answers(session: Session, viewer: Member, assignment: Assignment) -> dict[str, JointAnswer]:
    """Load what earlier rounds of the same exercise of the same couple have agreed, the newest of each prompt. One statement.

    Of rounds that were withdrawn nothing counts.
    """
    found = session.scalars(
        select(JointAnswer)
        .join(Assignment, Assignment.id == JointAnswer.assignment_id)
        .where(
            Assignment.couple_id == assignment.couple_id,
            Assignment.kind == assignment.kind,
            Assignment.task_id == assignment.task_id,
            Assignment.standing != Standing.WITHDRAWN,
            Assignment.id != assignment.id,
            Assignment.created_at < assignment.created_at,
            or_(is_of_own_couple(JointAnswer.couple_id, viewer), is_treated(JointAnswer.couple_id, viewer)),
        )
        .order_by(Assignment.created_at, JointAnswer.prompt_id, JointAnswer.revision)
    )
    newest = {answer.prompt_id: answer for answer in found}
    return {name: answer for name, answer in newest.items() if answer.value_sealed is not None}


def rounds_of(
    session: Session, viewer: Member, assignment: Assignment, prompt_ids: Collection[str]
) -> list[tuple[Assignment, Answer]]:
    """Load finished answers to these prompts in all rounds of one exercise of a couple, the oldest first, for its therapist.

    One statement. Nothing private, and of rounds that were withdrawn nothing.
    """
    found = session.execute(
        select(Assignment, Answer)
        .join(Response, Response.assignment_id == Assignment.id)
        .join(Answer, Answer.response_id == Response.id)
        .where(
            _is_round_of(assignment),
            is_treated(Assignment.couple_id, viewer),
            Answer.prompt_id.in_(prompt_ids),
            Answer.scope.in_((Scope.THERAPIST, Scope.REVEAL)),
            Response.step != Step.WRITING,
        )
        .order_by(Assignment.created_at)
    )
    return [(given, answer) for given, answer in found]


def written_in_rounds(
    session: Session, viewer: Member, assignment: Assignment, prompt_ids: Collection[str]
) -> list[JointAnswer]:
    """Load the newest joint answers to these prompts in all rounds of one exercise, for the therapist. One statement."""
    found = session.scalars(
        select(JointAnswer)
        .join(Assignment, Assignment.id == JointAnswer.assignment_id)
        .where(
            _is_round_of(assignment),
            is_treated(JointAnswer.couple_id, viewer),
            JointAnswer.prompt_id.in_(prompt_ids),
        )
        .order_by(JointAnswer.revision)
    )
    return list({(one.assignment_id, one.prompt_id): one for one in found}.values())


def _is_round_of(assignment: Assignment) -> ColumnElement[bool]:
    return and_(
        Assignment.couple_id == assignment.couple_id,
        Assignment.kind == assignment.kind,
        Assignment.task_id == assignment.task_id,
        Assignment.standing != Standing.WITHDRAWN,
    )


def line_coder(session: Session, assignment_id: UUID) -> Callable[[str], str]:
    """Give a way to name lines of this assignment; without the key of the installation nothing can be guessed from a name."""
    keyring: MasterKey = session.info["keyring"]
    return lambda line: keyring.lookup_code(f"line|{assignment_id}|{line}").hex()[:16]


def find_people(session: Session, viewer: Member, couple_id: UUID) -> People | None:
    """Find whom to name; nobody once the couple is closed or the viewer has left it. Two statements, and two for keys."""
    try:
        couple = get_couple(session, viewer, couple_id)
    except NotFound:
        return None
    therapist = persons_by_id(session, {couple.therapist_id})[couple.therapist_id]
    names = {partner.side.value: partner.person.first_name for partner in couple.partners}
    return People(couple, names, therapist.first_name)
