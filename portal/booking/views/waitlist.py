"""The waitlist's pages: joining, the person's own page, one offered time, and the therapist's view of who waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.rules import Limit, network_of
from portal.accounts.throttle import throttle
from portal.booking.brought import brought_to_list, has_something_waiting
from portal.booking.models import WaitlistEntry
from portal.booking.queries import find_sent
from portal.booking.rules import OfferState, WaitlistState, is_too_quick, new_form_id
from portal.booking.views.area import blueprint, here, mail_words, page_of, signer
from portal.booking.views.way import Way, read_form_id, read_way
from portal.booking.waitlist import (
    WaitlistRequest,
    find_entry_of,
    get_entry,
    get_offer,
    join_waitlist,
    leave_waitlist,
    list_waiting,
    open_offer_of,
    place_of_offer,
    refuse_offer,
    take_offer,
    what_for,
)
from portal.booking.waitlist_forms import PARTS, WEEKDAYS, WaitlistForm
from portal.booking.wishes import OfferOver, Wishes
from portal.clock import utc_now
from portal.diary.offers import short_name
from portal.diary.rules import SlotNotOffered, SlotTaken
from portal.people.queries import get_self
from portal.practice.queries import get_practice, get_therapist
from portal.security.gate import public, requires
from portal.security.login import current_member, current_viewer
from portal.security.permissions import Permission
from portal.security.viewer import TokenHolder, TokenPurpose
from portal.transaction import ConstraintViolated, current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.zones import common_zones

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JOINS_OF_NETWORK = Limit("waitlist_network", 10, HOUR)  # a family or an office behind one address
JOINS_OF_ADDRESS = Limit("waitlist_address", 3, DAY)  # nobody can be flooded with mails through us
JOINS_OF_THERAPIST = Limit("waitlist_therapist", 60, DAY)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a person's own page of the list shows; about nobody else."""

    state: WaitlistState
    since: datetime
    zone: str
    days: list[str]
    parts: list[str]
    type_name: str
    place_name: str
    therapist_name: str
    leave_href: str
    offer_href: str = ""


@blueprint.get("/consultations/waitlist")
@public("the form for visitors")
def waitlist_join() -> ResponseReturnValue:
    """Ask when somebody has time."""
    way = read_way(utc_now())
    if way is None:
        return redirect_to(here("times"))
    form = WaitlistForm(formdata=None, zone=way.zone)
    is_brought = way.form_id is not None and has_something_waiting(current_session(), way.form_id, way.now)
    return _join_page(way, form, form_id=way.form_id if way.form_id and is_brought else new_form_id(way.now))


@blueprint.post("/consultations/waitlist")
@public("visitors join the list without an account", keeps_typed=True)
def join() -> ResponseReturnValue:
    """Put somebody on the list; whatever stands in the way, what was typed comes back."""
    way = read_way(utc_now())
    if way is None:
        return redirect_to(here("times"))
    form = WaitlistForm()
    _offer_choices(way, form)
    form_id = read_form_id(form.form_key.data or "")
    if not form.validate() or form_id is None:
        return _join_page(way, form, form_id=form_id or new_form_id(way.now), status=422)
    wanted = form.to_request(
        form_id=form_id, therapist_id=way.therapist_id, type_id=way.chosen.type.id, mark=way.mark
    )
    if wanted.place_id is not None and not _is_offered_there(way, wanted):
        form.add_error(
            "place_id", _("This kind of appointment is not offered there. Please choose another place.")
        )
        return _join_page(way, form, form_id=form_id, status=422)
    if form.website.data:
        return _pretend(way, wanted)
    if is_too_quick(form_id, way.now):
        form.form_errors.append(
            _("That was very quick. Please look at your answers, and press the button once more.")
        )
        return _join_page(way, form, form_id=form_id, status=422)
    return _joined(way, form, wanted)


def _is_offered_there(way: Way, wanted: WaitlistRequest) -> bool:
    return any(
        one.type.id == wanted.type_id and wanted.place_id in {place.id for place in one.places}
        for one in way.types
    )


def _pretend(way: Way, wanted: WaitlistRequest) -> Response:
    """Show a program the page it hopes for; nothing is kept and nobody gets a mail."""
    shown = Waiting(
        state=WaitlistState.WAITING,
        since=way.now,
        zone=wanted.wishes.zone,
        days=days_of(wanted.wishes),
        parts=parts_of(wanted.wishes),
        type_name=way.chosen.type.name,
        place_name="",
        therapist_name=way.chosen.therapist.display_name,
        leave_href=here("leave_list", token=signer().sign_id(TokenPurpose.WAITLIST, uuid4())),
    )
    return _waiting_page(shown)


