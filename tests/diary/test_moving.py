"""Moving what is in the diary, and one's own time in it: free of visitors' limits, never over anything live."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.audit.models import AuditEvent
from portal.booking.models import Consultation
from portal.booking.rules import ConsultationStatus
from portal.calendars.models import OutsideCalendar, OutsideKind
from portal.diary.models import BusyInterval, OccupiedInterval, OccupiedKind
from portal.notices.models import MessageKind, MessagePart
from portal.transaction import current_session, transaction
from tests.diary.scene import book, take
from tests.support.cast import Cast, client_of

NINE = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def november() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 10, 30, tzinfo=UTC), tick=True):
        yield


def form_of(answer: TestResponse, action: str = "") -> Tag:
    form = BeautifulSoup(answer.text, "html.parser").select_one(
        f"main form[action$='{action}']" if action else "main form"
    )
    assert form is not None
    return form


def words(answer: TestResponse) -> str:
    """What a page says, without its tags."""
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text().split())


def send(client: FlaskClient, path: str, *, action: str = "", **typed: str) -> TestResponse:
    """Open a page, type into its form, and send it."""
    form = form_of(client.get(path), action)
    values = {
        str(field["name"]): str(field.get("value", "")) for field in form.select("input[name]")
        if field.get("type") not in {"radio", "checkbox"} or field.has_attr("checked")
    }  # fmt: skip
    return client.post(str(form.get("action") or path).partition("?")[0], data={**values, **typed})


def row(app: Flask, occupied_id: UUID) -> OccupiedInterval:
    with app.app_context():
        return current_session().get_one(OccupiedInterval, occupied_id)


@pytest.fixture
def jane(app: Flask, cast: Cast) -> FlaskClient:
    return client_of(app, cast.therapist)


@pytest.fixture
def busy_at_noon(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction() as session:
        calendar = OutsideCalendar(therapist_id=cast.therapist.person_id, kind=OutsideKind.ICS, name="Home")
        session.add(calendar)
        session.flush()
        noon = NINE + timedelta(hours=3)
        session.add(
            BusyInterval(
                therapist_id=cast.therapist.person_id, calendar_id=calendar.id, starts_at=noon,
                ends_at=noon + timedelta(hours=1),
            )
        )  # fmt: skip


def test_a_consultation_moves_by_its_form_and_whoever_booked_is_told(
    app: Flask, cast: Cast, jane: FlaskClient
) -> None:
    occupied_id = book(app, cast.therapist, NINE, ConsultationStatus.CONFIRMED)
    path = f"/diary/entries/{occupied_id}/move"
    page = words(jane.get(f"{path}?on=2026-11-28&at=22:15"))
    assert "Saturday 28 November" in page and "17:15 (New York, GMT−5)" in page and "told by mail" in page
    assert row(app, occupied_id).starts_at == NINE, "a proposal in an address moves nothing"
    answer = send(jane, f"{path}?on=2026-11-28&at=22:15", action="/move")
    assert (answer.status_code, answer.location) == (303, "/calendar?view=week&on=2026-11-28")
    assert row(app, occupied_id).starts_at == datetime(2026, 11, 28, 22, 15, tzinfo=UTC)
    with app.app_context():
        consultation = current_session().scalars(select(Consultation)).one()
        assert consultation.starts_at == datetime(2026, 11, 28, 22, 15, tzinfo=UTC)
        kinds = current_session().scalars(select(MessagePart.kind)).all()
        assert kinds == [MessageKind.CONSULTATION_MOVED]


def test_a_time_that_is_taken_is_refused_by_name_and_what_was_typed_stays(
    app: Flask, cast: Cast, jane: FlaskClient
) -> None:
    occupied_id = book(app, cast.therapist, NINE, ConsultationStatus.CONFIRMED)
    take(app, cast.therapist, NINE + timedelta(hours=2), kind=OccupiedKind.MEETING, code="Couple 07")
    answer = send(jane, f"/diary/entries/{occupied_id}/move", action="/move", on="2026-11-25", starts="11:40")
    assert answer.status_code == 409
    assert "Couple 07" in answer.text and "11:00" in answer.text and 'value="11:40"' in answer.text
    assert row(app, occupied_id).starts_at == NINE
    with app.app_context():
        assert current_session().scalars(select(MessagePart.kind)).all() == []


def test_what_changed_meanwhile_is_not_moved_on_the_old_sight(
    app: Flask, cast: Cast, jane: FlaskClient
) -> None:
    occupied_id = take(app, cast.therapist, NINE)
    path = f"/diary/entries/{occupied_id}/move"
    seen = form_of(jane.get(path), "/move")
    assert send(jane, path, action="/move", starts="10:00").status_code == 303
    values = {str(one["name"]): str(one["value"]) for one in seen.select("input[name]")}
    answer = jane.post(path, data={**values, "starts": "12:00"})
    assert answer.status_code == 409 and 'value="12:00"' in answer.text
    assert row(app, occupied_id).starts_at == NINE + timedelta(hours=1)
    assert send(jane, f"/diary/own-time/{occupied_id}", action="/remove", seen="0").status_code == 409


def test_free_stretches_leave_out_what_is_taken_here_or_elsewhere(
    app: Flask, cast: Cast, jane: FlaskClient, busy_at_noon: None
) -> None:
    occupied_id = take(app, cast.therapist, NINE, minutes=60)
    take(app, cast.therapist, NINE + timedelta(hours=1), minutes=90)
    page = BeautifulSoup(jane.get(f"/diary/entries/{occupied_id}/move").text, "html.parser")
    assert [one.get_text() for one in page.select("main h3.small-head")] == [
        "08:00 to 10:00",
        "13:00 to 20:00",
    ]
    assert "10:00" not in [one.get_text() for one in page.select("a.slot")]
    told = jane.get(f"/diary/entries/{occupied_id}/move?on=2026-11-25&at=12:15").text
    assert "says that you are busy then" in told, "the host may, and is told"


def test_own_time_may_lie_anywhere_but_over_something_live(app: Flask, cast: Cast, jane: FlaskClient) -> None:
    typed = {"on": "2026-11-29", "starts": "05:00", "ends": "00:00"}
    assert send(jane, "/diary/own-time/new", **typed).status_code == 303
    refused = send(jane, "/diary/own-time/new", on="2026-11-29", starts="04:00", ends="06:00")
    assert refused.status_code == 409 and "05:00" in refused.text and 'value="04:00"' in refused.text
    with app.app_context():
        found = current_session().scalars(select(OccupiedInterval)).one()
        assert (found.kind, found.code, found.ends_at.hour) == (OccupiedKind.BLOCK, "Own time", 0)
        actions = current_session().scalars(select(AuditEvent.action)).all()
        assert actions.count("diary.changed") == 1
    changed = send(jane, f"/diary/own-time/{found.id}", kind="meeting", starts="07:00", ends="08:00")
    assert changed.status_code == 303 and row(app, found.id).code == "Session"
    assert send(jane, f"/diary/own-time/{found.id}", action="/remove").status_code == 303
    assert row(app, found.id).is_released
    assert jane.get(f"/diary/own-time/{found.id}").status_code == 404


def test_own_time_follows_the_clocks_of_the_night(app: Flask, jane: FlaskClient) -> None:
    night = {"on": "2027-10-31", "starts": "01:30", "ends": "03:00"}
    asked = send(jane, "/diary/own-time/new", **night)
    assert asked.status_code == 422 and "which_start" in asked.text and "which_end" not in asked.text
    assert send(jane, "/diary/own-time/new", **night, which_start="1").status_code == 303
    skipped = send(jane, "/diary/own-time/new", on="2027-03-28", starts="01:30", ends="03:00")
    assert skipped.status_code == 422 and "Clocks go forward" in skipped.text
    for wrong in (
        {"ends": "01:00"},
        {"on": ""},
        {"on": "9999-12-31"},
        {"starts": "x"},
        {"ends": ""},
        {"kind": "hold"},
    ):
        answer = send(
            jane, "/diary/own-time/new", **{"on": "2026-12-01", "starts": "09:00", "ends": "10:00", **wrong}
        )
        assert answer.status_code == 422, wrong
    with app.app_context():
        found = current_session().scalars(select(OccupiedInterval)).one()
        assert found.ends_at - found.starts_at == timedelta(minutes=90)
    assert send(jane, "/diary/own-time/new", on="2026-10-25", is_whole_day="y").status_code == 303
    with app.app_context():
        newest = (
            current_session().scalars(select(OccupiedInterval).order_by(OccupiedInterval.starts_at)).first()
        )
        assert newest is not None and newest.ends_at - newest.starts_at == timedelta(hours=25)


def test_what_ends_by_itself_is_told_and_not_moved(app: Flask, cast: Cast, jane: FlaskClient) -> None:
    held = take(
        app, cast.therapist, NINE, kind=OccupiedKind.HOLD, code="H", expires_at=datetime(2026, 11, 24, 10, 40, tzinfo=UTC)
    )  # fmt: skip
    assert jane.get(f"/diary/entries/{held}/move").location == f"/diary/entries/{held}"
    assert "kept until 10:40" in words(jane.get(f"/diary/entries/{held}"))
    assert jane.get(f"/diary/own-time/{held}").status_code == 404
    answer = jane.post(f"/diary/entries/{held}/move", data={})
    assert answer.status_code != 500 and row(app, held).starts_at == NINE
