"""Databases, Redis and disks that are gone, full or held by somebody else: a clear answer, nothing lost, no repair by hand."""

import resource
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx
import pytest
from psycopg import Connection, OperationalError
from sqlalchemy import func, select

from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.documents.models import Document, DocumentState
from portal.extensions import db
from portal.meetings.models import Note
from portal.meetings.service import write_note
from portal.supervise import descendants
from portal.transaction import current_session, transaction
from tests.booking.visit import free_slots_of, open_diary
from tests.faults.rig import CANARY, Rig, wait
from tests.faults.test_booking import BOOKED, Guest
from tests.meetings.desk import record
from tests.support.owing import owe_mail
from tests.support.postgres import PostgresServer
from tests.support.processes import Portal, Running

AWAY = HTTPStatus.SERVICE_UNAVAILABLE
ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def guest_at(rig: Rig, portal: Portal, number: int = 1) -> tuple[Guest, dict[str, str]]:
    """Let a visitor fill in the form of a time of their own."""
    guest = Guest(rig, portal, number)
    return guest, guest.form(free_slots_of(rig.app, rig.cast)[number * 2].start)


def server_of(rig: Rig) -> PostgresServer:
    assert rig.postgres is not None
    return rig.postgres


def crash(server: PostgresServer) -> None:
    """Stop it in the mode `immediate`, and wait for its end."""
    assert server._running is not None
    server._running.send(signal.SIGQUIT)
    server._running.process.wait(20)


@pytest.mark.parametrize("place", ["transaction.before_commit", "transaction.after_commit"])
def test_f03_the_web_process_dies_around_each_commit_of_a_signature(rig: Rig, place: str) -> None:
    with transaction() as session:
        meeting_id = record(session, rig.cast).id
        viewer = rig.cast.therapist.member()
        write_note(session, viewer, meeting_id, text="A line to be signed.", revision=0, now=utc_now())
    for visit in range(1, 9):
        portal = rig.portal(FP=f"{place}:{visit}:kill9")
        server = portal.start_web()
        with suppress(httpx.TransportError):
            sign(rig, portal, meeting_id)
        server.stop()
        db.session.remove()
        note = current_session().scalars(select(Note)).one()
        signed = select(func.count()).where(
            AuditEvent.action == "note.signed", AuditEvent.object_id == note.id
        )
        assert current_session().scalar(signed) == (0 if note.signed_at is None else 1)
        if not any((rig.folder / "struck").glob(f"{place}-{visit}-*")):
            break
    else:
        pytest.fail("the sweep did not come to its end")
    assert visit > 1
    assert note.signed_at is not None
    owe_mail(f"{CANARY}@example.org")
    rig.background()
    rig.settle()


def sign(rig: Rig, portal: Portal, meeting_id: UUID) -> httpx.Response:
    """Press the button as the therapist, in a browser of a moment ago."""
    cookies, form_token = rig.sign_in(rig.cast.therapist)
    return httpx.post(
        f"http://localhost:{portal.port}/meetings/{meeting_id}/note/sign",
        data={"form_token": form_token, "revision": "1"}, cookies=cookies, timeout=60,
    )  # fmt: skip


def test_f10_a_full_redis_is_seen_and_what_is_owed_is_done_later(rig: Rig) -> None:
    open_diary(rig.app, rig.cast.therapist)
    portal, _ = rig.background()
    portal.start_web()
    guest, form = guest_at(rig, portal)
    with rig.redis.client() as client:
        try:
            client.config_set("maxmemory", "1")
            assert guest.send(form) == BOOKED
            wait(lambda: httpx.get(f"{portal.address}/readyz").json()["redis"] == "down", "readyz tells it")
        finally:
            client.config_set("maxmemory", "0")
    rig.settle()
    wait(lambda: httpx.get(f"{portal.address}/readyz").json()["redis"] == "ok", "readyz tells its end")


@ON_POSTGRES
@pytest.mark.parametrize("place", ["transaction.before_commit", "transaction.after_commit"])
def test_f11_the_database_crashes_around_the_commit_of_a_booking(rig: Rig, place: str) -> None:
    open_diary(rig.app, rig.cast.therapist)
    portal = rig.portal(FP=f"{place}:2:sleep")
    server = portal.start_web()
    guest, form = guest_at(rig, portal)
    answers: list[int] = []
    sending = threading.Thread(target=lambda: answers.append(guest.send(form)))
    sending.start()
    wait(lambda: rig.was_struck(place), "the booking is at its commit")
    crash(server_of(rig))
    sending.join(60)
    assert answers == [BOOKED if place == "transaction.after_commit" else AWAY]
    away = httpx.get(f"{portal.address}/consultations/times")
    assert (away.status_code, away.headers["Retry-After"]) == (AWAY, "5")
    server_of(rig).start()
    db.engine.dispose()
    assert guest.send(form) == BOOKED  # the same web process, the same form: one booking
    assert server.process.poll() is None
    rig.background()
    rig.settle()


