"""Asking for documents and keeping what a worker made of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from portal import outbox
from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.documents.models import Document, DocumentKind, DocumentState
from portal.documents.queries import lock_document
from portal.documents.registry import RenderTemplate, source_of
from portal.documents.rules import UNREADABLE, DocumentRefused, NotFailed, Refusal, RenderOrder, new_name
from portal.files.store import put_blob
from portal.outbox import OutboxEntry, OutboxState
from portal.queueing import JobName
from portal.security.viewer import JobFor, Member, Viewer

UNFINISHED = (DocumentState.REQUESTED, DocumentState.RENDERING)


def request_document(
    session: Session,
    viewer: Viewer,
    *,
    kind: DocumentKind,
    subject_id: UUID,
    revision: int,
    couple_id: UUID,
    reader_id: UUID | None,
    now: datetime,
) -> Document:
    """Ask for the PDF of one revision, once: asking again gives the same document. Owes the rendering in the outbox.

    `reader_id`: the only person it is for, None for both of the couple.
    """
    same = (Document.kind == kind, Document.subject_id == subject_id, Document.revision == revision)
    document = session.scalar(select(Document).where(*same))
    if document is not None:
        return document
    document = Document(
        kind=kind, subject_id=subject_id, revision=revision, couple_id=couple_id, reader_id=reader_id, name=new_name(),
        state=DocumentState.REQUESTED, requests=1,
    )  # fmt: skip
    session.add(document)
    _owe_rendering(session, viewer, document, now)
    return document


def retry_document(session: Session, viewer: Member, document_id: UUID, *, now: datetime) -> Document:
    """Ask once more for a document that failed. Raises NotFound, or NotFailed if there is nothing to repeat."""
    document = lock_document(session, viewer, document_id)
    if document.state is not DocumentState.FAILED:
        raise NotFailed(str(document.id))
    document.state, document.failure, document.began_at = DocumentState.REQUESTED, None, None
    document.requests += 1
    _owe_rendering(session, viewer, document, now)
    return document


def supersede_documents(session: Session, kind: DocumentKind, subject_ids: list[UUID]) -> None:
    """Take the documents of replaced things out of their readers' hands; a worker that is at one gets nothing stored."""
    for document in session.scalars(
        select(Document)
        .where(Document.kind == kind, Document.subject_id.in_(subject_ids))
        .with_for_update()
        .execution_options(populate_existing=True)
    ):
        document.state = DocumentState.SUPERSEDED
    session.flush()


def begin_rendering(
    session: Session, document_id: UUID, *, render_template: RenderTemplate, now: datetime
) -> RenderOrder | None:
    """Give a worker what it is to render; None if nothing is to be done: made already, replaced, or refused and marked.

    Repeating it is safe: it changes nothing but the state it starts from. Access and revision are checked (PDF-05).
    """
    document = lock_document(session, JobFor(document_id), document_id)
    if document.state not in UNFINISHED:
        return None
    try:
        composed = source_of(document.kind).compose(session, document, render_template)
    except DocumentRefused as error:
        _refuse(session, document, error.refusal)
        return None
    document.state, document.began_at = DocumentState.RENDERING, now
    session.flush()
    return RenderOrder(document.id, document.requests, composed.html, composed.language)


def store_rendered(session: Session, order: RenderOrder, pdf: bytes, *, now: datetime) -> bool:
    """Keep a rendered file and let its readers have it, in one step with the caller's transaction.

    False: the order was overtaken (another request, a newer version) or is refused now; nothing was kept.
    """
    viewer = JobFor(order.document_id)
    document = lock_document(session, viewer, order.document_id)
    if document.state not in UNFINISHED or document.requests != order.requests:
        return False
    source = source_of(document.kind)
    try:
        source.check(session, document)
    except DocumentRefused as error:
        _refuse(session, document, error.refusal)
        return False
    document.blob_id = put_blob(session, source.owner(document), pdf).id
    document.state, document.ready_at, document.failure = DocumentState.READY, now, None
    record_of(session, viewer, Action.DOCUMENT_READY, document)
    session.flush()
    return True


def mark_failed(session: Session, document_id: UUID, *, reason: str, now: datetime) -> None:
    """Say that there will be no file unless somebody asks again. `reason` is a word of a fixed vocabulary.

    A document that was made or replaced meanwhile stays as it is.
    """
    viewer = JobFor(document_id)
    document = lock_document(session, viewer, document_id)
    if document.state in UNFINISHED:
        document.state, document.failure = DocumentState.FAILED, reason
        record_of(session, viewer, Action.DOCUMENT_FAILED, document, result=reason)
        session.flush()


def mark_unreadable(session: Session, viewer: Member, document_id: UUID) -> None:
    """Note that a reader could not be given the file, so that its therapist is told and can have it made anew.

    What the file was made from is untouched. A document that was replaced or asked for meanwhile stays as it is.
    """
    document = lock_document(session, viewer, document_id)
    if document.state is DocumentState.READY:
        document.state, document.failure = DocumentState.FAILED, UNREADABLE
        record_of(session, viewer, Action.DOCUMENT_FAILED, document, result=UNREADABLE)
        session.flush()


def fail_abandoned(session: Session, *, now: datetime) -> int:
    """Mark documents whose rendering was given up without a worker saying so (it died each time); return how many."""
    over, owed = (
        exists().where(
            OutboxEntry.job == JobName.RENDER_DOCUMENT,
            OutboxEntry.subject_id == Document.id,
            OutboxEntry.state.in_(states),
        )
        for states in ((OutboxState.FAILED, OutboxState.EXPIRED), (OutboxState.PENDING, OutboxState.LEASED))
    )
    abandoned = list(
        session.scalars(
            select(Document.id).where(Document.state.in_(UNFINISHED), over, ~owed).order_by(Document.id)
        )
    )
    for document_id in abandoned:
        mark_failed(session, document_id, reason="gave_up", now=now)
    return len(abandoned)


def _owe_rendering(session: Session, viewer: Viewer, document: Document, now: datetime) -> None:
    effect_key = f"{document.id}/{document.requests}"
    outbox.put(session, JobName.RENDER_DOCUMENT, document.id, effect_key=effect_key, due_at=now)
    record_of(session, viewer, Action.DOCUMENT_REQUESTED, document)
    session.flush()


def _refuse(session: Session, document: Document, refusal: Refusal) -> None:
    document.state, document.failure = DocumentState.FAILED, refusal.value
    record_of(session, JobFor(document.id), Action.DOCUMENT_REFUSED, document, result=refusal.value)
    session.flush()
