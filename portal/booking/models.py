"""Consultations: what a visitor booked, and what became of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.blog.models import Post
from portal.booking.rules import (
    Attendance,
    ConsultationStatus,
    DeclineReason,
    EndedBy,
    OfferState,
    PartnerKnows,
    WaitlistState,
)
from portal.couples.models import Couple
from portal.diary.models import ConsultationTypeRow, PlaceRow
from portal.orm import Model, named_enum
from portal.people.models import Person
from portal.security.crypto import Owner, OwnerKind
from portal.security.sealed import Sealed, SealedText
from portal.sources.models import Touch

__all__ = [
    "Attendance",
    "Consultation",
    "ConsultationMessage",
    "ConsultationStatus",
    "DeclineReason",
    "EndedBy",
    "Enquiry",
    "IntakeAnswer",
    "IntakeQuestion",
    "OfferState",
    "PartnerKnows",
    "Reminder",
    "SlotHold",
    "WaitlistEntry",
    "WaitlistOffer",
    "WaitlistState",
]


class Consultation(Sealed):
    """One complimentary consultation. What the visitor wrote lies under the visitor's own key.

    `request_code`: keyed code of the form's idempotency key; sending the same form twice books once (BKG-03).
    `body_code`: keyed code of what was sent, so that the same key with another body is refused.
    `guest_id`: the second person, who has joined by a link of the own; never anybody whom only the booker named.
    `settled_at`: when the present time was agreed, by confirming or moving; a reminder due before that is not sent.
    `answer_words`: what the therapist wrote with a no; shown on the visitor's page, never in a mail.
    `merged_into_id`: the consultation of the same people, as the therapist found; tells nothing to anybody else.
    """

    __tablename__ = "consultation"
    __table_args__ = (
        Index("ix_consultation_therapist_id_status", "therapist_id", "status"),
        Index("ix_consultation_status_starts_at", "status", "starts_at"),  # what reminders are due
    )

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
    type_id: Mapped[UUID | None] = mapped_column(ForeignKey("consultation_type.id"))
    place_id: Mapped[UUID | None] = mapped_column(ForeignKey("place.id"))
    touch_id: Mapped[UUID | None] = mapped_column(ForeignKey("touch.id"))
    settled_at: Mapped[datetime | None]
    previous_starts_at: Mapped[datetime | None]
    ended_by: Mapped[EndedBy | None]
    decline_reason: Mapped[DeclineReason | None]
    answer_words_sealed: Mapped[bytes | None]
    guest_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    attendance: Mapped[Attendance] = mapped_column(default=Attendance.UNKNOWN)
    partner_attendance: Mapped[Attendance] = mapped_column(
        named_enum(Attendance, "partnerattendance"), default=Attendance.UNKNOWN
    )
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("consultation.id"))
    mail_code_hash: Mapped[bytes | None]
    mail_code_tries: Mapped[int] = mapped_column(default=0)
    erased_at: Mapped[datetime | None]

    partner_name = SealedText("partner_name_sealed")
    words = SealedText("words_sealed")
    answer_words = SealedText("answer_words_sealed")

    person: Mapped[Person] = relationship(foreign_keys=[person_id], lazy="raise_on_sql")
    post: Mapped[Post | None] = relationship(lazy="raise_on_sql")
    couple: Mapped[Couple | None] = relationship(lazy="raise_on_sql")
    guest: Mapped[Person | None] = relationship(foreign_keys=[guest_id], lazy="raise_on_sql")
    type: Mapped[ConsultationTypeRow | None] = relationship(lazy="raise_on_sql")
    place: Mapped[PlaceRow | None] = relationship(lazy="raise_on_sql")
    touch: Mapped[Touch | None] = relationship(lazy="raise_on_sql")
    answers: Mapped[list["IntakeAnswer"]] = relationship(
        lazy="raise_on_sql", order_by="IntakeAnswer.position"
    )

    def seal_owner(self) -> Owner:
        """A named partner who is nobody's account yet lies under the booker's key."""
        return Owner(OwnerKind.PERSON, self.person_id)


class SlotHold(Model):
    """A time kept for one form while somebody fills it in: ten minutes, renewed once (product decision 22).

    `form_code`: keyed code of the form's id, by which the form finds its hold again.
    """

    __tablename__ = "slot_hold"

    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    occupied_id: Mapped[UUID] = mapped_column(ForeignKey("occupied_interval.id"))
    starts_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    is_renewed: Mapped[bool] = mapped_column(default=False)
    form_code: Mapped[bytes] = mapped_column(unique=True)


class IntakeQuestion(Model):
    """A short question that the practice asks with a booking, at most three at a time. Retired ones stay for their answers."""

    __tablename__ = "intake_question"

    position: Mapped[int]
    words: Mapped[str]
    is_required: Mapped[bool] = mapped_column(default=False)
    retired_at: Mapped[datetime | None]


class IntakeAnswer(Sealed):
    """What a visitor answered, with the question as it was asked."""

    __tablename__ = "intake_answer"
    __table_args__ = (UniqueConstraint("consultation_id", "question_id"),)

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    question_id: Mapped[UUID] = mapped_column(ForeignKey("intake_question.id"))
    position: Mapped[int]
    question_words: Mapped[str]
    answer_sealed: Mapped[bytes | None]

    answer = SealedText("answer_sealed")

    def seal_owner(self) -> Owner:
        """Sealed with the booker's key."""
        return Owner(OwnerKind.PERSON, self.person_id)


