"""Two hundred visitors want one time, twenty times over, while others hold, confirm, cancel and move (F18)."""

import random
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from portal.accounts.models import LoginSession
from portal.booking.models import Consultation
from portal.booking.rules import ConsultationStatus, new_form_id
from portal.clock import utc_now
from portal.diary.models import OccupiedInterval
from portal.extensions import db
from portal.security.crypto import hashed_token
from portal.security.viewer import TokenPurpose
from portal.transaction import current_session, transaction
from tests.booking.visit import ANSWERS, free_slots_of, iso, open_diary
from tests.faults.rig import CANARY, Rig
from tests.support.processes import Portal
from tests.support.storm import Answer, Journal, Request, at_once, percentile

CLIENTS, ROUNDS, MOVERS, HOLDERS = 200, 20, 10, 40
WON, LOST = 303, 409


@dataclass
class Storm:
    """The visitors of one practice, and what they were told."""

    rig: Rig
    portal: Portal
    journal: Journal
    window: float = 0.0
    numbers: int = 0
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def send(self, requests: Sequence[Request]) -> list[Answer]:
        """Send all, spread over the window, and keep what came back."""
        chance = random.Random(self.numbers)  # noqa: S311 - spreads them, hides nothing
        answers = at_once(
            self.portal.port,
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
        key = self.rig.app.extensions["signer"].sign_id(TokenPurpose.BOOKING_FORM, shown)
        one = self.visitor("book", "/consultations/new", start=iso(start), form_key=key)
        own = {"first_name": one.who, "email": f"{CANARY}.{self.numbers}@example.org"}
        return one._replace(form=tuple((ANSWERS | dict(one.form or ()) | own).items()))

    def holder(self, start: datetime) -> tuple[Request, UUID]:
        """Somebody who presses a time, which keeps it for a while."""
        form_id = new_form_id(utc_now() - timedelta(minutes=2))
        key = self.rig.app.extensions["signer"].sign_id(TokenPurpose.BOOKING_FORM, form_id)
        return self.visitor("hold", f"/consultations/hold?form={key}", start=iso(start)), form_id

    def owner(self, act: str, consultation_id: UUID, **form: str) -> Request:
        """Somebody with the link of an own booking."""
        token = self.rig.app.extensions["signer"].sign_id(TokenPurpose.CONSULTATION, consultation_id)
        return self.visitor(act, f"/consultations/{token}/{act}", **form)

    def _form(self, form: dict[str, str]) -> tuple[tuple[str, str], ...]:
        return tuple(({"form_token": self.rig.app.extensions["signer"].form_token(None)} | form).items())


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
        storm.rig.acknowledged.append(winner.request.who)
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
    storm.rig.acknowledged += [answer.request.who for answer in won]
    assert len(booked_at(start)) <= 1 and live_times(start) <= 1


def sign_in(rig: Rig) -> str:
    """Let the therapist be signed in; cookie and form token, joined by a bar."""
    token, now = secrets.token_urlsafe(16), utc_now()
    with transaction() as session:
        row = LoginSession(
            account_id=rig.cast.therapist.account_id, token_hash=hashed_token(token), device="Test", proved_at=now,
            last_seen_at=now, expires_at=now + timedelta(hours=8),
        )  # fmt: skip
        session.add(row)
        session.flush()
        form_token = rig.app.extensions["signer"].form_token(row.id)
    return f"{token}|{form_token}"


def test_f18_two_hundred_visitors_want_one_time_twenty_times(rig: Rig) -> None:
    open_diary(rig.app, rig.cast.therapist)
    slots = [slot.start for slot in free_slots_of(rig.app, rig.cast)]
    portal, _ = rig.background()
    portal.start_web(workers=2)
    storm = Storm(rig, portal, Journal(rig.folder / "journal"))
    first = storm.send([storm.booker(start) for start in slots[:MOVERS]])
    assert {answer.status for answer in first} == {WON}
    rig.acknowledged += [answer.request.who for answer in first]
    pool = [booked_at(start)[0].id for start in slots[:MOVERS]]
    cookie = sign_in(rig)
    for start in slots[MOVERS + 2 : MOVERS + 2 + 3 * ROUNDS : 3]:
        rush(storm, start, still_live(pool))
        upset(storm, start, cookie)
    assert set(storm.statuses) == {WON, LOST}
    storm.journal.note(
        "figures",
        requests=len(storm.seconds),
        median=percentile(storm.seconds, 0.5),
        p95=percentile(storm.seconds, 0.95),
    )
    rig.settle()
