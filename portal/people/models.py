"""The table of persons."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.people.rules import Card, Channel, card_from_json, card_json
from portal.security.crypto import Owner, OwnerKind
from portal.security.sealed import Sealed, SealedText


class Person(Sealed):
    """Somebody known to the practice. A booking makes one; an account may follow. Sealed with the person's own key.

    `email_code`: keyed look-up code of the address; not unique, because two people may share one inbox.
    `channel`: as chosen when booking; once there is a safe-contact card, that decides.
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


class SafeContact(Sealed):
    """A person's own safe-contact card, all of it sealed. Nobody but the person writes it, and no row means mail, at any time.

    `ask_again_on`: when the person wants to be asked whether it still holds. `changed_at`: when it was last said to hold.
    """

    __tablename__ = "safe_contact"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), unique=True)
    card_sealed: Mapped[bytes | None]
    ask_again_on: Mapped[date | None]
    changed_at: Mapped[datetime]

    card_text = SealedText("card_sealed")

    def seal_owner(self) -> Owner:
        """A card belongs to its person."""
        return Owner(OwnerKind.PERSON, self.person_id)

    @property
    def card(self) -> Card:
        """Open the card; one statement for the keys of all loaded rows."""
        return card_from_json(self.card_text)

    @card.setter
    def card(self, card: Card) -> None:
        self.card_text = card_json(card)


__all__ = ["Channel", "Person", "SafeContact"]
