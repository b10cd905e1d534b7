"""Lifting the limit after a mailed reset with a code that the therapist hands over in person (AUT-06)."""

from collections.abc import Callable
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from portal.accounts.handed_codes import code_hash, is_open, issue_code, spend_try
from portal.accounts.models import Account, LoginSession, OneTimePurpose, OneTimeToken
from portal.accounts.queries import find_account_of_person, get_own_account
from portal.accounts.sign_ins import end_all_but, renew_sign_in
from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.errors import NotFound
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
    return issue_code(session, viewer, account, OneTimePurpose.UNLOCK, Action.UNLOCK_ISSUED, now=now)


def use_unlock(session: Session, viewer: Member, code: str, now: datetime) -> str | None:
    """Try a code, which costs one of its five tries; return the sign-in's new token, or None if it was refused.

    None is no error to roll back: the try that was spent must be kept.
    """
    own, purpose = [viewer.account_id], OneTimePurpose.UNLOCK
    fitting = update(OneTimeToken).where(
        is_open(own, purpose, now),
        OneTimeToken.token_hash == code_hash(session, purpose, viewer.account_id, code),
        OneTimeToken.tries_left > 0,
    )
    if cast("CursorResult[None]", session.execute(fitting.values(used_at=now))).rowcount != 1:
        spend_try(session, own, purpose, now)
        return None
    account = get_own_account(session, viewer)
    account.is_limited = session.get_one(LoginSession, viewer.login_session_id).is_limited = False
    end_all_but(session, viewer.account_id, viewer.login_session_id, now)
    record_of(session, viewer, Action.UNLOCK_USED, account)
    return renew_sign_in(session, viewer, now)
