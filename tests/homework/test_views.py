"""The common pages of exercises and tests: giving, following and opening; a partner's own list."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from portal.clock import utc_now
from portal.couples.holds import set_hold
from portal.couples.models import Couple, CoupleStatus
from portal.homework import registry
from portal.homework.models import Assignment, Opening, Response, TaskKind
from portal.homework.own_tasks import next_of, own_tasks
from portal.homework.rules import Gate, Standing, Step
from portal.homework.service import assign, share, submit
from portal.transaction import current_session, transaction
from tests.homework.shelf import TASKS, catalogue
from tests.support.cast import Actor, Cast, client_of
from tests.support.statements import counted

VALUES, IN_PARTS, MARKED, TEST, *_ = TASKS
GIVE = {"task": "exercise:values-compass", "for_whom": "both", "due_on": ""}


@pytest.fixture(autouse=True)
def shelf(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in TaskKind:
        monkeypatch.setitem(registry._catalogues, kind, catalogue(kind))


@pytest.fixture
def jane(app: Flask, cast: Cast) -> FlaskClient:
    return client_of(app, cast.therapist)


@pytest.fixture
def ana(app: Flask, cast: Cast) -> FlaskClient:
    return client_of(app, cast.ana)


@pytest.fixture
def ben(app: Flask, cast: Cast) -> FlaskClient:
    return client_of(app, cast.ben)


@pytest.fixture
def do(app: Flask) -> Callable[[Callable[[Session], object]], None]:
    """Do something to the data, committed."""

    def run(act: Callable[[Session], object]) -> None:
        with app.app_context(), transaction() as session:
            act(session)

    return run


Do = Callable[[Callable[[Session], object]], None]


def send(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    page = BeautifulSoup(client.get("/account/sign-ins").data, "html.parser")
    token = page.select_one("input[name=form_token]")
    assert token
    return client.post(path, data={"form_token": str(token["value"]), **fields})


def words(answer: TestResponse) -> str:
    page = BeautifulSoup(answer.data, "html.parser")
    main = page.select_one("main")
    assert main
    return " ".join(main.get_text(" ").split())


def give(app: Flask, cast: Cast, task: registry.Task = VALUES, **more: object) -> UUID:
    with app.app_context(), transaction() as session:
        values = {"now": utc_now(), **more}
        return assign(session, cast.therapist.member(), cast.couple_id, task, **values).id  # type: ignore[arg-type]  # by name


def part_of(app: Flask, actor: Actor, assignment_id: UUID, stage: int = 1) -> UUID:
    with app.app_context():
        return (
            current_session()
            .scalars(
                select(Response.id).where(
                    Response.assignment_id == assignment_id,
                    Response.person_id == actor.person_id,
                    Response.stage == stage,
                )
            )
            .one()
        )


def closing(assignment_id: UUID) -> Callable[[Session], object]:
    return lambda session: setattr(session.get_one(Assignment, assignment_id), "standing", Standing.CLOSED)


def bring_to(app: Flask, actor: Actor, assignment_id: UUID, step: Step) -> UUID:
    part = part_of(app, actor, assignment_id)
    with app.app_context(), transaction() as session:
        submit(session, actor.member(), part, seconds=None, now=utc_now())
        if step is Step.SHARED:
            share(session, actor.member(), part, now=utc_now())
    return part


class TestGiving:
    def test_what_is_given_lies_in_both_lists_with_its_wish(
        self, jane: FlaskClient, ana: FlaskClient, ben: FlaskClient, cast: Cast
    ) -> None:
        due = date.today() + timedelta(days=5)  # noqa: DTZ011 - the day on the wall
        answer = send(jane, f"/couples/{cast.couple_id}/tasks/new", **{**GIVE, "due_on": due.isoformat()})
        assert (answer.status_code, answer.location) == (303, f"/couples/{cast.couple_id}/tasks")
        for client in (ana, ben):
            shown = words(client.get("/tasks"))
            assert "Talking about values" in shown
            assert "If it suits you, by" in shown

    def test_what_is_for_one_person_is_in_no_other_list(
        self, jane: FlaskClient, ana: FlaskClient, ben: FlaskClient, cast: Cast
    ) -> None:
        before = words(ben.get("/tasks"))
        send(jane, f"/couples/{cast.couple_id}/tasks/new", **{**GIVE, "for_whom": "a"})
        assert "Talking about values" in words(ana.get("/tasks"))
        assert words(ben.get("/tasks")) == before

    def test_one_press_elsewhere_gives_it_to_both(
        self, jane: FlaskClient, ben: FlaskClient, cast: Cast
    ) -> None:
        answer = send(jane, f"/couples/{cast.couple_id}/tasks/new", task="test:rrt")
        assert answer.status_code == 303
        assert "Relationship Readiness Test" in words(ben.get("/tasks"))

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("task", ""), ("task", "exercise:unknown"), ("task", "exercise:../x"), ("for_whom", "c"), ("for_whom", ""),
            ("due_on", "yesterday"), ("due_on", "2001-01-01"), ("due_on", "9999-12-31"), ("due_on", "2026-02-30"),
        ],
    )  # fmt: skip
    def test_a_slip_is_marked_and_the_rest_is_kept(
        self, app: Flask, jane: FlaskClient, cast: Cast, field: str, value: str
    ) -> None:
        typed = {**GIVE, "for_whom": "b", "due_on": "2001-01-01", field: value}
        answer = send(jane, f"/couples/{cast.couple_id}/tasks/new", **typed)
        page = BeautifulSoup(answer.data, "html.parser")
        assert answer.status_code == 422
        assert page.select(f"#{field}[aria-invalid=true]")
        chosen = {str(one["name"]): one["value"] for one in page.select("[type=radio][checked]")}
        for name in {"task", "for_whom"} - {field}:
            assert chosen[name] == typed[name]
        with app.app_context():
            assert current_session().scalars(select(Assignment)).all() == []

    def test_the_same_thing_is_given_once_however_often_it_is_pressed(
        self, app: Flask, jane: FlaskClient, cast: Cast
    ) -> None:
        path = f"/couples/{cast.couple_id}/tasks/new"
        assert [send(jane, path, **GIVE).status_code for _ in range(2)] == [303, 409]
        shown = words(jane.get(path))
        assert "Talking about values Already with them" in shown
        with app.app_context():
            assert len(current_session().scalars(select(Assignment)).all()) == 1

    def test_a_marked_task_is_not_given_during_a_safety_hold(
        self, jane: FlaskClient, cast: Cast, do: Do
    ) -> None:
        do(lambda session: set_hold(session, cast.therapist.member(), cast.couple_id))
        path = f"/couples/{cast.couple_id}/tasks/new"
        page = BeautifulSoup(jane.get(path).data, "html.parser")
        assert not page.select("[value='exercise:marked']")
        assert "About money" in page.text
        answer = send(jane, path, task="exercise:marked", for_whom="a", due_on="")
        assert answer.status_code == 409
        assert "A safety hold is on" in words(answer)

    @pytest.mark.parametrize("status", [CoupleStatus.PAUSED, CoupleStatus.SEPARATED, CoupleStatus.ARCHIVED])
    def test_nothing_is_given_to_a_couple_that_rests(
        self, app: Flask, jane: FlaskClient, cast: Cast, do: Do, status: CoupleStatus
    ) -> None:
        do(lambda session: setattr(session.get_one(Couple, cast.couple_id), "status", status))
        assert send(jane, f"/couples/{cast.couple_id}/tasks/new", **GIVE).status_code == 409
        with app.app_context():
            assert current_session().scalars(select(Assignment)).all() == []


class TestActs:
    def test_the_therapist_opens_what_both_have_shared(
        self, app: Flask, jane: FlaskClient, cast: Cast
    ) -> None:
        assignment_id = give(app, cast, TEST)
        path = f"/couples/tasks/{assignment_id}/open/1"
        bring_to(app, cast.ana, assignment_id, Step.SHARED)
        refused = send(jane, path)
        assert refused.status_code == 409
        assert "only once both have shared" in words(refused)
        bring_to(app, cast.ben, assignment_id, Step.SHARED)
        answer = send(jane, path)
        assert answer.status_code == 303
        assert str(assignment_id) in answer.location
        again = send(jane, path)
        assert again.status_code == 409
        assert "opened before" in words(again)
        with app.app_context():
            assert current_session().scalars(select(Opening.opened_by_id)).all() == [cast.therapist.person_id]

    def test_a_part_that_never_was_cannot_be_opened(self, app: Flask, jane: FlaskClient, cast: Cast) -> None:
        assert send(jane, f"/couples/tasks/{give(app, cast)}/open/9").status_code == 404

    def test_a_hold_keeps_it_shut_and_neither_of_the_two_can_tell(
        self, app: Flask, jane: FlaskClient, ana: FlaskClient, cast: Cast
    ) -> None:
        assignment_id = give(app, cast)
        bring_to(app, cast.ana, assignment_id, Step.SHARED)
        before = words(ana.get("/tasks"))
        assert send(jane, f"/couples/tasks/{assignment_id}/hold").status_code == 303
        bring_to(app, cast.ben, assignment_id, Step.SHARED)
        assert words(ana.get("/tasks")) == before
        refused = send(jane, f"/couples/tasks/{assignment_id}/open/1")
        assert refused.status_code == 409
        assert "Lift the hold first" in words(refused)
        assert send(jane, f"/couples/tasks/{assignment_id}/lift").status_code == 303
        assert send(jane, f"/couples/tasks/{assignment_id}/open/1").status_code == 303
        assert "Open to both of you" in words(ana.get("/tasks"))

    @pytest.mark.parametrize("act", ["close", "withdraw"])
    def test_what_is_ended_is_asked_no_more_and_words_are_kept(
        self, app: Flask, jane: FlaskClient, cast: Cast, act: str
    ) -> None:
        ana, ben = client_of(app, cast.ana), client_of(app, cast.ben)
        assignment_id = give(app, cast)
        part = bring_to(app, cast.ana, assignment_id, Step.SUBMITTED)
        assert send(jane, f"/couples/tasks/{assignment_id}/{act}").status_code == 303
        kept = {"close": "This is finished.", "withdraw": "This is no longer asked for."}[act]
        assert kept in words(ana.get("/tasks"))
        assert "Talking about values" not in words(ben.get("/tasks"))
        assert send(ana, f"/tasks/{part}/reopen").status_code == 409
        assert send(jane, f"/couples/tasks/{assignment_id}/{act}").status_code == 409


class TestOwnList:
    def test_each_step_is_told_in_words_of_ones_own(self, app: Flask, ana: FlaskClient, cast: Cast) -> None:
        assignment_id = give(app, cast)
        assert "For you to do" in words(ana.get("/tasks"))
        part = bring_to(app, cast.ana, assignment_id, Step.SUBMITTED)
        assert "Finished, not shared" in words(ana.get("/tasks"))
        assert send(ana, f"/tasks/{part}/reopen").status_code == 303
        bring_to(app, cast.ana, assignment_id, Step.SHARED)
        assert "This opens when you have both shared, or in your session." in words(ana.get("/tasks"))
        assert send(ana, f"/tasks/{part}/take-back").status_code == 303
        assert "Finished, not shared" in words(ana.get("/tasks"))

    @pytest.mark.parametrize("step", [Step.SUBMITTED, Step.SHARED])
    def test_nothing_in_it_changes_by_what_the_other_does(
        self, app: Flask, ana: FlaskClient, cast: Cast, step: Step
    ) -> None:
        assignment_id = give(app, cast)
        before = ana.get("/tasks").status_code, words(ana.get("/tasks")), words(ana.get("/home"))
        bring_to(app, cast.ben, assignment_id, step)
        assert before == (ana.get("/tasks").status_code, words(ana.get("/tasks")), words(ana.get("/home")))

    def test_taking_back_too_late_says_what_is_possible_instead(
        self, app: Flask, ana: FlaskClient, cast: Cast
    ) -> None:
        assignment_id = give(app, cast)
        part = bring_to(app, cast.ana, assignment_id, Step.SHARED)
        early = send(ana, f"/tasks/{part}/hide")
        assert early.status_code == 409
        assert "You can take it back." in words(early)
        bring_to(app, cast.ben, assignment_id, Step.SHARED)
        late = send(ana, f"/tasks/{part}/take-back")
        assert late.status_code == 409
        assert "From now on you can show it no longer." in words(late)
        assert send(ana, f"/tasks/{part}/hide").status_code == 303
        assert "You show your own part no longer." in words(ana.get("/tasks"))

    @pytest.mark.parametrize("act", ["take-back", "hide", "reopen"])
    def test_nobody_acts_on_the_part_of_another(
        self, app: Flask, ben: FlaskClient, cast: Cast, act: str
    ) -> None:
        part = bring_to(app, cast.ana, give(app, cast), Step.SHARED)
        assert send(ben, f"/tasks/{part}/{act}").status_code == 404

    def test_a_later_part_appears_once_the_one_before_has_opened(
        self, app: Flask, ana: FlaskClient, cast: Cast
    ) -> None:
        assignment_id = give(app, cast, IN_PARTS)
        assert "part 2" not in words(ana.get("/tasks"))
        for actor in (cast.ana, cast.ben):
            bring_to(app, actor, assignment_id, Step.SHARED)
        assert "In two parts · part 2" in words(ana.get("/tasks"))

    def test_the_next_thing_is_what_was_begun_then_what_has_a_day(
        self, app: Flask, cast: Cast, do: Do
    ) -> None:
        oldest = give(app, cast, VALUES)
        wished = give(app, cast, IN_PARTS, due_on=utc_now().date() + timedelta(days=9))
        begun = give(app, cast, TEST)
        part = part_of(app, cast.ana, begun)
        do(lambda session: setattr(session.get_one(Response, part), "begun_at", utc_now()))
        order = []
        for assignment_id in (begun, wished, oldest):
            with app.app_context():
                found = next_of(own_tasks(current_session(), cast.ana.member()))
            assert found
            order.append(found.assignment_id)
            do(closing(assignment_id))
        assert order == [begun, wished, oldest]
        with app.app_context():
            assert next_of(own_tasks(current_session(), cast.ana.member())) is None


def test_lists_cost_the_same_for_one_thing_and_for_150(app: Flask, cast: Cast, do: Do) -> None:
    jane, ana = client_of(app, cast.therapist), client_of(app, cast.ana)
    costs: list[int] = []
    for count in (1, 149):
        do(partial(_give_many, cast=cast, count=count))
        for client, path in (
            (ana, "/tasks"),
            (jane, f"/couples/{cast.couple_id}/tasks"),
            (jane, f"/couples/{cast.couple_id}/tasks/new"),
        ):
            with counted(app) as statements:
                assert client.get(path).status_code == 200
            costs.append(len(statements))
    assert costs[:3] == costs[3:]
    assert costs[0] <= 12
    assert max(costs) <= 15


def _give_many(session: Session, *, cast: Cast, count: int) -> None:
    for _ in range(count):
        assignment = Assignment(
            couple_id=cast.couple_id, assigned_by_id=cast.therapist.person_id, kind=TaskKind.EXERCISE,
            task_id=VALUES.id, task_version="1", gate=Gate.BOTH,
        )  # fmt: skip
        session.add(assignment)
        session.flush()
        for actor in (cast.ana, cast.ben):
            session.add(Response(assignment_id=assignment.id, stage=1, person_id=actor.person_id))
