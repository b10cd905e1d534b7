"""Effects outside the database (a rendered file, a mail): written with the change that causes them, done once.

A worker claims a row with a lease and a fencing number. Whoever comes back late with an old number has lost: its
result is thrown away. Rows that no worker finished are handed out again by the sweeper.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast
from uuid import UUID

from sqlalchemy import CursorResult, Index, UniqueConstraint, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.clock import utc_now
from portal.errors import Conflict
from portal.orm import Model
from portal.queueing import JobName, Queue, job_id
from portal.transaction import after_commit

LEASE = timedelta(seconds=90)
REDISPATCH_AFTER = timedelta(seconds=30)
MOST_ATTEMPTS = 5
BACKOFF = {  # seconds before attempts 2 to 5: somebody waits for a document; a mail server may be away for hours
    JobName.READ_BOUNCES: (60, 300, 1800, 7200),
    JobName.RENDER_DOCUMENT: (5, 30, 120, 600),
    JobName.SEND_MESSAGE: (30, 300, 1800, 7200),
    JobName.SYNC_CALENDAR: (30, 120, 600, 1800),
}


class LeaseLost(Conflict):
    """Another worker has taken the row meanwhile; what this one did must not count."""


class OutboxState(StrEnum):
    """Where an effect stands."""

    PENDING = "pending"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"


class OutboxEntry(Model):
    """One effect that is owed."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("job", "effect_key"),
        Index("ix_outbox_state_due_at", "state", "due_at"),
    )

    job: Mapped[JobName]
    subject_id: Mapped[UUID]
    effect_key: Mapped[str]
    state: Mapped[OutboxState] = mapped_column(default=OutboxState.PENDING)
    due_at: Mapped[datetime]
    deadline_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    dispatches: Mapped[int] = mapped_column(default=0)
    enqueued_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    failure: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to carry out one effect until the lease ends."""

    outbox_id: UUID
    job: JobName
    subject_id: UUID
    fence: int
    attempts: int


def put(
    session: Session,
    job: JobName,
    subject_id: UUID,
    *,
    effect_key: str,
    due_at: datetime,
    deadline_at: datetime | None = None,
) -> OutboxEntry:
    """Owe an effect, in the caller's transaction; tell the workers once it is durable.

    `effect_key` makes it unique per job: owing the same effect twice is refused by the database.
    """
    entry = OutboxEntry(
        job=job, subject_id=subject_id, effect_key=effect_key, due_at=due_at, deadline_at=deadline_at,
        state=OutboxState.PENDING, attempts=0, fence=0, dispatches=0,
    )  # fmt: skip
    session.add(entry)
    now = utc_now()
    if due_at <= now:
        entry.dispatches = 1  # if this hint is lost, the very next sweep sees that nothing was handed out
        after_commit(session, lambda: _hint(session, entry))
    return entry


def put_again(session: Session, job: JobName, subject_id: UUID, *, effect_key: str, now: datetime) -> None:
    """Owe an effect that returns (looking into a mailbox) once more, in the one row that it has; nothing if it is under way."""
    renewed = cast(
        "CursorResult[None]",
        session.execute(
            update(OutboxEntry)
            .where(OutboxEntry.job == job, OutboxEntry.effect_key == effect_key)
            .where(OutboxEntry.state.not_in([OutboxState.PENDING, OutboxState.LEASED]))
            .values(state=OutboxState.PENDING, attempts=0, due_at=now, enqueued_at=None, failure=None)
            .execution_options(synchronize_session=False)
        ),
    )
    known = select(OutboxEntry.id).where(OutboxEntry.job == job, OutboxEntry.effect_key == effect_key)
    if renewed.rowcount == 0 and session.scalar(known) is None:
        put(session, job, subject_id, effect_key=effect_key, due_at=now)


def _hint(session: Session, entry: OutboxEntry) -> None:
    queue: Queue = session.info["queue"]
    queue.enqueue(entry.job, entry.id, entry.dispatches)


def claim(session: Session, outbox_id: UUID, job: JobName, now: datetime) -> Claim | None:
    """Take the row if it is due and nobody holds it; None means there is nothing to do. One statement, then one read."""
    is_free = or_(
        OutboxEntry.state == OutboxState.PENDING,
        (OutboxEntry.state == OutboxState.LEASED) & (OutboxEntry.lease_until <= now),
    )
    taken = cast(
        "CursorResult[None]",
        session.execute(
            update(OutboxEntry)
            .where(OutboxEntry.id == outbox_id, OutboxEntry.job == job, OutboxEntry.due_at <= now, is_free)
            .where(OutboxEntry.attempts < MOST_ATTEMPTS)
            .values(
                state=OutboxState.LEASED,
                fence=OutboxEntry.fence + 1,
                attempts=OutboxEntry.attempts + 1,
                lease_until=now + LEASE,
            )
            .execution_options(synchronize_session=False)
        ),
    )
    if taken.rowcount != 1:
        return None
    entry = session.get_one(OutboxEntry, outbox_id, populate_existing=True)
    if entry.deadline_at is not None and entry.deadline_at <= now:
        entry.state = OutboxState.EXPIRED
        return None
    return Claim(entry.id, entry.job, entry.subject_id, entry.fence, entry.attempts)


def finish(session: Session, taken: Claim, now: datetime) -> None:
    """Mark the effect done, in the same transaction as its result.

    Raises:
        LeaseLost: the claim is no longer valid; the caller's transaction must roll back.
    """
    _settle(session, taken, state=OutboxState.DONE, done_at=now, failure=None, due_at=None)


def give_back(
    session: Session, taken: Claim, reason: str, now: datetime, *, for_good: bool = False
) -> OutboxState:
    """Report a failure by its kind (never its content): try again later, or after five attempts fail visibly.

    Raises:
        LeaseLost: the claim is no longer valid.
    """
    is_final = for_good or taken.attempts >= MOST_ATTEMPTS
    state = OutboxState.FAILED if is_final else OutboxState.PENDING
    pauses = BACKOFF[taken.job]
    pause = timedelta(seconds=pauses[min(taken.attempts, len(pauses)) - 1])
    _settle(
        session, taken, state=state, done_at=None, failure=reason, due_at=None if is_final else now + pause
    )
    return state


def postpone(session: Session, taken: Claim, until: datetime) -> None:
    """Put the effect off because it is not its time yet; this counts as no attempt.

    Raises:
        LeaseLost: the claim is no longer valid.
    """
    _settle(session, taken, state=OutboxState.PENDING, done_at=None, failure=None, due_at=until)
    session.execute(
        update(OutboxEntry)
        .where(OutboxEntry.id == taken.outbox_id)
        .values(attempts=OutboxEntry.attempts - 1)
        .execution_options(synchronize_session=False)
    )


def let_go(session: Session, taken: Claim, reason: str) -> None:
    """Close the row without its effect, because nobody is owed it any more.

    Raises:
        LeaseLost: the claim is no longer valid.
    """
    _settle(session, taken, state=OutboxState.EXPIRED, done_at=None, failure=reason, due_at=None)


def start_over(session: Session, job: JobName, subject_id: UUID, now: datetime) -> None:
    """Owe a failed effect once more, because a person asked for it; its attempts count anew."""
    for entry in session.scalars(
        select(OutboxEntry)
        .where(OutboxEntry.job == job, OutboxEntry.subject_id == subject_id)
        .where(OutboxEntry.state == OutboxState.FAILED)
        .with_for_update()
        .execution_options(populate_existing=True)
    ):
        entry.state, entry.attempts, entry.due_at, entry.failure = OutboxState.PENDING, 0, now, None
        entry.enqueued_at = None


def give_back_of_dead(session: Session, outbox_id: UUID, now: datetime) -> None:
    """Try a row again soon whose worker is known to have died, instead of waiting for the end of its lease.

    Should another worker hold the lease by now, its result is thrown away and made anew: a loss of time, no more.
    """
    entry = session.get(OutboxEntry, outbox_id, populate_existing=True, with_for_update=True)
    if entry is not None and entry.state is OutboxState.LEASED:
        give_back(
            session, Claim(entry.id, entry.job, entry.subject_id, entry.fence, entry.attempts), "died", now
        )


def hold_on(session: Session, taken: Claim) -> None:
    """Make sure, just before an effect that cannot be taken back, that the claim still counts; locks the row.

    Raises:
        LeaseLost: another worker has taken over.
    """
    held = session.scalar(
        select(OutboxEntry.id)
        .where(OutboxEntry.id == taken.outbox_id, OutboxEntry.fence == taken.fence)
        .where(OutboxEntry.state == OutboxState.LEASED)
        .with_for_update()
    )
    if held is None:
        raise LeaseLost(str(taken.outbox_id))


def _settle(
    session: Session,
    taken: Claim,
    *,
    state: OutboxState,
    done_at: datetime | None,
    failure: str | None,
    due_at: datetime | None,
) -> None:
    values: dict[str, object] = {"state": state, "done_at": done_at, "failure": failure, "lease_until": None}
    if due_at is not None:
        values |= {"due_at": due_at, "enqueued_at": None}
    settled = cast(
        "CursorResult[None]",
        session.execute(
            update(OutboxEntry)
            .where(OutboxEntry.id == taken.outbox_id, OutboxEntry.fence == taken.fence)
            .where(OutboxEntry.state == OutboxState.LEASED)
            .values(**values)
            .execution_options(synchronize_session=False)
        ),
    )
    if settled.rowcount != 1:
        raise LeaseLost(str(taken.outbox_id))


def due_entries(session: Session, now: datetime, limit: int = 200) -> list[OutboxEntry]:
    """List what should be handed to the workers now: due and never handed out, or handed out and not heard of."""
    is_unheard = or_(OutboxEntry.enqueued_at.is_(None), OutboxEntry.enqueued_at <= now - REDISPATCH_AFTER)
    is_waiting = (OutboxEntry.state == OutboxState.PENDING) & (OutboxEntry.due_at <= now) & is_unheard
    is_abandoned = (OutboxEntry.state == OutboxState.LEASED) & (OutboxEntry.lease_until <= now) & is_unheard
    return list(
        session.scalars(
            select(OutboxEntry)
            .where(is_waiting | is_abandoned)
            .order_by(OutboxEntry.due_at, OutboxEntry.id)
            .limit(limit)
        )
    )


def hand_out(session: Session, entry: OutboxEntry, waiting: frozenset[str], now: datetime) -> None:
    """Give a due row to the workers once more, unless it still waits in the queue or has used up its attempts.

    `waiting`: the ids of the jobs in the queue, read before the transaction. Two sweepers that do this at once give
    the job the same id, and the queue takes it once.
    """
    if entry.attempts >= MOST_ATTEMPTS:
        entry.state, entry.failure, entry.lease_until = OutboxState.FAILED, "gave up", None
        return
    entry.enqueued_at = now
    if entry.dispatches and job_id(entry.job, entry.id, entry.dispatches) in waiting:
        return
    entry.dispatches += 1
    after_commit(session, lambda: _hint(session, entry))
