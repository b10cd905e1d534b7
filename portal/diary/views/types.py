"""The pages on which therapists say what can be booked."""

from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from portal.clock import utc_now
from portal.diary.models import ConsultationTypeRow
from portal.diary.opening import move_type, offer_type, save_type
from portal.diary.opening_forms import TypeForm, span_words
from portal.diary.own import get_own, list_places, list_types, places_of_types
from portal.diary.views.area import blueprint
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.get("/diary/types")
@requires(Permission.DIARY_HOURS_EDIT)
def types() -> ResponseReturnValue:
    """List what can be booked, in the order in which visitors see it."""
    viewer, session = current_member(), current_session()
    return render(
        "diary/types.html",
        types=list_types(session, viewer),
        places=places_of_types(session, viewer),
        therapist_id=viewer.person_id,
        span_words=span_words,
    )


@blueprint.get("/diary/types/new")
@requires(Permission.DIARY_HOURS_EDIT)
def new_type() -> ResponseReturnValue:
    """Ask what else can be booked; all places are ticked."""
    places = [place for place in list_places(current_session(), current_member()) if place.is_active]
    return _type_page(TypeForm(formdata=None, places=[str(place.id) for place in places]), None)


@blueprint.post("/diary/types/new")
@requires(Permission.DIARY_HOURS_EDIT, keeps_typed=True)
def add_type() -> ResponseReturnValue:
    """Add something that can be booked."""
    return _save(None)


@blueprint.get("/diary/types/<uuid:type_id>")
@requires(Permission.DIARY_HOURS_EDIT)
def one_type(type_id: UUID) -> ResponseReturnValue:
    """Show one kind of consultation, to be changed."""
    viewer, session = current_member(), current_session()
    row = get_own(session, viewer, ConsultationTypeRow, type_id)
    form = TypeForm(formdata=None)
    form.show(row, places_of_types(session, viewer).get(type_id, []))
    return _type_page(form, row)


@blueprint.post("/diary/types/<uuid:type_id>")
@requires(Permission.DIARY_HOURS_EDIT, keeps_typed=True)
def change_type(type_id: UUID) -> ResponseReturnValue:
    """Change what can be booked; what is booked keeps its length."""
    return _save(get_own(current_session(), current_member(), ConsultationTypeRow, type_id))


@blueprint.post("/diary/types/<uuid:type_id>/order")
@requires(Permission.DIARY_HOURS_EDIT)
def order_type(type_id: UUID) -> ResponseReturnValue:
    """Show one kind earlier or later."""
    with transaction() as session:
        move_type(session, current_member(), type_id, up=request.form.get("way") != "down", now=utc_now())
    return redirect_to(url_for("diary.types"))


@blueprint.post("/diary/types/<uuid:type_id>/retire")
@requires(Permission.DIARY_HOURS_EDIT)
def retire_type(type_id: UUID) -> ResponseReturnValue:
    """Let it be booked no longer; what is booked stays."""
    with transaction() as session:
        offer_type(session, current_member(), type_id, offered=False, now=utc_now())
    return redirect_to(url_for("diary.types"))


@blueprint.post("/diary/types/<uuid:type_id>/offer")
@requires(Permission.DIARY_HOURS_EDIT)
def offer_type_again(type_id: UUID) -> ResponseReturnValue:
    """Let it be booked again."""
    with transaction() as session:
        offer_type(session, current_member(), type_id, offered=True, now=utc_now())
    return redirect_to(url_for("diary.types"))


def _save(row: ConsultationTypeRow | None) -> Response:
    form = TypeForm(obj=row)
    form.offer(list_places(current_session(), current_member()))
    if not form.validate():
        return _type_page(form, row, 422)
    with transaction() as session:
        type_id = row.id if row is not None else None
        save_type(session, current_member(), form.to_values(), form.place_ids, now=utc_now(), type_id=type_id)
    return redirect_to(url_for("diary.types"))


def _type_page(form: TypeForm, row: ConsultationTypeRow | None, status: int = 200) -> Response:
    form.offer(list_places(current_session(), current_member()))
    return render("diary/type.html", form=form, type=row, status=status)
