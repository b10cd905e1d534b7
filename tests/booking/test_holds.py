"""A time held while somebody types: by one press, for one form, for ten minutes, once longer."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from jobs.housekeeping import remove_expired
from portal.booking import holds
from portal.booking.models import Consultation, SlotHold
from portal.booking.views import visitors
from portal.clock import utc_now
from portal.diary.models import OccupiedInterval
from portal.diary.rules import Slot
from portal.transaction import current_session, transaction
from tests.booking.visit import ANSWERS, Visitor, count, free_slots_of, iso, soup, typed, visitor
from tests.support.cast import Cast

LATER = timedelta(minutes=10, seconds=1)


def press(guest: Visitor, start: datetime, page: str = "/consultations/times") -> TestResponse:
    """Press the button of one time."""
    form = soup(guest.client.get(page)).select_one("main form[method=post]")
    assert form is not None
    token = form.select_one("[name=form_token]")
    assert token is not None
    return guest.client.post(
        str(form["action"]), data={"form_token": str(token["value"]), "start": iso(start)}
    )


def details_of(guest: Visitor, answer: TestResponse) -> TestResponse:
    assert answer.status_code == 303, answer.text
    return guest.client.get(answer.headers["Location"])


def wait(app: Flask, by: timedelta = LATER) -> None:
    """Let time pass for what is held, and for the forms that hold it."""
    with app.app_context(), transaction() as session:
        for hold in session.scalars(select(SlotHold)):
            hold.expires_at -= by
            occupied = session.get_one(OccupiedInterval, hold.occupied_id)
            occupied.expires_at = hold.expires_at


def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the forms of a test have been read for long enough."""
    monkeypatch.setattr(visitors, "is_too_quick", lambda *_: False)


def test_one_press_holds_a_time_for_ten_minutes_and_opens_the_form(
    app: Flask, guest: Visitor, slots: list[Slot], opened: Cast
) -> None:
    page = details_of(guest, press(guest, slots[3].start))
    box = soup(page).select_one(".hold[data-hold-until]")
    assert page.status_code == 200 and box is not None and "Held for you until" in box.get_text()
    assert slots[3] not in free_slots_of(app, opened)
    with app.app_context():
        hold = current_session().scalars(select(SlotHold)).one()
        assert timedelta(minutes=9) < hold.expires_at - utc_now() <= holds.HOLD
    assert count(app) == 0 and "Set-Cookie" not in page.headers


def test_somebody_else_is_told_that_it_is_gone(app: Flask, guest: Visitor, slots: list[Slot]) -> None:
    old_page = soup(guest.client.get("/consultations/times"))
    assert old_page.select_one(f"button[value='{iso(slots[3].start)}']") is not None
    press(visitor(app), slots[3].start)
    gone = press(guest, slots[3].start)
    assert gone.status_code == 409 and len(soup(gone).select("main .slots button")) == 3


def test_another_time_with_the_same_form_frees_the_first(
    app: Flask, guest: Visitor, slots: list[Slot], opened: Cast
) -> None:
    page = details_of(guest, press(guest, slots[3].start))
    back = next(link for link in soup(page).select("a.button.plain") if "form=" in str(link["href"]))
    again = press(guest, slots[5].start, str(back["href"]))
    assert details_of(guest, again).status_code == 200
    assert slots[3] in free_slots_of(app, opened) and slots[5] not in free_slots_of(app, opened)
    assert count(app, SlotHold) == 1


