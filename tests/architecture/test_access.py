"""Every endpoint × method × viewer × relation. Complete by construction: what is not in the ledger fails."""

import re
import sqlite3
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from portal.accounts.models import LoginSession
from portal.clock import utc_now
from portal.couples.models import Couple, CoupleStatus, Partner
from portal.extensions import db
from portal.orm import Model
from portal.policy import PERMISSIONS
from portal.security.gate import access_of
from portal.security.permissions import Permission
from portal.sources.counting import COUNTED
from portal.transaction import current_session, transaction
from tests.architecture.ledger import FRESH, LEDGER, VIEWERS
from tests.support.cast import Actor, client_of
from tests.support.world import World, path_of, unknown_places

TRACES = {
    "audit_event",
    "login_session",
    "throttle",
    "heartbeat",
}  # what a read may leave behind (product decision 15; readyz proves a write)
COUNTS = {
    endpoint: {"step_count"} for endpoint in COUNTED
}  # and the pages whose readers are counted, as numbers without persons


def actor_of(world: World, name: str) -> Actor | None:
    return world.viewers["ana" if name == "limited" else name]


def send(app: Flask, client: FlaskClient, method: str, path: str) -> TestResponse:
    if method == "GET":
        return client.get(path)
    cookie = client.get_cookie("__Host-session", domain="portal.example.org")
    with app.app_context():
        newest = select(LoginSession.id).order_by(LoginSession.created_at.desc()).limit(1)
        login_session_id = current_session().scalar(newest) if cookie else None
    return client.post(path, data={"form_token": app.extensions["signer"].form_token(login_session_id)})


class Watch:
    """Sees whether a request changed a row, past the mapper: it looks after each of thousands of requests."""

    def __init__(self, app: Flask, *, but: set[str]) -> None:
        self._tables = sorted(set(Model.metadata.tables) - but)
        with app.app_context():
            self._connection = sqlite3.connect(str(db.engine.url.database))
        self._version, self._rows = self._commits(), self._read()

    def pass_over(self) -> None:
        """Take what was committed since the last look as known: it stands in no table that is watched."""
        self._version = self._commits()

    def is_as_before(self) -> bool:
        """Tell whether all rows are what they were at the last look; where nobody has committed, none is read."""
        version, before = self._version, self._rows
        self._version = self._commits()
        if self._version == version:
            return True
        self._rows = self._read()
        return self._rows == before

    def _commits(self) -> int:
        """The number that changes with each commit of another connection (sqlite.org, pragma data_version)."""
        number: int = self._connection.execute("pragma data_version").fetchone()[0]
        return number

    def _read(self) -> dict[str, list[object]]:
        return {name: self._connection.execute(f"select * from {name}").fetchall() for name in self._tables}

    def close(self) -> None:
        self._connection.close()


