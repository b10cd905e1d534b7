"""Moving the day of one's own task, and answering what is to become of it. The other never learns of either."""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.clock import utc_now
from portal.homework.models import Response
from portal.homework.overdue import Wish
from portal.homework.queries import lock_for_save
from portal.homework.rules import Course, NoLongerAsked, NotWriting, Step
from portal.people.queries import get_self
from portal.security.viewer import Member
from portal.zones import parse_zone


def wish_of(response: Response) -> Wish:
    """Give the day of one part, and what its author made of it. Needs the assignment loaded."""
    return Wish(response.assignment.due_on, response.moved_to, response.course)


def today_of(session: Session, viewer: Member, now: datetime | None = None) -> date:
    """Give the day by the viewer's own clock. No statement of its own."""
    return (now or utc_now()).astimezone(parse_zone(get_self(session, viewer).zone)).date()


def move_day(session: Session, viewer: Member, response_id: UUID, days: int, *, now: datetime) -> Response:
    """Wish for it by another day, so many days from today; once, without asking.

    Raises NotFound, NoLongerAsked, NotWriting, NothingToMove.
    """

    def move(response: Response) -> None:
        response.moved_to = wish_of(response).move(today_of(session, viewer, now), days)

    return _decide(session, viewer, response_id, move)


def settle_day(
    session: Session, viewer: Member, response_id: UUID, course: Course, *, now: datetime
) -> Response:
    """Keep it without a day, ask to speak about it, put it aside, or take it up again.

    Raises NotFound, NoLongerAsked, NotWriting, NotAsked.
    """

    def settle(response: Response) -> None:
        response.course = wish_of(response).settle(today_of(session, viewer, now), course)

    return _decide(session, viewer, response_id, settle)


def _decide(
    session: Session, viewer: Member, response_id: UUID, decide: Callable[[Response], None]
) -> Response:
    locked = lock_for_save(session, viewer, response_id)
    if not locked.is_asked:
        raise NoLongerAsked(str(response_id))
    if locked.response.step is not Step.WRITING:
        raise NotWriting(str(response_id))
    decide(locked.response)
    record_of(session, viewer, Action.TASK_DAY_CHANGED, locked.response)
    session.flush()
    return locked.response
