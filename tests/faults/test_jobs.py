"""Workers, horses and Redis die; every effect still happens once, or is seen not to."""

import json
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.clock import utc_now
from portal.documents.models import Document, DocumentState
from portal.extensions import db
from portal.outbox import OutboxState
from portal.queueing import QUEUE_NAME, JobName, job_id, job_mac
from portal.security.tokens import Signer
from portal.transaction import current_session
from tests.faults.rig import CANARY, Rig, wait
from tests.support.owing import owe_mail
from tests.support.processes import is_alive

PLACES = ("document.begun", "document.rendered", "document.stored")


def documents(state: DocumentState = DocumentState.READY) -> int:
    db.session.remove()
    counted = select(func.count(Document.id)).where(Document.state == state)
    return current_session().scalar(counted) or 0


def test_f04_the_worker_dies_while_its_horse_renders(rig: Rig) -> None:
    portal, worker = rig.background(FP="document.begun:1:sleep")
    rig.order_documents()
    wait(lambda: rig.was_struck("document.begun"), "the horse has begun")
    worker.kill()
    portal.start_worker()
    rig.settle()
    assert documents() == 1


def test_f04_worker_and_horse_die_together(rig: Rig) -> None:
    portal, worker = rig.background(FP="document.begun:1:sleep")
    rig.order_documents()
    wait(lambda: rig.was_struck("document.begun"), "the horse has begun")
    worker.kill_all()
    portal.start_worker()
    rig.settle()
    assert documents() == 1


def test_f05_horses_die_at_three_points_of_the_rendering(rig: Rig) -> None:
    _, worker = rig.background(FP=",".join(f"{place}:1:kill9" for place in PLACES))
    rig.order_documents(len(PLACES))
    rig.settle()
    assert all(rig.was_struck(place) for place in PLACES)
    assert documents() == len(PLACES)
    assert is_alive(worker.pid)


def test_f06_the_worker_dies_with_a_job_in_its_hand(rig: Rig) -> None:
    portal, worker = rig.background(FP="job.dequeued:1:kill9")
    rig.order_documents()
    wait(lambda: not is_alive(worker.pid), "the worker dies")
    portal.start_worker()
    rig.settle()
    assert documents() == 1


@pytest.mark.parametrize("empty", [False, True], ids=["kept", "emptied"])
def test_f07_redis_dies_with_jobs_queued(rig: Rig, empty: bool) -> None:
    portal = rig.portal()
    rig.order_documents(3)
    rig.redis.restart(empty=empty)
    portal.start_worker()
    portal.start_sweeper()
    rig.settle()
    assert documents() == 3


def test_f07_redis_dies_under_a_working_worker(rig: Rig) -> None:
    portal, worker = rig.background()
    rig.order_documents(2)
    wait(lambda: rig.states().get(OutboxState.DONE, 0) > 0, "the worker works")
    rig.redis.kill()
    wait(
        lambda: "worker.no_redis" in portal.logs() or "worker.trouble" in portal.logs(),
        "the worker misses Redis",
    )
    rig.redis.start()
    rig.settle()
    assert documents() == 2
    assert is_alive(worker.pid)


def test_f08_redis_is_emptied_under_fifty_jobs(rig: Rig) -> None:
    portal = rig.portal()
    for number in range(50):
        owe_mail(f"{CANARY}.{number}@example.org")
    portal.start_worker()
    portal.start_worker()
    wait(lambda: rig.states().get(OutboxState.DONE, 0) >= 5, "the workers are at it")
    rig.redis.flush()
    assert rig.states()[OutboxState.PENDING] > 5, "most of it was lost"
    portal.start_sweeper()
    rig.settle()
    assert len(rig.mailbox.received) == 50


def test_f21_a_week_old_job_is_replayed_and_a_job_runs_twice_at_once(rig: Rig) -> None:
    outbox_id = owe_mail(f"{CANARY}@example.org")
    portal, _ = rig.background()
    rig.settle()
    signer: Signer = rig.app.extensions["signer"]
    with rig.redis.client() as client:
        for number in (1, 2, 3, 9):
            name = job_id(JobName.SEND_MESSAGE, outbox_id, number)
            body: list[Any] = [JobName.SEND_MESSAGE.value, None, [str(outbox_id)], {}]
            mac = job_mac(signer.job_key, name, body[0], [str(outbox_id)])
            fields = {
                "data": zlib.compress(json.dumps(body).encode()),
                "meta": json.dumps({"mac": mac}),
                "origin": QUEUE_NAME,
            }
            client.hset(f"rq:job:{name}", mapping=fields)
            client.rpush(f"rq:queue:{QUEUE_NAME}", name)
        portal.start_worker()
        wait(lambda: client.llen(f"rq:queue:{QUEUE_NAME}") == 0, "the replayed jobs are taken")
        wait(lambda: not list(client.scan_iter("rq:job:*")), "the replayed jobs are over")
    assert len(rig.mailbox.received) == 1


def test_f22_a_job_that_kills_its_horse_each_time_does_not_stop_the_others(rig: Rig) -> None:
    portal, worker = rig.background(FP="document.begun:1:kill9", FP_ONCE="")
    rig.order_documents()
    wait(lambda: rig.states().get(OutboxState.DONE, 0) > 0, "the mail behind it is sent")
    wait(lambda: portal.logs().count("job.horse_died") > 1, "the job is tried again")
    assert is_alive(worker.pid)
    worker.stop()
    rig.portal().start_worker()
    rig.settle()
    assert documents() == 1


def test_f27_the_workers_come_back_after_a_day(rig: Rig) -> None:
    for number in range(100):
        deadline_at = utc_now() - timedelta(hours=1) if number % 10 == 0 else None
        owe_mail(f"{CANARY}.{number}@example.org", deadline_at=deadline_at)
    portal = rig.portal()
    portal.start_worker()
    portal.start_worker()
    portal.start_sweeper()
    rig.settle()
    assert rig.states() == {OutboxState.DONE: 90, OutboxState.EXPIRED: 10}
    assert len(rig.mailbox.received) == 90


def test_the_parent_does_not_grow_over_two_hundred_jobs(rig: Rig) -> None:
    _, worker = rig.background()
    for number in range(20):
        owe_mail(f"{CANARY}.warm.{number}@example.org")
    rig.settle()
    before = resident_kilobytes(worker.pid)
    for number in range(200):
        owe_mail(f"{CANARY}.{number}@example.org")
    rig.settle()
    assert resident_kilobytes(worker.pid) < before + 4096


def resident_kilobytes(pid: int) -> int:
    """Read how much memory a process holds."""
    status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
