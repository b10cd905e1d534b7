"""The page of the process note: opened only after a fresh proof, saved at any time, so that no typed word is lost."""

from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask.typing import ResponseReturnValue

from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.clock import utc_now
from portal.meetings.forms import NoteForm
from portal.meetings.models import Meeting
from portal.meetings.process_notes import find_process_note, write_process_note
from portal.meetings.queries import get_meeting
from portal.meetings.rules import SavedElsewhere
from portal.meetings.views.frame import blueprint, frame
from portal.security.gate import is_fresh, requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.security.viewer import Member
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.get("/meetings/<uuid:meeting_id>/process-note")
@requires(Permission.MEETINGS_PROCESS_NOTE_READ)
def process_note(meeting_id: UUID) -> ResponseReturnValue:
    """Open the process note to its author."""
    viewer, session = current_member(), current_session()
    meeting, found = get_meeting(session, viewer, meeting_id), find_process_note(session, viewer, meeting_id)
    form = NoteForm(revision=str(found.revision if found else 0), text=found.text if found else "")
    if found is not None:
        audited_read(viewer, Action.PROCESS_NOTE_READ, found)
    return _page(meeting, form, saved_at=found.saved_at if found else None)


@blueprint.post("/meetings/<uuid:meeting_id>/process-note")
@requires(Permission.MEETINGS_PROCESS_NOTE_WRITE, keeps_typed=True)
def save_process_note(meeting_id: UUID) -> ResponseReturnValue:
    """Save the process note; whoever proved who they are long ago gets nothing back but what they typed."""
    viewer, session = current_member(), current_session()
    meeting, form = get_meeting(session, viewer, meeting_id), NoteForm()
    if not form.validate():
        return _page(meeting, form, 422)
    try:
        with transaction() as session:
            write_process_note(
                session, viewer, meeting_id, text=form.text.data, revision=form.seen_revision, now=utc_now()
            )
    except SavedElsewhere:
        return _conflict(viewer, meeting_id, form)
    if is_fresh(viewer):
        return redirect_to(url_for("meetings.process_note", meeting_id=meeting_id))
    meeting = get_meeting(current_session(), viewer, meeting_id)
    return render("meetings/process_note_saved.html", **frame(meeting, "process_note"))


def _conflict(viewer: Member, meeting_id: UUID, form: NoteForm) -> Response:
    """Keep the typed text; show the saved one beside it only to somebody who may open it now."""
    session = current_session()
    meeting, saved = get_meeting(session, viewer, meeting_id), find_process_note(session, viewer, meeting_id)
    if saved is None or not is_fresh(viewer):
        return _page(meeting, form, 409, is_conflict=True)
    audited_read(viewer, Action.PROCESS_NOTE_READ, saved)
    form.revision.data = str(saved.revision)
    return _page(meeting, form, 409, is_conflict=True, saved_elsewhere=saved.text)


def _page(meeting: Meeting, form: NoteForm, status: int = 200, **context: Any) -> Response:
    values = {"saved_at": None, "saved_elsewhere": "", "is_conflict": False, **context}
    return render(
        "meetings/process_note.html", form=form, status=status, **values, **frame(meeting, "process_note")
    )
