"""Consultations: what a visitor booked, and what became of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.blog.models import Post
from portal.booking.rules import ConsultationStatus, PartnerKnows
from portal.couples.models import Couple
from portal.people.models import Person
from portal.security.crypto import Owner, OwnerKind
from portal.security.sealed import Sealed, SealedText

__all__ = ["Consultation", "ConsultationStatus", "PartnerKnows"]


class Consultation(Sealed):
    """One complimentary consultation. What the visitor wrote lies under the visitor's own key.

    `request_code`: keyed code of the form's idempotency key; sending the same form twice books once (BKG-03).
    `body_code`: keyed code of what was sent, so that the same key with another body is refused.
    """

    __tablename__ = "consultation"
    __table_args__ = (Index("ix_consultation_therapist_id_status", "therapist_id", "status"),)

    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    occupied_id: Mapped[UUID] = mapped_column(ForeignKey("occupied_interval.id"))
    post_id: Mapped[UUID | None] = mapped_column(ForeignKey("post.id"))
    couple_id: Mapped[UUID | None] = mapped_column(ForeignKey("couple.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    zone: Mapped[str]
    status: Mapped[ConsultationStatus]
    partner_knows: Mapped[PartnerKnows] = mapped_column(default=PartnerKnows.UNSAID)
    partner_name_sealed: Mapped[bytes | None]
    words_sealed: Mapped[bytes | None]
    request_code: Mapped[bytes] = mapped_column(unique=True)
    body_code: Mapped[bytes]
    calendar_sequence: Mapped[int] = mapped_column(default=0)
    answered_at: Mapped[datetime | None]

    partner_name = SealedText("partner_name_sealed")
    words = SealedText("words_sealed")

    person: Mapped[Person] = relationship(foreign_keys=[person_id], lazy="raise_on_sql")
    post: Mapped[Post | None] = relationship(lazy="raise_on_sql")
    couple: Mapped[Couple | None] = relationship(lazy="raise_on_sql")

    def seal_owner(self) -> Owner:
        """A named partner who is nobody's account yet lies under the booker's key."""
        return Owner(OwnerKind.PERSON, self.person_id)
