"""Exercises that therapists write, and what grows out of any: goals that both have kept, lines that one chose to show."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.people.models import Person
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

    `ended_at`, `ending`: when and how it ended, as it stands now; each time that it ended is a row of `GoalEnd`. Who ended it
    stands in the audit log alone, since nobody has to give a reason.
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


class GoalEnd(Sealed):
    """One time that a goal ended: how, and why, if somebody said so. Both and their therapist read it, nobody reads who said it.

    `taken_up_at`: since when it goes on. Sealed with the couple's key, as the goal itself.
    """

    __tablename__ = "goal_end"
    __table_args__ = (Index("ix_goal_end_goal_id", "goal_id"),)

    goal_id: Mapped[UUID] = mapped_column(ForeignKey("kept_goal.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    ended_at: Mapped[datetime]
    ending: Mapped[GoalEnding]
    taken_up_at: Mapped[datetime | None]
    reason_sealed: Mapped[bytes | None]

    reason = SealedText("reason_sealed")

    def seal_owner(self) -> Owner:
        """Why something of both ended belongs to the couple."""
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


class OwnExercise(Sealed):
    """An exercise that a therapist writes: as it stands now (`draft`, JSON), and how it is offered.

    `current`: the number of the newest version, 0 before the first. `shared_at`: since when colleagues may give and copy it.
    `retired_at`: no longer to be given; what was given goes on.

    Its text is for every couple that is given it and shall say nothing of any. It is sealed all the same, with the
    practice's key: what somebody writes with one couple in mind can give that couple away.
    """

    __tablename__ = "own_exercise"
    __table_args__ = (
        Index("ix_own_exercise_author_id", "author_id"),
        CheckConstraint("current >= 0", name="versions_from_none"),
        CheckConstraint("shared_at is null or current > 0", name="shared_in_a_version"),
    )

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime]
    current: Mapped[int] = mapped_column(default=0)
    shared_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    draft_sealed: Mapped[bytes | None]

    draft = SealedText("draft_sealed")
    author: Mapped[Person] = relationship(lazy="raise_on_sql")

    def seal_owner(self) -> Owner:
        """Sealed with the practice's key: colleagues read it once it is shared, and it belongs to no couple."""
        return Owner(OwnerKind.PRACTICE, self.practice_id)


class ExerciseVersion(Sealed):
    """An own exercise as it was given from some day on. The database refuses to change or delete it.

    `content`: JSON. `fingerprint`: keyed code of that text, the same for the same words.
    """

    __tablename__ = "exercise_version"
    __table_args__ = (
        UniqueConstraint("exercise_id", "number"),
        CheckConstraint("number >= 1", name="versions_from_one"),
    )

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    exercise_id: Mapped[UUID] = mapped_column(ForeignKey("own_exercise.id"))
    number: Mapped[int]
    published_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    fingerprint: Mapped[bytes]
    content_sealed: Mapped[bytes | None]

    content = SealedText("content_sealed")

    def seal_owner(self) -> Owner:
        """Sealed with the practice's key, as the exercise itself is."""
        return Owner(OwnerKind.PRACTICE, self.practice_id)
