"""A new password by a code from the therapist, for those to whom nothing may be sent (or whose mailbox is gone).

The therapist knows who asks, in person or by a call, so that nothing stays shut afterwards as it does after a mail (AUT-06).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.handed_codes import code_hash, is_open, issue_code, spend_try
from portal.accounts.models import Account, OneTimePurpose, OneTimeToken
from portal.accounts.queries import accounts_named, get_account
from portal.accounts.resets import may_reset
from portal.accounts.rules import RESET_CODE, RESET_CODE_NETWORK
from portal.accounts.throttle import throttle
from portal.accounts.unlock import IsClientOf, get_client_account
from portal.audit.rules import Action
from portal.errors import NotFound
from portal.security.viewer import Member


def get_resettable_account(
    session: Session, viewer: Member, person_id: UUID, *, is_client: IsClientOf
) -> Account:
    """Load the account of one of the viewer's own clients, if its password can be set anew. Raises NotFound."""
    account = get_client_account(session, viewer, person_id, is_client=is_client)
    if not may_reset(session, account):
        raise NotFound(str(person_id))
    return account


def issue_reset_code(session: Session, viewer: Member, account: Account, *, now: datetime) -> str:
    """Make an eight-digit code with which the client chooses a new password within 15 minutes; older codes end."""
    return issue_code(session, viewer, account, OneTimePurpose.RESET_CODE, Action.RESET_CODE_ISSUED, now=now)


def may_try_code(session: Session, identity: str, network: str, now: datetime) -> bool:
    """Count one try, for known and unknown names alike; tell whether it may go on. Two statements."""
    within_name = throttle(session, RESET_CODE, identity, now)
    return throttle(session, RESET_CODE_NETWORK, network, now) and within_name


def find_by_code(
    session: Session, identity: str, code: str, now: datetime
) -> tuple[OneTimeToken, Account] | None:
    """Find whose code it is among those whom a name or an address means; a wrong one costs one of five tries.

    None is no error to roll back: the try that was spent must be kept. As many statements for names that nobody has.
    """
    ids, purpose = [one.id for one in accounts_named(session, identity)], OneTimePurpose.RESET_CODE
    hashes = [code_hash(session, purpose, account_id, code) for account_id in ids]
    found = session.scalar(
        select(OneTimeToken)
        .where(is_open(ids, purpose, now), OneTimeToken.token_hash.in_(hashes), OneTimeToken.tries_left > 0)
        .execution_options(populate_existing=True)
    )
    if found is None:
        spend_try(session, ids, purpose, now)
        return None
    account = get_account(session, found.account_id)
    return (found, account) if may_reset(session, account) else None
