"""Reading meetings, notes and summaries. Every read starts from what the viewer may see, as of now.

Meetings and notes are for the couple's own therapist. Partners reach a meeting only through a released summary.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, joinedload

from portal.couples.models import Couple, Partner
from portal.couples.queries import is_of_own_couple, is_treated
from portal.documents.models import Document, DocumentKind, DocumentState
from portal.errors import NotFound
from portal.meetings.models import Meeting, Note, Summary, SummaryState
from portal.security.viewer import Member, Viewer

SHOWN = (SummaryState.RELEASED, SummaryState.SUPERSEDED)


def is_reader(viewer: Member) -> ColumnElement[bool]:
    """Hold for summaries that were released to this partner, who still belongs to the couple, which is still open.

    Leaving, separating and archiving count from the next request on (CPL-09). A superseded version is known, so that
    an old link can say what became of it; its words are not shown.
    """
    for_reader = select(Meeting.id).where(
        or_(Meeting.with_person_id.is_(None), Meeting.with_person_id == viewer.person_id)
    )
    return and_(
        Summary.state.in_(SHOWN),
        is_of_own_couple(Summary.couple_id, viewer),
        Summary.meeting_id.in_(for_reader),
    )


def visible_to(viewer: Viewer) -> Select[Meeting]:
    """Start a read of meetings: those of the therapist's own couples, nobody else's."""
    is_visible = is_treated(Meeting.couple_id, viewer) if isinstance(viewer, Member) else false()
    return select(Meeting).where(is_visible)


def summaries_visible_to(viewer: Viewer) -> Select[Summary]:
    """Start a read of summaries: the therapist's own couples', or those that a partner has received."""
    if not isinstance(viewer, Member):
        return select(Summary).where(false())
    return select(Summary).where(or_(is_treated(Summary.couple_id, viewer), is_reader(viewer)))


def get_meeting(session: Session, viewer: Viewer, meeting_id: UUID) -> Meeting:
    """Load a meeting with couple, both persons and who came. One statement. Raises NotFound."""
    found = (
        session.scalars(_with_company(visible_to(viewer)).where(Meeting.id == meeting_id))
        .unique()
        .one_or_none()
    )
    if found is None:
        raise NotFound(str(meeting_id))
    return found


def lock_meeting(session: Session, viewer: Viewer, meeting_id: UUID) -> Meeting:
    """Load a meeting for a change of one of its records; changes of one meeting's records queue here.

    Raises NotFound. One statement.
    """
    found = session.scalar(visible_to(viewer).where(Meeting.id == meeting_id).with_for_update(of=Meeting))
    if found is None:
        raise NotFound(str(meeting_id))
    return found


@dataclass(frozen=True, slots=True)
class MeetingLine:
    """One meeting in a list. `summary_state`: that of the newest version, None if there is none."""

    id: UUID
    number: int
    starts_at: datetime
    zone: str
    with_person_id: UUID | None
    is_signed: bool
    summary_state: SummaryState | None


def meetings_of(session: Session, viewer: Viewer, couple_id: UUID) -> list[MeetingLine]:
    """List a couple's meetings, the latest first, with the state of their records. One statement, nothing clinical."""
    newest = (
        select(Summary.meeting_id, func.max(Summary.version).label("version"))
        .group_by(Summary.meeting_id)
        .subquery()
    )
    found = session.execute(
        visible_to(viewer)
        .with_only_columns(
            Meeting.id, Meeting.number, Meeting.starts_at, Meeting.zone, Meeting.with_person_id,
            Note.signed_at.is_not(None), Summary.state,
        )
        .outerjoin(Note, Note.meeting_id == Meeting.id)
        .outerjoin(newest, newest.c.meeting_id == Meeting.id)
        .outerjoin(Summary, and_(Summary.meeting_id == Meeting.id, Summary.version == newest.c.version))
        .where(Meeting.couple_id == couple_id)
        .order_by(Meeting.starts_at.desc(), Meeting.id)
    )  # fmt: skip
    return [MeetingLine(*row) for row in found]


def find_note(session: Session, viewer: Viewer, meeting_id: UUID) -> Note | None:
    """Find the note about a meeting, as it stands now. One statement."""
    return session.scalar(
        select(Note)
        .where(
            Note.meeting_id.in_(visible_to(viewer).with_only_columns(Meeting.id)),
            Note.meeting_id == meeting_id,
        )
        .execution_options(populate_existing=True)
    )


@dataclass(frozen=True, slots=True)
class Records:
    """What there is about one meeting: the newest version of its summary, and the PDF of the newest released one."""

    note: Note | None
    summary: Summary | None
    document: Document | None


def records_of(session: Session, viewer: Viewer, meeting_id: UUID) -> Records:
    """Tell how far the records of a meeting are. One statement."""
    found = session.execute(
        visible_to(viewer)
        .with_only_columns(Note, Summary, Document)
        .select_from(Meeting)
        .outerjoin(Note, Note.meeting_id == Meeting.id)
        .outerjoin(Summary, Summary.meeting_id == Meeting.id)
        .outerjoin(Document, _is_document_of_summary())
        .where(Meeting.id == meeting_id)
        .order_by(Summary.version.desc())
        .execution_options(populate_existing=True)
    ).all()
    if not found:
        raise NotFound(str(meeting_id))
    return Records(
        found[0][0], found[0][1], next((document for _note, _summary, document in found if document), None)
    )


