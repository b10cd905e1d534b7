"""Ending the work with a couple (CPL-09): a page that says what happens, and the act. Adds them to the couple's pages."""

from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.caseload.forms import CloseCoupleForm
from portal.caseload.views import blueprint
from portal.clock import utc_now
from portal.couples.queries import CLOSED, get_couple
from portal.couples.rules import CoupleClosed
from portal.couples.service import close_couple
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.route("/couples/<uuid:couple_id>/close", methods=["GET", "POST"])
@requires(Permission.COUPLES_COUPLE_CLOSE, keeps_typed=True)
def close(couple_id: UUID) -> ResponseReturnValue:
    """Say what ends, then end it."""
    viewer, form = current_member(), CloseCoupleForm()
    if not form.is_submitted():
        return _page(couple_id, form)
    if not form.validate():
        return _page(couple_id, form, 422)
    try:
        with transaction() as session:
            close_couple(session, viewer, couple_id, form.to_status(), now=utc_now())
    except CoupleClosed:
        return _page(couple_id, form, 409)
    return redirect_to(url_for("caseload.couple", couple_id=couple_id))


def _page(couple_id: UUID, form: CloseCoupleForm, status: int = 200) -> ResponseReturnValue:
    couple = get_couple(current_session(), current_member(), couple_id)
    is_closed = couple.status in CLOSED
    return render("caseload/close.html", couple=couple, form=form, is_closed=is_closed, status=status)
