"""Two hundred browsers at once, as cheap as they can be: what is measured is the portal, not they.

Each has a network address of its own through the trusted-proxy setting. Every intent and every answer is noted in a
journal on disk before it is sent and after it came, so that a checker can compare it with the database.

People who read the same letter do not press a button within the same millisecond: TOGETHER is how long two hundred of them
take at the shortest, and what the bound of a second is about. That all press at once is tried as well; who is served last
then waits for everybody else's page.
"""

import asyncio
import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from portal.booking.models import Consultation
from portal.booking.rules import ConsultationStatus, new_form_id
from portal.clock import utc_now
from portal.diary.models import OccupiedInterval
from portal.extensions import db
from portal.security.viewer import TokenPurpose
from portal.transaction import current_session, transaction
from tests.booking.visit import ANSWERS, free_slots_of, iso
from tests.support.cast import Actor, Cast, begin_sign_in

PATIENCE = 60
CLIENTS, MOVERS, HOLDERS = 200, 10, 40
TOGETHER = 2.0  # seconds; our choice, shorter than the mail of one newsletter takes to two hundred inboxes
WON, LOST = 303, 409


class Request(NamedTuple):
    """What one browser sends: who it is, the path, and the form of a POST (None: a GET). `after`: seconds that it waits."""

    who: str
    network: str
    path: str
    form: tuple[tuple[str, str], ...] | None = None
    act: str = ""
    cookie: str = ""
    after: float = 0.0


class Answer(NamedTuple):
    """What came back, and after how many seconds; status 0: the line was cut."""

    request: Request
    status: int
    location: str
    body: str
    seconds: float


@dataclass
class Journal:
    """Everything that was asked and answered, one line each, on the disk before anything else happens."""

    path: Path

    def note(self, kind: str, **what: object) -> None:
        """Write one line durably."""
        line = json.dumps({"kind": kind, "at": time.time(), **what}) + "\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line.encode())
            os.fdatasync(handle)
        finally:
            os.close(handle)

    def lines(self) -> list[dict[str, object]]:
        """Read it back."""
        return [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]


@dataclass
class Storm:
    """The visitors of one practice, and what they were told.

    window: seconds within which all of a rush come. `acknowledged`: who was told that the time is theirs.
    """

    app: Flask
    port: int
    journal: Journal
    inbox: str = "guest"
    window: float = TOGETHER
    numbers: int = 0
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    acknowledged: list[str] = field(default_factory=list)

    def send(self, requests: Sequence[Request]) -> list[Answer]:
        """Send all, spread over the window, and keep what came back."""
        chance = random.Random(self.numbers)  # noqa: S311 - spreads them, hides nothing
        answers = at_once(
            self.port,
            [one._replace(after=chance.random() * self.window) for one in requests],
            self.journal,
        )
        self.seconds += [answer.seconds for answer in answers]
        self.statuses.update(answer.status for answer in answers)
        return answers

    def visitor(self, act: str, path: str, **form: str) -> Request:
        """Somebody new with an own network address."""
        self.numbers += 1
        number = self.numbers
        network = f"10.{number // 62500}.{number // 250 % 250}.{number % 250}"
        return Request(f"Guest {number}", network, path, self._form(form), act)

    def booker(self, start: datetime, form_id: UUID | None = None) -> Request:
        """Somebody who fills in the form and sends it."""
        shown = form_id or new_form_id(utc_now() - timedelta(minutes=2))
        key = self.app.extensions["signer"].sign_id(TokenPurpose.BOOKING_FORM, shown)
        one = self.visitor("book", "/consultations/new", start=iso(start), form_key=key)
        own = {"first_name": one.who, "email": f"{self.inbox}.{self.numbers}@example.org"}
        return one._replace(form=tuple((ANSWERS | dict(one.form or ()) | own).items()))

    def holder(self, start: datetime) -> tuple[Request, UUID]:
        """Somebody who presses a time, which keeps it for a while."""
        form_id = new_form_id(utc_now() - timedelta(minutes=2))
        key = self.app.extensions["signer"].sign_id(TokenPurpose.BOOKING_FORM, form_id)
        return self.visitor("hold", f"/consultations/hold?form={key}", start=iso(start)), form_id

    def owner(self, act: str, consultation_id: UUID, **form: str) -> Request:
        """Somebody with the link of an own booking."""
        token = self.app.extensions["signer"].sign_id(TokenPurpose.CONSULTATION, consultation_id)
        return self.visitor(act, f"/consultations/{token}/{act}", **form)

    def _form(self, form: dict[str, str]) -> tuple[tuple[str, str], ...]:
        return tuple(({"form_token": self.app.extensions["signer"].form_token(None)} | form).items())


def booked_at(start: datetime) -> list[Consultation]:
    """The live consultations that begin then."""
    db.session.remove()
    live = (ConsultationStatus.REQUESTED, ConsultationStatus.CONFIRMED)
    return list(
        current_session().scalars(
            select(Consultation).where(Consultation.starts_at == start, Consultation.status.in_(live))
        )
    )


def still_live(consultation_ids: Sequence[UUID]) -> list[UUID]:
    """Those that nobody has cancelled meanwhile."""
    db.session.remove()
    live = select(Consultation.id).where(
        Consultation.id.in_(consultation_ids), Consultation.status != ConsultationStatus.CANCELLED
    )
    return list(current_session().scalars(live))


