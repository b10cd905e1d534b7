"""The therapist's own thoughts about a meeting: the only module, with its own page, that touches their table.

They have no path to any export, search, summary, document or list, and only their author opens them (45 CFR 164.501).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.errors import NotFound
from portal.meetings.models import Meeting, ProcessNote
from portal.meetings.queries import lock_meeting, visible_to
from portal.meetings.rules import SavedElsewhere
from portal.security.viewer import Member


def find_process_note(session: Session, viewer: Member, meeting_id: UUID) -> ProcessNote | None:
    """Find the viewer's own process note about a meeting of the viewer's own couple. One statement."""
    return session.scalar(
        select(ProcessNote)
        .where(ProcessNote.meeting_id.in_(visible_to(viewer).with_only_columns(Meeting.id)))
        .where(ProcessNote.meeting_id == meeting_id, ProcessNote.author_id == viewer.person_id)
        .execution_options(populate_existing=True)
    )


def write_process_note(
    session: Session, viewer: Member, meeting_id: UUID, *, text: str, revision: int, now: datetime
) -> ProcessNote:
    """Save the process note. `revision`: the one that was opened, 0 for none.

    Raises:
        NotFound: not the viewer's meeting, or another therapist has written one about it.
        SavedElsewhere: it was saved in another window meanwhile; nothing was written.
    """
    lock_meeting(session, viewer, meeting_id)
    note = find_process_note(session, viewer, meeting_id)
    if revision != (note.revision if note else 0):
        raise SavedElsewhere(str(meeting_id))
    if note is None:
        note = _begin(session, viewer, meeting_id)
    note.text, note.saved_at = text, now
    note.revision += 1
    session.flush()
    record_of(session, viewer, Action.PROCESS_NOTE_WRITTEN, note)
    session.flush()
    return note


def _begin(session: Session, viewer: Member, meeting_id: UUID) -> ProcessNote:
    if session.scalar(select(ProcessNote.id).where(ProcessNote.meeting_id == meeting_id)) is not None:
        raise NotFound(str(meeting_id))
    note = ProcessNote(meeting_id=meeting_id, author_id=viewer.person_id, revision=0)
    session.add(note)
    return note
