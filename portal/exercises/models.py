"""What grows out of exercises: goals that both have kept, and lines that one person chose to show."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.security.crypto import Owner, OwnerKind
from portal.security.sealed import Sealed, SealedText


class GoalWish(Sealed):
    """One person would keep a suggested goal, in these words. Nobody else ever sees it: it is gone once both would.

    `slot`: which of an exercise's suggestions. Sealed with that person's own key.
    """

    __tablename__ = "goal_wish"
    __table_args__ = (UniqueConstraint("assignment_id", "slot", "person_id"),)

    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"))
    slot: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    words_sealed: Mapped[bytes | None]

    words = SealedText("words_sealed")

    def seal_owner(self) -> Owner:
        """A wish belongs to the person who has it."""
        return Owner(OwnerKind.PERSON, self.person_id)


class GoalEnding(StrEnum):
    """How a goal came to its end. Letting go is as good an end as reaching it."""

    MET = "met"
    LET_GO = "let_go"
    CHANGED = "changed"


class KeptGoal(Sealed):
    """A goal that both have kept, with the words of its five rungs or none (JSON). Sealed with the couple's key.

    `ended_at`, `ending`: when and how it ended; who ended it stands in the audit log alone, since nobody has to give a reason.
    """

    __tablename__ = "kept_goal"
    __table_args__ = (
        UniqueConstraint("assignment_id", "slot"),
        Index("ix_kept_goal_couple_id", "couple_id"),
    )

    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    slot: Mapped[str]
    kept_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ending: Mapped[GoalEnding | None]
    words_sealed: Mapped[bytes | None]
    levels_sealed: Mapped[bytes | None]

    words = SealedText("words_sealed")
    levels = SealedText("levels_sealed")

    def seal_owner(self) -> Owner:
        """What both have kept belongs to the couple."""
        return Owner(OwnerKind.COUPLE, self.couple_id)


class ShownLine(Sealed):
    """One line out of an exercise that was for one person alone, which its author chose to show to the other.

    The other sees its words once the therapist has opened it, and nothing else: not what they answer, nor when they were
    written. Sealed with the author's own key.
    """

    __tablename__ = "shown_line"
    __table_args__ = (UniqueConstraint("response_id"), Index("ix_shown_line_couple_id", "couple_id"))

    response_id: Mapped[UUID] = mapped_column(ForeignKey("response.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    shared_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    words_sealed: Mapped[bytes | None]

    words = SealedText("words_sealed")

    def seal_owner(self) -> Owner:
        """A line belongs to its author."""
        return Owner(OwnerKind.PERSON, self.author_id)