def live_times(start: datetime) -> int:
    """How many live entries of the diary cover an instant, holds among them."""
    db.session.remove()
    rows = current_session().scalars(
        select(OccupiedInterval.id).where(
            OccupiedInterval.is_released.is_(False), OccupiedInterval.starts_at <= start, OccupiedInterval.ends_at > start
        )
    )  # fmt: skip
    return len(rows.all())


def rush(storm: Storm, start: datetime, movers: Sequence[UUID]) -> None:
    """All want one time: one gets it. If it was held, its holder books it while others still try."""
    holders = [storm.holder(start) for _ in range(HOLDERS)]
    forms = {one.who: form_id for one, form_id in holders}
    requests = [one for one, _ in holders] + [storm.owner("move", one, start=iso(start)) for one in movers]
    requests += [storm.booker(start) for _ in range(CLIENTS - len(requests))]
    random.Random(storm.numbers).shuffle(requests)  # noqa: S311 - likewise
    answers = storm.send(requests)
    (winner,) = [answer for answer in answers if answer.status == WON]
    assert {answer.status for answer in answers if answer is not winner} == {LOST}
    assert all(
        "just gone" in answer.body or "near it" in answer.body for answer in answers if answer.status == LOST
    )
    assert live_times(start) == 1
    if winner.request.act == "hold":
        theirs, *others = storm.send(
            [storm.booker(start, forms[winner.request.who]), *(storm.booker(start) for _ in range(20))]
        )
        assert theirs.status == WON and {other.status for other in others} == {LOST}
        winner = theirs
    if winner.request.act == "book":
        storm.acknowledged.append(winner.request.who)
    assert len(booked_at(start)) == 1


def upset(storm: Storm, start: datetime, cookie: str) -> None:
    """The therapist confirms and the visitor cancels at once, while twenty try to get in between."""
    (consultation,) = booked_at(start)
    confirm = Request(
        "Jane", "10.250.0.1", f"/requests/{consultation.id}/confirm", (("form_token", cookie.partition("|")[2]),), "confirm",
        f"session={cookie.partition('|')[0]}",
    )  # fmt: skip
    cancel = storm.owner("cancel", consultation.id)
    answers = storm.send([confirm, cancel, *(storm.booker(start) for _ in range(20))])
    assert {answer.status for answer in answers} <= {WON, LOST}
    won = [answer for answer in answers if answer.request.act == "book" and answer.status == WON]
    assert len(won) <= 1
    storm.acknowledged += [answer.request.who for answer in won]
    assert len(booked_at(start)) <= 1 and live_times(start) <= 1


def sign_in(app: Flask, therapist: Actor) -> str:
    """Let the therapist be signed in; cookie and form token, joined by a bar."""
    with transaction() as session:
        token, login_session_id = begin_sign_in(session, therapist.account_id)
    form_token = app.extensions["signer"].form_token(login_session_id)
    return f"{token}|{form_token}"


def storm_through(storm: Storm, cast: Cast, windows: Sequence[float]) -> None:
    """Go through one round for each window: a rush for a time, then confirming and cancelling while others try.

    Each round has one winner, whatever happens; the rest get a page that helps. An AssertionError tells what did not hold.
    """
    slots = [slot.start for slot in free_slots_of(storm.app, cast)]
    first = storm.send([storm.booker(start) for start in slots[:MOVERS]])
    assert {answer.status for answer in first} == {WON}
    storm.acknowledged += [answer.request.who for answer in first]
    pool = [booked_at(start)[0].id for start in slots[:MOVERS]]
    cookie = sign_in(storm.app, cast.therapist)
    for start, window in zip(slots[MOVERS + 2 :: 3], windows, strict=False):
        storm.window = window
        rush(storm, start, still_live(pool))
        upset(storm, start, cookie)
    assert set(storm.statuses) == {WON, LOST}


def at_once(port: int, requests: Sequence[Request], journal: Journal) -> list[Answer]:
    """Send all, each at its moment and on a connection of its own; give the answers in the order of the requests."""
    journal.note("intent", acts=[[one.act, one.who] for one in requests])
    answers = asyncio.run(_at_once(port, requests))
    journal.note("answers", acts=[[one.request.act, one.request.who, one.status] for one in answers])
    return answers


def percentile(seconds: Iterable[float], share: float) -> float:
    """Give the value below which this share of the measured ones lies (nearest rank)."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def _at_once(port: int, requests: Sequence[Request]) -> list[Answer]:
    return list(await asyncio.gather(*(_ask(port, one) for one in requests)))


async def _ask(port: int, request: Request) -> Answer:
    await asyncio.sleep(request.after)
    began = time.perf_counter()
    try:
        raw = await asyncio.wait_for(_exchange(port, _written(request)), PATIENCE)
    except (OSError, TimeoutError):
        raw = b""
    return _read(request, raw, time.perf_counter() - began)


async def _exchange(port: int, request: bytes) -> bytes:
    """Open a line when the button is pressed: the one that the form came by was closed while the visitor was typing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        return await reader.read(-1)
    finally:
        writer.close()


def _written(request: Request) -> bytes:
    body = b"" if request.form is None else urlencode(request.form).encode()
    method = "GET" if request.form is None else "POST"
    head = (
        f"{method} {request.path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"X-Forwarded-For: {request.network}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Cookie: {request.cookie}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _read(request: Request, raw: bytes, seconds: float) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    status = int(first.split()[1]) if first.startswith("HTTP/") else 0
    named = dict(one.split(": ", 1) for one in fields if ": " in one)
    location = next((value for name, value in named.items() if name.lower() == "location"), "")
    return Answer(request, status, location, body.decode("utf-8", "replace"), seconds)