class ConsultationMessage(Sealed):
    """A few words between the booker and the therapist about one consultation; read on its page, never mailed (BKG-07)."""

    __tablename__ = "consultation_message"
    __table_args__ = (Index("ix_consultation_message_consultation_id", "consultation_id"),)

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    is_from_therapist: Mapped[bool]
    words_sealed: Mapped[bytes | None]
    read_at: Mapped[datetime | None]

    words = SealedText("words_sealed")

    def seal_owner(self) -> Owner:
        """Sealed with the booker's key."""
        return Owner(OwnerKind.PERSON, self.person_id)


class Reminder(Model):
    """One reminder that was owed; the same one is never owed twice, and after a move it is another one."""

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("consultation_id", "person_id", "minutes_before", "starts_at"),)

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    minutes_before: Mapped[int]
    starts_at: Mapped[datetime]


class WaitlistEntry(Model):
    """Somebody who would like an earlier or any time. `weekdays`: bit 0 is Monday; `parts`: 1 morning, 2 afternoon, 4 evening.

    `request_code`: keyed code of the form's id, as with a consultation.
    """

    __tablename__ = "waitlist_entry"
    __table_args__ = (Index("ix_waitlist_entry_therapist_id_state", "therapist_id", "state"),)

    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    type_id: Mapped[UUID] = mapped_column(ForeignKey("consultation_type.id"))
    place_id: Mapped[UUID | None] = mapped_column(ForeignKey("place.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    touch_id: Mapped[UUID | None] = mapped_column(ForeignKey("touch.id"))
    zone: Mapped[str]
    state: Mapped[WaitlistState] = mapped_column(default=WaitlistState.WAITING)
    weekdays: Mapped[int]
    parts: Mapped[int]
    partner_knows: Mapped[PartnerKnows] = mapped_column(default=PartnerKnows.UNSAID)
    request_code: Mapped[bytes] = mapped_column(unique=True)

    person: Mapped[Person] = relationship(foreign_keys=[person_id], lazy="raise_on_sql")
    type: Mapped[ConsultationTypeRow] = relationship(lazy="raise_on_sql")
    place: Mapped[PlaceRow | None] = relationship(lazy="raise_on_sql")
    touch: Mapped[Touch | None] = relationship(lazy="raise_on_sql")


class WaitlistOffer(Model):
    """A time kept for one person of the waitlist until `expires_at`."""

    __tablename__ = "waitlist_offer"
    __table_args__ = (Index("ix_waitlist_offer_entry_id", "entry_id"),)

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("waitlist_entry.id"))
    occupied_id: Mapped[UUID] = mapped_column(ForeignKey("occupied_interval.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[OfferState] = mapped_column(default=OfferState.OPEN)

    entry: Mapped[WaitlistEntry] = relationship(lazy="raise_on_sql")


class Enquiry(Sealed):
    """What a visitor wrote by the contact form."""

    __tablename__ = "enquiry"
    __table_args__ = (Index("ix_enquiry_therapist_id_handled_at", "therapist_id", "handled_at"),)

    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    touch_id: Mapped[UUID | None] = mapped_column(ForeignKey("touch.id"))
    words_sealed: Mapped[bytes | None]
    request_code: Mapped[bytes] = mapped_column(unique=True)
    handled_at: Mapped[datetime | None]

    words = SealedText("words_sealed")

    person: Mapped[Person] = relationship(foreign_keys=[person_id], lazy="raise_on_sql")

    def seal_owner(self) -> Owner:
        """Sealed with the writer's key."""
        return Owner(OwnerKind.PERSON, self.person_id)
