"""Reads of accounts and sign-ins."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.accounts.models import Account, LoginSession
from portal.accounts.rules import is_alive
from portal.security.crypto import hashed_token
from portal.security.viewer import STAFF, Member


def find_live_sign_in(session: Session, token: str, now: datetime) -> LoginSession | None:
    """Find the sign-in of a cookie's token, with account and roles, if it still holds. Two statements."""
    found = session.scalar(
        select(LoginSession)
        .where(LoginSession.token_hash == hashed_token(token), LoginSession.ended_at.is_(None))
        .options(joinedload(LoginSession.account).selectinload(Account.roles))
    )
    if found is None or found.account.is_disabled:
        return None
    is_staff = any(role.role in STAFF for role in found.account.roles)
    holds = is_alive(last_seen_at=found.last_seen_at, expires_at=found.expires_at, is_staff=is_staff, now=now)
    return found if holds else None


def member_of(sign_in: LoginSession) -> Member:
    """Describe who is signed in, as everything below the views knows it. Needs account and roles loaded."""
    return Member(
        account_id=sign_in.account_id,
        person_id=sign_in.account.person_id,
        login_session_id=sign_in.id,
        roles=frozenset(role.role for role in sign_in.account.roles),
        proved_at=sign_in.proved_at,
        is_limited=sign_in.is_limited,
    )
