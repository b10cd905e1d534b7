"""Reading posts. Published posts are public; drafts are shown nowhere yet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from portal.blog.models import Post
from portal.clock import utc_now
from portal.errors import NotFound


def latest_posts(session: Session, *, limit: int = 50, but: UUID | None = None) -> list[Post]:
    """List published posts, newest first, with their authors; `but` leaves one out. One statement."""
    posts = _published(utc_now()).limit(limit)
    return list(session.scalars(posts if but is None else posts.where(Post.id != but)))


def get_post(session: Session, slug: str) -> Post:
    """Load a published post by the name in its address, with its author. One statement. Raises NotFound."""
    post = session.scalar(_published(utc_now()).where(Post.slug == slug))
    if post is None:
        raise NotFound("post")
    return post


def find_post(session: Session, post_id: UUID) -> Post | None:
    """Find a published post with its author, by the id that a signed link carries. One statement."""
    return session.scalar(_published(utc_now()).where(Post.id == post_id))


def _published(now: datetime) -> Select[Post]:
    return (
        select(Post)
        .options(joinedload(Post.author))
        .where(Post.published_at <= now)
        .order_by(Post.published_at.desc(), Post.id)
    )