@ON_POSTGRES
def test_f12_somebody_holds_a_lock_for_half_a_minute(rig: Rig) -> None:
    open_diary(rig.app, rig.cast.therapist)
    portal = rig.portal()
    portal.start_web()
    guests = [guest_at(rig, portal, number) for number in (1, 2, 3)]
    with server_of(rig).connect(database_of(rig)) as holder, holder.transaction():
        holder.execute("lock table occupied_interval in access exclusive mode")
        assert [guest.send(form) for guest, form in guests] == [AWAY] * 3
    assert [guest.send(form) for guest, form in guests] == [BOOKED] * 3
    rig.background()
    rig.settle()


@ON_POSTGRES
def test_f12_no_connection_is_left(rig: Rig) -> None:
    open_diary(rig.app, rig.cast.therapist)
    portal = rig.portal()
    portal.start_web()
    guest, form = guest_at(rig, portal)
    portal.web[-1].stop()
    db.engine.dispose()
    portal.start_web()
    with all_connections(rig):
        assert guest.send(form) == AWAY
    assert guest.send(form) == BOOKED
    rig.background()
    rig.settle()


@contextmanager
def all_connections(rig: Rig) -> Iterator[None]:
    """Take every connection that the server gives."""
    taken: list[Connection[Any]] = []
    try:
        with suppress(OperationalError):
            while True:
                taken.append(server_of(rig).connect(database_of(rig)))
        yield
    finally:
        for one in taken:
            one.close()


def database_of(rig: Rig) -> str:
    return rig.database_url.partition("@/")[2].partition("?")[0]


@ON_SQLITE
def test_f13_somebody_writes_for_a_quarter_of_a_minute(rig: Rig) -> None:
    open_diary(rig.app, rig.cast.therapist)
    portal = rig.portal()
    portal.start_web()
    guest, form = guest_at(rig, portal)
    db.session.remove()
    holder = sqlite3.connect(rig.database_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("begin immediate")
    assert httpx.get(f"{portal.address}/consultations/times").status_code == HTTPStatus.OK  # readers go on
    assert guest.send(form) == AWAY
    holder.execute("rollback")
    holder.close()
    assert guest.send(form) == BOOKED
    rig.background()
    rig.settle()


def allow_bytes(process: Running, most: int) -> None:
    """Let a process and its children write files up to this size only, as on a disk that is full; -1: of any size."""
    for pid in (process.pid, *descendants(process.pid)):
        with suppress(ProcessLookupError):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, hard))


@ON_SQLITE
def test_f14_the_disk_of_the_database_is_full_for_the_web(rig: Rig) -> None:
    open_diary(rig.app, rig.cast.therapist)
    portal = rig.portal()
    server = portal.start_web()
    guest, form = guest_at(rig, portal)
    allow_bytes(server, 1)  # its log is full with it, and that must not matter either
    assert guest.send(form) == AWAY
    assert httpx.get(f"{portal.address}/healthz").status_code == HTTPStatus.OK
    allow_bytes(server, resource.RLIM_INFINITY)
    assert guest.send(form) == BOOKED
    rig.background()
    rig.settle()


def test_f14_the_store_of_files_takes_nothing_for_a_while(rig: Rig) -> None:
    (rig.folder / "files").touch()  # where a folder should be: whatever is to be stored, the system refuses
    portal, worker = rig.background()
    rig.order_documents()
    wait(lambda: "document.broke" in portal.logs(), "storing has failed")
    (rig.folder / "files").unlink()
    rig.settle()
    db.session.remove()
    ready = select(func.count(Document.id)).where(Document.state == DocumentState.READY)
    assert current_session().scalar(ready) == 1
    assert worker.process.poll() is None


def test_f14_the_disk_of_the_log_is_full(rig: Rig) -> None:
    open_diary(rig.app, rig.cast.therapist)
    portal = rig.portal()
    (portal.folder / "web.log").symlink_to("/dev/full")
    portal.start_web()
    guest, form = guest_at(rig, portal)
    assert guest.send(form) == BOOKED
    assert httpx.get(f"{portal.address}/nowhere").status_code == HTTPStatus.NOT_FOUND
    (portal.folder / "web.log").unlink()
    rig.background()
    rig.settle()
