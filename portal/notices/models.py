"""Outgoing messages: what is to be said is sealed until the moment of sending."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.orm import Model
from portal.people.models import Person
from portal.security.crypto import Owner, OwnerKind
from portal.security.sealed import Sealed, SealedText


class MessageKind(StrEnum):
    """What a message is about; each has templates under `templates/emails/`."""

    CONSULTATION_BOOKED = "consultation_booked"
    CONSULTATION_CONFIRMED = "consultation_confirmed"
    CONSULTATION_CANCELLED = "consultation_cancelled"
    CONSULTATION_CODE = "consultation_code"
    CONSULTATION_DECLINED = "consultation_declined"
    CONSULTATION_MESSAGE = "consultation_message"
    CONSULTATION_MISSED = "consultation_missed"
    CONSULTATION_MOVED = "consultation_moved"
    CONSULTATION_REMINDER = "consultation_reminder"
    INVITATION = "invitation"
    LOOK_NEEDED = "look_needed"
    NEW_ITEM = "new_item"
    RESET = "reset"
    SECURITY_CHANGE = "security_change"
    THERAPIST_NOTICE = "therapist_notice"
    THERAPIST_REQUEST = "therapist_request"
    WAITLIST_JOINED = "waitlist_joined"
    WAITLIST_OFFER = "waitlist_offer"


class MessageState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


class Message(Model):
    """One mail to one inbox. `address_code` finds messages to the same inbox, to fold them within ten minutes.

    `person_id`: for whom it was begun; a part for somebody else with the same inbox may join it.
    `by_text`: goes to the phone by the text-message gateway instead of to the inbox.
    `held_until`: it waits for the safe hours of its one reader, and other things to the same inbox do not wait for it.
    `bounced_at`: when a mail server sent it back for good after it had been taken.
    `handovers`: how often a mail server may have taken it; written before the text leaves, so that a crash counts.
    """

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_address_code_created_at", "address_code", "created_at"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    address_code: Mapped[bytes]
    state: Mapped[MessageState] = mapped_column(default=MessageState.WAITING)
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    handovers: Mapped[int] = mapped_column(default=0)
    by_text: Mapped[bool] = mapped_column(default=False)
    held_until: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    parts: Mapped[list["MessagePart"]] = relationship(
        lazy="raise_on_sql", order_by="MessagePart.created_at, MessagePart.id"
    )


class MessagePart(Sealed):
    """One thing that a mail says; several to one inbox share a mail. `facts` is JSON for the template, sealed.

    `about_id`, `about_version`: the row that the part tells of, and the version that it tells; what is no longer true
    when the mail is about to leave is left unsaid. `kept_at`: since then it stays inside the portal, where its reader
    finds it, because the reader's safe-contact card lets it out on no way, or not in time. `unsaid_at`: since then it is left
    out of its mail, which no server had before; the rest of the mail may have left without it.
    """

    __tablename__ = "message_part"
    __table_args__ = (
        Index("ix_message_part_message_id", "message_id"),
        Index("ix_message_part_person_id_kept_at", "person_id", "kept_at"),
    )

    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[MessageKind]
    facts_sealed: Mapped[bytes | None]
    about_id: Mapped[UUID | None]
    about_version: Mapped[int | None]
    kept_at: Mapped[datetime | None]
    unsaid_at: Mapped[datetime | None]

    facts = SealedText("facts_sealed")

    def seal_owner(self) -> Owner:
        """Sealed with the recipient's key."""
        return Owner(OwnerKind.PERSON, self.person_id)


class BlockedAddress(Model):
    """An inbox whose reader said "this was not me": only holders of an account there get mails from then on."""

    __tablename__ = "blocked_address"

    address_code: Mapped[bytes] = mapped_column(unique=True)
