"""Whoever can write to Redis must not be able to make a worker do anything (security.md P1, JOB-02)."""

import importlib
import json
import sys
import zlib
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis
from rq.serializers import JSONSerializer

from jobs.trust import FUNCTIONS, NotOurs, PlainJob, why_refused
from portal.queueing import JOB_SECONDS, JobName, job_id, job_mac
from tests.support.redis import RedisServer

KEY = bytes(range(32))
ROW = str(uuid4())
ID = job_id(JobName.SEND_MESSAGE, uuid4(), 1)


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Redis]:
    with redis_server.client() as client:
        yield client


def put(redis: Redis, data: Any = None, *, mac: str | None = None, key: str = ID, **fields: Any) -> PlainJob:
    """Write a job into Redis as an attacker would, and load it as a worker does."""
    data = ["jobs.messages.send", None, [ROW], {}] if data is None else data
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    signature = job_mac(KEY, key, "jobs.messages.send", [ROW]) if mac is None else mac
    whole: dict[Any, Any] = {
        "data": zlib.compress(content),
        "meta": json.dumps({"mac": signature}),
        "origin": "portal",
        **fields,
    }
    redis.hset(f"rq:job:{key}", mapping=whole)
    return PlainJob.fetch(key, connection=redis, serializer=JSONSerializer)


def test_a_job_that_we_signed_may_run(redis: Redis) -> None:
    job = put(redis)
    assert why_refused(job, KEY) is None
    assert job.func is FUNCTIONS[JobName.SEND_MESSAGE]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (["os.mkdir", None, [ROW], {}], "unknown"),
        (["jobs.messages.fail", None, [ROW], {}], "unknown"),
        (["jobs.messages.send", "jobs.messages", [ROW], {}], "unknown"),
        (["jobs.messages.send", None, [ROW], {"outbox_id": ROW}], "unknown"),
        (["jobs.messages.send", None, [], {}], "arguments"),
        (["jobs.messages.send", None, [ROW, ROW], {}], "arguments"),
        (["jobs.messages.send", None, ["../../etc/passwd"], {}], "arguments"),
        (["jobs.messages.send", None, {"0": ROW}, {}], "arguments"),
        (["jobs.messages.send", None, [str(uuid4())], {}], "unsigned"),
        (["jobs.documents.render", None, [ROW], {}], "unsigned"),
        ([], "unreadable"),
        ({"a": 1}, "unreadable"),
        (b"\x80\x04\x95", "unreadable"),
        (b"[" * 100_000, "unreadable"),
    ],
)
def test_a_job_with_another_body_is_refused(redis: Redis, data: Any, reason: str) -> None:
    assert why_refused(put(redis, data), KEY) == reason


@pytest.mark.parametrize("mac", ["", "0" * 64, "ÿ", "x" * 4000])
def test_a_job_with_another_signature_is_refused(redis: Redis, mac: str) -> None:
    assert why_refused(put(redis, mac=mac), KEY) == "unsigned"


def test_a_signature_holds_for_one_id_only(redis: Redis) -> None:
    other = job_id(JobName.SEND_MESSAGE, uuid4(), 2)
    mac = job_mac(KEY, ID, "jobs.messages.send", [ROW])
    assert why_refused(put(redis, mac=mac, key=other), KEY) == "unsigned"


def test_a_job_that_cannot_be_read_is_refused_and_stops_nobody(redis: Redis) -> None:
    for fields in ({"created_at": "never"}, {"timeout": "x"}, {"status": "?"}, {"result": "x" * 20_000}):
        assert why_refused(put(redis, **fields), KEY) == "unreadable"


def test_what_a_job_brings_along_is_dropped(redis: Redis) -> None:
    job = put(
        redis, success_callback_name="os.abort", failure_callback_name="os.abort", stopped_callback_name="os.abort",
        webhooks=json.dumps([{"url": "http://127.0.0.1:9/", "job_status": "finished"}]), repeats_left="5", retries_left="5",
        timeout="999999", result_ttl="-1", dependency_ids='["x"]', group_id="g",
    )  # fmt: skip
    assert (job.success_callback, job.failure_callback, job.stopped_callback) == (None, None, None)
    assert (job.webhooks, job.dependency_ids, job.repeats_left, job.retries_left) == ([], [], None, None)
    assert (job.timeout, job.result_ttl) == (JOB_SECONDS, 0)
    assert why_refused(job, KEY) is None


def test_a_name_that_is_not_ours_is_never_imported(redis: Redis) -> None:
    job = put(redis, ["antigravity.fly", None, [ROW], {}])
    with pytest.raises(NotOurs):
        _ = job.func
    assert "antigravity" not in sys.modules


def test_every_job_name_is_the_path_of_its_function() -> None:
    assert set(FUNCTIONS) == set(JobName)
    for name, function in FUNCTIONS.items():
        module, _, attribute = name.rpartition(".")
        assert getattr(importlib.import_module(module), attribute) is function
        assert "Safe to repeat" in (function.__doc__ or "")
