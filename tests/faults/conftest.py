"""Fixtures of the fault scenarios, each on both engines, and the table of their results."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from portal.people.models import Person
from portal.people.service import change_address
from portal.transaction import transaction
from tests.conftest import MASTER, SECRET
from tests.faults.checker import violations
from tests.faults.rig import CANARY, Rig
from tests.support.cast import make_cast
from tests.support.fixtures import StartPortal
from tests.support.owing import application
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer
from tests.support.smtp import Mailbox

_results: list[tuple[str, str, str]] = []


@pytest.fixture
def unchecked(
    *,
    request: pytest.FixtureRequest,
    database_url: str,
    tmp_path: Path,
    redis_server: RedisServer,
    mailbox: Mailbox,
    start_portal: StartPortal,
) -> Iterator[Rig]:
    """An installation with its cast."""
    folder = tmp_path / "instance"
    (folder / "keys").mkdir(parents=True)
    (folder / "keys" / "secret").write_bytes(SECRET)
    (folder / "keys" / "master").write_bytes(MASTER)
    environment = {
        "DATABASE_URL": database_url, "REDIS_URL": redis_server.url, "SMTP_URL": mailbox.url,
        "MAIL_FROM": "hello@practice.example.org", "PROXY_HOPS": "1",
    }  # fmt: skip
    is_postgres = database_url.startswith("postgres")
    postgres: PostgresServer | None = request.getfixturevalue("postgres_server") if is_postgres else None
    with application(folder, database_url, redis_url=redis_server.url, smtp_url=mailbox.url) as app:
        with transaction() as session:
            cast = make_cast(session)
            for actor in (cast.ana, cast.ben, cast.therapist):
                person = session.get_one(Person, actor.person_id)
                change_address(session, person, f"{CANARY}.{actor.user_name}@example.org")
        yield Rig(
            app=app, cast=cast, folder=folder, database_url=database_url, redis=redis_server, mailbox=mailbox,
            start_portal=start_portal, environment=environment, postgres=postgres,
        )  # fmt: skip


@pytest.fixture
def rig(unchecked: Rig) -> Iterator[Rig]:
    """An installation that is stopped and checked when the scenario is over."""
    yield unchecked
    unchecked.stop_all()
    assert violations(unchecked) == []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what the table will show."""
    if report.when == "call" or report.failed:
        name = report.nodeid.rpartition("::")[2].removeprefix("test_")
        scenario, _, engine = name.partition("[")
        with suppress(ValueError):
            _results.remove((scenario, engine.rstrip("]"), "held"))
        _results.append(
            (scenario, engine.rstrip("]"), "held" if report.passed else f"BROKE at {report.when}")
        )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was done to the installation and whether it held."""
    width = max((len(scenario) for scenario, _, _ in _results), default=0)
    terminalreporter.section("faults")
    for scenario, engine, outcome in sorted(_results):
        terminalreporter.write_line(f"{scenario.replace('_', ' '):{width}}  {engine:24}  {outcome}")
