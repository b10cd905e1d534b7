"""What has happened with a couple, in one line of time: sessions, and what was asked, finished, shared and opened.

For the couple's therapist alone. Not one answer is loaded for it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import itemgetter
from uuid import UUID

from portal.couples.models import Couple
from portal.homework.models import TaskKind
from portal.homework.queries import PartLine
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


Entry = tuple[datetime, Happening, str, PartLine | MeetingLine]


def timeline_of(couple: Couple, meetings: Iterable[MeetingLine], lines: Iterable[PartLine]) -> list[Moment]:
    """Put everything into one order, the latest first, at most `MOST_MOMENTS`. No statement."""
    sides = {partner.person_id: partner.side.value for partner in couple.partners}
    entries: list[Entry] = [
        (meeting.starts_at, Happening.SESSION, _side_of(sides, meeting.with_person_id), meeting)
        for meeting in meetings
    ]
    entries += _entries_of(lines, sides)
    entries.sort(key=itemgetter(0, 1, 2), reverse=True)
    return [_moment(*entry) for entry in entries[:MOST_MOMENTS]]


def _entries_of(lines: Iterable[PartLine], sides: Mapping[UUID, str]) -> Iterator[Entry]:
    asked: set[UUID] = set()
    opened: set[tuple[UUID, int]] = set()
    for line in lines:
        if line.assignment_id not in asked:
            asked.add(line.assignment_id)
            yield line.asked_at, Happening.ASKED, _side_of(sides, line.for_person_id), line
        if line.shared_at is not None:
            yield line.shared_at, Happening.SHARED, _side_of(sides, line.person_id), line
        elif line.submitted_at is not None:
            yield line.submitted_at, Happening.FINISHED, _side_of(sides, line.person_id), line
        if line.opened_at is not None and (line.assignment_id, line.stage) not in opened:
            opened.add((line.assignment_id, line.stage))
            yield line.opened_at, Happening.OPENED, BOTH, line


def _side_of(sides: Mapping[UUID, str], person_id: UUID | None) -> str:
    return sides.get(person_id, BOTH) if person_id else BOTH


def _moment(at: datetime, happening: Happening, side: str, of: PartLine | MeetingLine) -> Moment:
    if not isinstance(of, PartLine):
        return Moment(at, happening, side, of.id, number=of.number, zone=of.zone)
    title = task_of(of.kind, of.task_id, of.task_version).title
    return Moment(at, happening, side, of.assignment_id, title, of.kind)
