"""A flood of saves is slowed down, a hand never is, and what was acknowledged stays."""

from uuid import uuid4

import pytest
from flask import Flask

from portal.homework import pace
from portal.homework.pace import WINDOW_SECONDS, Pace
from tests.assessments.pages import reader_of
from tests.assessments.walk import given_test
from tests.support.cast import Cast


def test_each_person_has_a_pace_of_their_own_and_a_new_one_after_a_while() -> None:
    now = [0.0]
    pace, one, other = Pace(3, WINDOW_SECONDS, lambda: now[0]), uuid4(), uuid4()
    assert [pace.allows(one) for _ in range(4)] == [True, True, True, False]
    assert pace.allows(other)
    now[0] += WINDOW_SECONDS
    assert pace.allows(one)


def test_a_flood_is_answered_429_and_loses_nothing_that_was_acknowledged(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace.saves, "_most", 20)
    ana = reader_of(given_test(app, cast), cast.ana)
    ana.begin()
    page, acknowledged = ana.see("/1"), ""
    for number in range(1, 41):
        place = str(1 + number % 5)
        answer = ana.send("/1", page, {"VAL1": place, "serial": str(number)}, by_script=True)
        assert answer.status_code in {200, 429}
        acknowledged = place if answer.status_code == 200 else acknowledged
    assert answer.status_code == 429
    assert answer.headers["HX-Retarget"] == "#notice"
    assert ana.stored() == {"VAL1": acknowledged}
