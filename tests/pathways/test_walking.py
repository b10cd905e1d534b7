"""A couple on a pathway: each step once, in order, and never at the wrong time. With the real sweeper, on both engines."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from jobs.schedule import Sweeper
from portal.couples.holds import lift_hold, set_hold
from portal.couples.models import Couple, CoupleStatus, Partner
from portal.errors import NotFound
from portal.extensions import db
from portal.home.queries import on_the_desk
from portal.homework.models import Assignment, Opening, Response
from portal.homework.rules import Gate, Standing
from portal.homework.service import end_assignment, share, submit
from portal.notices.models import MessageKind, MessagePart
from portal.pathways import service
from portal.pathways.models import Pathway, PathwayStep
from portal.pathways.queries import lock_pathway
from portal.pathways.rules import Delivery, NothingToGive, NotRunning, Rule, StepStuck, Stuck
from portal.pathways.rules import Standing as Way
from portal.pathways.shipped import Plan, PlannedStep, shipped
from portal.transaction import current_session, transaction
from tests.support.cast import Actor, Cast, make_cast

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)  # a Friday
AFTER, AT_ONCE = Rule(Delivery.AFTER_PREVIOUS), Rule(Delivery.AT_ONCE)
VALUES, GOALS, GOAL, TEST = "values-compass", "my-goals-our-overlap", "one-shared-goal", "rrt"


def step(task_id: str, rule: Rule = AFTER, **more: object) -> PlannedStep:
    return PlannedStep("test" if task_id == TEST else "exercise", task_id, rule, **more)  # type: ignore[arg-type]  # by name


def plan(*steps: PlannedStep) -> Plan:
    return Plan("p", "Quietly", "", steps)


class House:
    """One installation with Ana and Ben, and hands to do things with it."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self.app, self.cast, self.jane = app, cast, cast.therapist.member()

    def start(self, *steps: PlannedStep, for_person_id: UUID | None = None, now: datetime = START) -> UUID:
        with time_machine.travel(now, tick=False), transaction() as session:
            return service.start_pathway(
                session, self.jane, self.cast.couple_id, plan(*steps), for_person_id=for_person_id,
                zone="Europe/London", now=now,
            ).id  # fmt: skip

    def sweep(self, at: datetime) -> None:
        with time_machine.travel(at, tick=False):
            Sweeper(app=self.app)._walk_pathways()

    def given(self) -> list[str]:
        db.session.rollback()
        rows = current_session().scalars(
            select(Assignment.task_id)
            .join(PathwayStep, PathwayStep.assignment_id == Assignment.id)
            .order_by(PathwayStep.position)
        )
        found = list(rows)
        db.session.rollback()
        return found

    def newest(self) -> Assignment:
        return (
            current_session()
            .scalars(select(Assignment).order_by(Assignment.created_at.desc()).limit(1))
            .one()
        )

    def finish(self, who: Actor, at: datetime, *, is_shared: bool = True) -> None:
        part = current_session().scalars(
            select(Response.id)
            .where(Response.assignment_id == self.newest().id, Response.person_id == who.person_id)
            .where(Response.stage == 1)
        ).one()  # fmt: skip
        with time_machine.travel(at, tick=False), transaction() as session:
            submit(session, who.member(), part, seconds=None, now=at)
            if is_shared:
                share(session, who.member(), part, now=at)

    def pathway(self) -> Pathway:
        db.session.rollback()
        return current_session().scalars(select(Pathway).execution_options(populate_existing=True)).one()

    def told(self, who: Actor) -> list[MessageKind]:
        kinds = select(MessagePart.kind).where(MessagePart.person_id == who.person_id)
        return list(current_session().scalars(kinds))


@contextmanager
def housed(app: Flask) -> Iterator[House]:
    with app.app_context():
        with transaction() as session:
            cast = make_cast(session)
        yield House(app, cast)


@pytest.fixture
def house(app: Flask) -> Iterator[House]:
    with housed(app) as made:
        yield made


@pytest.fixture
def either_house(either_app: Flask) -> Iterator[House]:
    with housed(either_app) as made:
        yield made


def days(number: float) -> datetime:
    return START + timedelta(days=number)


