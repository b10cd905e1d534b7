"""Reading what was asked and answered alone. A partner's reads name times only and never the sealed column."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select, true
from sqlalchemy.orm import Session, aliased, joinedload

from portal.couples.models import Couple, Partner
from portal.couples.queries import visible_to
from portal.errors import NotFound
from portal.homework.queries import FROZEN
from portal.people.models import Person, SafeContact
from portal.people.queries import cards_of
from portal.practice.models import Practice, Therapist
from portal.safety.models import SafetyNudge, SafetyRound, SafetySitting
from portal.safety.questions import MINUTES
from portal.safety.rules import Answers, Contact, Urgency, due_on, late_at, next_round_at, urgency_of
from portal.safety.unread import unread_rows
from portal.security.viewer import JobFor, Member
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
    is_unlooked: bool = False  # the set time has passed, and nobody has read it


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


@dataclass(frozen=True, slots=True)
class OwnTiles:
    """What stands on a partner's own home: the individual questions, and whether the day of the own card has come."""

    about_you: OwnSitting | None
    asks_of_card: bool


def own_tiles(session: Session, viewer: Member, today: date) -> OwnTiles:
    """Say what a partner's own home asks, alike for everybody. `today`: the person's. One statement, nothing sealed."""
    newest = (
        select(SafetySitting.asked_at, SafetySitting.answered_at)
        .where(is_own(viewer))
        .order_by(SafetySitting.created_at.desc(), SafetySitting.id)
        .limit(1)
        .subquery()
    )
    ask_again_on = select(SafeContact.ask_again_on).where(SafeContact.person_id == viewer.person_id)
    asked_at, answered_at, day = session.execute(
        select(newest.c.asked_at, newest.c.answered_at, ask_again_on.scalar_subquery())
        .select_from(select(literal(1)).subquery())
        .outerjoin(newest, true())
    ).one()
    about_you = OwnSitting(asked_at, answered_at is not None) if asked_at is not None else None
    return OwnTiles(about_you, day is not None and day <= today)


@dataclass(frozen=True, slots=True)
class Asking:
    """When both of a couple were last asked, and when they will be by themselves; None: never yet, or not any more."""

    last_at: datetime | None = None
    next_at: datetime | None = None


def asking_of(session: Session, viewer: Member, couple: Couple, zone: str) -> Asking:
    """Say when both were and will be asked. `zone`: the therapist's. One statement. Raises NotFound for everybody else.

    `couple` comes with its partners loaded.
    """
    if not viewer.is_therapist or viewer.is_limited or couple.therapist_id != viewer.person_id:
        raise NotFound("round")
    last_at, weeks = session.execute(
        select(
            select(func.max(SafetyRound.asked_at))
            .where(SafetyRound.couple_id == couple.id)
            .scalar_subquery(),
            select(Practice.individual_weeks).limit(1).scalar_subquery(),
        )
    ).one()
    is_over = couple.status in FROZEN or any(one.left_at is not None for one in couple.partners)
    if last_at is None or weeks is None or is_over:
        return Asking(last_at)
    return Asking(last_at, next_round_at(last_at, weeks, parse_zone(zone)))


@dataclass(frozen=True, slots=True)
class LastRound:
    """The newest asking of a couple, and by whose clock it comes again."""

    round_id: UUID
    couple_id: UUID
    asked_at: datetime
    zone: str


def rounds_to_repeat(session: Session, weeks: int, now: datetime) -> list[LastRound]:
    """List the newest askings that are to be repeated by now; couples that are paused, closed or left are not among them.

    One statement, answers are not read.
    """
    newer = aliased(SafetyRound)
    is_newest = ~exists().where(
        newer.couple_id == SafetyRound.couple_id, newer.asked_at > SafetyRound.asked_at
    )
    has_left = exists().where(Partner.couple_id == Couple.id, Partner.left_at.is_not(None))
    rows = session.execute(
        select(SafetyRound.id, SafetyRound.couple_id, SafetyRound.asked_at, Person.zone)
        .join(Couple, Couple.id == SafetyRound.couple_id)
        .join(Person, Person.id == Couple.therapist_id)
        .where(SafetyRound.asked_at <= now - timedelta(weeks=weeks) + timedelta(days=1))
        .where(is_newest, Couple.status.not_in(FROZEN), ~has_left)
        .order_by(SafetyRound.asked_at, SafetyRound.id)
    )
    found = [LastRound(*row) for row in rows]
    return [one for one in found if next_round_at(one.asked_at, weeks, parse_zone(one.zone)) <= now]


def lock_to_ask(session: Session, viewer: JobFor) -> Couple:
    """Load the couple whom a job asks again, with both persons, and let other askings wait. Two statements.

    Raises NotFound.
    """
    found = select(Couple).where(Couple.id == viewer.subject_id)
    couple = session.scalar(found.with_for_update().execution_options(populate_existing=True))
    if couple is None:
        raise NotFound(str(viewer.subject_id))
    partners = joinedload(Couple.partners).joinedload(Partner.person)
    whole = found.options(partners).execution_options(populate_existing=True)
    return session.scalars(whole).unique().one()


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


