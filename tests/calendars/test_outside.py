"""Connecting a calendar elsewhere, as its therapist sees it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.app import create_app
from portal.calendars.models import OutsideCalendar, OutsideKind, OutsideState
from portal.extensions import db
from portal.outbox import OutboxEntry, OutboxState
from portal.queueing import JobName
from portal.settings import Settings
from portal.transaction import current_session, transaction
from tests.conftest import settings_for
from tests.support.calendar_server import PASSWORD, USER, radicale_process
from tests.support.cast import Cast, client_of

HERE = "/practice/calendars"
BY_ADDRESS = {"kind": "ics", "name": "Private", "address": "webcal://calendar.example.org/secret-Qanar.ics"}


@pytest.fixture
def app(settings: Settings, tmp_path: Path) -> Iterator[Flask]:
    app = create_app(settings_for(tmp_path, settings.database_url, calendar_hosts=("127.0.0.1",)))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def jane(app: Flask, cast: Cast) -> FlaskClient:
    return client_of(app, cast.therapist)


def send(client: FlaskClient, path: str, page: str = f"{HERE}/new", **typed: str) -> TestResponse:
    token = re.search(r'name="form_token" value="([^"]+)"', client.get(page).get_data(as_text=True))
    assert token
    return client.post(path, data={"form_token": token[1], **typed})


def calendars(app: Flask) -> list[OutsideCalendar]:
    with app.app_context():
        return list(current_session().scalars(select(OutsideCalendar)))


def owed(app: Flask) -> list[OutboxState]:
    with app.app_context():
        sync = select(OutboxEntry.state).where(OutboxEntry.job == JobName.SYNC_CALENDAR)
        return list(current_session().scalars(sync))


def account(address: str, **more: str) -> dict[str, str]:
    return {
        "kind": "caldav",
        "name": "Clinic",
        "address": address,
        "user_name": USER,
        "password": PASSWORD,
        **more,
    }


def test_an_address_is_connected_at_once_and_never_shown_again(
    app: Flask, jane: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    assert send(jane, f"{HERE}/new", **BY_ADDRESS).location == HERE
    (row,) = calendars(app)
    assert (row.kind, row.state, row.is_writing) == (OutsideKind.ICS, OutsideState.NEW, False)
    assert owed(app) == [OutboxState.PENDING]
    page = jane.get(HERE).get_data(as_text=True)
    assert "Private" in page
    assert "Being read" in page
    assert "Qanar" not in page + capsys.readouterr().err


UNUSABLE: list[tuple[dict[str, str], str]] = [
    ({"address": "http://calendar.example.org/"}, "begins with https://"),
    ({"address": "https://jane:secret@calendar.example.org/"}, "begins with https://"),
    ({"address": "file:///etc/passwd"}, "begins with https://"),
    ({"address": "https://a.example/" + "a" * 3_000}, "longer than 2000"),
    ({"name": "\u202e\0"}, "cannot be stored"),
    ({"name": ""}, "give it a name"),
    ({"kind": "pop3"}, ""),
    ({"kind": "caldav"}, "An account has a user name"),
    ({"kind": "caldav", "user_name": "a" * 300}, "longer than 200"),
    ({"kind": "caldav", "address": "https://127.1.2.3/", "user_name": "x"}, "private network"),
    ({"kind": "caldav", "address": "http://127.0.0.1:1/", "user_name": "x"}, "Nobody answers"),
]


def test_what_cannot_be_used_is_marked_and_the_rest_is_kept(app: Flask, jane: FlaskClient) -> None:
    for changes, sentence in UNUSABLE:
        answer = send(jane, f"{HERE}/new", **{**BY_ADDRESS, "password": "sesame open", **changes})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422, changes
        assert sentence in page
        assert "sesame" not in page
        assert ("name" in changes) or 'value="Private"' in page
    assert calendars(app) == []


def test_an_account_with_one_calendar_is_connected_with_several_one_is_chosen(
    app: Flask, jane: FlaskClient, tmp_path: Path
) -> None:
    with radicale_process(tmp_path / "radicale") as server:
        alone = server.add_calendar("Alone")
        assert send(jane, f"{HERE}/new", **account(server.home, is_writing="y")).location == HERE
        second = server.add_calendar("Choir")
        wrong = send(jane, f"{HERE}/new", **account(server.home, password="wrong"))
        assert (wrong.status_code, "another user name or password" in wrong.get_data(as_text=True)) == (
            422,
            True,
        )
        choice = send(jane, f"{HERE}/new", **account(server.home, name="More"))
    page = choice.get_data(as_text=True)
    assert [second, alone] == sorted(re.findall(r'name="address" value="([^"]+)"', page), reverse=True)
    assert PASSWORD not in page
    assert len(owed(app)) == 1
    with app.app_context():
        first, more = current_session().scalars(select(OutsideCalendar).order_by(OutsideCalendar.created_at))
        assert (first.address, first.is_writing, first.password) == (alone, True, PASSWORD)
        path = f"{HERE}/{more.id}"
    for foreign in (
        "https://evil.example.org/",
        "//evil.example.org/a",
        second.replace("127.0.0.1", "127.0.0.2"),
    ):
        assert send(jane, f"{path}/choose", address=foreign).status_code == 422
    assert send(jane, f"{path}/choose", address=second).location == HERE
    assert len(owed(app)) == 2
    with app.app_context():
        assert second in [row.address for row in current_session().scalars(select(OutsideCalendar))]


def test_five_are_enough(app: Flask, jane: FlaskClient) -> None:
    codes = [send(jane, f"{HERE}/new", **BY_ADDRESS).status_code for _ in range(6)]
    assert codes == [303] * 5 + [409]


def test_read_now_hurries_a_round_that_waits_for_its_next_try(app: Flask, jane: FlaskClient) -> None:
    send(jane, f"{HERE}/new", **BY_ADDRESS)
    path = f"{HERE}/{calendars(app)[0].id}"
    with app.app_context(), transaction() as session:
        row = session.scalars(select(OutboxEntry)).one()
        row.due_at = row.due_at.replace(year=row.due_at.year + 1)
    assert "Being read" not in jane.get(HERE).get_data(as_text=True)
    assert send(jane, f"{path}/test").status_code == 303
    assert "Being read" in jane.get(HERE).get_data(as_text=True)
    assert owed(app) == [OutboxState.PENDING]
    assert send(jane, f"{path}/remove").status_code == 303
    assert calendars(app) == []
    assert owed(app) == []
    assert "None is connected" in jane.get(HERE).get_data(as_text=True)


def test_another_therapists_calendar_is_not_there(app: Flask, jane: FlaskClient, cast: Cast) -> None:
    send(jane, f"{HERE}/new", **BY_ADDRESS)
    path, sam = f"{HERE}/{calendars(app)[0].id}", client_of(app, cast.stranger)
    for act in ("look", "choose", "test", "remove"):
        assert send(sam, f"{path}/{act}").status_code == 404
    assert "Private" not in sam.get(HERE).get_data(as_text=True)
    assert len(calendars(app)) == 1
