"""The page of one booking, for whoever holds its signed link: how it stands, and what can still be done about it.

Nothing here changes anything by being opened: programs that look through mail open every link, some of them ten times.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Response, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.rules import Limit, network_of
from portal.accounts.throttle import throttle
from portal.booking.after_forms import MessageForm, NewAddressForm, SeenForm
from portal.booking.answering import cancel_consultation
from portal.booking.event import event_file
from portal.booking.joining import can_be_joined
from portal.booking.messages import NothingToArrange, messages_of, write_message
from portal.booking.models import Consultation, ConsultationMessage
from portal.booking.moving import move_consultation
from portal.booking.queries import get_consultation, get_place, windows_of
from portal.booking.rebooking import book_instead, give_address, offer_instead
from portal.booking.rules import (
    AlreadySent,
    Attendance,
    ConsultationStatus,
    DeclineReason,
    EndedBy,
    PartnerKnows,
    TimeHasPassed,
)
from portal.booking.standing import LIVE, WindowClosed, is_open_for_words, may_choose_again
from portal.booking.timetable import Time, times_of, timetable
from portal.booking.views.area import blueprint, mail_words, signer
from portal.booking.views.way import asked_start
from portal.clock import utc_now
from portal.diary.models import PlaceRow
from portal.diary.offers import Offer, short_name
from portal.diary.queries import find_offer
from portal.diary.rules import Slot, SlotNotOffered, SlotTaken
from portal.errors import Conflict
from portal.practice.queries import get_practice, get_therapist
from portal.security.gate import public
from portal.security.viewer import TokenHolder, TokenPurpose
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.web.links import public_link
from portal.zones import parse_zone

MESSAGES_OF_NETWORK = Limit("consultation_messages", 20, timedelta(hours=1))
MESSAGES_ABOUT = Limit("consultation_message", 8, timedelta(hours=1))  # a therapist's inbox is no chat
ADDRESSES_OF_ONE = Limit("consultation_new_address", 5, timedelta(days=1))
CHANGES_OF_ONE = Limit("consultation_changes", 20, timedelta(days=1))  # each of them is a mail to somebody


class TooOften(Exception):
    """More than one booking or one network should do in a while."""


@dataclass(frozen=True, slots=True)
class Booked:
    """What the page after booking shows. `partner_name` is empty unless the partner knows; `token` where nothing is kept.

    `move_until`, `cancel_until`: as long as the visitor may do so, until when. `zone`: in which times are shown first.
    """

    starts_at: datetime
    ends_at: datetime
    zone: str
    status: ConsultationStatus
    therapist_name: str
    therapist_zone: str
    partner_name: str
    event_href: str
    token: str = ""
    place: PlaceRow | None = None
    is_over: bool = False
    was_missed: bool = False
    version: int = 0
    move_until: datetime | None = None
    cancel_until: datetime | None = None
    may_write: bool = False
    messages: Sequence[ConsultationMessage] = ()
    ended_by: EndedBy | None = None
    reason: DeclineReason | None = None
    answer_words: str = ""
    moved_from: datetime | None = None
    is_bounced: bool = False
    pass_on_link: str = ""
    has_guest: bool = False
    instead: Sequence[tuple[Slot, Time]] = field(default=())


@blueprint.get("/consultations/<token>")
@public("the signed link of one booking")
def booked(token: str) -> ResponseReturnValue:
    """Show one booking as it stands, to whoever holds its link. Changes nothing."""
    return _page(token, _linked(token))


@blueprint.get("/consultations/<token>/event.ics")
@public("the calendar file of one booking, by its signed link")
def event(token: str) -> Response:
    """Hand out the calendar entry under a neutral name."""
    return calendar_file(_linked(token))


@blueprint.get("/consultations/<token>/move")
@public("the signed link of one booking")
def move(token: str) -> ResponseReturnValue:
    """Show the times that this booking could move to."""
    return _move_page(token, _linked(token))


@blueprint.post("/consultations/<token>/move")
@public("whoever holds the signed link may move the booking")
def take_other_time(token: str) -> ResponseReturnValue:
    """Move to another free time, computed anew; until that is certain the old time stays."""
    form, viewer = SeenForm(), _holder(token)
    try:
        _count(CHANGES_OF_ONE, token)
        starts_at = asked_start()
        with transaction() as session:
            consultation = get_consultation(session, viewer, viewer.subject_id)
            move_consultation(
                session, viewer, consultation, starts_at, mail=mail_words(), now=utc_now(), seen=form.version()
            )  # fmt: skip
    except (SlotTaken, SlotNotOffered) as refusal:
        return _move_page(token, _linked(token), refusal=refusal)
    except (Conflict, TooOften) as refusal:
        return _page(token, _linked(token), refusal=refusal)
    return redirect_to(url_for("booking.booked", token=token))


@blueprint.get("/consultations/<token>/cancel")
@public("the signed link of one booking")
def cancel(token: str) -> ResponseReturnValue:
    """Ask once more, because cancelling cannot be taken back."""
    consultation = _linked(token)
    shown = _shown(token, consultation)
    if shown.cancel_until is None:
        return redirect_to(url_for("booking.booked", token=token))
    return render("booking/cancel.html", booked=shown, name=short_name(shown.therapist_name))


@blueprint.post("/consultations/<token>/cancel")
@public("whoever holds the signed link may cancel the booking")
def cancel_it(token: str) -> ResponseReturnValue:
    """Cancel; pressed twice, it stays cancelled."""
    form, viewer = SeenForm(), _holder(token)
    try:
        with transaction() as session:
            consultation = get_consultation(session, viewer, viewer.subject_id)
            if consultation.status is not ConsultationStatus.CANCELLED:
                cancel_consultation(
                    session, viewer, consultation, mail=mail_words(), now=utc_now(), seen=form.version()
                )
    except Conflict as refusal:
        return _page(token, _linked(token), refusal=refusal)
    return redirect_to(url_for("booking.booked", token=token))


@blueprint.post("/consultations/<token>/message")
@public("whoever holds the signed link may write to the therapist", keeps_typed=True)
def send_message(token: str) -> ResponseReturnValue:
    """Leave the therapist a few words, which no mail repeats."""
    form, viewer = MessageForm(), _holder(token)
    if not form.validate():
        return _page(token, _linked(token), form=form, status=422)
    try:
        _count(MESSAGES_OF_NETWORK, network_of(request.remote_addr))
        _count(MESSAGES_ABOUT, token)
        with transaction() as session:
            consultation = get_consultation(session, viewer, viewer.subject_id)
            write_message(session, viewer, consultation, form.words.data, mail=mail_words(), now=utc_now())
    except (Conflict, TooOften) as refusal:
        return _page(token, _linked(token), form=form, refusal=refusal)
    return redirect_to(url_for("booking.booked", token=token, _anchor="exchange"))


@blueprint.post("/consultations/<token>/again")
@public("whoever holds the signed link may take another time in place of one that was taken back")
def book_again(token: str) -> ResponseReturnValue:
    """Book another time with what is known already: one press."""
    viewer = _holder(token)
    try:
        starts_at = asked_start()
        with transaction() as session:
            consultation = get_consultation(session, viewer, viewer.subject_id)
            other = book_instead(session, viewer, consultation, starts_at, mail=mail_words(), now=utc_now())
    except (SlotNotOffered, Conflict) as refusal:
        return _page(token, _linked(token), refusal=refusal)
    other_token = signer().sign_id(TokenPurpose.CONSULTATION, other.id)
    return redirect_to(url_for("booking.booked", token=other_token))


@blueprint.post("/consultations/<token>/address")
@public("whoever holds the signed link may give another address when mails come back", keeps_typed=True)
def change_address(token: str) -> ResponseReturnValue:
    """Write to another address from now on."""
    form, viewer = NewAddressForm(), _holder(token)
    if not form.validate():
        return _page(token, _linked(token), address_form=form, status=422)
    try:
        _count(ADDRESSES_OF_ONE, token)
        with transaction() as session:
            consultation = get_consultation(session, viewer, viewer.subject_id)
            give_address(session, viewer, consultation, form.address(), mail=mail_words(), now=utc_now())
    except (Conflict, TooOften) as refusal:
        return _page(token, _linked(token), address_form=form, refusal=refusal)
    return redirect_to(url_for("booking.booked", token=token))


def booked_page(shown: Booked, **more: Any) -> Response:
    """Show how one booking stands."""
    blank = {
        "form": MessageForm(formdata=None),
        "address_form": NewAddressForm(formdata=None),
        "problem": None,
    }
    return render(
        "booking/booked.html", booked=shown, name=short_name(shown.therapist_name), **{**blank, **more}
    )


def calendar_file(consultation: Consultation, zone: str = "") -> Response:
    """Give the calendar entry as a file, by the clocks of `zone`."""
    response = make_response(event_file(consultation, utc_now(), zone))
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response


def shown_zone(place: PlaceRow | None, reader_zone: str) -> str:
    """Choose the clocks that come first: those of the room, where people have to be on time, else the reader's."""
    return place.zone if place is not None and place.zone else reader_zone


