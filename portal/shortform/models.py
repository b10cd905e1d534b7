"""Two people's short tests until they have seen them, and what visitors bring to a first talk. No names anywhere."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.orm import Model, named_enum
from portal.security.crypto import Owner, OwnerKind
from portal.security.sealed import Sealed, SealedText
from portal.shortform.rules import Place


class ShortFormPair(Model):
    """Two people who answer alone and look together, until `expires_at`; then it is deleted.

    `request_code`: keyed code of the form that began it, so that a double click begins one. `join_code`: keyed code of the
    digits that the second person enters. `opened_at`: when both had agreed; from then on nothing can be taken back.
    """

    __tablename__ = "short_form_pair"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    request_code: Mapped[bytes] = mapped_column(unique=True)
    join_code: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    first_shares: Mapped[bool] = mapped_column(default=False)
    second_shares: Mapped[bool] = mapped_column(default=False)
    opened_at: Mapped[datetime | None]

    def shares(self, place: Place) -> bool:
        """Tell whether this person has agreed to show the page for both."""
        return self.first_shares if place is Place.FIRST else self.second_shares


class ShortFormPart(Sealed):
    """One person's part: what only this person sees again (`own`), and what the page for both is made of (`told`).

    `return_code`: keyed code of the digits by which this person finds the page again.
    `may_go_along`: the page for both may go to a first talk that the other one books.
    """

    __tablename__ = "short_form_part"
    __table_args__ = (UniqueConstraint("pair_id", "place"),)

    pair_id: Mapped[UUID] = mapped_column(ForeignKey("short_form_pair.id"))
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    place: Mapped[Place] = mapped_column(named_enum(Place, "shortformplace"))
    return_code: Mapped[bytes] = mapped_column(unique=True)
    finished_at: Mapped[datetime | None]
    may_go_along: Mapped[bool] = mapped_column(default=False)
    own_sealed: Mapped[bytes | None]
    told_sealed: Mapped[bytes | None]

    own = SealedText("own_sealed")
    told = SealedText("told_sealed")

    pair: Mapped[ShortFormPair] = relationship(lazy="raise_on_sql")

    def seal_owner(self) -> Owner:
        """Sealed with the practice's key: there is no person to whom a key could belong."""
        return Owner(OwnerKind.PRACTICE, self.practice_id)


class BroughtResult(Sealed):
    """A result that its author brings to a first talk: waiting for the booking form named by `form_code`, then the booking's.

    `other`: what the page for both shows of the other person, who has agreed to that; empty when alone.
    `expires_at`: when it is deleted if nothing was booked with that form.
    """

    __tablename__ = "brought_result"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    form_code: Mapped[bytes] = mapped_column(unique=True)
    consultation_id: Mapped[UUID | None] = mapped_column(ForeignKey("consultation.id"), unique=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    own_sealed: Mapped[bytes | None]
    other_sealed: Mapped[bytes | None]

    own = SealedText("own_sealed")
    other = SealedText("other_sealed")

    def seal_owner(self) -> Owner:
        """Sealed with the practice's key while nobody has a name, then with the booker's: erased with the booker."""
        if self.person_id is not None:
            return Owner(OwnerKind.PERSON, self.person_id)
        return Owner(OwnerKind.PRACTICE, self.practice_id)
