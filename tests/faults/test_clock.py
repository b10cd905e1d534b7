"""Clocks change twice a year, and once in a while somebody sets them wrong: nothing is an hour off, nothing comes twice."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from time import sleep as time_to_sweep
from zoneinfo import ZoneInfo

import httpx
import pytest
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from icalendar import Calendar
from sqlalchemy import func, select

from jobs.schedule import Sweeper
from portal.booking.models import Consultation, Reminder
from portal.clock import utc_now
from portal.diary.rules import Slot, WeeklyHours
from portal.extensions import db
from portal.practice.models import Therapist
from portal.transaction import current_session, transaction
from portal.zones import offset_spans, to_local
from tests.booking.visit import free_slots_of, open_diary, visitor
from tests.faults.rig import Rig, wait
from tests.faults.test_booking import BOOKED, Guest
from tests.support.cast import Cast, make_cast
from tests.support.clock import MovableClock

ALWAYS = [WeeklyHours(day, time(0), time(0)) for day in range(7)]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
VISITOR_ZONE = "Europe/Berlin"
# The year in which the zone last changed or next changes its clocks: São Paulo gave it up in 2019.
YEARS = {
    "America/New_York": 2027,
    "Europe/London": 2027,
    "Australia/Sydney": 2027,
    "America/Sao_Paulo": 2018,
    "Australia/Lord_Howe": 2027,
    "Africa/Casablanca": 2027,
}


def changes_of(zone: ZoneInfo, year: int) -> list[datetime]:
    """The instants of a year at which a zone's clocks change."""
    spans = offset_spans(zone, datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, tzinfo=UTC))
    return [span.start for span in spans[1:]]


def around(change: datetime, slots: Sequence[Slot]) -> list[Slot]:
    """Three hours on both sides of a change."""
    return [slot for slot in slots if change - 3 * HOUR <= slot.start < change + 3 * HOUR]


@pytest.mark.parametrize("zone_id", YEARS)
def test_f17_the_clocks_change(either_app: Flask, zone_id: str) -> None:
    zone = ZoneInfo(zone_id)
    changes = changes_of(zone, YEARS[zone_id])
    assert len(changes) == 2
    with time_machine.travel(changes[0] - 4 * DAY, tick=True):
        cast = practice_in(either_app, zone_id)
    for change in changes:
        with time_machine.travel(change - 3 * DAY, tick=True):
            near = around(change, free_slots_of(either_app, cast))
            check_wall_clock(near, change, zone)
            booked = book_some(either_app, near, change)
        check_reminders(either_app, booked)


def practice_in(app: Flask, zone_id: str) -> Cast:
    with app.app_context(), transaction() as session:
        cast = make_cast(session)
        session.scalars(
            select(Therapist).where(Therapist.person_id == cast.therapist.person_id)
        ).one().zone = zone_id
    open_diary(app, cast.therapist, is_instant=True, hours=ALWAYS)
    return cast


