"""Posts of the practice's blog. They are public and therefore not sealed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.orm import Model
from portal.practice.models import Therapist


class Post(Model):
    """One article, in Markdown. Without `published_at` it is a draft."""

    __tablename__ = "post"
    __table_args__ = (Index("ix_post_published_at", "published_at"),)

    slug: Mapped[str] = mapped_column(unique=True)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("therapist.id"))
    title: Mapped[str]
    lead: Mapped[str]
    body: Mapped[str]
    published_at: Mapped[datetime | None]

    author: Mapped[Therapist] = relationship(lazy="raise_on_sql")
