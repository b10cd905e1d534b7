"""Where a practice decides whether visitors may take the short test, and reads what they see."""

from flask import Response, url_for
from flask.typing import ResponseReturnValue

from portal.assessments.short_form import short_form
from portal.practice.queries import get_practice
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.shortform.forms import OfferForm
from portal.shortform.service import offer_short_form
from portal.shortform.views.area import blueprint
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.web.links import public_link


@blueprint.get("/practice/short-test")
@requires(Permission.BOOKING_FORM_EDIT)
def settings() -> ResponseReturnValue:
    """Explain the short test, and show whether it is offered."""
    return _page(
        OfferForm(formdata=None, data={"is_offered": get_practice(current_session()).offers_short_form})
    )


@blueprint.post("/practice/short-test")
@requires(Permission.BOOKING_FORM_EDIT, keeps_typed=True)
def save_settings() -> ResponseReturnValue:
    """Offer the short test, or no longer."""
    form = OfferForm()
    if not form.validate():
        return _page(form, 422)
    with transaction() as session:
        offer_short_form(session, current_member(), is_offered=bool(form.is_offered.data))
    return redirect_to(url_for("shortform.settings"))


def _page(form: OfferForm, status: int = 200) -> Response:
    return render(
        "shortform/settings.html",
        status=status,
        form=form,
        test=short_form(),
        is_offered=get_practice(current_session()).offers_short_form,
        address=public_link("shortform.start"),
    )