def check_wall_clock(slots: Sequence[Slot], change: datetime, zone: ZoneInfo) -> None:
    """Nothing in the skipped time; the doubled time twice; half an hour and more between two."""
    walls = [to_local(slot.start, zone) for slot in slots]
    assert all(
        wall.astimezone(UTC).astimezone(zone).replace(fold=0) == wall.replace(fold=0) for wall in walls
    )
    before, after = (zone.utcoffset((change + step).astimezone(zone)) for step in (-HOUR, HOUR))
    assert before is not None and after is not None
    shown = [wall.replace(tzinfo=None, fold=0) for wall in walls]
    doubled = len(shown) - len(set(shown))
    assert doubled == max(0, (before - after) // timedelta(minutes=30))
    assert len(slots) == 12, "every half hour that passes is offered, whatever the clocks show"
    assert all(later.start - earlier.start >= timedelta(minutes=30) for earlier, later in pairwise(slots))


def book_some(app: Flask, slots: Sequence[Slot], change: datetime) -> list[Slot]:
    """Book the last time before the change and the first ones from it on; page, file and row name one instant."""
    before = [slot for slot in slots if slot.end <= change][-1:]
    chosen = before + [slot for slot in slots if slot.start >= change][:4:2]
    for number, slot in enumerate(chosen):
        guest = visitor(app)
        answer = guest.book(
            slot.start, email=f"guest{number}{slot.start:%m%d}@example.org", zone=VISITOR_ZONE
        )
        assert answer.status_code == 303, answer.text
        page = answer.headers["Location"].partition("?")[0]
        shown = BeautifulSoup(guest.client.get(page).text, "html.parser").select_one(".facts time")
        assert shown is not None
        assert datetime.fromisoformat(str(shown["datetime"])) == slot.start
        event = Calendar.from_ical(guest.client.get(f"{page}/event.ics").data).walk("VEVENT")[0]
        assert event.decoded("dtstart").astimezone(UTC) == slot.start
    with app.app_context():
        stored = set(current_session().scalars(select(Consultation.starts_at)))
    assert {slot.start for slot in chosen} <= stored
    return list(chosen)


def check_reminders(app: Flask, booked: Sequence[Slot]) -> None:
    """One each, a day before by the instant and not by the clock on the wall, however often somebody looks."""
    first = min(slot.start for slot in booked) - DAY
    for moment in sorted({first - HOUR, *(slot.start - DAY + timedelta(seconds=1) for slot in booked)}):
        for again in (timedelta(), HOUR, timedelta(hours=25)):
            with time_machine.travel(moment + again, tick=True):
                Sweeper(app=app).sweep()
    with app.app_context():
        for slot in booked:
            owed = select(func.count()).select_from(Reminder).where(Reminder.starts_at == slot.start)
            assert current_session().scalar(owed) == 1


SWEEPS = 8  # seconds in which the sweeper has looked at least twice


def reminders() -> int:
    """How many were owed so far."""
    db.session.remove()
    return current_session().scalar(select(func.count()).select_from(Reminder)) or 0


def let_sweep(rig: Rig, clock: MovableClock, off: timedelta) -> None:
    """Set the clock of all processes, and let them work by it for a while."""
    clock.set(off)
    time_to_sweep(SWEEPS)
    assert rig.portals[0].sweepers[0].process.poll() is None


def test_f16_the_clock_of_all_processes_jumps(rig: Rig) -> None:
    clock = MovableClock(rig.folder / "clock")
    open_diary(rig.app, rig.cast.therapist, is_instant=True)
    slots = [slot.start for slot in free_slots_of(rig.app, rig.cast)]
    start = next(start for start in slots if start > utc_now() + 60 * HOUR)
    portal, _ = rig.background(**clock.environment)
    portal.start_web()
    guest = Guest(rig, portal, 1)
    assert guest.send(guest.form(start)) == BOOKED
    rig.settle()
    for off in (2 * HOUR, -2 * HOUR, timedelta(days=366), timedelta()):
        let_sweep(rig, clock, off)
        assert reminders() == 0, "no reminder before its time, and none once the time has passed"
    due = start - DAY - utc_now()
    let_sweep(rig, clock, due + HOUR / 60)
    wait(lambda: reminders() == 1, "the reminder is owed")
    rig.settle()
    arrived = len(rig.mailbox.received)
    for off in (due - 2 * HOUR, due + 2 * HOUR, timedelta(days=366), timedelta()):
        let_sweep(rig, clock, off)
    assert (reminders(), len(rig.mailbox.received)) == (1, arrived)
    second = Guest(rig, portal, 2)
    assert second.send(second.form(slots[-1])) == BOOKED
    clock.set(HOUR / 4)  # past the ten minutes within which mails to the therapist share one
    rig.settle()


def test_f16_a_sign_in_that_ran_out_by_a_wrong_clock_is_not_revived_by_the_right_one(rig: Rig) -> None:
    clock = MovableClock(rig.folder / "clock")
    portal = rig.portal(**clock.environment)
    portal.start_web()
    cookies, _token = rig.sign_in(rig.cast.therapist)
    seen = []
    for off in (timedelta(), 366 * DAY, timedelta()):
        clock.set(off)
        answer = httpx.get(f"http://localhost:{portal.port}/today", cookies=cookies, timeout=60)
        seen.append(answer.status_code)
    assert seen == [200, 303, 303]
