"""The chain over the audit log: sealed by the sweeper, checked by `portal audit verify`.

The end of the chain stands twice: signed in the database, and in an append-only file beside it (`INSTANCE/audit-heads`),
so that cutting off the tail of both tables, or putting an older copy back, still shows. Rows that are not sealed yet
(a few seconds' worth) are protected by their own MAC only: their disappearance cannot be seen.
"""

import hmac
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent, AuditHead
from portal.audit.rules import GENESIS, AuditFact, chain_link, head_mac, row_mac
from portal.clock import utc_now
from portal.security.crypto import MasterKey

PAGE = 500


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends."""

    position: int
    chain: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the log: what, and at which position (None: unsealed or at the end)."""

    fault: str
    position: int | None


def seal_new_rows(session: Session, most: int = PAGE) -> Head | None:
    """Append rows that are not in the chain yet, oldest first; give the new end, or None if there was nothing to do.

    Two sweepers at once: the unique position lets one of them fail and roll back.
    """
    rows = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.position.is_(None))
        .order_by(AuditEvent.at, AuditEvent.id)
        .limit(most)
    ).all()
    if not rows:
        return None
    keyring: MasterKey = session.info["keyring"]
    head = _current_head(session)
    position, chain = (head.position, head.chain) if head else (0, GENESIS)
    for row in rows:
        position += 1
        chain = chain_link(keyring.audit_key, chain, position, row.mac)
        row.position, row.chain = position, chain
    session.add(AuditHead(position=position, chain=chain, mac=head_mac(keyring.audit_key, position, chain)))
    session.flush()
    if head is not None:
        session.delete(head)
    session.flush()
    return Head(position, chain)


def anchor_head(head: Head, instance: Path) -> None:
    """Write the end of the chain to the file outside the database, durably. One short line each time."""
    path = instance / "audit-heads"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"{utc_now().isoformat(timespec='seconds')} {head.position} {head.chain.hex()}\n")
        file.flush()
        os.fsync(file.fileno())


def verify(session: Session, instance: Path) -> list[Finding]:
    """Check every row, the whole chain, its signed end and the file; an empty list means that nothing was touched.

    Cost: one pass over the log in pages of 500 rows.
    """
    key = session.info["keyring"].audit_key
    findings: list[Finding] = []
    anchors = _anchors(instance)
    expected, chain = 1, GENESIS
    for row in _sealed_rows(session):
        findings += _faults_of(row, key, expected)
        chain = chain_link(key, chain, row.position or 0, row.mac)
        if not hmac.compare_digest(chain, row.chain or b""):
            findings.append(Finding("the chain is broken: a row was changed, removed or moved", row.position))
            chain = row.chain or b""
        if row.position in anchors and anchors[row.position] != chain.hex():
            findings.append(
                Finding("the chain differs from what was written outside the database", row.position)
            )
        expected = (row.position or 0) + 1
    findings += _faults_of_end(session, key, Head(expected - 1, chain), anchors)
    findings += _faults_of_unsealed(session, key)
    return findings


def _sealed_rows(session: Session) -> Iterator[AuditEvent]:
    return iter(
        session.scalars(
            select(AuditEvent)
            .where(AuditEvent.position.is_not(None))
            .order_by(AuditEvent.position)
            .execution_options(yield_per=PAGE)
        )
    )


def _faults_of(row: AuditEvent, key: bytes, expected: int) -> list[Finding]:
    faults = []
    if not hmac.compare_digest(row_mac(key, fact_of(row)), row.mac):
        faults.append(Finding("a row was changed", row.position))
    if row.position != expected:
        faults.append(Finding("rows are missing before this one", row.position))
    return faults


def _faults_of_end(session: Session, key: bytes, end: Head, anchors: dict[int, str]) -> list[Finding]:
    head = _current_head(session)
    if head is None:
        return [Finding("the signed end is missing", None)] if end.position or anchors else []
    faults = []
    if not hmac.compare_digest(head_mac(key, head.position, head.chain), head.mac):
        faults.append(Finding("the signed end was changed", head.position))
    if (head.position, head.chain) != (end.position, end.chain):
        faults.append(Finding("the end of the log was cut off or replaced", head.position))
    if anchors and max(anchors) > end.position:
        faults.append(Finding("the log is shorter than what was written outside the database", max(anchors)))
    return faults


def _faults_of_unsealed(session: Session, key: bytes) -> list[Finding]:
    rows = session.scalars(select(AuditEvent).where(AuditEvent.position.is_(None)))
    return [
        Finding("a row that is not sealed yet was changed", None)
        for row in rows
        if not hmac.compare_digest(row_mac(key, fact_of(row)), row.mac)
    ]


def fact_of(row: AuditEvent) -> AuditFact:
    """Give what a stored row says, as it was signed."""
    return AuditFact(
        id=row.id, at=row.at, action=row.action, viewer_kind=row.viewer_kind, account_id=row.account_id, roles=row.roles,
        object_kind=row.object_kind, object_id=row.object_id, result=row.result, correlation_id=row.correlation_id,
    )  # fmt: skip


def count_events(session: Session) -> int:
    """Count the rows of the log."""
    return session.scalar(select(func.count()).select_from(AuditEvent)) or 0


def _current_head(session: Session) -> AuditHead | None:
    return session.scalar(select(AuditHead).order_by(AuditHead.position.desc()).limit(1))


def _anchors(instance: Path) -> dict[int, str]:
    path = instance / "audit-heads"
    if not path.exists():
        return {}
    lines = (line.split() for line in path.read_text().splitlines())
    return {int(parts[1]): parts[2] for parts in lines if len(parts) == 3 and parts[1].isdecimal()}  # noqa: PLR2004 - time, position, chain
