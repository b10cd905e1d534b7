"""The table of encrypted blobs."""

from uuid import UUID

from sqlalchemy.orm import Mapped

from portal.orm import Model
from portal.security.crypto import OwnerKind


class Blob(Model):
    """One encrypted file; its name in the store is its id. `sha256` is of the readable content."""

    __tablename__ = "blob"

    owner_kind: Mapped[OwnerKind]
    owner_id: Mapped[UUID]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
