from datetime import timedelta

import time_machine
from flask import Flask

from portal.accounts.rules import IDLE_PARTNER
from portal.clock import utc_now
from tests.support.cast import client_of
from tests.support.world import make_world, path_of


def test_a_window_that_asks_by_itself_keeps_nobody_signed_in(app: Flask) -> None:
    world = make_world(app)
    asking, reading = client_of(app, world.cast.ana), client_of(app, world.cast.ana)
    polled, page = path_of(app, world, "documents.status"), path_of(app, world, "meetings.read_summary")
    began = utc_now()
    for minutes in range(2, int(IDLE_PARTNER.total_seconds() // 60) + 4, 2):
        with time_machine.travel(began + timedelta(minutes=minutes), tick=False):
            last_polled = asking.get(polled, headers={"HX-Request": "true"}).status_code
            last_read = reading.get(page).status_code
    assert (last_polled, last_read) == (204, 200)
    with time_machine.travel(began + timedelta(minutes=minutes), tick=False):
        assert asking.get(polled).location.startswith("/sign-in")
