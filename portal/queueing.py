"""Handing jobs to RQ: ids only, JSON, a MAC over the body. Redis is a hint; the outbox is the truth.

Worker and web share the job key, so whoever can merely write to Redis cannot make the worker run anything.
"""

import hmac
import time
from enum import StrEnum
from typing import Any
from uuid import UUID

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue as RqQueue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

QUEUE_NAME = "portal"
JOB_SECONDS = 85  # below the lease of 90 seconds, so that a job never outlives its claim
FAILURE_SECONDS = 7 * 24 * 3600
SOCKET_SECONDS = 1.0  # a paused Redis may hold up a form by this much at most
QUIET_SECONDS = (
    5.0  # after a failure the next hints are dropped at once, so that a form with three waits for one
)
log = structlog.get_logger()


class JobName(StrEnum):
    """The only functions that a worker may run, by their dotted names."""

    READ_BOUNCES = "jobs.bounces.read"
    RENDER_DOCUMENT = "jobs.documents.render"
    SEND_MESSAGE = "jobs.messages.send"
    SYNC_CALENDAR = "jobs.calendars.sync"


def job_id(job: JobName, outbox_id: UUID, dispatch: int) -> str:
    """Name one hand-out of an outbox row. RQ refuses an id for as long as a failed job of that id lives."""
    return f"{job.name.lower().replace('_', '-')}-{outbox_id}-{dispatch}"


def job_mac(key: bytes, job_id: str, function: str, arguments: list[str]) -> str:
    """Sign what a job is to do; worker and queue compute it alike."""
    body = "\x1f".join([job_id, function, *arguments]).encode("utf-8", "surrogatepass")
    return hmac.new(key, body, "sha256").hexdigest()


class Queue:
    """The way to RQ. Without a Redis address every hint is dropped, and the sweeper's next round finds the work."""

    def __init__(self, redis_url: str | None, job_key: bytes) -> None:
        self._job_key = job_key
        self._quiet_until = 0.0
        self.redis = connect(redis_url) if redis_url else None
        self._rq: Any = (
            RqQueue(QUEUE_NAME, connection=self.redis, serializer=JSONSerializer)
            if self.redis is not None
            else None
        )

    def enqueue(self, job: JobName, outbox_id: UUID, dispatch: int) -> bool:
        """Tell the workers that an outbox row is due; False if Redis cannot be reached, which loses nothing."""
        if self._rq is None or time.monotonic() < self._quiet_until:
            return False
        try:
            self._enqueue(job, outbox_id, dispatch)
        except DuplicateJobError:
            return True
        except (RedisError, OSError) as error:
            self._quiet_until = time.monotonic() + QUIET_SECONDS
            log.warning(
                "queue.unreachable", job=job.name, outbox_id=str(outbox_id), kind=type(error).__name__
            )
            return False
        return True

    def _enqueue(self, job: JobName, outbox_id: UUID, dispatch: int) -> None:
        name, arguments = job_id(job, outbox_id, dispatch), [str(outbox_id)]
        self._rq.enqueue_call(
            func=job.value,
            args=arguments,
            job_id=name,
            unique=True,
            timeout=JOB_SECONDS,
            result_ttl=0,
            failure_ttl=FAILURE_SECONDS,
            description=job.name.lower(),
            # Somebody looks at the page of a document; mails may wait behind a mail server that is slow to answer.
            at_front=job is JobName.RENDER_DOCUMENT,
            meta={"mac": job_mac(self._job_key, name, job.value, arguments)},
        )

    def waiting(self) -> frozenset[str] | None:
        """Read the ids of the waiting jobs; None if Redis cannot be reached. One round trip."""
        if self.redis is None:
            return None
        try:
            names: Any = self.redis.lrange(self._rq.key, 0, -1)
            return frozenset(name.decode("utf-8", "replace") for name in names)
        except (RedisError, OSError):
            return None

    def depth(self) -> int | None:
        """Count the waiting jobs; None if Redis cannot be reached."""
        waiting = self.waiting()
        return None if waiting is None else len(waiting)


def connect(redis_url: str) -> "Redis":
    """Open a connection that never waits long: one try, and a second for each answer."""
    return Redis.from_url(
        redis_url,
        socket_connect_timeout=SOCKET_SECONDS,
        socket_timeout=SOCKET_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
