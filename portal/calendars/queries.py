"""Reading feeds and calendars elsewhere. Each read starts from the viewer's own; foreign and unknown are one (404)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from portal.accounts.models import Account, AccountRole
from portal.booking.models import Consultation
from portal.booking.rules import ConsultationStatus
from portal.calendars.models import (
    CalendarFeed,
    CalendarQuestion,
    FoundChange,
    OutsideCalendar,
    QuestionAnswer,
)
from portal.calendars.rules import HORIZON, LOOK_BACK
from portal.couples.models import Couple, Partner
from portal.couples.queries import CLOSED
from portal.diary.ics import Appointment, Status
from portal.diary.models import BusyInterval, OccupiedInterval, OccupiedKind
from portal.errors import NotFound
from portal.meetings.models import Meeting
from portal.people.models import Person
from portal.security.crypto import hashed_token
from portal.security.viewer import STAFF, Member, Role

LASTING = (OccupiedKind.CONSULTATION, OccupiedKind.MEETING, OccupiedKind.BLOCK)
COMING = (ConsultationStatus.REQUESTED, ConsultationStatus.CONFIRMED)
MOST_SHOWN = 2_000  # entries of a feed; a full diary of a year has under 2,000


@dataclass(frozen=True, slots=True)
class OpenFeed:
    """A feed whose address holds, and whose it is."""

    id: UUID
    person_id: UUID
    zone: str
    is_partner: bool
    is_therapist: bool
    last_used_at: datetime | None


def find_feed(session: Session, viewer: Member) -> CalendarFeed | None:
    """Find the feed that the viewer has at present. One statement."""
    own = select(CalendarFeed).where(
        CalendarFeed.person_id == viewer.person_id, CalendarFeed.revoked_at.is_(None)
    )
    return session.scalars(own.order_by(CalendarFeed.created_at.desc()).limit(1)).one_or_none()


def open_feed(session: Session, token: str) -> OpenFeed:
    """Find the feed of a secret address, in one statement that is the same whether there is one or not (NOT-04).

    Raises NotFound: never made, revoked, made anew, the account is closed, or the person has left the couple or it is over.
    """
    belongs = exists(
        select(Partner.id)
        .join(Couple, Couple.id == Partner.couple_id)
        .where(
            Partner.person_id == Account.person_id, Partner.left_at.is_(None), Couple.status.not_in(CLOSED)
        )
    )
    found = session.execute(
        select(CalendarFeed.id, Account.person_id, Person.zone, CalendarFeed.last_used_at, AccountRole.role)
        .join(Account, Account.person_id == CalendarFeed.person_id)
        .join(Person, Person.id == Account.person_id)
        .join(AccountRole, AccountRole.account_id == Account.id)
        .where(CalendarFeed.token_hash == hashed_token(token), CalendarFeed.revoked_at.is_(None))
        .where(Account.is_disabled.is_(False), Person.erased_at.is_(None))
        .where(or_(AccountRole.role.in_(STAFF), and_(AccountRole.role == Role.PARTNER, belongs)))
    ).all()
    if not found:
        raise NotFound("feed")
    feed_id, person_id, zone, last_used_at, _role = found[0]
    roles = {row.role for row in found}
    return OpenFeed(feed_id, person_id, zone, Role.PARTNER in roles, Role.THERAPIST in roles, last_used_at)


def appointments_of(session: Session, feed: OpenFeed, now: datetime) -> list[Appointment]:
    """List what a feed shows, a month back and 400 days ahead, without a name and without a place.

    Partners: sessions of both, never one person's own, and their own coming consultation; two statements. Therapists: the
    own diary; others who work here: the practice's; one statement.
    """
    since, until = now - LOOK_BACK, now + HORIZON
    if feed.is_partner:
        return [*_meetings(session, feed, since, until), *_consultations(session, feed, now, until)]
    rows = session.scalars(
        select(OccupiedInterval)
        .where(is_lasting(), OccupiedInterval.ends_at > since, OccupiedInterval.starts_at < until)
        .where(
            OccupiedInterval.therapist_id == feed.person_id
            if feed.is_therapist
            else OccupiedInterval.id.is_not(None)
        )
        .order_by(OccupiedInterval.starts_at, OccupiedInterval.id)
        .limit(MOST_SHOWN)
    )
    return [Appointment(str(row.id), row.revision, *bare_times(row)) for row in rows]


def is_lasting() -> ColumnElement[bool]:
    """Hold for what stays in the diary, as opposed to times that are kept for a few minutes."""
    return and_(
        OccupiedInterval.kind.in_(LASTING),
        OccupiedInterval.is_released.is_(False),
        OccupiedInterval.expires_at.is_(None),
    )


def bare_times(row: OccupiedInterval) -> tuple[datetime, datetime]:
    """Give the times of an entry without the room around it."""
    return (
        row.starts_at + timedelta(minutes=row.buffer_before_minutes),
        row.ends_at - timedelta(minutes=row.buffer_after_minutes),
    )


def _meetings(session: Session, feed: OpenFeed, since: datetime, until: datetime) -> list[Appointment]:
    own = (
        select(Partner.couple_id)
        .join(Couple, Couple.id == Partner.couple_id)
        .where(Partner.person_id == feed.person_id, Partner.left_at.is_(None), Couple.status.not_in(CLOSED))
    )
    rows = session.execute(
        select(Meeting.id, Meeting.starts_at, Meeting.ends_at)
        .where(Meeting.couple_id.in_(own), Meeting.with_person_id.is_(None))
        .where(Meeting.ends_at > since, Meeting.starts_at < until)
        .order_by(Meeting.starts_at, Meeting.id)
        .limit(MOST_SHOWN)
    )
    return [Appointment(str(row.id), 0, row.starts_at, row.ends_at) for row in rows]


def _consultations(session: Session, feed: OpenFeed, now: datetime, until: datetime) -> list[Appointment]:
    """The same UID as in the file of the mail, so that a calendar that has both shows one."""
    rows = session.execute(
        select(
            Consultation.id, Consultation.calendar_sequence, Consultation.starts_at, Consultation.ends_at,
            Consultation.status,
        )
        .where(or_(Consultation.person_id == feed.person_id, Consultation.guest_id == feed.person_id))
        .where(Consultation.status.in_(COMING), Consultation.ends_at > now, Consultation.starts_at < until)
        .order_by(Consultation.starts_at, Consultation.id)
        .limit(MOST_SHOWN)
    )  # fmt: skip
    return [
        Appointment(str(row.id), row.calendar_sequence, row.starts_at, row.ends_at, _status(row.status))
        for row in rows
    ]


def _status(status: ConsultationStatus) -> Status:
    return "TENTATIVE" if status is ConsultationStatus.REQUESTED else "CONFIRMED"


def list_outside(session: Session, viewer: Member) -> list[OutsideCalendar]:
    """List the calendars elsewhere that a therapist has connected. One statement."""
    return list(
        session.scalars(_own_outside(viewer).order_by(OutsideCalendar.created_at, OutsideCalendar.id))
    )


def get_outside(session: Session, viewer: Member, calendar_id: UUID) -> OutsideCalendar:
    """Load one of the viewer's own connected calendars. One statement. Raises NotFound."""
    found = session.scalar(_own_outside(viewer).where(OutsideCalendar.id == calendar_id))
    if found is None:
        raise NotFound(str(calendar_id))
    return found


