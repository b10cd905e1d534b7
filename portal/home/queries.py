"""What the first pages gather from the areas below."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, cast, null, select, union_all
from sqlalchemy.orm import Session, joinedload

from portal.booking.models import Consultation, ConsultationStatus
from portal.couples.models import Couple
from portal.home.looking import urgency_of
from portal.homework.models import Response
from portal.measures.models import MeasureScore
from portal.measures.queries import is_watched_by
from portal.meetings.models import Summary, SummaryState
from portal.meetings.queries import summaries_visible_to
from portal.meetings.rules import content_from_json
from portal.pathways.models import Pathway
from portal.pathways.queries import is_stuck_for
from portal.pathways.rules import Stuck
from portal.safety.models import SafetySitting
from portal.safety.queries import ToAcknowledge, in_order, is_waiting, thing_of
from portal.safety.rules import due_on, late_at
from portal.security.viewer import Member
from portal.zones import parse_zone, to_local


@dataclass(frozen=True, slots=True)
class NextSession:
    """When a couple meets its therapist next, as agreed in the last session. `zone`: by whose clocks it was agreed."""

    starts_at: datetime
    zone: str


def next_session_of(session: Session, viewer: Member, now: datetime) -> NextSession | None:
    """Read the next session from the newest summary that this partner received; None once it has passed.

    One statement, and one for a key.
    """
    newest = session.scalars(
        summaries_visible_to(viewer)
        .options(joinedload(Summary.meeting))
        .where(Summary.state == SummaryState.RELEASED)
        .order_by(Summary.released_at.desc(), Summary.id)
        .limit(1)
    ).first()
    starts_at = content_from_json(newest.content).next_meeting_at if newest else None
    if newest is None or starts_at is None or starts_at <= now:
        return None
    return NextSession(starts_at, newest.meeting.zone)


def next_consultation_of(session: Session, viewer: Member, now: datetime) -> Consultation | None:
    """Find the viewer's own next consultation; never anybody else's, the partner's least of all. One statement."""
    return session.scalar(
        select(Consultation)
        .where(Consultation.person_id == viewer.person_id, Consultation.ends_at > now)
        .where(Consultation.status.in_((ConsultationStatus.REQUESTED, ConsultationStatus.CONFIRMED)))
        .order_by(Consultation.starts_at, Consultation.id)
        .limit(1)
    )


@dataclass(frozen=True, slots=True)
class StuckPathway:
    """A pathway of which the next step is due and cannot be given. Names the couple by its number only."""

    pathway_id: UUID
    couple_number: int
    reason: Stuck


@dataclass(frozen=True, slots=True)
class OnTheDesk:
    """What waits for a therapist: answers to settle, the most urgent first, and pathways that are stuck, by couple."""

    to_read: list[ToAcknowledge]
    stuck: list[StuckPathway]


def on_the_desk(session: Session, viewer: Member, zone: str, now: datetime) -> OnTheDesk:
    """List what one's clients answered alone and one has not settled yet, and which of one's pathways are stuck.

    The individual questions, and questionnaires with an answer that must be looked at. `zone`: the therapist's, for the days.
    One statement, and one for all keys. Raises NotFound for everybody but a therapist.
    """
    nothing: Any = cast(null(), Uuid())
    waiting = union_all(
        select(
            SafetySitting.id.label("sitting_id"),
            nothing.label("score_id"),
            nothing.label("pathway_id"),
            SafetySitting.couple_id,
        ).where(is_waiting(viewer)),
        select(nothing, MeasureScore.id, nothing, MeasureScore.couple_id)
        .join(Response, Response.id == MeasureScore.response_id)
        .where(is_watched_by(viewer)),
        select(nothing, nothing, Pathway.id, Pathway.couple_id).where(is_stuck_for(viewer)),
    ).subquery()
    found = session.execute(
        select(SafetySitting, MeasureScore, Pathway.id, Pathway.stuck, Couple.number)
        .select_from(waiting)
        .join(Couple, Couple.id == waiting.c.couple_id)
        .outerjoin(SafetySitting, SafetySitting.id == waiting.c.sitting_id)
        .outerjoin(MeasureScore, MeasureScore.id == waiting.c.score_id)
        .outerjoin(Pathway, Pathway.id == waiting.c.pathway_id)
        .order_by(Couple.number, Pathway.id)
    ).all()
    to_read = in_order(
        thing_of(sitting, number, zone, now) if sitting is not None else _watched(score, number, zone, now)
        for sitting, score, pathway_id, _stuck, number in found
        if pathway_id is None
    )
    stuck = [
        StuckPathway(pathway_id, number, reason)
        for _sitting, _score, pathway_id, reason, number in found
        if pathway_id is not None and reason is not None
    ]
    return OnTheDesk(to_read, stuck)


def _watched(score: MeasureScore, couple_number: int, zone: str, now: datetime) -> ToAcknowledge:
    place = parse_zone(zone)
    urgency = urgency_of(score)
    due, late = (
        due_on(urgency, to_local(score.scored_at, place).date()),
        late_at(urgency, score.scored_at, place),
    )
    return ToAcknowledge(
        sitting_id=score.id,
        couple_id=score.couple_id,
        couple_number=couple_number,
        answered_at=score.scored_at,
        urgency=urgency,
        due_on=due,
        is_overdue=due is not None and to_local(now, place).date() > due,
        is_read=score.acknowledged_at is not None,
        endpoint="measures.of_couple",
        is_unlooked=late is not None and now >= late and score.acknowledged_at is None,
    )
