"""Short links: the way in for visitors, and the pages on which therapists make and retire them."""

from typing import Any, cast
from uuid import UUID

import segno
from flask import Blueprint, Flask, Response, make_response, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from portal.blog.models import Post
from portal.blog.queries import latest_posts
from portal.clock import utc_now
from portal.security.gate import public, requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.sources.counting import init_counting
from portal.sources.forms import LinkForm
from portal.sources.models import CampaignLink
from portal.sources.queries import find_link, get_link, list_links
from portal.sources.service import make_link, retire_link
from portal.transaction import ConstraintViolated, current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.web.links import public_link
from portal.web.marks import QUERY_WORD, mark_after, mark_token

blueprint = Blueprint("sources", __name__)
blueprint.record_once(lambda state: init_counting(cast("Flask", state.app)))


@blueprint.get("/go/<code>")
@public("short links stand on paper and in other sites")
def go(code: str) -> ResponseReturnValue:
    """Lead on to the post or the free times, with the mark of the link. A retired one leads on too, unmarked."""
    link, now = find_link(current_session(), code.lower()), utc_now()
    if link is None:
        return render("sources/unknown.html", status=404)
    carried: dict[str, Any] = {}
    if link.retired_at is None:
        carried[QUERY_WORD] = mark_token(mark_after(link.post_id, link.id, now))
    if link.post is not None and link.post.published_at is not None and link.post.published_at <= now:
        return make_response(redirect(url_for("blog.show", slug=link.post.slug, **carried), 302))
    return make_response(redirect(url_for("booking.times", **carried), 302))


@blueprint.get("/practice/links")
@requires(Permission.SOURCES_LINK_EDIT)
def links() -> ResponseReturnValue:
    """List the short links, and offer to make one."""
    return _page(_form())


@blueprint.post("/practice/links")
@requires(Permission.SOURCES_LINK_EDIT, keeps_typed=True)
def make() -> ResponseReturnValue:
    """Make a short link."""
    form = _form()
    if not form.validate():
        return _page(form, 422)
    try:
        with transaction() as session:
            link = make_link(
                session, current_member(), name=form.name.data, code=form.chosen_code, post_id=form.post_id
            )
    except ConstraintViolated:
        form.add_error("code", _("Another link has these words already. Please choose others."))
        return _page(form, 409)
    return redirect_to(url_for("sources.link", link_id=link.id))


@blueprint.get("/practice/links/<uuid:link_id>")
@requires(Permission.SOURCES_LINK_EDIT)
def link(link_id: UUID) -> ResponseReturnValue:
    """Show one link: to copy, and as a picture for paper."""
    found = get_link(current_session(), current_member(), link_id)
    return render(
        "sources/link.html", link=found, address=address_of(found), picture=_picture(address_of(found))
    )


@blueprint.post("/practice/links/<uuid:link_id>/retire")
@requires(Permission.SOURCES_LINK_EDIT)
def retire(link_id: UUID) -> ResponseReturnValue:
    """Stop counting by a link."""
    viewer = current_member()
    with transaction() as session:
        retire_link(session, viewer, get_link(session, viewer, link_id), utc_now())
    return redirect_to(url_for("sources.link", link_id=link_id))


def address_of(link: CampaignLink) -> str:
    """Give the full address of a short link."""
    return public_link("sources.go", code=link.code)


def _posts() -> list[Post]:
    return latest_posts(current_session())


def _form() -> LinkForm:
    form = LinkForm()
    form.offer(_posts())
    return form


def _page(form: LinkForm, status: int = 200) -> Response:
    found = list_links(current_session(), current_member())
    return render(
        "sources/links.html",
        status=status,
        form=form,
        links=[(link, address_of(link)) for link in found],
        is_first=not found,
    )


def _picture(address: str) -> Markup:
    """Draw an address as a code for cameras, black on white in every theme, with the quiet margin that ISO 18004 asks for."""
    code = segno.make(address, error="m", micro=False)
    drawn = code.svg_inline(
        scale=4, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=False
    )
    return Markup(drawn)  # noqa: S704 - drawn here from an address of our own
