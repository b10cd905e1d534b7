"""Calendar files that mean harm, by what they try, with the word that refuses them."""

from collections.abc import Callable

from portal.calendars.rules import Failure

EVENT = (
    "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART:20261124T090000Z\r\nDTEND:20261124T100000Z\r\n{more}END:VEVENT\r\n"
)


def calendar(*parts: str) -> bytes:
    inside = "".join(parts)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n{inside}END:VCALENDAR\r\n".encode()


def event(more: str = "", uid: str = "one") -> str:
    return EVENT.format(uid=uid, more=more)


def zone(inside: str, name: str = "Nowhere/Land") -> str:
    return f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\n{inside}END:VTIMEZONE\r\n"


def standard(more: str = "") -> str:
    return f"BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n{more}END:STANDARD\r\n"


IN_NOWHERE = (
    "BEGIN:VEVENT\r\nUID:z\r\nDTSTART;TZID=Nowhere/Land:20261124T090000\r\nDURATION:PT1H\r\nEND:VEVENT\r\n"
)
DATES = ",".join(["20261124T090000Z"] * 50_000)
HOSTILE: dict[str, tuple[Callable[[], bytes], Failure]] = {
    "empty": (lambda: b"", Failure.NO_CALENDAR),
    "a web page": (lambda: b"<!doctype html><title>Sign in</title>", Failure.NO_CALENDAR),
    "binary": (lambda: b"BEGIN:VCALENDAR\0" + bytes(range(256)), Failure.NO_CALENDAR),
    "cut off": (lambda: calendar(event())[:-20], Failure.BROKEN),
    "50 MB": (lambda: calendar(event("X-A:" + "a" * 50_000_000 + "\r\n")), Failure.LARGE),
    "a million events": (lambda: calendar(event("", "u") * 1_000_000), Failure.LARGE),
    "2,001 events": (lambda: calendar(event() * 2_001), Failure.MANY),
    "every second": (lambda: calendar(event("RRULE:FREQ=SECONDLY;COUNT=99999999\r\n")), Failure.ENDLESS),
    "every minute": (lambda: calendar(event("RRULE:FREQ=MINUTELY\r\n")), Failure.ENDLESS),
    "every hour": (lambda: calendar(event("RRULE:freq=hourly\r\n")), Failure.ENDLESS),
    "every hour, folded": (lambda: calendar(event("RRULE:FRE\r\n Q=HOURLY\r\n")), Failure.ENDLESS),
    "each second of a day": (
        lambda: calendar(event(f"RRULE:FREQ=DAILY;BYSECOND={','.join(map(str, range(60)))}\r\n")),
        Failure.ENDLESS,
    ),
    "no frequency": (lambda: calendar(event("RRULE:COUNT=3\r\n")), Failure.ENDLESS),
    "days that never come": (
        lambda: calendar(
            *(event("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n", f"u{number}") for number in range(900))
        ),
        Failure.ENDLESS,
    ),
    "an RDATE bomb": (lambda: calendar(event(f"RDATE:{DATES}\r\n")), Failure.ENDLESS),
    "many RDATE lines": (lambda: calendar(event("RDATE:20261124T090000Z\r\n" * 3_000)), Failure.ENDLESS),
    "a VTIMEZONE bomb": (
        lambda: calendar(zone(standard("RRULE:FREQ=SECONDLY\r\n")), IN_NOWHERE),
        Failure.ENDLESS,
    ),
    "a VTIMEZONE of many changes": (lambda: calendar(zone(standard() * 700), IN_NOWHERE), Failure.ENDLESS),
    "many VTIMEZONEs": (
        lambda: calendar(*(zone(standard(), f"Z/{number}") for number in range(101)), IN_NOWHERE),
        Failure.MANY,
    ),
    "an end before the start": (
        lambda: calendar(event().replace("DTEND:20261124T100000Z", "DTEND:20261124T080000Z")),
        Failure.BROKEN,
    ),
    "a negative duration": (
        lambda: calendar(event().replace("DTEND:20261124T100000Z", "DURATION:-PT1H")),
        Failure.BROKEN,
    ),
    "a repeat that ends before it starts": (
        lambda: calendar(event("RRULE:FREQ=DAILY\r\n").replace("DTEND:20261124T100000Z", "DURATION:-PT1H")),
        Failure.BROKEN,
    ),
    "no start": (lambda: calendar("BEGIN:VEVENT\r\nUID:x\r\nEND:VEVENT\r\n"), Failure.BROKEN),
    "a date that is none": (
        lambda: calendar(event().replace("20261124T090000Z", "20261340T99")),
        Failure.BROKEN,
    ),
    "a nesting": (lambda: calendar("BEGIN:VEVENT\r\n" * 1_000), Failure.BROKEN),
    "ends that were never begun": (lambda: calendar("END:VEVENT\r\n" * 1_000), Failure.BROKEN),
    "an endless UID": (lambda: calendar(event(uid="u" * 100_000)), Failure.BROKEN),
}
HARMLESS = {
    "an attached file": event("ATTACH;VALUE=URI:file:///etc/passwd\r\n"),
    "a folded letter": "BEGIN:VEVENT\r\nUID:one\r\nSUMMARY:caf\xc3\r\n \xa9\r\nDTSTART:20261124T090000Z\r\nDTEND:20261124T100000Z\r\nEND:VEVENT\r\n",
    "an alarm": event("BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\n"),
    "a zone that leads to itself": zone(standard().replace("DTSTART:", "DTSTART;TZID=Nowhere/Land:"))
    + "BEGIN:VEVENT\r\nUID:z\r\nDTSTART;TZID=Nowhere/Land:20261124T110000\r\nDURATION:PT1H\r\nEND:VEVENT\r\n",
    "a million lines of nothing": event("X:1\r\n" * 100_000),
    "properties nobody knows": event('X-EVIL;X="a:b":RRULE:FREQ=SECONDLY\r\nSUMMARY:BEGIN:VEVENT\r\n'),
}
