"""An own calendar feed: what it shows to whom, and how its address ends."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar, Event
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.accounts.models import Account
from portal.booking.models import Consultation
from portal.booking.rules import ConsultationStatus
from portal.calendars.models import CalendarFeed
from portal.clock import utc_now
from portal.couples.models import Couple, CoupleStatus, Partner
from portal.diary.models import OccupiedInterval, OccupiedKind
from portal.meetings.models import Meeting, Place
from portal.transaction import current_session, transaction
from tests.support.cast import Actor, Cast, client_of, make_cast
from tests.support.statements import counted

NOW = utc_now().replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MISSING = "/calendars/" + "x" * 43 + ".ics"


def press(app: Flask, client: FlaskClient, path: str) -> TestResponse:
    page = client.get("/account/calendar").get_data(as_text=True)
    token = re.search(r'name="form_token" value="([^"]+)"', page)
    assert token
    return client.post(path, data={"form_token": token[1]})


def made(app: Flask, actor: Actor) -> str:
    """The path of a new feed."""
    page = press(app, client_of(app, actor), "/account/calendar").get_data(as_text=True)
    found = re.search(r"https://portal\.example\.org(/calendars/[\w-]{43}\.ics)", page)
    assert found
    return found[1]


def uids(app: Flask, path: str) -> set[str]:
    answer = client_of(app, None).get(path)
    assert answer.status_code == 200
    return {str(one["uid"]) for one in Calendar.from_ical(answer.data).walk("VEVENT")}


def add_meeting(app: Flask, cast: Cast, couple_id: UUID, number: int, alone: Actor | None = None) -> str:
    start = NOW - 7 * DAY + number * HOUR
    meeting = Meeting(
        couple_id=couple_id, therapist_id=cast.therapist.person_id, number=number, starts_at=start, ends_at=start + HOUR / 2,
        zone="Europe/London", place=Place.ONLINE, with_person_id=alone.person_id if alone else None,
    )  # fmt: skip
    with app.app_context(), transaction() as session:
        session.add(meeting)
        session.flush()
        return str(meeting.id)


def add_time(app: Flask, cast: Cast, hours: int, **values: object) -> UUID:
    start = NOW + timedelta(hours=hours)
    row = OccupiedInterval(**{
        "therapist_id": cast.therapist.person_id, "starts_at": start, "ends_at": start + HOUR,
        "kind": OccupiedKind.CONSULTATION, "code": "K7Q", **values,
    })  # fmt: skip
    with app.app_context(), transaction() as session:
        session.add(row)
        session.flush()
        return row.id


def add_consultation(app: Flask, cast: Cast, actor: Actor, hours: int, status: ConsultationStatus) -> str:
    occupied_id = add_time(app, cast, hours)
    start = NOW + timedelta(hours=hours)
    row = Consultation(
        therapist_id=cast.therapist.person_id, person_id=actor.person_id, occupied_id=occupied_id, starts_at=start,
        ends_at=start + HOUR, zone="Europe/London", status=status, partner_name="Ben", request_code=occupied_id.bytes,
        body_code=b"2",
    )  # fmt: skip
    with app.app_context(), transaction() as session:
        session.add(row)
        session.flush()
        return str(row.id)


def test_a_partner_sees_what_is_for_both_and_the_own_coming_consultation(app: Flask, cast: Cast) -> None:
    joint = add_meeting(app, cast, cast.couple_id, 1)
    add_meeting(app, cast, cast.couple_id, 2, alone=cast.ana)
    add_meeting(app, cast, cast.couple_id, 3, alone=cast.ben)
    add_meeting(app, cast, cast.other_couple_id, 4)
    own = add_consultation(app, cast, cast.ana, 30, ConsultationStatus.CONFIRMED)
    for hours, status in ((40, ConsultationStatus.CANCELLED), (-40, ConsultationStatus.CONFIRMED)):
        add_consultation(app, cast, cast.ana, hours, status)
    add_consultation(app, cast, cast.cleo, 60, ConsultationStatus.CONFIRMED)
    assert uids(app, made(app, cast.ana)) == {joint, own}
    assert uids(app, made(app, cast.ben)) == {joint}


def test_a_therapist_sees_the_own_diary_and_the_front_desk_the_practices(app: Flask, cast: Cast) -> None:
    own = {str(add_time(app, cast, 5)), str(add_time(app, cast, 8, kind=OccupiedKind.BLOCK))}
    add_time(app, cast, 11, is_released=True)
    add_time(app, cast, 14, kind=OccupiedKind.HOLD, expires_at=NOW + HOUR)
    add_time(app, cast, 24 * 401)
    foreign = str(add_time(app, cast, 5, therapist_id=cast.stranger.person_id))
    assert uids(app, made(app, cast.therapist)) == own
    assert uids(app, made(app, cast.front_desk)) == {*own, foreign}


def test_an_entry_is_an_appointment_and_nothing_else(app: Flask, cast: Cast) -> None:
    add_time(app, cast, 5, buffer_before_minutes=10, buffer_after_minutes=15, revision=4)
    answer = client_of(app, None).get(made(app, cast.therapist))
    (event,) = Calendar.from_ical(answer.data).walk("VEVENT")
    assert set(event) == {"UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "STATUS", "CLASS"}
    assert (event["summary"], event["sequence"], event["class"]) == ("Appointment", 4, "PRIVATE")
    assert isinstance(event, Event)
    assert event.start == NOW + 5 * HOUR + timedelta(minutes=10)
    assert b"BEGIN:VTIMEZONE" in answer.data
    assert b"K7Q" not in answer.data
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"


def test_the_address_is_shown_once_and_kept_as_a_hash(app: Flask, cast: Cast) -> None:
    path = made(app, cast.ana)
    token = path.removeprefix("/calendars/").removesuffix(".ics")
    assert token not in client_of(app, cast.ana).get("/account/calendar").get_data(as_text=True)
    with app.app_context():
        row = current_session().scalars(select(CalendarFeed)).one()
        assert token.encode() not in row.token_hash
        assert row.last_used_at is None
    client_of(app, None).get(path)
    page = client_of(app, cast.ana).get("/account/calendar").get_data(as_text=True)
    assert "Last read by a program on" in page


def test_made_anew_the_old_address_ends(app: Flask, cast: Cast) -> None:
    old, new = made(app, cast.ana), made(app, cast.ana)
    assert client_of(app, None).get(old).status_code == 404
    assert client_of(app, None).get(new).status_code == 200
    token = new.removeprefix("/calendars/").removesuffix(".ics")
    for wrong in (token[:-1], token.swapcase(), token + "A", "%00", "a" * 5_000):
        assert client_of(app, None).get(f"/calendars/{wrong}.ics").status_code == 404
    press(app, client_of(app, cast.ana), "/account/calendar/revoke")
    assert client_of(app, None).get(new).status_code == 404


@pytest.mark.parametrize("ending", ["revoked", "separated", "archived", "left", "disabled"])
def test_an_address_that_has_ended_is_like_one_that_never_was(app: Flask, cast: Cast, ending: str) -> None:
    path = made(app, cast.ana)
    with app.app_context(), transaction() as session:
        now = utc_now()
        match ending:
            case "revoked":
                session.scalars(select(CalendarFeed)).one().revoked_at = now
            case "separated" | "archived":
                session.get_one(Couple, cast.couple_id).status = CoupleStatus(ending)
            case "left":
                own = select(Partner).where(Partner.person_id == cast.ana.person_id)
                session.scalars(own).one().left_at = now
            case "disabled":
                session.get_one(Account, cast.ana.account_id).is_disabled = True
    with counted(app) as ended:
        answer = client_of(app, None).get(path)
    with counted(app) as never:
        unknown = client_of(app, None).get(MISSING)
    assert answer.status_code == unknown.status_code == 404
    assert len(ended) == len(never) == 1
    number = re.compile(rb"\b[0-9a-f]{12}\b")
    assert number.sub(b"", answer.data) == number.sub(b"", unknown.data)
    assert sorted(answer.headers.keys()) == sorted(unknown.headers.keys())


def test_a_full_diary_costs_no_more_statements(either_app: Flask) -> None:
    with either_app.app_context(), transaction() as session:
        cast = make_cast(session)
    path, counts = made(either_app, cast.therapist), []
    client_of(either_app, None).get(path)
    for hours in (range(2, 4), range(4, 64)):
        for hour in hours:
            add_time(either_app, cast, hour)
        with counted(either_app) as statements:
            assert len(uids(either_app, path)) == hour - 1
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 3
