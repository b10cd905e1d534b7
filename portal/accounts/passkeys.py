"""Passkeys: adding, naming and removing one's own, and coming in with one.

A challenge is signed and timed by us, and spent by the first answer that brings it, whatever that answer is worth; so a
visitor leaves no row by looking at the sign-in page, and no answer works twice.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.orm import Session, joinedload

from portal.accounts.ceremony import Claim, NewKey, PasskeyRefused, Use
from portal.accounts.models import Account, Passkey
from portal.accounts.queries import hold_account, holds_passkey, roles_of
from portal.accounts.rules import Limit, asks_second_factor
from portal.accounts.service import tell_of_change
from portal.accounts.sign_ins import end_all_but
from portal.accounts.throttle import throttle
from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.errors import Conflict, NotFound
from portal.security.viewer import Anonymous, Member

CHALLENGE_AGE = timedelta(minutes=6)  # what a device has to answer, and a minute for the way
SPENT = Limit("passkey_challenge", 1, 2 * CHALLENGE_AGE)  # remembered for longer than it could be used
MOST = 10


class LastWayIn(Conflict):
    """Nobody works in the practice with a password alone: without this passkey there would be no second factor (AUT-02)."""


class TooMany(Conflict):
    """The account has as many passkeys as anybody needs."""


class AlreadyThere(Conflict):
    """Somebody has this very key already."""


def spend_challenge(session: Session, challenge: str, now: datetime) -> None:
    """Use up a challenge. One statement, safe in parallel.

    Raises:
        PasskeyRefused: it was used before.
    """
    if not throttle(session, SPENT, challenge, now):
        raise PasskeyRefused("spent")


def list_passkeys(session: Session, viewer: Member) -> Sequence[Passkey]:
    """List the viewer's own passkeys, the oldest first; nobody else's can be listed. One statement."""
    return session.scalars(
        select(Passkey)
        .where(Passkey.account_id == viewer.account_id)
        .options(joinedload(Passkey.account))
        .order_by(Passkey.created_at, Passkey.id)
    ).all()


def get_own_passkey(session: Session, viewer: Member, passkey_id: UUID) -> Passkey:
    """Load one of the viewer's own passkeys. Raises NotFound for any other."""
    found = session.scalar(
        select(Passkey)
        .where(Passkey.id == passkey_id, Passkey.account_id == viewer.account_id)
        .options(joinedload(Passkey.account).joinedload(Account.person))
        .options(joinedload(Passkey.account).selectinload(Account.roles))
    )
    if found is None:
        raise NotFound(str(passkey_id))
    return found


def find_claimed(session: Session, claim: Claim) -> Passkey | None:
    """Find the passkey that an answer claims, if its device names the same login as we do. At most two statements."""
    found = session.scalar(
        select(Passkey)
        .where(Passkey.credential_id == claim.credential_id)
        .options(joinedload(Passkey.account).joinedload(Account.person))
        .options(joinedload(Passkey.account).selectinload(Account.roles))
    )
    is_meant = found is not None and hmac.compare_digest(found.user_handle, claim.user_handle)
    return found if found is not None and is_meant and not found.account.is_disabled else None


def add_passkey(
    session: Session,
    viewer: Member,
    account: Account,
    key: NewKey,
    *,
    handle: bytes,
    label: str,
    now: datetime,
) -> Passkey:
    """Let a key pair open the viewer's own login from now on; all other sign-ins end (AUT-08). Needs the person loaded.

    Raises:
        TooMany: there are ten.
        AlreadyThere: this key was added before, by whomever.
    """
    hold_account(session, account)
    if len(list_passkeys(session, viewer)) >= MOST:
        raise TooMany(str(account.id))
    if session.scalar(select(Passkey.id).where(Passkey.credential_id == key.credential_id)) is not None:
        raise AlreadyThere(str(account.id))
    passkey = Passkey(
        account=account, account_id=account.id, credential_id=key.credential_id, user_handle=handle,
        public_key=key.public_key, sign_count=key.sign_count, transports=key.transports, is_backed_up=key.is_backed_up,
        label=label,
    )  # fmt: skip
    session.add(passkey)
    session.flush()
    record_of(session, viewer, Action.PASSKEY_ADDED, passkey)
    _after_change(session, viewer, account, now)
    return passkey


def rename_passkey(session: Session, viewer: Member, passkey: Passkey, label: str) -> None:
    """Call one of the viewer's own passkeys something else."""
    passkey.label = label
    session.flush()
    record_of(session, viewer, Action.PASSKEY_RENAMED, passkey)


def remove_passkey(session: Session, viewer: Member, passkey: Passkey, now: datetime) -> None:
    """Let a passkey open nothing any more; all other sign-ins end (AUT-08).

    Raises:
        LastWayIn: it is the only second factor of somebody who must have one.
    """
    account = passkey.account
    hold_account(session, account)
    session.delete(passkey)
    session.flush()
    is_bare = not account.is_totp_on and not holds_passkey(session, account.id)
    if is_bare and asks_second_factor(roles_of(account), is_totp_on=False):
        raise LastWayIn(str(passkey.id))
    record_of(session, viewer, Action.PASSKEY_REMOVED, passkey)
    _after_change(session, viewer, account, now)


def note_use(session: Session, passkey: Passkey, use: Use, now: datetime) -> None:
    """Note that a passkey was used, if its count has gone forward or is not kept at all. One conditional statement.

    Raises:
        PasskeyRefused: it has not: a copy may be about.
    """
    forward = update(Passkey).where(
        Passkey.id == passkey.id,
        or_(Passkey.sign_count < use.sign_count, (Passkey.sign_count == 0) & (use.sign_count == 0)),
    )
    noted = forward.values(
        sign_count=use.sign_count, is_backed_up=use.is_backed_up, last_used_at=now
    ).execution_options(synchronize_session="fetch")
    if cast("CursorResult[None]", session.execute(noted)).rowcount != 1:
        raise PasskeyRefused("count")


def note_doubt(session: Session, passkey: Passkey, now: datetime) -> None:
    """Keep in view that a passkey answered with a count that had been there before."""
    passkey.doubted_at = now
    session.flush()
    record_of(session, Anonymous(), Action.PASSKEY_DOUBTED, passkey)


def _after_change(session: Session, viewer: Member, account: Account, now: datetime) -> None:
    end_all_but(session, account.id, viewer.login_session_id, now)
    tell_of_change(session, account, now)
