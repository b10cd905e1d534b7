"""Accounts, sign-ins, one-time tokens and throttles."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.orm import Model
from portal.people.models import Person
from portal.security.crypto import Owner, OwnerKind
from portal.security.sealed import Sealed, SealedText
from portal.security.viewer import Role


class Account(Sealed):
    """A person's login. E-mail is a contact, not an identity: the person is found by user name or by address.

    `totp_step`: the last accepted time step, so that a code works once.
    `is_limited`: the password came by a mailed reset alone; every sign-in with it shows appointments only (AUT-06).
    """

    __tablename__ = "account"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), unique=True)
    user_name_code: Mapped[bytes] = mapped_column(unique=True)
    user_name_sealed: Mapped[bytes | None]
    password_hash: Mapped[str]
    totp_secret_sealed: Mapped[bytes | None]
    totp_step: Mapped[int] = mapped_column(default=0)
    is_totp_on: Mapped[bool] = mapped_column(default=False)
    is_limited: Mapped[bool] = mapped_column(default=False)
    is_disabled: Mapped[bool] = mapped_column(default=False)

    user_name = SealedText("user_name_sealed")
    totp_secret = SealedText("totp_secret_sealed")

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    roles: Mapped[list["AccountRole"]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")

    def seal_owner(self) -> Owner:
        """Sealed with the key of the person whose login it is."""
        return Owner(OwnerKind.PERSON, self.person_id)


class AccountRole(Model):
    """One role of an account; the owner of a small practice is often its therapist too."""

    __tablename__ = "account_role"
    __table_args__ = (UniqueConstraint("account_id", "role"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    role: Mapped[Role]


class LoginSession(Model):
    """One sign-in on one device; the cookie's token is stored hashed. Ended rows stay for the list of sign-ins.

    `is_waiting`: the password was right, the second factor has not been given yet; it opens nothing.
    `is_limited`: came in by a mailed reset alone (appointments only).
    `device`: a class such as "Firefox on Windows", never the full user agent.
    """

    __tablename__ = "login_session"
    __table_args__ = (Index("ix_login_session_account_id", "account_id"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    device: Mapped[str]
    is_waiting: Mapped[bool] = mapped_column(default=False)
    is_limited: Mapped[bool] = mapped_column(default=False)
    proved_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(lazy="raise_on_sql")


class BackupCode(Model):
    """One of ten single-use codes for the day the phone is lost; stored hashed."""

    __tablename__ = "backup_code"
    __table_args__ = (Index("ix_backup_code_account_id", "account_id"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    code_hash: Mapped[str]
    used_at: Mapped[datetime | None]


class Passkey(Sealed):
    """A key pair that a person's device made for this login (WebAuthn); only its public half is here.

    `user_handle`: what the device knows the account by: random, the same for all passkeys of an account, and nothing else.
    `sign_count`: how often the device says it was used; 0 for those that do not count. A 32-bit number without sign.
    `transports`: how a browser may reach the device, in the browser's own words, parted by spaces.
    `is_backed_up`: the device keeps copies elsewhere, for instance in the account that all phones of a person share.
    `doubted_at`: it once answered with a count that had been there before, so a copy of it may be about.
    """

    __tablename__ = "passkey"
    __table_args__ = (Index("ix_passkey_account_id", "account_id"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    user_handle: Mapped[bytes]
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[str]
    is_backed_up: Mapped[bool]
    label_sealed: Mapped[bytes | None]
    last_used_at: Mapped[datetime | None]
    doubted_at: Mapped[datetime | None]

    label = SealedText("label_sealed")

    account: Mapped[Account] = relationship(lazy="raise_on_sql")

    def seal_owner(self) -> Owner:
        """Sealed with the key of the person whose login it opens."""
        return self.account.seal_owner()


class OneTimePurpose(StrEnum):
    """What a stored one-time token does."""

    RESET = "reset"  # choose a new password, from a mailed link
    RESET_CODE = (
        "reset_code"  # choose a new password, with a code that the therapist gave in person or in a call
    )
    UNLOCK = "unlock"  # lift the limit after a mailed reset, with a code handed over in person


class OneTimeToken(Model):
    """A reset link or a code that was handed over: hashed, short-lived, single use, few tries."""

    __tablename__ = "one_time_token"
    __table_args__ = (Index("ix_one_time_token_account_id", "account_id"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    purpose: Mapped[OneTimePurpose]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    tries_left: Mapped[int] = mapped_column(default=5)
    used_at: Mapped[datetime | None]


class Invitation(Model):
    """An invitation to an own login, bound to a person and not to a mailbox.

    The link's token and, unless the practice switched it off, a code which the therapist passes on another way.
    """

    __tablename__ = "invitation"
    __table_args__ = (Index("ix_invitation_person_id", "person_id"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    invited_by_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    code_hash: Mapped[bytes | None]
    expires_at: Mapped[datetime]
    tries_left: Mapped[int] = mapped_column(default=5)
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class Throttle(Model):
    """How often something was tried within a window; kept here because limits must survive an emptied Redis.

    `key_code` is a keyed code of whatever is counted (address, account, network address): never readable.
    """

    __tablename__ = "throttle"
    __table_args__ = (UniqueConstraint("kind", "key_code"),)

    kind: Mapped[str]
    key_code: Mapped[bytes]
    window_began_at: Mapped[datetime]
    count: Mapped[int] = mapped_column(default=0)
