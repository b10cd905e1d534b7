"""How far a document is, and the file itself."""

from uuid import UUID

import structlog
from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue

from portal.audit.reading import audited_read
from portal.audit.rules import Action
from portal.clock import utc_now
from portal.documents.models import Document
from portal.documents.queries import get_document, get_file
from portal.documents.registry import source_of
from portal.documents.service import mark_unreadable, retry_document
from portal.documents.showing import status_of
from portal.files.store import BlobUnreadable, StoreUnreachable, read_blob
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.security.viewer import Member
from portal.transaction import current_session, transaction
from portal.web.errors import error_answer
from portal.web.htmx import redirect_to, render

blueprint = Blueprint("documents", __name__)
log = structlog.get_logger()


@blueprint.get("/documents/<uuid:document_id>")
@requires(Permission.DOCUMENTS_DOCUMENT_DOWNLOAD, is_polled=True)
def status(document_id: UUID) -> ResponseReturnValue:
    """Say how far a document is. A page that has seen this very state gets 204, so that nothing is read out twice."""
    document = get_document(current_session(), current_member(), document_id)
    if request.args.get("seen") == document.state:
        return Response(status=204)
    return _status_page(document)


@blueprint.get("/documents/<uuid:document_id>/file")
@requires(Permission.DOCUMENTS_DOCUMENT_DOWNLOAD)
def download(document_id: UUID) -> ResponseReturnValue:
    """Hand out the file, to be saved under its neutral name; who may have it is asked anew each time."""
    viewer, session = current_member(), current_session()
    document, blob = get_file(session, viewer, document_id)
    try:
        content = read_blob(session, blob)
    except StoreUnreachable:
        log.error("document.store_unreachable", document_id=str(document_id))  # noqa: TRY400 - a traceback quotes paths
        return error_answer(503)
    except BlobUnreadable:
        return _unreadable(viewer, document_id)
    audited_read(viewer, Action.DOCUMENT_DOWNLOADED, document)
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{document.name}"'
    return response


def _unreadable(viewer: Member, document_id: UUID) -> Response:
    """Say calmly that the file is damaged or gone; its words are all in the web version."""
    log.error("document.unreadable", document_id=str(document_id))
    with transaction() as session:
        mark_unreadable(session, viewer, document_id)
    return _status_page(get_document(current_session(), viewer, document_id), status=503)


def _status_page(document: Document, *, status: int = 200) -> Response:
    again = url_for("documents.status", document_id=document.id)
    return render(
        "documents/status.html",
        fragment="documents/_status.html",
        status=status,
        status_shown=status_of(document, again=again),
        layout="layouts/therapist.html" if current_member().is_therapist else "layouts/partner.html",
    )


@blueprint.post("/documents/<uuid:document_id>/retry")
@requires(Permission.DOCUMENTS_DOCUMENT_RETRY)
def retry(document_id: UUID) -> ResponseReturnValue:
    """Ask once more for a document that failed."""
    with transaction() as session:
        document = retry_document(session, current_member(), document_id, now=utc_now())
    return redirect_to(source_of(document.kind).web_address(document))
