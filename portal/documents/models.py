"""The table of documents."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import Model


class DocumentKind(StrEnum):
    """What can be rendered."""

    SUMMARY = "summary"


class DocumentState(StrEnum):
    """Where a document stands; there is no half-ready one."""

    REQUESTED = "requested"
    RENDERING = "rendering"
    READY = "ready"
    FAILED = "failed"
    SUPERSEDED = "superseded"


class Document(Model):
    """One rendered PDF of one revision of one thing.

    `couple_id` and `reader_id` bind the recipients: the couple, or one person of it where `reader_id` is set.
    `name` is what the reader's download folder will show.
    """

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id", "revision"),
        Index("ix_document_couple_id", "couple_id"),
    )

    kind: Mapped[DocumentKind]
    subject_id: Mapped[UUID]
    revision: Mapped[int]
    couple_id: Mapped[UUID]
    reader_id: Mapped[UUID | None]
    state: Mapped[DocumentState] = mapped_column(default=DocumentState.REQUESTED)
    name: Mapped[str]
    requests: Mapped[int] = mapped_column(default=1)
    blob_id: Mapped[UUID | None] = mapped_column(ForeignKey("blob.id"))
    began_at: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]
    failure: Mapped[str | None]
