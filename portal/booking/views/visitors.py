"""Booking a consultation: choose a time, say who you are, see what happens next. Without cookie and without script."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.rules import Limit, network_of
from portal.accounts.throttle import throttle
from portal.booking.forms import RequestConsultationForm
from portal.booking.rules import (
    AlreadySent,
    ConsultationRequest,
    ConsultationStatus,
    is_too_quick,
    new_form_id,
)
from portal.booking.service import find_same, request_consultation
from portal.booking.timetable import times_of, timetable
from portal.booking.views.area import blueprint, mail_words, open_to_all, signer
from portal.booking.views.manage import Booked, booked_page
from portal.booking.views.way import Way, asked_start, read_way
from portal.clock import utc_now
from portal.diary.rules import Slot, SlotNotOffered, SlotTaken
from portal.practice.queries import get_practice
from portal.security.gate import public
from portal.security.login import current_viewer
from portal.security.tokens import TokenRefused
from portal.security.viewer import TokenPurpose
from portal.transaction import ConstraintViolated, current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.zones import city, common_zones, parse_zone

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REQUESTS_OF_NETWORK = Limit("consultation_network", 20, HOUR)  # a family or an office behind one address
REQUESTS_TO_ADDRESS = Limit("consultation_address", 5, DAY)  # nobody can be flooded with mails through us
REQUESTS_TO_THERAPIST = Limit("consultation_therapist", 60, DAY)


class TooQuick(Exception):
    """The form came back sooner than it can be read."""


class TooManyRequests(Exception):
    """More bookings than one network, address or therapist should see."""


@blueprint.get("/consultations/times")
@public("free times are for visitors")
def times() -> ResponseReturnValue:
    """Show every free time as a list of days, in the reader's zone."""
    way = read_way(utc_now())
    if way is None:
        return render("booking/closed.html", contact_line=get_practice(current_session()).contact_line)
    return _times_page(way)


@blueprint.get("/consultations/new")
@public("the form for visitors")
def details() -> ResponseReturnValue:
    """Ask for what is needed to book one time."""
    now = utc_now()
    way = read_way(now)
    if way is None:
        return redirect_to(url_for("booking.times"))
    if way.zone_asked and not way.is_zone_known:
        return _times_page(way)
    form = RequestConsultationForm(formdata=None)
    form.zone.data = way.zone
    return _details_page(way, form, form_id=new_form_id(now))


@blueprint.post("/consultations/new")
@public("visitors book without an account", keeps_typed=True)
def request_time() -> ResponseReturnValue:
    """Book the time; whatever stands in the way, what was typed comes back."""
    now = utc_now()
    way = read_way(now)
    if way is None:
        return redirect_to(url_for("booking.times"))
    form = RequestConsultationForm()
    form_id = _form_id(form)
    if not form.validate() or form_id is None:
        return _details_page(way, form, form_id=form_id or new_form_id(now), status=422)
    try:
        return _book(way, form, form_id)
    except (AlreadySent, ConstraintViolated, SlotNotOffered, SlotTaken, TooManyRequests, TooQuick) as refusal:
        return _refused(way, form, form_id, refusal)


def _book(way: Way, form: RequestConsultationForm, form_id: UUID) -> Response:
    wanted = form.to_request(
        form_id=form_id,
        therapist_id=way.therapist_id,
        starts_at=asked_start(),
        post_id=way.post.id if way.post else None,
    )
    if form.website.data:
        return _pretend(way, wanted)
    if is_too_quick(form_id, way.now):  # a program, or a browser that filled everything in for a person
        raise TooQuick
    if find_same(current_session(), wanted) is None:
        _count(wanted, way.now)
    with transaction() as session:
        consultation = request_consultation(session, current_viewer(), wanted, mail=mail_words(), now=way.now)
    token = signer().sign_id(TokenPurpose.CONSULTATION, consultation.id)
    return redirect_to(url_for("booking.booked", token=token))