def _joined(way: Way, form: WaitlistForm, wanted: WaitlistRequest) -> ResponseReturnValue:
    if find_entry_of(current_session(), wanted.form_id) is None and not _count_join(wanted, way.now):
        form.form_errors.append(_("There were many requests in a short time. Please try again later."))
        return _join_page(way, form, form_id=wanted.form_id, status=429)
    try:
        with transaction() as session:
            entry = join_waitlist(session, current_viewer(), wanted, mail=mail_words(), now=way.now)
    except ConstraintViolated:  # the same form, sent twice at one moment
        found = find_entry_of(current_session(), wanted.form_id)
        if found is None:
            raise
        entry = found
    return redirect_to(here("waiting", token=signer().sign_id(TokenPurpose.WAITLIST, entry.id)))


@blueprint.get("/consultations/waitlist/<token>")
@public("the signed link of one place on the list")
def waiting(token: str) -> ResponseReturnValue:
    """Show somebody's own wishes. Changes nothing, and tells nothing about anybody else."""
    session = current_session()
    entry = get_entry(session, *_holder(TokenPurpose.WAITLIST, token))
    offer = open_offer_of(session, entry, utc_now())
    type_name, place_name = what_for(session, entry)
    shown = Waiting(
        state=entry.state,
        since=entry.created_at,
        zone=entry.zone,
        days=days_of(entry),
        parts=parts_of(entry),
        type_name=type_name,
        place_name=place_name,
        therapist_name=get_therapist(session, entry.therapist_id).display_name,
        leave_href=here("leave_list", token=token),
        offer_href="" if offer is None else url_for("booking.waitlist_offer", token=_offer_token(offer.id)),
    )
    return _waiting_page(shown)


@blueprint.post("/consultations/waitlist/<token>/leave")
@public("whoever holds the signed link may leave the list")
def leave_list(token: str) -> ResponseReturnValue:
    """Leave the list; a time that was kept is free again."""
    viewer, entry_id = _holder(TokenPurpose.WAITLIST, token)
    with transaction() as session:
        leave_waitlist(session, viewer, get_entry(session, viewer, entry_id), now=utc_now())
    return redirect_to(here("waiting", token=token))


@blueprint.get("/consultations/waitlist/offers/<token>")
@public("the signed link of one offered time")
def waitlist_offer(token: str) -> ResponseReturnValue:
    """Show a time that is kept for somebody, or what became of it. Changes nothing."""
    return _offer_page(token)


@blueprint.post("/consultations/waitlist/offers/<token>/take")
@public("whoever holds the signed link may take the time")
def take_offered(token: str) -> ResponseReturnValue:
    """Book the offered time; pressed twice, it is booked once."""
    viewer, _id = _holder(TokenPurpose.WAITLIST_OFFER, token)
    try:
        with transaction() as session:
            consultation = take_offer(
                session, viewer, get_offer(session, viewer), mail=mail_words(), now=utc_now()
            )
    except (OfferOver, SlotTaken, SlotNotOffered, ConstraintViolated):
        taken = find_sent(current_session(), viewer.subject_id)
        return redirect_to(page_of(taken.id)) if taken is not None else _offer_page(token, is_refused=True)
    return redirect_to(here("booked", token=signer().sign_id(TokenPurpose.CONSULTATION, consultation.id)))


@blueprint.post("/consultations/waitlist/offers/<token>/refuse")
@public("whoever holds the signed link may let the time go")
def refuse_offered(token: str) -> ResponseReturnValue:
    """Let the time go, and wait on; pressed twice, it is the same."""
    viewer, _id = _holder(TokenPurpose.WAITLIST_OFFER, token)
    try:
        with transaction() as session:
            refuse_offer(session, viewer, get_offer(session, viewer), now=utc_now())
    except OfferOver:
        if get_offer(current_session(), viewer).state is not OfferState.REFUSED:
            return _offer_page(token, is_refused=True)
    return redirect_to(here("waitlist_offer", token=token))


@blueprint.get("/requests/waitlist")
@requires(Permission.BOOKING_LEAD_LIST)
def waitlist() -> ResponseReturnValue:
    """List who waits for a time, longest first."""
    viewer, session = current_member(), current_session()
    entries = list_waiting(session, viewer)
    lines = [(entry, days_of(entry), parts_of(entry), *what_for(session, entry)) for entry in entries]
    things = brought_to_list(session, viewer)
    return render("booking/waitlist.html", lines=lines, things=things, zone=get_self(session, viewer).zone)


