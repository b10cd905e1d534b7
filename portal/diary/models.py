"""A therapist's time. `therapist_id` is the therapist's person id throughout."""

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Time, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import Model
from portal.security.crypto import Owner, OwnerKind
from portal.security.sealed import Sealed, SealedText


class PlaceKind(StrEnum):
    """Whether people meet on a screen or in a room."""

    ONLINE = "online"
    ROOM = "room"


class PlaceRow(Sealed):
    """Where consultations take place. A room has an address and a zone of its own, in which its times are always shown.

    `directions`: how to find or join it, which may be a code of a door; shown on the page of a booking only, never in a mail
    or a calendar. Sealed with the practice's key: visitors read it, whose pages shall not ask for a therapist's own.
    """

    __tablename__ = "place"

    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[PlaceKind]
    name: Mapped[str]
    address: Mapped[str] = mapped_column(default="")
    zone: Mapped[str | None]
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    directions_sealed: Mapped[bytes | None]

    directions = SealedText("directions_sealed")

    def seal_owner(self) -> Owner:
        """How a place is found belongs to the practice."""
        return Owner(OwnerKind.PRACTICE, self.practice_id)


class ConsultationTypeRow(Model):
    """What can be booked: how long, with how much room around it, how soon and how far ahead. Minutes and days.

    `daily_cap`, `weekly_cap`: at most so many of this type on a date or in a week (from Monday) of the therapist.
    `move_until_minutes`, `cancel_until_minutes`: how long before the start visitors may still do so themselves.
    `reminder_minutes`, `second_reminder_minutes`: how long before the start a reminder is due; None: none.
    """

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
    description: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)
    daily_cap: Mapped[int | None]
    weekly_cap: Mapped[int | None]
    move_until_minutes: Mapped[int] = mapped_column(default=24 * 60)
    cancel_until_minutes: Mapped[int] = mapped_column(default=24 * 60)
    reminder_minutes: Mapped[int | None] = mapped_column(default=24 * 60)
    second_reminder_minutes: Mapped[int | None]


class TypePlace(Model):
    """A place at which a type of consultation is offered."""

    __tablename__ = "type_place"
    __table_args__ = (UniqueConstraint("type_id", "place_id"),)

    type_id: Mapped[UUID] = mapped_column(ForeignKey("consultation_type.id"))
    place_id: Mapped[UUID] = mapped_column(ForeignKey("place.id"))


class WeeklyHoursRow(Model):
    """One period of one weekday (0 is Monday) in the therapist's own zone. An end at 00:00 is midnight, as in the rules.

    With a place: only for consultations there, by the clocks of that place.
    """

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
    place_id: Mapped[UUID | None] = mapped_column(ForeignKey("place.id"))


class SpecialHours(Model):
    """What holds on one date instead of the weekly hours: a period, or without times nothing at all."""

    __tablename__ = "special_hours"
    __table_args__ = (
        CheckConstraint("(starts is null) = (ends is null)", name="both_or_none"),
        CheckConstraint(
            "starts is null or starts < ends or ends = '00:00:00.000000'", name="ends_after_start"
        ),
        Index("ix_special_hours_therapist_id_on_date", "therapist_id", "on_date"),
    )

    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    on_date: Mapped[date]
    starts: Mapped[time | None] = mapped_column(Time())
    ends: Mapped[time | None] = mapped_column(Time())
    place_id: Mapped[UUID | None] = mapped_column(ForeignKey("place.id"))


class TimeOff(Model):
    """Time in which nothing is offered, whatever the weekly hours say.

    `cover_line`: whom to turn to meanwhile, in words; `cover_id`: the person id of a therapist of this practice.
    """

    __tablename__ = "time_off"
    __table_args__ = (CheckConstraint("starts_at < ends_at", name="ends_after_start"),)

    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    return_on: Mapped[date | None]
    cover_line: Mapped[str] = mapped_column(default="")
    cover_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class OccupiedKind(StrEnum):
    """Why a time is taken."""

    CONSULTATION = "consultation"
    MEETING = "meeting"
    HOLD = "hold"  # a visitor is writing
    OFFER = "offer"  # somebody of the waitlist may take it
    BLOCK = "block"  # the therapist's own


class OccupiedInterval(Model):
    """Time that is taken, buffers included. The database itself refuses two live ones that overlap (BKG-01).

    `expires_at`: a hold or an offer occupies nothing from then on, released or not. `revision` counts every change.
    `type_id`: of a consultation, a hold and an offer; its caps count them.
    `code` is all that the front desk sees. What is in the diary begins after the buffer before and ends before the
    buffer after, both in minutes.
    """

    __tablename__ = "occupied_interval"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        Index(
            "ix_occupied_interval_therapist_id_ends_at",
            "therapist_id",
            "ends_at",
            "starts_at",
            "is_released",
            "expires_at",
        ),
    )

    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    kind: Mapped[OccupiedKind]
    code: Mapped[str]
    buffer_before_minutes: Mapped[int] = mapped_column(default=0)
    buffer_after_minutes: Mapped[int] = mapped_column(default=0)
    is_released: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[datetime | None]
    place_id: Mapped[UUID | None] = mapped_column(ForeignKey("place.id"))
    type_id: Mapped[UUID | None] = mapped_column(ForeignKey("consultation_type.id"))
    revision: Mapped[int] = mapped_column(default=0)


class BusyInterval(Model):
    """Time that another calendar of the therapist says is taken. Such times may overlap anything."""

    __tablename__ = "busy_interval"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        Index("ix_busy_interval_therapist_id_starts_at", "therapist_id", "starts_at"),
        Index("ix_busy_interval_calendar_id", "calendar_id"),
    )

    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("outside_calendar.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
