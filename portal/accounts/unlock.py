"""Lifting the limit after a mailed reset with a code that the therapist hands over in person (AUT-06)."""

from collections.abc import Callable
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import CursorResult, Update, update
from sqlalchemy.orm import Session

from portal.accounts.models import Account, LoginSession, OneTimePurpose, OneTimeToken
from portal.accounts.queries import find_account_of_person, get_own_account
from portal.accounts.rules import UNLOCK_AGE
from portal.accounts.sign_ins import end_all_but, renew_sign_in
from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.errors import NotFound
from portal.security.crypto import MasterKey, new_code
from portal.security.viewer import Member, Viewer

IsClientOf = Callable[[Session, Viewer, UUID], bool]


def get_client_account(
    session: Session, viewer: Member, person_id: UUID, *, is_client: IsClientOf
) -> Account:
    """Load the account of one of the viewer's own clients.

    `is_client` tells whose clients they are: areas above this one know it.

    Raises:
        NotFound: no client of the viewer, or nobody with an account.
    """
    account = find_account_of_person(session, person_id) if is_client(session, viewer, person_id) else None
    if account is None:
        raise NotFound(str(person_id))
    return account


def issue_unlock(session: Session, viewer: Member, account: Account, *, now: datetime) -> str:
    """Make an eight-digit code that lifts the limit of a client's login within 15 minutes; older codes end."""
    code = new_code()
    session.execute(_open_codes(account.id, now).values(expires_at=now))
    unlock = OneTimeToken(
        account_id=account.id, purpose=OneTimePurpose.UNLOCK, token_hash=_hash(session, account.id, code), tries_left=5,
        expires_at=now + UNLOCK_AGE,
    )  # fmt: skip
    session.add(unlock)
    session.flush()
    record_of(session, viewer, Action.UNLOCK_ISSUED, unlock)
    return code


def use_unlock(session: Session, viewer: Member, code: str, now: datetime) -> str | None:
    """Try a code, which costs one of its five tries; return the sign-in's new token, or None if it was refused.

    None is no error to roll back: the try that was spent must be kept.
    """
    fitting = _open_codes(viewer.account_id, now).where(
        OneTimeToken.token_hash == _hash(session, viewer.account_id, code), OneTimeToken.tries_left > 0
    )
    if cast("CursorResult[None]", session.execute(fitting.values(used_at=now))).rowcount != 1:
        session.execute(_open_codes(viewer.account_id, now).values(tries_left=OneTimeToken.tries_left - 1))
        return None
    account = get_own_account(session, viewer)
    account.is_limited = session.get_one(LoginSession, viewer.login_session_id).is_limited = False
    end_all_but(session, viewer.account_id, viewer.login_session_id, now)
    record_of(session, viewer, Action.UNLOCK_USED, account)
    return renew_sign_in(session, viewer, now)


def _open_codes(account_id: UUID, now: datetime) -> Update:
    return update(OneTimeToken).where(
        OneTimeToken.account_id == account_id,
        OneTimeToken.purpose == OneTimePurpose.UNLOCK,
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > now,
    )


def _hash(session: Session, account_id: UUID, code: str) -> bytes:
    # Keyed with a key outside the database, because eight digits alone could be tried out on a stolen copy.
    keyring: MasterKey = session.info["keyring"]
    digits = "".join(letter for letter in code if letter.isalnum())
    return keyring.lookup_code(f"unlock|{account_id}|{digits}")
