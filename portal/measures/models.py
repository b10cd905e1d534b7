"""Words that the practice brought for published questionnaires, results of sittings, and rhythms of repeating them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.measures.rules import Outcome, Rhythm
from portal.orm import Model
from portal.people.models import Person
from portal.security.crypto import Owner, OwnerKind
from portal.security.sealed import Sealed, SealedText


class MeasureWording(Model):
    """One version of the words of a questionnaire, with who confirmed on what terms the practice may use them.

    Never changed: a new file is a new version, and a sitting keeps the one that it was given. `content`: JSON. `retired_at`:
    no longer to be given.
    """

    __tablename__ = "measure_wording"
    __table_args__ = (
        UniqueConstraint("key_id", "version"),
        CheckConstraint("version >= 1", name="versions_from_one"),
    )

    key_id: Mapped[str]
    version: Mapped[int]
    imported_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    licence_holder: Mapped[str]
    licence_terms: Mapped[str]
    licence_source: Mapped[str]
    content: Mapped[str]
    retired_at: Mapped[datetime | None]

    imported_by: Mapped[Person] = relationship(lazy="raise_on_sql")


class MeasureFigures(Model):
    """How exactly a questionnaire measures in this practice, set by hand; the newest row holds.

    Without a deviation (points) and a reliability the published figures hold again.
    """

    __tablename__ = "measure_figures"
    __table_args__ = (
        Index("ix_measure_figures_key_id_created_at", "key_id", "created_at"),
        CheckConstraint("(deviation is null) = (reliability is null)", name="both_or_neither"),
        CheckConstraint("deviation > 0", name="deviation_is_positive"),
        CheckConstraint("reliability >= 0 and reliability <= 1", name="reliability_is_a_share"),
    )

    key_id: Mapped[str]
    deviation: Mapped[float | None]
    reliability: Mapped[float | None]
    citation: Mapped[str]
    set_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))


class MeasureScore(Sealed):
    """What one sitting came to on the day it was sent, with what it was scored by: a later key never scores it anew.

    `content`: JSON, sealed with the person's own key. `acknowledged_at`, `contacted_at`: what the therapist has ticked off.
    """

    __tablename__ = "measure_score"
    __table_args__ = (
        UniqueConstraint("response_id"),
        Index("ix_measure_score_person_id_key_id_scored_at", "person_id", "key_id", "scored_at"),
        Index("ix_measure_score_couple_id", "couple_id"),
        Index(
            "ix_measure_score_unread", "scored_at", sqlite_where=text("acknowledged_at is null"),
            postgresql_where=text("acknowledged_at is null"),
        ),
    )  # fmt: skip

    response_id: Mapped[UUID] = mapped_column(ForeignKey("response.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    key_id: Mapped[str]
    scored_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    contacted_at: Mapped[datetime | None]
    content_sealed: Mapped[bytes | None]

    content = SealedText("content_sealed")

    def seal_owner(self) -> Owner:
        """A result belongs to the person who answered."""
        return Owner(OwnerKind.PERSON, self.person_id)


class MeasureSchedule(Model):
    """A questionnaire that a couple, or one person of it, is asked again and again. No partner ever sees a schedule.

    Days are those of `zone`, the therapist's. `next_on`: the next due day, None once there is none.
    """

    __tablename__ = "measure_schedule"
    __table_args__ = (
        Index("ix_measure_schedule_next_on", "next_on"),
        Index("ix_measure_schedule_couple_id", "couple_id"),
        CheckConstraint("every_weeks between 1 and 52", name="weeks_within_reach"),
    )

    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    for_person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    key_id: Mapped[str]
    every_weeks: Mapped[int]
    starts_on: Mapped[date]
    until_on: Mapped[date | None]
    zone: Mapped[str]
    next_on: Mapped[date | None]
    paused_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    occasions: Mapped[list["MeasureOccasion"]] = relationship(
        lazy="raise_on_sql", order_by="MeasureOccasion.due_on.desc()"
    )

    @property
    def rhythm(self) -> Rhythm:
        """Give when it is due."""
        return Rhythm(self.starts_on, self.every_weeks, self.until_on)


class MeasureOccasion(Model):
    """One due day of a schedule. One row at most, so that nobody is asked twice for one day."""

    __tablename__ = "measure_occasion"
    __table_args__ = (
        UniqueConstraint("schedule_id", "due_on"),
        Index("ix_measure_occasion_reminded_at_created_at", "reminded_at", "created_at"),
    )

    schedule_id: Mapped[UUID] = mapped_column(ForeignKey("measure_schedule.id"))
    due_on: Mapped[date]
    outcome: Mapped[Outcome]
    assignment_id: Mapped[UUID | None] = mapped_column(ForeignKey("assignment.id"))
    reminded_at: Mapped[datetime | None]
