"""The sweeper's part: asking again what is due, exactly once for each due day, and one neutral notice some days later.

Nothing of it is ever shown to a partner but the task itself. An inbox that both read gets no notice that concerns one alone.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.couples.models import Couple, CoupleStatus, Partner
from portal.couples.queries import CLOSED
from portal.homework.models import Assignment
from portal.homework.queries import FROZEN
from portal.homework.rules import AlreadyAsked, Standing, Step
from portal.homework.service import give, is_overheard
from portal.measures.catalogue import task_for
from portal.measures.models import MeasureOccasion, MeasureSchedule
from portal.measures.queries import current_wordings, get_key, lock_couple_of
from portal.measures.rules import REMINDED_AFTER, Outcome
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.security.viewer import JobFor
from portal.zones import parse_zone, to_local

FURTHEST_EAST = timedelta(hours=14)  # somewhere it may be tomorrow already
MOST_AT_ONCE = 50


def due_schedules(session: Session, now: datetime) -> list[UUID]:
    """List rhythms with a day that has come somewhere on earth, the longest due first. One statement."""
    found = session.scalars(
        select(MeasureSchedule.id)
        .where(MeasureSchedule.next_on <= (now + FURTHEST_EAST).date(), MeasureSchedule.ended_at.is_(None))
        .order_by(MeasureSchedule.next_on, MeasureSchedule.id)
        .limit(MOST_AT_ONCE)
    )
    return list(found)


def ask_again(session: Session, schedule_id: UUID, now: datetime) -> Outcome | None:
    """Do what one rhythm owes today, in the caller's transaction; None where nothing is due, or another was faster.

    Only the newest due day is asked for; those that a standstill passed over are noted and let go. The row of the due day
    is unique, so that two rounds at once ask once.
    """
    schedule = session.scalar(
        select(MeasureSchedule)
        .where(MeasureSchedule.id == schedule_id, MeasureSchedule.ended_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if schedule is None or schedule.next_on is None:
        return None
    today = to_local(now, parse_zone(schedule.zone)).date()
    days = schedule.rhythm.due_through(schedule.next_on, today)
    if not days:
        if schedule.rhythm.first_from(schedule.next_on) is None:
            schedule.next_on = None
        return None
    *passed, day = days
    couple = lock_couple_of(session, schedule)
    if couple.status in CLOSED or _is_gone(couple, schedule):
        schedule.ended_at, schedule.next_on = now, None
        return None
    session.add_all(
        MeasureOccasion(schedule_id=schedule.id, due_on=one, outcome=Outcome.PASSED) for one in passed
    )
    outcome, assignment = _ask(session, schedule, couple, now)
    session.add(
        MeasureOccasion(
            schedule_id=schedule.id, due_on=day, outcome=outcome,
            assignment_id=assignment.id if assignment else None, created_at=now,
        )
    )  # fmt: skip
    schedule.next_on = schedule.rhythm.first_from(day + timedelta(days=1))
    session.flush()
    return outcome


def _ask(
    session: Session, schedule: MeasureSchedule, couple: Couple, now: datetime
) -> tuple[Outcome, Assignment | None]:
    wording = current_wordings(session).get(schedule.key_id)
    if schedule.paused_at is not None or couple.status is CoupleStatus.PAUSED:
        return Outcome.PAUSED, None
    if wording is None:
        return Outcome.NO_WORDING, None
    task = task_for(get_key(schedule.key_id), str(wording.version))
    try:
        given = give(
            session, JobFor(schedule.id), couple, task, for_person_id=schedule.for_person_id, now=now
        )
    except AlreadyAsked:
        return Outcome.STILL_OPEN, None
    return Outcome.GIVEN, given


def _is_gone(couple: Couple, schedule: MeasureSchedule) -> bool:
    """Tell whether somebody whom the rhythm asks has left the couple."""
    return any(
        one.left_at is not None and schedule.for_person_id in {None, one.person_id} for one in couple.partners
    )


def remind_of(session: Session, now: datetime) -> int:
    """Tell once, some days after, those who have not finished what a rhythm asked; return how many occasions were looked at.

    Whoever shares an inbox with the partner is not told: the notice's coming would tell the partner that something is
    not finished. Each occasion is marked first, so that two rounds at once tell once.
    """
    due = session.scalars(
        select(MeasureOccasion.id)
        .where(
            MeasureOccasion.outcome == Outcome.GIVEN,
            MeasureOccasion.reminded_at.is_(None),
            MeasureOccasion.created_at <= now - REMINDED_AFTER,
        )
        .order_by(MeasureOccasion.created_at, MeasureOccasion.id)
        .limit(MOST_AT_ONCE)
    ).all()
    for occasion_id in due:
        taken = session.execute(
            update(MeasureOccasion)
            .where(MeasureOccasion.id == occasion_id, MeasureOccasion.reminded_at.is_(None))
            .values(reminded_at=now)
            .returning(MeasureOccasion.assignment_id)
        ).one_or_none()
        if taken is not None and taken[0] is not None:
            _remind(session, taken[0], now)
    return len(due)


def _remind(session: Session, assignment_id: UUID, now: datetime) -> None:
    found = session.scalars(
        select(Assignment)
        .join(Assignment.couple)
        .where(
            Assignment.id == assignment_id,
            Assignment.standing == Standing.OPEN,
            Couple.status.not_in(FROZEN),
        )
        .options(
            selectinload(Assignment.responses),
            joinedload(Assignment.couple).joinedload(Couple.partners).joinedload(Partner.person),
        )
    ).unique().one_or_none()  # fmt: skip
    if found is None:
        return
    writing = {
        one.person_id for one in found.responses if one.step is Step.WRITING and one.disowned_at is None
    }
    for partner in found.couple.partners:
        if (
            partner.person_id in writing
            and partner.left_at is None
            and not is_overheard(partner, found.couple)
        ):
            queue_message(session, partner.person, MessageKind.NEW_ITEM, {"link": "/"}, now=now)
    session.flush()
