"""Writing a summary, checking it as its readers will see it, releasing it."""

from uuid import UUID

from flask import Response, url_for
from flask.typing import ResponseReturnValue

from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.clock import utc_now
from portal.homework.rules import OnHold
from portal.meetings.chosen import is_still_allowed, offered_for
from portal.meetings.models import Meeting, Summary, SummaryState
from portal.meetings.queries import get_meeting, summaries_about
from portal.meetings.rules import (
    LineNotAllowed,
    NobodyToRead,
    NothingToRelease,
    SavedElsewhere,
    content_from_json,
    long_lines,
)
from portal.meetings.showing import build_view, hash_of
from portal.meetings.summaries import begin_correction, opened, readers_of, release_summary, save_draft
from portal.meetings.summary_forms import NO_LONGER_THERE, SeenForm, SummaryForm, values_of
from portal.meetings.summary_view import SummaryView
from portal.meetings.views.frame import blueprint, frame
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.security.viewer import Member
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.zones import parse_zone, to_local


@blueprint.route("/meetings/<uuid:meeting_id>/summary", methods=["GET", "POST"])
@requires(Permission.MEETINGS_SUMMARY_WRITE, keeps_typed=True)
def summary(meeting_id: UUID) -> ResponseReturnValue:
    """Write the summary of a meeting; a released one is read, and corrected by a new version."""
    viewer, session = current_member(), current_session()
    meeting, newest = get_meeting(session, viewer, meeting_id), _newest(viewer, meeting_id)
    form = _form(viewer, meeting, newest)
    if not form.is_submitted():
        if newest is not None and newest.state is not SummaryState.DRAFT:
            return redirect_to(url_for("meetings.read_summary", summary_id=newest.id))
        return _read(viewer, meeting, newest, form)
    content = form.to_content(meeting.zone, meeting.ends_at) if form.validate() else None
    if content is None:
        return _page(meeting, newest, form, 422)
    try:
        with transaction() as session:
            save_draft(session, viewer, meeting_id, content=content, seen=form.opened, now=utc_now())
    except SavedElsewhere:
        return _conflict(viewer, meeting_id, form)
    except LineNotAllowed:
        form.offer(offered_for(current_session(), viewer, meeting))
        form.add_error("chosen", NO_LONGER_THERE)
        return _page(meeting, newest, form, 422)
    return redirect_to(url_for("meetings.preview", meeting_id=meeting_id))


@blueprint.get("/meetings/<uuid:meeting_id>/summary/preview")
@requires(Permission.MEETINGS_SUMMARY_WRITE)
def preview(meeting_id: UUID) -> ResponseReturnValue:
    """Show the draft exactly as its readers will see it, and who they are."""
    viewer, session = current_member(), current_session()
    meeting, newest = get_meeting(session, viewer, meeting_id), _newest(viewer, meeting_id)
    if newest is None or newest.state is not SummaryState.DRAFT:
        return redirect_to(url_for("meetings.summary", meeting_id=meeting_id))
    audited_read(viewer, Action.SUMMARY_READ, newest)
    return _preview(meeting, newest)


@blueprint.post("/meetings/<uuid:meeting_id>/summary/release")
@requires(Permission.MEETINGS_SUMMARY_RELEASE)
def release(meeting_id: UUID) -> ResponseReturnValue:
    """Release what was previewed to all its readers at the same moment."""
    viewer, form = current_member(), SeenForm()
    try:
        with transaction() as session:
            released = release_summary(
                session, viewer, meeting_id, seen=form.opened, hash_of=hash_of, now=utc_now()
            )
    except (SavedElsewhere, NothingToRelease, NobodyToRead, LineNotAllowed, OnHold) as refusal:
        meeting, newest = get_meeting(current_session(), viewer, meeting_id), _newest(viewer, meeting_id)
        if newest is None or newest.state is not SummaryState.DRAFT:
            return redirect_to(url_for("meetings.summary", meeting_id=meeting_id))
        is_held = isinstance(refusal, OnHold)
        return _preview(meeting, newest, 409, is_changed=opened(newest) != form.opened, is_held=is_held)
    return redirect_to(url_for("meetings.read_summary", summary_id=released.id))


@blueprint.post("/meetings/<uuid:meeting_id>/summary/correct")
@requires(Permission.MEETINGS_SUMMARY_WRITE)
def correct(meeting_id: UUID) -> ResponseReturnValue:
    """Begin the next version; readers keep the released one until the next is released."""
    with transaction() as session:
        begin_correction(session, current_member(), meeting_id, now=utc_now())
    return redirect_to(url_for("meetings.summary", meeting_id=meeting_id))


def _newest(viewer: Member, meeting_id: UUID) -> Summary | None:
    return next(iter(summaries_about(current_session(), viewer, meeting_id)), None)


def _form(viewer: Member, meeting: Meeting, newest: Summary | None) -> SummaryForm:
    content = content_from_json(newest.content if newest else "")
    local = to_local(content.next_meeting_at, parse_zone(meeting.zone)) if content.next_meeting_at else None
    seen = opened(newest)
    form = SummaryForm(data={**values_of(content, local), "seen": f"{seen.version}.{seen.revision}"})
    form.name_partners(frame(meeting, "summary")["names"])
    form.offer(offered_for(current_session(), viewer, meeting))
    return form


def _read(viewer: Member, meeting: Meeting, newest: Summary | None, form: SummaryForm) -> Response:
    if newest is not None:
        audited_read(viewer, Action.SUMMARY_READ, newest)
    return _page(meeting, newest, form)


def _conflict(viewer: Member, meeting_id: UUID, form: SummaryForm) -> Response:
    """Show both: the saved version as its readers would see it, and the typed one to go on with."""
    session = current_session()
    meeting, saved = get_meeting(session, viewer, meeting_id), _newest(viewer, meeting_id)
    if saved is not None and saved.state is SummaryState.DRAFT:
        form.show(opened(saved))
    return _page(meeting, saved, form, 409, saved_view=build_view(session, saved) if saved else None)


def _page(
    meeting: Meeting,
    newest: Summary | None,
    form: SummaryForm,
    status: int = 200,
    saved_view: SummaryView | None = None,
) -> Response:
    saved = content_from_json(newest.content if newest else "")
    return render(
        "meetings/write_summary.html",
        form=form,
        summary=newest,
        long_lines=long_lines(saved),
        is_outdated=not form.offered.stands(saved),
        saved_view=saved_view,
        status=status,
        **frame(meeting, "summary"),
    )


def _preview(
    meeting: Meeting,
    draft: Summary,
    status: int = 200,
    *,
    is_changed: bool = False,
    is_held: bool = False,
) -> Response:
    form = SeenForm(formdata=None)
    form.show(opened(draft))
    session, content = current_session(), content_from_json(draft.content)
    return render(
        "meetings/preview.html",
        form=form,
        summary=draft,
        view=build_view(session, draft),
        readers=readers_of(meeting),
        has_focus=bool(content.focus),
        is_outdated=not is_still_allowed(session, meeting, content),
        is_changed=is_changed,
        is_held=is_held,
        status=status,
        **frame(meeting, "summary"),
    )