def _holder(token: str) -> TokenHolder:
    return TokenHolder(TokenPurpose.CONSULTATION, signer().read_id(TokenPurpose.CONSULTATION, token))


def _linked(token: str) -> Consultation:
    viewer = _holder(token)
    return get_consultation(current_session(), viewer, viewer.subject_id)


def _count(limit: Limit, key: str) -> None:
    with transaction() as session:
        is_within = throttle(session, limit, key, utc_now())
    if not is_within:
        raise TooOften


def _page(
    token: str,
    consultation: Consultation,
    *,
    refusal: Exception | None = None,
    status: int = 200,
    **forms: Any,
) -> Response:
    if consultation.erased_at is not None:
        contact_line = get_practice(current_session()).contact_line
        return render("booking/erased.html", contact_line=contact_line, status=409 if refusal else 200)
    shown = _shown(token, consultation)
    problem = _problem(refusal) if refusal is not None else None
    return booked_page(shown, problem=problem, status=_status(refusal) if refusal else status, **forms)


def _status(refusal: Exception) -> int:
    if isinstance(refusal, TooOften):
        return 429
    return 422 if isinstance(refusal, SlotNotOffered) else 409


def _problem(refusal: Exception) -> tuple[str, str]:
    """Say what was not done and why, as title and sentence."""
    said = {
        TooOften: (_("That was often in a short time"), _("Nothing was sent. Please try again in an hour.")),
        WindowClosed: (
            _("It is too late to change this here"),
            _("Nothing was changed. Please leave a message below; it is read as soon as possible."),
        ),
        TimeHasPassed: (_("This time has begun"), _("It can no longer be moved or cancelled here.")),
        SlotTaken: (
            _("That time has just gone"),
            _("Nothing was changed. Please choose another one below."),
        ),
        SlotNotOffered: (
            _("That time is not offered"),
            _("Nothing was changed. Please choose another one below."),
        ),
        AlreadySent: (
            _("Another time was booked from here before"),
            _("That booking stands; the mail about it leads to its own page."),
        ),
        NothingToArrange: (
            _("Messages here are closed"),
            _("Nothing was sent. Please write to us another way."),
        ),
    }
    changed = (
        _("Something changed meanwhile"),
        _("What you pressed was not done. Below is how it stands now; please look, and press once more."),
    )
    return said.get(type(refusal), changed)


