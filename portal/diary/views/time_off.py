"""The pages on which therapists take time off, and see what is still booked in it."""

from uuid import UUID

from flask import Response, url_for
from flask.typing import ResponseReturnValue

from portal.clock import utc_now
from portal.diary.entries import entries_of
from portal.diary.models import OccupiedKind, TimeOff
from portal.diary.opening import end_time_off, take_time_off
from portal.diary.opening_forms import TimeOffForm
from portal.diary.own import colleagues_of, get_own, list_time_off
from portal.diary.rules import Interval
from portal.diary.views.area import blueprint
from portal.practice.queries import zone_of
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.zones import parse_zone


@blueprint.get("/diary/time-off")
@requires(Permission.DIARY_HOURS_EDIT)
def time_off() -> ResponseReturnValue:
    """List time off that is not over."""
    return _page(TimeOffForm(formdata=None))


@blueprint.post("/diary/time-off")
@requires(Permission.DIARY_HOURS_EDIT, keeps_typed=True)
def add_off() -> ResponseReturnValue:
    """Take time off, and show what is still booked in it."""
    form, viewer, session = TimeOffForm(), current_member(), current_session()
    form.offer(colleagues_of(session, viewer))
    zone = parse_zone(zone_of(session, viewer.person_id))
    instants = form.to_instants(zone) if form.validate() else None
    if instants is None:
        return _page(form, 422)
    starts_at, ends_at = instants
    with transaction() as session:
        row = take_time_off(
            session, viewer, starts_at=starts_at, ends_at=ends_at, return_on=form.return_on.data,
            cover_line=form.cover_line.data, cover_id=form.cover_id, now=utc_now(),
        )  # fmt: skip
    return redirect_to(url_for("diary.one_off", off_id=row.id))


@blueprint.get("/diary/time-off/<uuid:off_id>")
@requires(Permission.DIARY_HOURS_EDIT)
def one_off(off_id: UUID) -> ResponseReturnValue:
    """Show one time off, and what is still booked in it."""
    viewer, session, now = current_member(), current_session(), utc_now()
    off = get_own(session, viewer, TimeOff, off_id)
    inside = entries_of(session, viewer, Interval(max(off.starts_at, now), off.ends_at), now)
    colleagues = {one.person_id: one.display_name for one in colleagues_of(session, viewer)}
    return render(
        "diary/one_off.html",
        off=off,
        cover_name=colleagues.get(off.cover_id, "") if off.cover_id else "",
        entries=[entry for entry in inside if entry.kind is not OccupiedKind.BLOCK],
        zone=zone_of(session, viewer.person_id),
        now=now,
    )


@blueprint.post("/diary/time-off/<uuid:off_id>/remove")
@requires(Permission.DIARY_HOURS_EDIT)
def remove_off(off_id: UUID) -> ResponseReturnValue:
    """Forget time off: its time is offered again."""
    with transaction() as session:
        end_time_off(session, current_member(), off_id, utc_now())
    return redirect_to(url_for("diary.time_off"))


def _page(form: TimeOffForm, status: int = 200) -> Response:
    viewer, session, now = current_member(), current_session(), utc_now()
    form.offer(colleagues_of(session, viewer))
    return render(
        "diary/time_off.html",
        form=form,
        rows=list_time_off(session, viewer, TimeOff.ends_at > now),
        zone=zone_of(session, viewer.person_id),
        now=now,
        status=status,
    )
