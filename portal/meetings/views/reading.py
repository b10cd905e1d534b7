"""The released summary as a page, for its readers and for the therapist; complete also where there is no PDF."""

from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.documents.showing import status_of
from portal.meetings.models import SummaryState
from portal.meetings.queries import get_summary, newest_summary_id
from portal.meetings.showing import build_view
from portal.meetings.summaries import readers_of
from portal.meetings.views.frame import blueprint, frame
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session
from portal.web.htmx import redirect_to, render


@blueprint.get("/summaries/<uuid:summary_id>")
@requires(Permission.MEETINGS_SUMMARY_READ)
def read_summary(summary_id: UUID) -> ResponseReturnValue:
    """Show a released summary; of a replaced one its readers learn only that there is a newer one."""
    viewer, session = current_member(), current_session()
    summary, document = get_summary(session, viewer, summary_id)
    if summary.state is SummaryState.DRAFT:
        return redirect_to(url_for("meetings.preview", meeting_id=summary.meeting_id))
    is_replaced = summary.state is SummaryState.SUPERSEDED
    newest_id = newest_summary_id(session, viewer, summary.meeting_id) if is_replaced else summary_id
    if is_replaced and not viewer.is_therapist:
        return render("meetings/replaced.html", newest_id=newest_id)
    again = url_for("meetings.read_summary", summary_id=summary_id)
    audited_read(viewer, Action.SUMMARY_READ, summary)
    return render(
        "meetings/released.html" if viewer.is_therapist else "meetings/summary.html",
        summary=summary,
        newest_id=newest_id,
        view=build_view(session, summary),
        readers=readers_of(summary.meeting),
        status_shown=status_of(document, again=again) if document else None,
        **frame(summary.meeting, "summary"),
    )
