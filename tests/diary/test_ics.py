"""The calendar entry: the right instant in every reader, and nobody's name."""

from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical  # type: ignore[import-untyped]  # comes with icalendar; a second reader of its zones
from icalendar import Calendar, Event

from portal.diary.ics import calendar_event
from portal.zones import ZONE_IDS, UnknownZone, offset_spans, to_local

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
START = datetime(2026, 11, 24, 9, tzinfo=UTC)
written = partial(
    calendar_event,
    uid="4f7k2m@practice.example",
    sequence=0,
    starts_at=START,
    ends_at=START + timedelta(minutes=20),
    zone_id="Europe/London",
    now=NOW,
)
CHANGING = [
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Europe/Dublin",
    "America/St_Johns",
    "Pacific/Chatham",
]


def event_of(file: bytes) -> Event:
    (event,) = Calendar.from_ical(file).walk("VEVENT")
    assert isinstance(event, Event)
    return event


def times_of(file: bytes) -> tuple[datetime, datetime]:
    start, end = event_of(file).start, event_of(file).end
    assert isinstance(start, datetime)
    assert isinstance(end, datetime)
    return start, end


def changes_of(zone_id: str) -> list[datetime]:
    spans = offset_spans(
        ZoneInfo(zone_id), datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    )
    return [span.start for span in spans[1:]]


def lines_of(file: bytes) -> dict[str, str]:
    event = file.decode().split("BEGIN:VEVENT\r\n")[1].split("END:VEVENT")[0]
    return dict(line.split(":", 1) for line in event.splitlines())


def test_the_entry_says_when_and_nothing_about_whom() -> None:
    assert lines_of(written()) == {
        "UID": "4f7k2m@practice.example",
        "SEQUENCE": "0",
        "DTSTAMP": "20261121T120000Z",
        "DTSTART;TZID=Europe/London": "20261124T090000",
        "DTEND;TZID=Europe/London": "20261124T092000",
        "SUMMARY": "Appointment",
        "STATUS": "CONFIRMED",
        "CLASS": "PRIVATE",
    }


def test_the_file_is_written_as_calendars_expect_it() -> None:
    file = written(summary="x" * 200, location="Raum 3, Straße 1; Hof\n2. Stock")

    assert file.startswith(
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Common Ground//Common Ground//EN\r\n"
    )
    assert b"\r\nMETHOD:PUBLISH\r\n" in file
    assert file.count(b"\n") == file.count(b"\r\n")
    assert max(map(len, file.split(b"\r\n"))) <= 75
    assert event_of(file)["location"] == "Raum 3, Straße 1; Hof\n2. Stock"


def test_a_change_keeps_the_uid_and_a_cancellation_says_so() -> None:
    moved = event_of(written(sequence=2, starts_at=START - timedelta(hours=1), status="CANCELLED"))

    assert (moved["uid"], moved["sequence"], moved["status"]) == ("4f7k2m@practice.example", 2, "CANCELLED")
    assert b"METHOD:CANCEL" in written(method="CANCEL")


@pytest.mark.parametrize("zone_id", CHANGING)
def test_the_instant_comes_back_through_both_clock_changes(zone_id: str) -> None:
    changes = changes_of(zone_id)
    assert len(changes) == 2
    for change in changes:
        for minutes in range(-150, 151, 15):
            start = change + timedelta(minutes=minutes)
            end = start + timedelta(minutes=50)
            read = times_of(written(starts_at=start, ends_at=end, zone_id=zone_id))
            assert [time.astimezone(UTC) for time in read] == [start, end]


@pytest.mark.parametrize("zone_id", CHANGING)
def test_a_reader_that_trusts_the_zone_in_the_file_finds_the_same_instant(zone_id: str) -> None:
    for change in changes_of(zone_id):
        for minutes in range(-150, 151, 15):
            start = change + timedelta(minutes=minutes)
            file = written(starts_at=start, ends_at=start + timedelta(minutes=5), zone_id=zone_id)
            lines = lines_of(file)
            if "DTSTART" in lines:  # the second of a doubled hour stands in UTC
                assert datetime.strptime(lines["DTSTART"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) == start
                continue
            local = datetime.strptime(lines[f"DTSTART;TZID={zone_id}"], "%Y%m%dT%H%M%S")  # noqa: DTZ007 - the file's zone follows
            assert local.replace(tzinfo=tzical(StringIO(file.decode())).get(zone_id)).astimezone(UTC) == start


def test_the_second_of_a_doubled_hour_is_written_in_utc() -> None:
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)

    assert "DTSTART;TZID=Europe/London" in lines_of(
        written(starts_at=first, ends_at=first + timedelta(minutes=20))
    )
    assert (
        lines_of(written(starts_at=second, ends_at=second + timedelta(minutes=20)))["DTSTART"]
        == "20261025T013000Z"
    )


def test_the_summer_begins_by_the_old_clock() -> None:
    zone = written().decode().split("BEGIN:VEVENT")[0]

    assert (
        "BEGIN:DAYLIGHT\r\nDTSTART:20260329T010000\r\nTZNAME:BST\r\nTZOFFSETFROM:+0000\r\nTZOFFSETTO:+0100"
        in zone
    )
    assert (
        "BEGIN:STANDARD\r\nDTSTART:20261025T020000\r\nTZNAME:GMT\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0000"
        in zone
    )


def test_every_zone_can_be_written_and_read_back() -> None:
    for zone_id in sorted(ZONE_IDS):
        start, _ = times_of(written(zone_id=zone_id))
        assert start.astimezone(UTC) == START
        assert start.utcoffset() == to_local(START, ZoneInfo(zone_id)).utcoffset()


def test_typed_text_cannot_write_lines_of_its_own() -> None:
    evil = 'Room 3\r\nATTENDEE:mailto:ana@home.example\nX;Y,Z\\n\rEND:VEVENT\u2028\0\ud800"'

    event = event_of(written(summary=evil, location=evil))

    assert "attendee" not in event
    assert event["summary"] == 'Room 3\nATTENDEE:mailto:ana@home.example\nX;Y,Z\\nEND:VEVENT"'
    assert event["location"] == event["summary"]


@pytest.mark.parametrize("field", ["uid", "url"])
@pytest.mark.parametrize("sign", ["\r\n", "\n", "\0", "\u2028", "\ud800"])
def test_a_control_character_in_an_id_or_address_is_refused(field: str, sign: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        written(**{field: f"https://practice.example/{sign}ATTENDEE:x"})  # type: ignore[arg-type]  # uid and url are text


def test_the_address_of_the_portal_may_stand_in_the_entry() -> None:
    assert lines_of(written(url="https://practice.example/"))["URL"] == "https://practice.example/"


def test_an_entry_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before"):
        written(ends_at=START)


def test_the_night_of_the_change_has_its_real_length() -> None:
    london = ZoneInfo("Europe/London")
    late, early = (
        datetime(2026, 10, 25, 1, 45, tzinfo=london),
        datetime(2026, 10, 25, 1, 15, fold=1, tzinfo=london),
    )

    start, end = times_of(written(starts_at=late, ends_at=early))

    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(minutes=30)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(UnknownZone):
        written(zone_id="../../etc/passwd")
