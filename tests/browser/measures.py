"""Questionnaires in the gallery: words of invented sentences, sittings over months, one under way, one that must be looked at."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Account
from portal.clock import utc_now
from portal.couples.models import Couple
from portal.homework.answers import Change, save_answers
from portal.homework.models import Assignment, Response, TaskKind
from portal.homework.registry import task_of
from portal.homework.rules import PageMark, Scope, Standing
from portal.homework.service import assign, begin
from portal.measures.definition import keys
from portal.measures.imports import read_file
from portal.measures.rules import Rhythm
from portal.measures.service import LicenceSaid, finish, keep_wording, start_schedule
from portal.security.viewer import Member, Role
from tests.measures.files import json_file

LICENCE = LicenceSaid("The holder of the test file", "For use in tests.", "A letter of 2026")
MONTHS = ((5, 2), (4, 2), (3, 3), (2, 4), (1, 4))  # how long ago, and the score of most items


def hang_measures(session: Session, jane: Member, accounts: dict[str, Account]) -> dict[str, str]:
    """Let Ana have answered one questionnaire five times and another once, and be in the midst of a third."""
    ana = Member(
        accounts["ana"].id, accounts["ana"].person_id, UUID(int=0), frozenset({Role.PARTNER}), utc_now()
    )
    couple = session.scalars(select(Couple).where(Couple.number == 1)).one()
    for key_id in ("csi16", "phq9", "ecr_s"):
        keep_wording(session, jane, key_id, read_file(keys()[key_id], json_file(key_id)), LICENCE)

    def ask(key_id: str, days_ago: int) -> Response:
        now, task = utc_now() - timedelta(days=days_ago), task_of(TaskKind.MEASURE, key_id, "1")
        given = assign(session, jane, couple.id, task, for_person_id=ana.person_id, now=now)
        part = session.scalars(select(Response).where(Response.assignment_id == given.id)).one()
        begin(session, ana, part.id, now=now)
        return part

    def sit(key_id: str, days_ago: int, value: int, left_out: int = 0) -> Response:
        part = ask(key_id, days_ago)
        answers = [(item.id, min(value, item.highest)) for item in keys()[key_id].items][left_out:]
        changes = [Change(item_id, str(score), Scope.THERAPIST, 0) for item_id, score in answers]
        now = utc_now() - timedelta(days=days_ago)
        save_answers(session, ana, part.id, changes, PageMark("0" * 16), now=now)
        finish(session, ana, part.id, now=now)
        return part

    parts = []
    for place, (months, value) in enumerate(MONTHS):
        part = sit("csi16", 30 * months, value, left_out=(0, 0, 9, 1, 0)[place])
        session.get_one(Assignment, part.assignment_id).standing = Standing.CLOSED
        session.flush()
        parts.append(part)
    watched, begun = sit("phq9", 0, 2), ask("ecr_s", 0)
    start_schedule(
        session, jane, couple.id, "csi16", Rhythm(utc_now().date() + timedelta(days=3), 4), for_person_id=None, zone="Europe/London"
    )  # fmt: skip
    return {
        "questionnaire": f"/forms/{begun.id}/1",
        "look back at the questionnaire": f"/forms/{begun.id}/check",
        "questionnaire to begin": f"/forms/{begun.id}",
        "own figures": f"/forms/{parts[-1].id}/result",
        "watched result": f"/forms/{watched.id}/result",
        "questionnaire on the desk": f"/couples/tasks/{parts[-1].assignment_id}/measure",
        "results over time": f"/couples/{couple.id}/measures",
        "ask again": f"/couples/{couple.id}/measures/again",
        "own questionnaire": "/practice/questionnaires/csi16",
    }
