"""Pathways of couples, and the practice's templates for them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.couples.models import Couple
from portal.homework.models import Assignment, TaskKind
from portal.orm import Model, named_enum
from portal.pathways.rules import Delivery, Rule, Standing, Stuck
from portal.security.crypto import Owner, OwnerKind
from portal.security.sealed import Sealed, SealedText


class StepFields:
    """What a step of a template and one of a pathway have in common: which task, and its rule.

    `is_in_session`: opened by the therapist whatever the task itself says. `due_days`: the day to have it by, counted from
    the day on which it is given; none for no day.
    """

    position: Mapped[int]
    kind: Mapped[str]
    task_id: Mapped[str]
    delivery: Mapped[Delivery]
    days: Mapped[int | None]
    weekday: Mapped[int | None]
    hour: Mapped[int | None]
    is_in_session: Mapped[bool] = mapped_column(default=False)
    due_days: Mapped[int | None]

    @property
    def task_kind(self) -> TaskKind:
        """Give the kind of its task. ValueError: the portal knows it no longer."""
        return TaskKind(self.kind)

    @property
    def rule(self) -> Rule:
        """Give its delivery rule."""
        return Rule(self.delivery, self.days, self.weekday, self.hour)


class PathwayTemplate(Sealed):
    """An order of tasks that therapists of the practice start couples on. A couple's pathway is a copy, not a reference."""

    __tablename__ = "pathway_template"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    title_sealed: Mapped[bytes | None]
    purpose_sealed: Mapped[bytes | None]

    title = SealedText("title_sealed")
    purpose = SealedText("purpose_sealed")
    steps: Mapped[list["TemplateStep"]] = relationship(
        lazy="raise_on_sql", order_by="TemplateStep.position", cascade="all, delete-orphan"
    )

    def seal_owner(self) -> Owner:
        """Sealed with the practice's key: it belongs to all therapists, and to no couple."""
        return Owner(OwnerKind.PRACTICE, self.practice_id)


class TemplateStep(StepFields, Model):
    """One step of a template."""

    __tablename__ = "template_step"
    __table_args__ = (UniqueConstraint("template_id", "position"),)

    template_id: Mapped[UUID] = mapped_column(ForeignKey("pathway_template.id"))


class Pathway(Sealed):
    """An order of tasks that one couple, or one person of it (`for_person_id`), is on. Neither partner learns of it.

    `zone`: by whose clock days and hours are meant. `counts_from`: since when the next step's rule counts. `next_due_at`: when
    the sweeper looks at it next; none while it waits for a task to be finished (`awaited_id`: opened up to `awaited_stage`
    or, where that is none, finished by the one person it is for). `stuck`: why the next step, though due, is not given.
    """

    __tablename__ = "pathway"
    __table_args__ = (
        Index("ix_pathway_couple_id", "couple_id"),
        Index("ix_pathway_standing_next_due_at", "standing", "next_due_at"),
    )

    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    for_person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    started_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    zone: Mapped[str]
    standing: Mapped[Standing] = mapped_column(
        named_enum(Standing, "pathwaystanding"), default=Standing.RUNNING
    )
    counts_from: Mapped[datetime]
    next_due_at: Mapped[datetime | None]
    awaited_id: Mapped[UUID | None] = mapped_column(ForeignKey("assignment.id"))
    awaited_stage: Mapped[int | None]
    stuck: Mapped[Stuck | None]
    paused_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    title_sealed: Mapped[bytes | None]

    title = SealedText("title_sealed")
    couple: Mapped[Couple] = relationship(lazy="raise_on_sql")
    steps: Mapped[list["PathwayStep"]] = relationship(lazy="raise_on_sql", order_by="PathwayStep.position")

    def seal_owner(self) -> Owner:
        """Sealed with the key of the therapist's records of this couple: it is the therapist's plan."""
        return Owner(OwnerKind.COUPLE_CLINICAL, self.couple_id)


class PathwayStep(StepFields, Model):
    """One step of a couple's pathway: given once at most, or skipped."""

    __tablename__ = "pathway_step"
    __table_args__ = (
        UniqueConstraint("pathway_id", "position"),
        CheckConstraint("skipped_at is null or given_at is null", name="given_or_skipped"),
        CheckConstraint("(given_at is null) = (assignment_id is null)", name="given_with_a_task"),
    )

    pathway_id: Mapped[UUID] = mapped_column(ForeignKey("pathway.id"))
    skipped_at: Mapped[datetime | None]
    given_at: Mapped[datetime | None]
    assignment_id: Mapped[UUID | None] = mapped_column(ForeignKey("assignment.id"), unique=True)

    assignment: Mapped[Assignment | None] = relationship(lazy="raise_on_sql")

    @property
    def is_to_come(self) -> bool:
        """Tell whether it was neither given nor skipped."""
        return self.given_at is None and self.skipped_at is None


class Given(Model):
    """That a step was given. One row at most for each: whoever comes second writes nothing at all."""

    __tablename__ = "given_step"
    __table_args__ = (UniqueConstraint("step_id"),)

    step_id: Mapped[UUID] = mapped_column(ForeignKey("pathway_step.id"))
