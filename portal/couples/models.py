"""Couples and their two partners."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.orm import Model
from portal.people.models import Person


class CoupleStatus(StrEnum):
    """The state of the relation between the two and the practice."""

    INVITED = "invited"
    ACTIVE = "active"
    PAUSED = "paused"
    SEPARATED = "separated"
    ARCHIVED = "archived"


class SecretsPolicy(StrEnum):
    """Whether an individual's confidence stays with the therapist (product decision 17)."""

    LIMITED = "limited"
    NO_SECRETS = "no_secrets"


class Side(StrEnum):
    """A is whoever was entered first; the order carries no rank and never changes."""

    A = "a"
    B = "b"


class Couple(Model):
    """Two persons in therapy together. `number` is the file number that lists show in a shared room."""

    __tablename__ = "couple"

    number: Mapped[int] = mapped_column(unique=True)
    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    status: Mapped[CoupleStatus] = mapped_column(default=CoupleStatus.INVITED)
    secrets_policy: Mapped[SecretsPolicy] = mapped_column(default=SecretsPolicy.LIMITED)

    partners: Mapped[list["Partner"]] = relationship(
        back_populates="couple", lazy="raise_on_sql", order_by="Partner.side"
    )


class Partner(Model):
    """One person of one couple. `left_at` ends what the person may see of the shared space."""

    __tablename__ = "partner"
    __table_args__ = (
        UniqueConstraint("couple_id", "side"),
        UniqueConstraint("couple_id", "person_id"),
        Index("ix_partner_person_id", "person_id"),
    )

    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    side: Mapped[Side]
    left_at: Mapped[datetime | None]

    couple: Mapped[Couple] = relationship(back_populates="partners", lazy="raise_on_sql")
    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class SafetyHold(Model):
    """The therapist's own decision to keep joint things of a couple shut for a while. No partner ever learns of it.

    Set and lifted by hand only, never by an answer (clinical specification 7.2).
    """

    __tablename__ = "safety_hold"
    __table_args__ = (
        Index(
            "uq_safety_hold_in_force", "couple_id", unique=True,
            sqlite_where=text("lifted_at is null"), postgresql_where=text("lifted_at is null"),
        ),
    )  # fmt: skip

    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    set_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    lifted_at: Mapped[datetime | None]