def _own_outside(viewer: Member) -> Select[OutsideCalendar]:
    return select(OutsideCalendar).where(OutsideCalendar.therapist_id == viewer.person_id)


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A change found elsewhere that waits for the therapist's word. Times are without the room around them."""

    id: UUID
    calendar_name: str
    change: FoundChange
    kind: OccupiedKind
    code: str
    starts_at: datetime
    ends_at: datetime
    found_starts_at: datetime | None
    found_ends_at: datetime | None
    occupied_id: UUID
    consultation_id: UUID | None


def open_questions(session: Session, viewer: Member, now: datetime) -> list[OpenQuestion]:
    """List what was changed elsewhere and still concerns a time to come, the next first. One statement."""
    rows = session.execute(
        select(CalendarQuestion, OutsideCalendar.name, OccupiedInterval, Consultation.id)
        .join(OutsideCalendar, OutsideCalendar.id == CalendarQuestion.calendar_id)
        .join(OccupiedInterval, OccupiedInterval.id == CalendarQuestion.occupied_id)
        .outerjoin(Consultation, Consultation.occupied_id == OccupiedInterval.id)
        .where(CalendarQuestion.therapist_id == viewer.person_id, CalendarQuestion.answered_at.is_(None))
        .where(is_lasting(), OccupiedInterval.ends_at > now)
        .order_by(OccupiedInterval.starts_at, CalendarQuestion.id)
    )
    return [
        OpenQuestion(
            question.id, name, question.change, occupied.kind, occupied.code, *bare_times(occupied),
            question.found_starts_at, question.found_ends_at, occupied.id, consultation_id,
        )
        for question, name, occupied, consultation_id in rows
    ]  # fmt: skip


