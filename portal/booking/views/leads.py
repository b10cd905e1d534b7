"""The therapist's side: who asked for a consultation, through which article, and what to answer."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.booking.after_forms import (
    ApologyForm,
    AttendanceForm,
    DeclineForm,
    HostMoveForm,
    MessageForm,
    SeenForm,
)
from portal.booking.answering import cancel_consultation, confirm_consultation, decline_consultation
from portal.booking.attending import note_attendance
from portal.booking.brought import brought_along
from portal.booking.erasing import purge as purge_requests
from portal.booking.matching import matches_of, merge_into, part_again
from portal.booking.messages import mark_read, messages_of, write_message
from portal.booking.models import Consultation
from portal.booking.moving import move_consultation
from portal.booking.queries import (
    Shelf,
    answers_of,
    chosen_leads,
    get_consultation,
    get_place,
    get_type,
    lead_numbers,
    lead_page,
)
from portal.booking.reminders import has_left_out_reminder
from portal.booking.rules import AlreadyAnswered, Attendance, TimeHasPassed
from portal.booking.standing import LIVE
from portal.booking.views.area import blueprint, mail_words
from portal.booking.warning_words import has_marked, mark_words
from portal.clock import utc_now
from portal.diary.rules import SlotTaken
from portal.errors import Conflict, NotFound
from portal.people.queries import get_self
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.forms import Form
from portal.web.htmx import redirect_to, render
from portal.zones import parse_zone

MOST_CHOSEN = 100
MOST_PAGES = 10_000
Act = Callable[..., object]


@blueprint.get("/requests")
@requires(Permission.BOOKING_LEAD_LIST)
def leads() -> ResponseReturnValue:
    """List who asked for a consultation, one shelf and one page at a time."""
    viewer, session, now = current_member(), current_session(), utc_now()
    shelf, page = _asked_shelf(), _asked_page()
    found = lead_page(session, viewer, shelf, now, page=page)
    return render(
        "booking/leads.html",
        shelf=shelf,
        numbers=lead_numbers(session, viewer, now),
        leads=found.leads,
        number=page,
        has_more=found.has_more,
        zone=get_self(session, viewer).zone,
    )


@blueprint.get("/requests/purge")
@requires(Permission.BOOKING_LEAD_LIST)
def choose_purge() -> ResponseReturnValue:
    """Ask once more before chosen requests are erased, with what they are."""
    viewer, session = current_member(), current_session()
    return render(
        "booking/purge.html",
        chosen=chosen_leads(session, viewer, _chosen(request.args.getlist("chosen"))),
        zone=get_self(session, viewer).zone,
        form=Form(),
    )


@blueprint.post("/requests/purge")
@requires(Permission.BOOKING_LEAD_ANSWER)
def purge() -> ResponseReturnValue:
    """Erase chosen requests: their times are free again, nobody is written to."""
    with transaction() as session:
        purge_requests(session, current_member(), _chosen(request.form.getlist("chosen")), utc_now())
    return redirect_to(url_for("booking.leads"))


@blueprint.get("/requests/<uuid:consultation_id>")
@requires(Permission.BOOKING_LEAD_LIST)
def lead(consultation_id: UUID) -> ResponseReturnValue:
    """Show one request with everything that was written; the reading is recorded."""
    consultation = get_consultation(current_session(), current_member(), consultation_id)
    audited_read(current_member(), Action.CONSULTATION_READ, consultation)
    return _lead_page(consultation)


@blueprint.post("/requests/<uuid:consultation_id>/confirm")
@requires(Permission.BOOKING_LEAD_ANSWER)
def confirm(consultation_id: UUID) -> ResponseReturnValue:
    """Say yes."""
    return _act(consultation_id, confirm_consultation, seen=SeenForm().version())


@blueprint.post("/requests/<uuid:consultation_id>/decline")
@requires(Permission.BOOKING_LEAD_ANSWER, keeps_typed=True)
def decline(consultation_id: UUID) -> ResponseReturnValue:
    """Say no, with a reason that the visitor's page tells kindly, and free the time."""
    form = DeclineForm(prefix="no-")
    if not form.validate():
        return _invalid(consultation_id, decline_form=form)
    return _act(
        consultation_id, decline_consultation, seen=form.version(), reason=form.to_reason(), words=form.words.data or ""
    )  # fmt: skip


