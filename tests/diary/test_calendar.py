"""The calendar page: what is drawn where, for whom, and what it costs."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from bs4 import BeautifulSoup, Tag
from flask import Flask

from portal.booking.rules import ConsultationStatus
from portal.diary.models import OccupiedInterval, OccupiedKind, TimeOff, WeeklyHoursRow
from portal.transaction import transaction
from tests.diary.scene import book, take
from tests.support.cast import Actor, Cast, client_of
from tests.support.statements import counted

LONDON = ZoneInfo("Europe/London")
MONDAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def november() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 10, 30, tzinfo=UTC), tick=True):
        yield


def page(app: Flask, actor: Actor, query: str) -> BeautifulSoup:
    return BeautifulSoup(client_of(app, actor).get(f"/calendar?{query}").text, "html.parser")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(MONDAY + timedelta(days=day), time(hour, minute), LONDON).astimezone(UTC)


def lines(tag: Tag) -> tuple[int, int]:
    """The five-minute lines between which something is drawn."""
    classes = {
        name.rstrip("0123456789"): int(name.lstrip("abcdefghijklmnopqrstuvwxyz-"))
        for name in tag["class"]
        if name[-1].isdigit()
    }
    return classes["from-h"] * 12 + classes["from-m"], classes["to-h"] * 12 + classes["to-m"]


def test_the_week_is_drawn_to_scale_with_what_each_thing_is(app: Flask, cast: Cast) -> None:
    book(app, cast.therapist, at(0, 9), ConsultationStatus.REQUESTED)
    book(app, cast.therapist, at(0, 10), ConsultationStatus.CONFIRMED)
    take(app, cast.therapist, at(1, 12), minutes=90)
    take(app, cast.therapist, at(2, 9), kind=OccupiedKind.HOLD, code="H", expires_at=at(1, 10, 40))
    take(app, cast.therapist, at(2, 11), kind=OccupiedKind.HOLD, code="Gone", expires_at=at(1, 10, 29))
    week = page(app, cast.therapist, "view=week")
    days = week.select(".agenda-day")
    assert [day.select("h2")[0].get_text(strip=True) for day in days][:2] == ["Mon,23", "Tue,24, today"]
    first, second = days[0].select("li:has(a)")
    assert "waits for your answer" in first.get_text() and "confirmed" in second.get_text()
    assert "is-unsettled" in first["class"] and "is-unsettled" not in second["class"]
    assert lines(second) == (24, 28)  # two hours below eight, twenty minutes long
    assert lines(days[1].select("li.is-block")[0]) == (48, 66)
    assert days[1].select_one(".is-now") and not days[0].select_one(".is-now")
    assert "kept until 10:40" in days[2].get_text() and "Gone" not in week.get_text()


def test_a_night_with_two_equal_hours_has_both_and_is_drawn_by_instants(app: Flask, cast: Cast) -> None:
    twice = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)  # the second 01:00 in London
    take(app, cast.therapist, twice - timedelta(hours=1), minutes=30)
    take(app, cast.therapist, twice, minutes=30)
    week = page(app, cast.therapist, "view=week&on=2026-10-25")
    marks = [mark.get_text(" ") for mark in week.select(".agenda-hours span")]
    assert marks[:3] == ["01:00 GMT+1", "01:00 GMT", "02:00"]
    sunday = week.select(".agenda-day")[6]
    assert [lines(entry) for entry in sunday.select("li.is-block")] == [(0, 6), (12, 18)]
    assert "01:00 (GMT+1)" in sunday.get_text() and "01:00 (GMT)" in sunday.get_text()
    assert not sunday.select(".is-gap")
    assert [lines(gap) for gap in week.select(".agenda-day")[5].select(".is-gap")] == [(12, 24)]


def test_open_hours_time_off_and_other_days_are_shown(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction() as session:
        session.add(
            WeeklyHoursRow(therapist_id=cast.therapist.person_id, weekday=1, starts=time(9), ends=time(12))
        )
        session.add(TimeOff(therapist_id=cast.therapist.person_id, starts_at=at(3, 0), ends_at=at(5, 0)))
    book(app, cast.therapist, at(3, 9), ConsultationStatus.CONFIRMED)
    week = page(app, cast.therapist, "view=week")
    assert [lines(one) for one in week.select(".agenda-day .is-open")] == [(12, 48)]
    assert [bool(day.select(".is-away")) for day in week.select(".agenda-day")] == [False] * 3 + [
        True
    ] * 2 + [False] * 2
    assert "1 entry lies in your time off" in week.get_text()
    assert "Friday 27 November" in week.select(".clash")[0].get_text()


def test_an_address_that_means_nothing_shows_this_week_or_these_days(app: Flask, cast: Cast) -> None:
    client = client_of(app, cast.therapist)
    for query in ("view=month", "on=2026-02-30", "on=9999-12-31", "on=0001-01-01", "view=week&on=x%00"):
        assert "Mon 23 to Sun 29 November" in client.get(f"/calendar?{query}").text, query


def test_the_front_desk_gets_codes_without_links(app: Flask, cast: Cast) -> None:
    occupied_id = book(app, cast.therapist, at(1, 14), ConsultationStatus.CONFIRMED)
    answer = client_of(app, cast.front_desk).get("/calendar?view=week&on=2026-11-24")
    assert "Consultation 241400" in answer.text and str(occupied_id) not in answer.text
    assert client_of(app, cast.front_desk).get(f"/diary/entries/{occupied_id}").status_code == 404
    assert client_of(app, cast.stranger).get(f"/diary/entries/{occupied_id}").status_code == 404
    assert client_of(app, cast.stranger).get(f"/diary/entries/{occupied_id}/move").status_code == 404
    assert (
        client_of(app, cast.therapist).get(f"/diary/entries/{occupied_id}").location.startswith("/requests/")
    )


def test_a_week_with_sixty_entries_sends_no_more_statements_than_one_with_few(app: Flask, cast: Cast) -> None:
    client = client_of(app, cast.therapist)

    def statements() -> int:
        with counted(app) as sent:
            shown = client.get("/calendar?view=week").text
        assert shown.count("data-move=") == entries
        return len(sent)

    entries = 3
    for number in range(3):
        book(app, cast.therapist, at(1, 14 + number), ConsultationStatus.CONFIRMED)
    few = statements()
    for number in range(57):
        start = at(number % 4 + 3, 8) + timedelta(minutes=30 * (number // 4))
        if number % 2:
            book(app, cast.therapist, start, ConsultationStatus.REQUESTED)
        else:
            take(app, cast.therapist, start, minutes=20)
    entries = 60
    assert statements() == few <= 12


def test_released_time_leads_nowhere(app: Flask, cast: Cast) -> None:
    occupied_id = take(app, cast.therapist, at(1, 14))
    with app.app_context(), transaction() as session:
        session.get_one(OccupiedInterval, occupied_id).is_released = True
    for path in ("entries/{}", "entries/{}/move", "own-time/{}"):
        address = f"/diary/{path.format(occupied_id)}"
        assert client_of(app, cast.therapist).get(address).status_code == 404
