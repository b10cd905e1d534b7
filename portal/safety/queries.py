"""Reading what was asked and answered alone. A partner's reads name times only and never the sealed column."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from portal.couples.models import Couple, Partner
from portal.couples.queries import visible_to
from portal.errors import NotFound
from portal.safety.models import SafetySitting
from portal.safety.questions import MINUTES
from portal.safety.rules import Answers, Urgency, due_on, urgency_of
from portal.security.viewer import Member
from portal.zones import parse_zone, to_local


@dataclass(frozen=True, slots=True)
class OwnSitting:
    """What a partner's own pages know: that one was asked, and whether that is done for now. `minutes`: for everybody."""

    asked_at: datetime
    is_done: bool
    minutes: int = MINUTES


@dataclass(frozen=True, slots=True)
class ToAcknowledge:
    """One thing for the therapist alone: somebody answered. Which of the two is said only where the answers are (`endpoint`)."""

    sitting_id: UUID
    couple_id: UUID
    couple_number: int
    answered_at: datetime
    urgency: Urgency
    due_on: date | None
    is_overdue: bool
    is_read: bool
    endpoint: str = "safety.individual"


@dataclass(frozen=True, slots=True)
class Answered:
    """One person's answers as the therapist reads them."""

    sitting: SafetySitting
    answers: Answers
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class PersonsAnswers:
    """Everything one person of a couple answered, the newest first."""

    partner: Partner
    is_open: bool
    answered: tuple[Answered, ...]


def is_own(viewer: Member) -> ColumnElement[bool]:
    """Hold for a partner's own sittings while the person belongs to the couple; nobody else's are ever among them."""
    couples = visible_to(viewer).with_only_columns(Couple.id)
    is_partner = viewer.is_partner and not viewer.is_limited
    return (SafetySitting.person_id == viewer.person_id) & SafetySitting.couple_id.in_(couples) & is_partner


def is_treated(viewer: Member) -> ColumnElement[bool]:
    """Hold for sittings of couples whom this therapist treats. Raises NotFound for everybody else."""
    if not viewer.is_therapist or viewer.is_limited:
        raise NotFound("sitting")
    return SafetySitting.couple_id.in_(visible_to(viewer).with_only_columns(Couple.id))


def own_sitting(session: Session, viewer: Member) -> OwnSitting | None:
    """Say whether this partner has been asked, and whether it is done for now. One statement, without any answer."""
    found = session.execute(
        select(SafetySitting.asked_at, SafetySitting.answered_at.is_not(None))
        .where(is_own(viewer))
        .order_by(SafetySitting.created_at.desc(), SafetySitting.id)
        .limit(1)
    ).one_or_none()
    return None if found is None else OwnSitting(*found)


def last_asked_at(session: Session, viewer: Member, couple_id: UUID) -> datetime | None:
    """Say when the therapist last asked both. One statement. Raises NotFound for everybody but a therapist."""
    return session.scalar(
        select(func.max(SafetySitting.asked_at)).where(
            is_treated(viewer), SafetySitting.couple_id == couple_id
        )
    )


def is_waiting(viewer: Member) -> ColumnElement[bool]:
    """Hold for what one's clients answered and one may not have settled yet. Raises NotFound for everybody but a therapist.

    Each answered sitting is there until it is read, so that being there says nothing; one with a reason to speak stays until
    that has happened, which `in_order` looks at.
    """
    return and_(
        is_treated(viewer),
        SafetySitting.answered_at.is_not(None),
        or_(SafetySitting.acknowledged_at.is_(None), SafetySitting.contacted_at.is_(None)),
    )


def in_order(things: Iterable[ToAcknowledge]) -> list[ToAcknowledge]:
    """Leave out what is settled, and put the most urgent first."""
    waiting = [one for one in things if not one.is_read or one.urgency is not Urgency.READ]
    return sorted(waiting, key=lambda one: (list(Urgency).index(one.urgency), one.answered_at))


def thing_of(sitting: SafetySitting, couple_number: int, zone: str, now: datetime) -> ToAcknowledge:
    """Put one answered sitting on the therapist's list; of the answers only the urgency leaves this function.

    `zone`: the therapist's, for the days.
    """
    answered_at = sitting.answered_at or sitting.created_at
    urgency, place = urgency_of(sitting.answers), parse_zone(zone)
    due = due_on(urgency, to_local(answered_at, place).date())
    return ToAcknowledge(
        sitting_id=sitting.id,
        couple_id=sitting.couple_id,
        couple_number=couple_number,
        answered_at=answered_at,
        urgency=urgency,
        due_on=due,
        is_overdue=due is not None and to_local(now, place).date() > due,
        is_read=sitting.acknowledged_at is not None,
    )


def answers_of(session: Session, viewer: Member, couple: Couple) -> list[PersonsAnswers]:
    """Load everything both persons answered, for the page that only their therapist opens, in the order of their sides.

    One statement, and one for the keys. `couple` comes with its partners loaded. Raises NotFound for everybody else.
    """
    found = session.scalars(
        select(SafetySitting)
        .where(is_treated(viewer), SafetySitting.couple_id == couple.id)
        .order_by(SafetySitting.answered_at.desc(), SafetySitting.id)
    ).all()
    return [
        PersonsAnswers(
            partner,
            is_open=any(one.answered_at is None for one in found if one.person_id == partner.person_id),
            answered=tuple(
                Answered(one, one.answers, urgency_of(one.answers))
                for one in found
                if one.person_id == partner.person_id and one.answered_at is not None
            ),
        )
        for partner in couple.partners
    ]


def get_answered(session: Session, viewer: Member, couple_id: UUID, sitting_id: UUID) -> SafetySitting:
    """Load one answered sitting of a client, to settle it. One statement. Raises NotFound."""
    found = session.scalar(
        select(SafetySitting)
        .where(is_treated(viewer), SafetySitting.couple_id == couple_id, SafetySitting.id == sitting_id)
        .where(SafetySitting.answered_at.is_not(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(str(sitting_id))
    return found


def lock_newest(session: Session, viewer: Member) -> SafetySitting:
    """Load one's own newest sitting, to answer it. One statement. Raises NotFound for whoever was never asked."""
    found = session.scalar(
        select(SafetySitting)
        .where(is_own(viewer))
        .order_by(SafetySitting.created_at.desc(), SafetySitting.id)
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("sitting")
    return found


def open_sittings(session: Session, viewer: Member, couple_id: UUID) -> set[UUID]:
    """List which persons of a client couple have still to answer. One statement."""
    return set(
        session.scalars(
            select(SafetySitting.person_id).where(
                is_treated(viewer), SafetySitting.couple_id == couple_id, SafetySitting.answered_at.is_(None)
            )
        )
    )
