"""The real worker on a real Redis: what it refuses, what it survives, how it ends."""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask
from redis import Redis
from rq import Queue as RqQueue
from rq.job import Callback
from rq.serializers import JSONSerializer
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.audit.rules import Action
from portal.clock import utc_now
from portal.health.queries import Health, heartbeats_of
from portal.outbox import OutboxState
from portal.queueing import QUEUE_NAME, JobName, job_id
from portal.transaction import current_session, transaction
from tests.conftest import MASTER, SECRET
from tests.support.fixtures import StartPortal
from tests.support.owing import application, owe_mail, row
from tests.support.processes import Portal, wait_until
from tests.support.redis import RedisServer
from tests.support.smtp import Mailbox

MARK = "made-by-a-forged-job"


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Redis]:
    with redis_server.client() as client:
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "instance"
    made.mkdir()
    return made


@pytest.fixture
def portal(
    start_portal: StartPortal, folder: Path, sqlite_url: str, redis_server: RedisServer, mailbox: Mailbox
) -> Portal:
    (folder / "keys").mkdir()
    (folder / "keys" / "secret").write_bytes(SECRET)
    (folder / "keys" / "master").write_bytes(MASTER)
    environment = {"DATABASE_URL": sqlite_url, "REDIS_URL": redis_server.url, "SMTP_URL": mailbox.url}
    return start_portal(environment)


@pytest.fixture
def app(folder: Path, sqlite_url: str, redis_server: RedisServer) -> Iterator[Flask]:
    """The same installation in this process, whose keys the worker shares."""
    with application(folder, sqlite_url, redis_url=redis_server.url) as app:
        yield app


def is_done(outbox_id: UUID) -> bool:
    return row(outbox_id).state is OutboxState.DONE


def forge(redis: Redis, folder: Path) -> int:
    """Put jobs into the queue as somebody with nothing but access to Redis would; return how many."""
    queue = RqQueue(QUEUE_NAME, connection=redis, serializer=JSONSerializer)
    target = str(folder / MARK)
    queue.enqueue("os.mkdir", target)
    queue.enqueue("os.mkdir", target, meta={"mac": "0" * 64}, job_id=job_id(JobName.SEND_MESSAGE, uuid4(), 1))
    queue.enqueue(
        "jobs.messages.send", str(uuid4()), on_success=Callback("os.mkdir"), on_failure=Callback("os.mkdir")
    )
    raw = json.dumps(["os.mkdir", None, [target], {}]).encode()
    redis.hset(
        "rq:job:odd", mapping={"data": zlib.compress(raw), "created_at": "never", "origin": QUEUE_NAME}
    )
    redis.rpush(queue.key, "odd", "no-such-job", "an id: with colons and spaces", b"\xff\xfe")
    return 4


def test_forged_jobs_are_refused_with_a_trace_and_the_queue_goes_on(
    app: Flask, portal: Portal, redis: Redis, folder: Path
) -> None:
    forged = forge(redis, folder)
    outbox_id = owe_mail()
    portal.start_worker()
    wait_until(lambda: is_done(outbox_id), "the true job behind the forged ones is done")
    refused = current_session().scalars(
        select(AuditEvent.result).where(AuditEvent.action == Action.JOB_REFUSED)
    )
    assert len(list(refused)) == forged
    assert not (folder / MARK).exists()
    assert [key for key in redis.keys("rq:job:*") if b"odd" in key] == []
    assert MARK not in portal.logs()


def test_the_worker_waits_for_redis_and_goes_on_when_it_is_there(
    app: Flask, portal: Portal, redis_server: RedisServer
) -> None:
    outbox_id = owe_mail()
    redis_server.kill()
    worker = portal.start_worker()
    wait_until(lambda: "worker.no_redis" in portal.logs(), "the worker misses Redis")
    redis_server.start()
    wait_until(lambda: is_done(outbox_id), "the job that Redis kept is done")
    assert worker.process.poll() is None


def test_asked_to_stop_the_worker_finishes_what_it_has_begun_and_leaves_no_word_of_it(
    app: Flask, portal: Portal, redis: Redis, mailbox: Mailbox
) -> None:
    mailbox.delay_seconds = 2
    outbox_id = owe_mail("canary@example.org")
    worker = portal.start_worker()
    wait_until(lambda: row(outbox_id).state is OutboxState.LEASED, "the worker begins")
    with transaction() as session:
        assert heartbeats_of(session, utc_now())["worker"] is Health.OK
    assert worker.stop() == 0
    assert is_done(outbox_id)
    assert len(mailbox.received) == 1
    assert redis.scard("rq:workers") == 0
    kept = b"".join(redis.dump(key) or b"" for key in redis.scan_iter())
    log = b"".join(path.read_bytes() for path in (redis_folder(redis)).rglob("*") if path.is_file())
    for secret in (b"canary", b"example.org", b"Traceback"):
        assert secret not in kept + log + portal.logs().encode()


def redis_folder(redis: Redis) -> Path:
    return Path(str(redis.config_get("dir")["dir"]))
