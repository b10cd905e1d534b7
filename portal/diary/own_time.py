"""Writing what a therapist puts into the own diary, and moving whatever lies there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.diary.entries import DiaryEntry, get_entry
from portal.diary.models import OccupiedInterval, OccupiedKind
from portal.diary.registry import find_keeper
from portal.diary.rules import Interval
from portal.diary.service import hold_diary, move_occupied, occupy, release
from portal.errors import Conflict
from portal.security.viewer import Member

CODES = {OccupiedKind.BLOCK: "Own time", OccupiedKind.MEETING: "Session"}


class ChangedMeanwhile(Conflict):
    """The entry is no longer as it was seen: it was moved or changed elsewhere."""


class NotMovable(Conflict):
    """Nobody may give this another time: it ends by itself, is over, or somebody else has to act first."""


def add_own_time(
    session: Session, viewer: Member, kind: OccupiedKind, wanted: Interval, *, now: datetime
) -> OccupiedInterval:
    """Take a time of one's own, whatever visitors may be offered. Raises SlotTaken: something live overlaps."""
    hold_diary(session, viewer.person_id, now)
    row = occupy(
        session, therapist_id=viewer.person_id, starts_at=wanted.start, ends_at=wanted.end, kind=kind, code=CODES[kind]
    )  # fmt: skip
    record_of(session, viewer, Action.DIARY_CHANGED, row)
    return row


def change_own_time(
    session: Session,
    viewer: Member,
    occupied_id: UUID,
    kind: OccupiedKind,
    wanted: Interval,
    *,
    seen: int,
    now: datetime,
) -> None:
    """Give own time another kind, beginning or end. `seen`: its revision when it was read.

    Raises:
        NotFound: not the viewer's own time.
        ChangedMeanwhile: it is no longer as it was seen.
        SlotTaken: something live overlaps; nothing was changed.
    """
    row = _held(session, viewer, occupied_id, seen=seen, now=now).row
    if row.kind is not kind:
        row.kind, row.code = kind, CODES[kind]
    move_occupied(session, row, starts_at=wanted.start, ends_at=wanted.end)
    record_of(session, viewer, Action.DIARY_CHANGED, row)


def remove_own_time(
    session: Session, viewer: Member, occupied_id: UUID, *, seen: int, now: datetime
) -> Interval:
    """Give own time free again, and say which it was. Raises NotFound, ChangedMeanwhile."""
    entry = _held(session, viewer, occupied_id, seen=seen, now=now)
    release(session, entry.row)
    record_of(session, viewer, Action.DIARY_CHANGED, entry.row)
    return entry.interval


def move_entry(
    session: Session, viewer: Member, occupied_id: UUID, starts_at: datetime, *, seen: int, now: datetime
) -> None:
    """Give anything in the diary another beginning; the area that keeps it tells everybody concerned.

    Raises:
        NotFound: not the viewer's.
        NotMovable: it ends by itself, is over, or waits for somebody else.
        ChangedMeanwhile: it is no longer as it was seen.
        SlotTaken: something live overlaps; nothing was changed.
        Conflict: what else its area says.
    """
    hold_diary(session, viewer.person_id, now)
    entry = get_entry(session, viewer, occupied_id, now, is_fresh=True)
    if not entry.is_movable:
        raise NotMovable(str(occupied_id))
    if entry.row.revision != seen:
        raise ChangedMeanwhile(str(occupied_id))
    keeper = find_keeper(entry.kind)
    if keeper is not None:
        keeper.move(session, viewer, occupied_id, starts_at, now)
        return
    move_occupied(session, entry.row, starts_at=starts_at, ends_at=starts_at + entry.length)
    record_of(session, viewer, Action.DIARY_CHANGED, entry.row)


def _held(session: Session, viewer: Member, occupied_id: UUID, *, seen: int, now: datetime) -> DiaryEntry:
    hold_diary(session, viewer.person_id, now)
    entry = get_entry(session, viewer, occupied_id, now, is_fresh=True).only_own()
    if entry.row.revision != seen:
        raise ChangedMeanwhile(str(occupied_id))
    return entry
