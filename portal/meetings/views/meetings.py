"""Recording a meeting, and its overview."""

from uuid import UUID

from flask import Response, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.clock import utc_now
from portal.couples.models import Couple
from portal.couples.queries import get_couple
from portal.documents.showing import status_of
from portal.meetings.forms import RecordMeetingForm
from portal.meetings.queries import get_meeting, records_of
from portal.meetings.rules import AlreadyRecorded, StillToCome, TooLongAgo
from portal.meetings.service import NewMeeting, record_meeting
from portal.meetings.views.frame import blueprint, frame
from portal.practice.queries import zone_of
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.security.viewer import Member
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.route("/couples/<uuid:couple_id>/meetings/new", methods=["GET", "POST"])
@requires(Permission.MEETINGS_MEETING_RECORD, keeps_typed=True)
def record(couple_id: UUID) -> ResponseReturnValue:
    """Record a meeting with a couple, after it took place."""
    viewer, session = current_member(), current_session()
    couple, zone = get_couple(session, viewer, couple_id), zone_of(session, viewer.person_id)
    form = RecordMeetingForm()
    form.name_partners(couple.partners)
    if not form.is_submitted():
        return _form_page(form, couple, zone)
    meeting = form.to_meeting(couple.partners, zone) if form.validate() else None
    return _record(viewer, couple, meeting, form) if meeting else _form_page(form, couple, zone, 422)


def _record(viewer: Member, couple: Couple, meeting: NewMeeting, form: RecordMeetingForm) -> Response:
    couple_id, status = couple.id, 422
    try:
        with transaction() as session:
            row = record_meeting(session, viewer, couple_id, meeting, now=utc_now())
    except StillToCome:
        form.add_error("held_on", _("This time is still to come. Record a session once it has begun."))
    except TooLongAgo:
        form.add_error("held_on", _("This is more than ten years ago. Please check the year."))
    except AlreadyRecorded:
        form.add_error("starts", _("A session of this couple at this very time is recorded already."))
        status = 409
    else:
        return redirect_to(url_for("meetings.show", meeting_id=row.id))
    return _form_page(form, get_couple(current_session(), viewer, couple_id), meeting.zone, status)


def _form_page(form: RecordMeetingForm, couple: Couple, zone: str, status: int = 200) -> Response:
    return render("meetings/record.html", form=form, couple=couple, zone=zone, now=utc_now(), status=status)


@blueprint.get("/meetings/<uuid:meeting_id>")
@requires(Permission.MEETINGS_MEETING_RECORD)
def show(meeting_id: UUID) -> ResponseReturnValue:
    """Show one meeting: when, who came, and how far its records are."""
    viewer, session = current_member(), current_session()
    meeting = get_meeting(session, viewer, meeting_id)
    records = records_of(session, viewer, meeting_id)
    audited_read(viewer, Action.MEETING_READ, meeting)
    again = url_for("meetings.show", meeting_id=meeting_id)
    return render(
        "meetings/meeting.html",
        note=records.note,
        summary=records.summary,
        status_shown=status_of(records.document, again=again) if records.document else None,
        **frame(meeting, "show"),
    )
