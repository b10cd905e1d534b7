"""The second factor: codes from an app (TOTP, RFC 6238) and ten backup codes for the day the phone is lost.

The secret of a set-up that is under way is derived from key, account and sign-in, so that looking at its page writes
nothing, and the old app goes on working until the new one has been confirmed.
"""

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

import pyotp
from sqlalchemy import CursorResult, Update, delete, func, select, update
from sqlalchemy.orm import Session

from portal.accounts.models import Account, BackupCode, Passkey
from portal.accounts.passwords import slow_code_hash
from portal.accounts.queries import get_account, hold_account, holds_passkey, roles_of
from portal.accounts.rules import SECOND_FACTOR, SECOND_FACTOR_DAY, CodeRefused, asks_second_factor
from portal.accounts.service import tell_of_change
from portal.accounts.sign_ins import end_all_but
from portal.accounts.throttle import throttle
from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.errors import Conflict, NotFound
from portal.security.crypto import MasterKey
from portal.security.viewer import Anonymous, Viewer

STEP_SECONDS = 30  # RFC 6238, section 5.2
SECRET_BYTES = 20  # RFC 4226, section 4, requirement 6
CODE_DIGITS = 6
BACKUP_CODES = 10
BACKUP_LENGTH = 8
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that are mistaken for another when read aloud or copied
ISSUER = "Common Ground"


@dataclass(frozen=True, slots=True)
class Answer:
    """A typed code after the slow work: the time step that it belongs to, or the hash of a backup code."""

    step: int | None = None
    backup_hash: str | None = None


@dataclass(frozen=True, slots=True)
class BackupCodes:
    """Ten codes as they are shown once, and what the database keeps of them."""

    shown: list[str]
    hashes: list[str]


def may_enter_code(session: Session, account: Account, network: str, now: datetime) -> bool:
    """Count one try of a code, five in five minutes and fifty a day; tell whether it may go on. Two statements.

    Only somebody who knows the password comes this far; with a new password the day's count begins anew.
    """
    within_minutes = throttle(session, SECOND_FACTOR, str(account.id), now)
    day_key = f"{account.id}|{network}|{account.password_hash}"
    return throttle(session, SECOND_FACTOR_DAY, day_key, now) and within_minutes


def read_answer(session: Session, account: Account, text: str, now: datetime) -> Answer:
    """Work out what a typed code is, before any writing transaction. Up to 30 ms for a backup code."""
    code = "".join(letter for letter in text.upper() if letter.isalnum())
    if len(code) == CODE_DIGITS and code.isdecimal():
        return Answer(step=_matching_step(account.totp_secret, code, now))
    if len(code) != BACKUP_LENGTH:
        return Answer()
    return Answer(backup_hash=slow_code_hash(code, _salt(session, account.id)))


def accept_answer(session: Session, account: Account, answer: Answer, now: datetime) -> None:
    """Use up a code: each time step once, going forward only, each backup code once. One conditional statement.

    Raises:
        CodeRefused: wrong, or used before, by whomever and however closely in parallel.
    """
    if answer.step is not None:
        newer = update(Account).where(
            Account.id == account.id, Account.totp_step < answer.step, Account.is_totp_on
        )
        is_accepted = _changes_one(session, newer.values(totp_step=answer.step))
    elif answer.backup_hash is not None:
        unused = update(BackupCode).where(BackupCode.account_id == account.id, BackupCode.used_at.is_(None))
        is_accepted = _changes_one(
            session, unused.where(BackupCode.code_hash == answer.backup_hash).values(used_at=now)
        )
    else:
        is_accepted = False
    if not is_accepted:
        raise CodeRefused(str(account.id))


def pending_secret(session: Session, account: Account, login_session_id: UUID) -> str:
    """Give the secret that a set-up in this sign-in offers: always the same until it is confirmed."""
    keyring: MasterKey = session.info["keyring"]
    purpose = f"totp|{account.id}|{login_session_id}|{account.totp_step}"
    return base64.b32encode(keyring.lookup_code(purpose)[:SECRET_BYTES]).decode()


def provisioning_uri(secret: str, user_name: str) -> str:
    """Write what an app reads from the picture. It names this product and the user name, never the practice."""
    return pyotp.TOTP(secret).provisioning_uri(name=user_name, issuer_name=ISSUER)


