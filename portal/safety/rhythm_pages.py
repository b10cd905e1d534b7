"""How often the individual questions come by themselves, and whose urgent things nobody has looked at."""

from flask import Response, url_for
from flask.typing import ResponseReturnValue

from portal.people.queries import get_self
from portal.practice.queries import get_practice
from portal.safety.contact_forms import RhythmForm
from portal.safety.queries import unlooked_told_to
from portal.safety.service import set_rhythm
from portal.safety.views import blueprint
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.get("/practice/individual-questions")
@requires(Permission.SAFETY_RHYTHM_EDIT)
def rhythm() -> ResponseReturnValue:
    """Show after how many weeks both of every couple are asked again."""
    weeks = get_practice(current_session()).individual_weeks
    return _rhythm_page(RhythmForm(formdata=None, comes="y" if weeks else "", weeks=weeks or 13))


@blueprint.post("/practice/individual-questions")
@requires(Permission.SAFETY_RHYTHM_EDIT, keeps_typed=True)
def save_rhythm() -> ResponseReturnValue:
    """Keep it."""
    form = RhythmForm()
    if not form.check():
        return _rhythm_page(form, 422)
    with transaction() as session:
        set_rhythm(session, current_member(), form.to_weeks())
    return redirect_to(url_for("safety.rhythm"))


@blueprint.get("/unlooked")
@requires(Permission.SAFETY_UNLOOKED_SEE)
def unlooked() -> ResponseReturnValue:
    """Name the therapists who have something urgent that was not looked at, to whom that was told by mail."""
    session, viewer = current_session(), current_member()
    return render(
        "safety/unlooked.html", found=unlooked_told_to(session, viewer), zone=get_self(session, viewer).zone
    )


def _rhythm_page(form: RhythmForm, status: int = 200) -> Response:
    is_off = get_practice(current_session()).individual_weeks is None
    return render("safety/rhythm.html", form=form, is_off=is_off, status=status)
