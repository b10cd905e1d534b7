"""Two at the same moment, on both databases: one wins, the other is helped."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from flask import Flask

from portal.booking.models import Consultation, SlotHold
from portal.diary.rules import Slot
from portal.transaction import transaction
from tests.booking.visit import (
    ANSWERS,
    count,
    free_slots_of,
    iso,
    open_diary,
    soup,
    token_of,
    typed,
    visitor,
)
from tests.support.cast import Cast, client_of, make_cast

Result = TypeVar("Result")


@pytest.fixture
def practice(either_app: Flask) -> tuple[Flask, Cast, list[Slot]]:
    with either_app.app_context(), transaction() as session:
        cast = make_cast(session)
    open_diary(either_app, cast.therapist)
    return either_app, cast, free_slots_of(either_app, cast)


def at_once(*acts: Callable[[], Result]) -> list[Result]:
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Result]) -> Result:
        barrier.wait(timeout=20)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, act) for act in acts]]


def test_one_time_is_booked_once_and_the_other_sees_three_near(
    practice: tuple[Flask, Cast, list[Slot]],
) -> None:
    app, _, slots = practice
    for round_, slot in enumerate(slots[3:33:10]):
        guests = [visitor(app) for _ in range(4)]
        forms = [
            guest.form(slot.start) | {"email": f"g{round_}{number}@example.org"}
            for number, guest in enumerate(guests)
        ]
        answers = at_once(
            *(
                lambda guest=guest, form=form: guest.send(form)
                for guest, form in zip(guests, forms, strict=True)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
        for loser in (answer for answer in answers if answer.status_code == 409):
            near = {str(button["value"]) for button in soup(loser).select("button[name=start]")}
            assert len(near) == 3 and iso(slot.start) not in near
            assert typed(loser)["words"] == ANSWERS["words"]
    assert count(app) == 3


def test_a_double_click_books_once(practice: tuple[Flask, Cast, list[Slot]]) -> None:
    app, _, slots = practice
    guest, twin = visitor(app), visitor(app)
    form = guest.form(slots[2].start)
    answers = at_once(lambda: guest.send(form), lambda: twin.send(form))
    assert {answer.status_code for answer in answers} == {303} and count(app, Consultation) == 1
    assert len({answer.headers["Location"] for answer in answers}) == 1


def test_of_two_answers_one_counts(practice: tuple[Flask, Cast, list[Slot]]) -> None:
    app, cast, slots = practice
    visitor(app).book(slots[0].start)
    desks = [client_of(app, cast.therapist) for _ in range(2)]
    path = str(soup(desks[0].get("/requests")).select("main a.button")[0]["href"])
    tokens = [token_of(desk.get(path)) for desk in desks]
    answers = at_once(
        lambda: desks[0].post(f"{path}/confirm", data={"form_token": tokens[0]}),
        lambda: desks[1].post(f"{path}/decline", data={"form_token": tokens[1]}),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]


def test_one_time_is_held_once_and_only_the_holder_books_it(practice: tuple[Flask, Cast, list[Slot]]) -> None:
    app, _, slots = practice
    start = slots[6].start
    guests = [visitor(app) for _ in range(4)]
    forms = [guest.form(start) for guest in guests]
    answers = at_once(
        *(
            lambda guest=guest, form=form: guest.client.post("/consultations/hold/renew", data=form)
            for guest, form in zip(guests, forms, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert count(app, SlotHold) == 1
    booked = at_once(
        *(lambda guest=guest, form=form: guest.send(form) for guest, form in zip(guests, forms, strict=True))
    )
    held = next(number for number, answer in enumerate(answers) if answer.status_code == 200)
    assert [number for number, answer in enumerate(booked) if answer.status_code == 303] == [held]
    assert (count(app), count(app, SlotHold)) == (1, 0)
