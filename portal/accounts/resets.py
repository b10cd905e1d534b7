"""A new password by mail (AUT-06): it opens appointments only, until a second factor or a code given in person.

The answer to a request is always the same, and what a known address causes happens after the answer has left.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import CursorResult, or_, update
from sqlalchemy.orm import Session

from portal.accounts.models import Account, OneTimePurpose, OneTimeToken
from portal.accounts.queries import accounts_named, accounts_sharing, get_account, holds_passkey, roles_of
from portal.accounts.rules import RESET_ADDRESS, RESET_AGE, RESET_NETWORK, CodeRefused
from portal.accounts.service import tell_of_change
from portal.accounts.sign_ins import end_all_but
from portal.accounts.throttle import throttle
from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.security.crypto import MasterKey, hashed_token, new_token
from portal.security.viewer import STAFF, Anonymous, TokenHolder, TokenPurpose


def may_request(session: Session, identity: str, network: str, now: datetime) -> bool:
    """Count one request for a reset, known or unknown alike; tell whether it may go on. Two statements."""
    within_address = throttle(session, RESET_ADDRESS, identity, now)
    return throttle(session, RESET_NETWORK, network, now) and within_address


def send_reset(session: Session, identity: str, *, link_to: Callable[[str], str], now: datetime) -> None:
    """Mail a link for a new password to whom `identity` means, if there is anybody; name nobody in it."""
    named = [get_account(session, account.id) for account in accounts_named(session, identity)]
    carriers = [account for account in named if may_reset(session, account)]
    if not carriers:
        return
    token = new_token()
    reset = OneTimeToken(
        account_id=carriers[0].id, purpose=OneTimePurpose.RESET, token_hash=hashed_token(token), tries_left=5,
        expires_at=now + RESET_AGE,
    )  # fmt: skip
    session.add(reset)
    session.flush()
    record_of(session, Anonymous(), Action.RESET_REQUESTED, reset)
    facts = {"link": link_to(token)}
    queue_message(
        session, carriers[0].person, MessageKind.RESET, facts, now=now, deadline_at=reset.expires_at
    )


def accounts_meant(session: Session, reset: OneTimeToken) -> Sequence[Account]:
    """List whose password a link may change: whoever reads the inbox that it was sent to. Four statements."""
    carrier = get_account(session, reset.account_id)
    return [account for account in accounts_sharing(session, carrier) if may_reset(session, account)]


def pick_account(session: Session, meant: Sequence[Account], user_name: str) -> Account | None:
    """Pick one of those who share an inbox by the user name; where there is only one, no name is needed."""
    keyring: MasterKey = session.info["keyring"]
    code = keyring.lookup_code(user_name)
    if len(meant) == 1:
        return meant[0]
    return next((account for account in meant if account.user_name_code == code), None)


def spend_reset_try(session: Session, reset: OneTimeToken) -> None:
    """Count a wrong user name against the link; five are possible."""
    session.execute(
        update(OneTimeToken).where(OneTimeToken.id == reset.id).values(tries_left=OneTimeToken.tries_left - 1)
    )


def use_reset(
    session: Session, reset: OneTimeToken, account: Account, *, new_hash: str, now: datetime
) -> None:
    """Set the new password, once; end every sign-in and every other open reset of this account.

    After a mailed link only appointments are open; a code from the therapist leaves nothing shut.

    Raises:
        CodeRefused: the link was used meanwhile.
    """
    unused = update(OneTimeToken).where(OneTimeToken.id == reset.id, OneTimeToken.used_at.is_(None))
    if cast("CursorResult[None]", session.execute(unused.values(used_at=now))).rowcount != 1:
        raise CodeRefused(str(reset.id))
    others = update(OneTimeToken).where(
        OneTimeToken.purpose.in_((OneTimePurpose.RESET, OneTimePurpose.RESET_CODE)),
        or_(OneTimeToken.account_id == account.id, OneTimeToken.account_id == reset.account_id),
    )
    session.execute(others.where(OneTimeToken.used_at.is_(None)).values(used_at=now))
    account.password_hash, account.is_limited = new_hash, reset.purpose is OneTimePurpose.RESET
    end_all_but(session, account.id, None, now)
    record_of(session, TokenHolder(TokenPurpose.RESET, reset.id), Action.RESET_USED, account)
    tell_of_change(session, account, now)


def may_reset(session: Session, account: Account) -> bool:
    """Tell whether a login's password can be set anew: a link or a code alone is never enough for staff (AUT-06)."""
    is_without_codes = bool(roles_of(account) & STAFF) and not account.is_totp_on
    is_bare_staff = is_without_codes and not holds_passkey(session, account.id)
    return not account.is_disabled and not is_bare_staff
