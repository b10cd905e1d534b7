"""The way to Redis: ids only, signed, once, and never a long wait."""

import zlib
from pathlib import Path
from uuid import uuid4

import pytest

from portal.queueing import FAILURE_SECONDS, JobName, Queue, job_id
from tests.support.redis import RedisServer

KEY = bytes(range(32))
JOB = JobName.SEND_MESSAGE


@pytest.fixture
def queue(redis_server: RedisServer) -> Queue:
    return Queue(redis_server.url, KEY)


def test_redis_holds_nothing_but_the_id_of_a_row(queue: Queue, redis_server: RedisServer) -> None:
    outbox_id = uuid4()
    assert queue.enqueue(JOB, outbox_id, 1)
    with redis_server.client() as client:
        fields = client.hgetall("rq:job:" + job_id(JOB, outbox_id, 1))
    assert zlib.decompress(fields[b"data"]).decode() == f'["{JOB}", null, ["{outbox_id}"], {{}}]'
    assert fields[b"description"] == b"send_message"
    assert int(fields[b"failure_ttl"]) <= FAILURE_SECONDS
    assert int(fields[b"result_ttl"]) == 0


def test_the_same_hand_out_waits_once(queue: Queue) -> None:
    outbox_id = uuid4()
    assert queue.enqueue(JOB, outbox_id, 1)
    assert queue.enqueue(JOB, outbox_id, 1)
    assert queue.waiting() == frozenset([job_id(JOB, outbox_id, 1)])


def test_without_redis_a_hint_is_dropped_and_said_so(tmp_path: Path) -> None:
    for url in (None, f"unix://{tmp_path}/nothing.sock"):
        queue = Queue(url, KEY)
        assert not queue.enqueue(JOB, uuid4(), 1)
        assert queue.waiting() is None
        assert queue.depth() is None


def test_after_a_silence_the_next_hints_are_not_even_tried(redis_server: RedisServer) -> None:
    queue = Queue(redis_server.url, KEY)
    redis_server.pause()
    assert not queue.enqueue(JOB, uuid4(), 1)
    redis_server.resume()
    assert not queue.enqueue(JOB, uuid4(), 1)
    assert queue.waiting() == frozenset()


def test_a_document_is_taken_before_the_mails_that_wait(queue: Queue, redis_server: RedisServer) -> None:
    mail, document = uuid4(), uuid4()
    queue.enqueue(JobName.SEND_MESSAGE, mail, 1)
    queue.enqueue(JobName.RENDER_DOCUMENT, document, 1)
    with redis_server.client() as client:
        first = client.lindex("rq:queue:portal", 0)
    assert first == job_id(JobName.RENDER_DOCUMENT, document, 1).encode()
