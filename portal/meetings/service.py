"""Recording meetings and writing the note. Summaries and process notes have files of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.couples.models import Couple, Partner
from portal.couples.queries import visible_to as couples_visible_to
from portal.errors import NotFound
from portal.meetings.models import Attendance, Meeting, Note, Place, Presence
from portal.meetings.queries import find_note, lock_meeting
from portal.meetings.rules import (
    AlreadyRecorded,
    AlreadySigned,
    NobodyThere,
    NothingToSign,
    SavedElsewhere,
    check_time,
    note_signature,
)
from portal.security.crypto import MasterKey, derived_key
from portal.security.viewer import Member


@dataclass(frozen=True, slots=True)
class NewMeeting:
    """A meeting as its therapist records it. `presences`: who came, by person; `with_person_id`: the one seen alone."""

    starts_at: datetime
    length: timedelta
    zone: str
    place: Place
    presences: Mapping[UUID, Presence]
    with_person_id: UUID | None = None


def record_meeting(
    session: Session, viewer: Member, couple_id: UUID, meeting: NewMeeting, *, now: datetime
) -> Meeting:
    """Record a meeting that has begun; its number follows the last one in the same company.

    Raises:
        NotFound: not the viewer's couple.
        StillToCome, TooLongAgo: the time cannot be right.
        NobodyThere: a person who is not of this couple.
        AlreadyRecorded: this couple has a meeting of that time.
    """
    check_time(meeting.starts_at, now)
    _lock_couple(session, viewer, couple_id)
    persons = set(session.scalars(select(Partner.person_id).where(Partner.couple_id == couple_id)))
    if not {*meeting.presences, meeting.with_person_id or next(iter(persons))} <= persons:
        raise NobodyThere(str(couple_id))
    same_time = select(Meeting.id).where(
        Meeting.couple_id == couple_id, Meeting.starts_at == meeting.starts_at
    )
    if session.scalar(same_time.limit(1)) is not None:
        raise AlreadyRecorded(str(couple_id))
    row = Meeting(
        couple_id=couple_id, therapist_id=viewer.person_id, starts_at=meeting.starts_at, place=meeting.place,
        number=_next_number(session, couple_id, meeting.with_person_id), ends_at=meeting.starts_at + meeting.length,
        zone=meeting.zone, with_person_id=meeting.with_person_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    company = [meeting.with_person_id] if meeting.with_person_id else sorted(meeting.presences)
    session.add_all(
        Attendance(meeting_id=row.id, person_id=person_id, presence=meeting.presences[person_id])
        for person_id in company
    )
    record_of(session, viewer, Action.MEETING_RECORDED, row)
    session.flush()
    return row


def write_note(
    session: Session, viewer: Member, meeting_id: UUID, *, text: str, revision: int, now: datetime
) -> Note:
    """Save the note about a meeting. `revision`: the one that was opened, 0 for none.

    Raises:
        NotFound: not the viewer's meeting.
        AlreadySigned: it can no longer change.
        SavedElsewhere: it was saved in another window meanwhile; nothing was written.
    """
    meeting = lock_meeting(session, viewer, meeting_id)
    note = find_note(session, viewer, meeting_id)
    if note is not None and note.signed_at is not None:
        raise AlreadySigned(str(note.id))
    if revision != (note.revision if note else 0):
        raise SavedElsewhere(str(meeting_id))
    if note is None:
        note = Note(
            meeting_id=meeting_id, couple_id=meeting.couple_id, author_id=viewer.person_id, revision=0
        )
        session.add(note)
    note.text, note.saved_at = text, now
    note.revision += 1
    session.flush()
    record_of(session, viewer, Action.NOTE_WRITTEN, note)
    session.flush()
    return note


def sign_note(session: Session, viewer: Member, meeting_id: UUID, *, revision: int, now: datetime) -> Note:
    """Sign the saved note, which closes it for good: the database refuses any later change (DAT-07).

    Raises:
        NotFound, NothingToSign, AlreadySigned.
        SavedElsewhere: the text is not the one that was read before signing.
    """
    lock_meeting(session, viewer, meeting_id)
    note = find_note(session, viewer, meeting_id)
    if note is None or note.text_sealed is None:
        raise NothingToSign(str(meeting_id))
    if note.signed_at is not None:
        raise AlreadySigned(str(note.id))
    if note.revision != revision:
        raise SavedElsewhere(str(meeting_id))
    note.author_id = viewer.person_id
    note.signed_at, note.signature = now, _signature(session, note, now)
    record_of(session, viewer, Action.NOTE_SIGNED, note)
    session.flush()
    return note


def is_signature_whole(session: Session, note: Note) -> bool:
    """Tell whether a signed note is still what was signed, by whom and when; False also for an unsigned one."""
    if note.signed_at is None or note.signature is None:
        return False
    return note.signature == _signature(session, note, note.signed_at)


def _signature(session: Session, note: Note, signed_at: datetime) -> bytes:
    keyring: MasterKey = session.info["keyring"]
    facts = (
        note.id.hex,
        note.meeting_id.hex,
        note.author_id.hex,
        signed_at.isoformat(timespec="microseconds"),
    )
    return note_signature(derived_key(keyring.audit_key, "note"), facts=facts, sealed=note.text_sealed or b"")


def _lock_couple(session: Session, viewer: Member, couple_id: UUID) -> None:
    mine = couples_visible_to(viewer).where(Couple.id == couple_id, Couple.therapist_id == viewer.person_id)
    if session.scalar(mine.with_for_update()) is None:
        raise NotFound(str(couple_id))


def _next_number(session: Session, couple_id: UUID, with_person_id: UUID | None) -> int:
    latest = select(func.max(Meeting.number)).where(
        Meeting.couple_id == couple_id, Meeting.with_person_id.is_not_distinct_from(with_person_id)
    )
    return (session.scalar(latest) or 0) + 1