class TestAWholeWay:
    def test_both_finish_the_next_comes_and_a_pause_is_a_pause(self, either_house: House) -> None:
        cast = either_house.cast
        pathway_id = either_house.start(
            step(VALUES), step(GOAL, due_days=5), step(GOALS, Rule(Delivery.AFTER_DAYS, 3, hour=9))
        )
        assert either_house.given() == [VALUES]
        either_house.finish(cast.ana, days(1))
        either_house.sweep(days(2))
        assert either_house.given() == [VALUES]
        either_house.finish(cast.ben, days(3))
        either_house.sweep(days(4))
        assert either_house.given() == [VALUES, GOAL]
        assert either_house.newest().due_on == days(9).date()
        with transaction() as session:
            service.pause(session, either_house.jane, pathway_id, days(5))
        either_house.sweep(days(40))
        assert either_house.given() == [VALUES, GOAL]
        with transaction() as session:
            service.resume(session, either_house.jane, pathway_id, days(41))
        assert either_house.given() == [VALUES, GOAL, GOALS]
        assert either_house.pathway().standing is Way.FINISHED
        assert either_house.told(cast.ana) == either_house.told(cast.ben)

    def test_rounds_that_come_together_late_or_twice_give_each_step_once(self, house: House) -> None:
        house.start(
            step(VALUES), *(step(task, Rule(Delivery.AFTER_DAYS, 1, hour=9)) for task in (GOAL, GOALS))
        )
        for _twice in range(2):
            house.sweep(days(30))
        assert house.given() == [VALUES, GOAL]
        house.sweep(days(60))
        house.sweep(days(60))
        assert house.given() == [VALUES, GOAL, GOALS]

    def test_sweepers_at_the_same_instant_give_it_once(self, either_house: House) -> None:
        either_house.start(step(VALUES), step(GOAL, Rule(Delivery.AFTER_DAYS, 1, hour=9)))
        current_session().close()

        def sweep(_number: int) -> None:
            with either_house.app.app_context():
                Sweeper(app=either_house.app)._walk_pathways()
                db.session.remove()

        with time_machine.travel(days(2), tick=False), ThreadPoolExecutor(3) as pool:
            list(pool.map(sweep, range(3)))
        assert either_house.given() == [VALUES, GOAL]
        assert current_session().scalar(select(func.count()).select_from(Assignment)) == 2

    def test_what_is_for_one_goes_on_when_that_one_has_finished(self, either_house: House) -> None:
        ana = either_house.cast.ana
        either_house.start(step(VALUES), step(GOAL), for_person_id=ana.person_id)
        either_house.finish(ana, days(1), is_shared=False)
        either_house.sweep(days(2))
        assert either_house.given() == [VALUES, GOAL]
        assert either_house.newest().for_person_id == ana.person_id
        assert either_house.told(either_house.cast.ben) == []

    def test_a_weekday_is_met_by_the_clock_of_the_pathway(self, house: House) -> None:
        house.start(step(VALUES), step(GOAL, Rule(Delivery.WEEKDAY, weekday=0, hour=8)))
        monday = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
        house.sweep(monday - timedelta(seconds=1))
        assert house.given() == [VALUES]
        house.sweep(monday)
        assert house.given() == [VALUES, GOAL]


class TestNothingComes:
    @pytest.mark.parametrize("status", [CoupleStatus.PAUSED, CoupleStatus.SEPARATED, CoupleStatus.ARCHIVED])
    def test_to_a_couple_that_rests_or_is_closed(self, house: House, status: CoupleStatus) -> None:
        house.start(step(VALUES), step(GOAL, Rule(Delivery.AFTER_DAYS, 1, hour=9)))
        with transaction() as session:
            session.get_one(Couple, house.cast.couple_id).status = status
        house.sweep(days(9))
        assert house.given() == [VALUES]

    def test_to_two_of_whom_one_has_left(self, house: House) -> None:
        house.start(step(VALUES), step(GOAL, Rule(Delivery.AFTER_DAYS, 1, hour=9)))
        with transaction() as session:
            session.scalars(
                select(Partner).where(Partner.person_id == house.cast.ana.person_id)
            ).one().left_at = days(1)
        house.sweep(days(9))
        assert house.given() == [VALUES]

    def test_of_what_has_a_mark_during_a_safety_hold_and_only_the_therapist_learns_why(
        self, either_house: House
    ) -> None:
        cast = either_house.cast
        either_house.start(step(VALUES), step(TEST, Rule(Delivery.AFTER_DAYS, 1, hour=9)))
        told = either_house.told(cast.ana), either_house.told(cast.ben)
        with transaction() as session:
            set_hold(session, either_house.jane, cast.couple_id)
        for minutes in (0, 5, 20, 40):
            either_house.sweep(days(2) + timedelta(minutes=minutes))
        assert either_house.given() == [VALUES]
        assert either_house.pathway().stuck is Stuck.HELD
        assert either_house.told(cast.therapist) == [MessageKind.THERAPIST_NOTICE]
        pathway_id = either_house.pathway().id
        for viewer, seen in ((either_house.jane, [pathway_id]), (cast.stranger.member(), [])):
            desk = on_the_desk(current_session(), viewer, "Europe/London", days(2))
            assert [one.pathway_id for one in desk.stuck] == seen
        assert (either_house.told(cast.ana), either_house.told(cast.ben)) == told
        with transaction() as session:
            lift_hold(session, either_house.jane, cast.couple_id, days(3))
        either_house.sweep(days(3))
        assert either_house.given() == [VALUES, TEST]

    def test_that_would_tell_one_what_the_other_has_done(self, house: House) -> None:
        """Where nothing opens to both, the next comes by the therapist's hand alone (security.md 2.3)."""
        house.start(step(VALUES), step(GOAL))
        first = house.newest()
        with transaction() as session:
            session.get_one(Pathway, house.pathway().id).awaited_stage = None
        for who in (house.cast.ana, house.cast.ben):
            house.finish(who, days(1), is_shared=False)
        house.sweep(days(9))
        assert house.given() == [VALUES]
        with transaction() as session:
            end_assignment(session, house.jane, first.id, Standing.CLOSED, now=days(9))
        house.sweep(days(10))
        assert house.given() == [VALUES, GOAL]

    def test_after_what_was_withdrawn_until_the_therapist_says_so(self, house: House) -> None:
        pathway_id = house.start(step(VALUES), step(GOAL))
        with transaction() as session:
            end_assignment(session, house.jane, house.newest().id, Standing.WITHDRAWN, now=days(1))
        house.sweep(days(9))
        assert house.given() == [VALUES]
        with transaction() as session:
            coming = service.next_step(lock_pathway(session, house.jane, pathway_id))
            assert coming is not None
            service.give_now(session, house.jane, pathway_id, coming.id, days(9))
        assert house.given() == [VALUES, GOAL]

    def test_once_it_was_stopped(self, house: House) -> None:
        pathway_id = house.start(step(VALUES), step(GOAL, Rule(Delivery.AFTER_DAYS, 1, hour=9)))
        with transaction() as session:
            service.stop(session, house.jane, pathway_id, days(1))
        house.sweep(days(9))
        assert house.given() == [VALUES]
        with pytest.raises(NotRunning), transaction() as session:
            service.pause(session, house.jane, pathway_id, days(9))