@blueprint.post("/requests/<uuid:consultation_id>/cancel")
@requires(Permission.BOOKING_LEAD_ANSWER, keeps_typed=True)
def cancel_lead(consultation_id: UUID) -> ResponseReturnValue:
    """Take back what was agreed; the visitor's page apologises and offers three other times."""
    form = ApologyForm(prefix="off-")
    if not form.validate():
        return _invalid(consultation_id, apology_form=form)
    return _act(consultation_id, cancel_consultation, seen=form.version(), words=form.words.data or "")


@blueprint.post("/requests/<uuid:consultation_id>/move")
@requires(Permission.BOOKING_LEAD_ANSWER, keeps_typed=True)
def move_lead(consultation_id: UUID) -> ResponseReturnValue:
    """Give another time, whatever visitors are offered; only what is occupied is refused."""
    form = HostMoveForm(prefix="to-")
    if not form.validate():
        return _invalid(consultation_id, move_form=form)
    zone = parse_zone(get_self(current_session(), current_member()).zone)
    try:
        starts_at = form.to_instant(zone)
    except OverflowError:
        form.add_error("on", _("Please give a day of this century."))
        return _invalid(consultation_id, move_form=form)
    viewer = current_member()
    try:
        with transaction() as session:
            consultation = get_consultation(session, viewer, consultation_id)
            move_consultation(
                session, viewer, consultation, starts_at, mail=mail_words(), now=utc_now(), seen=form.version()
            )  # fmt: skip
    except SlotTaken:
        form.add_error("at", _("Something else is in your diary then."))
        return _invalid(consultation_id, status=409, move_form=form)
    except TimeHasPassed:
        form.add_error("on", _("This time has passed."))
        return _invalid(consultation_id, move_form=form)
    except Conflict as refusal:
        return _refused(consultation_id, refusal)
    return redirect_to(url_for("booking.lead", consultation_id=consultation_id))


@blueprint.post("/requests/<uuid:consultation_id>/message")
@requires(Permission.BOOKING_LEAD_ANSWER, keeps_typed=True)
def reply(consultation_id: UUID) -> ResponseReturnValue:
    """Leave words on the visitor's page; the mail about them says only that there are some."""
    form = MessageForm(prefix="say-")
    if not form.validate():
        return _invalid(consultation_id, message_form=form)
    viewer = current_member()
    try:
        with transaction() as session:
            consultation = get_consultation(session, viewer, consultation_id)
            write_message(session, viewer, consultation, form.words.data, mail=mail_words(), now=utc_now())
    except Conflict:
        form.form_errors.append(_("Nothing more can be written about this request."))
        return _invalid(consultation_id, status=409, message_form=form)
    return redirect_to(url_for("booking.lead", consultation_id=consultation_id, _anchor="messages"))


@blueprint.post("/requests/<uuid:consultation_id>/read")
@requires(Permission.BOOKING_LEAD_ANSWER)
def read(consultation_id: UUID) -> ResponseReturnValue:
    """Note that the messages need no answer."""
    with transaction() as session:
        mark_read(session, get_consultation(session, current_member(), consultation_id), utc_now())
    return redirect_to(url_for("booking.lead", consultation_id=consultation_id, _anchor="messages"))


@blueprint.post("/requests/<uuid:consultation_id>/attendance")
@requires(Permission.BOOKING_LEAD_ANSWER)
def attend(consultation_id: UUID) -> ResponseReturnValue:
    """Note who came."""
    form = AttendanceForm()
    if not form.validate():
        return _invalid(consultation_id, attendance_form=form)
    booker, partner = Attendance(form.booker.data), Attendance(form.partner.data)
    return _act(consultation_id, note_attendance, booker=booker, partner=partner)


@blueprint.post("/requests/<uuid:consultation_id>/merge")
@requires(Permission.BOOKING_LEAD_ANSWER)
def merge(consultation_id: UUID) -> ResponseReturnValue:
    """Note that this request and another are of the same people; only the therapist sees it."""
    ids = _chosen(request.form.getlist("other"))
    if len(ids) != 1:
        raise NotFound("consultation")
    viewer = current_member()
    try:
        with transaction() as session:
            consultation = get_consultation(session, viewer, consultation_id)
            merge_into(session, viewer, consultation, get_consultation(session, viewer, ids.pop()))
    except AlreadyAnswered as refusal:
        return _refused(consultation_id, refusal)
    return redirect_to(url_for("booking.lead", consultation_id=consultation_id))


