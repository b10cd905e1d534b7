"""Clearing away what is over: in one place, a little at a time, harmless to repeat."""

import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete
from sqlalchemy.orm import Session

from portal.accounts.models import LoginSession, OneTimeToken
from portal.accounts.throttle import forget_old_tries
from portal.booking.erasing import erase_due
from portal.booking.holds import forget_holds
from portal.booking.proving import forget_unproved
from portal.booking.waitlist import erase_waiting
from portal.files.store import remove_stray
from portal.shortform.service import forget_over
from portal.transaction import transaction

KEPT_AFTER_END = timedelta(days=1)
SIGN_INS_KEPT = timedelta(days=90)  # ended sign-ins stay in a person's own list for a while
LEFT_OVER_SECONDS = 3600
MOST_ERASED_BATCHES = 20


def remove_expired(session: Session, now: datetime) -> None:
    """Delete counters, holds, links and sign-ins that no longer decide anything, bookings never proved, short tests that are over.

    Ten statements, and some more for each two hundred of those bookings.
    """
    forget_old_tries(session, now)
    forget_unproved(session, now)
    forget_holds(session, now)
    forget_over(session, now)
    session.execute(delete(OneTimeToken).where(OneTimeToken.expires_at < now - KEPT_AFTER_END))
    session.execute(
        delete(LoginSession).where(LoginSession.is_waiting, LoginSession.expires_at < now - KEPT_AFTER_END)
    )
    session.execute(delete(LoginSession).where(LoginSession.expires_at < now - SIGN_INS_KEPT))


def erase_leads(now: datetime) -> int:
    """Erase people who booked or waited and did not go on, once the practice keeps them no longer; return how many.

    One transaction for each fifty; what is left after the last of them waits for the next round.
    """
    erased = 0
    for _ in range(MOST_ERASED_BATCHES):
        with transaction() as session:
            number = erase_due(session, now) + erase_waiting(session, now)
        erased += number
        if number == 0:
            break
    return erased


def remove_left_over(session: Session, instance: Path, now: datetime) -> int:
    """Delete files that a process which was killed left behind; return how many."""
    before = time.time() - LEFT_OVER_SECONDS
    old = [
        path
        for pattern in ("tmp/*", "mail/.*.part")
        for path in instance.glob(pattern)
        if path.stat(follow_symlinks=False).st_mtime < before
    ]
    for path in old:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(old) + remove_stray(session, now=now)
