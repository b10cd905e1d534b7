"""Bringing words, finishing sittings, settling what must be looked at, and rhythms of repeating a questionnaire."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.rules import Action
from portal.audit.service import record_of
from portal.couples.queries import get_couple
from portal.errors import NotFound
from portal.homework import service as homework
from portal.homework.models import Response
from portal.homework.queries import FROZEN, get_own_response, own_answers
from portal.homework.rules import NoLongerAsked
from portal.measures.catalogue import is_measure
from portal.measures.imports import Wording, content_json
from portal.measures.models import MeasureFigures, MeasureSchedule, MeasureScore, MeasureWording
from portal.measures.queries import current_wordings, get_key, lock_schedule, lock_score, wordings_of
from portal.measures.rules import NoWording, Rhythm, ScheduleRefused, WordingOlder
from portal.measures.sitting import result_json
from portal.psychometrics.items import answers_of
from portal.psychometrics.results import Result, score
from portal.security.viewer import Member
from portal.zones import parse_zone, to_local


@dataclass(frozen=True, slots=True)
class LicenceSaid:
    """What the owner confirmed: the holder, the terms as typed, and where they were read."""

    holder: str
    terms: str
    source: str


def keep_wording(
    session: Session, viewer: Member, key_id: str, wording: Wording, licence: LicenceSaid
) -> MeasureWording:
    """Keep a file's words as the next version; sittings keep the version that they were given. Raises NotFound."""
    get_key(key_id)
    latest = max((one.version for one in wordings_of(session, key_id)), default=0)
    row = MeasureWording(
        key_id=key_id, version=latest + 1, imported_by_id=viewer.person_id, licence_holder=licence.holder,
        licence_terms=licence.terms, licence_source=licence.source, content=content_json(wording),
    )  # fmt: skip
    session.add(row)
    session.flush()
    record_of(session, viewer, Action.MEASURE_WORDING_KEPT, row)
    session.flush()
    return row


def retire_wording(session: Session, viewer: Member, key_id: str, version: int, *, now: datetime) -> None:
    """Let the words be given to nobody from now on; what was given before goes on. Raises WordingOlder."""
    row = current_wordings(session).get(key_id)
    if row is None or row.version != version:
        raise WordingOlder(key_id)
    row.retired_at = now
    record_of(session, viewer, Action.MEASURE_WORDING_RETIRED, row)
    session.flush()


def set_figures(
    session: Session, viewer: Member, key_id: str, *, deviation: float | None, reliability: float | None, citation: str
) -> None:  # fmt: skip
    """Let the practice's own figures decide about change, or with None the published ones again. Raises NotFound."""
    get_key(key_id)
    row = MeasureFigures(
        key_id=key_id,
        deviation=deviation,
        reliability=reliability,
        citation=citation,
        set_by_id=viewer.person_id,
    )
    session.add(row)
    session.flush()
    record_of(session, viewer, Action.MEASURE_FIGURES_SET, row)
    session.flush()


def finish(session: Session, viewer: Member, response_id: UUID, *, now: datetime) -> Result:
    """Send a sitting as it stands, and keep what it comes to: no later key or figure scores it anew.

    Raises NotFound, NoLongerAsked, NotWriting.
    """
    response = get_own_response(session, viewer, response_id)
    assignment = response.assignment
    if not is_measure(assignment):
        raise NotFound(str(response_id))
    key = get_key(assignment.task_id)
    homework.submit(session, viewer, response_id, seconds=None, now=now)
    rows = {one.prompt_id: one.value for one in own_answers(session, viewer, response_id).values()}
    version = f"{key.version}/{assignment.task_version}"
    result = score(key, answers_of(key.items, rows), instrument_version=version, scored_at=now)
    _keep(session, response, key.id, result, now)
    return result


def _keep(session: Session, response: Response, key_id: str, result: Result, now: datetime) -> None:
    """Keep a result; one that was given anew after "this was not me" takes the place of the stray one."""
    row = session.scalar(select(MeasureScore).where(MeasureScore.response_id == response.id))
    if row is None:
        row = MeasureScore(
            response_id=response.id, person_id=response.person_id, couple_id=response.assignment.couple_id, key_id=key_id,
            scored_at=now,
        )  # fmt: skip
        session.add(row)
    row.scored_at, row.acknowledged_at, row.contacted_at = now, None, None
    row.content = result_json(result)
    session.flush()


