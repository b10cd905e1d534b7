"""Letters by the contact form: written by visitors, read and ticked off by the therapist they were written to."""

from datetime import datetime, timedelta
from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.rules import Limit, network_of
from portal.accounts.throttle import throttle
from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.booking.rules import is_too_quick, new_form_id
from portal.booking.views.area import mail_words, open_to_all, signer
from portal.booking.views.way import read_form_id
from portal.clock import utc_now
from portal.front.forms import LetterForm
from portal.front.queries import get_enquiry, is_sent, letter_code, list_enquiries
from portal.front.rules import Letter
from portal.front.service import send_letter, tick_off
from portal.front.views.area import blueprint
from portal.people.queries import get_self
from portal.practice.queries import get_practice, list_therapists
from portal.security.gate import public, requires
from portal.security.login import current_member, current_viewer
from portal.security.permissions import Permission
from portal.security.viewer import TokenPurpose
from portal.transaction import ConstraintViolated, current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.web.links import public_link
from portal.web.marks import current_mark

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LETTERS_OF_NETWORK = Limit("letter_network", 10, HOUR)
LETTERS_OF_ADDRESS = Limit("letter_address", 5, DAY)
LETTERS_TO_THERAPIST = Limit("letter_therapist", 60, DAY)


@blueprint.route("/contact", methods=["GET", "POST"])
@public("visitors write without an account", keeps_typed=True)
def write() -> ResponseReturnValue:
    """Write to a therapist; whatever stands in the way, what was typed comes back."""
    now, form = utc_now(), LetterForm()
    therapists = list_therapists(current_session())
    form.offer(therapists)
    if not form.is_submitted():
        wanted = next((one for one in therapists if one.slug and one.slug == request.args.get("to")), None)
        if wanted is not None:
            form.to.data = str(wanted.person_id)
        return open_to_all(_page(form, new_form_id(now)), is_found=not request.args)
    form_id = read_form_id(form.form_key.data or "")
    if not form.validate() or form_id is None:
        return _page(form, form_id or new_form_id(now), 422)
    return _send(form, form_id, now)


@blueprint.get("/contact/sent")
@public("says that a letter has arrived, to whoever asks")
def sent() -> ResponseReturnValue:
    """Say what happens next."""
    return render("front/sent.html")


@blueprint.get("/requests/letters")
@requires(Permission.BOOKING_LEAD_LIST)
def enquiries() -> ResponseReturnValue:
    """List who wrote, newest first."""
    viewer, session = current_member(), current_session()
    found = list_enquiries(session, viewer)
    return render(
        "front/enquiries.html",
        waiting=[one for one in found if one.handled_at is None],
        handled=[one for one in found if one.handled_at is not None],
        zone=get_self(session, viewer).zone,
    )


@blueprint.get("/requests/letters/<uuid:enquiry_id>")
@requires(Permission.BOOKING_LEAD_LIST)
def enquiry(enquiry_id: UUID) -> ResponseReturnValue:
    """Show one letter; the reading is recorded."""
    viewer = current_member()
    found = get_enquiry(current_session(), viewer, enquiry_id)
    audited_read(viewer, Action.ENQUIRY_READ, found)
    return render("front/enquiry.html", enquiry=found, zone=get_self(current_session(), viewer).zone)


@blueprint.post("/requests/letters/<uuid:enquiry_id>/handled")
@requires(Permission.BOOKING_LEAD_ANSWER)
def handle(enquiry_id: UUID) -> ResponseReturnValue:
    """Tick a letter off, or open it again."""
    with transaction() as session:
        found = get_enquiry(session, current_member(), enquiry_id)
        is_handled = request.form.get("is_handled", "yes") == "yes"
        tick_off(session, current_member(), found, is_handled=is_handled, now=utc_now())
    return redirect_to(url_for("front.enquiries"))


def _send(form: LetterForm, form_id: UUID, now: datetime) -> Response:
    letter = form.to_letter(form_id)
    if form.website.data:
        return redirect_to(url_for("front.sent"))  # a program gets the page it hopes for; nothing is kept
    if is_too_quick(form_id, now):
        form.form_errors.append(
            _("That was very quick. Please look at what you wrote, and press the button once more.")
        )
        return _page(form, form_id, 422)
    session = current_session()
    if not is_sent(session, letter_code(session, letter.fingerprint())) and not _is_within_limits(
        letter, now
    ):
        form.form_errors.append(
            _(
                "There were many letters in a short time. Please try again later, or use another way to reach us."
            )
        )
        return _page(form, form_id, 429)
    _keep(letter, now)
    return redirect_to(url_for("front.sent"))


def _keep(letter: Letter, now: datetime) -> None:
    zone, mark = get_practice(current_session()).zone, current_mark()
    try:
        with transaction() as session:
            send_letter(
                session, current_viewer(), letter,
                zone=zone, mark=mark, mail=mail_words(), link=public_link("front.enquiries"), now=now,
            )  # fmt: skip
    except ConstraintViolated:
        return  # a double click: the other of the two has written it


def _is_within_limits(letter: Letter, now: datetime) -> bool:
    """Count the letter against its limits, in a transaction of its own."""
    keys = (
        (LETTERS_OF_NETWORK, network_of(request.remote_addr)),
        (LETTERS_OF_ADDRESS, letter.email),
        (LETTERS_TO_THERAPIST, str(letter.therapist_id)),
    )
    with transaction() as session:
        within = [throttle(session, limit, key, now) for limit, key in keys]
    return all(within)


def _page(form: LetterForm, form_id: UUID, status: int = 200) -> Response:
    form.form_key.data = signer().sign_id(TokenPurpose.BOOKING_FORM, form_id)
    return render(
        "front/write.html",
        form=form,
        contact_line=get_practice(current_session()).contact_line,
        status=status,
    )
