"""The page on which the practice enters and checks its local help lines."""

from dataclasses import asdict

from flask import Response, url_for
from flask.typing import ResponseReturnValue

from portal.clock import utc_now
from portal.practice.forms import HelpForm
from portal.practice.queries import get_practice
from portal.practice.service import change_help
from portal.practice.views.area import blueprint
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.get("/practice/help")
@requires(Permission.PRACTICE_HELP_EDIT)
def help_lines() -> ResponseReturnValue:
    """Show the help lines as they were entered, to be checked."""
    practice = get_practice(current_session())
    form = HelpForm(formdata=None, notice=practice.help_notice, **asdict(practice.help_lines))
    return _page(form)


@blueprint.post("/practice/help")
@requires(Permission.PRACTICE_HELP_EDIT, keeps_typed=True)
def save_help_lines() -> ResponseReturnValue:
    """Keep the help lines; they are shown for a year from now."""
    form = HelpForm()
    if not form.validate():
        return _page(form, 422)
    with transaction() as session:
        lines = form.to_lines(utc_now().date())
        change_help(session, current_member(), lines, notice=form.notice.data)
    return redirect_to(url_for("practice.help_lines"))


def _page(form: HelpForm, status: int = 200) -> Response:
    lines = get_practice(current_session()).help_lines
    return render(
        "practice/help.html",
        form=form,
        lines=lines,
        are_current=lines.are_current(utc_now().date()),
        status=status,
    )
