"""`portal check --deploy`: is this installation fit for real people? Each finding has an id that never changes."""

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.health.queries import BACKUP_WITHIN, hours_since_backup
from portal.practice.queries import find_practice
from portal.queueing import connect
from portal.settings import Settings

NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs"}
)
WANTED_PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that stands against real use, and what to do about it."""

    id: str
    sentence: str


def findings(settings: Settings, session: Session) -> list[Finding]:
    """Look at everything; an empty list means fit. Makes a handful of statements and one call to Redis."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: _address(settings),
        lambda: _mode(settings),
        lambda: _privacy_of_files(settings),
        lambda: _database(settings, session),
        lambda: _redis(settings),
        lambda: _mail(settings),
        lambda: _backup(session),
        lambda: _help_lines(session),
    )
    return [finding for check in checks for finding in check()]


def _address(settings: Settings) -> Iterator[Finding]:
    if not settings.is_https:
        yield Finding(
            "CG001",
            "PUBLIC_URL must begin with https://, so that nobody on the way can read or change pages.",
        )
    elif not settings.proxy_hops:
        yield Finding(
            "CG002",
            "PROXY_HOPS is 0: behind a TLS proxy set it to 1, or every visitor seems to come from one address.",
        )


def _mode(settings: Settings) -> Iterator[Finding]:
    if settings.is_demo:
        yield Finding(
            "CG003", "DEMO is on: its passwords are public. Start with `portal up` and an own INSTANCE."
        )
    if settings.is_development:
        yield Finding("CG004", "DEVELOPMENT is on: switch it off.")


def _privacy_of_files(settings: Settings) -> Iterator[Finding]:
    for path in (settings.instance, settings.instance / "keys", *(settings.instance / "keys").glob("*")):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
            yield Finding(
                "CG005", f"{path.name} can be read by other users of this machine: chmod go-rwx it."
            )


def _database(settings: Settings, session: Session) -> Iterator[Finding]:
    if not settings.database_url.startswith("sqlite"):
        return
    for name, wanted in WANTED_PRAGMAS.items():
        if session.scalar(text(f"pragma {name}")) != wanted:
            yield Finding("CG006", f"SQLite does not keep {name}={wanted}: committed work could be lost.")
    if _file_system(settings.instance) in NETWORK_FILE_SYSTEMS:
        yield Finding(
            "CG007",
            "INSTANCE lies on a network file system, where SQLite's locks do not hold. Use PostgreSQL.",
        )


def _redis(settings: Settings) -> Iterator[Finding]:
    if settings.redis_url is None:
        return  # `portal up` starts its own, on a private socket, with the right settings
    try:
        server = connect(settings.redis_url)
        policy, is_appending = (_config(server, name) for name in ("maxmemory-policy", "appendonly"))
    except (RedisError, OSError):
        yield Finding("CG008", "Redis at REDIS_URL does not answer.")
        return
    if policy != "noeviction" or is_appending != "yes":
        yield Finding(
            "CG009", "Redis must keep its queue: set maxmemory-policy noeviction and appendonly yes."
        )
    is_guarded = settings.redis_url.startswith(("unix://", "rediss://")) or "@" in settings.redis_url
    if not is_guarded:
        yield Finding(
            "CG010", "Redis can be reached without a password: use a Unix socket, or a password and TLS."
        )


def _config(server: object, name: str) -> str:
    return str(server.config_get(name)[name])  # type: ignore[attr-defined]  # redis-py's answers are loosely typed


def _mail(settings: Settings) -> Iterator[Finding]:
    if settings.smtp_url is None:
        yield Finding("CG011", "SMTP_URL is not set: mails pile up in INSTANCE/mail and reach nobody.")


def _backup(session: Session) -> Iterator[Finding]:
    hours = hours_since_backup(session, utc_now())
    if hours is None or hours >= BACKUP_WITHIN / timedelta(hours=1):
        yield Finding("CG015", "There is no backup of the last 26 hours: let `portal backup` run once a day.")


def _help_lines(session: Session) -> Iterator[Finding]:
    try:
        practice = find_practice(session)
    except DBAPIError:
        session.rollback()
        yield Finding("CG014", "The database is not at the newest schema: run `portal db upgrade`.")
        return
    if practice is None or not practice.help_lines.is_complete:
        yield Finding(
            "CG012",
            "The local help lines are missing: clients in danger see no number. Enter them at /practice/help.",
        )
    elif not practice.help_lines.are_current(utc_now().date()):
        yield Finding(
            "CG013",
            "The local help lines were last checked over a year ago and are not shown: check them at /practice/help.",
        )


def _file_system(path: Path) -> str:
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return ""
    best, kind = "", ""
    for line in mounts.read_text().splitlines():
        _device, point, name, *_rest = line.split()
        is_parent = path == Path(point) or Path(point) in path.parents
        if is_parent and len(point) >= len(best):
            best, kind = point, name
    return kind
