"""Consultations that both sides have agreed on, and a sweep for their reminders."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from weakref import WeakSet

from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from portal.booking.models import Consultation, Reminder
from portal.booking.reminders import owe_reminders, reminder_leads
from portal.booking.rules import ConsultationStatus
from portal.booking.views.area import mail_words
from portal.diary.models import ConsultationTypeRow, OccupiedInterval, OccupiedKind
from portal.orm import Model
from portal.people.service import add_person
from portal.transaction import transaction
from tests.support.cast import Cast

LEAD_MINUTES = 24 * 60


@dataclass
class Agreed:
    """One therapist's type of consultation, and how to agree on a time; `now` is when the test begins."""

    app: Flask
    therapist_id: UUID
    type_id: UUID
    now: datetime

    def agree(
        self,
        session: Session,
        *,
        begins_in: timedelta,
        settled: timedelta = timedelta(hours=-48),
        email: str = "",
        **changes: object,
    ) -> Consultation:
        """Add a confirmed consultation of a minute, whose time was agreed `settled` from now."""
        start = self.now + begins_in
        address = email or f"ana{start.timestamp()}@example.org"
        person = add_person(session, first_name="Ana", email=address, zone="Europe/London")
        occupied = OccupiedInterval(
            therapist_id=self.therapist_id, starts_at=start, ends_at=start + timedelta(minutes=1),
            kind=OccupiedKind.CONSULTATION, code="X",
        )  # fmt: skip
        session.add(occupied)
        session.flush()
        values: dict[str, object] = {
            "therapist_id": self.therapist_id, "person_id": person.id, "occupied_id": occupied.id, "starts_at": start,
            "ends_at": start + timedelta(minutes=1), "zone": "Europe/London", "status": ConsultationStatus.CONFIRMED,
            "type_id": self.type_id, "request_code": occupied.id.bytes, "body_code": b"", "settled_at": self.now + settled,
            "created_at": self.now + settled, "person": person,
        }  # fmt: skip
        consultation = Consultation(**(values | changes))
        session.add(consultation)
        session.flush()
        return consultation

    def sweep(self, now: datetime | None = None, *, has_text_gateway: bool = False) -> int:
        """Sweep as the sweeper does; return how many reminders are owed by then."""
        with self.app.app_context():
            with transaction() as session:
                leads = reminder_leads(session)
            for lead in leads:
                after, is_first = None, True
                while is_first or after is not None:
                    with transaction() as session:
                        after = owe_reminders(
                            session, lead, after=after, mail=mail_words(), now=now or self.now,
                            has_text_gateway=has_text_gateway,
                        )  # fmt: skip
                    is_first = False
            with transaction() as session:
                return session.scalar(select(func.count()).select_from(Reminder)) or 0


@contextmanager
def most_alive(kind: type[Model]) -> Iterator[list[int]]:
    """Count, in the list's only place, how many loaded rows of one kind are kept at the same time at most."""
    alive: WeakSet[Model] = WeakSet()
    most = [0]

    def note(row: Model, _context: object) -> None:
        alive.add(row)
        most[0] = max(most[0], len(alive))

    event.listen(kind, "load", note)
    try:
        yield most
    finally:
        event.remove(kind, "load", note)


def begin(app: Flask, session: Session, cast: Cast, now: datetime) -> Agreed:
    """Let the cast's therapist have a type of consultation that is reminded of a day before."""
    kind = ConsultationTypeRow(
        therapist_id=cast.therapist.person_id, name="Talk", length_minutes=1, reminder_minutes=LEAD_MINUTES
    )
    session.add(kind)
    session.flush()
    return Agreed(app, cast.therapist.person_id, kind.id, now)
