"""Booking a consultation: choose a time, hold it, say who you are. Without cookie and without script."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.rules import Limit, network_of
from portal.accounts.throttle import throttle
from portal.booking.brought import has_something_waiting
from portal.booking.contact import likely_address
from portal.booking.forms import FirstQuestionsForm, RequestConsultationForm, details_form
from portal.booking.holds import HOLD, has_held, hold_time, renew_hold
from portal.booking.intake import list_questions
from portal.booking.models import Consultation
from portal.booking.rules import (
    AlreadySent,
    ConsultationRequest,
    ConsultationStatus,
    HoldRenewed,
    TooManyHolds,
    is_too_quick,
    new_form_id,
)
from portal.booking.service import request_consultation, sent_alike
from portal.booking.timetable import times_of, timetable
from portal.booking.views.area import blueprint, has_text_gateway, here, mail_words, open_to_all, signer
from portal.booking.views.manage import Booked, booked_page
from portal.booking.views.way import Way, asked_start, is_zone, read_form_id, read_way
from portal.clock import utc_now
from portal.diary.rules import Slot, SlotNotOffered, SlotTaken
from portal.practice.models import Practice
from portal.practice.queries import get_practice
from portal.security.gate import public
from portal.security.login import current_viewer
from portal.security.viewer import TokenPurpose
from portal.transaction import ConstraintViolated, current_session, transaction
from portal.web.htmx import redirect_to, render, shown_at
from portal.zones import city, common_zones, parse_zone

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# A family or an office behind one address stays within these; without a hold everybody can book all the same.
HOLDS_OF_NETWORK = Limit("hold_network", 15, 10 * MINUTE)
HOLDS_OF_THERAPIST = Limit("hold_therapist", 600, DAY)
REQUESTS_OF_NETWORK = Limit("consultation_network", 20, HOUR)
REQUESTS_TO_ADDRESS = Limit("consultation_address", 5, DAY)  # nobody can be flooded with mails through us
REQUESTS_TO_THERAPIST = Limit("consultation_therapist", 60, DAY)
NO_TIME = (SlotTaken, SlotNotOffered)


class TooQuick(Exception):
    """The form came back sooner than it can be read."""


class TooManyRequests(Exception):
    """More bookings than one network, address or therapist should see."""


class Mistyped(Exception):
    """The address looks like a slip of the keys; `likely` is what may have been meant."""

    def __init__(self, likely: str) -> None:
        super().__init__()
        self.likely = likely


@blueprint.get("/consultations/times")
@public("free times are for visitors")
def times() -> ResponseReturnValue:
    """Show with whom, what, where, and every free time as a list of days, in the reader's zone."""
    way = read_way(utc_now())
    if way is None:
        return render("booking/closed.html", contact_line=get_practice(current_session()).contact_line)
    return _times_page(way)


@blueprint.post("/consultations/hold")
@public("visitors keep a time without an account", keeps_typed=True)
def hold() -> ResponseReturnValue:
    """Keep a time for ten minutes and go on to the form; where the practice asks something first, ask that."""
    way = read_way(utc_now())
    if way is None:
        return redirect_to(here("times"))
    start = request.form.get("start", "")
    practice = get_practice(current_session())
    if _must_ask(way, practice):
        if "asked" not in request.form:
            return redirect_to(here("details", **way.carried(start=start)))
        answers = _first_questions(practice)
        if not answers.validate():
            return _first_page(way, answers, status=422)
        if answers.says_no:
            return render("booking/stopped.html", contact_line=practice.contact_line)
        way.may_book = True
    way.take_form(_open_form(way))
    refusal = _try_to_hold(way)
    if refusal is None:
        return redirect_to(here("details", **way.carried(start=start)))
    return _details_page(way, _blank_form(way), refusal=refusal)


@blueprint.post("/consultations/hold/renew")
@public("visitors keep a time without an account", keeps_typed=True)
def renew() -> ResponseReturnValue:
    """Keep the time of an open form, or keep it longer; everything typed comes back as it was."""
    way = read_way(utc_now())
    if way is None:
        return redirect_to(here("times"))
    form = _form()
    way.take_form(read_form_id(form.form_key.data or "") or way.form_id or new_form_id(way.now))
    page = _details_page(way, form, refusal=_try_to_hold(way, longer=True), is_typed=True)
    start = request.form.get("start", "")
    return shown_at(page, here("details", **way.carried(start=start))) if way.hold is not None else page


@blueprint.get("/consultations/new")
@public("the form for visitors")
def details() -> ResponseReturnValue:
    """Ask for what is needed to book one time."""
    way = read_way(utc_now())
    if way is None:
        return redirect_to(here("times"))
    if way.zone_asked and not way.is_zone_known:
        return _times_page(way)
    practice = get_practice(current_session())
    if _must_ask(way, practice) and _wished(way)[0] is not None:
        return _first_page(way, _first_questions(practice, formdata=None))
    way.take_form(_open_form(way))
    return _details_page(way, _blank_form(way))


