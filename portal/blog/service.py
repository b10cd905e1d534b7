"""Writing posts, and the shelf of pictures for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record, record_of
from portal.blog.exports import Found
from portal.blog.models import Post, PostPicture, PostTag
from portal.blog.queries import get_own_post, get_shelf_picture, is_shown_somewhere
from portal.blog.rules import (
    AddressKept,
    AddressTaken,
    PictureInUse,
    PostKept,
    PostSavedElsewhere,
    PostWords,
    Standing,
    Tag,
    standing_of,
)
from portal.files.pictures import Pixels, add_picture
from portal.practice.models import Therapist
from portal.practice.queries import get_practice
from portal.security.crypto import Owner, OwnerKind
from portal.security.viewer import Member
from portal.slugs import SLUG, numbered, slug_from


def publish_post(
    session: Session,
    author: Therapist,
    *,
    slug: str,
    title: str,
    lead: str,
    body: str,
    published_at: datetime,
    tags: Sequence[Tag] = (),
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
    _tag(session, post, tags)
    return post


def begin_post(session: Session, viewer: Member, author: Therapist, words: PostWords) -> Post:
    """Keep a new draft. Raises AddressTaken."""
    post = Post(
        slug=_address(session, words, None), author_id=author.id, title=words.title, lead=words.lead, body=words.body,
        cover_id=words.cover_id, cover_alt=words.cover_alt,
        tags=[PostTag(tag=tag.name, label=tag.label) for tag in words.tags],
    )  # fmt: skip
    session.add(post)
    session.flush()
    record_of(session, viewer, Action.POST_CHANGED, post)
    return post


def save_post(
    session: Session, viewer: Member, post_id: UUID, words: PostWords, *, seen_version: int, now: datetime
) -> Post:
    """Keep what the author wrote, if nothing else was saved since the window was opened.

    Raises:
        PostSavedElsewhere: something was; nothing is written.
        AddressKept: the post is published, so its address stays.
        AddressTaken: another post has the address.
    """
    post = get_own_post(session, viewer, post_id)
    slug = _address(session, words, post)
    if slug != post.slug and standing_of(post.published_at, now) is Standing.PUBLISHED:
        raise AddressKept(str(post_id))
    _win(
        session, post, seen_version,
        slug=slug, title=words.title, lead=words.lead, body=words.body, cover_id=words.cover_id, cover_alt=words.cover_alt,
        changed_at=now,
    )  # fmt: skip
    _tag(session, post, words.tags)
    record_of(session, viewer, Action.POST_CHANGED, post)
    return get_own_post(session, viewer, post_id)


def set_publication(
    session: Session,
    viewer: Member,
    post_id: UUID,
    published_at: datetime | None,
    *,
    seen_version: int,
    now: datetime,
) -> None:
    """Publish a post at an instant, now or later, or take it back to the drafts (None). Raises PostSavedElsewhere."""
    post = get_own_post(session, viewer, post_id)
    _win(session, post, seen_version, published_at=published_at, changed_at=now)
    record_of(session, viewer, Action.POST_CHANGED, post, result="draft" if published_at is None else "dated")


def delete_draft(session: Session, viewer: Member, post_id: UUID, *, seen_version: int) -> None:
    """Delete a draft. Raises PostKept if it is not one, or if somebody came here by it; PostSavedElsewhere."""
    post = get_own_post(session, viewer, post_id)
    if post.published_at is not None:
        raise PostKept(str(post_id))
    try:
        with session.begin_nested():
            session.execute(delete(PostTag).where(PostTag.post_id == post_id))
            deleted = session.execute(
                delete(Post)
                .where(Post.id == post_id, Post.edit_version == seen_version, Post.published_at.is_(None))
                .execution_options(synchronize_session=False)
            )
            if cast("CursorResult[None]", deleted).rowcount != 1:
                raise PostSavedElsewhere(str(post_id))
    except IntegrityError as error:
        raise PostKept(str(post_id)) from error
    session.expunge(post)
    record(session, viewer, Action.POST_CHANGED, kind="post", object_id=post_id, result="deleted")


def shelve_picture(session: Session, viewer: Member, pixels: Pixels, *, alt: str) -> PostPicture:
    """Put a picture on the shelf, where it is everybody's to see by its address."""
    owner = Owner(OwnerKind.PRACTICE, get_practice(session).id)
    picture = add_picture(session, owner, pixels)
    shelved = PostPicture(picture_id=picture.id, alt=alt, picture=picture)
    session.add(shelved)
    session.flush()
    record_of(session, viewer, Action.POST_CHANGED, shelved)
    return shelved


