"""Ten thousand reminders are due at once: how long a sweep takes, and how much of it is loaded at a time."""

import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.booking.models import Consultation
from portal.booking.reminders import PAGE, owe_reminders, reminder_leads
from portal.booking.rules import Attendance, ConsultationStatus, PartnerKnows
from portal.booking.views.area import mail_words
from portal.clock import utc_now
from portal.diary.models import ConsultationTypeRow, OccupiedInterval, OccupiedKind
from portal.extensions import db
from portal.people.service import add_person
from portal.transaction import transaction
from tests.bench.figures import Figure
from tests.bench.installation import Install, Installation
from tests.booking.agreed import most_alive

DUE = 10_000
AT_ONCE = 500  # rows that are written at a time, beforehand


def measure(install: Install) -> Iterator[Figure]:
    """Measure one sweep over all of them, and one that finds nothing; other work of the sweeper waits for a page at most."""
    installed = install()
    with installed.app.app_context():
        _fill(installed)
        with most_alive(Consultation) as most:
            pages = _sweep()
        idle = _sweep()
    yield Figure(f"{DUE:,} due reminders: rows loaded at a time", most[0], "rows", PAGE)
    yield Figure("the slowest page", max(pages), "s", 5)
    yield Figure("all pages", sum(pages), "s")
    yield Figure("a sweep that finds nothing due", sum(idle) * 1000, "ms", 100)


def _sweep() -> list[float]:
    """Sweep as the sweeper does; give the seconds of the processor that each page took."""
    with transaction() as session:
        (lead,) = reminder_leads(session)
    pages: list[float] = []
    after, is_first = None, True
    while is_first or after is not None:
        began = time.process_time()
        with transaction() as session:
            after = owe_reminders(session, lead, after=after, mail=mail_words(), now=utc_now())
        pages.append(time.process_time() - began)
        db.session.remove()
        is_first = False
    return pages


def _fill(installed: Installation) -> None:
    with transaction() as session:
        kind = ConsultationTypeRow(
            therapist_id=installed.cast.therapist.person_id,
            name="Talk",
            length_minutes=1,
            reminder_minutes=24 * 60,
        )
        session.add(kind)
        session.flush()
        type_id = kind.id
    for first in range(0, DUE, AT_ONCE):
        with transaction() as session:
            _agree(session, installed.cast.therapist.person_id, type_id, range(first, first + AT_ONCE))
        db.session.remove()


def _agree(session: Session, therapist_id: UUID, type_id: UUID, numbers: range) -> None:
    now = utc_now()
    times, consultations = [], []
    for number in numbers:
        person = add_person(session, first_name="Ana", email=f"ana{number}@example.org", zone="Europe/London")
        start = now + timedelta(hours=2, seconds=7 * number)
        occupied_id = uuid4()
        times.append({
            "id": occupied_id, "created_at": now, "therapist_id": therapist_id, "starts_at": start,
            "ends_at": start + timedelta(seconds=6), "kind": OccupiedKind.CONSULTATION, "code": "C",
        })  # fmt: skip
        consultations.append({
            "id": uuid4(), "created_at": now - timedelta(days=3), "therapist_id": therapist_id, "person_id": person.id,
            "occupied_id": occupied_id, "starts_at": start, "ends_at": start + timedelta(seconds=6), "zone": "Europe/London",
            "status": ConsultationStatus.CONFIRMED, "partner_knows": PartnerKnows.UNSAID, "type_id": type_id,
            "request_code": occupied_id.bytes, "body_code": b"", "settled_at": now - timedelta(days=3),
            "attendance": Attendance.UNKNOWN, "partner_attendance": Attendance.UNKNOWN,
        })  # fmt: skip
    session.execute(insert(OccupiedInterval), times)
    session.execute(insert(Consultation), consultations)
