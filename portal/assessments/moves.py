"""How a couple's map has moved between the last two times that the test was open to both, for their therapist."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.assessments.catalogue import is_known
from portal.assessments.definition import readiness_test
from portal.assessments.map_view import Lane
from portal.assessments.together import Before, shares_in, together_view
from portal.couples.models import Couple
from portal.homework.models import Assignment
from portal.homework.queries import desk_opened_answers, opened_before
from portal.security.viewer import Member


@dataclass(frozen=True, slots=True)
class Moves:
    """The areas that stand elsewhere than the time before (`before_at`), as both see them."""

    assignment: Assignment
    before_at: datetime
    lanes: tuple[Lane, ...]


def moves_of(
    session: Session, viewer: Member, couple: Couple, assignments: Iterable[Assignment]
) -> Moves | None:
    """Compare the last two openings of the test; None if there are not two.

    `assignments`: all of the couple, the newest first, with openings. Two statements, none if the test never opened.
    """
    test = readiness_test()
    newest = next((one for one in assignments if is_known(one) and one.openings), None)
    if newest is None:
        return None
    before_at, rows = opened_before(session, viewer, newest)
    if before_at is None:
        return None
    view = together_view(
        test,
        couple.partners,
        shares_in(test, desk_opened_answers(session, viewer, newest.id)),
        {},
        before=Before(before_at, shares_in(test, rows)),
    )
    moved = (lane for lane in view.map.lanes if lane.was)
    return Moves(
        newest,
        before_at,
        tuple(one for one in moved if (one.a_step, one.b_step) != (one.a_before, one.b_before)),
    )
