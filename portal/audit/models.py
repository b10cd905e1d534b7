"""The audit log: rows with a MAC each, sealed into a chain afterwards. Ids only, no foreign keys, no content."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import Model


class AuditEvent(Model):
    """One fact: who did or read what, in which role, with which result.

    `mac` covers the row itself. `position` and `chain` are filled in by the sweeper, in order of writing.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_position", "position", unique=True),
        Index("ix_audit_event_object_id", "object_id"),
    )

    at: Mapped[datetime]
    action: Mapped[str]
    viewer_kind: Mapped[str]
    account_id: Mapped[UUID | None]
    roles: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[UUID | None]
    result: Mapped[str]
    correlation_id: Mapped[str]
    mac: Mapped[bytes]
    position: Mapped[int | None] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    chain: Mapped[bytes | None]


class AuditHead(Model):
    """How long the chain is and where it ends, signed; a copy stands in a file outside the database."""

    __tablename__ = "audit_head"

    position: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), unique=True)
    chain: Mapped[bytes]
    mac: Mapped[bytes]
