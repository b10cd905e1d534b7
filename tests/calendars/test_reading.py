"""What counts as busy in a stranger's calendar, and what no stranger's calendar can do."""

import resource
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.calendars.confined import confined
from portal.calendars.reading import read_calendars
from portal.calendars.rules import CalendarRefused, Failure, OwnTime, Reading
from portal.diary.ics import Appointment, calendar_of_events
from portal.diary.rules import Interval
from tests.calendars.hostile import HARMLESS, HOSTILE, calendar, event

LONDON = ZoneInfo("Europe/London")
SINCE = datetime(2026, 11, 21, 12, tzinfo=UTC)
WINDOW = Interval(SINCE, SINCE + timedelta(days=400))
NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def read(*files: bytes, own: frozenset[str] = frozenset(), zone: ZoneInfo = LONDON) -> Reading:
    return read_calendars(files, zone=zone, window=WINDOW, own=own)


def busy(*parts: str) -> list[Interval]:
    return list(read(calendar(*parts)).busy)


def test_an_event_makes_its_time_busy() -> None:
    assert busy(event()) == [Interval(NINE, NINE + HOUR)]


@pytest.mark.parametrize(
    "more",
    ["TRANSP:TRANSPARENT", "STATUS:CANCELLED", "X-MICROSOFT-CDO-BUSYSTATUS:FREE", "transp:transparent"],
)
def test_what_takes_no_time_does_not_count(more: str) -> None:
    assert busy(event(more + "\r\n")) == []


def test_tentative_counts_because_it_may_become_true() -> None:
    assert busy(event("STATUS:TENTATIVE\r\nTRANSP:OPAQUE\r\n"))


def test_times_without_a_zone_and_whole_days_are_those_of_the_therapist() -> None:
    floating = event().replace("090000Z", "090000").replace("100000Z", "100000")
    day = "BEGIN:VEVENT\r\nUID:d\r\nDTSTART;VALUE=DATE:20261126\r\nEND:VEVENT\r\n"
    found = read(calendar(floating, day), zone=ZoneInfo("America/New_York")).busy
    assert found == (
        Interval(NINE + 5 * HOUR, NINE + 6 * HOUR),
        Interval(datetime(2026, 11, 26, 5, tzinfo=UTC), datetime(2026, 11, 27, 5, tzinfo=UTC)),
    )


def test_a_weekly_event_keeps_its_clock_time_through_the_change_and_leaves_out_what_was_taken_out() -> None:
    weekly = (
        "BEGIN:VEVENT\r\nUID:w\r\nDTSTART;TZID=Europe/London:20270318T090000\r\nDURATION:PT1H\r\n"
        "RRULE:FREQ=WEEKLY;COUNT=4\r\nEXDATE;TZID=Europe/London:20270401T090000\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:w\r\nRECURRENCE-ID;TZID=Europe/London:20270408T090000\r\n"
        "DTSTART;TZID=Europe/London:20270408T110000\r\nDURATION:PT1H\r\nEND:VEVENT\r\n"
    )
    starts = [one.start for one in busy(weekly)]
    assert starts == [
        datetime(2027, 3, 18, 9, tzinfo=UTC), datetime(2027, 3, 25, 9, tzinfo=UTC), datetime(2027, 4, 8, 10, tzinfo=UTC),
    ]  # fmt: skip


def test_what_is_over_or_too_far_away_is_left_out_and_what_touches_is_joined() -> None:
    past = event(uid="p").replace("20261124", "20261101")
    far = event(uid="f").replace("20261124", "20291124")
    after = event(uid="a").replace("T100000Z", "T110000Z").replace("T090000Z", "T100000Z")
    assert busy(past, far, event(), after) == [Interval(NINE, NINE + 2 * HOUR)]


def test_entries_of_ours_are_told_apart_and_are_not_busy_twice() -> None:
    uid = "8f0e6ed4-3b3a-4f6e-9a51-0f6d0f8b7f10"
    ours = calendar_of_events([Appointment(uid, 3, NINE, NINE + HOUR)], zone_id="Europe/London", now=SINCE)
    found = read(ours, calendar(event(uid="other").replace("1124", "1125")), own=frozenset({uid}))
    assert found.own == {uid: OwnTime(NINE, NINE + HOUR)}
    assert [one.start.day for one in found.busy] == [25]
    assert read(ours).busy == (Interval(NINE, NINE + HOUR),)


def test_an_entry_of_ours_that_was_called_off_counts_as_gone() -> None:
    assert read(calendar(event("STATUS:CANCELLED\r\n", uid="ours")), own=frozenset({"ours"})).own == {}


def test_names_of_zones_by_microsoft_are_understood() -> None:
    found = busy(
        "BEGIN:VEVENT\r\nUID:m\r\nDTSTART;TZID=Pacific Standard Time:20261124T010000\r\nDURATION:PT1H\r\nEND:VEVENT\r\n"
    )
    assert found == [Interval(NINE, NINE + HOUR)]


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_dangerous_is_read(name: str) -> None:
    file = calendar("@").replace(b"@", HARMLESS[name].encode("latin-1"))
    assert read(file).busy == (Interval(NINE, NINE + HOUR),)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_calendar_is_refused_with_a_word_within_two_seconds(name: str) -> None:
    file, failure = HOSTILE[name][0](), HOSTILE[name][1]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.raises(CalendarRefused) as refused:
        confined(lambda: read(file).busy)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert refused.value.failure is failure
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2.5


def test_a_full_calendar_is_read_in_time() -> None:
    parts = [
        event(uid=f"u{number}").replace("20261124", f"2026{11 + number % 2}{1 + number % 28:02}")
        for number in range(1_900)
    ]
    series = [event("RRULE:FREQ=WEEKLY\r\n", f"s{number}") for number in range(50)]
    assert len(confined(lambda: [one.start.isoformat() for one in read(calendar(*parts, *series)).busy])) > 50


def test_work_that_eats_memory_takes_nobody_with_it() -> None:
    with pytest.raises(CalendarRefused) as refused:
        confined(lambda: len(bytearray(2**34)))
    assert refused.value.failure is Failure.ENDLESS
