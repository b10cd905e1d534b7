"""Viewers: whoever is looking. Every read of a row takes one, and there is none that sees everything."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What an account may be in the practice; staff may be several at once, a partner only that."""

    PARTNER = "partner"
    THERAPIST = "therapist"
    FRONT_DESK = "front_desk"
    OWNER = "owner"


STAFF = frozenset({Role.THERAPIST, Role.FRONT_DESK, Role.OWNER})


class TokenPurpose(StrEnum):
    """What a signed or stored token is good for; a token of one purpose opens nothing of another."""

    BOOKING_FORM = "booking_form"
    CONSULTATION = "consultation"
    CONSULTATION_CODE = "consultation_code"
    CONSULTATION_GUEST = "consultation_guest"
    EMBED_FORM = "embed_form"
    INVITATION = "invitation"
    NOT_ME = "not_me"
    PASSKEY_ADD = "passkey_add"
    PASSKEY_SIGN_IN = "passkey_sign_in"
    RESET = "reset"
    SHORT_FORM_PLACE = "short_form_place"
    SHORT_FORM_RESULT = "short_form_result"
    TOUCH = "touch"
    WAITLIST = "waitlist"
    WAITLIST_OFFER = "waitlist_offer"


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Somebody about whom nothing is known: a visitor."""


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """Somebody who followed a link made for one purpose and one thing, and may do just that."""

    purpose: TokenPurpose
    subject_id: UUID


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody signed in.

    `is_limited`: came in by a mailed reset alone, so only appointments may be shown (AUT-06).
    `proved_at`: when the password (and the second factor, for those who have one) was last given.
    """

    account_id: UUID
    person_id: UUID
    login_session_id: UUID
    roles: frozenset[Role]
    proved_at: datetime
    is_limited: bool = False

    @property
    def is_partner(self) -> bool:
        """Tell whether this is one person of a couple."""
        return Role.PARTNER in self.roles

    @property
    def is_therapist(self) -> bool:
        """Tell whether this person treats couples."""
        return Role.THERAPIST in self.roles

    @property
    def is_staff(self) -> bool:
        """Tell whether this person works in the practice, in whatever role."""
        return bool(self.roles & STAFF)

    @property
    def is_owner(self) -> bool:
        """Tell whether this person runs the installation (which opens no clinical record)."""
        return Role.OWNER in self.roles

    @property
    def is_front_desk(self) -> bool:
        """Tell whether this person sees times and codes, but neither names nor records."""
        return Role.FRONT_DESK in self.roles


@dataclass(frozen=True, slots=True)
class JobFor:
    """A job that may load exactly one thing, named by the outbox row that caused it."""

    subject_id: UUID


Viewer = Anonymous | TokenHolder | Member | JobFor
