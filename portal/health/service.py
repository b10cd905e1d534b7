"""Noting that a process lives."""

from datetime import datetime

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from portal.health.models import Heartbeat


def beat(session: Session, name: str, now: datetime) -> None:
    """Note that `name` was alive at `now`: one row for each name, however long it lives. One statement or two."""
    result = session.execute(
        update(Heartbeat)
        .where(Heartbeat.name == name)
        .values(beat_at=now)
        .execution_options(synchronize_session=False)
    )
    if isinstance(result, CursorResult) and result.rowcount == 0:
        session.add(Heartbeat(name=name, beat_at=now))
        session.flush()
