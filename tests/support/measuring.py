"""Words for questionnaires and sittings of them, made by the services: for worlds that need one of everything."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.homework.answers import Change, save_answers
from portal.homework.models import Assignment, Response, TaskKind
from portal.homework.registry import task_of
from portal.homework.rules import PageMark, Scope, Standing
from portal.homework.service import assign, begin
from portal.measures.definition import keys
from portal.measures.imports import read_file
from portal.measures.models import MeasureScore
from portal.measures.rules import Rhythm
from portal.measures.service import LicenceSaid, finish, keep_wording, start_schedule
from portal.psychometrics.results import Result
from tests.measures.files import json_file
from tests.support.cast import Cast

LICENCE = LicenceSaid("The holder", "As the holder says.", "A letter of 2026")


def bring_words(session: Session, cast: Cast, *key_ids: str) -> None:
    """Let the owner bring words."""
    for key_id in key_ids:
        keep_wording(
            session, cast.owner.member(), key_id, read_file(keys()[key_id], json_file(key_id)), LICENCE
        )


def ask_ana(session: Session, cast: Cast, key_id: str, now: datetime) -> Response:
    """Ask Ana alone; gives her part, begun."""
    task = task_of(TaskKind.MEASURE, key_id, "1")
    therapist, ana = cast.therapist.member(), cast.ana.member()
    given = assign(session, therapist, cast.couple_id, task, for_person_id=ana.person_id, now=now)
    part = session.scalars(select(Response).where(Response.assignment_id == given.id)).one()
    begin(session, ana, part.id, now=now)
    return part


def sit(session: Session, cast: Cast, part: Response, value: int, now: datetime) -> Result:
    """Let Ana answer everything alike, and send it."""
    key = keys()[session.get_one(Assignment, part.assignment_id).task_id]
    changes = [
        Change(item.id, str(max(item.lowest, min(value, item.highest))), Scope.THERAPIST, 0)
        for item in key.items
    ]
    save_answers(session, cast.ana.member(), part.id, changes, PageMark("0" * 16), now=now)
    return finish(session, cast.ana.member(), part.id, now=now)


def sat_ana(session: Session, cast: Cast, key_id: str, value: int, now: datetime) -> UUID:
    """Let Ana be asked and send everything alike; gives the result's id."""
    part = ask_ana(session, cast, key_id, now)
    sit(session, cast, part, value, now)
    session.get_one(Assignment, part.assignment_id).standing = Standing.CLOSED
    session.flush()
    return session.scalars(select(MeasureScore.id).where(MeasureScore.response_id == part.id)).one()


def measures_of(session: Session, cast: Cast, now: datetime) -> dict[str, object]:
    """One of everything of this area; gives what stands in the addresses of its pages."""
    bring_words(session, cast, "csi4", "gad7", "phq9")
    score_id = sat_ana(session, cast, "phq9", 0, now - timedelta(days=2))
    finished_id = session.get_one(MeasureScore, score_id).response_id
    part = ask_ana(session, cast, "gad7", now)
    rhythm = Rhythm(now.date() + timedelta(days=7), 4)
    schedule = start_schedule(
        session,
        cast.therapist.member(),
        cast.couple_id,
        "csi4",
        rhythm,
        for_person_id=None,
        zone="Europe/London",
    )
    return {
        "key_id": "csi4", "version": 1, "score_id": score_id, "schedule_id": schedule.id,
        "assignment_id of measures": part.assignment_id, "response_id of measures": part.id,
        "response_id of measures.result": finished_id,
    }  # fmt: skip
