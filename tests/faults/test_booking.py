"""A visitor books while the web process dies, and forty want the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

import httpx
import pytest
from bs4 import BeautifulSoup

from portal.booking.rules import new_form_id
from portal.clock import utc_now
from portal.security.viewer import TokenPurpose
from tests.booking.visit import ANSWERS, free_slots_of, iso, open_diary
from tests.faults.rig import CANARY, Rig, wait
from tests.support.cast import PASSWORD
from tests.support.processes import Portal

BOOKED = COME_IN = 303
MOST_FOR_REDIS = 2.0  # seconds


@dataclass
class Guest:
    """One visitor with an own network address, who fills in the form and sends it as often as it takes."""

    rig: Rig
    portal: Portal
    number: int

    @property
    def name(self) -> str:
        return f"Guest {self.number}"

    def form(self, start: datetime) -> dict[str, str]:
        """Open the form of a time, and fill it in at a human pace."""
        page = self._ask("GET", params={"start": iso(start)}).text
        form = BeautifulSoup(page, "html.parser").select_one("main form[method=post]")
        assert form is not None, page
        fields = {
            str(one["name"]): str(one.get("value", "")) for one in form.select("input[type=hidden][name]")
        }
        shown = new_form_id(utc_now() - timedelta(minutes=2))
        key = self.rig.app.extensions["signer"].sign_id(TokenPurpose.BOOKING_FORM, shown)
        own = {"first_name": self.name, "email": f"{CANARY}.guest{self.number}@example.org", "form_key": key}
        return fields | ANSWERS | own

    def send(self, form: dict[str, str]) -> int:
        """Send the form, and note what the answer promised."""
        status = self._ask("POST", data=form).status_code
        if status == BOOKED:
            self.rig.acknowledged.append(self.name)
        return status

    def send_until_answered(self, form: dict[str, str]) -> int:
        """Press the button again as long as no answer comes."""
        answers: list[int] = []

        def is_answered() -> bool:
            with suppress(httpx.TransportError):
                answers.append(self.send(form))
            return bool(answers)

        wait(is_answered, "the form is answered")
        return answers[0]

    def _ask(self, method: str, **options: object) -> httpx.Response:
        headers = {"X-Forwarded-For": f"10.1.{self.number // 250}.{self.number % 250}"}
        address = f"http://localhost:{self.portal.port}/consultations/new"
        return httpx.request(method, address, headers=headers, timeout=60, **options)  # type: ignore[arg-type]  # passed on


@pytest.mark.parametrize("place", ["transaction.before_commit", "transaction.after_commit"])
def test_f01_the_web_process_dies_around_each_commit_of_a_booking(rig: Rig, place: str) -> None:
    open_diary(rig.app, rig.cast.therapist)
    slots = free_slots_of(rig.app, rig.cast)
    for visit in range(1, 9):
        portal = rig.portal(FP=f"{place}:{visit}:kill9")
        server = portal.start_web()
        guest = Guest(rig, portal, visit)
        assert guest.send_until_answered(guest.form(slots[visit * 2].start)) == BOOKED
        server.stop()
        if not any((rig.folder / "struck").glob(f"{place}-{visit}-*")):
            break
    else:
        pytest.fail("the sweep did not come to its end")
    assert visit > 1
    rig.background()
    rig.settle()


def test_f18_forty_visitors_want_the_same_time(rig: Rig) -> None:
    open_diary(rig.app, rig.cast.therapist)
    start = free_slots_of(rig.app, rig.cast)[0].start
    portal, _ = rig.background()
    portal.start_web(workers=2)
    guests = [Guest(rig, portal, number) for number in range(40)]
    with ThreadPoolExecutor(20) as pool:
        forms = list(pool.map(lambda guest: guest.form(start), guests))
        answers = list(pool.map(lambda both: both[0].send(both[1]), zip(guests, forms, strict=True)))
    assert sorted(answers) == [BOOKED, *[409] * 39]
    rig.settle()


def test_f09_redis_is_paused_and_booking_and_signing_in_go_on(rig: Rig) -> None:
    open_diary(rig.app, rig.cast.therapist)
    slots = free_slots_of(rig.app, rig.cast)
    portal, _ = rig.background()
    portal.start_web()
    before, guest = Guest(rig, portal, 1), Guest(rig, portal, 2)
    usual = timed(lambda: before.send(before.form(slots[0].start)), BOOKED)
    rig.redis.pause()
    assert timed(lambda: guest.send(guest.form(slots[2].start)), BOOKED) < usual + MOST_FOR_REDIS
    assert timed(lambda: come_in(rig, portal), COME_IN) < usual + MOST_FOR_REDIS
    rig.redis.resume()
    rig.settle()


def timed(act: Callable[[], int], expected: int) -> float:
    """Do something, make sure of its answer, and tell how many seconds it took."""
    began = monotonic()
    assert act() == expected
    return monotonic() - began


def come_in(rig: Rig, portal: Portal) -> int:
    """Send the therapist's name and password, as somebody who has opened the page."""
    form = {
        "identity": rig.cast.therapist.user_name, "password": PASSWORD,
        "form_token": rig.app.extensions["signer"].form_token(None),
    }  # fmt: skip
    return httpx.post(f"http://localhost:{portal.port}/sign-in", data=form, timeout=60).status_code
