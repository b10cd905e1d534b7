"""Recording meetings; writing and signing notes."""

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.errors import NotFound
from portal.meetings.models import Attendance, Note
from portal.meetings.process_notes import find_process_note, write_process_note
from portal.meetings.queries import find_note
from portal.meetings.rules import (
    AlreadyRecorded,
    AlreadySigned,
    NobodyThere,
    NothingToSign,
    SavedElsewhere,
    StillToCome,
)
from portal.meetings.service import is_signature_whole, record_meeting, sign_note, write_note
from tests.meetings.desk import BEGAN, new_meeting, record
from tests.support.cast import Cast


@pytest.fixture
def app(either_app: Flask) -> Flask:
    """Every promise here is the database's too, so both engines keep it."""
    return either_app


def _write(session: Session, cast: Cast, meeting_id: UUID, words: str = "first", revision: int = 0) -> Note:
    viewer = cast.therapist.member()
    return write_note(session, viewer, meeting_id, text=words, revision=revision, now=utc_now())


class TestRecordMeeting:
    def test_numbers_count_up_for_the_couple(self, cast: Cast, session: Session) -> None:
        days = [record(session, cast, starts_at=BEGAN - timedelta(days=7 * n)) for n in range(3)]
        assert [meeting.number for meeting in days] == [1, 2, 3]

    def test_a_meeting_alone_leaves_no_gap_in_the_numbers_of_both(self, cast: Cast, session: Session) -> None:
        record(session, cast)
        alone = record(session, cast, starts_at=BEGAN + timedelta(days=1), with_person_id=cast.ben.person_id)
        joint = record(session, cast, starts_at=BEGAN + timedelta(days=2))
        assert (alone.number, joint.number) == (1, 2)

    def test_who_came_is_kept_for_both(self, cast: Cast, session: Session) -> None:
        meeting = record(session, cast)
        kept = session.scalars(select(Attendance.person_id).where(Attendance.meeting_id == meeting.id))
        assert set(kept) == {cast.ana.person_id, cast.ben.person_id}

    def test_a_meeting_alone_says_nothing_about_the_other(self, cast: Cast, session: Session) -> None:
        meeting = record(session, cast, with_person_id=cast.ana.person_id)
        kept = session.scalars(select(Attendance.person_id).where(Attendance.meeting_id == meeting.id))
        assert list(kept) == [cast.ana.person_id]

    def test_one_that_is_still_to_come_is_refused(self, cast: Cast, session: Session) -> None:
        with pytest.raises(StillToCome):
            record(session, cast, starts_at=utc_now() + timedelta(minutes=1))

    def test_the_same_time_is_recorded_once(self, cast: Cast, session: Session) -> None:
        record(session, cast)
        with pytest.raises(AlreadyRecorded):
            record(session, cast)

    def test_somebody_of_another_couple_was_not_there(self, cast: Cast, session: Session) -> None:
        with pytest.raises(NobodyThere):
            record(session, cast, with_person_id=cast.cleo.person_id)

    def test_another_therapists_couple_is_not_found(self, cast: Cast, session: Session) -> None:
        with pytest.raises(NotFound):
            record_meeting(session, cast.stranger.member(), cast.couple_id, new_meeting(cast), now=utc_now())


class TestNote:
    def test_the_text_lies_sealed_under_the_clinical_key(self, cast: Cast, session: Session) -> None:
        note = _write(session, cast, record(session, cast).id, "canary-4KX1")
        stored = session.execute(text("select text_sealed from note")).scalar_one()
        assert b"canary" not in stored
        assert str(note.seal_owner()).startswith("couple_clinical:")

    def test_a_save_over_a_newer_one_is_a_conflict_and_writes_nothing(
        self, cast: Cast, session: Session
    ) -> None:
        meeting = record(session, cast)
        _write(session, cast, meeting.id, "first")
        _write(session, cast, meeting.id, "second", revision=1)
        with pytest.raises(SavedElsewhere):
            _write(session, cast, meeting.id, "third", revision=1)
        note = find_note(session, cast.therapist.member(), meeting.id)
        assert note is not None
        assert (note.text, note.revision) == ("second", 2)

    def test_another_therapist_finds_no_meeting_to_write_about(self, cast: Cast, session: Session) -> None:
        meeting = record(session, cast)
        with pytest.raises(NotFound):
            write_note(session, cast.stranger.member(), meeting.id, text="x", revision=0, now=utc_now())


