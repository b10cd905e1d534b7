"""A day that has gone by, on the pages of the person, of the other, and of their therapist."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.homework.models import TaskKind
from portal.homework.registry import task_of
from portal.homework.service import assign
from portal.transaction import transaction
from tests.homework.test_views import part_of, send, words
from tests.support.cast import Cast, client_of

DUE = datetime(2026, 11, 20, tzinfo=UTC).date()
AFTER = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def part(app: Flask, cast: Cast) -> Iterator[str]:
    """Ana's part of an exercise whose day went by three days ago."""
    with time_machine.travel(AFTER, tick=False) as clock:
        with app.app_context(), transaction() as session:
            task = task_of(TaskKind.EXERCISE, "values-compass", "1")
            given = assign(session, cast.therapist.member(), cast.couple_id, task, due_on=DUE, now=AFTER).id
        assert clock
        yield str(part_of(app, cast.ana, given))


def test_the_task_grows_small_then_asks_and_only_the_therapist_sees_how_it_went(
    app: Flask, cast: Cast, part: str
) -> None:
    ana, jane = client_of(app, cast.ana), client_of(app, cast.therapist)
    for path in ("/home", "/tasks"):
        shown = words(ana.get(path))
        assert "Two minutes are enough: Which of these matter most to you right now?" in shown
        assert not {"overdue", "late", "ago", "missed"} & set(shown.lower().replace(".", "").split())
    assert ana.get(f"/reflections/{part}/1").status_code == 200
    assert send(ana, f"/tasks/{part}/later", days="3").status_code == 303
    assert "If it suits you, by" in words(ana.get("/home"))
    again = send(ana, f"/tasks/{part}/later", days="3")
    assert (again.status_code, "moved before" in words(again)) == (409, True)
    with time_machine.travel(AFTER + timedelta(days=4), tick=False):
        ana, jane = client_of(app, cast.ana), client_of(app, cast.therapist)
        assert "keep it, change it or drop it?" in words(ana.get("/tasks"))
        assert send(ana, f"/tasks/{part}/course", course="dropped").status_code == 303
        assert "You put this aside." in words(ana.get("/tasks"))
        assert "Talking about values" not in words(ana.get("/home"))
        seen = words(jane.get(f"/couples/{cast.couple_id}"))
        assert "Ana: has put it aside" in seen
        assert "Ana: of 1 with a day, 0 by it, 1 moved, 1 put aside" in seen
        assert send(ana, f"/tasks/{part}/course", course="kept").status_code == 303
        assert "For you to do" in words(ana.get("/tasks"))


def test_who_would_like_it_changed_is_among_what_needs_the_therapist(
    app: Flask, cast: Cast, part: str
) -> None:
    assert send(client_of(app, cast.ana), f"/tasks/{part}/later", days="3").status_code == 303
    with time_machine.travel(AFTER + timedelta(days=4), tick=False):
        assert send(client_of(app, cast.ana), f"/tasks/{part}/course", course="change").status_code == 303
        assert "would like to speak about a task" in words(client_of(app, cast.therapist).get("/today"))


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("later", {"days": "2"}), ("later", {"days": "-3"}), ("later", {"days": "x" * 5000}), ("course", {"course": "as_asked"}),
        ("course", {"course": "\u202ekept"}), ("course", {}),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_a_sentence(
    app: Flask, cast: Cast, part: str, path: str, fields: dict[str, str]
) -> None:
    answer = send(client_of(app, cast.ana), f"/tasks/{part}/{path}", **fields)
    assert answer.status_code == 422
    assert "Please choose" in words(answer)


def test_nobody_moves_the_day_of_another(app: Flask, cast: Cast, part: str) -> None:
    for actor in (cast.ben, cast.cleo, cast.therapist):
        client: FlaskClient = client_of(app, actor)
        assert send(client, f"/tasks/{part}/later", days="3").status_code == 404
        assert send(client, f"/tasks/{part}/course", course="kept").status_code == 404
