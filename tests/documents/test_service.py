"""Documents are asked for once, made once, and refused as soon as what they were asked for no longer holds."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.couples.models import Couple, CoupleStatus, Partner
from portal.documents.models import Document, DocumentKind, DocumentState
from portal.documents.rules import NotFailed
from portal.documents.service import (
    begin_rendering,
    fail_abandoned,
    mark_failed,
    request_document,
    retry_document,
    store_rendered,
)
from portal.errors import NotFound
from portal.files.models import Blob
from portal.files.store import read_blob
from portal.meetings.models import Summary
from portal.meetings.summaries import begin_correction
from portal.outbox import OutboxEntry, OutboxState
from tests.documents.paper import PDF, asked_for, begun, template
from tests.meetings.desk import release
from tests.support.cast import Cast


@pytest.fixture
def app(either_app: Flask) -> Flask:
    """Every promise here is the database's too, so both engines keep it."""
    return either_app


def _correct(session: Session, cast: Cast) -> None:
    first = session.scalars(select(Summary)).one()
    release(
        session, cast, begin_correction(session, cast.therapist.member(), first.meeting_id, now=utc_now())
    )


def _close(session: Session, cast: Cast) -> None:
    session.get_one(Couple, cast.couple_id).status = CoupleStatus.SEPARATED
    session.flush()


def _all_leave(session: Session, cast: Cast) -> None:
    for partner in session.scalars(select(Partner).where(Partner.couple_id == cast.couple_id)):
        partner.left_at = utc_now()
    session.flush()


ENDS = pytest.mark.parametrize("end", [_correct, _close, _all_leave])


class TestRequest:
    def test_asking_again_gives_the_same_document(self, cast: Cast, session: Session) -> None:
        document = asked_for(session, cast)
        again = request_document(
            session, cast.therapist.member(), kind=DocumentKind.SUMMARY, subject_id=document.subject_id, revision=1,
            couple_id=cast.couple_id, reader_id=None, now=utc_now(),
        )  # fmt: skip
        assert again is document
        assert (
            len(session.scalars(select(OutboxEntry).where(OutboxEntry.subject_id == document.id)).all()) == 1
        )

    def test_the_name_tells_nothing(self, cast: Cast, session: Session) -> None:
        name = asked_for(session, cast).name
        assert name.startswith("document-")
        assert len(name) == len("document-4f7k2m.pdf")


class TestRender:
    def test_the_text_is_composed_and_the_file_kept(self, cast: Cast, session: Session) -> None:
        document = asked_for(session, cast)
        order = begun(session, document)
        assert "You looked for one evening a week." in order.html
        assert store_rendered(session, order, PDF, now=utc_now())
        assert document.state is DocumentState.READY
        assert read_blob(session, session.get_one(Blob, document.blob_id)) == PDF

    def test_a_document_for_one_person_lies_under_that_persons_key(
        self, cast: Cast, session: Session
    ) -> None:
        document = asked_for(session, cast, with_person_id=cast.ana.person_id)
        assert store_rendered(session, begun(session, document), PDF, now=utc_now())
        blob = session.get_one(Blob, document.blob_id)
        assert (blob.owner_kind, blob.owner_id) == ("person", cast.ana.person_id)

    def test_a_second_worker_finds_nothing_to_do(self, cast: Cast, session: Session) -> None:
        document = asked_for(session, cast)
        order = begun(session, document)
        assert store_rendered(session, order, PDF, now=utc_now())
        assert begin_rendering(session, document.id, render_template=template, now=utc_now()) is None
        assert not store_rendered(session, order, PDF, now=utc_now())
        assert len(session.scalars(select(Blob)).all()) == 1

    @ENDS
    def test_it_is_not_begun_when_what_was_asked_for_no_longer_holds(
        self, cast: Cast, session: Session, end: Callable[[Session, Cast], None]
    ) -> None:
        document = asked_for(session, cast)
        end(session, cast)
        assert begin_rendering(session, document.id, render_template=template, now=utc_now()) is None
        assert document.state in {DocumentState.SUPERSEDED, DocumentState.FAILED}

    @ENDS
    def test_it_is_not_kept_when_that_happened_meanwhile(
        self, cast: Cast, session: Session, end: Callable[[Session, Cast], None]
    ) -> None:
        document = asked_for(session, cast)
        order = begun(session, document)
        end(session, cast)
        assert not store_rendered(session, order, PDF, now=utc_now())
        assert document.blob_id is None

    def test_if_one_of_two_readers_left_the_other_still_gets_it(self, cast: Cast, session: Session) -> None:
        document = asked_for(session, cast)
        gone = session.scalars(select(Partner).where(Partner.person_id == cast.ben.person_id)).one()
        gone.left_at = utc_now()
        session.flush()
        assert store_rendered(session, begun(session, document), PDF, now=utc_now())

    def test_a_changed_revision_is_refused_and_told(self, cast: Cast, session: Session) -> None:
        document = asked_for(session, cast)
        document.revision = 2
        session.flush()
        assert begin_rendering(session, document.id, render_template=template, now=utc_now()) is None
        assert (document.state, document.failure) == (DocumentState.FAILED, "changed")
        assert "document.refused" in set(session.scalars(select(AuditEvent.action)))


class TestFailure:
    def test_a_failed_one_is_asked_for_again_under_a_new_effect(self, cast: Cast, session: Session) -> None:
        document, viewer = asked_for(session, cast), cast.therapist.member()
        mark_failed(session, document.id, reason="too_long", now=utc_now())
        assert (document.state, document.failure) == (DocumentState.FAILED, "too_long")
        retry_document(session, viewer, document.id, now=utc_now())
        effects = session.scalars(select(OutboxEntry.effect_key).where(OutboxEntry.subject_id == document.id))
        assert set(effects) == {f"{document.id}/1", f"{document.id}/2"}

    def test_the_late_worker_of_an_earlier_request_keeps_nothing(self, cast: Cast, session: Session) -> None:
        document = asked_for(session, cast)
        late = begun(session, document)
        mark_failed(session, document.id, reason="failed", now=utc_now())
        retry_document(session, cast.therapist.member(), document.id, now=utc_now())
        assert not store_rendered(session, late, PDF, now=utc_now())

    def test_what_did_not_fail_is_not_repeated(self, cast: Cast, session: Session) -> None:
        document = asked_for(session, cast)
        with pytest.raises(NotFailed):
            retry_document(session, cast.therapist.member(), document.id, now=utc_now())

    def test_another_therapist_finds_nothing_to_repeat(self, cast: Cast, session: Session) -> None:
        document = asked_for(session, cast)
        with pytest.raises(NotFound):
            retry_document(session, cast.stranger.member(), document.id, now=utc_now())

    def test_a_failure_that_comes_late_undoes_nothing(self, cast: Cast, session: Session) -> None:
        document = asked_for(session, cast)
        assert store_rendered(session, begun(session, document), PDF, now=utc_now())
        mark_failed(session, document.id, reason="failed", now=utc_now())
        assert document.state is DocumentState.READY

    def test_what_every_worker_died_of_is_told_in_the_end(self, cast: Cast, session: Session) -> None:
        document = asked_for(session, cast)
        begun(session, document)
        assert fail_abandoned(session, now=utc_now()) == 0
        entry = session.scalars(select(OutboxEntry).where(OutboxEntry.subject_id == document.id)).one()
        entry.state = OutboxState.FAILED
        session.flush()
        assert fail_abandoned(session, now=utc_now()) == 1
        assert session.get_one(Document, document.id).state is DocumentState.FAILED
