"""Who may load what: nothing of a meeting reaches a partner but what was released to that very person."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.couples.models import Couple, CoupleStatus, Partner
from portal.documents.models import Document, DocumentState
from portal.errors import NotFound
from portal.meetings.models import Meeting, Summary, SummaryState
from portal.meetings.queries import (
    WaitingKind,
    find_note,
    get_meeting,
    get_summary,
    list_waiting,
    meetings_of,
    summaries_about,
    summaries_for_reader,
)
from portal.meetings.service import sign_note, write_note
from portal.meetings.summaries import begin_correction
from portal.security.viewer import Anonymous, JobFor, Viewer
from tests.meetings.desk import BEGAN, everybody_else, record, release, write
from tests.support.cast import Cast


def _leave(session: Session, cast: Cast) -> None:
    session.scalars(select(Partner).where(Partner.person_id == cast.ben.person_id)).one().left_at = utc_now()
    session.flush()


def _separate(session: Session, cast: Cast) -> None:
    session.get_one(Couple, cast.couple_id).status = CoupleStatus.SEPARATED
    session.flush()


def _archive(session: Session, cast: Cast) -> None:
    session.get_one(Couple, cast.couple_id).status = CoupleStatus.ARCHIVED
    session.flush()


def _can_read(session: Session, viewer: Viewer, summary: Summary) -> bool:
    try:
        get_summary(session, viewer, summary.id)
    except NotFound:
        return False
    return True


class TestMeeting:
    def test_its_therapist_finds_it_with_everybody_in_it(self, cast: Cast, session: Session) -> None:
        meeting = get_meeting(session, cast.therapist.member(), record(session, cast).id)
        assert [one.person.first_name for one in meeting.couple.partners] == ["Ana", "Ben"]
        assert len(meeting.attendances) == 2

    def test_nobody_else_finds_it_or_its_note(self, cast: Cast, session: Session) -> None:
        meeting = record(session, cast)
        write_note(session, cast.therapist.member(), meeting.id, text="x", revision=0, now=utc_now())
        viewers: list[Viewer] = [actor.member() for actor in everybody_else(cast)]
        for viewer in [*viewers, cast.therapist.member(is_limited=True), Anonymous(), JobFor(meeting.id)]:
            assert find_note(session, viewer, meeting.id) is None
            with pytest.raises(NotFound):
                get_meeting(session, viewer, meeting.id)


class TestSummary:
    def test_a_draft_is_its_therapists_alone(self, cast: Cast, session: Session) -> None:
        draft = write(session, cast, record(session, cast).id)
        assert _can_read(session, cast.therapist.member(), draft)
        assert not any(_can_read(session, actor.member(), draft) for actor in everybody_else(cast))

    def test_a_released_one_is_for_both_and_for_nobody_else(self, cast: Cast, session: Session) -> None:
        summary = release(session, cast, write(session, cast, record(session, cast).id))
        readers = {a.user_name for a in everybody_else(cast) if _can_read(session, a.member(), summary)}
        assert readers == {"ana", "ben"}

    def test_one_about_a_meeting_alone_is_for_that_person(self, cast: Cast, session: Session) -> None:
        meeting = record(session, cast, with_person_id=cast.ben.person_id)
        summary = release(session, cast, write(session, cast, meeting.id))
        readers = {a.user_name for a in everybody_else(cast) if _can_read(session, a.member(), summary)}
        assert readers == {"ben"}
        assert summaries_for_reader(session, cast.ana.member()) == []

    def test_a_sign_in_by_a_mailed_link_reads_none(self, cast: Cast, session: Session) -> None:
        summary = release(session, cast, write(session, cast, record(session, cast).id))
        assert not _can_read(session, cast.ana.member(is_limited=True), summary)

    @pytest.mark.parametrize("end", [_leave, _separate, _archive])
    def test_leaving_counts_from_the_next_read_on(
        self, cast: Cast, session: Session, end: Callable[[Session, Cast], None]
    ) -> None:
        summary = release(session, cast, write(session, cast, record(session, cast).id))
        end(session, cast)
        assert not _can_read(session, cast.ben.member(), summary)
        assert summaries_for_reader(session, cast.ben.member()) == []

    def test_if_one_leaves_nothing_changes_for_the_other(self, cast: Cast, session: Session) -> None:
        summary = release(session, cast, write(session, cast, record(session, cast).id))
        before = summaries_for_reader(session, cast.ana.member())
        _leave(session, cast)
        assert _can_read(session, cast.ana.member(), summary)
        assert summaries_for_reader(session, cast.ana.member()) == before

    def test_versions_come_newest_first(self, cast: Cast, session: Session) -> None:
        first = release(session, cast, write(session, cast, record(session, cast).id))
        begin_correction(session, cast.therapist.member(), first.meeting_id, now=utc_now())
        versions = summaries_about(session, cast.therapist.member(), first.meeting_id)
        assert [one.version for one in versions] == [2, 1]
        assert [one.version for one in summaries_about(session, cast.ana.member(), first.meeting_id)] == [1]


class TestLists:
    def test_a_reader_sees_what_was_released_with_the_state_of_its_pdf(
        self, cast: Cast, session: Session
    ) -> None:
        summary = release(session, cast, write(session, cast, record(session, cast).id))
        (received,) = summaries_for_reader(session, cast.ana.member())
        assert (received.summary_id, received.document_state) == (summary.id, DocumentState.REQUESTED)
        assert received.is_for_both

    def test_a_replaced_version_is_listed_once_as_the_new_one(self, cast: Cast, session: Session) -> None:
        first = release(session, cast, write(session, cast, record(session, cast).id))
        draft = begin_correction(session, cast.therapist.member(), first.meeting_id, now=utc_now())
        release(session, cast, draft)
        assert [one.version for one in summaries_for_reader(session, cast.ben.member())] == [2]

    def test_the_therapist_is_told_what_waits(self, cast: Cast, session: Session) -> None:
        viewer, meeting = cast.therapist.member(), record(session, cast)
        assert [(one.kind, one.meeting_id) for one in list_waiting(session, viewer)] == [
            (WaitingKind.NOTE, meeting.id)
        ]
        write_note(session, viewer, meeting.id, text="x", revision=0, now=utc_now())
        sign_note(session, viewer, meeting.id, revision=1, now=utc_now())
        assert list_waiting(session, viewer) == []
        draft = write(session, cast, meeting.id)
        assert [(one.kind, one.couple_number) for one in list_waiting(session, viewer)] == [
            (WaitingKind.SUMMARY, 7)
        ]
        release(session, cast, draft)
        assert list_waiting(session, viewer) == []
        session.scalars(select(Document)).one().state = DocumentState.FAILED
        assert [one.kind for one in list_waiting(session, viewer)] == [WaitingKind.FAILED_DOCUMENT]

    def test_nobody_elses_work_waits_for_a_stranger(self, cast: Cast, session: Session) -> None:
        write(session, cast, record(session, cast).id)
        for actor in everybody_else(cast):
            assert list_waiting(session, actor.member()) == []

    def test_a_couples_meetings_come_latest_first_with_their_records(
        self, cast: Cast, session: Session
    ) -> None:
        def line(meeting: Meeting) -> tuple[UUID, SummaryState | None]:
            return meeting.id, None

        early, late = record(session, cast, starts_at=BEGAN.replace(day=3)), record(session, cast)
        write(session, cast, early.id)
        found = meetings_of(session, cast.therapist.member(), cast.couple_id)
        assert [(one.id, one.summary_state) for one in found] == [line(late), (early.id, SummaryState.DRAFT)]
        assert meetings_of(session, cast.stranger.member(), cast.couple_id) == []
