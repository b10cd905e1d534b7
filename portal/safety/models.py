"""What persons answered alone, sealed with keys that nothing else uses."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import Model
from portal.safety.rules import Answers, answers_from_json
from portal.security.crypto import Owner, OwnerKind
from portal.security.sealed import Sealed, SealedText


class SafetySitting(Sealed):
    """The individual questions, asked of one person, and what that person answered.

    What is answered never changes: who answers anew makes another row, so that nobody can undo an answer that was given.
    `therapist_id`: who asked, and `asked_at`: when, also of answers given anew.
    """

    __tablename__ = "safety_sitting"
    __table_args__ = (
        Index("ix_safety_sitting_person_id_created_at", "person_id", "created_at"),
        Index("ix_safety_sitting_couple_id", "couple_id"),
        Index(
            "uq_safety_sitting_open", "couple_id", "person_id", unique=True,
            sqlite_where=text("answered_at is null"), postgresql_where=text("answered_at is null"),
        ),
        Index(
            "ix_safety_sitting_unread", "answered_at",
            sqlite_where=text("answered_at is not null and acknowledged_at is null"),
            postgresql_where=text("answered_at is not null and acknowledged_at is null"),
        ),
    )  # fmt: skip

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    contacted_at: Mapped[datetime | None]
    answers_sealed: Mapped[bytes | None]

    answers_text = SealedText("answers_sealed")

    def seal_owner(self) -> Owner:
        """Seal with a key that no page of a partner or of both ever asks for."""
        return owner_of(self.person_id)

    @property
    def answers(self) -> Answers:
        """Open the answers; one statement for the keys of all loaded rows. Only where the person has answered."""
        return answers_from_json(self.answers_text)


class SafetyRound(Model):
    """One asking of both persons of a couple, at one moment. It depends on no answer, and not on whether there is one.

    `follows_id`: the round that this one repeats by itself; each is followed so once at most. None: the therapist asked.
    """

    __tablename__ = "safety_round"
    __table_args__ = (Index("ix_safety_round_couple_id_asked_at", "couple_id", "asked_at"),)

    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    asked_at: Mapped[datetime]
    follows_id: Mapped[UUID | None] = mapped_column(ForeignKey("safety_round.id"), unique=True)


class SafetyNudge(Model):
    """One neutral mail to one person of the practice because answers were not looked at in time. It says nothing of them.

    `about_id`: the row that was not looked at, of whichever source of `portal.safety.unread`; whether the mail still holds is
    seen from it. `told_on`: the day by the therapist's clock; one mail a day is the most.
    """

    __tablename__ = "safety_nudge"
    __table_args__ = (
        UniqueConstraint("about_id", "told_id", "told_on"),
        Index("ix_safety_nudge_told_id", "told_id"),
    )

    about_id: Mapped[UUID]
    told_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    told_on: Mapped[date]


def owner_of(person_id: UUID) -> Owner:
    """Name the key of what one person answered alone."""
    return Owner(OwnerKind.PERSON_SAFETY, person_id)
