"""Backup and restore, as the commands do it."""

import io
import json
import os
import subprocess
import sys
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, func, select

from portal import backup
from portal.app import create_app
from portal.audit.chain import anchor_head, seal_new_rows
from portal.audit.models import AuditEvent, AuditHead
from portal.audit.rules import Action
from portal.audit.service import record
from portal.backup import (
    MAGIC,
    BackupRefused,
    _decrypted,
    _encrypt,
    _key,
    _packed,
    make_backup,
    restore_backup,
    settle_after_restore,
)
from portal.clock import utc_now
from portal.couples.models import Couple, Partner
from portal.couples.queries import get_couple
from portal.deploy_check import Finding, findings
from portal.extensions import db
from portal.files.models import Blob
from portal.files.store import read_blob
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.outbox import OutboxEntry, OutboxState
from portal.people.models import Person
from portal.security.viewer import Anonymous
from portal.transaction import current_session, transaction
from tests.conftest import MASTER, settings_for
from tests.support.postgres import PostgresServer
from tests.support.world import PDF, World, make_world


@pytest.fixture
def world(app: Flask) -> World:
    world = make_world(app)
    with app.app_context(), transaction() as session:
        record(session, Anonymous(), Action.CONSULTATION_REQUESTED, kind="consultation", object_id=None)
    with app.app_context(), transaction() as session:
        head = seal_new_rows(session)
        assert head is not None
        anchor_head(head, app.extensions["settings"].instance)
    return world


def backup_of(app: Flask, goal: Path) -> Path:
    with app.app_context(), transaction() as session:
        return make_backup(session, app.extensions["settings"], goal)


def test_what_was_backed_up_can_be_read_again(app: Flask, world: World, tmp_path: Path) -> None:
    source = backup_of(app, tmp_path / "kept.cgb")
    new = tmp_path / "new"
    new.mkdir()
    settings = settings_for(new)
    counts = restore_backup(source, settings)
    restored = create_app(settings)
    with restored.app_context():
        with transaction() as session:
            assert settle_after_restore(session, settings, counts) == []
        couple = get_couple(current_session(), world.cast.therapist.member(), world.cast.couple_id)
        assert [partner.person.first_name for partner in couple.partners] == ["Ana", "Ben"]
        blobs = current_session().scalars(select(Blob)).all()
        assert PDF in [read_blob(current_session(), blob) for blob in blobs]
        db.engine.dispose()


def test_nothing_readable_stands_in_it(app: Flask, world: World, tmp_path: Path) -> None:
    source = backup_of(app, tmp_path / "kept.cgb")
    assert source.stat().st_mode & 0o777 == 0o600
    packed = source.read_bytes()
    with tarfile.open(fileobj=_decrypted(io.BytesIO(packed), _key(app.extensions["settings"]))) as archive:
        inside = b"".join(
            file.read() for name in archive.getnames() if (file := archive.extractfile(name)) is not None
        )
    assert b"SQLite format 3" in inside
    for word in (
        b"Priya",
        b"We want to move",
        b"A line of Ana",
        b"us@example.org",
        app.extensions["settings"].master_key,
    ):
        assert word not in packed
        assert word not in inside


