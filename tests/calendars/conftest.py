"""Servers for the tests of calendars."""

from collections.abc import Iterator

import pytest

from tests.support.calendar_server import Answering, CalDavServer, answering, radicale_process


@pytest.fixture
def server() -> Iterator[Answering]:
    """A web server that says what it is told to say."""
    with answering() as said:
        yield said


@pytest.fixture(scope="session")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CalDavServer]:
    """A CalDAV server with the account of Jane, once for each worker; each test makes a calendar of its own."""
    with radicale_process(tmp_path_factory.mktemp("radicale")) as process:
        yield process
