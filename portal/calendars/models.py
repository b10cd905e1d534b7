"""Feeds, calendars elsewhere, what was written there, and what was found changed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.calendars.rules import FoundChange, OutsideKind, OutsideState, QuestionAnswer
from portal.diary.models import OccupiedInterval
from portal.orm import Model
from portal.security.crypto import Owner, OwnerKind
from portal.security.sealed import Sealed, SealedText

__all__ = [
    "CalendarFeed",
    "CalendarQuestion",
    "FoundChange",
    "OutsideCalendar",
    "OutsideKind",
    "OutsideState",
    "QuestionAnswer",
    "WrittenEvent",
]


class CalendarFeed(Model):
    """One person's secret address of an own calendar feed; only its hash is kept (NOT-04)."""

    __tablename__ = "calendar_feed"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class OutsideCalendar(Sealed):
    """A therapist's calendar elsewhere. Its address is a secret too: it often is all that is needed to read it.

    `is_writing`: our entries are written there, by code. `failure`: a word of a fixed list, never what a server said.
    """

    __tablename__ = "outside_calendar"

    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[OutsideKind]
    name: Mapped[str]
    address_sealed: Mapped[bytes | None]
    user_name_sealed: Mapped[bytes | None]
    password_sealed: Mapped[bytes | None]
    is_writing: Mapped[bool] = mapped_column(default=False)
    state: Mapped[OutsideState] = mapped_column(default=OutsideState.NEW)
    checked_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    failure: Mapped[str | None]

    address = SealedText("address_sealed")
    user_name = SealedText("user_name_sealed")
    password = SealedText("password_sealed")

    def seal_owner(self) -> Owner:
        """Sealed with the therapist's own key."""
        return Owner(OwnerKind.PERSON, self.therapist_id)


class WrittenEvent(Model):
    """An entry of ours in a calendar elsewhere: where it lies, and which revision of the time it shows."""

    __tablename__ = "written_event"
    __table_args__ = (UniqueConstraint("calendar_id", "occupied_id"),)

    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("outside_calendar.id"))
    occupied_id: Mapped[UUID] = mapped_column(ForeignKey("occupied_interval.id"))
    href: Mapped[str]
    etag: Mapped[str] = mapped_column(default="")
    revision: Mapped[int]

    occupied: Mapped[OccupiedInterval] = relationship(lazy="raise_on_sql")


class CalendarQuestion(Model):
    """A change found elsewhere: a question to the therapist, never acted on by itself."""

    __tablename__ = "calendar_question"
    __table_args__ = (Index("ix_calendar_question_therapist_id_answered_at", "therapist_id", "answered_at"),)

    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("outside_calendar.id"))
    occupied_id: Mapped[UUID] = mapped_column(ForeignKey("occupied_interval.id"))
    change: Mapped[FoundChange]
    found_starts_at: Mapped[datetime | None]
    found_ends_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    answer: Mapped[QuestionAnswer | None]

    occupied: Mapped[OccupiedInterval] = relationship(lazy="raise_on_sql")
