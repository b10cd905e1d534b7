"""What has happened with a couple, in one line of time: sessions, and what was asked, finished, shared and opened.

For the couple's therapist alone. Not one answer is loaded for it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.couples.models import Couple
from portal.homework.models import Assignment, TaskKind
from portal.homework.registry import task_of
from portal.meetings.queries import MeetingLine

MOST_MOMENTS = 40  # a screen or two; the full lists have pages of their own
BOTH = "both"


class Happening(StrEnum):
    """What sort of moment it was."""

    SESSION = "session"
    ASKED = "asked"
    FINISHED = "finished"
    SHARED = "shared"
    OPENED = "opened"


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry. `side`: "a", "b" or "both"; `title`: of what was asked, empty for a session, which has a `number`."""

    at: datetime
    happening: Happening
    side: str
    subject_id: UUID
    title: str = ""
    kind: TaskKind | None = None
    number: int = 0
    zone: str = ""


def timeline_of(
    couple: Couple, meetings: Iterable[MeetingLine], assignments: Sequence[Assignment]
) -> list[Moment]:
    """Put everything into one order, the latest first, at most `MOST_MOMENTS`. Needs parts and openings loaded."""
    sides = {partner.person_id: partner.side.value for partner in couple.partners}
    moments = [_session(meeting, sides) for meeting in meetings]
    for assignment in assignments:
        moments += _moments_of(assignment, sides)
    moments.sort(key=lambda one: (one.at, one.happening, one.side), reverse=True)
    return moments[:MOST_MOMENTS]


def _session(meeting: MeetingLine, sides: dict[UUID, str]) -> Moment:
    side = sides.get(meeting.with_person_id, BOTH) if meeting.with_person_id else BOTH
    return Moment(
        meeting.starts_at, Happening.SESSION, side, meeting.id, number=meeting.number, zone=meeting.zone
    )


def _moments_of(assignment: Assignment, sides: dict[UUID, str]) -> Iterator[Moment]:
    title = task_of(assignment.kind, assignment.task_id, assignment.task_version).title

    def moment(at: datetime, happening: Happening, side: str) -> Moment:
        return Moment(at, happening, side, assignment.id, title, assignment.kind)

    for_side = sides.get(assignment.for_person_id, BOTH) if assignment.for_person_id else BOTH
    yield moment(assignment.created_at, Happening.ASKED, for_side)
    for response in assignment.responses:
        side = sides.get(response.person_id, BOTH)
        if response.shared_at is not None:
            yield moment(response.shared_at, Happening.SHARED, side)
        elif response.submitted_at is not None:
            yield moment(response.submitted_at, Happening.FINISHED, side)
    for opening in assignment.openings:
        yield moment(opening.created_at, Happening.OPENED, BOTH)
