"""Writing posts."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.blog.models import Post
from portal.blog.rules import SLUG
from portal.practice.models import Therapist


def publish_post(
    session: Session,
    author: Therapist,
    *,
    slug: str,
    title: str,
    lead: str,
    body: str,
    published_at: datetime,
) -> Post:
    """Publish a post in Markdown under an address of its own; the same address again replaces its words.

    Raises ValueError if the slug is not lower-case words joined by hyphens.
    """
    if SLUG.fullmatch(slug) is None:
        raise ValueError("a slug is made of lower-case words joined by hyphens")
    post = session.scalar(select(Post).where(Post.slug == slug))
    if post is None:
        post = Post(slug=slug)
        session.add(post)
    post.author_id, post.title, post.lead, post.body = author.id, title, lead, body
    post.published_at = published_at
    session.flush()
    return post