def number_of_open_questions(viewer: Member, now: datetime) -> ScalarSelect[int]:
    """Count them within another statement: the navigation of every page shows their number."""
    return (
        select(func.count())
        .select_from(CalendarQuestion)
        .join(OccupiedInterval, OccupiedInterval.id == CalendarQuestion.occupied_id)
        .where(CalendarQuestion.therapist_id == viewer.person_id, CalendarQuestion.answered_at.is_(None))
        .where(is_lasting(), OccupiedInterval.ends_at > now)
        .scalar_subquery()
    )


def get_question(session: Session, viewer: Member, question_id: UUID) -> CalendarQuestion:
    """Load one of the viewer's own questions, answered or not. One statement. Raises NotFound."""
    found = session.scalar(
        select(CalendarQuestion)
        .where(CalendarQuestion.id == question_id, CalendarQuestion.therapist_id == viewer.person_id)
        .where(CalendarQuestion.change != FoundChange.OVERLAPPED)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(str(question_id))
    return found


@dataclass(frozen=True, slots=True)
class Conflict:
    """An appointment at whose time another calendar of the therapist is busy, too."""

    occupied_id: UUID
    calendar_id: UUID
    calendar_name: str
    kind: OccupiedKind
    code: str
    starts_at: datetime
    ends_at: datetime
    busy_starts_at: datetime
    busy_ends_at: datetime
    consultation_id: UUID | None


def conflicts_of(session: Session, viewer: Member, now: datetime) -> list[Conflict]:
    """List appointments to come that overlap a busy time read elsewhere, unless the therapist said that both may stay.

    One statement; the next first, at most a hundred.
    """
    is_accepted = exists(
        select(CalendarQuestion.id).where(
            CalendarQuestion.occupied_id == OccupiedInterval.id,
            CalendarQuestion.calendar_id == BusyInterval.calendar_id,
            CalendarQuestion.change == FoundChange.OVERLAPPED,
            CalendarQuestion.answer == QuestionAnswer.KEPT,
            CalendarQuestion.found_starts_at <= BusyInterval.starts_at,
            CalendarQuestion.found_ends_at >= BusyInterval.ends_at,
        )
    )
    rows = session.execute(
        select(OccupiedInterval, BusyInterval, OutsideCalendar.name, Consultation.id)
        .join(
            BusyInterval,
            and_(
                BusyInterval.therapist_id == OccupiedInterval.therapist_id,
                BusyInterval.starts_at < OccupiedInterval.ends_at,
                BusyInterval.ends_at > OccupiedInterval.starts_at,
            ),
        )
        .join(OutsideCalendar, OutsideCalendar.id == BusyInterval.calendar_id)
        .outerjoin(Consultation, Consultation.occupied_id == OccupiedInterval.id)
        .where(OccupiedInterval.therapist_id == viewer.person_id, is_lasting())
        .where(OccupiedInterval.kind != OccupiedKind.BLOCK, OccupiedInterval.ends_at > now, ~is_accepted)
        .order_by(OccupiedInterval.starts_at, BusyInterval.starts_at)
        .limit(100)
    )
    found = [
        Conflict(
            occupied.id, busy.calendar_id, name, occupied.kind, occupied.code, *bare_times(occupied), busy.starts_at,
            busy.ends_at, consultation_id,
        )
        for occupied, busy, name, consultation_id in rows
    ]  # fmt: skip
    return [one for one in found if one.busy_starts_at < one.ends_at and one.busy_ends_at > one.starts_at]
