"""A goal ends when either of the two or their therapist says so: reached, let go or changed, and nobody sees who said it."""

from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.couples.models import Couple, CoupleStatus
from portal.exercises.catalogue import find_task
from portal.exercises.goals import active_goals
from portal.exercises.models import GoalEnd, GoalEnding, KeptGoal
from portal.homework.service import assign
from portal.transaction import current_session, transaction
from tests.support.cast import Actor, Cast, client_of

SAIL = "Sail once a month"


@pytest.fixture
def goal_id(app: Flask, cast: Cast) -> UUID:
    return kept(app, cast)


def kept(app: Flask, cast: Cast, words: str = SAIL, *, revises: UUID | None = None) -> UUID:
    """Let both keep a goal."""
    with app.test_request_context(), transaction() as session:
        task = find_task("revisit-and-revise" if revises else "one-shared-goal", "1")
        given = assign(session, cast.therapist.member(), cast.couple_id, task, now=utc_now())
        slot = revises.hex if revises else "us"
        goal = KeptGoal(
            assignment_id=given.id,
            couple_id=cast.couple_id,
            slot=slot,
            kept_at=utc_now(),
            words=words,
            levels="",
        )
        session.add(goal)
        session.flush()
        return goal.id


def press(app: Flask, actor: Actor, path: str, **fields: str) -> TestResponse:
    client = client_of(app, actor)
    page = BeautifulSoup(client.get("/home" if "between" in path else "/today").text, "html.parser")
    token = page.select_one("input[name=form_token]")
    assert token
    return client.post(path, data={"form_token": str(token["value"]), **fields})


def end(app: Flask, actor: Actor, path: str, ending: str = "let_go", reason: str = "") -> int:
    return press(app, actor, path, ending=ending, reason=reason).status_code


def read(app: Flask, actor: Actor, path: str = "/between-us") -> str:
    return " ".join(BeautifulSoup(client_of(app, actor).get(path).text, "html.parser").get_text(" ").split())


def now_active(app: Flask, cast: Cast) -> list[str]:
    with app.app_context():
        return [one.words for one in active_goals(current_session(), cast.ana.member(), cast.couple_id)]


@pytest.mark.parametrize("name", ["ana", "ben"])
def test_either_of_the_two_can_end_it_and_both_read_how(
    app: Flask, cast: Cast, goal_id: UUID, name: str
) -> None:
    assert now_active(app, cast) == [SAIL]
    assert end(app, getattr(cast, name), f"/between-us/goals/{goal_id}") == 303
    assert now_active(app, cast) == []
    for actor, path in (
        (cast.ana, "/between-us"), (cast.ben, "/between-us"), (cast.therapist, f"/couples/{cast.couple_id}/goals"),
    ):  # fmt: skip
        shown = read(app, actor, path)
        assert "Earlier goals" in shown
        assert f"{SAIL} Let go" in shown
        assert "what did it teach us" in shown
        assert "End this goal" not in shown
    own, other = (read(app, actor).split("Earlier goals")[1] for actor in (cast.ana, cast.ben))
    assert own == other, "nothing tells who ended it"


@pytest.mark.parametrize(("ending", "words"), [("met", "Reached"), ("changed", "Changed")])
def test_the_therapist_can_end_it_too(app: Flask, cast: Cast, goal_id: UUID, ending: str, words: str) -> None:
    path = f"/couples/{cast.couple_id}/goals"
    assert SAIL in read(app, cast.therapist, path)
    assert end(app, cast.therapist, f"{path}/{goal_id}", ending) == 303
    assert f"{SAIL} {words}" in read(app, cast.ben)
    with app.app_context():
        found = current_session().scalars(select(AuditEvent).where(AuditEvent.action == "goal.ended")).one()
        assert found.object_id == goal_id


def test_the_first_word_holds(app: Flask, cast: Cast, goal_id: UUID) -> None:
    assert end(app, cast.ana, f"/between-us/goals/{goal_id}", "met") == 303
    assert end(app, cast.ben, f"/between-us/goals/{goal_id}", "let_go") == 303
    with app.app_context():
        session = current_session()
        assert session.get_one(KeptGoal, goal_id).ending is GoalEnding.MET
        ended = session.scalars(select(AuditEvent).where(AuditEvent.action == "goal.ended")).all()
        assert len(ended) == 1


def test_a_goal_that_was_revised_stands_among_the_earlier_ones(app: Flask, cast: Cast, goal_id: UUID) -> None:
    newer = kept(app, cast, "Sail twice a month", revises=goal_id)
    shown = read(app, cast.ana)
    assert shown.index("Sail twice a month") < shown.index("Earlier goals") < shown.index(f"{SAIL} Changed")
    assert "Take it up again" not in shown
    assert press(app, cast.ana, f"/between-us/goals/{goal_id}/take-up").status_code == 409
    assert end(app, cast.ana, f"/between-us/goals/{newer}") == 303
    assert now_active(app, cast) == []