class TestSign:
    def test_a_signed_note_is_whole(self, cast: Cast, session: Session) -> None:
        meeting = record(session, cast)
        _write(session, cast, meeting.id)
        note = sign_note(session, cast.therapist.member(), meeting.id, revision=1, now=utc_now())
        session.expire(note)
        assert is_signature_whole(session, note)

    def test_it_can_be_neither_written_nor_signed_again(self, cast: Cast, session: Session) -> None:
        meeting, viewer = record(session, cast), cast.therapist.member()
        _write(session, cast, meeting.id)
        sign_note(session, viewer, meeting.id, revision=1, now=utc_now())
        with pytest.raises(AlreadySigned):
            _write(session, cast, meeting.id, "late thought", revision=1)
        with pytest.raises(AlreadySigned):
            sign_note(session, viewer, meeting.id, revision=1, now=utc_now())

    @pytest.mark.parametrize("statement", ["update note set author_id = author_id", "delete from note"])
    def test_the_database_itself_refuses_to_change_it(
        self, cast: Cast, session: Session, statement: str
    ) -> None:
        meeting = record(session, cast)
        _write(session, cast, meeting.id)
        sign_note(session, cast.therapist.member(), meeting.id, revision=1, now=utc_now())
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(text(statement))

    def test_a_text_that_was_not_read_is_not_signed(self, cast: Cast, session: Session) -> None:
        meeting = record(session, cast)
        _write(session, cast, meeting.id)
        with pytest.raises(SavedElsewhere):
            sign_note(session, cast.therapist.member(), meeting.id, revision=2, now=utc_now())

    def test_without_a_text_there_is_nothing_to_sign(self, cast: Cast, session: Session) -> None:
        meeting = record(session, cast)
        with pytest.raises(NothingToSign):
            sign_note(session, cast.therapist.member(), meeting.id, revision=0, now=utc_now())

    def test_another_signer_or_time_breaks_the_signature(self, cast: Cast, session: Session) -> None:
        meeting = record(session, cast)
        _write(session, cast, meeting.id)
        note = sign_note(session, cast.therapist.member(), meeting.id, revision=1, now=utc_now())
        with session.no_autoflush:
            note.author_id = cast.stranger.person_id
            assert not is_signature_whole(session, note)
            session.expire(note)


class TestProcessNote:
    def test_only_its_author_finds_it(self, cast: Cast, session: Session) -> None:
        meeting, author = record(session, cast), cast.therapist.member()
        note = write_process_note(session, author, meeting.id, text="hunch", revision=0, now=utc_now())
        assert str(note.seal_owner()) == f"therapist:{cast.therapist.person_id}"
        assert find_process_note(session, author, meeting.id) is note
        for other in (cast.stranger, cast.ana, cast.owner):
            assert find_process_note(session, other.member(), meeting.id) is None

    def test_a_save_over_a_newer_one_is_a_conflict(self, cast: Cast, session: Session) -> None:
        meeting, author = record(session, cast), cast.therapist.member()
        write_process_note(session, author, meeting.id, text="hunch", revision=0, now=utc_now())
        with pytest.raises(SavedElsewhere):
            write_process_note(session, author, meeting.id, text="other", revision=0, now=utc_now())


def test_every_write_leaves_a_trace_without_words(cast: Cast, session: Session) -> None:
    meeting = record(session, cast)
    _write(session, cast, meeting.id, "canary-9ZQ0")
    sign_note(session, cast.therapist.member(), meeting.id, revision=1, now=utc_now())
    events = session.scalars(select(AuditEvent).order_by(AuditEvent.at)).all()
    assert [event.action for event in events] == ["meeting.recorded", "note.written", "note.signed"]
    assert "canary" not in repr([vars(event) for event in events])
