"""What a person has written, by who can read it at this moment: for that person's own page."""

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session

from portal.homework.models import Answer, Response
from portal.homework.queries import own_responses
from portal.homework.rules import Scope, Step
from portal.security.viewer import Member


class Circle(StrEnum):
    """Who can read something now, and who will when what happens."""

    ONLY_ME = "only_me"
    THERAPIST = "therapist"
    THERAPIST_LATER = "therapist_later"  # once it is finished
    PARTNER_LATER = "partner_later"  # the therapist now, the partner once it opens
    PARTNER_IF_SHARED = "partner_if_shared"  # the therapist now, the partner if it is shared
    PARTNER_MAYBE = "partner_maybe"  # nobody yet: it is not finished
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Circled:
    """How many answers of one task stand in one circle. For their author alone: the partner learns no number."""

    circle: Circle
    answers: int


def circle_of(scope: Scope, step: Step, *, is_withheld: bool, is_opened: bool) -> Circle:
    """Say who can read an answer now. Pure."""
    if scope is Scope.PRIVATE:
        return Circle.ONLY_ME
    if scope is Scope.REVEAL and not is_withheld and step is not Step.HIDDEN:
        if step is Step.SHARED:
            return Circle.BOTH if is_opened else Circle.PARTNER_LATER
        return Circle.PARTNER_MAYBE if step is Step.WRITING else Circle.PARTNER_IF_SHARED
    return Circle.THERAPIST_LATER if step is Step.WRITING else Circle.THERAPIST


def circles_of(session: Session, viewer: Member, opened: frozenset[UUID]) -> dict[UUID, list[Circled]]:
    """Count one's own answers by who can read them, for each of one's parts. One statement; no answer is loaded.

    `opened`: the parts whose reveal has opened.
    """
    rows = session.execute(
        own_responses(viewer)
        .join(Answer, Answer.response_id == Response.id)
        .where(Answer.value_sealed.is_not(None))
        .with_only_columns(Response.id, Response.step, Answer.scope, Answer.is_withheld, func.count())
        .group_by(Response.id, Response.step, Answer.scope, Answer.is_withheld)
    )
    counted: dict[UUID, dict[Circle, int]] = defaultdict(lambda: defaultdict(int))
    for response_id, step, scope, is_withheld, count in rows:
        circle = circle_of(scope, step, is_withheld=is_withheld, is_opened=response_id in opened)
        counted[response_id][circle] += count
    return {
        response_id: [Circled(circle, circles[circle]) for circle in Circle if circle in circles]
        for response_id, circles in counted.items()
    }