def unshelve_picture(session: Session, viewer: Member, shelf_id: UUID) -> None:
    """Delete a picture that nothing shows; its file is swept later. Raises PictureInUse."""
    shelved = get_shelf_picture(session, shelf_id)
    picture = shelved.picture
    if is_shown_somewhere(session, picture.id):
        raise PictureInUse(str(shelf_id))
    record_of(session, viewer, Action.POST_CHANGED, shelved, result="deleted")
    for row in (shelved, picture, picture.blob):
        session.delete(row)
        session.flush()


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of the articles of a file. `known`: titles of those that an earlier import brought."""

    added: tuple[tuple[Post, Found], ...]
    known: tuple[str, ...]


def bring_posts(
    session: Session, viewer: Member, author: Therapist, found: Sequence[Found], *, with_dates: bool
) -> Brought:
    """Keep the articles of another blog as the viewer's own: as drafts, or published on the dates they had there.

    What was brought before is left as it is now, however often the same file comes. Three statements and the inserts.
    """
    keys = [one.key for one in found]
    known = set(session.scalars(select(Post.import_key).where(Post.import_key.in_(keys))))
    slugs = set(session.scalars(select(Post.slug)))
    added: list[tuple[Post, Found]] = []
    for one in found:
        if one.key in known:
            continue
        slug = numbered(one.slug, slugs)
        post = Post(
            slug=slug, author_id=author.id, title=one.title, lead=one.lead, body=one.body, import_key=one.key,
            published_at=one.published_at if with_dates else None,
            tags=[PostTag(tag=tag.name, label=tag.label) for tag in one.tags],
        )  # fmt: skip
        slugs.add(slug)
        known.add(one.key)
        added.append((post, one))
    session.add_all(post for post, _one in added)
    session.flush()
    record_of(session, viewer, Action.POSTS_IMPORTED, author)
    brought = {one.key for _post, one in added}
    return Brought(tuple(added), tuple(one.title for one in found if one.key not in brought))


def free_address(session: Session, wanted: str) -> str:
    """Find a name that no post has yet: as wanted, or with a number behind. One statement."""
    return numbered(wanted, set(session.scalars(select(Post.slug).where(Post.slug.startswith(wanted[:60])))))


def _address(session: Session, words: PostWords, post: Post | None) -> str:
    """Choose the name in the address: as typed, else the present one, else from the title."""
    if not words.slug:
        return post.slug if post is not None else free_address(session, slug_from(words.title, "article"))
    owner = session.scalar(select(Post.id).where(Post.slug == words.slug))
    if owner is not None and (post is None or owner != post.id):
        raise AddressTaken(words.slug)
    return words.slug


def _tag(session: Session, post: Post, tags: Sequence[Tag]) -> None:
    session.execute(delete(PostTag).where(PostTag.post_id == post.id))
    session.add_all(PostTag(post_id=post.id, tag=tag.name, label=tag.label) for tag in tags)
    session.flush()


def _win(session: Session, post: Post, seen_version: int, **values: object) -> None:
    """Write in one statement that only the first of two windows can win."""
    written = session.execute(
        update(Post)
        .where(Post.id == post.id, Post.edit_version == seen_version)
        .values(edit_version=Post.edit_version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[None]", written).rowcount != 1:
        raise PostSavedElsewhere(str(post.id))
    session.expire(post)
