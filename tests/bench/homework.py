"""What the couple's side costs: a save by itself, the alignment of two sittings, the couple page after three years, home."""

import json
import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.assessments.comparison import compare
from portal.assessments.definition import readiness_test
from portal.clock import utc_now
from portal.homework.answers import Change, save_answers
from portal.homework.models import Answer, Assignment, Opening, Response, TaskKind
from portal.homework.registry import task_of
from portal.homework.rules import Gate, PageMark, Scope, Standing, Step
from portal.homework.service import assign, share, submit
from portal.pathways.service import start_pathway
from portal.pathways.shipped import shipped
from portal.psychometrics.reliability import reliability_of
from portal.security.crypto import Owner, OwnerKind, seal
from portal.security.sealed import data_key
from portal.transaction import transaction
from tests.bench.figures import Figure, milliseconds
from tests.bench.installation import Install, Installation
from tests.support.cast import Actor, client_of
from tests.support.statements import counted

TEST = readiness_test()
ASSIGNMENTS, ANSWERS_OF_EACH = 150, 10  # of each of both: three years of homework, 3,000 answers
SAVES = 200
SITTINGS = 5_000
FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#marks"}


@dataclass(frozen=True)
class Cost:
    """Of one request."""

    statements: int
    milliseconds: float


def measure(install: Install) -> Iterator[Figure]:
    """Measure on an installation of its own."""
    installed = install()
    saving = _saving(installed)
    yield Figure("A save by itself: statements", saving.statements, "", 6)
    yield Figure("A save by itself, in process", saving.milliseconds, "ms", 20)
    lines = _saving_about_lines(installed)
    yield Figure("A save by itself, about the other's lines: statements", lines.statements, "", 6)
    yield Figure("A save by itself, about the other's lines, in process", lines.milliseconds, "ms", 25)
    yield Figure("Alignment of two sittings of 48 items", _alignment(), "ms", 2)
    yield Figure(f"Reliability of {SITTINGS:,} sittings of 40 statements", _reliability(), "s", 1)
    with installed.app.app_context(), transaction() as session:
        _three_years(session, installed)
    with installed.app.app_context(), transaction() as session:
        way = _on_two_ways(session, installed)
    couple = _page(installed, installed.cast.therapist, f"/couples/{installed.cast.couple_id}")
    yield Figure(f"Couple page after {ASSIGNMENTS} assignments: statements", couple.statements, "", 15)
    yield Figure("Couple page, the same, in process", couple.milliseconds, "ms", 60)
    pathway = _page(installed, installed.cast.therapist, f"/pathways/{way}")
    yield Figure("A pathway's page, the same: statements", pathway.statements, "", 12)
    yield Figure("A pathway's page, the same, in process", pathway.milliseconds, "ms", 60)
    home = _page(installed, installed.cast.ana, "/home")
    yield Figure("A partner's home, the same: statements", home.statements, "", 12)
    yield Figure("A partner's home, the same, in process", home.milliseconds, "ms")


def _reliability() -> float:
    """Describe the whole test over as many sittings as a large practice has in ten years; seconds."""
    lot = random.Random(11)  # noqa: S311 - invents answers
    rows = [[lot.randint(1, 5) for _ in TEST.statements] for _ in range(SITTINGS)]
    began = time.perf_counter()
    reliability_of(rows, lowest=1, highest=5)
    return time.perf_counter() - began


def _saving(installed: Installation) -> Cost:
    """Save one page of the test again and again, each time with another answer, as a browser does."""
    part, client = _assign_test(installed), client_of(installed.app, installed.cast.ana)
    address = f"/questions/{part}"
    client.post(address, data={"form_token": _token(client, "/home")})
    fields = _hidden(client, f"{address}/1")
    fields |= {item.id: "3" for item in (*TEST.domains[0].statements, *TEST.domains[0].preferences)}
    return _saving_again(installed, client, f"{address}/1", fields, "VAL1")


def _saving_about_lines(installed: Installation) -> Cost:
    """Save again and again how much each of ten wishes of the other tempts, which is asked about each by itself."""
    second = _share_wishes(installed)
    client, address = client_of(installed.app, installed.cast.ben), f"/reflections/{second}/1"
    names = re.findall(r'name="rev-(spark\.\w+)"', client.get(address).text)
    fields = _hidden(client, address) | dict.fromkeys(names, "3")
    return _saving_again(installed, client, address, fields, names[0])


def _saving_again(
    installed: Installation, client: FlaskClient, address: str, fields: dict[str, str], name: str
) -> Cost:
    serials = count(1)

    def save() -> None:
        serial = next(serials)
        changed = {name: str(1 + serial % 5), "serial": str(serial)}
        answer = client.post(address, data=fields | changed, headers=FRAGMENT)
        assert answer.status_code == 200, answer.status

    for _ in range(3):
        save()
    with counted(installed.app) as statements:
        save()
    return Cost(len(statements), milliseconds(save, SAVES))