def _is_document_of_summary() -> ColumnElement[bool]:
    return and_(
        Document.kind == DocumentKind.SUMMARY,
        Document.subject_id == Summary.id,
        Document.revision == Summary.revision,
    )


def summaries_about(session: Session, viewer: Viewer, meeting_id: UUID) -> list[Summary]:
    """List all versions of one meeting's summary that the viewer may see, the newest first. One statement."""
    return list(
        session.scalars(
            summaries_visible_to(viewer)
            .where(Summary.meeting_id == meeting_id)
            .order_by(Summary.version.desc())
            .execution_options(populate_existing=True)
        )
    )


def newest_summary_id(session: Session, viewer: Viewer, meeting_id: UUID) -> UUID:
    """Name the newest version that the viewer may see of a meeting's summary. One statement. Raises NotFound."""
    versions = (
        summaries_visible_to(viewer).with_only_columns(Summary.id).where(Summary.meeting_id == meeting_id)
    )
    found = session.scalar(versions.order_by(Summary.version.desc()).limit(1))
    if found is None:
        raise NotFound(str(meeting_id))
    return found


def get_summary(session: Session, viewer: Viewer, summary_id: UUID) -> tuple[Summary, Document | None]:
    """Load one version with its meeting, couple, persons and who came, and its PDF. One statement. Raises NotFound."""
    summaries = with_meeting(summaries_visible_to(viewer)).where(Summary.id == summary_id)
    found = session.execute(
        summaries.add_columns(Document).outerjoin(Document, _is_document_of_summary())
    ).unique().one_or_none()  # fmt: skip
    if found is None:
        raise NotFound(str(summary_id))
    return found[0], found[1]


def with_meeting(summaries: Select[Summary]) -> Select[Summary]:
    """Load what a summary is shown with along with it."""
    company = joinedload(Summary.meeting)
    couple = company.joinedload(Meeting.couple).joinedload(Couple.partners).joinedload(Partner.person)
    return summaries.options(company.joinedload(Meeting.attendances), couple).execution_options(
        populate_existing=True
    )


def _with_company(meetings: Select[Meeting]) -> Select[Meeting]:
    couple = joinedload(Meeting.couple).joinedload(Couple.partners).joinedload(Partner.person)
    company = meetings.options(joinedload(Meeting.attendances), couple)
    return company.execution_options(populate_existing=True)


@dataclass(frozen=True, slots=True)
class Received:
    """A summary in its reader's list. `document_state` is None where no PDF was asked for."""

    summary_id: UUID
    meeting_starts_at: datetime
    zone: str
    is_for_both: bool
    version: int
    document_id: UUID | None
    document_state: DocumentState | None


def summaries_for_reader(session: Session, viewer: Member) -> list[Received]:
    """List what a partner has received, the latest session first, with how far each PDF is. One statement."""
    found = session.execute(
        select(
            Summary.id, Meeting.starts_at, Meeting.zone, Meeting.with_person_id.is_(None), Summary.version,
            Document.id, Document.state,
        )
        .join(Meeting, Meeting.id == Summary.meeting_id)
        .outerjoin(Document, _is_document_of_summary())
        .where(is_reader(viewer), Summary.state == SummaryState.RELEASED)
        .order_by(Meeting.starts_at.desc(), Summary.id)
    )  # fmt: skip
    return [Received(*row) for row in found]


class WaitingKind(StrEnum):
    """Why a meeting waits for its therapist, the most pressing first."""

    FAILED_DOCUMENT = "failed_document"  # released, and its PDF could not be made
    SUMMARY = "summary"  # written, not released
    NOTE = "note"  # not signed


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing about a meeting that waits for its therapist. `since`: when the meeting was."""

    kind: WaitingKind
    meeting_id: UUID
    couple_number: int
    since: datetime


def list_waiting(session: Session, viewer: Member) -> list[Waiting]:
    """List what waits for a therapist: PDFs that failed, then drafts, then notes; the oldest meetings first. One statement."""
    failed = (
        _waiting(viewer, WaitingKind.FAILED_DOCUMENT)
        .join(Summary, Summary.meeting_id == Meeting.id)
        .join(Document, _is_document_of_summary())
        .where(Summary.state == SummaryState.RELEASED, Document.state == DocumentState.FAILED)
    )
    drafts = (
        _waiting(viewer, WaitingKind.SUMMARY)
        .join(Summary, Summary.meeting_id == Meeting.id)
        .where(Summary.state == SummaryState.DRAFT)
    )
    unsigned = (
        _waiting(viewer, WaitingKind.NOTE)
        .outerjoin(Note, Note.meeting_id == Meeting.id)
        .where(Note.signed_at.is_(None))
    )
    rows = session.execute(union_all(failed, drafts, unsigned).order_by("rank", "since", "meeting_id"))
    kinds = tuple(WaitingKind)
    return [Waiting(kinds[rank], meeting_id, number, since) for rank, meeting_id, number, since in rows]


def _waiting(viewer: Member, kind: WaitingKind) -> Select[int, UUID, int, datetime]:
    rank = literal(tuple(WaitingKind).index(kind)).label("rank")
    return (
        select(rank, Meeting.id.label("meeting_id"), Couple.number, Meeting.starts_at.label("since"))
        .join(Couple, Couple.id == Meeting.couple_id)
        .where(is_treated(Meeting.couple_id, viewer))
    )