def _shown(token: str, consultation: Consultation, *, has_words: bool = True) -> Booked:
    session, now = current_session(), utc_now()
    viewer = _holder(token)
    therapist = get_therapist(session, consultation.therapist_id)
    place = get_place(session, consultation)
    knows = consultation.partner_knows is PartnerKnows.YES
    is_live = consultation.status in LIVE and consultation.starts_at > now
    windows = windows_of(session, consultation)
    times = consultation.starts_at, consultation.settled_at
    instead: list[tuple[Slot, Time]] = []
    zone = shown_zone(place, consultation.zone)
    if may_choose_again(consultation.status, consultation.ended_by, consultation.decline_reason):
        offer = offer_instead(session, consultation, now)
        near = offer.near(max(consultation.starts_at, now), now) if offer else []
        instead = list(zip(near, times_of(near, (parse_zone(zone), parse_zone(therapist.zone))), strict=True))
    return Booked(
        starts_at=consultation.starts_at,
        ends_at=consultation.ends_at,
        zone=zone,
        status=consultation.status,
        therapist_name=therapist.display_name,
        therapist_zone=consultation.zone if zone != consultation.zone else therapist.zone,
        partner_name=consultation.partner_name if knows else "",
        event_href=url_for("booking.event", token=token),
        token=token,
        place=place,
        is_over=consultation.status in LIVE and consultation.ends_at <= now,
        was_missed=consultation.attendance is Attendance.MISSED
        and consultation.partner_attendance is not Attendance.CAME,
        version=consultation.calendar_sequence,
        move_until=windows.move_until(*times) if is_live and windows.may_move(*times, now) else None,
        cancel_until=windows.cancel_until(*times) if is_live and windows.may_cancel(*times, now) else None,
        may_write=is_open_for_words(consultation.status, consultation.ends_at, now),
        messages=messages_of(session, viewer, consultation) if has_words else [],
        ended_by=consultation.ended_by,
        reason=consultation.decline_reason,
        answer_words=consultation.answer_words,
        moved_from=consultation.previous_starts_at if is_live else None,
        is_bounced=consultation.person.email_bounced_at is not None,
        pass_on_link=_pass_on_link(consultation, now),
        has_guest=consultation.guest_id is not None,
        instead=instead,
    )


def _pass_on_link(consultation: Consultation, now: datetime) -> str:
    if not can_be_joined(consultation, now):
        return ""
    token = signer().sign_id(TokenPurpose.CONSULTATION_GUEST, consultation.id)
    return public_link("booking.come_along", token=token)


def _move_page(token: str, consultation: Consultation, *, refusal: Exception | None = None) -> Response:
    """Show every time that is free when the own present one does not count."""
    now = utc_now()
    shown = _shown(token, consultation, has_words=False) if consultation.erased_at is None else None
    if shown is None or shown.move_until is None:
        return redirect_to(url_for("booking.booked", token=token))
    offer = _offer(consultation, now)
    zone = parse_zone(shown.zone)
    return render(
        "booking/move.html",
        status=_status(refusal) if refusal else 200,
        booked=shown,
        name=short_name(shown.therapist_name),
        offer=offer,
        table=timetable(offer, now, zone) if offer else None,
        problem=_problem(refusal) if refusal else None,
    )


def _offer(consultation: Consultation, now: datetime) -> Offer | None:
    return find_offer(
        current_session(), now, consultation.therapist_id, type_id=consultation.type_id,
        place_id=consultation.place_id, ignoring=consultation.occupied_id,
    )  # fmt: skip