@pytest.mark.parametrize("ending", ["", "abandoned", "MET", "let_go\x00"])
def test_anything_else_is_refused_and_ends_nothing(
    app: Flask, cast: Cast, goal_id: UUID, ending: str
) -> None:
    assert end(app, cast.ana, f"/between-us/goals/{goal_id}", ending) == 422
    assert end(app, cast.therapist, f"/couples/{cast.couple_id}/goals/{goal_id}", ending) == 422
    assert now_active(app, cast) == [SAIL]


def test_nobody_else_ends_it(app: Flask, cast: Cast, goal_id: UUID) -> None:
    assert end(app, cast.cleo, f"/between-us/goals/{goal_id}") == 404
    assert end(app, cast.stranger, f"/couples/{cast.couple_id}/goals/{goal_id}") == 404
    with app.app_context(), transaction() as session:
        session.get_one(Couple, cast.couple_id).status = CoupleStatus.ARCHIVED
    assert end(app, cast.ana, f"/between-us/goals/{goal_id}") == 404
    assert end(app, cast.therapist, f"/couples/{cast.couple_id}/goals/{goal_id}") == 409
    assert "End this goal" not in read(app, cast.therapist, f"/couples/{cast.couple_id}/goals")


def test_why_it_ended_is_read_by_the_three_and_lies_sealed(app: Flask, cast: Cast, goal_id: UUID) -> None:
    assert end(app, cast.ana, f"/between-us/goals/{goal_id}", reason="Qanarwhy: no boat") == 303
    pages = [
        read(app, cast.ana),
        read(app, cast.ben),
        read(app, cast.therapist, f"/couples/{cast.couple_id}/goals"),
    ]
    assert ["Qanarwhy: no boat" in page for page in pages] == [True] * 3
    assert pages[0].split("Earlier goals")[1] == pages[1].split("Earlier goals")[1]
    assert "Qanarwhy" not in read(app, cast.cleo)
    with app.app_context():
        sealed = current_session().execute(text("select reason_sealed from goal_end")).scalars().one()
    assert b"Qanar" not in bytes(sealed)


def test_what_was_typed_is_kept_when_it_is_too_long(app: Flask, cast: Cast, goal_id: UUID) -> None:
    answer = press(app, cast.ana, f"/between-us/goals/{goal_id}", ending="met", reason="why " * 126)
    assert answer.status_code == 422
    assert "why " * 125 in answer.text
    assert "This is longer than 500 characters." in answer.text
    assert now_active(app, cast) == [SAIL]


@pytest.mark.parametrize("name", ["ben", "therapist"])
def test_whoever_may_end_it_takes_it_up_again_and_its_history_stays(
    app: Flask, cast: Cast, goal_id: UUID, name: str
) -> None:
    actor: Actor = getattr(cast, name)
    place = f"/couples/{cast.couple_id}/goals" if name == "therapist" else "/between-us/goals"
    assert end(app, cast.ana, f"/between-us/goals/{goal_id}", reason="Qanarwhy") == 303
    for _twice in range(2):
        assert press(app, actor, f"{place}/{goal_id}/take-up").status_code == 303
    assert now_active(app, cast) == [SAIL]
    shown = read(app, cast.ana)
    assert f"{SAIL} Let go on" in shown
    assert "taken up again on" in shown
    assert "Qanarwhy" in shown
    assert end(app, actor, f"{place}/{goal_id}", "met", "Qanardone") == 303
    assert "Qanarwhy" in (again := read(app, cast.ana))
    assert "Qanardone" in again
    with app.app_context():
        taken_up = select(AuditEvent).where(AuditEvent.action == "goal.taken_up")
        assert len(current_session().scalars(taken_up).all()) == 1, "the second press changed nothing"
        ends = current_session().scalars(select(GoalEnd).order_by(GoalEnd.ended_at)).all()
        assert [(one.ending, one.taken_up_at is None) for one in ends] == [
            (GoalEnding.LET_GO, False), (GoalEnding.MET, True),
        ]  # fmt: skip


def test_nobody_else_takes_it_up(app: Flask, cast: Cast, goal_id: UUID) -> None:
    assert end(app, cast.ana, f"/between-us/goals/{goal_id}") == 303
    assert press(app, cast.cleo, f"/between-us/goals/{goal_id}/take-up").status_code == 404
    path = f"/couples/{cast.couple_id}/goals/{goal_id}/take-up"
    assert press(app, cast.stranger, path).status_code == 404
    with app.app_context(), transaction() as session:
        session.get_one(Couple, cast.couple_id).status = CoupleStatus.ARCHIVED
    assert press(app, cast.therapist, path).status_code == 409
    assert now_active(app, cast) == []
