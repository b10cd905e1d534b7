"""The table of persons."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.security.crypto import Owner, OwnerKind
from portal.security.sealed import Sealed, SealedText


class Channel(StrEnum):
    """How the portal may reach a person by itself."""

    EMAIL = "email"
    TEXT = "text"
    PORTAL_ONLY = "portal_only"


class Person(Sealed):
    """Somebody known to the practice. A booking makes one; an account may follow. Sealed with the person's own key.

    `email_code`: keyed look-up code of the address; not unique, because two people may share one inbox.
    `email_bounced_at`: when a mail to the present address came back for good. `erased_at`: since then the key is gone.
    """

    __tablename__ = "person"
    __table_args__ = (Index("ix_person_email_code", "email_code"),)

    first_name_sealed: Mapped[bytes | None]
    last_name_sealed: Mapped[bytes | None]
    email_sealed: Mapped[bytes | None]
    email_code: Mapped[bytes | None]
    zone: Mapped[str] = mapped_column(default="UTC")
    phone_sealed: Mapped[bytes | None]
    channel: Mapped[Channel] = mapped_column(default=Channel.EMAIL)
    email_bounced_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]

    first_name = SealedText("first_name_sealed")
    last_name = SealedText("last_name_sealed")
    email = SealedText("email_sealed")
    phone = SealedText("phone_sealed")

    def seal_owner(self) -> Owner:
        """A person's names and address belong to the person."""
        return Owner(OwnerKind.PERSON, self.id)

    @property
    def full_name(self) -> str:
        """Both names as one line."""
        return f"{self.first_name} {self.last_name}".strip()
