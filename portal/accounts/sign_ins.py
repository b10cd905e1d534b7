"""Signing in and out: rows in the database, each found by a random cookie whose hash is all that is kept (SES-01, 02).

Nobody is told whether an account exists: every attempt makes two password checks of equal cost, and every refusal is
the same sentence (AUT-05, decision 12 on shared inboxes).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.accounts.models import Account, LoginSession
from portal.accounts.passwords import is_right, nobodys_hash
from portal.accounts.queries import MOST_ON_ONE_ADDRESS, accounts_named, get_account, member_of, roles_of
from portal.accounts.rules import (
    ABSOLUTE,
    SIGN_IN_ANYWHERE,
    SIGN_IN_HERE,
    SIGN_IN_NETWORK,
    WAITING,
    asks_second_factor,
)
from portal.accounts.throttle import forgive, is_known_network, note_network, throttle
from portal.audit.rules import Action
from portal.audit.service import record, record_of
from portal.security.crypto import hashed_token, new_token
from portal.security.viewer import Anonymous, Member


def may_try(session: Session, identity: str, network: str, now: datetime) -> bool:
    """Count one attempt to sign in as `identity` from `network`; tell whether it may go on. Four statements, always."""
    is_known = is_known_network(session, identity, network, now)
    within_here = throttle(session, SIGN_IN_HERE, f"{identity}|{network}", now)
    within_network = throttle(session, SIGN_IN_NETWORK, network, now)
    within_all = throttle(session, SIGN_IN_ANYWHERE, identity, now)
    return within_here and within_network and (within_all or is_known)


def check_password(session: Session, identity: str, password: str) -> Account | None:
    """Find the account that identity and password mean; always two password checks. One statement until it is found.

    Two accounts on one inbox with the same password are told apart by their user names only: both matching is a
    refusal like any other.
    """
    named = accounts_named(session, identity)
    hashes = [account.password_hash for account in named]
    hashes += [nobodys_hash()] * (MOST_ON_ONE_ADDRESS - len(hashes))
    answers = [is_right(password_hash, password) for password_hash in hashes]
    right = [account for account, answer in zip(named, answers, strict=False) if answer]
    is_meant = len(right) == 1 and not right[0].is_disabled
    return get_account(session, right[0].id) if is_meant else None


def refuse_sign_in(session: Session) -> None:
    """Leave a trace of a refused attempt, the same for known and unknown names. One statement."""
    record(session, Anonymous(), Action.SIGN_IN_REFUSED, kind=Account.__tablename__, object_id=None)


def note_success(session: Session, identity: str, network: str, now: datetime) -> None:
    """Begin this account's count in this network anew, and let no stranger's tries stop it from here later."""
    forgive(session, SIGN_IN_HERE, f"{identity}|{network}")
    note_network(session, identity, network, now)


def open_sign_in(
    session: Session,
    account: Account,
    *,
    device: str,
    now: datetime,
    new_hash: str | None = None,
    by_passkey: bool = False,
) -> str:
    """Begin a sign-in after a right password; return its token, which is shown to nobody else and stored hashed.

    It waits, and opens nothing, where a second factor is asked for. `new_hash`: the password hashed with today's
    settings. `by_passkey`: it came by a passkey, which is both factors and has nothing to do with the password: it waits
    for nothing and is not limited, but what limits the *password* after a mailed reset stays (AUT-06), because whoever
    chose that password may be somebody else. Needs roles loaded.
    """
    if new_hash is not None:
        account.password_hash = new_hash
    asks_more = asks_second_factor(roles_of(account), is_totp_on=account.is_totp_on)
    token, is_waiting = new_token(), asks_more and not by_passkey
    sign_in = LoginSession(
        account=account, account_id=account.id, token_hash=hashed_token(token), device=device, is_waiting=is_waiting,
        is_limited=account.is_limited and not by_passkey, proved_at=now, last_seen_at=now, expires_at=now + (WAITING if is_waiting else ABSOLUTE),
    )  # fmt: skip
    session.add(sign_in)
    session.flush()
    if not is_waiting:
        record_of(
            session,
            member_of(sign_in),
            Action.SIGNED_IN,
            sign_in,
            result="by passkey" if by_passkey else "ok",
        )
    return token


def complete_sign_in(session: Session, waiting: LoginSession, now: datetime) -> str:
    """Let a waiting sign-in through after the second factor, under a new token; that lifts a reset's limit too."""
    token = new_token()
    waiting.token_hash = hashed_token(token)
    waiting.is_waiting = waiting.is_limited = waiting.account.is_limited = False
    waiting.proved_at = waiting.last_seen_at = now
    waiting.expires_at = now + ABSOLUTE
    session.flush()
    record_of(session, member_of(waiting), Action.SIGNED_IN, waiting)
    return token


def renew_sign_in(session: Session, viewer: Member, now: datetime) -> str:
    """Note that the viewer has just proved who they are; return the new token of their sign-in (SES-01)."""
    sign_in, token = session.get_one(LoginSession, viewer.login_session_id), new_token()
    sign_in.token_hash, sign_in.proved_at, sign_in.last_seen_at = hashed_token(token), now, now
    session.flush()
    return token


def give_proof(session: Session, viewer: Member, now: datetime) -> str:
    """Record a proof of who is there; return the new token."""
    record(
        session,
        viewer,
        Action.PROOF_GIVEN,
        kind=LoginSession.__tablename__,
        object_id=viewer.login_session_id,
    )
    return renew_sign_in(session, viewer, now)


def end_sign_in_of(session: Session, token: str, now: datetime) -> None:
    """End the sign-in of a cookie, waiting or idle or whatever it is; nothing happens if there is none."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.token_hash == hashed_token(token), LoginSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def end_sign_in(session: Session, viewer: Member, sign_in: LoginSession, now: datetime) -> None:
    """End one sign-in that the viewer may end."""
    sign_in.ended_at = now
    record_of(session, viewer, Action.SIGN_IN_ENDED, sign_in)


def end_all_but(session: Session, account_id: UUID, keep_id: UUID | None, now: datetime) -> None:
    """End every sign-in of an account, waiting ones too, except perhaps the present one. One statement."""
    ending = update(LoginSession).where(
        LoginSession.account_id == account_id, LoginSession.ended_at.is_(None)
    )
    session.execute((ending.where(LoginSession.id != keep_id) if keep_id else ending).values(ended_at=now))
