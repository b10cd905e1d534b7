"""The pages on which therapists set the hours of their week, and what holds on single dates instead."""

from datetime import date
from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.clock import utc_now
from portal.diary.models import WeeklyHoursRow
from portal.diary.opening import (
    DateContradicts,
    HoursOverlap,
    add_special_hours,
    add_weekly_hours,
    remove_special_hours,
    remove_weekly_hours,
)
from portal.diary.opening_forms import HoursForm, SpecialForm, weekday_name
from portal.diary.own import get_own, list_places, list_special, list_time_off, list_weekly, load_hours
from portal.diary.rules import Interval, TimeAway
from portal.diary.views.area import blueprint
from portal.diary.week import draw_week
from portal.practice.queries import zone_of
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.zones import parse_zone, to_local

FURTHEST = 3660  # days for which a week is drawn, to either side


@blueprint.get("/diary/hours")
@requires(Permission.DIARY_HOURS_EDIT)
def hours() -> ResponseReturnValue:
    """Show the week as it was entered, and as it comes out on real dates."""
    return _hours_page(HoursForm(formdata=None))


@blueprint.post("/diary/hours")
@requires(Permission.DIARY_HOURS_EDIT, keeps_typed=True)
def add_hours() -> ResponseReturnValue:
    """Open a period on some weekdays."""
    form = _hours_form()
    if not form.validate() or not _save(form):
        return _hours_page(form, 422)
    return redirect_to(url_for("diary.hours"))


@blueprint.get("/diary/hours/<uuid:period_id>")
@requires(Permission.DIARY_HOURS_EDIT)
def period(period_id: UUID) -> ResponseReturnValue:
    """Show one period, to be changed."""
    form = _hours_form(is_sent=False)
    form.show(get_own(current_session(), current_member(), WeeklyHoursRow, period_id))
    return _period_page(form, period_id)


@blueprint.post("/diary/hours/<uuid:period_id>")
@requires(Permission.DIARY_HOURS_EDIT, keeps_typed=True)
def change_period(period_id: UUID) -> ResponseReturnValue:
    """Replace one period."""
    get_own(current_session(), current_member(), WeeklyHoursRow, period_id)
    form = _hours_form()
    if not form.validate() or not _save(form, instead_of=period_id):
        return _period_page(form, period_id, 422)
    return redirect_to(url_for("diary.hours"))


@blueprint.post("/diary/hours/<uuid:period_id>/remove")
@requires(Permission.DIARY_HOURS_EDIT)
def remove_period(period_id: UUID) -> ResponseReturnValue:
    """Close one period."""
    with transaction() as session:
        remove_weekly_hours(session, current_member(), period_id, utc_now())
    return redirect_to(url_for("diary.hours"))


@blueprint.get("/diary/dates")
@requires(Permission.DIARY_HOURS_EDIT)
def dates() -> ResponseReturnValue:
    """Show what holds on single dates."""
    return _dates_page(SpecialForm(formdata=None))


@blueprint.post("/diary/dates")
@requires(Permission.DIARY_HOURS_EDIT, keeps_typed=True)
def add_date() -> ResponseReturnValue:
    """Let other hours, or none, hold on one date."""
    form, viewer = SpecialForm(), current_member()
    form.offer_places(list_places(current_session(), viewer))
    if not form.check(_today()):
        return _dates_page(form, 422)
    try:
        with transaction() as session:
            add_special_hours(
                session, viewer, form.on_date.data, form.to_period(), place_id=form.place_id, now=utc_now()
            )
    except HoursOverlap:
        form.add_error("starts", _("These hours overlap others of the same date."))
    except DateContradicts:
        sentence = _("The date cannot be closed and have hours at once. Remove the other line first.")
        form.add_error("is_closed", sentence)
    return _dates_page(form, 422) if form.errors else redirect_to(url_for("diary.dates"))


@blueprint.post("/diary/dates/<uuid:special_id>/remove")
@requires(Permission.DIARY_HOURS_EDIT)
def remove_date(special_id: UUID) -> ResponseReturnValue:
    """Let the week hold again."""
    with transaction() as session:
        remove_special_hours(session, current_member(), special_id, utc_now())
    return redirect_to(url_for("diary.dates"))


def _save(form: HoursForm, instead_of: UUID | None = None) -> bool:
    """Store the periods of a form; False, with the field marked, where they overlap others."""
    viewer = current_member()
    try:
        with transaction() as session:
            add_weekly_hours(
                session,
                viewer,
                form.to_periods(),
                place_id=form.place_id,
                now=utc_now(),
                instead_of=instead_of,
            )
    except HoursOverlap as overlap:
        rows = {row.id: row for row in list_weekly(current_session(), viewer)}
        form.add_error("starts", _overlap_words(rows.get(overlap.row_id)))
        return False
    return True


def _overlap_words(row: WeeklyHoursRow | None) -> str:
    if row is None:
        return str(_("These hours overlap one another."))
    return str(
        _(
            "These hours overlap %(day)s, %(starts)s to %(ends)s.",
            day=weekday_name(row.weekday),
            starts=f"{row.starts:%H:%M}",
            ends=f"{row.ends:%H:%M}",
        )
    )


def _hours_form(*, is_sent: bool = True) -> HoursForm:
    form = HoursForm() if is_sent else HoursForm(formdata=None)
    form.offer(list_places(current_session(), current_member()))
    return form


def _hours_page(form: HoursForm, status: int = 200) -> Response:
    viewer, session, today = current_member(), current_session(), _today()
    zone = zone_of(session, viewer.person_id)
    found = load_hours(session, viewer, zone, today)
    form.offer(found.places)
    away = [
        TimeAway(Interval(row.starts_at, row.ends_at), row.return_on)
        for row in list_time_off(session, viewer)
    ]
    first_day = _first_day(today)
    return render(
        "diary/hours.html",
        form=form,
        hours=found,
        place_names={place.id: place for place in found.places},
        weekday_name=weekday_name,
        week=draw_week(found.own, found.there, away, first_day=first_day),
        first_day=first_day,
        today=today,
        zone=zone,
        now=utc_now(),
        status=status,
    )


def _period_page(form: HoursForm, period_id: UUID, status: int = 200) -> Response:
    zone = zone_of(current_session(), current_member().person_id)
    return render(
        "diary/period.html", form=form, period_id=period_id, zone=zone, now=utc_now(), status=status
    )


def _dates_page(form: SpecialForm, status: int = 200) -> Response:
    viewer, session = current_member(), current_session()
    places = list_places(session, viewer)
    form.offer_places(places)
    return render(
        "diary/dates.html",
        form=form,
        rows=list_special(session, viewer, _today()),
        place_names={place.id: place for place in places},
        zone=zone_of(session, viewer.person_id),
        now=utc_now(),
        status=status,
    )


def _today() -> date:
    zone = zone_of(current_session(), current_member().person_id)
    return to_local(utc_now(), parse_zone(zone)).date()


def _first_day(today: date) -> date:
    """Read which week is to be drawn; whatever is no near date is today."""
    try:
        asked = date.fromisoformat(request.args.get("from", ""))
    except ValueError:
        return today
    return asked if abs((asked - today).days) <= FURTHEST else today
