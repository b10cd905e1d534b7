"""What is to happen when nobody of the practice looks at answers that press. All of it follows from the rows as they are.

Who may learn what: the therapist finds the answers; whoever covers, or else the owners, learn that something of this
therapist's waits, and neither what nor of whom (security requirement CPL-13). Nothing of it reaches either partner.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Select, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.accounts.models import Account, AccountRole
from portal.audit.rules import Action
from portal.audit.service import record
from portal.couples.models import Couple
from portal.diary.models import TimeOff, WeeklyHoursRow
from portal.notices.models import MessageKind, MessagePart
from portal.notices.registry import register_truth
from portal.notices.service import queue_message
from portal.people.models import Person
from portal.people.queries import persons_by_id
from portal.safety.models import SafetyNudge, SafetySitting
from portal.safety.rules import WORKING_WEEK, Told, nudge_due, urgency_of, who_is_told
from portal.safety.unread import Source, Unread, load_unread, register_source, unread_rows
from portal.security.viewer import JobFor, Role
from portal.zones import parse_zone


@dataclass(frozen=True, slots=True)
class Desk:
    """How a therapist works at present. `cover_id`: who covers while away."""

    person: Person
    working: frozenset[int]
    is_away: bool
    cover_id: UUID | None

    @property
    def zone(self) -> ZoneInfo:
        """Give the clock that days are read by."""
        return parse_zone(self.person.zone)


def nudge_about_unlooked(session: Session, now: datetime) -> int:
    """Owe the neutral mails that are due because answers lie unread; return how many were owed.

    One statement a source of answers where nothing is unread, else one for keys, three about the therapists and one for the
    owners, and some for each mail. Safe to repeat, also at the same time: the database keeps one row for a person, what was
    answered and a day.
    """
    unread = load_unread(session)
    if not unread:
        return 0
    desks = _desks(session, {one.therapist_id for one in unread}, now)
    owners = _owners(session)
    owed = 0
    for one in unread:
        owed += _nudge(session, one, desks[one.therapist_id], owners, now)
    session.flush()
    return owed


def _unread_rows() -> Select[UUID, UUID]:
    return select(SafetySitting.id, SafetySitting.couple_id).where(
        SafetySitting.answered_at.is_not(None), SafetySitting.acknowledged_at.is_(None)
    )


def _unread_sittings(session: Session) -> Sequence[Unread]:
    rows = session.execute(
        _unread_rows()
        .with_only_columns(SafetySitting, Couple.therapist_id)
        .join(Couple, Couple.id == SafetySitting.couple_id)
    )
    return [
        Unread(
            sitting.id, therapist_id, sitting.answered_at or sitting.created_at, urgency_of(sitting.answers)
        )
        for sitting, therapist_id in rows
    ]


def _desks(session: Session, therapist_ids: Collection[UUID], now: datetime) -> dict[UUID, Desk]:
    persons = persons_by_id(session, set(therapist_ids))
    hours = session.execute(
        select(WeeklyHoursRow.therapist_id, WeeklyHoursRow.weekday)
        .where(WeeklyHoursRow.therapist_id.in_(therapist_ids))
        .where(or_(WeeklyHoursRow.valid_until.is_(None), WeeklyHoursRow.valid_until >= now.date()))
        .distinct()
    ).all()
    away = dict(
        session.execute(
            select(TimeOff.therapist_id, TimeOff.cover_id)
            .where(TimeOff.therapist_id.in_(therapist_ids), TimeOff.starts_at <= now, TimeOff.ends_at > now)
            .order_by(TimeOff.cover_id.is_not(None))
        ).all()
    )
    return {
        one: Desk(
            persons[one],
            WORKING_WEEK | {weekday for therapist_id, weekday in hours if therapist_id == one},
            one in away,
            away.get(one),
        )
        for one in therapist_ids
    }


def _owners(session: Session) -> set[UUID]:
    """List who runs the practice."""
    owners = select(Account.person_id).join(AccountRole, AccountRole.account_id == Account.id)
    return set(session.scalars(owners.where(AccountRole.role == Role.OWNER, Account.is_disabled.is_(False))))


def _nudge(session: Session, unread: Unread, desk: Desk, owners: Collection[UUID], now: datetime) -> int:
    nudge = nudge_due(unread.urgency, unread.answered_at, now, desk.zone, desk.working)
    if nudge is None:
        return 0
    others = ({desk.cover_id} if desk.cover_id is not None else set(owners)) - {desk.person.id}
    told = who_is_told(nudge, is_away=desk.is_away, has_others=bool(others))
    owed = 0
    for person_id, link in _addressees(told, desk.person.id, others):
        made = SafetyNudge(id=uuid4(), about_id=unread.about_id, told_id=person_id, told_on=nudge.told_on)
        if _is_new(session, made, now):
            person = session.get_one(Person, person_id)
            queue_message(
                session, person, MessageKind.LOOK_NEEDED, {"link": link}, now=now, about=(unread.about_id, 0)
            )
            record(
                session,
                JobFor(unread.about_id),
                Action.SAFETY_NUDGED,
                kind=SafetyNudge.__tablename__,
                object_id=made.id,
            )
            owed += 1
    return owed


def _addressees(told: Told, therapist_id: UUID, others: Collection[UUID]) -> list[tuple[UUID, str]]:
    """Pair everybody who hears with the page that tells that person as much as is fit."""
    own = [(therapist_id, "/today")] if told.therapist else []
    return own + ([(one, "/unlooked") for one in sorted(others)] if told.others else [])


def _is_new(session: Session, made: SafetyNudge, now: datetime) -> bool:
    """Write the row, unless this person has heard of this today."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    written = session.execute(
        insert(SafetyNudge)
        .values(
            id=made.id,
            created_at=now,
            about_id=made.about_id,
            told_id=made.told_id,
            told_on=made.told_on,
        )
        .on_conflict_do_nothing(index_elements=["about_id", "told_id", "told_on"])
        .returning(SafetyNudge.id)
    )
    return written.scalar() is not None


def is_unlooked(session: Session, part: MessagePart, _now: datetime) -> bool:
    """Tell whether nobody has looked at the answers still that a mail is about."""
    unread = unread_rows().subquery()
    return session.scalar(select(unread.c.id).where(unread.c.id == part.about_id)) is not None


def register() -> None:
    """Let the answers be waited on, and the mails be asked, just before they leave, whether they are still true."""
    register_source(SafetySitting.__tablename__, Source(_unread_rows, _unread_sittings))
    register_truth(MessageKind.LOOK_NEEDED, is_unlooked)
