"""What of their homework enters a summary: the one way in, and the leak check on it (CPL-07)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from portal.homework.lines import SummaryLine, standing_lines, summary_lines
from portal.meetings.bands import joint_bands, standing_bands
from portal.meetings.models import Meeting
from portal.meetings.rules import ChosenLine, ChosenMap, LineNotAllowed, SummaryContent, Whom
from portal.security.viewer import Member


@dataclass(frozen=True, slots=True)
class Offered:
    """Everything that may enter the summary of one meeting, as it stands now."""

    lines: tuple[SummaryLine, ...] = ()
    maps: tuple[ChosenMap, ...] = ()

    def stands(self, content: SummaryContent) -> bool:
        """Tell whether all that a summary quotes is offered, word for word."""
        words = {(one.source_id, one.side, one.words) for one in self.lines}
        quoted = {(one.source_id, one.side.value, one.words) for one in content.chosen}
        return quoted <= words and (content.chosen_map is None or content.chosen_map in self.maps)


def offered_for(session: Session, viewer: Member, meeting: Meeting) -> Offered:
    """List what the therapist may choose from. Nothing for a meeting with one partner alone. Four statements, one for keys."""
    if meeting.with_person_id is not None:
        return Offered()
    lines = summary_lines(session, viewer, meeting.couple_id)
    return Offered(tuple(lines), tuple(joint_bands(session, viewer, meeting.couple_id)))


def with_homework(
    content: SummaryContent, lines: Iterable[SummaryLine], shown_map: ChosenMap | None
) -> SummaryContent:
    """Put lines and map into a summary: the one way in.

    Raises TypeError for anything but these exact types (a subclass could carry more), ContentBroken for too many or too
    long lines.
    """
    if shown_map is not None and type(shown_map) is not ChosenMap:
        raise TypeError(f"a {type(shown_map).__name__} is no map")
    return replace(content, chosen=tuple(_chosen(line) for line in lines), chosen_map=shown_map)


def check_homework(session: Session, viewer: Member, meeting: Meeting, content: SummaryContent) -> None:
    """Refuse what the couple's therapist may not quote to both now. Raises LineNotAllowed.

    Four statements and one for keys; none where nothing is quoted.
    """
    if _quotes(content) and not offered_for(session, viewer, meeting).stands(content):
        raise LineNotAllowed(str(meeting.id))


def is_still_allowed(session: Session, meeting: Meeting, content: SummaryContent) -> bool:
    """Tell the same for a job, which has no viewer. Four statements and one for keys; none where nothing is quoted."""
    if not _quotes(content):
        return True
    if meeting.with_person_id is not None:
        return False
    lines = standing_lines(session, meeting.couple_id, [one.source_id for one in content.chosen])
    named: list[UUID] = [content.chosen_map.assignment_id] if content.chosen_map else []
    maps = standing_bands(session, meeting.couple_id, named)
    return Offered(tuple(lines), tuple(maps)).stands(content)


def _quotes(content: SummaryContent) -> bool:
    return bool(content.chosen) or content.chosen_map is not None


def _chosen(line: SummaryLine) -> ChosenLine:
    if type(line) is not SummaryLine:
        raise TypeError(f"a {type(line).__name__} is no line for a summary")
    return ChosenLine(line.source_id, Whom(line.side), line.question, line.words)
