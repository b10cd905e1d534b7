"""The worker: `python -m jobs.worker`. Takes jobs from Redis and carries out those that the installation signed.

The parent loads the application and the renderer once and forks a work-horse for each job. It keeps no connection to
the database open while it forks.
"""

import gc
import logging
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import structlog
from flask import Flask
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from jobs.rehearsal import rehearse
from jobs.trust import PlainJob, why_refused
from portal import outbox
from portal.app import create_app
from portal.audit.rules import Action
from portal.audit.service import record
from portal.clock import utc_now
from portal.documents.render import warm_up
from portal.errors import DomainError
from portal.extensions import db
from portal.failpoints import failpoint
from portal.health.service import beat
from portal.queueing import QUEUE_NAME
from portal.security.tokens import Signer
from portal.security.viewer import JobFor
from portal.settings import Settings
from portal.transaction import transaction

BEAT_SECONDS = 10.0
MAINTENANCE_SECONDS = 30  # RQ's own 600 leave a lost job unnoticed for long (security.md P3)
WORKER_TTL_SECONDS = 25  # RQ waits for jobs 15 seconds less than this at a stretch
# Thresholds of the garbage collector: a horse ends with its job, and looking took a tenth of the time of a document.
SELDOM = (100_000, 50, 50)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 15.0
NOBODY = UUID(int=0)
log = structlog.get_logger()