def _hidden(client: FlaskClient, address: str) -> dict[str, str]:
    page = client.get(address).text
    return dict(re.findall(r'<input type="hidden" name="([\w.-]+)" value="([^"]*)"', page))


def _token(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def _assign_test(installed: Installation) -> UUID:
    cast = installed.cast
    with installed.app.app_context(), transaction() as session:
        task = task_of(TaskKind.TEST, TEST.id, TEST.version)
        assignment = assign(session, cast.therapist.member(), cast.couple_id, task, now=utc_now())
        session.refresh(assignment, ["responses"])
        return next(one.id for one in assignment.responses if one.person_id == cast.ana.person_id)


def _share_wishes(installed: Installation) -> UUID:
    """Let both share ten wishes; gives the part of Ben that asks about those of the other."""
    cast, now = installed.cast, utc_now()
    wishes = json.dumps("\n".join(f"Wish {number}" for number in range(10)))
    with installed.app.app_context(), transaction() as session:
        task = task_of(TaskKind.EXERCISE, "joint-bucket-list", "1")
        assignment = assign(session, cast.therapist.member(), cast.couple_id, task, now=now)
        session.refresh(assignment, ["responses"])
        parts = {(one.person_id, one.stage): one.id for one in assignment.responses}
        for actor in (cast.ana, cast.ben):
            member, first = actor.member(), parts[actor.person_id, 1]
            change = Change("mine", wishes, Scope.REVEAL, 0)
            save_answers(session, member, first, [change], PageMark(""), now=now)
            submit(session, member, first, seconds=None, now=now)
            share(session, member, first, now=now)
        return parts[cast.ben.person_id, 2]


def _alignment() -> float:
    a = {item.id: 1 + place % 5 for place, item in enumerate(TEST.items)}
    b = {item.id: 1 + place * 3 % 5 for place, item in enumerate(TEST.items)}
    return milliseconds(lambda: compare(TEST, a, b), 200)


def _three_years(session: Session, installed: Installation) -> None:
    """Lay three years of finished homework into the tables at once; each answer is sealed as the services do."""
    cast, now = installed.cast, utc_now()
    partners = (cast.ana, cast.ben)
    keys = {
        one.person_id: data_key(session, Owner(OwnerKind.PERSON, one.person_id), may_create=True)
        for one in partners
    }
    for number in range(ASSIGNMENTS):
        given = now - timedelta(days=7 * (ASSIGNMENTS - number))
        assignment = Assignment(
            couple_id=cast.couple_id, assigned_by_id=cast.therapist.person_id, kind=TaskKind.TEST, task_id=TEST.id,
            task_version=TEST.version, gate=Gate.THERAPIST, created_at=given,
            standing=Standing.OPEN if number % 10 == 0 else Standing.CLOSED,
        )  # fmt: skip
        session.add(assignment)
        session.flush()
        session.add(Opening(assignment_id=assignment.id, stage=1, created_at=given + timedelta(days=5)))
        for partner in partners:
            part = Response(
                assignment_id=assignment.id, stage=1, person_id=partner.person_id, step=Step.SHARED, begun_at=given,
                submitted_at=given + timedelta(days=2), shared_at=given + timedelta(days=3),
            )  # fmt: skip
            session.add(part)
            session.flush()
            _answers(session, part, keys[partner.person_id])


def _on_two_ways(session: Session, installed: Installation) -> UUID:
    """Let the couple be on two pathways beside all that."""
    cast, now = installed.cast, utc_now()
    ways = [
        start_pathway(session, cast.therapist.member(), cast.couple_id, plan, zone="Europe/London", now=now)
        for plan in shipped()[:2]
    ]
    return ways[0].id


def _answers(session: Session, part: Response, key: bytes) -> None:
    rows = []
    for item in TEST.items[:ANSWERS_OF_EACH]:
        answer_id = uuid4()
        context = f"answer|{answer_id}|value_sealed|1".encode()
        rows.append(
            {
                "id": answer_id, "created_at": part.created_at, "response_id": part.id, "person_id": part.person_id,
                "prompt_id": item.id, "scope": Scope.THERAPIST, "revision": 1, "page_id": "", "serial": 0,
                "saved_at": part.created_at, "is_withheld": False, "seal_revision": 1,
                "value_sealed": seal(key, json.dumps(3).encode(), context),
            }
        )  # fmt: skip
    session.execute(insert(Answer), rows)


def _page(installed: Installation, actor: Actor, path: str) -> Cost:
    client = client_of(installed.app, actor)

    def visit() -> None:
        answer = client.get(path)
        assert answer.status_code == 200, answer.status

    visit()
    with counted(installed.app) as statements:
        visit()
    return Cost(len(statements), milliseconds(visit, 30))
