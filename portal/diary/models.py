"""A therapist's time. `therapist_id` is the therapist's person id throughout."""

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Time
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import Model


class ConsultationTypeRow(Model):
    """What can be booked: how long, with how much room around it, how soon and how far ahead. Minutes and days."""

    __tablename__ = "consultation_type"
    __table_args__ = (CheckConstraint("length_minutes > 0", name="length_is_positive"),)

    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str]
    length_minutes: Mapped[int]
    buffer_before_minutes: Mapped[int] = mapped_column(default=0)
    buffer_after_minutes: Mapped[int] = mapped_column(default=0)
    minimum_notice_minutes: Mapped[int] = mapped_column(default=24 * 60)
    horizon_days: Mapped[int] = mapped_column(default=28)
    step_minutes: Mapped[int] = mapped_column(default=30)
    is_instant: Mapped[bool] = mapped_column(default=False)


class WeeklyHoursRow(Model):
    """One period of one weekday (0 is Monday) in the therapist's own zone. An end at 00:00 is midnight, as in the rules."""

    __tablename__ = "weekly_hours"
    __table_args__ = (
        CheckConstraint("weekday between 0 and 6", name="weekday_is_known"),
        CheckConstraint("starts < ends or ends = '00:00:00.000000'", name="ends_after_start"),
    )

    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    weekday: Mapped[int]
    starts: Mapped[time] = mapped_column(Time())
    ends: Mapped[time] = mapped_column(Time())
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]


class TimeOff(Model):
    """Time in which nothing is offered, whatever the weekly hours say."""

    __tablename__ = "time_off"
    __table_args__ = (CheckConstraint("starts_at < ends_at", name="ends_after_start"),)

    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    return_on: Mapped[date | None]


class OccupiedKind(StrEnum):
    """Why a time is taken."""

    CONSULTATION = "consultation"
    MEETING = "meeting"


class OccupiedInterval(Model):
    """Time that is taken, buffers included. The database itself refuses two live ones that overlap (BKG-01).

    `code` is all that the front desk sees. What is in the diary begins after the buffer before and ends before the
    buffer after, both in minutes.
    """

    __tablename__ = "occupied_interval"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        Index("ix_occupied_interval_therapist_id_starts_at", "therapist_id", "starts_at"),
    )

    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    kind: Mapped[OccupiedKind]
    code: Mapped[str]
    buffer_before_minutes: Mapped[int] = mapped_column(default=0)
    buffer_after_minutes: Mapped[int] = mapped_column(default=0)
    is_released: Mapped[bool] = mapped_column(default=False)
