"""Rendering owed documents: one file, whoever renders it and however often."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from structlog.testing import capture_logs

from jobs import documents
from jobs.documents import render
from portal import outbox
from portal.audit.models import AuditEvent
from portal.audit.rules import Action
from portal.clock import utc_now
from portal.documents import service
from portal.documents.models import Document, DocumentState
from portal.documents.service import supersede_documents
from portal.extensions import db
from portal.files.models import Blob
from portal.files.store import read_blob
from portal.outbox import LeaseLost, OutboxEntry, OutboxState
from portal.queueing import JobName
from portal.transaction import transaction
from tests.meetings.desk import released
from tests.support.cast import Cast
from tests.support.owing import row
from tests.support.pdf import text_of


@pytest.fixture
def outbox_id(app: Flask, cast: Cast) -> Iterator[UUID]:
    """The row of a document that is owed, inside an application context."""
    released(app, cast)
    with app.app_context():
        with transaction() as session:
            entries = select(OutboxEntry.id).where(OutboxEntry.job == JobName.RENDER_DOCUMENT)
            found = session.scalars(entries).one()
        yield found
        db.session.remove()


def document_of(outbox_id: UUID) -> Document:
    subject_id = row(outbox_id).subject_id
    with transaction() as session:
        return session.get_one(Document, subject_id, populate_existing=True)


def count_ready() -> tuple[int, int]:
    """Count the stored files and the audit events that say so."""
    with transaction() as session:
        events = select(func.count()).where(AuditEvent.action == Action.DOCUMENT_READY)
        return session.scalar(select(func.count(Blob.id))) or 0, session.scalar(events) or 0


def test_the_document_is_there_sealed_and_can_be_read(outbox_id: UUID, app: Flask) -> None:
    render(str(outbox_id))
    document = document_of(outbox_id)
    assert document.state is DocumentState.READY
    assert row(outbox_id).state is OutboxState.DONE
    with transaction() as session:
        content = read_blob(session, session.get_one(Blob, document.blob_id))
    assert "One evening" in text_of(content).replace("one evening", "One evening")
    folder = Path(app.extensions["settings"].instance)
    assert not any(b"%PDF" in path.read_bytes() for path in (folder / "files").rglob("*") if path.is_file())
    assert list((folder / "tmp").iterdir()) == []


def test_rendering_it_again_changes_nothing(outbox_id: UUID) -> None:
    for _ in range(3):
        render(str(outbox_id))
    assert count_ready() == (1, 1)


def test_a_worker_that_lost_its_lease_keeps_nothing(outbox_id: UUID) -> None:
    with transaction() as session:
        late = outbox.claim(session, outbox_id, JobName.RENDER_DOCUMENT, utc_now())
    assert late is not None
    order = documents._begin(late)
    assert order is not None
    with time_machine.travel(utc_now() + timedelta(minutes=2), tick=False):
        render(str(outbox_id))
    with pytest.raises(LeaseLost):
        documents._store(late, order, b"%PDF of the late one")
    assert count_ready() == (1, 1)


def test_what_was_replaced_meanwhile_is_not_kept(outbox_id: UUID) -> None:
    document = document_of(outbox_id)
    with transaction() as session:
        supersede_documents(session, document.kind, [document.subject_id])
    render(str(outbox_id))
    assert document_of(outbox_id).state is DocumentState.SUPERSEDED
    assert row(outbox_id).state is OutboxState.DONE
    assert count_ready() == (0, 0)


def test_a_document_beyond_its_limits_is_tried_twice_and_then_shown_as_failed(
    outbox_id: UUID, app: Flask
) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], render_seconds=0)
    render(str(outbox_id))
    assert row(outbox_id).state is OutboxState.PENDING
    with time_machine.travel(utc_now() + timedelta(minutes=1), tick=False):
        render(str(outbox_id))
    assert row(outbox_id).state is OutboxState.FAILED
    document = document_of(outbox_id)
    assert (document.state, document.failure) == (DocumentState.FAILED, "too_long")


def test_a_fault_of_ours_is_tried_five_times_and_then_shown(
    outbox_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_named: object) -> None:
        raise KeyError("a name that nobody may read")

    monkeypatch.setattr(service, "begin_rendering", broken)
    with capture_logs() as logs:
        for hours in range(1, 8):
            with time_machine.travel(utc_now() + timedelta(hours=hours), tick=False):
                render(str(outbox_id))
    assert row(outbox_id).attempts == outbox.MOST_ATTEMPTS
    assert document_of(outbox_id).state is DocumentState.FAILED
    assert "KeyError" in str(logs)
    assert "nobody may read" not in str(logs)
