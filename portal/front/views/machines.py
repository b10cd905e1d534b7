"""What programs ask for: sitemap, rules for search engines, whom to tell of a hole, and the icons."""

from flask import Response, current_app, render_template
from flask.typing import ResponseReturnValue

from portal.blog.queries import addresses_of_posts
from portal.clock import utc_now
from portal.errors import NotFound
from portal.front.rules import robots_txt, security_txt
from portal.front.views.area import blueprint
from portal.practice.models import PageKind
from portal.practice.queries import get_practice, list_therapists
from portal.security.gate import public
from portal.security.headers import LASTING
from portal.transaction import current_session
from portal.web.links import public_link


@blueprint.get("/sitemap.xml")
@public("search engines read it")
def sitemap() -> ResponseReturnValue:
    """List what is to be found: articles, therapists, the booking and the pages around them."""
    session = current_session()
    plain = ["home.start", "blog.index", "booking.times", "front.write"]
    if get_practice(session).offers_short_form:
        plain.append("shortform.start")
    places = [(public_link(endpoint), None) for endpoint in plain]
    places += [(public_link("front.page", kind=kind), None) for kind in PageKind]
    places += [
        (public_link("front.therapist", slug=one.slug), None) for one in list_therapists(session) if one.slug
    ]
    posts = [(public_link("blog.show", slug=slug), at) for slug, at in addresses_of_posts(session)]
    return _plain(render_template("front/sitemap.xml", places=[*places, *posts]), "application/xml")


@blueprint.get("/robots.txt")
@public("search engines read it")
def robots() -> ResponseReturnValue:
    """Say what is no page to be found."""
    return _plain(robots_txt(public_link("front.sitemap")), "text/plain")


@blueprint.get("/.well-known/security.txt")
@public("who finds a hole reads it")
def security() -> ResponseReturnValue:
    """Say whom to tell of a security hole (RFC 9116); nothing is here if the practice names nobody."""
    practice = get_practice(current_session())
    if not practice.security_contact:
        raise NotFound("security.txt")
    text = security_txt(
        practice.security_contact,
        address=public_link("front.security"),
        language=practice.language.partition("-")[0],
        now=utc_now(),
    )
    return _plain(text, "text/plain")


@blueprint.get("/favicon.ico")
@public("browsers ask for it by themselves")
def favicon() -> ResponseReturnValue:
    """Hand out the icon for browsers that do not read the page's own."""
    return _icon("img/favicon.ico")


@blueprint.get("/apple-touch-icon.png")
@public("phones ask for it by themselves")
def touch_icon() -> ResponseReturnValue:
    """Hand out the icon for a phone's home screen."""
    return _icon("img/touch-icon.png")


def _icon(name: str) -> Response:
    response = current_app.send_static_file(name)
    response.headers["Cache-Control"] = LASTING
    return response


def _plain(text: str, kind: str) -> Response:
    response = Response(text, content_type=f"{kind}; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response
