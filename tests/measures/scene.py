"""Ana, Ben and Jane with words for questionnaires: what the tests of this area begin with."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.homework.models import Response, TaskKind
from portal.homework.registry import task_of
from portal.homework.service import assign
from portal.measures.definition import keys
from portal.measures.imports import read_file
from portal.measures.models import MeasureSchedule, MeasureWording
from portal.measures.rules import Rhythm
from portal.measures.service import LicenceSaid, keep_wording, start_schedule
from portal.transaction import transaction
from tests.measures.files import json_file
from tests.support.cast import Actor, Cast

LICENCE = LicenceSaid("The holder", "As the holder says.", "A letter of 2026")


def bring(app: Flask, cast: Cast, *key_ids: str) -> None:
    """Let the owner bring words."""
    with app.app_context(), transaction() as session:
        for key_id in key_ids:
            keep_wording(session, cast.owner.member(), key_id, read_file(keys()[key_id], json_file(key_id)), LICENCE)  # fmt: skip


def give_to(
    app: Flask, cast: Cast, key_id: str, *actors: Actor, version: str = "1", now: datetime | None = None
) -> list[UUID]:
    """Give a questionnaire to both, or to one; gives the parts of the named persons."""
    with app.test_request_context(), transaction() as session:
        task = task_of(TaskKind.MEASURE, key_id, version)
        alone = actors[0].person_id if len(actors) == 1 else None
        given = assign(session, cast.therapist.member(), cast.couple_id, task, for_person_id=alone, now=now or utc_now())  # fmt: skip
        return [_part(session, given.id, actor.person_id) for actor in actors]


def _part(session: Session, assignment_id: UUID, person_id: UUID) -> UUID:
    found = session.scalar(
        select(Response.id).where(Response.assignment_id == assignment_id, Response.person_id == person_id)
    )
    assert found is not None
    return found


def token(client: FlaskClient, path: str) -> str:
    """The form token of a page."""
    found = re.search(r'name="form_token" value="([^"]+)"', client.get(path).get_data(as_text=True))
    assert found is not None, path
    return found[1]


def answer_all(client: FlaskClient, part: UUID, answers: Mapping[str, int | str]) -> None:
    """Answer a questionnaire by its pages, as a browser without JavaScript does, and send it."""
    base = f"/forms/{part}"
    sent = client.post(base, data={"form_token": token(client, base)})
    assert sent.status_code == 303
    path = sent.headers["Location"]
    while not path.endswith("/check"):
        page = client.get(path).get_data(as_text=True)
        names = set(re.findall(r'name="(item-\d+)"', page))
        data = {name: str(answers[name[5:]]) for name in names if name[5:] in answers}
        marks = dict(re.findall(r'name="(rev-\d+|page_id|serial|form_token)" value="([^"]*)"', page))
        sent = client.post(path, data={**marks, **data, "go": "next"})
        assert sent.status_code == 303, sent.get_data(as_text=True)
        path = sent.headers["Location"]
    sent = client.post(path, data={"form_token": token(client, path)})
    assert sent.status_code == 303 and sent.headers["Location"].endswith("/result")


def schedule(
    app: Flask, cast: Cast, key_id: str, starts_on: date, *, weeks: int = 1, until: date | None = None, alone: Actor | None = None
) -> UUID:  # fmt: skip
    """Begin a rhythm."""
    with app.app_context(), transaction() as session:
        made: MeasureSchedule = start_schedule(
            session, cast.therapist.member(), cast.couple_id, key_id, Rhythm(starts_on, weeks, until),
            for_person_id=alone.person_id if alone else None, zone="Europe/London",
        )  # fmt: skip
        return made.id


def retire_all(app: Flask) -> None:
    """Take all words out of use."""
    with app.app_context(), transaction() as session:
        for one in session.scalars(select(MeasureWording)):
            one.retired_at = utc_now() - timedelta(seconds=1)
