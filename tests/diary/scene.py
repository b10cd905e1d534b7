"""A diary with things in it."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from flask import Flask

from portal.booking.models import Consultation
from portal.booking.rules import ConsultationStatus
from portal.diary.models import OccupiedKind
from portal.diary.service import occupy
from portal.transaction import transaction
from tests.support.cast import Actor, make_person


def take(
    app: Flask,
    actor: Actor,
    start: datetime,
    *,
    minutes: int = 50,
    kind: OccupiedKind = OccupiedKind.BLOCK,
    code: str = "Own time",
    expires_at: datetime | None = None,
) -> UUID:
    """Put something into a therapist's diary; gives the id of its time."""
    with app.app_context(), transaction() as session:
        return occupy(
            session, therapist_id=actor.person_id, starts_at=start, ends_at=start + timedelta(minutes=minutes), kind=kind,
            code=code, expires_at=expires_at,
        ).id  # fmt: skip


def book(app: Flask, actor: Actor, start: datetime, status: ConsultationStatus) -> UUID:
    """Let somebody in New York book twenty minutes; gives the id of their time."""
    code = f"Consultation {start:%d%H%M}"
    occupied_id = take(app, actor, start, minutes=20, kind=OccupiedKind.CONSULTATION, code=code)
    with app.app_context(), transaction() as session:
        person = make_person(session, "Priya", f"{uuid4()}@example.org")
        session.add(
            Consultation(
                therapist_id=actor.person_id, person_id=person.id, occupied_id=occupied_id, starts_at=start,
                ends_at=start + timedelta(minutes=20), zone="America/New_York", status=status, request_code=uuid4().bytes * 2,
                body_code=b"2" * 32,
            )
        )  # fmt: skip
    return occupied_id
