"""The PDF job beside a bare rendering of the same HTML, and the memory of the worker that hands the jobs out.

The job is timed from outside: from the moment the id is put before an idle worker until the database says "ready".
That is a little more than from dequeue to ready, never less.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import UUID

from flask import Flask, render_template
from redis import Redis
from sqlalchemy import select

from portal import outbox
from portal.clock import utc_now
from portal.documents.models import Document, DocumentState
from portal.documents.registry import source_of
from portal.extensions import db
from portal.queueing import JobName, Queue
from portal.transaction import transaction
from tests.bench.figures import Figure
from tests.bench.installation import Install, Installation
from tests.bench.practice import record_past_meeting, release_summary_of
from tests.support.processes import PATIENCE, ROOT, portal_processes, wait_until
from tests.support.redis import redis_server_process

JOBS, WARM_JOBS, ROUNDS = 200, 20, 40
LOOK_SECONDS = 0.003  # rarely enough to leave both processors to the job
MEMORY_GROWTH = 1.02  # what the allocator takes and gives back between two jobs is below two in a hundred


def measure(install: Install) -> Iterator[Figure]:
    """Run 200 jobs through a real worker; the first are unmeasured, the next take turns with the yardstick."""
    installed = install()
    document_id = _document(installed)
    with _line(installed, document_id) as line, _yardstick(installed, document_id) as bare:
        for _ in range(WARM_JOBS):
            line.run()
        before = line.parent_kilobytes()
        rounds = [(bare("here"), bare("fork"), line.run()) for _ in range(ROUNDS)]
        for _ in range(JOBS - WARM_JOBS - ROUNDS):
            line.run()
        after = line.parent_kilobytes()
    here, fork, job = (median(seconds) for seconds in zip(*rounds, strict=True))
    yield Figure("A bare write_pdf in a process that has done it before", here * 1000, "ms")
    yield Figure("A bare write_pdf in a fork of it", fork * 1000, "ms")
    yield Figure("The PDF job of the same HTML, dequeue to ready", job * 1000, "ms")
    yield Figure("The same as a multiple of the bare one", job / here, "x", 1.3)
    yield Figure("The same as a multiple of the bare one in a fork", job / fork, "x")
    yield Figure(f"The worker's own memory after {WARM_JOBS} jobs", before / 1024, "MB")
    yield Figure(f"The same after {JOBS} jobs, as a multiple", after / before, "x", MEMORY_GROWTH)


def _document(installed: Installation) -> UUID:
    cast = installed.cast
    with installed.app.app_context(), transaction() as session:
        therapist, pair = cast.therapist.member(), [cast.ana.person_id, cast.ben.person_id]
        meeting = record_past_meeting(session, therapist, cast.couple_id, pair, 1)
        return release_summary_of(session, therapist, meeting).id


@dataclass(frozen=True, kw_only=True)
class Line:
    """A worker, and one document that it renders again and again."""

    app: Flask
    queue: Queue
    redis: Redis
    worker_pid: int
    document_id: UUID

    def run(self) -> float:
        """Give the idle worker one job; return the seconds until the document is ready."""
        wait_until(self._is_idle, "the worker waits for a job")
        outbox_id = self._order()
        began = time.perf_counter()
        assert self.queue.enqueue(JobName.RENDER_DOCUMENT, outbox_id, 1)
        with self.app.app_context():
            while not self._is_ready():
                assert time.perf_counter() < began + PATIENCE, "the document is not made"
                time.sleep(LOOK_SECONDS)
        return time.perf_counter() - began

    def parent_kilobytes(self) -> int:
        """Read what the worker's parent has for itself alone while it has no child."""
        wait_until(self._is_idle, "the worker waits for a job")
        lines = Path(f"/proc/{self.worker_pid}/smaps_rollup").read_text("ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))

    def _order(self) -> UUID:
        with self.app.app_context(), transaction() as session:
            document = session.get_one(Document, self.document_id)
            document.state, document.blob_id = DocumentState.REQUESTED, None
            document.requests += 1
            key = f"{document.id}/{document.requests}"
            entry = outbox.put(
                session, JobName.RENDER_DOCUMENT, document.id, effect_key=key, due_at=utc_now()
            )
            return entry.id

    def _is_idle(self) -> bool:
        return any(
            client["cmd"] == "blmove" and "b" in client["flags"] for client in self.redis.client_list()
        )

    def _is_ready(self) -> bool:
        with db.engine.connect() as connection:
            state = connection.scalar(select(Document.state).where(Document.id == self.document_id))
        assert state is not DocumentState.FAILED, "the document failed"
        return state is DocumentState.READY


@contextmanager
def _line(installed: Installation, document_id: UUID) -> Iterator[Line]:
    with redis_server_process() as redis:
        environment = {**installed.environment, "REDIS_URL": redis.url}
        with (
            portal_processes(environment, installed.folder / "processes") as portal,
            redis.client() as client,
        ):
            worker = portal.start_worker()
            signer = installed.app.extensions["signer"]
            yield Line(
                app=installed.app,
                queue=Queue(redis.url, signer.job_key),
                redis=client,
                worker_pid=worker.pid,
                document_id=document_id,
            )


@contextmanager
def _yardstick(installed: Installation, document_id: UUID) -> Iterator["Bare"]:
    path = installed.folder / "summary.html"
    with installed.app.test_request_context(), transaction() as session:
        document = session.get_one(Document, document_id)
        path.write_text(source_of(document.kind).compose(session, document, render_template).html, "utf-8")
    command = [sys.executable, "-m", "tests.bench.bare", str(path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Bare(process)
        process.terminate()


class Bare:
    """The process of the yardstick."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, where: str) -> float:
        """Render once, "here" or in a "fork"; return its seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{where}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())
