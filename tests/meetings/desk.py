"""What the tests about meetings share: a recorded meeting, a filled summary, and forms that are sent as a browser would."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Self
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from portal.clock import utc_now
from portal.extensions import db
from portal.meetings.models import Meeting, Place, Presence, Summary
from portal.meetings.rules import Agreement, SummaryContent, Whom
from portal.meetings.service import NewMeeting, record_meeting
from portal.meetings.showing import hash_of
from portal.meetings.summaries import opened, release_summary, save_draft
from portal.transaction import transaction
from tests.support.cast import Actor, Cast

BEGAN = datetime(2026, 11, 17, 18, 0, tzinfo=UTC)
CONTENT = SummaryContent(
    focus="You looked for one evening a week.",
    going_well=("Three evenings kept since September",),
    working_on=("Starting talks about money earlier",),
    remember_a="A quiet evening more than a perfect one.",
    remember_b="Late for the film but not for you.",
    agreements=(Agreement("Find a drawer for the phones", Whom.B, date(2026, 11, 28)),),
    next_time=("Talking about values",),
    next_meeting_at=datetime(2026, 12, 1, 18, 0, tzinfo=UTC),
)


def new_meeting(cast: Cast, **changes: object) -> NewMeeting:
    """Fifty minutes with Ana and Ben."""
    came = {cast.ana.person_id: Presence.CAME, cast.ben.person_id: Presence.LATE}
    meeting = NewMeeting(BEGAN, timedelta(minutes=50), "Europe/London", Place.ROOM, came)
    return replace(meeting, **changes)  # type: ignore[arg-type]  # values of several types by name


def record(session: Session, cast: Cast, **changes: object) -> Meeting:
    """Record such a meeting as its therapist."""
    meeting = new_meeting(cast, **changes)
    return record_meeting(session, cast.therapist.member(), cast.couple_id, meeting, now=utc_now())


def write(session: Session, cast: Cast, meeting_id: UUID, content: SummaryContent = CONTENT) -> Summary:
    """Save a first draft."""
    viewer = cast.therapist.member()
    return save_draft(session, viewer, meeting_id, content=content, seen=opened(None), now=utc_now())


def release(session: Session, cast: Cast, draft: Summary) -> Summary:
    """Release a draft as it stands."""
    viewer = cast.therapist.member()
    return release_summary(
        session, viewer, draft.meeting_id, seen=opened(draft), hash_of=hash_of, now=utc_now()
    )


def recorded(app: Flask, cast: Cast, **changes: object) -> UUID:
    """Commit a recorded meeting and name it."""
    with app.app_context(), transaction() as session:
        return record(session, cast, **changes).id


def drafted(
    app: Flask, cast: Cast, content: SummaryContent = CONTENT, **changes: object
) -> tuple[UUID, UUID]:
    """Commit a meeting with a draft; name both."""
    with app.app_context(), transaction() as session:
        meeting_id = record(session, cast, **changes).id
        return meeting_id, write(session, cast, meeting_id, content).id


def released(
    app: Flask, cast: Cast, content: SummaryContent = CONTENT, **changes: object
) -> tuple[UUID, UUID]:
    """Commit a meeting with a released summary; name both."""
    with app.app_context(), transaction() as session:
        meeting_id = record(session, cast, **changes).id
        return meeting_id, release(session, cast, write(session, cast, meeting_id, content)).id


def form_token(client: FlaskClient, page: str) -> str:
    """Read the hidden token from a page of the viewer's."""
    found = re.search(r'name="form_token" value="([^"]+)"', client.get(page).text)
    assert found is not None, page
    return found.group(1)


def send(
    client: FlaskClient, address: str, data: Mapping[str, object], *, page: str = "", **headers: str
) -> TestResponse:
    """Send a form as a browser would that has just opened `page`."""
    token = form_token(client, page or address)
    return client.post(address, data={**data, "form_token": token}, headers=headers)


def summary_form(**changes: object) -> dict[str, object]:
    """Type a small summary."""
    typed: dict[str, object] = {
        "seen": "1.0", "focus": "You looked for one evening.", "going_well": "Coffee held\nFilms too",
        "working_on": "", "remember_a": "Quiet", "remember_b": "Late", "next_time": "", "next_on": "", "next_at": "",
    }  # fmt: skip
    for number in range(1, 6):
        typed |= {f"agreement_{number}-{name}": "" for name in ("what", "by_on")} | {
            f"agreement_{number}-who": "both"
        }
    return typed | changes


class Statements:
    """Counts what is sent to the database while the block runs."""

    def __init__(self, app: Flask) -> None:
        with app.app_context():
            self._engine = db.engine
        self.seen: list[str] = []

    def _note(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            self.seen.append(statement)

    def __enter__(self) -> Self:
        event.listen(self._engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_error: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)


def everybody_else(cast: Cast) -> list[Actor]:
    """List who has nothing to do with the therapist's side of Ana and Ben's meetings."""
    return [cast.stranger, cast.ana, cast.ben, cast.cleo, cast.front_desk, cast.owner]
