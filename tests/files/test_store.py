"""Encrypted files: whole or not there, only for their owner, and nothing left behind."""

import os
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.files.store import BlobUnreadable, put_blob, read_blob, remove_stray
from portal.security.crypto import Owner, OwnerKind
from portal.settings import Settings

CONTENT = b"%PDF-1.7 canary-7Q2M"


@pytest.fixture
def owner() -> Owner:
    return Owner(OwnerKind.COUPLE, uuid4())


@pytest.fixture
def folder(settings: Settings) -> Path:
    return Path(urlsplit(settings.files_url).path)


def test_what_was_stored_comes_back(session: Session, owner: Owner) -> None:
    blob = put_blob(session, owner, CONTENT)
    assert read_blob(session, blob) == CONTENT
    assert blob.size_bytes == len(CONTENT)


def test_the_file_is_encrypted_and_for_the_portal_alone(session: Session, owner: Owner, folder: Path) -> None:
    blob = put_blob(session, owner, CONTENT)
    (path,) = folder.iterdir()
    assert path.name == blob.id.hex
    assert b"canary" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_altered_file_does_not_open(session: Session, owner: Owner, folder: Path) -> None:
    blob = put_blob(session, owner, CONTENT)
    path = folder / blob.id.hex
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(BlobUnreadable):
        read_blob(session, blob)


def test_a_file_under_another_name_does_not_open(session: Session, owner: Owner, folder: Path) -> None:
    blob, other = put_blob(session, owner, CONTENT), put_blob(session, owner, b"other")
    (folder / other.id.hex).replace(folder / blob.id.hex)
    with pytest.raises(BlobUnreadable):
        read_blob(session, blob)


def test_a_file_that_differs_from_its_row_is_refused(session: Session, owner: Owner) -> None:
    blob = put_blob(session, owner, CONTENT)
    blob.sha256 = "0" * 64
    with pytest.raises(BlobUnreadable):
        read_blob(session, blob)


def test_a_missing_file_is_a_fact_with_a_name(session: Session, owner: Owner, folder: Path) -> None:
    blob = put_blob(session, owner, CONTENT)
    (folder / blob.id.hex).unlink()
    with pytest.raises(BlobUnreadable):
        read_blob(session, blob)


def test_old_files_without_a_row_are_swept_and_young_ones_spared(
    session: Session, owner: Owner, folder: Path
) -> None:
    kept = put_blob(session, owner, CONTENT)
    strays = [folder / uuid4().hex, folder / f"{uuid4().hex}.part", folder / uuid4().hex]
    for path in strays:
        path.write_bytes(b"left behind")
    long_ago = time.time() - 7200
    for path in (*strays[:2], folder / kept.id.hex):
        os.utime(path, (long_ago, long_ago))
    assert remove_stray(session, now=utc_now()) == 2
    assert {path.name for path in folder.iterdir()} == {kept.id.hex, strays[2].name}


def test_sweeping_a_store_that_does_not_exist_yet_finds_nothing(session: Session) -> None:
    assert remove_stray(session, now=utc_now(), older_than=timedelta(0)) == 0
