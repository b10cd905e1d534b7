"""Posts of the practice's blog. They are public and therefore not sealed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.files.models import Picture
from portal.orm import Model
from portal.practice.models import Therapist


class Post(Model):
    """One article, in Markdown. Without `published_at` it is a draft; with one to come, it waits for its time.

    `edit_version` counts saves, so that two windows cannot undo each other. `import_key`: what an import knew it by.
    """

    __tablename__ = "post"
    __table_args__ = (Index("ix_post_published_at", "published_at"),)

    slug: Mapped[str] = mapped_column(unique=True)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("therapist.id"))
    title: Mapped[str]
    lead: Mapped[str]
    body: Mapped[str]
    published_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]
    edit_version: Mapped[int] = mapped_column(default=0)
    cover_id: Mapped[UUID | None] = mapped_column(ForeignKey("picture.id"))
    cover_alt: Mapped[str] = mapped_column(default="")
    import_key: Mapped[str | None] = mapped_column(unique=True)

    author: Mapped[Therapist] = relationship(lazy="raise_on_sql")
    cover: Mapped[Picture | None] = relationship(lazy="raise_on_sql")
    tags: Mapped[list["PostTag"]] = relationship(
        lazy="raise_on_sql", order_by="PostTag.label", cascade="all, delete-orphan"
    )


class PostTag(Model):
    """A word under which posts are found together. `tag` stands in addresses, `label` on pages."""

    __tablename__ = "post_tag"
    __table_args__ = (UniqueConstraint("post_id", "tag"), Index("ix_post_tag_tag", "tag"))

    post_id: Mapped[UUID] = mapped_column(ForeignKey("post.id"))
    tag: Mapped[str]
    label: Mapped[str]


class PostPicture(Model):
    """A picture of the blog's shelf, with the words that stand for it. Shown to everybody by its picture's id."""

    __tablename__ = "post_picture"

    picture_id: Mapped[UUID] = mapped_column(ForeignKey("picture.id"), unique=True)
    alt: Mapped[str]

    picture: Mapped[Picture] = relationship(lazy="raise_on_sql")
