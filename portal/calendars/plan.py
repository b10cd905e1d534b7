"""Decide what has to happen so that a calendar elsewhere shows our entries as they are. Pure.

Our diary is the truth. What somebody changed elsewhere without our doing becomes a question, never an act.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.calendars.rules import FoundChange, OwnTime


@dataclass(frozen=True, slots=True)
class OurEntry:
    """One entry of the diary as it should be shown; `written_revision`: what was written last, None: nothing yet."""

    occupied_id: UUID
    starts_at: datetime
    ends_at: datetime
    revision: int
    is_gone: bool
    written_revision: int | None


@dataclass(frozen=True, slots=True)
class Write:
    """Put our entry there. `etag`: of what lies there now; None: nothing does."""

    entry: OurEntry
    etag: str | None


@dataclass(frozen=True, slots=True)
class Erase:
    """Take our entry away there; `etag`: None if nothing lies there any more."""

    entry: OurEntry
    etag: str | None


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the therapist about a change that somebody made there."""

    entry: OurEntry
    change: FoundChange
    found: OwnTime | None


Step = Write | Erase | Ask


def steps(
    entries: Sequence[OurEntry], etags: Mapping[UUID, str], times: Mapping[UUID, OwnTime]
) -> list[Step]:
    """List what to do. `etags`: of our entries that lie there; `times`: when they take place there."""
    found = (_step(entry, etags.get(entry.occupied_id), times.get(entry.occupied_id)) for entry in entries)
    return [step for step in found if step is not None]


def _step(entry: OurEntry, etag: str | None, there: OwnTime | None) -> Step | None:
    if entry.is_gone:
        return Erase(entry, etag) if entry.written_revision is not None else None
    if entry.written_revision != entry.revision:
        return Write(entry, etag)
    if there is None:
        return Ask(entry, FoundChange.DELETED, None)
    if there != OwnTime(entry.starts_at, entry.ends_at):
        return Ask(entry, FoundChange.MOVED, there)
    return None