@blueprint.post("/consultations/new")
@public("visitors book without an account", keeps_typed=True)
def request_time() -> ResponseReturnValue:
    """Book the time; whatever stands in the way, what was typed comes back."""
    way = read_way(utc_now())
    if way is None:
        return redirect_to(here("times"))
    form = _form()
    form_id = read_form_id(form.form_key.data or "")
    way.take_form(form_id or new_form_id(way.now))
    if not form.validate() or form_id is None:
        return _refused(way, form)
    try:
        return _book(way, form, form_id)
    except (AlreadySent, ConstraintViolated, Mistyped, *NO_TIME, TooManyRequests, TooQuick) as refusal:
        return _refused(way, form, refusal)


def _book(way: Way, form: RequestConsultationForm, form_id: UUID) -> Response:
    start = asked_start()
    if not form.website.data:
        _settle_address(form)
    wanted = form.to_request(form_id=form_id, time=way.wanted(start), mark=way.mark)
    if form.website.data:
        return _pretend(way, wanted)
    if is_too_quick(form_id, way.now):  # a program, or a browser that filled everything in for a person
        raise TooQuick
    if sent_alike(current_session(), wanted, way.sent) is None:
        way.slot(start)  # who comes too late is told so without having written or counted anything
        _count_request(wanted, way.now)
    try:
        with transaction() as session:
            consultation = request_consultation(
                session, current_viewer(), wanted, mail=mail_words(), now=way.now
            )
            if not throttle(session, REQUESTS_TO_THERAPIST, str(wanted.therapist_id), way.now):
                raise TooManyRequests
    except NO_TIME:
        way.forget()
        raise
    return redirect_to(_page_after(consultation))


def _page_after(consultation: Consultation) -> str:
    """Say where to go on: to the booking's own page, or first to the one that asks for the code from the mail."""
    if consultation.status is ConsultationStatus.UNVERIFIED:
        return here("verify", token=signer().sign_id(TokenPurpose.CONSULTATION_CODE, consultation.id))
    return here("booked", token=signer().sign_id(TokenPurpose.CONSULTATION, consultation.id))


def _settle_address(form: RequestConsultationForm) -> None:
    """Ask once about an address that looks mistyped; then the visitor's word counts. Raises Mistyped."""
    typed = form.email.data
    likely = likely_address(typed)
    match request.form.get("address"):
        case "likely" if likely is not None:
            form.email.data = likely
        case "typed":
            pass
        case _:
            if likely is not None and form.asked_about.data != typed:
                raise Mistyped(likely)


def _refused(way: Way, form: RequestConsultationForm, refusal: Exception | None = None) -> Response:
    """Say why nothing was booked; the page about the time says the rest. The time is held on, or anew."""
    match refusal:
        case None | Mistyped():
            status = 422
        case TooQuick():
            form.form_errors.append(
                _("That was very quick. Please look at your answers, and press the button once more.")
            )
            status = 422
        case TooManyRequests():
            sentence = _("There were many bookings in a short time. Please try again later, or write to us.")
            form.form_errors.append(sentence)
            status = 429
        case AlreadySent() | ConstraintViolated():
            sentence = _(
                "This form has been sent before, with other answers; that booking stands. If you want another one,"
                " send the form once more."
            )
            form.form_errors.append(sentence)
            way.take_form(new_form_id(way.now - DAY))
            status = 409
        case _:
            status = 200
    if (refusal is None or isinstance(refusal, Mistyped)) and _had_hold(way):
        _try_to_hold(way)
    if isinstance(refusal, Mistyped):
        form.asked_about.data = form.email.data
        return _details_page(way, form, status=status, is_typed=True, likely=refusal.likely)
    return _details_page(way, form, status=status, is_typed=True)


def _had_hold(way: Way) -> bool:
    return way.form_id is not None and has_held(current_session(), way.form_id)


def _try_to_hold(way: Way, *, longer: bool = False) -> Exception | None:
    """Hold what the form asks for, unless it is held already; what stood in the way comes back. Nothing else is lost."""
    if way.form_id is None or g.get("form_is_stale"):
        return None
    try:
        wanted = way.wanted(asked_start())
        if not longer and way.holds(wanted.starts_at):
            return None
        way.slot(wanted.starts_at)  # who comes too late is told so without having written anything
    except NO_TIME as refusal:
        return refusal
    try:
        _count_hold(way)
        with transaction() as session:
            act = renew_hold if longer else hold_time
            act(session, wanted, form_id=way.form_id, now=way.now)
    except (HoldRenewed, TooManyHolds, TooManyRequests, ConstraintViolated, *NO_TIME) as refusal:
        return refusal
    finally:
        way.forget()
    return None


def _count_hold(way: Way) -> None:
    """Count one more hold against its limits, in a transaction of its own. Raises TooManyRequests."""
    with transaction() as session:
        within = [
            throttle(session, HOLDS_OF_NETWORK, network_of(request.remote_addr), way.now),
            throttle(session, HOLDS_OF_THERAPIST, str(way.therapist_id), way.now),
        ]
    if not all(within):
        raise TooManyRequests


