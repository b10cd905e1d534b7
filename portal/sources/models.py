"""Campaign links, touches, and counts without persons."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.blog.models import Post
from portal.orm import Model


class CampaignLink(Model):
    """A short link of one post, or without a post of one campaign. `code` stands in its address, `name` on the report."""

    __tablename__ = "campaign_link"

    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    post_id: Mapped[UUID | None] = mapped_column(ForeignKey("post.id"), index=True)
    retired_at: Mapped[datetime | None]

    post: Mapped[Post | None] = relationship(lazy="raise_on_sql")


class Touch(Model):
    """How somebody who booked or joined the waitlist first and last came here. Nobody else's way is kept."""

    __tablename__ = "touch"

    first_at: Mapped[datetime]
    first_post_id: Mapped[UUID | None] = mapped_column(ForeignKey("post.id"))
    first_link_id: Mapped[UUID | None] = mapped_column(ForeignKey("campaign_link.id"))
    last_at: Mapped[datetime]
    last_post_id: Mapped[UUID | None] = mapped_column(ForeignKey("post.id"))
    last_link_id: Mapped[UUID | None] = mapped_column(ForeignKey("campaign_link.id"))

    first_post: Mapped[Post | None] = relationship(foreign_keys=[first_post_id], lazy="raise_on_sql")
    last_post: Mapped[Post | None] = relationship(foreign_keys=[last_post_id], lazy="raise_on_sql")


class Step(StrEnum):
    """What is counted before somebody has a name here."""

    ARTICLE_READ = "article_read"
    WIDGET_SEEN = "widget_seen"
    TEST_TAKEN = "test_taken"


class StepCount(Model):
    """How often a step was taken in a month (its first day) from one source: "post:<id>", "link:<id>" or "none"."""

    __tablename__ = "step_count"
    __table_args__ = (
        UniqueConstraint("month", "source", "step"),
        CheckConstraint("number > 0", name="number_is_positive"),
    )

    month: Mapped[date]
    source: Mapped[str]
    step: Mapped[Step]
    number: Mapped[int]
