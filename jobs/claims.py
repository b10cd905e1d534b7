"""Taking what is owed: the frame of every job that an outbox row has caused."""

from collections.abc import Callable
from uuid import UUID

import structlog

from portal import outbox
from portal.clock import utc_now
from portal.outbox import Claim, LeaseLost
from portal.queueing import JobName
from portal.transaction import transaction

log = structlog.get_logger()


def carry_out(outbox_id: str, job: JobName, work: Callable[[Claim], None]) -> None:
    """Claim one outbox row and do its work; nothing where it is done, taken by another worker, or not its time.

    Whoever worked too long loses the lease, and with it the right to keep anything: that is only noted.
    """
    with transaction() as session:
        taken = outbox.claim(session, UUID(outbox_id), job, utc_now())
    if taken is None:
        return
    try:
        work(taken)
    except LeaseLost:
        log.warning("job.lease_lost", job=taken.job.name, outbox_id=outbox_id, attempt=taken.attempts)