def _count_request(wanted: ConsultationRequest, now: datetime) -> None:
    """Count the request against the limits of its sender, in a transaction of its own. Raises TooManyRequests."""
    keys = (
        (REQUESTS_OF_NETWORK, network_of(request.remote_addr)),
        (REQUESTS_TO_ADDRESS, wanted.email),
    )
    with transaction() as session:
        within = [throttle(session, limit, key, now) for limit, key in keys]
    if not all(within):
        raise TooManyRequests


def _pretend(way: Way, wanted: ConsultationRequest) -> Response:
    """Show a program the page it hopes for; nothing is kept and nobody gets a mail."""
    slot = way.slot(wanted.starts_at)
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
            event_href=here("event", token=token),
        )
    )


def _must_ask(way: Way, practice: Practice) -> bool:
    return not way.may_book and bool(practice.asks_of_age or practice.region_question)


def _first_questions(practice: Practice, **options: Any) -> FirstQuestionsForm:
    return FirstQuestionsForm(
        asks_of_age=practice.asks_of_age, region_question=practice.region_question, **options
    )


def _first_page(way: Way, form: FirstQuestionsForm, status: int = 200) -> Response:
    start = request.form.get("start") or request.args.get("start", "")
    return render("booking/first.html", status=status, way=way, form=form, start=start)


def _open_form(way: Way) -> UUID:
    """Go on with the form that the link names, unless it has booked already; else begin one."""
    return new_form_id(way.now) if way.form_id is None or way.sent is not None else way.form_id


def _form(**options: Any) -> RequestConsultationForm:
    return details_form(list_questions(current_session()), has_text_gateway=has_text_gateway(), **options)


def _blank_form(way: Way) -> RequestConsultationForm:
    form = _form(formdata=None)
    form.zone.data = way.zone
    return form


def _times_page(way: Way) -> Response:
    is_wrong = bool(way.zone_asked) and not way.is_zone_known
    zone, beside = way.zones(way.zone)
    response = render(
        "booking/times.html",
        status=422 if is_wrong else 200,
        way=way,
        offer=way.offer,
        table=timetable(way.offer, way.now, parse_zone(zone), beside=parse_zone(beside)),
        zone=zone,
        beside=beside,
        absence=way.offer.absence(way.now),
        zones=_zones(way),
        place=city(beside),
        is_zone_wrong=is_wrong,
    )
    return open_to_all(response, is_found=not request.args)


def _details_page(
    way: Way,
    form: RequestConsultationForm,
    *,
    status: int = 200,
    is_typed: bool = False,
    refusal: Exception | None = None,
    likely: str = "",
) -> Response:
    """Show the form with what was typed, and the time, or instead of a time that is gone three near it."""
    slot, taken, near = _wished(way)
    if slot is None:
        status = 409 if taken else max(status, 422)
    elif isinstance(refusal, TooManyRequests | TooManyHolds):
        status = 429
    elif isinstance(refusal, HoldRenewed):
        status = 409
    form.form_key.data = signer().sign_id(TokenPurpose.BOOKING_FORM, way.form_id or new_form_id(way.now))
    form.agreed.label.text = _(
        "I agree that %(name)s keeps these details to arrange the consultation.", name=way.offer.contact_name
    )
    own = form.zone.data if is_zone(form.zone.data) else way.zone
    zone, beside = way.zones(own)
    return render(
        "booking/details.html",
        fragment="booking/_hold.html",
        status=status,
        way=way,
        offer=way.offer,
        form=form,
        own=own,
        zone=zone,
        beside=beside,
        zones=_zones(way) if form.zone.errors else [],
        slot=slot,
        is_taken=taken,
        is_typed=is_typed,
        near=list(zip(near, times_of(near, (parse_zone(zone), parse_zone(beside))), strict=True)),
        carried=way.carried(form=""),
        hold=way.hold if slot is not None and way.holds(slot.start) else None,
        hold_seconds=int(HOLD.total_seconds()),
        refusal=type(refusal).__name__ if refusal is not None else "",
        likely=likely,
        brings=_brings(way),
    )


def _brings(way: Way) -> bool:
    """Tell whether something waits for the form; a form that begins on this very page can have nothing."""
    is_old = "form" in request.args or "form_key" in request.form
    return (
        is_old and way.form_id is not None and has_something_waiting(current_session(), way.form_id, way.now)
    )


def _wished(way: Way) -> tuple[Slot | None, bool, list[Slot]]:
    """Find the slot that is asked for; else say whether it is taken, and what is free near it."""
    start = way.now
    try:
        start = asked_start()
        return way.slot(start), False, []
    except SlotTaken:
        return None, True, way.offer.near(start, way.now)
    except SlotNotOffered:
        return None, False, way.offer.near(start, way.now)


def _zones(way: Way) -> list[tuple[str, str]]:
    return common_zones(
        way.now, also=(way.zone, way.offer.zone.key), pattern=_("{city} ({offset}, now {time})")
    )
