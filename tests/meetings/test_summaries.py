"""Drafts, release to all at the same moment, corrections."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.couples.models import Couple, CoupleStatus, Partner
from portal.documents.models import Document, DocumentState
from portal.errors import NotFound
from portal.extensions import db
from portal.meetings.models import Summary, SummaryState
from portal.meetings.rules import (
    NobodyToRead,
    NothingToRelease,
    SavedElsewhere,
    SummaryContent,
    content_from_json,
)
from portal.meetings.showing import build_view, hash_of
from portal.meetings.summaries import Opened, begin_correction, opened, release_summary, save_draft
from portal.meetings.summary_view import content_hash
from portal.notices.models import Message, MessagePart
from portal.outbox import OutboxEntry
from portal.transaction import transaction
from tests.meetings.desk import CONTENT, record, recorded, release, write
from tests.support.cast import Cast


@pytest.fixture
def app(either_app: Flask) -> Flask:
    """Every promise here is the database's too, so both engines keep it."""
    return either_app


def _released(session: Session, cast: Cast, **changes: object) -> Summary:
    return release(session, cast, write(session, cast, record(session, cast, **changes).id))


class TestDraft:
    def test_it_keeps_what_was_typed_and_counts_its_saves(self, cast: Cast, session: Session) -> None:
        draft = write(session, cast, record(session, cast).id)
        assert content_from_json(draft.content) == CONTENT
        assert (draft.version, draft.revision, draft.state) == (1, 1, SummaryState.DRAFT)

    def test_a_save_over_a_newer_one_is_a_conflict(self, cast: Cast, session: Session) -> None:
        meeting = record(session, cast)
        write(session, cast, meeting.id)
        with pytest.raises(SavedElsewhere):
            write(session, cast, meeting.id, SummaryContent(focus="other"))

    def test_a_released_text_cannot_be_saved_over(self, cast: Cast, session: Session) -> None:
        summary = _released(session, cast)
        viewer = cast.therapist.member()
        with pytest.raises(SavedElsewhere):
            save_draft(
                session, viewer, summary.meeting_id, content=CONTENT, seen=opened(summary), now=utc_now()
            )

    def test_another_therapist_writes_none(self, cast: Cast, session: Session) -> None:
        meeting, stranger = record(session, cast), cast.stranger.member()
        with pytest.raises(NotFound):
            save_draft(session, stranger, meeting.id, content=CONTENT, seen=Opened(1, 0), now=utc_now())


