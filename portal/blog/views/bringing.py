"""Bringing articles from another blog, by the file that it exports."""

from flask import Response, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.rescue import hand_back
from portal.blog.exports import MOST_BYTES, Export, NoExport, read_export
from portal.blog.forms import BringForm
from portal.blog.service import Brought, bring_posts
from portal.blog.views.area import blueprint
from portal.files.forms import FORM_BYTES
from portal.practice.queries import find_profile
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import ConstraintViolated, current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.route("/desk/articles/import", methods=["GET", "POST"])
@requires(Permission.BLOG_POST_WRITE, keeps_typed=True, rescue=hand_back, most_bytes=MOST_BYTES + FORM_BYTES)
def bring() -> ResponseReturnValue:
    """Take in a file, all of it or nothing, and tell what came and what did not."""
    author = find_profile(current_session(), current_member())
    if author is None:
        return redirect_to(url_for("practice.profile"))
    form = BringForm()
    if not form.is_submitted():
        return _page(form)
    if not form.validate():
        return _page(form, status=422)
    try:
        export = read_export(form.file.data.read() if form.file.data else b"")
        with transaction() as session:
            brought = bring_posts(
                session, current_member(), author, export.found, with_dates=form.how.data == "dates"
            )
    except NoExport:
        form.add_error(
            "file",
            _(
                "This file cannot be read as a feed or an export. Please export it once more as XML (RSS, Atom or WordPress)."
            ),
        )
        return _page(form, status=422)
    except ConstraintViolated:
        form.add_error(
            "file", _("The same articles were being brought in another window. Please look at your list.")
        )
        return _page(form, status=409)
    return _page(BringForm(formdata=None), export=export, brought=brought)


def _page(
    form: BringForm, *, export: Export | None = None, brought: Brought | None = None, status: int = 200
) -> Response:
    return render("blog/bring.html", form=form, export=export, brought=brought, status=status)
