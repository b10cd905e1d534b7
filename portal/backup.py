"""Backup and restore in their simplest honest form.

A backup is one encrypted file: the database (by SQLite's own backup, or `pg_dump`), the local blobs, the anchors of
the audit chain, and a manifest with counts and checksums. It is encrypted under a key that derives from the master key,
and the master key is not in it: keep `INSTANCE/keys` somewhere else.

Format: `CGBACKUP1` then frames of 4 bytes length and AES-256-GCM over at most 1 MiB; the number of a frame and whether
it is the last are its associated data, so a cut, reordered or half-written file is refused.
"""

import hashlib
import io
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from portal.audit.chain import verify
from portal.audit.rules import Action
from portal.audit.service import record
from portal.clock import utc_now
from portal.health.queries import BACKUP
from portal.health.service import beat
from portal.orm import Model
from portal.outbox import OutboxEntry, OutboxState
from portal.queueing import JobName
from portal.security.crypto import SealBroken, derived_key, seal, unseal
from portal.security.viewer import Anonymous
from portal.settings import Settings

MAGIC = b"CGBACKUP1"
FRAME = 1024 * 1024
SQLITE, POSTGRESQL = "database.sqlite3", "database.pgdump"


class BackupRefused(Exception):
    """The file is no whole backup of this installation, or the place to restore to is not empty."""


def make_backup(session: Session, settings: Settings, goal: Path) -> Path:
    """Write a backup to `goal` (a folder gets a dated name); it appears there only when it is whole.

    Raises:
        BackupRefused: `pg_dump` is missing or failed.
    """
    now = utc_now()
    if goal.is_dir():
        goal = goal / f"backup-{now.strftime('%Y%m%d-%H%M%S')}.cgb"
    with tempfile.TemporaryDirectory(prefix="cg-backup-") as folder:
        content = Path(folder)
        _copy_database(settings, content)
        _copy_tree(_local_files(settings), content / "files")
        _copy_file(settings.instance / "audit-heads", content / "audit-heads")
        (content / "manifest.json").write_text(
            json.dumps(_manifest(session, settings, content, now), indent=1)
        )
        _publish(lambda out: _encrypt(_packed(content), out, _key(settings)), goal)
    record(session, Anonymous(), Action.BACKUP_MADE, kind="backup", object_id=None)
    beat(session, BACKUP, now)
    return goal


def restore_backup(source: Path, settings: Settings) -> dict[str, int]:
    """Bring a backup back into an empty installation; give the number of rows of each table.

    Raises:
        BackupRefused: not whole, of another master key, or there is data already. Nothing was changed.
    """
    with tempfile.TemporaryDirectory(prefix="cg-restore-") as folder:
        content = Path(folder)
        with source.open("rb") as file, tarfile.open(fileobj=_decrypted(file, _key(settings))) as archive:
            archive.extractall(content, filter="data")
        manifest = json.loads((content / "manifest.json").read_text())
        _check_sums(content, manifest["sha256"])
        _place_database(content, settings)
        _copy_tree(content / "files", _local_files(settings))
        _copy_file(content / "audit-heads", settings.instance / "audit-heads")
    counts: dict[str, int] = manifest["rows"]
    return counts


def settle_after_restore(session: Session, settings: Settings, counts: dict[str, int]) -> list[str]:
    """Check what was restored, and drop mails that may have left after the backup; give what is wrong (empty: nothing).

    Mails that were waiting when the backup was made are not sent again: nobody can know whether they left since.
    """
    session.execute(
        update(OutboxEntry)
        .where(OutboxEntry.job == JobName.SEND_MESSAGE)
        .where(OutboxEntry.state.in_((OutboxState.PENDING, OutboxState.LEASED)))
        .values(state=OutboxState.EXPIRED, failure="restored from a backup")
    )
    wrong = [
        f"{name}: {_count(session, name)} rows instead of {rows}"
        for name, rows in counts.items()
        if _count(session, name) != rows
    ]
    if settings.database_url.startswith("sqlite"):
        verdict = session.scalar(text("pragma integrity_check"))
        wrong += [] if verdict == "ok" else ["the database file is damaged"]
    return wrong + [f"audit log: {finding.fault}" for finding in verify(session, settings.instance)]


