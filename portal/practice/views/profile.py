"""The page on which a therapist writes the own public profile."""

from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.rescue import hand_back
from portal.files.forms import FLAWS, FORM_BYTES
from portal.files.pictures import MOST_BYTES, PictureRefused, PicturesBusy, Pixels, add_picture, reencode
from portal.people.queries import get_self
from portal.practice.forms import ProfileForm
from portal.practice.models import Therapist
from portal.practice.queries import find_profile, get_practice
from portal.practice.rules import ProfileWords
from portal.practice.service import save_profile
from portal.practice.views.area import blueprint
from portal.security.crypto import Owner, OwnerKind
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import ConstraintViolated, current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.route("/practice/profile", methods=["GET", "POST"])
@requires(
    Permission.PRACTICE_PROFILE_EDIT, keeps_typed=True, rescue=hand_back, most_bytes=MOST_BYTES + FORM_BYTES
)
def profile() -> ResponseReturnValue:
    """Write the own public page."""
    viewer, session = current_member(), current_session()
    found = find_profile(session, viewer)
    is_sent = request.method == "POST"
    form = ProfileForm(**({} if is_sent else _saved(found, get_self(session, viewer).full_name)))
    if not form.is_submitted():
        return _page(form, found)
    if not form.validate():
        return _page(form, found, 422)
    try:
        pixels = _chosen(form)
    except PictureRefused as refusal:
        form.add_error("portrait", FLAWS[refusal.flaw])
        return _page(form, found, 422)
    except PicturesBusy:
        form.add_error(
            "portrait", _("Several pictures are being read at present. Please try again in a minute.")
        )
        return _page(form, found, 503)
    try:
        _save(form, found, pixels)
    except ConstraintViolated:
        form.add_error("slug", _("Another therapist has this address. Please choose a different one."))
        return _page(form, find_profile(current_session(), viewer), 409)
    return redirect_to(url_for("practice.profile"))


def _chosen(form: ProfileForm) -> Pixels | None:
    content = form.portrait.data.read() if form.portrait.data else b""
    return reencode(content) if content else None


def _save(form: ProfileForm, found: Therapist | None, pixels: Pixels | None) -> None:
    portrait_id: UUID | None = (
        found.portrait_id if found is not None and not form.drops_portrait.data else None
    )
    with transaction() as session:
        if pixels is not None:
            owner = Owner(OwnerKind.PRACTICE, get_practice(session).id)
            portrait_id = add_picture(session, owner, pixels).id
        words = ProfileWords(
            display_name=form.display_name.data,
            title_line=form.title_line.data,
            slug=form.slug.data,
            approach=form.approach.data,
            languages=form.languages.data,
            fees=form.fees.data,
            is_listed=form.is_listed.data,
        )
        save_profile(session, current_member(), words, portrait_id=portrait_id)


def _saved(found: Therapist | None, name: str) -> dict[str, object]:
    if found is None:
        return {"display_name": name, "is_listed": True}
    names = ("display_name", "title_line", "slug", "approach", "languages", "fees", "is_listed")
    return {one: getattr(found, one) for one in names}


def _page(form: ProfileForm, found: Therapist | None, status: int = 200) -> Response:
    return render("practice/profile.html", form=form, profile=found, status=status)