class TestTheTherapistsHand:
    def test_a_step_is_left_out_and_the_rest_keeps_its_order(self, house: House) -> None:
        pathway_id = house.start(step(VALUES), step(GOALS), step(GOAL, is_in_session=True))
        second, third = (
            current_session()
            .scalars(select(PathwayStep.id).where(PathwayStep.position > 1).order_by(PathwayStep.position))
            .all()
        )
        with pytest.raises(NothingToGive), transaction() as session:
            service.give_now(session, house.jane, pathway_id, third, days(1))
        with transaction() as session:
            service.skip(session, house.jane, pathway_id, second, days(1))
        assert house.given() == [VALUES]
        for who in (house.cast.ana, house.cast.ben):
            house.finish(who, days(2))
        house.sweep(days(3))
        assert house.given() == [VALUES, GOAL]
        assert house.newest().gate is Gate.THERAPIST
        assert house.pathway().standing is Way.FINISHED

    def test_what_is_with_them_already_is_not_given_twice(self, house: House) -> None:
        house.start(step(VALUES))
        pathway_id = house.start(step(VALUES), step(GOAL, AT_ONCE))
        assert house.given() == [VALUES]
        second = current_session().get_one(Pathway, pathway_id)
        assert second.stuck is Stuck.ASKED
        first = (
            current_session()
            .scalars(select(PathwayStep.id).where(PathwayStep.pathway_id == pathway_id))
            .first()
        )
        assert first is not None
        with pytest.raises(StepStuck), transaction() as session:
            service.give_now(session, house.jane, pathway_id, first, days(1))
        assert current_session().scalar(select(func.count()).select_from(Assignment)) == 1

    def test_nobody_else_leads_it(self, house: House) -> None:
        pathway_id = house.start(step(VALUES), step(GOAL))
        for other in (house.cast.stranger, house.cast.ana, house.cast.owner):
            with pytest.raises(NotFound), transaction() as session:
                service.pause(session, other.member(), pathway_id, days(1))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_shipped_way_can_be_walked_to_its_end(house: House, number: int) -> None:
    way = shipped()[number]
    with time_machine.travel(START, tick=False), transaction() as session:
        service.start_pathway(session, house.jane, house.cast.couple_id, way, zone="Europe/London", now=START)
    for weeks in range(1, 12):
        with transaction() as session:
            open_now = select(Assignment).where(Assignment.standing == Standing.OPEN)
            for assignment in session.scalars(open_now).all():
                session.add(Opening(assignment_id=assignment.id, stage=1))
                assignment.standing = Standing.CLOSED
        house.sweep(days(7 * weeks + 35 * (number == 0)))
    assert house.given() == [one.task_id for one in way.steps]
    assert house.pathway().standing is Way.FINISHED
