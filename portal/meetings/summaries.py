"""Writing summaries and releasing them to their readers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.couples.holds import find_hold
from portal.couples.models import Partner
from portal.couples.queries import CLOSED
from portal.documents.models import DocumentKind
from portal.documents.service import request_document, supersede_documents
from portal.homework.rules import OnHold
from portal.meetings.chosen import check_homework
from portal.meetings.models import Meeting, Summary, SummaryState
from portal.meetings.queries import lock_meeting, summaries_about, summaries_visible_to, with_meeting
from portal.meetings.rules import (
    NobodyToRead,
    NothingToRelease,
    SavedElsewhere,
    SummaryContent,
    content_from_json,
    content_json,
)
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.security.viewer import Member

HashOf = Callable[[Session, Summary], str]


@dataclass(frozen=True, slots=True)
class Opened:
    """Which version of a summary in which state of saving somebody has before them; the first is (1, 0)."""

    version: int
    revision: int


def opened(summary: Summary | None) -> Opened:
    """Say what a page that shows this draft has before it."""
    return Opened(summary.version, summary.revision) if summary else Opened(1, 0)


def readers_of(meeting: Meeting) -> list[Partner]:
    """List who may receive what is about this meeting, in the order of their sides. Needs couple and persons loaded."""
    if meeting.couple.status in CLOSED:
        return []
    return [
        partner
        for partner in sorted(meeting.couple.partners, key=lambda one: one.side)
        if partner.left_at is None and meeting.with_person_id in {None, partner.person_id}
    ]


def save_draft(
    session: Session,
    viewer: Member,
    meeting_id: UUID,
    *,
    content: SummaryContent,
    seen: Opened,
    now: datetime,
) -> Summary:
    """Save the draft of a summary. `seen`: what was opened for writing.

    Raises:
        NotFound: not the viewer's meeting.
        SavedElsewhere: it was saved or released in another window meanwhile; nothing was written.
        LineNotAllowed: it quotes what may not be quoted to both, or no longer in these words.
    """
    meeting = lock_meeting(session, viewer, meeting_id)
    newest = _newest(session, viewer, meeting_id)
    is_draft = newest is None or newest.state is SummaryState.DRAFT
    if not is_draft or seen != opened(newest):
        raise SavedElsewhere(str(meeting_id))
    check_homework(session, viewer, meeting, content)
    draft = newest or _begin(session, meeting, 1)
    _fill(session, viewer, draft, content_json(content), now)
    return draft


def begin_correction(session: Session, viewer: Member, meeting_id: UUID, *, now: datetime) -> Summary:
    """Start the next version from the released one, or give the one that was started. Readers keep the old one until then.

    Raises NotFound, or NothingToRelease if nothing has been released yet.
    """
    meeting = lock_meeting(session, viewer, meeting_id)
    newest = _newest(session, viewer, meeting_id)
    if newest is None:
        raise NothingToRelease(str(meeting_id))
    if newest.state is SummaryState.DRAFT:
        return newest
    draft = _begin(session, meeting, newest.version + 1)
    _fill(session, viewer, draft, newest.content, now)
    return draft


def release_summary(
    session: Session, viewer: Member, meeting_id: UUID, *, seen: Opened, hash_of: HashOf, now: datetime
) -> Summary:
    """Give the draft to its readers, to all at the same moment, and take back the version before.

    State, content hash, audit, the order for the PDF and the notices are one transaction. `hash_of` names the summary
    by what it says.

    Raises:
        NotFound: not the viewer's meeting.
        OnHold: it is for both, and a safety hold of the couple is in force.
        NothingToRelease: no draft, or its first line is missing.
        SavedElsewhere: the draft is not the one that was previewed.
        NobodyToRead: both have left, or the couple is closed.
        LineNotAllowed: something that it quotes was hidden, withdrawn or changed since.
    """
    meeting = lock_meeting(session, viewer, meeting_id)
    if meeting.with_person_id is None and find_hold(session, meeting.couple_id) is not None:
        raise OnHold(str(meeting_id))
    versions = _versions(session, viewer, meeting_id)
    if not versions or versions[0].state is not SummaryState.DRAFT:
        raise NothingToRelease(str(meeting_id))
    draft, *earlier = versions
    if opened(draft) != seen:
        raise SavedElsewhere(str(meeting_id))
    content = content_from_json(draft.content)
    if not content.focus:
        raise NothingToRelease(str(meeting_id))
    readers = readers_of(draft.meeting)
    if not readers:
        raise NobodyToRead(str(meeting_id))
    check_homework(session, viewer, draft.meeting, content)
    _supersede(session, earlier)
    draft.content_hash = hash_of(session, draft)
    draft.state, draft.released_at = SummaryState.RELEASED, now
    session.flush()
    record_of(session, viewer, Action.SUMMARY_RELEASED, draft)
    request_document(
        session, viewer, kind=DocumentKind.SUMMARY, subject_id=draft.id, revision=draft.revision,
        couple_id=draft.couple_id, reader_id=draft.meeting.with_person_id, now=now,
    )  # fmt: skip
    for reader in readers:
        queue_message(session, reader.person, MessageKind.NEW_ITEM, {"link": "/"}, now=now)
    session.flush()
    return draft


def _versions(session: Session, viewer: Member, meeting_id: UUID) -> list[Summary]:
    versions = with_meeting(summaries_visible_to(viewer)).where(Summary.meeting_id == meeting_id)
    return list(session.scalars(versions.order_by(Summary.version.desc())).unique())


def _newest(session: Session, viewer: Member, meeting_id: UUID) -> Summary | None:
    return next(iter(summaries_about(session, viewer, meeting_id)), None)


def _begin(session: Session, meeting: Meeting, version: int) -> Summary:
    draft = Summary(
        meeting_id=meeting.id,
        couple_id=meeting.couple_id,
        version=version,
        revision=0,
        state=SummaryState.DRAFT,
    )
    session.add(draft)
    return draft


def _fill(session: Session, viewer: Member, draft: Summary, content: str, now: datetime) -> None:
    draft.content, draft.saved_at = content, now
    draft.revision += 1
    session.flush()
    record_of(session, viewer, Action.SUMMARY_WRITTEN, draft)
    session.flush()


def _supersede(session: Session, earlier: list[Summary]) -> None:
    for summary in earlier:
        summary.state = SummaryState.SUPERSEDED
    if earlier:
        supersede_documents(session, DocumentKind.SUMMARY, [summary.id for summary in earlier])