@blueprint.post("/requests/waitlist/<uuid:entry_id>/remove")
@requires(Permission.BOOKING_LEAD_ANSWER)
def remove_waiting(entry_id: UUID) -> ResponseReturnValue:
    """Take somebody off the list; nobody is written to."""
    viewer = current_member()
    with transaction() as session:
        leave_waitlist(session, viewer, get_entry(session, viewer, entry_id), now=utc_now())
    return redirect_to(here("waitlist"))


def _waiting_page(shown: Waiting) -> Response:
    return render("booking/waiting.html", waiting=shown, name=short_name(shown.therapist_name))


def days_of(entry: WaitlistEntry | Wishes) -> list[str]:
    """Name the weekdays that somebody wished for."""
    return [str(name) for day, name in enumerate(WEEKDAYS) if entry.weekdays >> day & 1]


def parts_of(entry: WaitlistEntry | Wishes) -> list[str]:
    """Name the parts of the day that somebody wished for."""
    return [str(words) for part, words in PARTS.items() if entry.parts & part]


def _holder(purpose: TokenPurpose, token: str) -> tuple[TokenHolder, UUID]:
    subject_id = signer().read_id(purpose, token)
    return TokenHolder(purpose, subject_id), subject_id


def _offer_token(offer_id: UUID) -> str:
    return signer().sign_id(TokenPurpose.WAITLIST_OFFER, offer_id)


def _offer_page(token: str, *, is_refused: bool = False) -> Response:
    session, now = current_session(), utc_now()
    viewer, offer_id = _holder(TokenPurpose.WAITLIST_OFFER, token)
    offer = get_offer(session, viewer)
    entry = offer.entry
    therapist = get_therapist(session, entry.therapist_id)
    type_name, _place = what_for(session, entry)
    taken = find_sent(session, offer_id) if offer.state is OfferState.TAKEN else None
    is_open = offer.state is OfferState.OPEN and offer.expires_at > now
    return render(
        "booking/waitlist_offer.html",
        status=409 if is_refused else 200,
        token=token,
        offer=offer,
        is_open=is_open,
        is_taken=taken is not None,
        booked_href="" if taken is None else page_of(taken.id),
        waiting_href=here("waiting", token=signer().sign_id(TokenPurpose.WAITLIST, entry.id)),
        is_waiting=entry.state is WaitlistState.WAITING,
        type_name=type_name,
        place=place_of_offer(session, offer) if is_open else None,
        therapist=therapist,
        name=short_name(therapist.display_name),
    )


def _join_page(way: Way, form: WaitlistForm, *, form_id: UUID, status: int = 200) -> Response:
    if "place_id" in form and form.place_id.choices is None:
        _offer_choices(way, form)
    name = short_name(way.chosen.therapist.display_name)
    form.form_key.data = signer().sign_id(TokenPurpose.BOOKING_FORM, form_id)
    form.agreed.label.text = _("I agree that %(name)s keeps these details to offer me a time.", name=name)
    zone = form.zone.data if not form.zone.errors and form.zone.data else way.zone
    zones = common_zones(
        way.now, also=(zone, way.chosen.therapist.zone), pattern=_("{city} ({offset}, now {time})")
    )
    return render(
        "booking/waitlist_join.html", status=status, way=way, form=form, name=name, zone=zone, zones=zones,
        carried=way.carried(form=""), contact_line=get_practice(current_session()).contact_line,
        brings=has_something_waiting(current_session(), form_id, way.now),
    )  # fmt: skip


def _offer_choices(way: Way, form: WaitlistForm) -> None:
    """Let somebody choose among the types of this therapist, and the places of all of them."""
    types = [(str(one.type.id), one.type.name) for one in way.types]
    places: dict[str, str] = {str(place.id): place.name for one in way.types for place in one.places}
    form.offer_choices(types, list(places.items()))
    if "type_id" in form and request.method == "GET":
        form.type_id.data = str(way.chosen.type.id)
    if "place_id" in form and request.method == "GET":
        form.place_id.data = ""


def _count_join(wanted: WaitlistRequest, now: datetime) -> bool:
    """Count one more against its limits, in a transaction of its own."""
    keys: tuple[tuple[Limit, Any], ...] = (
        (JOINS_OF_NETWORK, network_of(request.remote_addr)),
        (JOINS_OF_ADDRESS, wanted.email),
        (JOINS_OF_THERAPIST, str(wanted.therapist_id)),
    )
    with transaction() as session:
        within = [throttle(session, limit, key, now) for limit, key in keys]
    return all(within)
