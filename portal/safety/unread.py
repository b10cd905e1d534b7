"""What is waited on until somebody of the practice has looked at it: each area that keeps such answers registers them here.

The individual questions are one source; the page that gathers areas brings those of others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import CompoundSelect, Select, union_all
from sqlalchemy.orm import Session

from portal.safety.rules import Urgency


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that a client of this therapist answered alone and nobody has read. `about_id`: its row."""

    about_id: UUID
    therapist_id: UUID
    answered_at: datetime
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of such answers. `rows`: id and couple of all that is unread, nothing of the answers. `load`: how it presses."""

    rows: Callable[[], Select[UUID, UUID]]
    load: Callable[[Session], Sequence[Unread]]


_sources: dict[str, Source] = {}


def register_source(name: str, source: Source) -> None:
    """Let these answers be waited on; called once an area."""
    _sources[name] = source


def unread_rows() -> CompoundSelect[UUID, UUID]:
    """Select id and couple of everything unread, for one statement over all sources."""
    return union_all(*(source.rows() for source in _sources.values()))


def load_unread(session: Session) -> list[Unread]:
    """Load everything unread, the oldest first. One statement a source, and one for keys where there is any."""
    found = [one for source in _sources.values() for one in source.load(session)]
    return sorted(found, key=lambda one: (one.answered_at, one.about_id))
