"""Handing jobs to RQ: ids only, JSON, a MAC over the body. Redis is a hint; the outbox is the truth.

Worker and web share the job key, so whoever can merely write to Redis cannot make the worker run anything.
"""

import hmac
from enum import StrEnum
from typing import Any
from uuid import UUID

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue as RqQueue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

QUEUE_NAME = "portal"
JOB_SECONDS = 85  # below the lease of 90 seconds, so that a job never outlives its claim
FAILURE_SECONDS = 7 * 24 * 3600
SOCKET_SECONDS = 1.0  # a paused Redis may hold up a form by this much at most
log = structlog.get_logger()


class JobName(StrEnum):
    """The only functions that a worker may run, by their dotted names."""

    RENDER_DOCUMENT = "jobs.documents.render"
    SEND_MESSAGE = "jobs.messages.send"


def job_mac(key: bytes, job_id: str, function: str, arguments: list[str]) -> str:
    """Sign what a job is to do; worker and queue compute it alike."""
    body = "\x1f".join([job_id, function, *arguments]).encode()
    return hmac.new(key, body, "sha256").hexdigest()


class Queue:
    """The way to RQ. Without a Redis address every hint is dropped, and the sweeper's next round finds the work."""

    def __init__(self, redis_url: str | None, job_key: bytes) -> None:
        self._job_key = job_key
        self.redis = connect(redis_url) if redis_url else None
        self._rq: Any = (
            RqQueue(QUEUE_NAME, connection=self.redis, serializer=JSONSerializer)
            if self.redis is not None
            else None
        )

    def enqueue(self, job: JobName, outbox_id: UUID, dispatch: int) -> bool:
        """Tell the workers that an outbox row is due; False if Redis cannot be reached, which loses nothing.

        `dispatch` numbers the hand-outs of this row: RQ refuses an id for as long as a failed job of that id lives.
        """
        if self._rq is None:
            return False
        job_id = _job_id(job, outbox_id, dispatch)
        arguments = [str(outbox_id)]
        try:
            self._rq.enqueue_call(
                func=job.value,
                args=arguments,
                job_id=job_id,
                unique=True,
                timeout=JOB_SECONDS,
                result_ttl=0,
                failure_ttl=FAILURE_SECONDS,
                description=job.name.lower(),
                meta={"mac": job_mac(self._job_key, job_id, job.value, arguments)},
            )
        except DuplicateJobError:
            return True
        except (RedisError, OSError) as error:
            log.warning(
                "queue.unreachable", job=job.name, outbox_id=str(outbox_id), kind=type(error).__name__
            )
            return False
        return True

    def holds(self, job: JobName, outbox_id: UUID, dispatch: int) -> bool:
        """Tell whether that hand-out still waits in the queue, so that it need not be repeated."""
        if self._rq is None:
            return False
        try:
            return self._rq.get_job_position(_job_id(job, outbox_id, dispatch)) is not None
        except (RedisError, OSError):
            return False

    def depth(self) -> int | None:
        """Count the waiting jobs; None if Redis cannot be reached."""
        try:
            return int(self._rq.count) if self._rq is not None else None
        except (RedisError, OSError):
            return None


def _job_id(job: JobName, outbox_id: UUID, dispatch: int) -> str:
    return f"{job.name.lower().replace('_', '-')}-{outbox_id}-{dispatch}"


def connect(redis_url: str) -> "Redis":
    """Open a connection that never waits long."""
    return Redis.from_url(redis_url, socket_connect_timeout=SOCKET_SECONDS, socket_timeout=SOCKET_SECONDS)
