"""Who may know of a document, and who may have its file, is asked anew each time."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.couples.models import Couple, CoupleStatus, Partner
from portal.documents.models import Document, DocumentState
from portal.documents.queries import get_document, get_file
from portal.documents.service import store_rendered
from portal.errors import NotFound
from portal.security.viewer import Anonymous, JobFor, Viewer
from tests.documents.paper import PDF, asked_for, begun
from tests.meetings.desk import everybody_else
from tests.support.cast import Actor, Cast


def _ready(session: Session, cast: Cast, **changes: object) -> Document:
    document = asked_for(session, cast, **changes)
    assert store_rendered(session, begun(session, document), PDF, now=utc_now())
    return document


def _knows(session: Session, viewer: Viewer, document: Document) -> bool:
    try:
        get_document(session, viewer, document.id)
    except NotFound:
        return False
    return True


def _gets(session: Session, actor: Actor, document: Document) -> bool:
    try:
        get_file(session, actor.member(), document.id)
    except NotFound:
        return False
    return True


def test_the_couple_and_their_therapist_get_the_file(cast: Cast, session: Session) -> None:
    document = _ready(session, cast)
    assert _gets(session, cast.therapist, document)
    assert {a.user_name for a in everybody_else(cast) if _gets(session, a, document)} == {"ana", "ben"}


def test_a_document_for_one_person_is_unknown_to_the_other(cast: Cast, session: Session) -> None:
    document = _ready(session, cast, with_person_id=cast.ana.person_id)
    assert _gets(session, cast.ana, document)
    assert not _knows(session, cast.ben.member(), document)


def test_visitors_and_other_jobs_know_of_none(cast: Cast, session: Session) -> None:
    document = _ready(session, cast)
    assert _knows(session, JobFor(document.id), document)
    for viewer in (Anonymous(), JobFor(cast.couple_id), cast.ana.member(is_limited=True)):
        assert not _knows(session, viewer, document)


@pytest.mark.parametrize("state", [s for s in DocumentState if s is not DocumentState.READY])
def test_there_is_no_file_before_or_after_it_is_ready(
    cast: Cast, session: Session, state: DocumentState
) -> None:
    document = _ready(session, cast)
    document.state = state
    session.flush()
    assert not _gets(session, cast.ana, document)
    assert _gets(session, cast.therapist, document) is (state is DocumentState.SUPERSEDED)


def test_another_revision_is_not_handed_out(cast: Cast, session: Session) -> None:
    document = _ready(session, cast)
    document.revision = 9
    session.flush()
    assert not _gets(session, cast.ana, document)


def test_whoever_left_gets_nothing_from_the_next_request_on(cast: Cast, session: Session) -> None:
    document = _ready(session, cast)
    session.scalars(select(Partner).where(Partner.person_id == cast.ben.person_id)).one().left_at = utc_now()
    session.flush()
    assert not _knows(session, cast.ben.member(), document)
    assert _gets(session, cast.ana, document)
    session.get_one(Couple, cast.couple_id).status = CoupleStatus.ARCHIVED
    session.flush()
    assert not _knows(session, cast.ana.member(), document)
    assert _gets(session, cast.therapist, document)
