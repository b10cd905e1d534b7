"""What this area asks of those above it: whether a message is still true, and who has an account.

Mails stand below everything that is told by mail, so they know the rows only through these functions.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from portal.notices.models import MessageKind, MessagePart

Truth = Callable[[Session, MessagePart, datetime], bool]
AccountHolders = Callable[[Session, Collection[UUID]], set[UUID]]

_truths: dict[MessageKind, Truth] = {}
_account_checks: list[AccountHolders] = []


def register_truth(kind: MessageKind, truth: Truth) -> None:
    """Say how to find out whether what a part of this kind tells still holds; called once, at one statement a part."""
    _truths[kind] = truth


def is_still_true(session: Session, part: MessagePart, now: datetime) -> bool:
    """Tell whether a part may still be said. One that names no row is always true. At most one statement."""
    truth = _truths.get(part.kind)
    return part.about_id is None or truth is None or truth(session, part, now)


def register_account_check(check: AccountHolders) -> None:
    """Say how to find out which of some persons have an account; called once."""
    _account_checks[:] = [check]


def has_account(session: Session, person_id: UUID) -> bool:
    """Tell whether a person has an account, and so gets mails whatever a stranger said of the inbox. One statement."""
    return bool(account_holders(session, [person_id]))


def account_holders(session: Session, person_ids: Collection[UUID]) -> set[UUID]:
    """Tell which of these persons have an account. One statement."""
    return {holder for check in _account_checks for holder in check(session, person_ids)}