class TemplatesOnly(logging.Handler):
    """Pass on what RQ complains about, without the values that it would fill in."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the sentence with its gaps, and the class of the exception."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else record.levelname
        log.warning("worker.trouble", reason=str(record.msg), kind=kind)


class PortalWorker(Worker):
    """RQ's worker that runs signed jobs only, leaves no text in Redis and tells the database that it lives."""

    job_class = PlainJob
    log_result_lifespan = False
    max_connection_wait_time = LONGEST_PAUSE_SECONDS

    def __init__(self, app: Flask, connection: "Redis") -> None:
        queue = Queue(QUEUE_NAME, connection=connection, serializer=JSONSerializer, job_class=PlainJob)
        super().__init__(
            [queue],
            connection=connection,
            serializer=JSONSerializer,
            job_class=PlainJob,
            default_result_ttl=0,
            maintenance_interval=MAINTENANCE_SECONDS,
            worker_ttl=WORKER_TTL_SECONDS,
            job_monitoring_interval=int(BEAT_SECONDS),
            log_job_description=False,
        )
        self._app = app
        signer: Signer = app.extensions["signer"]
        self._key = signer.job_key
        self._beat_after = 0.0

    @property
    def is_asked_to_stop(self) -> bool:
        """Tell whether a signal asked for the end."""
        return self._shutdown_requested_date is not None

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Look at the job before anything resolves what it names; fork a work-horse for it only if it is ours."""
        assert isinstance(job, PlainJob)  # noqa: S101 - the job class above
        failpoint("job.dequeued")
        reason = why_refused(job, self._key)
        if reason is None:
            super().execute_job(job, queue)
        else:
            self._refuse(job, queue, reason)

    def _refuse(self, job: PlainJob, queue: Queue, reason: str) -> None:
        """Remove a job that nobody here ordered, and leave a trace: whoever put it there can write to Redis."""
        log.error("job.refused", reason=reason)
        self.connection.lrem(queue.intermediate_queue_key, 0, job.id)
        self.connection.delete(job.key, job.dependents_key, job.dependencies_key)
        with self._database(), transaction() as session:
            record(session, JobFor(NOBODY), Action.JOB_REFUSED, kind="job", object_id=None, result=reason)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """Do the job in a context of its own, with connections of its own, and hardly looking for garbage."""
        with self._app.app_context():
            db.engine.dispose(close=False)
            gc.set_threshold(*SELDOM)
            super().main_work_horse(job, queue)

    def handle_work_horse_killed(self, job: Job, retpid: int, ret_val: int, rusage: Any) -> None:
        """Let the row of a horse that died be tried again soon; after five deaths it is given up, visibly."""
        log.error("job.horse_died", code=ret_val)
        try:
            with self._database(), transaction() as session:
                outbox.give_back_of_dead(session, UUID(job.args[0]), utc_now())
        except (SQLAlchemyError, DomainError) as error:
            log.warning("worker.no_database", kind=type(error).__name__)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Tell Redis, and every ten seconds the database, that the worker lives."""
        if not self.is_horse and time.monotonic() >= self._beat_after:
            self._beat_after = time.monotonic() + BEAT_SECONDS
            self._beat()
        super().heartbeat(timeout, pipeline)

    def _beat(self) -> None:
        try:
            with self._database(), transaction() as session:
                beat(session, "worker", utc_now())
        except (SQLAlchemyError, DomainError) as error:
            log.warning("worker.no_database", kind=type(error).__name__)

    @contextmanager
    def _database(self) -> Iterator[None]:
        """Use the database in the parent, and let go of it: a forked horse must inherit no connection."""
        with self._app.app_context():
            try:
                yield
            finally:
                db.session.remove()
                db.engine.dispose()

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Report the class of an exception only: its text and its frames may hold what a person wrote."""
        log.error("job.broke", kind=exc_info[0].__name__)

    def handle_job_failure(
        self, job: Job, queue: Queue, started_job_registry: Any = None, exc_string: str = ""
    ) -> None:
        """Note a failure in Redis without its traceback, which would lie there for a week."""
        super().handle_job_failure(job, queue, started_job_registry, "")

    def run_maintenance_tasks(self) -> None:
        """Clean up the registries; groups, which we do not use, would be read with pickle."""
        self.clean_registries()  # type: ignore[no-untyped-call]  # untyped library

    def subscribe(self) -> None:
        """Listen to no commands: whoever can write to Redis could stop our work by them."""

    def unsubscribe(self) -> None:
        """There is nothing to end."""

    def set_shutdown_requested_date(self) -> None:
        """Note the wish to stop in Redis if it is there; a signal must not break the job that is running."""
        with suppress(RedisError):
            super().set_shutdown_requested_date()  # type: ignore[no-untyped-call]  # untyped library


def _quiet_library() -> None:
    for name in ("rq.worker", "rq.job", "rq.queue", "rq.registry"):
        library = logging.getLogger(name)
        library.handlers[:] = [TemplatesOnly(logging.WARNING)]
        library.propagate = False


def run(app: Flask, redis_url: str) -> None:
    """Work until a signal asks to stop; while Redis is away, wait for it, longer each time.

    After SIGTERM the job at hand is finished first; a second signal ends it.
    """
    worker: PortalWorker | None = None
    pause = FIRST_PAUSE_SECONDS
    while worker is None or not worker.is_asked_to_stop:
        began = time.monotonic()
        try:
            worker = PortalWorker(app, Redis.from_url(redis_url))
            worker.work(logging_level="WARNING")
        except (RedisError, OSError) as error:
            log.warning("worker.no_redis", kind=type(error).__name__, seconds=pause)
        if worker is None or not worker.is_asked_to_stop:
            _rest(pause)
        is_steady = time.monotonic() - began > 2 * LONGEST_PAUSE_SECONDS
        pause = FIRST_PAUSE_SECONDS if is_steady else min(2 * pause, LONGEST_PAUSE_SECONDS)


def _rest(seconds: float) -> None:
    with suppress(StopRequested):  # raised by the signal handler; the loop then sees that the end is wanted
        time.sleep(seconds)


def main() -> int:
    """Start the worker of this installation; the exit status is 1 when it has no Redis to listen to."""
    app = create_app()
    settings: Settings = app.extensions["settings"]
    if settings.redis_url is None:
        sys.stderr.write("The worker needs REDIS_URL.\n")
        return 1
    _quiet_library()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    warm_up()
    rehearse(app)
    gc.collect()
    gc.freeze()
    log.info("worker.started")
    run(app, settings.redis_url)
    log.info("worker.stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
