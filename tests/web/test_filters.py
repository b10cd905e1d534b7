from datetime import UTC, datetime

import time_machine
from flask import Flask

from portal.web.filters import day, when, zone_label

SUMMER_NIGHT = datetime(2026, 7, 31, 23, 30, tzinfo=UTC)


def test_a_day_is_said_in_the_readers_own_zone(app: Flask) -> None:
    with app.test_request_context(), time_machine.travel(datetime(2026, 11, 21, tzinfo=UTC)):
        assert when(SUMMER_NIGHT, "Europe/London") == "Saturday 1 August, 00:30"
        assert when(SUMMER_NIGHT, "America/New_York") == "Friday 31 July, 19:30"
        assert zone_label(SUMMER_NIGHT, "Europe/London") == "London, GMT+1"


def test_another_year_is_named(app: Flask) -> None:
    with app.test_request_context(), time_machine.travel(datetime(2027, 1, 2, tzinfo=UTC)):
        assert day(SUMMER_NIGHT, "Europe/London") == "Saturday 1 August 2026"
