"""The store of encrypted files: a folder of the instance, or an object store by its URL.

A file is written once under a random id, before the row that makes it reachable commits. Whatever lies in the store
without a row (a transaction that failed, a worker that died) is stray and swept later.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from fsspec.core import url_to_fs
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import DomainError
from portal.files.models import Blob
from portal.security.crypto import Owner, SealBroken, seal, unseal
from portal.security.sealed import data_key

STRAY_AFTER = timedelta(hours=1)  # far longer than any transaction that is still to commit
OWN_ONLY = 0o600


class BlobUnreadable(DomainError):
    """The file is gone, was altered, or its key is. Carries the blob's id only."""


class StoreUnreachable(DomainError):
    """The store did not answer, which says nothing about the file. Carries the blob's id only."""


@dataclass(frozen=True, slots=True)
class _Store:
    files: Any  # fsspec is untyped
    root: str

    @property
    def is_local(self) -> bool:
        return "file" in self.files.protocol

    def path(self, blob_id: UUID) -> str:
        return f"{self.root}/{blob_id.hex}"


def put_blob(session: Session, owner: Owner, content: bytes) -> Blob:
    """Encrypt `content` with the owner's key and store it; the row joins the caller's transaction.

    The file is durable when this returns. If the transaction fails afterwards, the file is stray.
    """
    blob = Blob(
        owner_kind=owner.kind, owner_id=owner.id, size_bytes=len(content), sha256=sha256(content).hexdigest()
    )
    key = data_key(session, owner, may_create=True)
    _write(_store(session), blob.id, seal(key, content, _context(blob.id)))
    session.add(blob)
    session.flush()
    return blob


def read_blob(session: Session, blob: Blob) -> bytes:
    """Decrypt a stored file and compare it with what its row says; at most one statement, for the key.

    Raises:
        BlobUnreadable: missing, moved here from another id, altered, or the owner was erased.
        StoreUnreachable: nobody can tell at present.
    """
    store = _store(session)
    try:
        sealed = store.files.cat_file(store.path(blob.id))
        content = unseal(data_key(session, Owner(blob.owner_kind, blob.owner_id)), sealed, _context(blob.id))
    except (FileNotFoundError, SealBroken) as error:
        raise BlobUnreadable(str(blob.id)) from error
    except OSError as error:
        raise StoreUnreachable(str(blob.id)) from error
    if sha256(content).hexdigest() != blob.sha256:
        raise BlobUnreadable(str(blob.id))
    return content


def remove_stray(session: Session, *, now: datetime, older_than: timedelta = STRAY_AFTER) -> int:
    """Delete files that no row names and that are too old to belong to a running transaction; return how many.

    One listing of the store and one statement per 500 files.
    """
    store = _store(session)
    if not store.files.exists(store.root):
        return 0
    old = [path for path in store.files.find(store.root) if _modified_at(store, path) < now - older_than]
    known = set().union(*(_known(session, old[at : at + 500]) for at in range(0, len(old), 500)))
    stray = [path for path in old if _name(path) not in known]
    for path in stray:
        store.files.rm_file(path)
    return len(stray)


def _known(session: Session, paths: Iterable[str]) -> set[str]:
    ids = [UUID(hex=_name(path)) for path in paths if _is_id(_name(path))]
    return {blob_id.hex for blob_id in session.scalars(select(Blob.id).where(Blob.id.in_(ids)))}


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _is_id(name: str) -> bool:
    return re.fullmatch("[0-9a-f]{32}", name) is not None


def _modified_at(store: _Store, path: str) -> datetime:
    at: datetime = store.files.modified(path)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _store(session: Session) -> _Store:
    files, root = url_to_fs(session.info["files_url"])
    return _Store(files, str(root).rstrip("/"))


def _context(blob_id: UUID) -> bytes:
    return f"blob|{blob_id}".encode()


def _write(store: _Store, blob_id: UUID, sealed: bytes) -> None:
    if store.is_local:
        _write_durably(Path(store.path(blob_id)), sealed)
    else:
        store.files.pipe_file(store.path(blob_id), sealed)  # object stores show a whole object or none


def _write_durably(path: Path, sealed: bytes) -> None:
    """Let the name appear only when every byte is on the disk, so that a power cut leaves a whole file or none."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWN_ONLY)
    with os.fdopen(handle, "wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
