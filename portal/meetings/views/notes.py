"""The note about a meeting: writing and signing it."""

from uuid import UUID

from flask import Response, url_for
from flask.typing import ResponseReturnValue

from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.clock import utc_now
from portal.meetings.forms import NoteForm, RevisionForm
from portal.meetings.models import Meeting, Note
from portal.meetings.queries import find_note, get_meeting
from portal.meetings.rules import AlreadySigned, SavedElsewhere
from portal.meetings.service import is_signature_whole, sign_note, write_note
from portal.meetings.views.frame import blueprint, frame
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.security.viewer import Member
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render

CONFLICT = 409


@blueprint.route("/meetings/<uuid:meeting_id>/note", methods=["GET", "POST"])
@requires(Permission.MEETINGS_NOTE_WRITE, keeps_typed=True)
def note(meeting_id: UUID) -> ResponseReturnValue:
    """Write the note about a meeting; a signed one is only read."""
    viewer, session = current_member(), current_session()
    meeting, found = get_meeting(session, viewer, meeting_id), find_note(session, viewer, meeting_id)
    form = NoteForm(revision=str(found.revision if found else 0), text=found.text if found else "")
    if not form.is_submitted():
        if found is not None:
            audited_read(viewer, Action.NOTE_READ, found)
        return _page(meeting, found, form)
    if not form.validate():
        return _page(meeting, found, form, 422)
    try:
        with transaction() as session:
            write_note(
                session, viewer, meeting_id, text=form.text.data, revision=form.seen_revision, now=utc_now()
            )
    except (SavedElsewhere, AlreadySigned):
        return _conflict(viewer, meeting_id, form)
    return redirect_to(url_for("meetings.note", meeting_id=meeting_id))


@blueprint.route("/meetings/<uuid:meeting_id>/note/sign", methods=["GET", "POST"])
@requires(Permission.MEETINGS_NOTE_SIGN)
def sign(meeting_id: UUID) -> ResponseReturnValue:
    """Read the saved note once more, then sign it, which closes it for good."""
    viewer, form = current_member(), RevisionForm()
    if not form.is_submitted():
        return _sign_page(viewer, meeting_id)
    try:
        with transaction() as session:
            sign_note(session, viewer, meeting_id, revision=form.seen_revision, now=utc_now())
    except SavedElsewhere:
        return _sign_page(viewer, meeting_id, CONFLICT)
    return redirect_to(url_for("meetings.note", meeting_id=meeting_id))


def _sign_page(viewer: Member, meeting_id: UUID, status: int = 200) -> Response:
    session = current_session()
    meeting, found = get_meeting(session, viewer, meeting_id), find_note(session, viewer, meeting_id)
    if found is None or found.signed_at is not None:
        return redirect_to(url_for("meetings.note", meeting_id=meeting_id))
    audited_read(viewer, Action.NOTE_READ, found)
    form = RevisionForm(formdata=None, revision=str(found.revision))
    context = {"form": form, "note": found, "is_conflict": status == CONFLICT, **frame(meeting, "note")}
    return render("meetings/sign_note.html", status=status, **context)


def _conflict(viewer: Member, meeting_id: UUID, form: NoteForm) -> Response:
    """Show both texts: the saved one to read, the typed one to go on with."""
    session = current_session()
    meeting, saved = get_meeting(session, viewer, meeting_id), find_note(session, viewer, meeting_id)
    form.revision.data = str(saved.revision if saved else 0)
    return _page(meeting, saved, form, CONFLICT)


def _page(meeting: Meeting, found: Note | None, form: NoteForm, status: int = 200) -> Response:
    is_signed = found is not None and found.signed_at is not None
    return render(
        "meetings/signed_note.html" if is_signed else "meetings/note.html",
        form=form,
        note=found,
        is_whole=found is not None and is_signature_whole(current_session(), found),
        is_conflict=status == CONFLICT,
        status=status,
        **frame(meeting, "note"),
    )