class TestRelease:
    def test_everything_that_belongs_to_it_is_owed_at_once(self, cast: Cast, session: Session) -> None:
        summary = _released(session, cast)
        document = session.scalars(select(Document)).one()
        assert summary.state is SummaryState.RELEASED
        assert (document.subject_id, document.revision, document.reader_id) == (summary.id, 1, None)
        effects = session.scalars(select(OutboxEntry.effect_key).where(OutboxEntry.subject_id == document.id))
        assert list(effects) == [f"{document.id}/1"]
        told = set(session.scalars(select(MessagePart.person_id)))
        assert told == {cast.ana.person_id, cast.ben.person_id}
        assert "summary.released" in set(session.scalars(select(AuditEvent.action)))

    def test_the_hash_names_what_its_readers_see(self, cast: Cast, session: Session) -> None:
        summary = _released(session, cast)
        assert summary.content_hash == content_hash(build_view(session, summary))

    def test_if_one_part_fails_nothing_happened(self, app: Flask, cast: Cast) -> None:
        meeting_id = recorded(app, cast)
        with app.app_context():
            with transaction() as session:
                draft = write(session, cast, meeting_id)

            def broken(_session: Session, _summary: Summary) -> str:
                raise RuntimeError

            seen, viewer = opened(draft), cast.therapist.member()
            with pytest.raises(RuntimeError), transaction() as session:
                release_summary(session, viewer, meeting_id, seen=seen, hash_of=broken, now=utc_now())
            kept = db.session.scalars(select(Summary)).one()
            assert kept.state is SummaryState.DRAFT
            assert not db.session.scalars(select(Document)).all()
            assert not db.session.scalars(select(Message)).all()

    def test_a_draft_that_was_not_previewed_stays(self, cast: Cast, session: Session) -> None:
        meeting, viewer = record(session, cast), cast.therapist.member()
        write(session, cast, meeting.id)
        with pytest.raises(SavedElsewhere):
            release_summary(session, viewer, meeting.id, seen=Opened(1, 2), hash_of=hash_of, now=utc_now())

    def test_without_its_first_sentence_it_stays(self, cast: Cast, session: Session) -> None:
        draft = write(session, cast, record(session, cast).id, SummaryContent(going_well=("a",)))
        with pytest.raises(NothingToRelease):
            release(session, cast, draft)

    def test_twice_is_once(self, cast: Cast, session: Session) -> None:
        summary = _released(session, cast)
        with pytest.raises(NothingToRelease):
            release(session, cast, summary)

    def test_for_a_meeting_alone_only_that_person_hears_of_it(self, cast: Cast, session: Session) -> None:
        _released(session, cast, with_person_id=cast.ben.person_id)
        assert session.scalars(select(Document.reader_id)).one() == cast.ben.person_id
        assert list(session.scalars(select(MessagePart.person_id))) == [cast.ben.person_id]

    def test_whoever_left_hears_of_nothing_new(self, cast: Cast, session: Session) -> None:
        draft = write(session, cast, record(session, cast).id)
        gone = session.scalars(select(Partner).where(Partner.person_id == cast.ben.person_id)).one()
        gone.left_at = utc_now()
        release(session, cast, draft)
        assert list(session.scalars(select(MessagePart.person_id))) == [cast.ana.person_id]

    def test_in_a_closed_space_nobody_is_left_to_read(self, cast: Cast, session: Session) -> None:
        draft = write(session, cast, record(session, cast).id)
        session.get_one(Couple, cast.couple_id).status = CoupleStatus.SEPARATED
        session.flush()
        with pytest.raises(NobodyToRead):
            release(session, cast, draft)

    @pytest.mark.parametrize(
        "statement",
        [
            "update summary set content_sealed = null",
            "update summary set released_at = null",
            "update summary set version = 9",
            "delete from summary",
        ],
    )
    def test_the_database_itself_keeps_what_was_released(
        self, cast: Cast, session: Session, statement: str
    ) -> None:
        _released(session, cast)
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(text(statement))


class TestCorrection:
    def test_readers_keep_the_old_version_until_the_new_one_is_released(
        self, cast: Cast, session: Session
    ) -> None:
        first, viewer = _released(session, cast), cast.therapist.member()
        draft = begin_correction(session, viewer, first.meeting_id, now=utc_now())
        assert (draft.version, first.state) == (2, SummaryState.RELEASED)
        second = save_draft(
            session, viewer, first.meeting_id, content=replace(CONTENT, focus="Corrected."), seen=opened(draft),
            now=utc_now(),
        )  # fmt: skip
        release(session, cast, second)
        session.refresh(first)
        assert (first.state, second.state) == (SummaryState.SUPERSEDED, SummaryState.RELEASED)
        states = {one.subject_id: one.state for one in session.scalars(select(Document))}
        assert states == {first.id: DocumentState.SUPERSEDED, second.id: DocumentState.REQUESTED}

    def test_beginning_twice_gives_the_same_draft(self, cast: Cast, session: Session) -> None:
        first, viewer = _released(session, cast), cast.therapist.member()
        drafts = [begin_correction(session, viewer, first.meeting_id, now=utc_now()) for _ in range(2)]
        assert drafts[0] is drafts[1]

    def test_without_anything_released_there_is_nothing_to_correct(
        self, cast: Cast, session: Session
    ) -> None:
        meeting = record(session, cast)
        with pytest.raises(NothingToRelease):
            begin_correction(session, cast.therapist.member(), meeting.id, now=utc_now())
