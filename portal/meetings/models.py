"""Meetings and the three kinds of record about them, each with its own table and its own key."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.couples.models import Couple
from portal.orm import Model
from portal.security.crypto import Owner, OwnerKind
from portal.security.sealed import Sealed, SealedText


class Place(StrEnum):
    """Where a meeting takes place."""

    ONLINE = "online"
    ROOM = "room"


class Meeting(Model):
    """One therapy session. `with_person_id` is set for a meeting with one partner alone.

    `number` counts per couple, and apart from that per person seen alone: a gap in the numbers of the joint meetings
    would tell one partner that the other had a meeting.
    """

    __tablename__ = "meeting"
    __table_args__ = (
        Index(
            "uq_meeting_joint_number", "couple_id", "number", unique=True,
            sqlite_where=text("with_person_id is null"), postgresql_where=text("with_person_id is null"),
        ),
        Index("uq_meeting_alone_number", "couple_id", "with_person_id", "number", unique=True),
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
    )  # fmt: skip

    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    number: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    zone: Mapped[str]
    place: Mapped[Place]
    with_person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))

    couple: Mapped[Couple] = relationship(lazy="raise_on_sql")
    attendances: Mapped[list["Attendance"]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")


class Presence(StrEnum):
    """Whether a person came."""

    CAME = "came"
    LATE = "late"
    ABSENT = "absent"


class Attendance(Model):
    """One person's presence at one meeting."""

    __tablename__ = "attendance"
    __table_args__ = (UniqueConstraint("meeting_id", "person_id"),)

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    presence: Mapped[Presence]


class Note(Sealed):
    """The therapist's record of a meeting; the couple never sees it. Signed, it can no longer change (a trigger).

    `signature`: MAC over the sealed text, signer and time.
    """

    __tablename__ = "note"

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"), unique=True)
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    revision: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime]
    text_sealed: Mapped[bytes | None]
    signed_at: Mapped[datetime | None]
    signature: Mapped[bytes | None]

    text = SealedText("text_sealed")

    def seal_owner(self) -> Owner:
        """Sealed with the couple's clinical key, which no partner's view ever uses."""
        return Owner(OwnerKind.COUPLE_CLINICAL, self.couple_id)


class ProcessNote(Sealed):
    """The therapist's own thoughts (a psychotherapy note): own table, own key, no path to export, search or PDF."""

    __tablename__ = "process_note"

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"), unique=True)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    revision: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime]
    text_sealed: Mapped[bytes | None]

    text = SealedText("text_sealed")

    def seal_owner(self) -> Owner:
        """Sealed with the authoring therapist's key."""
        return Owner(OwnerKind.THERAPIST, self.author_id)


class SummaryState(StrEnum):
    """A summary is written, then released to its readers; a correction supersedes it."""

    DRAFT = "draft"
    RELEASED = "released"
    SUPERSEDED = "superseded"


class Summary(Sealed):
    """What the couple receives about one meeting, one version. Once released its content never changes.

    `content` is JSON of `portal.meetings.rules.SummaryContent`. `revision` counts the saves of a draft.
    """

    __tablename__ = "summary"
    __table_args__ = (
        UniqueConstraint("meeting_id", "version"),
        Index("ix_summary_couple_id_state", "couple_id", "state"),
    )

    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    version: Mapped[int] = mapped_column(default=1)
    revision: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime]
    state: Mapped[SummaryState] = mapped_column(default=SummaryState.DRAFT)
    content_sealed: Mapped[bytes | None]
    content_hash: Mapped[str | None]
    released_at: Mapped[datetime | None]

    content = SealedText("content_sealed")

    meeting: Mapped[Meeting] = relationship(lazy="raise_on_sql")

    def seal_owner(self) -> Owner:
        """Joint text, sealed with the couple's key, so that it outlives the erasure of one person."""
        return Owner(OwnerKind.COUPLE, self.couple_id)
