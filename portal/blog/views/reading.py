"""The blog: articles worth reading, and from each a way to a first talk."""

from flask import Response, make_response, render_template
from flask.typing import ResponseReturnValue

from portal.blog.queries import get_post, latest_posts
from portal.blog.views.area import blueprint, open_to_all, shown
from portal.clock import utc_now
from portal.diary.offers import short_name
from portal.diary.queries import find_offer
from portal.practice.queries import get_practice
from portal.security.gate import public
from portal.transaction import current_session
from portal.web.htmx import render
from portal.web.links import public_link
from portal.web.marks import mark_after, mark_token


@blueprint.get("/articles")
@public("articles are for everybody")
def index() -> ResponseReturnValue:
    """List the articles, newest first."""
    session = current_session()
    zone = get_practice(session).zone
    return open_to_all(render("blog/index.html", posts=[shown(post, zone) for post in latest_posts(session)]))


@blueprint.get("/articles/<slug>")
@public("articles are for everybody")
def show(slug: str) -> ResponseReturnValue:
    """Show one article, and below it the author's next free times."""
    session, now = current_session(), utc_now()
    post, zone = get_post(session, slug), get_practice(session).zone
    offer = find_offer(session, now, post.author.person_id)
    return open_to_all(
        render(
            "blog/post.html",
            shown=shown(post, zone),
            name=short_name(post.author.display_name),
            zone=zone,
            more=[shown(other, zone) for other in latest_posts(session, limit=2, but=post.id)],
            offer=offer,
            slots=offer.next_by_day(now, 3) if offer else [],
            post_token=mark_token(mark_after(post.id, None, now)),
            canonical=public_link("blog.show", slug=slug),
        )
    )


@blueprint.get("/articles/feed.atom")
@public("articles are for everybody")
def feed() -> Response:
    """Give the articles to feed readers (Atom, RFC 4287)."""
    session = current_session()
    practice = get_practice(session)
    text = render_template(
        "blog/feed.xml",
        posts=[
            (shown(post, practice.zone), public_link("blog.show", slug=post.slug))
            for post in latest_posts(session)
        ],
        address=public_link("blog.index"),
        self_address=public_link("blog.feed"),
        practice_id=practice.id,
    )
    response = make_response(text)
    response.headers["Content-Type"] = "application/atom+xml; charset=utf-8"
    return open_to_all(response)
