"""The story of the telling words on PostgreSQL: what its tables, files, backup, mails and pages give away."""

import os
from pathlib import Path

import pytest

from tests.integration.test_canaries import everybody_looks_everywhere, nothing_lies_about, told_scene
from tests.support.fixtures import StartPortal
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer
from tests.support.smtp import Mailbox


def test_each_word_is_found_by_those_who_may_know_it_and_nowhere_else(
    *,
    postgres_url: str,
    postgres_process: PostgresServer,
    redis_server: RedisServer,
    mailbox: Mailbox,
    start_portal: StartPortal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A backup needs the `pg_dump` of the server's own version.
    monkeypatch.setenv("PATH", f"{postgres_process.programs}:{os.environ['PATH']}")
    with told_scene(postgres_url, redis_server, mailbox, start_portal, tmp_path) as scene:
        everybody_looks_everywhere(scene)
        nothing_lies_about(scene)
