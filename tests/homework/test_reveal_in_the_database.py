"""The reveal with real rows: after each of any acts, everybody reads exactly what the model says, of every scope."""

from uuid import UUID

import pytest
from flask import Flask
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from portal.extensions import db
from portal.homework.queries import desk_answers, opened_answers
from portal.homework.rules import Gate
from portal.transaction import current_session
from tests.homework.machine import HomeworkMachine
from tests.homework.model import BOTH
from tests.support.cast import Cast


@pytest.fixture
def app(either_app: Flask) -> Flask:
    """What is read is the same on either database."""
    return either_app


def test_everybody_reads_exactly_what_is_theirs_after_any_acts(context: Flask, cast: Cast) -> None:
    machine = type("Machine", (HomeworkMachine,), {"cast": cast})
    with context.app_context():
        examples = (
            30 if db.engine.dialect.name == "sqlite" else 8
        )  # the rules are the same, the engine is asked whether it agrees
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=examples, stateful_step_count=10, deadline=None, derandomize=True),
    )


WALKS: dict[str, tuple[tuple[str, ...], list[tuple[object, ...]]]] = {
    "the couple is closed after the opening": (BOTH, [("couple_becomes", "closed")]),
    "the second shares during a hold of the couple": (
        ("ana",),
        [("therapist", "hold_couple"), ("finish_and_share", "ben"), ("therapist", "lift_couple"), ("therapist", "open")],
    ),
    "the second shares while the couple is paused": (
        ("ana",),
        [("act", "ben", "submit"), ("couple_becomes", "paused"), ("share", "ben", set()), ("act", "ana", "take_back")],
    ),
    "the second shares once the first has left": (
        ("ana",), [("leave", "ana"), ("finish_and_share", "ben"), ("therapist", "open")],
    ),
    "the second share of one person differs from the first": (
        ("ana",), [("act", "ana", "take_back"), ("share", "ana", set()), ("finish_and_share", "ben")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("walk", list(WALKS))
def test_everybody_reads_exactly_what_is_theirs_where(context: Flask, cast: Cast, walk: str) -> None:
    assert context
    machine, (ahead, acts) = HomeworkMachine(), WALKS[walk]
    machine.cast = cast  # type: ignore[misc]  # one machine alone
    machine.begin(Gate.BOTH, ahead, {"wish"})
    try:
        for name, *given in acts:
            getattr(machine, str(name))(*given)
            machine.check()
    finally:
        machine.teardown()


def test_an_unknown_assignment_shows_nothing(context: Flask, cast: Cast) -> None:
    assert context
    session, unknown = current_session(), UUID(int=7)
    for reader in (cast.ana, cast.therapist, cast.stranger):
        assert opened_answers(session, reader.member(), unknown) == []
        assert desk_answers(session, reader.member(), unknown) == []
