"""What must hold after every fault, whatever it was (security.md section 4). Numbers as there."""

import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from sqlalchemy import func, select, text
from sqlalchemy.orm import aliased, joinedload

from portal.audit.chain import anchor_head, seal_new_rows, verify
from portal.audit.models import AuditEvent
from portal.audit.rules import Action
from portal.booking.models import Consultation
from portal.clock import utc_now
from portal.diary.models import OccupiedInterval
from portal.documents.models import Document, DocumentState
from portal.extensions import db
from portal.files.models import Blob
from portal.files.store import BlobUnreadable, read_blob, remove_stray
from portal.notices.models import Message, MessageState
from portal.outbox import OutboxEntry
from portal.transaction import current_session, transaction
from tests.faults.rig import CANARY, OVER, Rig
from tests.support.pdf import reader_of


def violations(rig: Rig) -> list[str]:
    """List every promise that was broken; all processes have ended."""
    db.session.remove()
    checks: tuple[Callable[[Rig], Iterator[str]], ...] = (
        no_overlap, acknowledged_is_there, audited_once, all_settled, effects_once, files_and_rows, sound_database, no_canary,
    )  # fmt: skip
    return [found for check in checks for found in check(rig)]


def no_overlap(_rig: Rig) -> Iterator[str]:
    """I1: no therapist is in two places."""
    one, other = aliased(OccupiedInterval), aliased(OccupiedInterval)
    both = current_session().execute(
        select(one.id, other.id).where(
            one.therapist_id == other.therapist_id, one.id < other.id, one.is_released.is_(False),
            other.is_released.is_(False), one.starts_at < other.ends_at, other.starts_at < one.ends_at,
        )
    )  # fmt: skip
    yield from (f"I1 overlap of {first} and {second}" for first, second in both)


def acknowledged_is_there(rig: Rig) -> Iterator[str]:
    """I2: what a client was told is saved is saved, once."""
    db.session.remove()
    names = Counter(one.person.first_name for one in _consultations())
    yield from (f"I2 {name}: {names[name]} bookings" for name in rig.acknowledged if names[name] != 1)


def _consultations() -> list[Consultation]:
    return list(current_session().scalars(select(Consultation).options(joinedload(Consultation.person))))


def audited_once(rig: Rig) -> Iterator[str]:
    """I4: each change has exactly one event, and the chain holds."""
    with transaction() as session:
        head = seal_new_rows(session)
    if head is not None:
        anchor_head(head, rig.folder)
    session = current_session()
    yield from (f"I4 {fault.fault} at {fault.position}" for fault in verify(session, rig.folder))
    ready = select(Document.id).where(Document.state == DocumentState.READY)
    for action, changed in (
        (Action.DOCUMENT_READY, set(session.scalars(ready))),
        (Action.CONSULTATION_REQUESTED, set(session.scalars(select(Consultation.id)))),
    ):
        events = Counter(session.scalars(select(AuditEvent.object_id).where(AuditEvent.action == action)))
        if set(events) != changed or any(count != 1 for count in events.values()):
            yield f"I4 {action}: {len(changed)} changes, {sum(events.values())} events"


def all_settled(_rig: Rig) -> Iterator[str]:
    """I5: every effect is done or visibly closed, and its subject says the same."""
    session = current_session()
    for entry in session.scalars(select(OutboxEntry).where(OutboxEntry.state.not_in(OVER))):
        yield f"I5 {entry.job.name} is {entry.state}"
    open_mails = select(func.count(Message.id)).where(Message.state == MessageState.WAITING)
    unfinished = (DocumentState.REQUESTED, DocumentState.RENDERING)
    open_documents = select(func.count(Document.id)).where(Document.state.in_(unfinished))
    if waiting := (session.scalar(open_mails) or 0) + (session.scalar(open_documents) or 0):
        yield f"I5 {waiting} subjects still wait"


def effects_once(rig: Rig) -> Iterator[str]:
    """I6: each mail at least once if it is said to be sent, and at most twice in any case."""
    arrived = Counter(one.message["Message-ID"].strip("<>").partition("@")[0] for one in rig.mailbox.received)
    sent = current_session().scalars(select(Message.id).where(Message.state == MessageState.SENT))
    yield from (f"I6 mail {sent_id} never arrived" for sent_id in sent if not arrived[str(sent_id)])
    yield from (f"I6 mail {mail} arrived {count} times" for mail, count in arrived.items() if count > 2)
    if any(len(one.recipients) != 1 for one in rig.mailbox.received):
        yield "I6 a mail with several recipients"


def files_and_rows(rig: Rig) -> Iterator[str]:
    """I8: no file without a row once strays are swept, no row without a file, and every file is a whole PDF."""
    session = current_session()
    remove_stray(session, now=utc_now() + timedelta(minutes=1), older_than=timedelta())
    blobs = {blob.id: blob for blob in session.scalars(select(Blob))}
    named = set(session.scalars(select(Document.blob_id).where(Document.state == DocumentState.READY)))
    store = rig.folder / "files"
    stored = {path.name for path in store.rglob("*") if path.is_file()} if store.exists() else set()
    if stored != {blob_id.hex for blob_id in blobs} or named != set(blobs):
        yield f"I8 {len(stored)} files, {len(blobs)} blobs, {len(named)} documents"
    yield from (f"I8 {blob.id} is no whole PDF" for blob in blobs.values() if not _is_pdf(blob))


def _is_pdf(blob: Blob) -> bool:
    try:
        content = read_blob(current_session(), blob)
        return content.rstrip().endswith(b"%%EOF") and isinstance(reader_of(content), PdfReader)
    except (BlobUnreadable, PyPdfError):
        return False


def sound_database(rig: Rig) -> Iterator[str]:
    """I9: the engine itself finds nothing wrong."""
    if rig.postgres is not None:
        with tempfile.TemporaryFile() as dump:
            done = subprocess.run(_dump_command(rig), stdout=dump, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            yield f"I9 {done.stderr.decode('utf-8', 'replace')[:200]}"
        return
    session = current_session()
    if (verdict := session.scalar(text("PRAGMA integrity_check"))) != "ok":
        yield f"I9 {verdict}"
    if session.execute(text("PRAGMA foreign_key_check")).first():
        yield "I9 a foreign key leads nowhere"


def _dump_command(rig: Rig) -> list[str]:
    assert rig.postgres is not None
    database = rig.database_url.partition("@/")[2].partition("?")[0]
    program = rig.postgres.programs / "pg_dump"
    return [str(program), "--host", str(rig.postgres.folder), "--username", "portal", "--dbname", database]


def no_canary(rig: Rig) -> Iterator[str]:
    """I10: no address of a person in logs, in Redis or in temporary files."""
    secret = CANARY.encode()
    if CANARY in rig.logs():
        yield "I10 a canary in the logs"
    rig.redis.ensure_running()
    with rig.redis.client() as client:
        if any(secret in (client.dump(key) or b"") for key in client.scan_iter()):
            yield "I10 a canary in Redis"
    places = (rig.folder / "tmp", Path(os.fspath(rig.redis.instance)))
    for path in (path for place in places for path in place.rglob("*") if path.is_file()):
        if secret in path.read_bytes():
            yield f"I10 a canary in {path.name}"
