"""Reading one's own part of an exercise, and the people around it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_
from sqlalchemy.orm import Session, contains_eager

from portal.couples.models import Couple, Partner, Side
from portal.couples.queries import get_couple
from portal.errors import NotFound
from portal.homework.models import Answer, Assignment, Response
from portal.homework.queries import own_responses
from portal.people.queries import persons_by_id
from portal.security.viewer import Member


@dataclass(frozen=True, slots=True)
class OwnPart:
    """One's own part, the side on which one stands in the couple, and one's answers by prompt, whatever their scope."""

    response: Response
    side: Side
    rows: dict[str, Answer]


@dataclass(frozen=True, slots=True)
class People:
    """Whom sentences about readers name. `names`: by side."""

    couple: Couple
    names: dict[str, str]
    therapist: str


def get_own_part(
    session: Session, viewer: Member, response_id: UUID, *, with_openings: bool = True
) -> OwnPart:
    """Load one's own part with its answers, and which stages have opened.

    Two statements, one without openings. Raises NotFound for any other.
    """
    assignment = contains_eager(Response.assignment)
    own = (
        own_responses(viewer)
        .add_columns(Partner.side, Answer)
        .join(
            Partner, and_(Partner.couple_id == Assignment.couple_id, Partner.person_id == Response.person_id)
        )
        .outerjoin(Answer, Answer.response_id == Response.id)
        .where(Response.id == response_id)
        .options(assignment.selectinload(Assignment.openings) if with_openings else assignment)
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


def find_people(session: Session, viewer: Member, couple_id: UUID) -> People | None:
    """Find whom to name; nobody once the couple is closed or the viewer has left it. Two statements, and two for keys."""
    try:
        couple = get_couple(session, viewer, couple_id)
    except NotFound:
        return None
    therapist = persons_by_id(session, {couple.therapist_id})[couple.therapist_id]
    names = {partner.side.value: partner.person.first_name for partner in couple.partners}
    return People(couple, names, therapist.first_name)
