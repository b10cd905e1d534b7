"""Codes of eight digits that a therapist hands over in person: few tries, a short life, one use, only a keyed hash kept."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, update
from sqlalchemy.orm import Session

from portal.accounts.models import Account, OneTimePurpose, OneTimeToken
from portal.accounts.rules import HANDED_CODE_AGE
from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.security.crypto import MasterKey, new_code
from portal.security.viewer import Member

TRIES = 5


def issue_code(
    session: Session,
    viewer: Member,
    account: Account,
    purpose: OneTimePurpose,
    action: Action,
    *,
    now: datetime,
) -> str:
    """Make a code for the login of a client; older ones of its purpose end. Nobody can read it again."""
    code = new_code()
    session.execute(update(OneTimeToken).where(is_open([account.id], purpose, now)).values(expires_at=now))
    made = OneTimeToken(
        account_id=account.id, purpose=purpose, token_hash=code_hash(session, purpose, account.id, code), tries_left=TRIES,
        expires_at=now + HANDED_CODE_AGE,
    )  # fmt: skip
    session.add(made)
    session.flush()
    record_of(session, viewer, action, made)
    return code


def is_open(account_ids: Collection[UUID], purpose: OneTimePurpose, now: datetime) -> ColumnElement[bool]:
    """Hold for codes of these logins that are neither used nor over."""
    return and_(
        OneTimeToken.account_id.in_(account_ids),
        OneTimeToken.purpose == purpose,
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > now,
    )


def code_hash(session: Session, purpose: OneTimePurpose, account_id: UUID, code: str) -> bytes:
    """Hash a code with a key outside the database: eight digits alone could be tried out on a stolen copy."""
    keyring: MasterKey = session.info["keyring"]
    digits = "".join(letter for letter in code if letter.isalnum())
    return keyring.lookup_code(f"{purpose.value}|{account_id}|{digits}")


def spend_try(
    session: Session, account_ids: Collection[UUID], purpose: OneTimePurpose, now: datetime
) -> None:
    """Count a wrong code against those that are open. One statement, whether there is any or not."""
    tried = update(OneTimeToken).where(is_open(account_ids, purpose, now))
    session.execute(tried.values(tries_left=OneTimeToken.tries_left - 1))