def acknowledge(session: Session, viewer: Member, score_id: UUID, *, now: datetime) -> MeasureScore:
    """Tick off that one has read what a client answered; once more changes nothing. Raises NotFound."""
    row = lock_score(session, viewer, score_id)
    if row.acknowledged_at is None:
        row.acknowledged_at = now
        record_of(session, viewer, Action.MEASURE_ACKNOWLEDGED, row)
    session.flush()
    return row


def mark_contacted(session: Session, viewer: Member, score_id: UUID, *, now: datetime) -> MeasureScore:
    """Tick off that one has spoken with the person alone, which includes having read. Raises NotFound."""
    row = acknowledge(session, viewer, score_id, now=now)
    if row.contacted_at is None:
        row.contacted_at = now
        record_of(session, viewer, Action.MEASURE_CONTACTED, row)
    session.flush()
    return row


def start_schedule(
    session: Session,
    viewer: Member,
    couple_id: UUID,
    key_id: str,
    rhythm: Rhythm,
    *,
    for_person_id: UUID | None,
    zone: str,
) -> MeasureSchedule:
    """Ask a couple, or one person of it, again and again. Days are those of `zone`.

    Raises:
        NotFound: not the viewer's couple, or not a person of it.
        NoLongerAsked: the couple is paused or closed.
        NoWording: the practice has no words for it.
        ScheduleRefused: about one person alone, and nobody was named.
    """
    couple, key = get_couple(session, viewer, couple_id), get_key(key_id)
    if couple.status in FROZEN:
        raise NoLongerAsked(str(couple_id))
    if key_id not in current_wordings(session):
        raise NoWording(key_id)
    if key.is_individual and for_person_id is None:
        raise ScheduleRefused(key_id)
    if for_person_id is not None and for_person_id not in {
        one.person_id for one in couple.partners if one.left_at is None
    }:
        raise NotFound(str(for_person_id))
    row = MeasureSchedule(
        couple_id=couple_id, for_person_id=for_person_id, made_by_id=viewer.person_id, key_id=key_id,
        every_weeks=rhythm.every_weeks, starts_on=rhythm.starts_on, until_on=rhythm.until_on, zone=zone,
        next_on=rhythm.starts_on,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return _schedule_changed(session, viewer, row)


def pause_schedule(session: Session, viewer: Member, schedule_id: UUID, *, now: datetime) -> MeasureSchedule:
    """Let a rhythm rest; once more changes nothing. Raises NotFound."""
    row = lock_schedule(session, viewer, schedule_id)
    row.paused_at = row.paused_at or now
    return _schedule_changed(session, viewer, row)


def resume_schedule(session: Session, viewer: Member, schedule_id: UUID, *, now: datetime) -> MeasureSchedule:
    """Let a rhythm go on with its next due day; days that fell into the rest are not made up for. Raises NotFound."""
    row = lock_schedule(session, viewer, schedule_id)
    if row.paused_at is not None and row.ended_at is None:
        row.paused_at = None
        row.next_on = row.rhythm.first_from(max(row.next_on or row.starts_on, _today(row.zone, now)))
    return _schedule_changed(session, viewer, row)


def end_schedule(session: Session, viewer: Member, schedule_id: UUID, *, now: datetime) -> MeasureSchedule:
    """End a rhythm for good; what was given stays with them. Raises NotFound."""
    row = lock_schedule(session, viewer, schedule_id)
    row.ended_at, row.next_on = row.ended_at or now, None
    return _schedule_changed(session, viewer, row)


def _schedule_changed(session: Session, viewer: Member, row: MeasureSchedule) -> MeasureSchedule:
    record_of(session, viewer, Action.MEASURE_SCHEDULE_CHANGED, row)
    session.flush()
    return row


def _today(zone: str, now: datetime) -> date:
    return to_local(now, parse_zone(zone)).date()
