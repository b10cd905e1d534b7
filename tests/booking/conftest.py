"""An open diary for every test of booking."""

import pytest
from flask import Flask

from portal.diary.rules import Slot
from tests.booking.visit import Visitor, free_slots_of, open_diary, visitor
from tests.support.cast import Cast


@pytest.fixture
def opened(app: Flask, cast: Cast) -> Cast:
    """The cast, with a therapist whom visitors can book."""
    open_diary(app, cast.therapist)
    return cast


@pytest.fixture
def slots(app: Flask, opened: Cast) -> list[Slot]:
    return free_slots_of(app, opened)


@pytest.fixture
def guest(app: Flask, opened: Cast) -> Visitor:
    return visitor(app)