@blueprint.post("/requests/<uuid:consultation_id>/part")
@requires(Permission.BOOKING_LEAD_ANSWER)
def part(consultation_id: UUID) -> ResponseReturnValue:
    """Take that note back."""
    with transaction() as session:
        part_again(session, current_member(), get_consultation(session, current_member(), consultation_id))
    return redirect_to(url_for("booking.lead", consultation_id=consultation_id))


def _asked_shelf() -> Shelf:
    asked = request.args.get("show", "")
    return Shelf(asked) if asked in set(Shelf) else Shelf.WAITING


def _asked_page() -> int:
    asked = request.args.get("page", "")
    is_number = asked.isascii() and asked.isdigit() and len(asked) <= len(str(MOST_PAGES))
    return min(max(int(asked), 1), MOST_PAGES) if is_number else 1


def _chosen(texts: list[str]) -> set[UUID]:
    """Read ids; what is none, and what is too many, counts as not chosen."""
    found = set()
    for text in texts[:MOST_CHOSEN]:
        try:
            found.add(UUID(text))
        except ValueError:
            continue
    return found


def _act(consultation_id: UUID, act: Act, **values: Any) -> Response:
    viewer = current_member()
    try:
        with transaction() as session:
            consultation = get_consultation(session, viewer, consultation_id)
            act(session, viewer, consultation, mail=mail_words(), now=utc_now(), **values)
    except Conflict as refusal:
        return _refused(consultation_id, refusal)
    return redirect_to(url_for("booking.lead", consultation_id=consultation_id))


def _refused(consultation_id: UUID, refusal: Conflict) -> Response:
    consultation = get_consultation(current_session(), current_member(), consultation_id)
    return _lead_page(consultation, refusal=refusal, status=409)


def _invalid(consultation_id: UUID, *, status: int = 422, **forms: Form) -> Response:
    """Show the page once more with the one form that needs another look."""
    consultation = get_consultation(current_session(), current_member(), consultation_id)
    return _lead_page(consultation, status=status, **forms)


def _lead_page(
    consultation: Consultation, *, refusal: Conflict | None = None, status: int = 200, **forms: Form
) -> Response:
    viewer, session, now = current_member(), current_session(), utc_now()
    zone = get_self(session, viewer).zone
    empty = {
        "decline_form": DeclineForm(formdata=None, prefix="no-"),
        "apology_form": ApologyForm(formdata=None, prefix="off-"),
        "move_form": HostMoveForm(formdata=None, prefix="to-"),
        "message_form": MessageForm(formdata=None, prefix="say-"),
        "attendance_form": _attendance_of(consultation),
    }
    for form in (*empty.values(), *forms.values()):
        if isinstance(form, SeenForm):
            form.seen.data = str(consultation.calendar_sequence)
    return render(
        "booking/lead.html",
        status=status,
        lead=consultation,
        zone=zone,
        place=get_place(session, consultation),
        kind=get_type(session, consultation),
        answers=answers_of(session, viewer, consultation),
        messages=messages_of(session, viewer, consultation),
        things=brought_along(session, viewer, consultation),
        matches=matches_of(session, viewer, consultation) if consultation.erased_at is None else None,
        pieces=mark_words(consultation.words),
        mark_words=mark_words,
        has_marked=has_marked,
        has_no_reminder=has_left_out_reminder(session, consultation),
        is_over=consultation.starts_at <= now,
        is_live=consultation.status in LIVE and consultation.starts_at > now,
        was_answered=isinstance(refusal, AlreadyAnswered),
        was_too_late=isinstance(refusal, TimeHasPassed),
        was_refused=refusal is not None,
        problem_form=next(iter(forms.values()), None),
        **{**empty, **forms},
    )


def _attendance_of(consultation: Consultation) -> AttendanceForm:
    return AttendanceForm(
        formdata=None, booker=consultation.attendance.value, partner=consultation.partner_attendance.value
    )
