"""What the tests about documents share: a released summary's document, and a stand-in for the pages it is made of."""

from uuid import UUID

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.documents.models import Document
from portal.documents.rules import RenderOrder
from portal.documents.service import begin_rendering, store_rendered
from portal.transaction import transaction
from tests.meetings.desk import record, release, write
from tests.support.cast import Cast

PDF = b"%PDF-1.7 two pages"


def asked_for(session: Session, cast: Cast, **changes: object) -> Document:
    """Release a summary and give the document that this asks for."""
    summary = release(session, cast, write(session, cast, record(session, cast, **changes).id))
    return session.scalars(select(Document).where(Document.subject_id == summary.id)).one()


def template(name: str, **context: object) -> str:
    """Stand in for the templates: the laying out is tested elsewhere."""
    return f"<p>{name} {context['summary']}</p>"


def begun(session: Session, document: Document) -> RenderOrder:
    """Start rendering as a worker does."""
    order = begin_rendering(session, document.id, render_template=template, now=utc_now())
    assert order is not None
    return order


def made(app: Flask, cast: Cast, **changes: object) -> UUID:
    """Commit a summary whose PDF is ready; name the document."""
    with app.app_context(), transaction() as session:
        document = asked_for(session, cast, **changes)
        assert store_rendered(session, begun(session, document), PDF, now=utc_now())
        return document.id
