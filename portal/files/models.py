"""Encrypted blobs, and the pictures among them."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.orm import Model
from portal.security.crypto import OwnerKind


class Blob(Model):
    """One encrypted file; its name in the store is its id. `sha256` is of the readable content."""

    __tablename__ = "blob"

    owner_kind: Mapped[OwnerKind]
    owner_id: Mapped[UUID]
    size_bytes: Mapped[int]
    sha256: Mapped[str]


class Picture(Model):
    """A picture that was decoded and written anew, so that nothing but its pixels is left (FIL-01). Sizes in pixels."""

    __tablename__ = "picture"

    blob_id: Mapped[UUID] = mapped_column(ForeignKey("blob.id"))
    media_type: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]

    blob: Mapped[Blob] = relationship(lazy="raise_on_sql")