def make_backup_codes(session: Session, account_id: UUID) -> BackupCodes:
    """Make ten backup codes and their hashes, before any writing transaction: about 300 ms of hashing."""
    shown = [_new_backup_code() for _ in range(BACKUP_CODES)]
    salt = _salt(session, account_id)
    return BackupCodes(shown, [slow_code_hash(code.replace("-", ""), salt) for code in shown])


def turn_on(
    session: Session,
    viewer: Viewer,
    account: Account,
    *,
    secret: str,
    code: str,
    backup: BackupCodes,
    now: datetime,
) -> None:
    """Turn the second factor on, or move it to another app, once its first code is right.

    Raises:
        CodeRefused: the code does not belong to this secret.
    """
    step = _matching_step(secret, "".join(code.split()), now)
    if step is None:
        raise CodeRefused(str(account.id))
    account.totp_secret, account.totp_step, account.is_totp_on = secret, step, True
    replace_backup_codes(session, viewer, account, backup, now)


def turn_off(session: Session, viewer: Viewer, account: Account, now: datetime) -> None:
    """Turn the codes off, for those who need no second factor or have a passkey for one. Needs roles loaded.

    Raises:
        Conflict: people of the practice must have one (AUT-02).
    """
    hold_account(session, account)
    is_needed = asks_second_factor(roles_of(account), is_totp_on=False)
    if is_needed and not holds_passkey(session, account.id):
        raise Conflict(str(account.id))
    account.totp_secret, account.is_totp_on = "", False
    session.execute(delete(BackupCode).where(BackupCode.account_id == account.id))
    record_of(session, viewer, Action.SECOND_FACTOR_CHANGED, account)
    tell_of_change(session, account, now)


def reset_second_factor(session: Session, user_name: str, now: datetime) -> None:
    """Let somebody who lost phone and backup codes set up a new second factor; for whoever holds the machine itself.

    Passkeys go too: they were on the phone as well. Every sign-in of the account ends. The password stays, so that the next sign-in asks for it and for a new set-up.

    Raises:
        NotFound: nobody has this user name.
    """
    keyring: MasterKey = session.info["keyring"]
    code = keyring.lookup_code(user_name)
    found = session.scalar(select(Account.id).where(Account.user_name_code == code))
    if found is None:
        raise NotFound("account")
    account = get_account(session, found)
    account.totp_secret, account.is_totp_on = "", False
    session.execute(delete(BackupCode).where(BackupCode.account_id == account.id))
    session.execute(delete(Passkey).where(Passkey.account_id == account.id))
    end_all_but(session, account.id, None, now)
    record_of(session, Anonymous(), Action.SECOND_FACTOR_CHANGED, account, result="reset on the machine")
    tell_of_change(session, account, now)


def replace_backup_codes(
    session: Session, viewer: Viewer, account: Account, backup: BackupCodes, now: datetime
) -> None:
    """Let these backup codes work from now on, and no older ones."""
    session.execute(delete(BackupCode).where(BackupCode.account_id == account.id))
    session.add_all(BackupCode(account_id=account.id, code_hash=code_hash) for code_hash in backup.hashes)
    record_of(session, viewer, Action.SECOND_FACTOR_CHANGED, account)
    tell_of_change(session, account, now)


def count_backup_codes(session: Session, account: Account) -> int:
    """Count the backup codes that are left."""
    left = select(func.count()).where(BackupCode.account_id == account.id, BackupCode.used_at.is_(None))
    return session.scalar(left) or 0


def _matching_step(secret: str, code: str, now: datetime) -> int | None:
    if not secret:
        return None
    totp, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    steps = (present - 1, present, present + 1)  # RFC 6238, section 5.2: one step of tolerance
    matches = [step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())]
    return max(matches, default=None)


def _changes_one(session: Session, statement: Update) -> bool:
    changed = cast(
        "CursorResult[None]", session.execute(statement.execution_options(synchronize_session="fetch"))
    )
    return changed.rowcount == 1


def _salt(session: Session, account_id: UUID) -> bytes:
    keyring: MasterKey = session.info["keyring"]
    return keyring.lookup_code(f"backup-code|{account_id}")[:16]


def _new_backup_code() -> str:
    letters = "".join(secrets.choice(LETTERS) for _ in range(BACKUP_LENGTH))
    return f"{letters[:4]}-{letters[4:]}"
