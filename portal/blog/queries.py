"""Reading posts: what is published is everybody's; drafts and what is still to come are their author's alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.blog.models import Post, PostPicture, PostTag
from portal.blog.rules import Tag
from portal.clock import utc_now
from portal.errors import NotFound
from portal.files.models import Picture
from portal.practice.models import Therapist
from portal.security.viewer import Member

PAGE = 12  # posts on one page of the list
MOST_ON_SHELF = 60


class PostPage(NamedTuple):
    """One page of the list. `has_older`: another page follows."""

    posts: list[Post]
    has_older: bool


def latest_posts(
    session: Session, *, limit: int = 50, but: UUID | None = None, author_id: UUID | None = None
) -> list[Post]:
    """List published posts, newest first, with their authors; `but` leaves one out. One statement."""
    posts = _published(utc_now()).limit(limit)
    if but is not None:
        posts = posts.where(Post.id != but)
    if author_id is not None:
        posts = posts.where(Post.author_id == author_id)
    return list(session.scalars(posts))


def posts_with_tags(session: Session, *, limit: int) -> list[Post]:
    """List published posts, newest first, with their authors and tags. Two statements."""
    return list(session.scalars(_published(utc_now()).options(selectinload(Post.tags)).limit(limit)))


def page_of_posts(session: Session, page: int, *, tag: str = "") -> PostPage:
    """List one page of the published posts (of one tag), newest first, with authors and tags. Two statements.

    Raises NotFound for a page that is not there, the first one of all posts apart.
    """
    posts = _published(utc_now()).options(selectinload(Post.tags))
    if tag:
        posts = posts.where(exists().where(PostTag.post_id == Post.id, PostTag.tag == tag))
    found = list(session.scalars(posts.offset((page - 1) * PAGE).limit(PAGE + 1)))
    if not found and (tag or page > 1):
        raise NotFound("posts")
    return PostPage(found[:PAGE], has_older=len(found) > PAGE)


def list_tags(session: Session) -> list[Tag]:
    """List the tags of published posts, the label as the newest use has it. One statement."""
    rows = session.execute(
        select(PostTag.tag, PostTag.label)
        .join(Post, Post.id == PostTag.post_id)
        .where(Post.published_at <= utc_now())
        .order_by(Post.published_at, PostTag.id)
    )
    labels: dict[str, str] = {row.tag: row.label for row in rows}
    return sorted((Tag(name, label) for name, label in labels.items()), key=lambda tag: tag.label.casefold())


def get_post(session: Session, slug: str) -> Post:
    """Load a published post by the name in its address, with author, cover and tags. Two statements. Raises NotFound."""
    post = session.scalar(
        _published(utc_now())
        .options(joinedload(Post.cover), selectinload(Post.tags))
        .where(Post.slug == slug)
    )
    if post is None:
        raise NotFound("post")
    return post


def find_post(session: Session, post_id: UUID) -> Post | None:
    """Find a published post with its author, by the id that a signed link carries. One statement."""
    return session.scalar(_published(utc_now()).where(Post.id == post_id))


def addresses_of_posts(session: Session) -> Sequence[tuple[str, datetime]]:
    """List the published posts for machines: the name in the address, and when it last changed. One statement."""
    rows = session.execute(
        select(Post.slug, func.coalesce(Post.changed_at, Post.published_at, type_=Post.published_at.type))
        .where(Post.published_at <= utc_now())
        .order_by(Post.published_at.desc(), Post.id)
    )
    return [(slug, at) for slug, at in rows]


def list_own_posts(session: Session, viewer: Member) -> list[Post]:
    """List what the viewer has written, the latest change first. One statement."""
    return list(
        session.scalars(
            written_by(viewer).order_by(func.coalesce(Post.changed_at, Post.created_at).desc(), Post.id)
        )
    )


def get_own_post(session: Session, viewer: Member, post_id: UUID) -> Post:
    """Load a post of the viewer's own, with author, cover and tags. Two statements. Raises NotFound for others' too."""
    post = session.scalar(
        written_by(viewer)
        .options(joinedload(Post.cover), selectinload(Post.tags))
        .where(Post.id == post_id)
        .execution_options(populate_existing=True)
    )
    if post is None:
        raise NotFound(str(post_id))
    return post


def written_by(viewer: Member) -> Select[Post]:
    """Start a read of posts from what the viewer may change: the own ones."""
    return (
        select(Post)
        .join(Post.author)
        .options(joinedload(Post.author))
        .where(Therapist.person_id == viewer.person_id)
    )


def list_shelf(session: Session) -> list[PostPicture]:
    """List the latest pictures of the shelf, which all authors share. One statement."""
    return list(
        session.scalars(
            select(PostPicture)
            .options(joinedload(PostPicture.picture))
            .order_by(PostPicture.created_at.desc(), PostPicture.id)
            .limit(MOST_ON_SHELF)
        )
    )


def get_shelf_picture(session: Session, shelf_id: UUID) -> PostPicture:
    """Load one picture of the shelf. One statement. Raises NotFound."""
    found = session.scalar(
        select(PostPicture)
        .options(joinedload(PostPicture.picture).joinedload(Picture.blob))
        .where(PostPicture.id == shelf_id)
    )
    if found is None:
        raise NotFound(str(shelf_id))
    return found


def is_shown_somewhere(session: Session, picture_id: UUID) -> bool:
    """Tell whether a post, draft or not, or a profile shows a picture. One statement; reads the posts' texts."""
    in_posts = exists().where(
        or_(Post.cover_id == picture_id, Post.body.contains(f"/pictures/{picture_id}", autoescape=True))
    )
    return bool(session.scalar(select(or_(in_posts, exists().where(Therapist.portrait_id == picture_id)))))


def get_open_picture(session: Session, picture_id: UUID) -> Picture:
    """Load a picture that everybody may see: of the shelf, the cover of a published post, or a listed therapist's portrait.

    One statement. Raises NotFound for every other.
    """
    is_open = or_(
        exists().where(PostPicture.picture_id == Picture.id),
        exists().where(Post.cover_id == Picture.id, Post.published_at <= utc_now()),
        exists().where(Therapist.portrait_id == Picture.id, Therapist.is_listed),
    )
    picture = session.scalar(
        select(Picture).options(joinedload(Picture.blob)).where(Picture.id == picture_id, is_open)
    )
    if picture is None:
        raise NotFound(str(picture_id))
    return picture


def _published(now: datetime) -> Select[Post]:
    return (
        select(Post)
        .options(joinedload(Post.author))
        .where(Post.published_at <= now)
        .order_by(Post.published_at.desc(), Post.id)
    )
