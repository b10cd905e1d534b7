"""The second person's pages: one to join by, which the booker passes on, and the own one afterwards.

The own page has a link of its own, which the booker does not get: neither sees what the other gave.
"""

from contextlib import suppress
from datetime import timedelta

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.rules import Limit, network_of
from portal.accounts.throttle import throttle
from portal.booking.after_forms import JoinForm
from portal.booking.joining import (
    JoinedAlready,
    can_be_joined,
    find_as_guest,
    join_consultation,
    leave_consultation,
)
from portal.booking.models import Consultation
from portal.booking.queries import get_consultation, get_place
from portal.booking.standing import LIVE
from portal.booking.views.area import blueprint, has_text_gateway, mail_words, signer
from portal.booking.views.manage import calendar_file, shown_zone
from portal.clock import utc_now
from portal.diary.offers import short_name
from portal.errors import NotFound
from portal.practice.queries import get_therapist
from portal.security.gate import public
from portal.security.viewer import TokenHolder, TokenPurpose
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.zones import common_zones

JOINS_OF_NETWORK = Limit("consultation_joins", 20, timedelta(hours=1))


@blueprint.get("/joining/<token>")
@public("the link that a booker passes on to the second person")
def come_along(token: str) -> ResponseReturnValue:
    """Say what it is about, and ask for a first name. Changes nothing."""
    form = JoinForm(has_text_gateway=has_text_gateway(), formdata=None)
    return _join_page(token, form)


@blueprint.post("/joining/<token>")
@public("whoever was passed the link may join", keeps_typed=True)
def join_in(token: str) -> ResponseReturnValue:
    """Join, and lead to the own page."""
    form = JoinForm(has_text_gateway=has_text_gateway())
    form.zone.choices = _zones(form.zone.data or "")
    if not form.validate():
        return _join_page(token, form, status=422)
    now = utc_now()
    with transaction() as session:
        is_within = throttle(session, JOINS_OF_NETWORK, network_of(request.remote_addr), now)
    if not is_within:
        form.form_errors.append(_("There were many tries in a short time. Please try again later."))
        return _join_page(token, form, status=429)
    viewer = _invited(token)
    try:
        with transaction() as session:
            consultation = _find(viewer)
            person = join_consultation(
                session, viewer, consultation, form.to_second(), mail=mail_words(), now=now
            )
    except JoinedAlready:
        return _join_page(token, form, status=409)
    own = signer().sign_id(TokenPurpose.CONSULTATION_GUEST, person.id)
    return redirect_to(url_for("booking.guest", token=own))


@blueprint.get("/joined/<token>")
@public("the second person's own link")
def guest(token: str) -> ResponseReturnValue:
    """Show the second person the time and the place, and nothing that the booker wrote. Changes nothing."""
    session, now = current_session(), utc_now()
    consultation = find_as_guest(session, _invited(token))
    therapist = get_therapist(session, consultation.therapist_id)
    place = get_place(session, consultation)
    zone = shown_zone(place, _own_zone(consultation))
    return render(
        "booking/guest.html",
        consultation=consultation,
        token=token,
        therapist_name=therapist.display_name,
        name=short_name(therapist.display_name),
        place=place,
        zone=zone,
        other_zone=therapist.zone if zone == _own_zone(consultation) else _own_zone(consultation),
        is_live=consultation.status in LIVE and consultation.ends_at > now,
        is_over=consultation.status in LIVE and consultation.ends_at <= now,
    )


@blueprint.get("/joined/<token>/event.ics")
@public("the second person's calendar file, by the own link")
def guest_event(token: str) -> Response:
    """Hand out the same calendar entry by the second person's own clocks."""
    consultation = find_as_guest(current_session(), _invited(token))
    return calendar_file(consultation, _own_zone(consultation))


@blueprint.post("/joined/<token>/leave")
@public("the second person may withdraw")
def leave(token: str) -> ResponseReturnValue:
    """Take the second person out again, with everything that person gave; the appointment itself stays. Pressed twice, too."""
    viewer = _invited(token)
    with suppress(NotFound), transaction() as session:
        leave_consultation(session, viewer, find_as_guest(session, viewer), now=utc_now())
    return redirect_to(url_for("booking.left"))


@blueprint.get("/joined/left")
@public("a sentence, for whoever has just withdrawn")
def left() -> ResponseReturnValue:
    """Say that it is done."""
    return render("booking/left.html")


def _invited(token: str) -> TokenHolder:
    purpose = TokenPurpose.CONSULTATION_GUEST
    return TokenHolder(purpose, signer().read_id(purpose, token))


def _find(viewer: TokenHolder) -> Consultation:
    """Load what the passed-on link is about, as its booker could."""
    booker = TokenHolder(TokenPurpose.CONSULTATION, viewer.subject_id)
    return get_consultation(current_session(), booker, viewer.subject_id)


def _own_zone(consultation: Consultation) -> str:
    return consultation.guest.zone if consultation.guest is not None else consultation.zone


def _join_page(token: str, form: JoinForm, *, status: int = 200) -> Response:
    session, now = current_session(), utc_now()
    consultation = _find(_invited(token))
    therapist = get_therapist(session, consultation.therapist_id)
    place = get_place(session, consultation)
    zone = shown_zone(place, therapist.zone)
    form.zone.choices = _zones(form.zone.data or therapist.zone)
    form.zone.data = form.zone.data or therapist.zone
    form.agreed.label.text = _(
        "I agree that %(name)s keeps these details to arrange the consultation.",
        name=short_name(therapist.display_name),
    )
    return render(
        "booking/join.html",
        status=status,
        consultation=consultation,
        therapist_name=therapist.display_name,
        name=short_name(therapist.display_name),
        place=place,
        zone=zone,
        form=form,
        is_open=can_be_joined(consultation, now),
    )


def _zones(also: str) -> list[tuple[str, str]]:
    return common_zones(utc_now(), also=(also,) if also else (), pattern=_("{city} ({offset}, now {time})"))