def test_what_is_held_becomes_the_booking(
    app: Flask, guest: Visitor, slots: list[Slot], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(monkeypatch)
    form = typed(details_of(guest, press(guest, slots[3].start)))
    assert guest.send(form | ANSWERS).status_code == 303
    with app.app_context():
        booked = current_session().scalars(select(Consultation)).one()
        occupied = current_session().scalars(select(OccupiedInterval)).one()
        assert booked.occupied_id == occupied.id
        assert (occupied.kind, occupied.expires_at, occupied.is_released) == ("consultation", None, False)
    assert count(app, SlotHold) == 0
    assert guest.send(form | ANSWERS).status_code == 303 and count(app) == 1


def test_it_is_renewed_once_with_everything_kept(app: Flask, guest: Visitor, slots: list[Slot]) -> None:
    form = typed(details_of(guest, press(guest, slots[3].start))) | ANSWERS
    wait(app, timedelta(minutes=6))
    renewed = guest.client.post("/consultations/hold/renew", data=form)
    assert renewed.status_code == 200 and typed(renewed)["words"] == ANSWERS["words"]
    with app.app_context():
        assert current_session().scalars(select(SlotHold.expires_at)).one() - utc_now() > timedelta(minutes=9)
    assert guest.client.post("/consultations/hold/renew", data=form).status_code == 409
    assert count(app, SlotHold) == 1


def test_one_that_ran_out_is_held_again_without_a_word(
    app: Flask, guest: Visitor, slots: list[Slot], opened: Cast
) -> None:
    form = typed(details_of(guest, press(guest, slots[3].start))) | ANSWERS
    wait(app)
    assert slots[3] in free_slots_of(app, opened)
    answer = guest.send(form | {"email": "ana"})
    assert answer.status_code == 422 and "Held for you until" in answer.text
    assert slots[3] not in free_slots_of(app, opened)


def test_one_that_ran_out_and_was_taken_leads_to_three_near_it(
    app: Flask, guest: Visitor, slots: list[Slot], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(monkeypatch)
    form = typed(details_of(guest, press(guest, slots[3].start))) | ANSWERS
    wait(app)
    assert visitor(app).book(slots[3].start, email="faster@example.org").status_code == 303
    for path in ("/consultations/hold/renew", "/consultations/new"):
        gone = guest.client.post(path, data=form)
        assert gone.status_code == 409 and typed(gone)["words"] == ANSWERS["words"]
        assert len(soup(gone).select("form#details button.slot")) == 3
    assert count(app) == 1


def test_a_look_holds_nothing(app: Flask, guest: Visitor, slots: list[Slot]) -> None:
    page = guest.client.get(f"/consultations/new?start={iso(slots[3].start)}")
    guest.client.get("/consultations/hold")
    assert "Not held yet" in page.text and count(app, SlotHold) == 0 and count(app, OccupiedInterval) == 0
    held = guest.client.post("/consultations/hold/renew", data=typed(page))
    assert "Held for you until" in held.text and count(app, SlotHold) == 1


def test_a_form_in_use_is_changed_in_place(app: Flask, guest: Visitor, slots: list[Slot]) -> None:
    page = guest.client.get(f"/consultations/new?start={iso(slots[3].start)}")
    part = guest.client.post(
        "/consultations/hold/renew",
        data=typed(page),
        headers={"HX-Request": "true", "HX-Request-Type": "partial"},
    )
    assert part.text.lstrip().startswith('<div class="hold"') and "form=" in part.headers["HX-Replace-Url"]
    assert "Held for you" in guest.client.get(part.headers["HX-Replace-Url"]).text


@pytest.mark.parametrize(
    "start", ["", "x", "2020-01-06T09:00:00Z", "9999-12-31T23:59:59Z", "2026-11-24T09:00:00.123Z", "\x00"]
)
def test_no_time_that_is_not_offered_is_held(app: Flask, guest: Visitor, start: str) -> None:
    form = soup(guest.client.get("/consultations/times")).select_one("main form[method=post]")
    assert form is not None
    token = str(form.select("[name=form_token]")[0]["value"])
    answer = guest.client.post(str(form["action"]), data={"form_token": token, "start": start})
    assert answer.status_code == 422 and count(app, SlotHold) == 0


def test_nobody_hoards_a_diary(
    app: Flask, guest: Visitor, slots: list[Slot], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitors, "HOLDS_OF_NETWORK", replace(visitors.HOLDS_OF_NETWORK, most=2))
    for number in range(visitors.HOLDS_OF_NETWORK.most):
        assert press(guest, slots[number].start).status_code == 303
    refused = press(guest, slots[20].start)
    assert refused.status_code == 429 and "You can book this one all the same" in refused.text
    assert count(app, SlotHold) == visitors.HOLDS_OF_NETWORK.most
    assert guest.book(slots[20].start).status_code == 303


def test_no_more_than_some_times_of_one_diary_are_held(
    app: Flask, guest: Visitor, slots: list[Slot], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holds, "MOST_HELD", 1)
    press(guest, slots[0].start)
    assert press(guest, slots[1].start).status_code == 429


def test_nothing_is_left_of_holds_after_a_day(app: Flask, guest: Visitor, slots: list[Slot]) -> None:
    press(guest, slots[3].start)
    wait(app, timedelta(days=2))
    with app.app_context(), transaction() as session:
        remove_expired(session, utc_now())
    assert (count(app, SlotHold), count(app, OccupiedInterval)) == (0, 0)