def _refused(way: Way, form: RequestConsultationForm, form_id: UUID, refusal: Exception) -> Response:
    """Say why nothing was booked; the page about the time says the rest."""
    match refusal:
        case TooQuick():
            form.form_errors.append(
                _("That was very quick. Please look at your answers, and press the button once more.")
            )
            return _details_page(way, form, form_id=form_id, status=422)
        case TooManyRequests():
            sentence = _("There were many bookings in a short time. Please try again later, or write to us.")
            form.form_errors.append(sentence)
            return _details_page(way, form, form_id=form_id, status=429)
        case AlreadySent() | ConstraintViolated():
            sentence = _(
                "This form has been sent before, with other answers; that booking stands. If you want another one,"
                " send the form once more."
            )
            form.form_errors.append(sentence)
            return _details_page(way, form, form_id=new_form_id(way.now - DAY), status=409)
    return _details_page(way, form, form_id=form_id)


def _count(wanted: ConsultationRequest, now: datetime) -> None:
    """Count the request against its limits, in a transaction of its own. Raises TooManyRequests."""
    keys = (
        (REQUESTS_OF_NETWORK, network_of(request.remote_addr)),
        (REQUESTS_TO_ADDRESS, wanted.email),
        (REQUESTS_TO_THERAPIST, str(wanted.therapist_id)),
    )
    with transaction() as session:
        within = [throttle(session, limit, key, now) for limit, key in keys]
    if not all(within):
        raise TooManyRequests


def _pretend(way: Way, wanted: ConsultationRequest) -> Response:
    """Show a program the page it hopes for; nothing is kept and nobody gets a mail."""
    slot = way.offer.slot(wanted.starts_at, way.now)
    token = signer().sign_id(TokenPurpose.CONSULTATION, uuid4())
    return booked_page(
        Booked(
            starts_at=slot.start,
            ends_at=slot.end,
            zone=wanted.zone,
            status=ConsultationStatus.REQUESTED,
            therapist_name=way.offer.therapist_name,
            therapist_zone=way.offer.zone.key,
            partner_name="",
            event_href=url_for("booking.event", token=token),
        )
    )


def _times_page(way: Way) -> Response:
    is_wrong = bool(way.zone_asked) and not way.is_zone_known
    response = render(
        "booking/times.html",
        status=422 if is_wrong else 200,
        way=way,
        offer=way.offer,
        table=timetable(way.offer, way.now, parse_zone(way.zone)),
        zones=_zones(way),
        place=city(way.offer.zone.key),
        is_zone_wrong=is_wrong,
        details_href=_details_address(way),
        contact_line=get_practice(current_session()).contact_line,
    )
    return open_to_all(response, is_found=not request.args)


def _details_address(way: Way) -> str:
    query: dict[str, Any] = way.carried(zone=way.zone)
    return url_for("booking.details", **query)


def _details_page(way: Way, form: RequestConsultationForm, *, form_id: UUID, status: int = 200) -> Response:
    """Show the form with what was typed, and the time, or instead of a time that is gone three near it."""
    slot, taken, near = _wished(way)
    if slot is None:
        status = 409 if taken else max(status, 422)
    form.form_key.data = signer().sign_id(TokenPurpose.BOOKING_FORM, form_id)
    form.agreed.label.text = _(
        "I agree that %(name)s keeps these details to arrange the consultation.", name=way.offer.contact_name
    )
    zone = parse_zone(form.zone.data) if not form.zone.errors else parse_zone(way.zone)
    return render(
        "booking/details.html",
        status=status,
        way=way,
        offer=way.offer,
        form=form,
        zone=zone.key,
        zones=_zones(way) if form.zone.errors else [],
        slot=slot,
        is_taken=taken,
        near=list(zip(near, times_of(near, (zone, way.offer.zone)), strict=True)),
        carried=way.carried(),
    )


def _wished(way: Way) -> tuple[Slot | None, bool, list[Slot]]:
    """Find the slot that is asked for; else say whether it is taken, and what is free near it."""
    start = way.now
    try:
        start = asked_start()
        return way.offer.slot(start, way.now), False, []
    except SlotTaken:
        return None, True, way.offer.near(start, way.now)
    except SlotNotOffered:
        return None, False, way.offer.near(start, way.now)


def _form_id(form: RequestConsultationForm) -> UUID | None:
    try:
        return signer().read_id(TokenPurpose.BOOKING_FORM, form.form_key.data or "")
    except TokenRefused:
        return None


def _zones(way: Way) -> list[tuple[str, str]]:
    return common_zones(
        way.now, also=(way.zone, way.offer.zone.key), pattern=_("{city} ({offset}, now {time})")
    )
