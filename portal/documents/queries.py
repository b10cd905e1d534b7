"""Reading documents. Every read starts from what the viewer may see, as of now."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import Session

from portal.documents.models import Document, DocumentState
from portal.documents.registry import all_sources
from portal.errors import NotFound
from portal.files.models import Blob
from portal.security.viewer import JobFor, Member, Viewer


def visible_to(viewer: Viewer) -> Select[Document]:
    """Start a read: a job sees its one document, a member what the document's own area shows, everybody else nothing."""
    return select(Document).where(_condition(viewer))


def get_document(session: Session, viewer: Viewer, document_id: UUID) -> Document:
    """Load one document, freshly. One statement. Raises NotFound."""
    document = session.scalar(
        visible_to(viewer).where(Document.id == document_id).execution_options(populate_existing=True)
    )
    if document is None:
        raise NotFound(str(document_id))
    return document


def lock_document(session: Session, viewer: Viewer, document_id: UUID) -> Document:
    """Load one document for a change, holding off everybody else who would change it. Raises NotFound."""
    document = session.scalar(
        visible_to(viewer)
        .where(Document.id == document_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if document is None:
        raise NotFound(str(document_id))
    return document


def get_file(session: Session, viewer: Member, document_id: UUID) -> tuple[Document, Blob]:
    """Load a document together with its file, if this viewer may have the file now. One statement.

    A superseded file is for the therapist's record only. Raises NotFound.
    """
    open_states = (
        [DocumentState.READY, DocumentState.SUPERSEDED] if viewer.is_therapist else [DocumentState.READY]
    )
    found = session.execute(
        visible_to(viewer)
        .add_columns(Blob)
        .join(Blob, Blob.id == Document.blob_id)
        .where(Document.id == document_id, Document.state.in_(open_states))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound(str(document_id))
    return found[0], found[1]


def _condition(viewer: Viewer) -> ColumnElement[bool]:
    if isinstance(viewer, JobFor):
        return Document.id == viewer.subject_id
    if isinstance(viewer, Member):
        return or_(
            false(),
            *(
                (Document.kind == kind) & source.visible_to(viewer)
                for kind, source in sorted(all_sources().items())
            ),
        )
    return false()
