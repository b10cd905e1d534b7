"""Looking after each part that the portal cannot do without. Names and three words, never an address or an error text."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal.errors import DomainError
from portal.health.models import Heartbeat

LATE_AFTER = timedelta(seconds=30)  # a heartbeat comes every 5 to 15 seconds
DOWN_AFTER = timedelta(seconds=90)
BACKUP_WITHIN = timedelta(hours=26)  # one a day, and two hours of grace for when it runs late
BACKUP = "backup"
PROCESSES = ("worker", "sweeper")
LITTLE_BYTES, TOO_LITTLE_BYTES = 1024**3, 128 * 1024**2


class Health(StrEnum):
    """How a part is."""

    OK = "ok"
    LATE = "late"
    DOWN = "down"


def heartbeats_of(session: Session, now: datetime) -> dict[str, Health]:
    """Tell how worker and sweeper are, by how long ago they were alive. One statement."""
    beats = {beat.name: beat.beat_at for beat in session.scalars(select(Heartbeat))}
    return {name: health_of_age(now - beats[name] if name in beats else None) for name in PROCESSES}


def hours_since_backup(session: Session, now: datetime) -> int | None:
    """Tell how many whole hours ago the last backup of this installation was made; None: there is none. One statement."""
    made_at = session.scalar(select(Heartbeat.beat_at).where(Heartbeat.name == BACKUP))
    return None if made_at is None else int((now - made_at) / timedelta(hours=1))


def health_of_age(age: timedelta | None) -> Health:
    """Judge the age of a heartbeat; None: there never was one."""
    if age is None or age > DOWN_AFTER:
        return Health.DOWN
    return Health.LATE if age > LATE_AFTER else Health.OK


def database_health(write: Callable[[], None]) -> Health:
    """Tell whether the database takes a write."""
    try:
        write()
    except (SQLAlchemyError, DomainError):
        return Health.DOWN
    return Health.OK


def redis_health(redis: "Redis | None") -> Health:
    """Tell whether Redis takes a write, which a full one does not; without one nothing is rendered or sent."""
    try:
        is_there = redis is not None and bool(redis.set("health", 1, ex=60))
    except (RedisError, OSError):
        is_there = False
    return Health.OK if is_there else Health.DOWN


def disk_health(folder: Path) -> Health:
    """Tell whether there is room where the data lie: late below 1 GiB, down below 128 MiB."""
    free = shutil.disk_usage(folder).free
    if free < TOO_LITTLE_BYTES:
        return Health.DOWN
    return Health.LATE if free < LITTLE_BYTES else Health.OK