def routes(app: Flask) -> Iterator[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield rule.endpoint, method


def test_every_endpoint_has_a_line_in_the_ledger(app: Flask) -> None:
    assert set(routes(app)) == set(LEDGER), "write a line in tests/architecture/ledger.py: who gets what?"


def test_every_permission_is_used_and_has_a_grant(app: Flask) -> None:
    used = {access_of(app, endpoint).permission for endpoint in app.view_functions} - {None}
    assert used == set(Permission) == set(PERMISSIONS)


@pytest.mark.parametrize(("endpoint", "method"), sorted(LEDGER), ids=str)
def test_everybody_gets_what_the_ledger_says(app: Flask, world: World, endpoint: str, method: str) -> None:
    path, row = path_of(app, world, endpoint), LEDGER[endpoint, method]
    traces = TRACES | COUNTS.get(endpoint, set()) | {"one_time_token"}
    watch, found = Watch(app, but=traces), {}
    for name in VIEWERS:
        client = client_of(app, actor_of(world, name), limited=name == "limited")
        watch.pass_over()  # the row of this sign-in
        answer = send(app, client, method, path)
        found[name] = answer.status_code
        is_as_before = watch.is_as_before()
        if method == "GET" or found[name] in {404, 422}:
            assert is_as_before, name
        if row["visitor"] == 303 and name == "visitor" and access_of(app, endpoint).permission:
            assert answer.location.startswith("/sign-in")
    watch.close()
    assert found == row


@pytest.mark.parametrize(("endpoint", "method"), sorted(FRESH))
def test_what_is_sealed_asks_once_more_who_it_is(
    app: Flask, world: World, endpoint: str, method: str
) -> None:
    path = path_of(app, world, endpoint)
    is_for_partners = LEDGER[endpoint, method]["jane"] == 404
    actor = world.cast.ana if is_for_partners else world.cast.therapist
    client = client_of(app, actor, proved_at=utc_now() - timedelta(minutes=6))
    answer = send(app, client, method, path)
    assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/prove")


def test_only_what_is_listed_asks_again(app: Flask) -> None:
    asking = {
        (endpoint, method)
        for endpoint, method in routes(app)
        if (permission := access_of(app, endpoint).permission) and PERMISSIONS[permission].fresh
    }
    assert asking == FRESH


@pytest.mark.parametrize("endpoint", sorted(endpoint for endpoint, method in LEDGER if method == "POST"))
def test_no_form_does_anything_without_the_token_of_its_own_page(
    app: Flask, world: World, endpoint: str
) -> None:
    access, path = access_of(app, endpoint), path_of(app, world, endpoint)
    strange = app.extensions["signer"].form_token(world.cast.ben.account_id)
    watch = Watch(app, but=TRACES)
    answers = {
        client_of(app, actor).post(path, data={"form_token": token}).status_code
        for actor in (world.cast.ana, world.cast.therapist, world.cast.owner)
        for token in ("", strange)
    }
    assert watch.is_as_before()
    watch.close()
    if access.permission is not None and not access.keeps_typed:
        assert {400} <= answers <= {400, 404}


OF_THE_PRACTICE = {
    "booking.save_question",
    "pathways.retire",
    "pathways.template",
}  # nobody's own: each therapist may change it
WITH_IDS = sorted(
    {
        endpoint
        for endpoint, _ in LEDGER
        if endpoint.split(".")[0]
        in {
            "caseload",
            "meetings",
            "documents",
            "booking",
            "calendars",
            "exercises",
            "homework",
            "pathways",
            "safety",
        }
    }
    - OF_THE_PRACTICE
)


@pytest.mark.parametrize("endpoint", WITH_IDS)
def test_foreign_and_never_existing_things_look_the_same(app: Flask, world: World, endpoint: str) -> None:
    if not any(
        rule.endpoint == endpoint and any("uuid" in part for part in rule.rule.split("<"))
        for rule in app.url_map.iter_rules()
    ):
        return
    method = "GET" if (endpoint, "GET") in LEDGER else "POST"
    for actor in (world.cast.stranger, world.cast.cleo):
        client = client_of(app, actor)
        foreign = send(app, client, method, path_of(app, world, endpoint))
        unknown = send(app, client, method, path_of(app, unknown_places(world), endpoint))
        assert foreign.status_code == unknown.status_code == 404
        assert without_number(foreign) == without_number(unknown)
        assert sorted(foreign.headers.keys()) == sorted(unknown.headers.keys())


def without_number(answer: TestResponse) -> str:
    return re.sub(r"\b[0-9a-f]{12}\b", "", answer.get_data(as_text=True))


@pytest.mark.parametrize("endpoint", ["meetings.read_summary", "documents.status", "documents.download"])
@pytest.mark.parametrize("status", list(CoupleStatus))
def test_what_a_couple_received_closes_with_the_couple(
    app: Flask, world: World, endpoint: str, status: CoupleStatus
) -> None:
    with app.app_context(), transaction() as session:
        session.get_one(Couple, world.cast.couple_id).status = status
    expected = 404 if status in {CoupleStatus.SEPARATED, CoupleStatus.ARCHIVED} else 200
    for actor in (world.cast.ana, world.cast.ben):
        assert client_of(app, actor).get(path_of(app, world, endpoint)).status_code == expected
    assert client_of(app, world.cast.therapist).get(path_of(app, world, endpoint)).status_code == 200


@pytest.mark.parametrize("endpoint", ["meetings.read_summary", "documents.status", "documents.download"])
def test_whoever_left_sees_nothing_from_the_next_request_on(app: Flask, world: World, endpoint: str) -> None:
    ana, ben = client_of(app, world.cast.ana), client_of(app, world.cast.ben)
    path = path_of(app, world, endpoint)
    assert ana.get(path).status_code == 200
    with app.app_context(), transaction() as session:
        row = session.scalars(select(Partner).where(Partner.person_id == world.cast.ana.person_id)).one()
        row.left_at = utc_now()
    assert ana.get(path).status_code == 404
    assert ben.get(path).status_code == 200


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_other_methods_do_nothing(app: Flask, world: World, method: str) -> None:
    client = client_of(app, world.cast.ana)
    for endpoint in ("home.partner", "meetings.note", "documents.download"):
        answer = client.open(path_of(app, world, endpoint), method=method.upper())
        assert answer.status_code in {400, 404, 405} or (method == "options" and not answer.data)


@pytest.mark.parametrize(
    "identifier",
    ["1", "%00", "not-a-uuid", "00000000-0000-0000-0000-00000000000g", "../../etc/passwd", "a" * 5000],
)
def test_a_mistyped_id_is_a_plain_404(app: Flask, world: World, identifier: str) -> None:
    client = client_of(app, world.cast.therapist)
    for place in ("couples", "meetings", "requests", "documents", "summaries"):
        assert client.get(f"/{place}/{identifier}").status_code == 404


def test_a_disabled_account_is_out_at_once(app: Flask, world: World) -> None:
    client = client_of(app, world.cast.therapist)
    assert client.get("/today").status_code == 200
    with app.app_context(), transaction() as session:
        session.execute(text("update account set is_disabled = 1"))
        db.session.expire_all()
    assert client.get("/today").status_code == 303
