"""The pages on which therapists say where people meet."""

from uuid import UUID

from flask import Response, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.clock import utc_now
from portal.diary.models import PlaceKind, PlaceRow
from portal.diary.opening import offer_place_again, remove_place, save_place
from portal.diary.opening_forms import PlaceForm
from portal.diary.own import get_own, list_places
from portal.diary.views.area import blueprint
from portal.practice.queries import zone_of
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.zones import common_zones


@blueprint.get("/diary/places")
@requires(Permission.DIARY_HOURS_EDIT)
def places() -> ResponseReturnValue:
    """List the places, those no longer offered last."""
    viewer, session = current_member(), current_session()
    return render(
        "diary/places.html",
        places=list_places(session, viewer),
        zone=zone_of(session, viewer.person_id),
        now=utc_now(),
    )


@blueprint.get("/diary/places/new")
@requires(Permission.DIARY_HOURS_EDIT)
def new_place() -> ResponseReturnValue:
    """Ask what a new place is."""
    zone = zone_of(current_session(), current_member().person_id)
    return _place_page(PlaceForm(formdata=None, zone=zone), None)


@blueprint.post("/diary/places/new")
@requires(Permission.DIARY_HOURS_EDIT, keeps_typed=True)
def add_place() -> ResponseReturnValue:
    """Add a place."""
    return _save(None)


@blueprint.get("/diary/places/<uuid:place_id>")
@requires(Permission.DIARY_HOURS_EDIT)
def place(place_id: UUID) -> ResponseReturnValue:
    """Show one place, to be changed."""
    viewer, session = current_member(), current_session()
    row = get_own(session, viewer, PlaceRow, place_id)
    form = PlaceForm(
        formdata=None, kind=row.kind.value, name=row.name, address=row.address, directions=row.directions,
        zone=row.zone or zone_of(session, viewer.person_id),
    )  # fmt: skip
    return _place_page(form, row)


@blueprint.post("/diary/places/<uuid:place_id>")
@requires(Permission.DIARY_HOURS_EDIT, keeps_typed=True)
def change_place(place_id: UUID) -> ResponseReturnValue:
    """Change one place."""
    return _save(get_own(current_session(), current_member(), PlaceRow, place_id))


@blueprint.post("/diary/places/<uuid:place_id>/remove")
@requires(Permission.DIARY_HOURS_EDIT)
def remove_one_place(place_id: UUID) -> ResponseReturnValue:
    """Offer a place no longer; what is booked there stays."""
    with transaction() as session:
        remove_place(session, current_member(), place_id, utc_now())
    return redirect_to(url_for("diary.places"))


@blueprint.post("/diary/places/<uuid:place_id>/offer")
@requires(Permission.DIARY_HOURS_EDIT)
def offer_place(place_id: UUID) -> ResponseReturnValue:
    """Offer a place again."""
    with transaction() as session:
        offer_place_again(session, current_member(), place_id, utc_now())
    return redirect_to(url_for("diary.places"))


def _save(row: PlaceRow | None) -> Response:
    form = PlaceForm()
    if form.kind.data == PlaceKind.ONLINE.value and not form.zone.data:
        form.zone.data = zone_of(current_session(), current_member().person_id)
    if not form.validate():
        return _place_page(form, row, 422)
    with transaction() as session:
        place_id = row.id if row is not None else None
        save_place(session, current_member(), form.to_words(), now=utc_now(), place_id=place_id)
    return redirect_to(url_for("diary.places"))


def _place_page(form: PlaceForm, row: PlaceRow | None, status: int = 200) -> Response:
    also = (row.zone,) if row is not None and row.zone else ()
    own = zone_of(current_session(), current_member().person_id)
    form.offer(common_zones(utc_now(), also=(own, *also), pattern=_("{city} ({offset}, now {time})")))
    return render("diary/place.html", form=form, place=row, status=status)