def _manifest(session: Session, settings: Settings, content: Path, now: datetime) -> dict[str, object]:
    return {
        "made_at": now.isoformat(timespec="seconds"),
        "key": session.info["keyring"].id,
        "rows": {name: _count(session, name) for name in sorted(Model.metadata.tables)},
        "sha256": {
            str(path.relative_to(content)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(content.rglob("*"))
            if path.is_file()
        },
    }


def _count(session: Session, table: str) -> int:
    return session.scalar(select(func.count()).select_from(Model.metadata.tables[table])) or 0


def _copy_database(settings: Settings, content: Path) -> None:
    if settings.database_url.startswith("sqlite"):
        source = sqlite3.connect(_sqlite_path(settings))
        target = sqlite3.connect(content / SQLITE)
        source.backup(target)
        target.close()
        source.close()
        return
    _run_postgresql_tool("pg_dump", settings, "--format=custom", f"--file={content / POSTGRESQL}")


def _place_database(content: Path, settings: Settings) -> None:
    if (content / SQLITE).exists():
        path = _sqlite_path(settings)
        if path.exists():
            raise BackupRefused("there is a database already; restore into an empty INSTANCE")
        _publish(lambda out: out.write((content / SQLITE).read_bytes()), path)
        return
    _run_postgresql_tool(
        "pg_restore", settings, "--single-transaction", "--no-owner", str(content / POSTGRESQL)
    )


def _run_postgresql_tool(tool: str, settings: Settings, *arguments: str) -> None:
    found = shutil.which(tool)
    if found is None:
        raise BackupRefused(f"{tool} is not installed (Debian package postgresql-client)")
    address = settings.database_url.replace("postgresql+psycopg://", "postgresql://")
    result = subprocess.run([found, f"--dbname={address}", *arguments], check=False, capture_output=True)  # noqa: S603 - fixed program, own arguments
    if result.returncode != 0:
        raise BackupRefused(f"{tool} failed")


def _sqlite_path(settings: Settings) -> Path:
    return Path(settings.database_url.removeprefix("sqlite:///"))


def _local_files(settings: Settings) -> Path | None:
    parts = urlsplit(settings.files_url)
    return Path(parts.path) if parts.scheme == "file" else None


def _copy_tree(source: Path | None, goal: Path | None) -> None:
    if source is not None and goal is not None and source.is_dir():
        shutil.copytree(source, goal, dirs_exist_ok=True)


def _copy_file(source: Path, goal: Path) -> None:
    if source.exists():
        shutil.copyfile(source, goal)
        goal.chmod(0o600)


def _check_sums(content: Path, expected: dict[str, str]) -> None:
    for name, checksum in expected.items():
        path = content / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != checksum:
            raise BackupRefused(f"{name} is damaged or missing")


def _key(settings: Settings) -> bytes:
    return derived_key(settings.master_key, "backup")


def _publish(write: Callable[[BinaryIO], object], goal: Path) -> None:
    part = goal.with_name(f".{goal.name}.{secrets.token_hex(4)}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            write(out)
            out.flush()
            os.fsync(out.fileno())
        part.rename(goal)
    finally:
        part.unlink(missing_ok=True)


def _packed(content: Path) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            archive.add(content, arcname=".")
        file.seek(0)
        while chunk := file.read(FRAME):
            yield chunk


def _encrypt(chunks: Iterator[bytes], out: BinaryIO, key: bytes) -> None:
    out.write(MAGIC)
    number, waiting = 0, b""
    for chunk in chunks:
        if waiting:
            _write_frame(out, key, waiting, number=number, is_last=False)
            number += 1
        waiting = chunk
    _write_frame(out, key, waiting, number=number, is_last=True)


def _write_frame(out: BinaryIO, key: bytes, chunk: bytes, *, number: int, is_last: bool) -> None:
    sealed = seal(key, chunk, _frame_context(number, is_last=is_last))
    out.write(len(sealed).to_bytes(4, "big") + sealed)


def _decrypted(file: BinaryIO, key: bytes) -> BinaryIO:
    if file.read(len(MAGIC)) != MAGIC:
        raise BackupRefused("this is not a backup of the portal")
    plain = io.BytesIO()
    number, length = 0, file.read(4)
    while length:
        sealed = file.read(int.from_bytes(length, "big"))
        following = file.read(4)
        try:
            plain.write(unseal(key, sealed, _frame_context(number, is_last=not following)))
        except SealBroken as error:
            raise BackupRefused("the backup is not whole, or belongs to another master key") from error
        number, length = number + 1, following
    plain.seek(0)
    return plain


def _frame_context(number: int, *, is_last: bool) -> bytes:
    return f"backup|{number}|{'last' if is_last else 'more'}".encode()