def waiting_of(
    session: Session, viewer: Member, couple: Couple, zone: str, now: datetime
) -> list[ToAcknowledge]:
    """List what waits of one couple, the most urgent first, for its therapist. One statement, and one for keys."""
    found = session.scalars(
        select(SafetySitting).where(is_waiting(viewer), SafetySitting.couple_id == couple.id)
    )
    return in_order(thing_of(one, couple.number, zone, now) for one in found)


def in_order(things: Iterable[ToAcknowledge]) -> list[ToAcknowledge]:
    """Leave out what is settled, and put the most urgent first."""
    waiting = [one for one in things if not one.is_read or one.urgency is not Urgency.READ]
    return sorted(
        waiting, key=lambda one: (not one.is_unlooked, list(Urgency).index(one.urgency), one.answered_at)
    )


def thing_of(sitting: SafetySitting, couple_number: int, zone: str, now: datetime) -> ToAcknowledge:
    """Put one answered sitting on the therapist's list; of the answers only the urgency leaves this function.

    `zone`: the therapist's, for the days.
    """
    answered_at = sitting.answered_at or sitting.created_at
    urgency, place = urgency_of(sitting.answers), parse_zone(zone)
    due, late = due_on(urgency, to_local(answered_at, place).date()), late_at(urgency, answered_at, place)
    is_read = sitting.acknowledged_at is not None
    return ToAcknowledge(
        sitting_id=sitting.id,
        couple_id=sitting.couple_id,
        couple_number=couple_number,
        answered_at=answered_at,
        urgency=urgency,
        due_on=due,
        is_overdue=due is not None and to_local(now, place).date() > due,
        is_read=is_read,
        is_unlooked=late is not None and now >= late and not is_read,
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


def still_to_answer(session: Session, couple: Couple) -> set[UUID]:
    """List which persons of a couple that the caller was given have still to answer. One statement."""
    unanswered = select(SafetySitting.person_id).where(SafetySitting.answered_at.is_(None))
    return set(session.scalars(unanswered.where(SafetySitting.couple_id == couple.id)))


@dataclass(frozen=True, slots=True)
class Unlooked:
    """A therapist who has something that was not looked at in time. Not what, and not of whom. None: has no public name."""

    therapist_name: str | None
    since: date


def unlooked_told_to(session: Session, viewer: Member) -> list[Unlooked]:
    """List of which therapists this person was told that something waits, and does still; one line each.

    One statement: of answers nothing is read, of couples nothing is said.
    """
    if not viewer.is_staff or viewer.is_limited:
        raise NotFound("nudge")
    unread = unread_rows().subquery()
    rows = session.execute(
        select(Therapist.display_name, func.min(SafetyNudge.told_on, type_=SafetyNudge.told_on.type))
        .select_from(SafetyNudge)
        .join(unread, unread.c.id == SafetyNudge.about_id)
        .join(Couple, Couple.id == unread.c.couple_id)
        .outerjoin(Therapist, Therapist.person_id == Couple.therapist_id)
        .where(SafetyNudge.told_id == viewer.person_id, Couple.therapist_id != viewer.person_id)
        .group_by(Couple.therapist_id, Therapist.display_name)
        .order_by(Therapist.display_name, Couple.therapist_id)
    )
    return [Unlooked(name, since) for name, since in rows]


@dataclass(frozen=True, slots=True)
class ReadCard:
    """One client's card as the therapist reads it, and what the person last said about contact when asked alone."""

    partner: Partner
    row: SafeContact | None
    sitting: SafetySitting | None
    said: Contact | None


def card_read_by(session: Session, viewer: Member, couple: Couple, person_id: UUID) -> ReadCard:
    """Load how one person of a couple that this therapist treats wants to be reached.

    Two statements, and two for keys. `couple` comes with its partners loaded. Raises NotFound for everybody else.
    """
    partner = next((one for one in couple.partners if one.person_id == person_id), None)
    if partner is None or couple.therapist_id != viewer.person_id:
        raise NotFound(str(person_id))
    sitting = session.scalar(
        select(SafetySitting)
        .where(is_treated(viewer), SafetySitting.couple_id == couple.id, SafetySitting.person_id == person_id)
        .where(SafetySitting.answered_at.is_not(None))
        .order_by(SafetySitting.answered_at.desc(), SafetySitting.id)
        .limit(1)
    )
    row = cards_of(session, [person_id]).get(person_id)
    return ReadCard(partner, row, sitting, sitting.answers.contact if sitting is not None else None)


def cards_changed_at(session: Session, viewer: Member, couple: Couple) -> dict[UUID, datetime]:
    """Say when the two of a couple that this therapist treats last confirmed their cards. One statement, nothing sealed."""
    if couple.therapist_id != viewer.person_id:
        raise NotFound(str(couple.id))
    persons = [one.person_id for one in couple.partners]
    changed = select(SafeContact.person_id, SafeContact.changed_at)
    return dict(session.execute(changed.where(SafeContact.person_id.in_(persons))).all())
