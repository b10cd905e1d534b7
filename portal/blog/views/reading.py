"""The reader's side: articles worth reading, and from each a way to a first talk."""

from typing import Any

from flask import Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.blog.models import Post
from portal.blog.queries import get_post, latest_posts, list_tags, page_of_posts, posts_with_tags
from portal.blog.views.area import Shown, blueprint, open_to_all, shown
from portal.clock import utc_now
from portal.diary.offers import short_name
from portal.diary.queries import find_offer
from portal.errors import NotFound
from portal.practice.queries import get_practice
from portal.security.gate import public
from portal.transaction import current_session
from portal.web.htmx import render
from portal.web.links import public_link
from portal.web.marks import mark_after, mark_token

IN_FEED = 20


@blueprint.get("/articles")
@public("articles are for everybody")
def index() -> ResponseReturnValue:
    """List the articles, newest first, a dozen a page."""
    return _list_page("")


@blueprint.get("/articles/tags/<tag>")
@public("articles are for everybody")
def tagged(tag: str) -> ResponseReturnValue:
    """List the articles of one tag."""
    return _list_page(tag)


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
            card=card_of(post),
        )
    )


@blueprint.get("/articles/feed.atom")
@public("articles are for everybody")
def feed() -> Response:
    """Give the articles to feed readers (Atom, RFC 4287)."""
    session = current_session()
    practice = get_practice(session)
    posts = [shown(post, practice.zone) for post in posts_with_tags(session, limit=IN_FEED)]
    text = render_template(
        "blog/feed.xml",
        posts=[(one, public_link("blog.show", slug=one.post.slug), _for_elsewhere(one)) for one in posts],
        updated_at=max((one.changed_at for one in posts), default=None),
        address=public_link("blog.index"),
        self_address=public_link("blog.feed"),
        practice_id=practice.id,
    )
    response = make_response(text)
    response.headers["Content-Type"] = "application/atom+xml; charset=utf-8"
    return open_to_all(response)


def card_of(post: Post) -> dict[str, str | int]:
    """Say which picture stands for a post where it is shared: its cover, else the two hills. Always of our own address."""
    if post.cover is None:
        return {
            "href": public_link("static", filename="img/card.png"),
            "width": 1200,
            "height": 630,
            "alt": "",
        }
    return {
        "href": public_link("blog.picture", picture_id=post.cover_id),
        "width": post.cover.width,
        "height": post.cover.height,
        "alt": post.cover_alt,
    }


def _list_page(tag: str) -> Response:
    session, number = current_session(), _page_number()
    page, tags = page_of_posts(session, number, tag=tag), list_tags(session)
    zone = get_practice(session).zone
    where: dict[str, Any] = {"tag": tag} if tag else {}
    endpoint = "blog.tagged" if tag else "blog.index"
    return open_to_all(
        render(
            "blog/index.html",
            posts=[shown(post, zone) for post in page.posts],
            tags=tags,
            tag=next((one for one in tags if one.name == tag), None),
            newer_href=url_for(endpoint, **where, **_page_word(number - 1)) if number > 1 else "",
            older_href=url_for(endpoint, **where, **_page_word(number + 1)) if page.has_older else "",
            canonical=public_link(endpoint, **where, **_page_word(number)),
        )
    )


def _page_word(number: int) -> dict[str, Any]:
    return {"page": number} if number > 1 else {}


def _page_number() -> int:
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) > 0):  # noqa: PLR2004 - digits
        raise NotFound("posts")
    return int(text)


def _for_elsewhere(one: Shown) -> str:
    """Give a post's HTML with whole addresses, as it is read on other sites."""
    base = public_link("blog.index").removesuffix("/articles")
    return one.article.html.replace('src="/', f'src="{base}/').replace('href="/', f'href="{base}/')
