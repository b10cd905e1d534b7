"""An open diary, so that what is brought can be booked with."""

import pytest
from flask import Flask

from portal.diary.rules import Slot
from tests.booking.visit import free_slots_of, open_diary
from tests.shortform.answering import Person, person
from tests.support.cast import Cast


@pytest.fixture
def opened(app: Flask, cast: Cast) -> Cast:
    open_diary(app, cast.therapist)
    return cast


@pytest.fixture
def slots(app: Flask, opened: Cast) -> list[Slot]:
    return free_slots_of(app, opened)


@pytest.fixture
def two(app: Flask, cast: Cast) -> tuple[Person, Person]:
    return person(app), person(app)
