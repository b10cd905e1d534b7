"""What the entries of a diary are: each kind has a keeper, registered by the area that owns the thing.

The diary is below these areas, so it knows their rows only through these functions. Kinds without a keeper are the diary's own.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from portal.diary.models import OccupiedKind
from portal.security.viewer import Member


@dataclass(frozen=True, slots=True)
class About:
    """What an area says about one entry to the therapist whose entry it is.

    `address`: the page of what it is. `is_settled`: agreed, and not still waiting for an answer.
    `is_movable`: the therapist may give it another time. `their_zone`: by which clocks the others read it.
    """

    address: str
    is_settled: bool
    is_movable: bool
    their_zone: str


@dataclass(frozen=True, slots=True)
class Keeper:
    """What an area does for its entries.

    `about`: tells about entries by the ids of their time, as far as the viewer may see them; one statement.
    `move`: gives one another beginning and tells everybody concerned (session, viewer, id, beginning, now); raises SlotTaken,
    NotFound, or another Conflict where it can no longer be moved.
    """

    about: Callable[[Session, Member, Collection[UUID]], Mapping[UUID, About]]
    move: Callable[[Session, Member, UUID, datetime, datetime], None]


_keepers: dict[OccupiedKind, Keeper] = {}


def register_keeper(kind: OccupiedKind, keeper: Keeper) -> None:
    """Say who keeps entries of one kind; called once, when the area's pages are registered."""
    _keepers[kind] = keeper


def find_keeper(kind: OccupiedKind) -> Keeper | None:
    """Give the keeper of a kind; None: the diary itself."""
    return _keepers.get(kind)


def about_entries(
    session: Session, viewer: Member, ids: Mapping[OccupiedKind, Collection[UUID]]
) -> dict[UUID, About]:
    """Let each area tell about its entries, given by kind. One statement a kind that has a keeper and entries."""
    told: dict[UUID, About] = {}
    for kind, keeper in _keepers.items():
        if ids.get(kind):
            told |= keeper.about(session, viewer, ids[kind])
    return told
