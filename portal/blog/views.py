"""The blog: articles worth reading, and from each a way to a first talk."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, current_app, make_response, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal.blog.models import Post
from portal.blog.queries import get_post, latest_posts
from portal.blog.rules import Article, article, reading_minutes
from portal.clock import utc_now
from portal.diary.offers import short_name
from portal.diary.queries import find_offer
from portal.practice.queries import get_practice
from portal.security.gate import public
from portal.security.tokens import Signer
from portal.security.viewer import TokenPurpose
from portal.transaction import current_session
from portal.web.htmx import render
from portal.web.links import public_link
from portal.zones import parse_zone, to_local

blueprint = Blueprint("blog", __name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A post as pages show it: with its date in the practice's zone, the minutes that reading takes, and safe HTML."""

    post: Post
    published_on: date
    minutes: int
    article: Article

    @property
    def html(self) -> Markup:
        """Give the body as it may stand in a page; the allow-list in `rules` has made it safe."""
        return Markup(self.article.html)  # noqa: S704 - cleaned by nh3


@blueprint.get("/articles")
@public("articles are for everybody")
def index() -> ResponseReturnValue:
    """List the articles, newest first."""
    session = current_session()
    zone = get_practice(session).zone
    return _open(render("blog/index.html", posts=[_shown(post, zone) for post in latest_posts(session)]))


@blueprint.get("/articles/<slug>")
@public("articles are for everybody")
def show(slug: str) -> ResponseReturnValue:
    """Show one article, and below it the author's next free times."""
    session, now = current_session(), utc_now()
    post, zone = get_post(session, slug), get_practice(session).zone
    offer = find_offer(session, now, post.author.person_id)
    signer: Signer = current_app.extensions["signer"]
    return _open(
        render(
            "blog/post.html",
            shown=_shown(post, zone),
            name=short_name(post.author.display_name),
            zone=zone,
            more=[_shown(other, zone) for other in latest_posts(session, limit=2, but=post.id)],
            offer=offer,
            slots=offer.next_by_day(now, 3) if offer else [],
            post_token=signer.sign_id(TokenPurpose.POST, post.id),
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
            (_shown(post, practice.zone), public_link("blog.show", slug=post.slug))
            for post in latest_posts(session)
        ],
        address=public_link("blog.index"),
        self_address=public_link("blog.feed"),
        practice_id=practice.id,
    )
    response = make_response(text)
    response.headers["Content-Type"] = "application/atom+xml; charset=utf-8"
    return _open(response)


def _shown(post: Post, zone: str) -> Shown:
    published_at = post.published_at or post.created_at
    published_on = to_local(published_at, parse_zone(zone)).date()
    return Shown(post, published_on, reading_minutes(post.body), article(post.body))


def _open(response: Response) -> Response:
    """Let a page be found by search engines and kept by browsers that ask again each time."""
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Robots-Tag"] = "all"
    return response
