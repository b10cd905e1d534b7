"""The pages about calendars elsewhere: an own feed, calendars that are read and written, and what was found there."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, current_app, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.rules import Limit
from portal.accounts.throttle import throttle
from portal.booking.views.area import mail_words
from portal.calendars.caldav import FoundCalendar, find_calendars, near
from portal.calendars.forms import SENTENCES, OutsideForm
from portal.calendars.models import OutsideCalendar, OutsideKind
from portal.calendars.queries import (
    appointments_of,
    conflicts_of,
    find_feed,
    get_outside,
    get_question,
    list_outside,
    open_feed,
    open_questions,
)
from portal.calendars.questions import accept_overlap, follow_change, keep_entry
from portal.calendars.rounds import owe_round_now, under_way
from portal.calendars.rules import AlreadyDecided, CalendarRefused, Failure, TooManyCalendars
from portal.calendars.service import (
    NewCalendar,
    add_outside,
    choose_outside,
    is_worth_noting,
    make_feed,
    note_use,
    remove_outside,
    revoke_feed,
)
from portal.calendars.transport import Elsewhere, checked_address
from portal.clock import utc_now
from portal.diary.ics import calendar_of_events
from portal.diary.rules import SlotTaken
from portal.errors import Conflict
from portal.people.queries import get_self
from portal.security.gate import public, requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.settings import Settings
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.web.links import public_link

blueprint = Blueprint("calendars", __name__)


@blueprint.app_context_processor
def around_the_calendar() -> dict[str, Any]:
    """Let the calendar page, which stands below this area, tell what is double-booked elsewhere. Costs what is asked."""
    return {"double_booked": _double_booked}


LOOKS = Limit("calendar_look", 20, timedelta(hours=1))  # each asks somebody else's server
LOOK_SECONDS = 8.0  # of the therapist who waits for the answer, whatever the server does
FIELD_OF = {Failure.REFUSED: "user_name"}


@blueprint.get("/calendars/<token>.ics")
@public("a person's own calendar feed, by its secret address")
def events(token: str) -> Response:
    """Hand out a feed. Whatever is wrong with the address, the answer is the same 404."""
    session, now = current_session(), utc_now()
    feed = open_feed(session, token)
    content = calendar_of_events(appointments_of(session, feed, now), zone_id=feed.zone, now=now)
    if is_worth_noting(feed, now):
        with transaction() as writing:
            note_use(writing, feed, now)
    response = make_response(content)
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = 'inline; filename="appointments.ics"'
    return response


@blueprint.get("/account/calendar")
@requires(Permission.CALENDARS_FEED_MANAGE)
def feed() -> ResponseReturnValue:
    """Show whether there is an address, and when it was last used; the address itself is never shown again."""
    return _feed_page()


@blueprint.post("/account/calendar")
@requires(Permission.CALENDARS_FEED_MANAGE)
def make() -> ResponseReturnValue:
    """Make the address, or make it anew, and show it this once."""
    with transaction() as session:
        token = make_feed(session, current_member(), utc_now())
    return _feed_page(address=public_link("calendars.events", token=token))


@blueprint.post("/account/calendar/revoke")
@requires(Permission.CALENDARS_FEED_MANAGE)
def revoke() -> ResponseReturnValue:
    """End the address at once."""
    with transaction() as session:
        revoke_feed(session, current_member(), utc_now())
    return redirect_to(url_for("calendars.feed"))


def _feed_page(address: str = "") -> Response:
    session, viewer = current_session(), current_member()
    return render(
        "calendars/feed.html",
        layout="layouts/partner.html" if viewer.is_partner else "layouts/therapist.html",
        is_partner=viewer.is_partner,
        is_therapist=viewer.is_therapist,
        feed=find_feed(session, viewer),
        address=address,
        program_address=f"webcal://{address.partition('://')[2]}" if address else "",
        zone=get_self(session, viewer).zone,
    )


@blueprint.get("/practice/calendars")
@requires(Permission.CALENDARS_OUTSIDE_EDIT)
def outside() -> ResponseReturnValue:
    """List the calendars elsewhere, how each stands, and what can be done about it."""
    session, viewer = current_session(), current_member()
    calendars = list_outside(session, viewer)
    return render(
        "calendars/outside.html",
        calendars=calendars,
        under_way=under_way(session, [one.id for one in calendars], utc_now()),
        sentences={failure.value: sentence for failure, sentence in SENTENCES.items()},
        questions=len(open_questions(session, viewer, utc_now())),
        zone=get_self(session, viewer).zone,
    )


@blueprint.route("/practice/calendars/new", methods=["GET", "POST"])
@requires(Permission.CALENDARS_OUTSIDE_EDIT, keeps_typed=True)
def add() -> ResponseReturnValue:
    """Connect a calendar: one by its address at once, an account after looking what is there."""
    form = OutsideForm()
    if request.method == "GET":
        return _form_page(form, 200)
    new = form.to_calendar(_settings().calendar_hosts) if form.validate() else None
    if new is None:
        return _form_page(form, 422)
    if new.kind is OutsideKind.ICS:
        return _added(form, new)
    return _connected(form, new)


def _connected(form: OutsideForm, new: NewCalendar) -> Response:
    """Look which calendars the account has: one is connected at once, of several the therapist chooses."""
    if not _may_look():
        form.form_errors.append(_("That were many tries in a short time. Please try again later."))
        return _form_page(form, 429)
    try:
        found = _look(new.address, new.user_name, new.password)
    except CalendarRefused as refusal:
        form.add_error(FIELD_OF.get(refusal.failure, "address"), SENTENCES[refusal.failure])
        return _form_page(form, 422)
    if len(found) == 1:
        return _added(form, replace(new, address=found[0].address))
    return _added(form, new, choices=found)


def _added(form: OutsideForm, new: NewCalendar, choices: list[FoundCalendar] | None = None) -> Response:
    try:
        with transaction() as session:
            calendar = add_outside(session, current_member(), new, utc_now(), is_chosen=choices is None)
    except TooManyCalendars:
        form.form_errors.append(_("Five calendars are connected already. Remove one to connect another."))
        return _form_page(form, 409)
    return redirect_to(url_for("calendars.outside")) if choices is None else _choice_page(calendar, choices)


@blueprint.post("/practice/calendars/<uuid:calendar_id>/look")
@requires(Permission.CALENDARS_OUTSIDE_EDIT)
def look(calendar_id: UUID) -> ResponseReturnValue:
    """Look once more which calendars an account has."""
    calendar = get_outside(current_session(), current_member(), calendar_id)
    if not _may_look():
        abort(429)
    try:
        found = _look(calendar.address, calendar.user_name, calendar.password)
    except CalendarRefused as refusal:
        return _choice_page(calendar, [], SENTENCES[refusal.failure])
    return _choice_page(calendar, found)


@blueprint.post("/practice/calendars/<uuid:calendar_id>/choose")
@requires(Permission.CALENDARS_OUTSIDE_EDIT)
def choose(calendar_id: UUID) -> ResponseReturnValue:
    """Take one of the calendars that were found."""
    try:
        with transaction() as session:
            calendar = get_outside(session, current_member(), calendar_id)
            address = near(calendar.address, request.form.get("address", ""))
            checked_address(address, _settings().calendar_hosts)
            choose_outside(session, calendar, address, utc_now())
    except CalendarRefused:
        calendar = get_outside(current_session(), current_member(), calendar_id)
        return _choice_page(calendar, [], SENTENCES[Failure.ADDRESS])
    return redirect_to(url_for("calendars.outside"))


@blueprint.post("/practice/calendars/<uuid:calendar_id>/test")
@requires(Permission.CALENDARS_OUTSIDE_EDIT)
def test(calendar_id: UUID) -> ResponseReturnValue:
    """Have a calendar read as soon as a worker has time."""
    with transaction() as session:
        calendar = get_outside(session, current_member(), calendar_id)
        owe_round_now(session, calendar.id, utc_now())
    return redirect_to(url_for("calendars.outside"))


@blueprint.post("/practice/calendars/<uuid:calendar_id>/remove")
@requires(Permission.CALENDARS_OUTSIDE_EDIT)
def remove(calendar_id: UUID) -> ResponseReturnValue:
    """Forget a calendar and all that was read from it."""
    with transaction() as session:
        viewer = current_member()
        remove_outside(session, viewer, get_outside(session, viewer, calendar_id))
    return redirect_to(url_for("calendars.outside"))


@blueprint.get("/calendar/questions")
@requires(Permission.CALENDARS_QUESTION_ANSWER)
def questions() -> ResponseReturnValue:
    """Show what was changed elsewhere, and appointments at whose time another calendar is busy."""
    return _questions_page()


@blueprint.post("/calendar/questions/<uuid:question_id>")
@requires(Permission.CALENDARS_QUESTION_ANSWER)
def answer(question_id: UUID) -> ResponseReturnValue:
    """Keep the entry as it is here, or do here what was done elsewhere."""
    viewer, now = current_member(), utc_now()
    choice = request.form.get("answer", "")
    if choice not in {"keep", "follow"}:
        get_question(current_session(), viewer, question_id)
        return _questions_page(_("Please press one of the two buttons."), 422)
    try:
        with transaction() as session:
            if choice == "keep":
                keep_entry(session, viewer, question_id, now)
            else:
                follow_change(session, viewer, question_id, mail=mail_words(), now=now)
    except SlotTaken:
        return _questions_page(
            _("Something else occupies that time here. Keep the entry, or move it by hand."), 409
        )
    except AlreadyDecided:
        return _questions_page(_("This was answered before, or the entry has changed since."), 409)
    except Conflict:
        return _questions_page(
            _("That is no longer possible: the time is over, or somebody was faster."), 409
        )
    return redirect_to(url_for("calendars.questions"))


@blueprint.post("/calendar/overlaps/<uuid:occupied_id>/accept")
@requires(Permission.CALENDARS_QUESTION_ANSWER)
def accept(occupied_id: UUID) -> ResponseReturnValue:
    """Let an appointment and what another calendar says stand side by side."""
    viewer, now = current_member(), utc_now()
    with transaction() as session:
        found = [one for one in conflicts_of(session, viewer, now) if one.occupied_id == occupied_id]
        if not found:
            abort(404)
        for conflict in found:
            accept_overlap(session, viewer, conflict, now)
    return redirect_to(url_for("calendars.questions"))


def _questions_page(problem: str = "", status: int = 200) -> Response:
    session, viewer, now = current_session(), current_member(), utc_now()
    return render(
        "calendars/questions.html",
        status=status,
        problem=problem,
        questions=open_questions(session, viewer, now),
        conflicts=conflicts_of(session, viewer, now),
        zone=get_self(session, viewer).zone,
    )


def _form_page(form: OutsideForm, status: int) -> Response:
    return render("calendars/new.html", form=form, status=status)


def _choice_page(calendar: OutsideCalendar, found: list[FoundCalendar], problem: str = "") -> Response:
    return render(
        "calendars/choose.html",
        calendar=calendar,
        found=found,
        problem=problem,
        status=422 if problem else 200,
    )


def _look(address: str, user_name: str, password: str) -> list[FoundCalendar]:
    until = time.monotonic() + LOOK_SECONDS
    with Elsewhere(_settings().calendar_hosts, auth=(user_name, password), until=until) as way:
        return find_calendars(way, address)


def _may_look() -> bool:
    with transaction() as session:
        return throttle(session, LOOKS, str(current_member().person_id), utc_now())


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _double_booked() -> int:
    """Count the appointments that overlap a busy time elsewhere. One statement."""
    return len(conflicts_of(current_session(), current_member(), utc_now()))