@pytest.mark.parametrize("harm", ["cut", "change", "append", "other key", "not a backup"])
def test_a_backup_that_is_not_whole_is_refused(app: Flask, world: World, tmp_path: Path, harm: str) -> None:
    source = backup_of(app, tmp_path / "kept.cgb")
    content = bytearray(source.read_bytes())
    match harm:
        case "cut":
            content = content[: len(content) // 2]
        case "change":
            content[len(content) // 2] ^= 1
        case "append":
            content += b"\x00\x00\x00\x05words"
        case "not a backup":
            content[:4] = b"oops"
    source.write_bytes(content)
    new = tmp_path / "new"
    new.mkdir()
    settings = settings_for(new, master_key=bytes(range(60, 92)) if harm == "other key" else MASTER)
    with pytest.raises(BackupRefused):
        restore_backup(source, settings)
    assert not (new / "portal.sqlite3").exists()


@pytest.mark.parametrize("harm", ["last frame gone", "two frames swapped"])
def test_a_backup_that_lost_its_order_or_its_end_is_refused(
    app: Flask, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    monkeypatch.setattr(backup, "FRAME", 64 * 1024)
    source = backup_of(app, tmp_path / "kept.cgb")
    frames = frames_of(source)
    assert len(frames) > 4
    match harm:
        case "last frame gone":
            del frames[-1]
        case "two frames swapped":
            frames[1], frames[2] = frames[2], frames[1]
    source.write_bytes(MAGIC + b"".join(frames))
    new = tmp_path / "new"
    new.mkdir()
    with pytest.raises(BackupRefused):
        restore_backup(source, settings_for(new))
    assert not (new / "portal.sqlite3").exists()


def frames_of(source: Path) -> list[bytes]:
    """Cut a backup into its sealed frames, each with its length in front."""
    content, frames = source.read_bytes().removeprefix(MAGIC), []
    while content:
        length = 4 + int.from_bytes(content[:4], "big")
        frames.append(content[:length])
        content = content[length:]
    return frames


@pytest.mark.parametrize("harm", ["database", "rows"])
def test_what_is_inside_is_compared_with_the_manifest(
    app: Flask, world: World, tmp_path: Path, harm: str
) -> None:
    """By somebody who has the key: a disk that went bad while the backup was made."""
    key = _key(app.extensions["settings"])
    source, inside = backup_of(app, tmp_path / "kept.cgb"), tmp_path / "inside"
    with source.open("rb") as file, tarfile.open(fileobj=_decrypted(file, key)) as archive:
        archive.extractall(inside, filter="data")
    if harm == "database":
        (inside / "database.sqlite3").write_bytes(b"SQLite format 3\0" + bytes(4096))
    else:
        manifest = json.loads((inside / "manifest.json").read_text())
        manifest["rows"]["couple"] += 1
        (inside / "manifest.json").write_text(json.dumps(manifest))
    with source.open("wb") as out:
        _encrypt(_packed(inside), out, key)
    new = tmp_path / "new"
    new.mkdir()
    settings = settings_for(new)
    if harm == "database":
        with pytest.raises(BackupRefused):
            restore_backup(source, settings)
        return
    counts = restore_backup(source, settings)
    restored = create_app(settings)
    with restored.app_context():
        with transaction() as session:
            assert settle_after_restore(session, settings, counts) == ["couple: 2 rows instead of 3"]
        db.engine.dispose()


def test_an_audit_log_that_was_cut_before_the_backup_shows_by_the_anchor_in_it(
    app: Flask, world: World, tmp_path: Path
) -> None:
    with app.app_context(), transaction() as session:
        for table in (AuditEvent, AuditHead):
            session.execute(delete(table))
    source = backup_of(app, tmp_path / "kept.cgb")
    new = tmp_path / "new"
    new.mkdir()
    settings = settings_for(new)
    counts = restore_backup(source, settings)
    restored = create_app(settings)
    with restored.app_context():
        with transaction() as session:
            found = settle_after_restore(session, settings, counts)
        assert any("audit log" in sentence for sentence in found)
        db.engine.dispose()


def test_each_backup_leaves_a_trace_and_its_age(app: Flask, world: World, tmp_path: Path) -> None:
    assert [one.id for one in _findings(app) if one.id == "CG015"] == ["CG015"]
    backup_of(app, tmp_path / "kept.cgb")
    assert [one.id for one in _findings(app) if one.id == "CG015"] == []
    with app.app_context():
        actions = list(current_session().scalars(select(AuditEvent.action)))
        assert actions.count("backup.made") == 1
    with time_machine.travel(utc_now() + timedelta(hours=26)):
        assert "CG015" in {one.id for one in _findings(app)}


def _findings(app: Flask) -> list[Finding]:
    with app.app_context():
        return findings(app.extensions["settings"], current_session())


def test_an_installation_with_data_is_never_overwritten(app: Flask, world: World, tmp_path: Path) -> None:
    source = backup_of(app, tmp_path / "kept.cgb")
    with pytest.raises(BackupRefused):
        restore_backup(source, app.extensions["settings"])


def test_mails_that_may_have_left_are_not_sent_again(app: Flask, world: World, tmp_path: Path) -> None:
    with app.app_context(), transaction() as session:
        ana = session.get_one(Person, world.cast.ana.person_id)
        queue_message(session, ana, MessageKind.NEW_ITEM, {}, now=utc_now())
    source = backup_of(app, tmp_path / "kept.cgb")
    new = tmp_path / "new"
    new.mkdir()
    settings = settings_for(new)
    counts = restore_backup(source, settings)
    restored = create_app(settings)
    with restored.app_context():
        with transaction() as session:
            settle_after_restore(session, settings, counts)
        assert set(current_session().scalars(select(OutboxEntry.state))) == {OutboxState.EXPIRED}
        db.engine.dispose()


def test_a_changed_audit_log_shows_after_a_restore(app: Flask, world: World, tmp_path: Path) -> None:
    with app.app_context(), transaction() as session:
        session.execute(AuditEvent.__table__.delete().where(AuditEvent.position == 1))  # type: ignore[attr-defined]  # a table
    source = backup_of(app, tmp_path / "kept.cgb")
    new = tmp_path / "new"
    new.mkdir()
    settings = settings_for(new)
    counts = restore_backup(source, settings)
    restored = create_app(settings)
    with restored.app_context(), transaction() as session:
        assert any("audit log" in sentence for sentence in settle_after_restore(session, settings, counts))
    with restored.app_context():
        db.engine.dispose()


def test_a_postgresql_database_comes_back_too(
    postgres_server: PostgresServer, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{postgres_server.programs}:{os.environ['PATH']}")
    app = create_app(settings_for(tmp_path, postgres_url))
    world = make_world(app)
    source = backup_of(app, tmp_path / "kept.cgb")
    with pytest.raises(BackupRefused):
        restore_backup(source, app.extensions["settings"])
    new = tmp_path / "new"
    new.mkdir()
    settings = settings_for(new, postgres_server.create_database(f"restored_{os.getpid()}"))
    counts = restore_backup(source, settings)
    restored = create_app(settings)
    with restored.app_context():
        with transaction() as session:
            assert settle_after_restore(session, settings, counts) == []
        couple = get_couple(current_session(), world.cast.therapist.member(), world.cast.couple_id)
        assert couple.partners[0].person.first_name == "Ana"
    for one in (app, restored):
        with one.app_context():
            db.engine.dispose()


def portal(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "INSTANCE": str(folder), "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [sys.executable, "-m", "portal.cli", *arguments], env=env, capture_output=True, text=True, check=False
    )


def test_the_commands_from_first_owner_to_restore(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    made = portal(
        old, "create-owner", "--user-name", "olive", "--first-name", "Olive", "--practice", "Two Rivers", "--zone", "Europe/London",
        "--email", "olive@example.org", "--therapist", "--password", "seven quiet rivers meet", "--region", "United Kingdom",
        "--emergency-number", "999", "--crisis-name", "A crisis line", "--crisis-number", "01632 960000",
        "--abuse-name", "A domestic abuse line", "--abuse-number", "01632 960001", "--abuse-web", "https://help.example.org",
        "--response-time", "within one working day",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert portal(old, "audit", "verify").returncode == 0
    written = portal(old, "backup", str(tmp_path / "kept.cgb"))
    assert written.returncode == 0, written.stderr
    new.mkdir()
    refused = portal(new, "restore", str(tmp_path / "kept.cgb"))
    assert refused.returncode == 1
    assert "another master key" in refused.stderr
    (new / "keys" / "master").write_bytes((old / "keys" / "master").read_bytes())
    back = portal(new, "restore", str(tmp_path / "kept.cgb"))
    assert back.returncode == 0, back.stderr
    app = create_app(settings_for(new, master_key=(old / "keys" / "master").read_bytes()))
    with app.app_context():
        assert current_session().scalar(select(Person)).first_name == "Olive"  # type: ignore[union-attr]  # it is there
        assert current_session().scalar(select(func.count()).select_from(Couple).join(Partner)) == 0
        db.engine.dispose()


def test_the_check_for_real_use_names_what_stands_against_it(tmp_path: Path) -> None:
    portal(tmp_path, "db", "upgrade")
    found = portal(tmp_path, "check", "--deploy")
    assert found.returncode == 1
    assert {"CG001", "CG011", "CG012", "CG015"} <= set(found.stdout.split())


def test_a_weak_secret_stops_every_command(tmp_path: Path) -> None:
    env = {**os.environ, "INSTANCE": str(tmp_path), "SECRET_KEY": "weak"}
    stopped = subprocess.run(
        [sys.executable, "-m", "portal.cli", "up"], env=env, capture_output=True, text=True, check=False
    )
    assert stopped.returncode == 1
    assert "SECRET_KEY" in stopped.stderr
    assert "Traceback" not in stopped.stderr
