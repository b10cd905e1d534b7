"""Imprint, privacy notice and accessibility statement: the practice's own text, or ours with its gaps."""

from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal.blog.rules import article
from portal.booking.views.area import open_to_all
from portal.errors import NotFound
from portal.front.views.area import blueprint
from portal.practice.models import PageKind
from portal.practice.pages import TITLES, default_page
from portal.practice.queries import find_page_text, get_practice
from portal.security.gate import public
from portal.transaction import current_session
from portal.web.htmx import render
from portal.web.links import public_link


@blueprint.get("/about/<kind>")
@public("what the law asks for is for everybody")
def page(kind: str) -> ResponseReturnValue:
    """Show one of the public pages."""
    try:
        wanted = PageKind(kind)
    except ValueError:
        raise NotFound("page") from None
    session = current_session()
    text = find_page_text(session, wanted)
    body = text.body if text is not None else default_page(wanted, get_practice(session))
    return open_to_all(
        render(
            "front/page.html",
            page_title=TITLES[wanted],
            html=Markup(article(body).html),  # noqa: S704 - cleaned by nh3
            changed_at=text.changed_at if text is not None else None,
            canonical=public_link("front.page", kind=kind),
        )
    )
