"""What a therapist's week with sixty entries costs: SQL statements, and the time to draw it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from portal.booking.rules import ConsultationStatus
from portal.clock import utc_now
from tests.bench.figures import Figure, milliseconds
from tests.bench.installation import Install
from tests.diary.scene import book, take
from tests.support.cast import client_of
from tests.support.statements import counted

ENTRIES = 60
A_DAY = 12
MOST_STATEMENTS = 12
MOST_MILLISECONDS = 100  # our choice: a page that opens at once


def measure(install: Install) -> Iterator[Figure]:
    """Open a week that holds consultations and own time in turn."""
    installed = install()
    app, jane = installed.app, installed.cast.therapist
    monday = _next_monday()
    for number in range(ENTRIES):
        day, place = divmod(number, A_DAY)
        start = datetime.combine(monday + timedelta(days=day), time(9), UTC) + place * timedelta(minutes=30)
        if number % 2:
            book(app, jane, start, ConsultationStatus.CONFIRMED)
        else:
            take(app, jane, start, minutes=20)
    client, address = client_of(app, jane), f"/calendar?view=week&on={monday}"

    def visit() -> None:
        page = client.get(address)
        assert page.text.count("data-move=") == ENTRIES, page.status

    visit()
    with counted(app) as statements:
        visit()
    yield Figure(f"Statements of a therapist's week, {ENTRIES} entries", len(statements), "", MOST_STATEMENTS)
    yield Figure("That week, in process", milliseconds(visit, 40), "ms", MOST_MILLISECONDS)


def _next_monday() -> date:
    today = utc_now().date()
    return today + timedelta(days=7 - today.weekday())
