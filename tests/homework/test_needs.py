"""What a therapist's first page says of homework: what waits for the therapist alone, and what has rested."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.couples.holds import set_hold
from portal.couples.models import Couple, CoupleStatus, Partner
from portal.homework.models import Assignment, Opening
from portal.homework.needs import needs_of
from portal.homework.rules import Standing, Step
from portal.homework.service import assign
from tests.homework.shelf import TASKS
from tests.support.cast import Actor, Cast

NOW = utc_now()


@pytest.fixture
def app(either_app: Flask) -> Flask:
    """Both engines group and compare alike."""
    return either_app


@pytest.fixture
def session(cast: Cast, session: Session) -> Session:
    """The session, once the cast is there: they cannot write at the same time."""
    assert cast
    return session


@pytest.fixture
def given(session: Session, cast: Cast) -> Assignment:
    """Something that both have shared, today."""
    task = next(one for one in TASKS if len(one.stages) > 1)
    assignment = assign(session, cast.therapist.member(), cast.couple_id, task, now=NOW)
    session.refresh(assignment, ["responses"])
    for part in assignment.responses:
        if part.stage == 1:
            part.step, part.shared_at = Step.SHARED, NOW
    session.flush()
    return assignment


def seen(session: Session, actor: Actor) -> tuple[int, int]:
    found = needs_of(session, actor.member(), NOW)
    return len(found.to_open), len(found.stuck)


def test_what_both_shared_waits_for_their_own_therapist_only(
    session: Session, cast: Cast, given: Assignment
) -> None:
    assert seen(session, cast.therapist) == (1, 0)
    for other in (cast.stranger, cast.owner, cast.front_desk, cast.ana):
        assert seen(session, other) == (0, 0)


def test_what_is_open_held_or_ended_waits_for_nobody(session: Session, cast: Cast, given: Assignment) -> None:
    given.held_at = NOW
    session.flush()
    assert seen(session, cast.therapist) == (0, 0)
    given.held_at, given.standing = None, Standing.CLOSED
    session.flush()
    assert seen(session, cast.therapist) == (0, 0)
    given.standing = Standing.OPEN
    session.add(Opening(assignment_id=given.id, stage=1))
    session.flush()
    assert seen(session, cast.therapist) == (0, 0)


def test_a_safety_hold_or_a_pause_of_the_couple_lets_nothing_wait(
    session: Session, cast: Cast, given: Assignment
) -> None:
    hold = set_hold(session, cast.therapist.member(), cast.couple_id)
    assert seen(session, cast.therapist) == (0, 0)
    hold.lifted_at = NOW
    session.get_one(Couple, cast.couple_id).status = CoupleStatus.PAUSED
    session.flush()
    assert seen(session, cast.therapist) == (0, 0)


def test_what_nobody_may_open_since_one_has_left_does_not_wait(
    session: Session, cast: Cast, given: Assignment
) -> None:
    left = session.scalars(select(Partner).where(Partner.person_id == cast.ben.person_id)).one()
    left.left_at = NOW
    session.flush()
    assert seen(session, cast.therapist) == (0, 0)


def test_one_share_alone_is_nothing_to_open(session: Session, cast: Cast, given: Assignment) -> None:
    given.responses[0].step = Step.SUBMITTED
    session.flush()
    assert seen(session, cast.therapist) == (0, 0)


@pytest.mark.parametrize("old", [(15, None, 1), (13, None, 0), (1, -1, 1), (1, 1, 0)])
def test_what_somebody_still_writes_rests_after_a_fortnight_or_its_day(
    session: Session, cast: Cast, given: Assignment, old: tuple[int, int | None, int]
) -> None:
    days, due_in, stuck = old
    given.responses[0].step = Step.WRITING
    given.created_at = NOW - timedelta(days=days)
    given.due_on = None if due_in is None else (NOW + timedelta(days=due_in)).date()
    session.flush()
    assert seen(session, cast.therapist) == (0, stuck)
