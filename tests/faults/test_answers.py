"""Somebody writes while the web process dies: what was acknowledged as saved is there, and nothing is written twice."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest

from portal.assessments.definition import readiness_test
from portal.clock import utc_now
from portal.homework.models import TaskKind
from portal.homework.queries import own_answers
from portal.homework.registry import task_of
from portal.homework.service import assign
from portal.transaction import current_session, transaction
from tests.faults.rig import Rig, wait
from tests.support.cast import begin_sign_in
from tests.support.processes import Portal

ITEM = readiness_test().items[0].id
FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#marks"}


@dataclass
class Writer:
    """Ana, who answers one question of the test again and again in one window."""

    rig: Rig
    portal: Portal
    part: UUID
    token: str
    serial: int = 0

    def open_page(self) -> dict[str, str]:
        """Open the first page and read what it carries unseen."""
        token = re.search(r'name="form_token" value="([^"]+)"', self._ask("GET", "").text)
        assert token is not None
        self._ask("POST", "", data={"form_token": token[1]})
        page = self._ask("GET", "/1").text
        return dict(re.findall(r'<input type="hidden" name="([\w.-]+)" value="([^"]*)"', page))

    def save(self, fields: dict[str, str], answer: int) -> bool:
        """Send one save as the page does by itself, again until it is answered; say whether it was acknowledged."""
        self.serial += 1
        data = fields | {ITEM: str(answer), "serial": str(self.serial)}
        answers: list[httpx.Response] = []

        def is_answered() -> bool:
            with suppress(httpx.TransportError):
                answers.append(self._ask("POST", "/1", headers=FRAGMENT, data=data))
            return bool(answers)

        wait(is_answered, "the save is answered")
        return answers[0].status_code == httpx.codes.OK

    def stored(self) -> int | None:
        """Read the answer from the database."""
        current_session().rollback()
        found = own_answers(current_session(), self.rig.cast.ana.member(), self.part).get(ITEM)
        return json.loads(found.value) if found else None

    def _ask(self, method: str, place: str, **options: object) -> httpx.Response:
        address = f"http://localhost:{self.portal.port}/questions/{self.part}{place}"
        cookies = dict.fromkeys(("session", "__Host-session"), self.token)
        return httpx.request(method, address, cookies=cookies, timeout=60, **options)  # type: ignore[arg-type]  # passed on


def begin(rig: Rig) -> tuple[UUID, str]:
    """Ask the couple to take the test, and let Ana be signed in."""
    now = utc_now()
    with transaction() as session:
        task = task_of(TaskKind.TEST, readiness_test().id, readiness_test().version)
        assignment = assign(session, rig.cast.therapist.member(), rig.cast.couple_id, task, now=now)
        session.refresh(assignment, ["responses"])
        token, _ = begin_sign_in(session, rig.cast.ana.account_id)
        part = next(one.id for one in assignment.responses if one.person_id == rig.cast.ana.person_id)
    return part, token


@pytest.mark.parametrize("place", ["transaction.before_commit", "transaction.after_commit"])
def test_f02_the_web_process_dies_around_each_commit_of_a_save(rig: Rig, place: str) -> None:
    part, token = begin(rig)
    for visit in (2, 4):  # the first commit is that of beginning
        portal = rig.portal(FP=f"{place}:{visit}:kill9")
        server = portal.start_web()
        writer = Writer(rig, portal, part, token)
        fields = writer.open_page()
        for answer in (1, 4, 2, 5):
            assert writer.save(fields, answer)
            assert writer.stored() == answer
        server.stop()
        assert (rig.folder / "struck" / f"{place}-{visit}-kill9").exists(), "nothing died"
    rig.background()
    rig.settle()
