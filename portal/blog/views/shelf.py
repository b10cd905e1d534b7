"""The shelf of pictures for articles, and the pictures themselves as everybody sees them."""

from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.rescue import hand_back
from portal.blog.forms import PictureForm
from portal.blog.queries import get_open_picture, list_shelf
from portal.blog.rules import PictureInUse
from portal.blog.service import shelve_picture, unshelve_picture
from portal.blog.views.area import blueprint
from portal.errors import NotFound
from portal.files.forms import FLAWS, FORM_BYTES
from portal.files.pictures import MOST_BYTES, PictureRefused, PicturesBusy, reencode
from portal.files.store import BlobUnreadable, read_blob
from portal.security.gate import public, requires
from portal.security.headers import LASTING
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.route("/desk/articles/pictures", methods=["GET", "POST"])
@requires(Permission.BLOG_POST_WRITE, keeps_typed=True, rescue=hand_back, most_bytes=MOST_BYTES + FORM_BYTES)
def shelf() -> ResponseReturnValue:
    """Show the shelf, and put a picture on it."""
    form = PictureForm()
    if not form.is_submitted():
        return _shelf_page(form)
    if not form.validate():
        return _shelf_page(form, 422)
    try:
        pixels = reencode(form.file.data.read() if form.file.data else b"")
    except PictureRefused as refusal:
        form.add_error("file", FLAWS[refusal.flaw])
        return _shelf_page(form, 422)
    except PicturesBusy:
        form.add_error("file", _("Several pictures are being read at present. Please try again in a minute."))
        return _shelf_page(form, 503)
    with transaction() as session:
        shelve_picture(session, current_member(), pixels, alt=form.alt.data)
    return redirect_to(url_for("blog.shelf"))


@blueprint.post("/desk/articles/pictures/<uuid:shelf_id>/remove")
@requires(Permission.BLOG_POST_WRITE)
def remove_picture(shelf_id: UUID) -> ResponseReturnValue:
    """Take a picture that nothing shows off the shelf."""
    try:
        with transaction() as session:
            unshelve_picture(session, current_member(), shelf_id)
    except PictureInUse:
        return _shelf_page(PictureForm(formdata=None), 409, is_in_use=True)
    return redirect_to(url_for("blog.shelf"))


@blueprint.get("/pictures/<uuid:picture_id>")
@public("pictures of articles and portraits are for everybody")
def picture(picture_id: UUID) -> Response:
    """Hand out a picture; its address never shows another one, so browsers may keep it."""
    session = current_session()
    found = get_open_picture(session, picture_id)
    try:
        response = Response(read_blob(session, found.blob), mimetype=found.media_type)
    except BlobUnreadable as error:
        raise NotFound(str(picture_id)) from error
    response.set_etag(found.blob.sha256[:32])
    response.headers["Cache-Control"] = LASTING
    response.headers["X-Robots-Tag"] = "all"
    response.make_conditional(request)
    return response


def _shelf_page(form: PictureForm, status: int = 200, *, is_in_use: bool = False) -> Response:
    return render(
        "blog/shelf.html", form=form, shelf=list_shelf(current_session()), is_in_use=is_in_use, status=status
    )
