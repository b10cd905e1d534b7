"""The calendar page: codes for whoever works in the practice, nothing for anybody else."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from portal.clock import utc_now
from portal.diary.models import OccupiedKind
from portal.diary.service import occupy
from portal.transaction import transaction
from tests.support.cast import Actor, Cast, client_of
from tests.support.statements import counted

LONDON = ZoneInfo("Europe/London")


def take(app: Flask, actor: Actor, code: str, *, days: int, hour: int = 9) -> None:
    day = utc_now().astimezone(LONDON).date() + timedelta(days=days)
    starts_at = datetime.combine(day, time(hour), LONDON)
    with app.app_context(), transaction() as session:
        occupy(
            session, therapist_id=actor.person_id, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=50),
            kind=OccupiedKind.MEETING, code=code, buffer_before_minutes=10, buffer_after_minutes=15,
        )  # fmt: skip


@pytest.fixture
def filled(app: Flask, cast: Cast) -> Cast:
    take(app, cast.therapist, "Couple 07", days=2)
    take(app, cast.stranger, "Couple 08", days=2)
    take(app, cast.therapist, "Couple 99", days=20)
    return cast


def test_the_front_desk_sees_every_code_and_no_name(app: Flask, filled: Cast) -> None:
    text = client_of(app, filled.front_desk).get("/calendar").text
    assert "Couple 07" in text and "Couple 08" in text and "Jane Parker" in text
    assert not any(name in text for name in ("Ana", "Ben", "Cleo"))


def test_a_therapist_sees_own_time_only(app: Flask, filled: Cast) -> None:
    text = client_of(app, filled.therapist).get("/calendar?view=list").text
    assert "Couple 07" in text and "Couple 08" not in text and "Couple 99" not in text


def test_times_are_shown_without_the_room_around_them(app: Flask, filled: Cast) -> None:
    text = client_of(app, filled.therapist).get("/calendar?view=list").text
    assert ">09:00<" in text and ">09:50<" in text and "08:50" not in text


def test_what_ended_earlier_today_still_stands_there(app: Flask, cast: Cast) -> None:
    take(app, cast.therapist, "Couple 01", days=0, hour=1)
    assert "Couple 01" in client_of(app, cast.therapist).get("/calendar?view=list").text


def test_partners_and_visitors_see_nothing(app: Flask, filled: Cast) -> None:
    assert client_of(app, filled.ana).get("/calendar").status_code == 404
    assert client_of(app, None).get("/calendar").status_code == 303


def test_an_empty_calendar_says_what_will_be_there(app: Flask, cast: Cast) -> None:
    assert "Nothing is booked" in client_of(app, cast.owner).get("/calendar").text


def test_few_statements_whatever_is_booked(app: Flask, filled: Cast) -> None:
    for hour in range(11, 20, 2):
        take(app, filled.therapist, f"Couple {hour}", days=3, hour=hour)
    client = client_of(app, filled.therapist)
    with counted(app) as statements:
        client.get("/calendar")
    assert len(statements) <= 12
