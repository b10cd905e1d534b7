"""Counting tries in the database, so that limits survive an emptied Redis and hold for all web processes (AUT-05).

A count is written in a short transaction of its own *before* the try, so that it also counts when the try is refused,
and so that parallel tries cannot pass together:

    with transaction() as session:
        is_open = throttle(session, SOME_LIMIT, key, now)
    if not is_open:
        return error_answer(429)

Keys are stored as keyed codes only: the table tells neither addresses nor who tried.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import case, delete, literal, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.accounts.models import Throttle
from portal.accounts.rules import KNOWN_NETWORK_AGE, Limit
from portal.orm import UtcDateTime
from portal.security.crypto import MasterKey

SKEW = timedelta(minutes=1)  # clocks of several web machines; a start further ahead means that a clock jumped
KNOWN_NETWORK = "known_network"


def throttle(session: Session, limit: Limit, key: str, now: datetime) -> bool:
    """Count one try for `key`; tell whether it is still within the limit. One statement, safe in parallel."""
    insert = _insert(session)
    is_over = or_(Throttle.window_began_at <= now - limit.window, Throttle.window_began_at > now + SKEW)
    statement = (
        insert(Throttle)
        .values(
            id=uuid4(), created_at=now, kind=limit.kind, key_code=_code(session, limit.kind, key), window_began_at=now,
            count=1,
        )
        .on_conflict_do_update(
            index_elements=["kind", "key_code"],
            set_={
                "count": case((is_over, 1), else_=Throttle.count + 1),
                "window_began_at": case((is_over, literal(now, UtcDateTime())), else_=Throttle.window_began_at),
            },
        )
        .returning(Throttle.count)
    )  # fmt: skip
    return int(session.execute(statement).scalar_one()) <= limit.most


def is_allowed(session: Session, limit: Limit, key: str, now: datetime) -> bool:
    """Tell whether one more try would be within the limit, without counting it. One statement."""
    row = _find(session, limit.kind, key)
    is_within = row is not None and now - limit.window < row.window_began_at <= now + SKEW
    return row is None or not is_within or row.count < limit.most


def forgive(session: Session, limit: Limit, key: str) -> None:
    """Begin the count of `key` anew, after a success. One statement."""
    session.execute(
        delete(Throttle).where(
            Throttle.kind == limit.kind, Throttle.key_code == _code(session, limit.kind, key)
        )
    )


def note_network(session: Session, account_key: str, network: str, now: datetime) -> None:
    """Remember, unreadably, that this account signed in from this network. One statement."""
    throttle(session, Limit(KNOWN_NETWORK, 0, timedelta()), f"{account_key}|{network}", now)


def is_known_network(session: Session, account_key: str, network: str, now: datetime) -> bool:
    """Tell whether this account signed in from this network within the last 90 days. One statement."""
    row = _find(session, KNOWN_NETWORK, f"{account_key}|{network}")
    return row is not None and row.window_began_at > now - KNOWN_NETWORK_AGE


def forget_old_tries(session: Session, now: datetime) -> None:
    """Remove counts that no limit reads any more; for the sweeper, once an hour is plenty. One statement."""
    day = timedelta(days=1)
    is_old = or_(
        (Throttle.kind != KNOWN_NETWORK) & (Throttle.window_began_at < now - day),
        Throttle.window_began_at < now - KNOWN_NETWORK_AGE,
    )
    session.execute(delete(Throttle).where(is_old).execution_options(synchronize_session=False))


def _find(session: Session, kind: str, key: str) -> Throttle | None:
    return session.scalar(
        select(Throttle)
        .where(Throttle.kind == kind, Throttle.key_code == _code(session, kind, key))
        .execution_options(populate_existing=True)
    )


def _code(session: Session, kind: str, key: str) -> bytes:
    keyring: MasterKey = session.info["keyring"]
    return keyring.lookup_code(f"throttle|{kind}|{key}")


def _insert(session: Session) -> Any:
    return postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
