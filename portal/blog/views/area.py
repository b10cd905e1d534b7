"""What both sides of the blog share: the blueprint, and a post as pages show it."""

from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, Response
from markupsafe import Markup

from portal.blog.models import Post
from portal.blog.rules import Article, article, reading_minutes
from portal.zones import parse_zone, to_local

blueprint = Blueprint("blog", __name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A post as pages show it: with its date in the practice's zone, the minutes that reading takes, and safe HTML."""

    post: Post
    published_on: date
    minutes: int

    @property
    def article(self) -> Article:
        """Give the body as HTML with its headings. Cost: its Markdown, once in a while."""
        return article(self.post.body)

    @property
    def changed_at(self) -> datetime:
        """Say when readers last got something new of it."""
        published_at = self.post.published_at or self.post.created_at
        return max(published_at, self.post.changed_at or published_at)

    @property
    def html(self) -> Markup:
        """Give the body as it may stand in a page; the allow-list in `rules` has made it safe."""
        return Markup(self.article.html)  # noqa: S704 - cleaned by nh3


def shown(post: Post, zone: str) -> Shown:
    """Prepare a post for a page."""
    published_on = to_local(post.published_at or post.created_at, parse_zone(zone)).date()
    return Shown(post, published_on, reading_minutes(post.body))


def open_to_all(response: Response) -> Response:
    """Let a page be found by search engines and kept by browsers that ask again each time."""
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Robots-Tag"] = "all"
    return response
