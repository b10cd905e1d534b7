"""Migrations up and down, with rows, on both engines; the triggers that SQLite loses so easily."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import CheckConstraint, inspect, select, text
from sqlalchemy.orm import Session

from portal.app import create_app
from portal.diary.models import OccupiedInterval, OccupiedKind, PlaceKind, PlaceRow
from portal.exercises.models import GoalEnd, GoalEnding, KeptGoal
from portal.extensions import db
from portal.homework.models import Answer, Comment, JointAnswer, Response, TaskKind
from portal.homework.rules import Gate, Reach, Scope
from portal.meetings.models import Meeting, Note, Place, Summary, SummaryState
from portal.orm import Model
from portal.practice.queries import get_practice
from portal.safety.models import SafetySitting
from portal.safety.rules import Answers, answers_json
from portal.transaction import ConstraintViolated, current_session, transaction
from tests.conftest import settings_for
from tests.support.authenticator import keep_passkey
from tests.support.cast import Cast, make_cast
from tests.support.postgres import PostgresServer
from tests.support.world import assign_to_both

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DIRECTIONS = "The blue door,\nthen 4711"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    url = None
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.create_database(f"empty_{tmp_path.name.replace('-', '_')[-40:].lower()}")
    app = create_app(settings_for(tmp_path, url))
    with app.app_context():
        yield app
        db.engine.dispose()


def test_up_down_and_up_again_with_rows(empty_app: Flask) -> None:
    revisions = [
        script.revision for script in ScriptDirectory(flask_migrate_directory(empty_app)).walk_revisions()
    ]
    flask_migrate.upgrade()
    with transaction() as session:
        cast = make_cast(session)
        session.add(occupied(cast.therapist.person_id, NINE, NINE + HOUR))
        session.add(sitting(cast))
        keep_passkey(session, cast.ana.account_id)
        part = assign_to_both(session, cast, TaskKind.EXERCISE, "one-shared-goal", Gate.BOTH)
        place_id, goal_id = told_place(session, cast).id, ended_goal(session, part.assignment_id, cast).id
        comment_on_everything(session, part, cast)
    for revision in revisions[1:]:
        flask_migrate.downgrade(revision=revision)
        if revision == "0021":
            keeps_what_it_knows_of_comments()
        if revision == "0018":
            goes_down_and_up(place_id, goal_id)
        assert current_session().scalar(text("select count(*) from occupied_interval")) == 1
        current_session().rollback()
    flask_migrate.upgrade()
    assert current_session().scalar(select(OccupiedInterval.starts_at)) == NINE
    current_session().rollback()
    flask_migrate.downgrade(revision="base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    flask_migrate.upgrade()
    assert set(inspect(db.engine).get_table_names()) == {*Model.metadata.tables, "alembic_version"}


def goes_down_and_up(place_id: UUID, goal_id: UUID) -> None:
    """See what is said of a place, and that a goal ended, taken along from the tables of 0018 into today's."""
    assert current_session().scalar(text("select directions from place")) == DIRECTIONS
    current_session().rollback()
    flask_migrate.upgrade()
    assert current_session().get_one(PlaceRow, place_id).directions == DIRECTIONS
    end = current_session().scalars(select(GoalEnd)).one()
    assert (end.goal_id, end.ended_at, end.ending, end.reason) == (goal_id, NINE, GoalEnding.MET, "")
    current_session().rollback()
    flask_migrate.downgrade(revision="0018")


def told_place(session: Session, cast: Cast) -> PlaceRow:
    place = PlaceRow(
        therapist_id=cast.therapist.person_id, kind=PlaceKind.ROOM, name="Harbour", practice_id=get_practice(session).id,
        directions=DIRECTIONS,
    )  # fmt: skip
    session.add(place)
    session.flush()
    return place


def comment_on_everything(session: Session, part: Response, cast: Cast) -> None:
    """Say something about an answer to its author and to oneself, and about what both wrote to both."""
    answer = Answer(
        response_id=part.id, person_id=part.person_id, prompt_id="why", scope=Scope.REVEAL, saved_at=NINE
    )
    joint = JointAnswer(
        assignment_id=part.assignment_id, couple_id=cast.couple_id, stage=1, prompt_id="goal", revision=1,
        author_id=part.person_id, saved_at=NINE,
    )  # fmt: skip
    session.add_all([answer, joint])
    session.flush()
    for reach in Reach:
        about = (
            {"joint_answer_id": joint.id}
            if reach is Reach.BOTH
            else {"answer_id": answer.id, "person_id": part.person_id}
        )
        who = {"couple_id": cast.couple_id, "written_by_id": cast.therapist.person_id}
        session.add(Comment(reach=reach, words=reach.value, **about, **who))
    session.flush()


def keeps_what_it_knows_of_comments() -> None:
    """See that the tables of 0021 keep, and give back, the comment of which they know: that for an author."""
    flask_migrate.upgrade()
    kept = current_session().scalars(select(Comment)).one()
    assert (kept.reach, kept.words, kept.joint_answer_id) == (Reach.AUTHOR, "author", None)
    current_session().rollback()
    flask_migrate.downgrade(revision="0021")


def ended_goal(session: Session, assignment_id: UUID, cast: Cast) -> KeptGoal:
    goal = KeptGoal(
        assignment_id=assignment_id, couple_id=cast.couple_id, slot="us", kept_at=NINE, words="Sail.", levels="",
        ended_at=NINE, ending=GoalEnding.MET,
    )  # fmt: skip
    session.add(goal)
    session.flush()
    return goal


def flask_migrate_directory(app: Flask) -> str:
    return str(app.extensions["migrate"].directory)


def test_the_schema_is_what_the_models_say(empty_app: Flask) -> None:
    flask_migrate.upgrade()
    flask_migrate.check()


def test_the_database_checks_what_the_models_say(empty_app: Flask) -> None:
    flask_migrate.upgrade()
    found = inspect(db.engine)
    for table in Model.metadata.sorted_tables:
        wanted = {one.name for one in table.constraints if isinstance(one, CheckConstraint)}
        assert {one["name"] for one in found.get_check_constraints(table.name)} == wanted, table.name


def occupied(therapist_id: UUID, start: datetime, end: datetime) -> OccupiedInterval:
    return OccupiedInterval(
        therapist_id=therapist_id, starts_at=start, ends_at=end, kind=OccupiedKind.MEETING, code="C1"
    )


def sitting(cast: Cast) -> SafetySitting:
    return SafetySitting(
        person_id=cast.ana.person_id, couple_id=cast.couple_id, therapist_id=cast.therapist.person_id, asked_at=NINE,
        answered_at=NINE, answers_text=answers_json(Answers()),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "fits"),
    [
        (NINE, NINE + HOUR, False),
        (NINE + HOUR / 2, NINE + 2 * HOUR, False),
        (NINE - HOUR, NINE + timedelta(microseconds=1), False),
        (NINE - HOUR, NINE + 2 * HOUR, False),
        (NINE + HOUR, NINE + 2 * HOUR, True),
        (NINE - HOUR, NINE, True),
    ],
)
def test_the_database_refuses_an_overlap(
    either_app: Flask, start: datetime, end: datetime, *, fits: bool
) -> None:
    with either_app.app_context():
        with transaction() as session:
            cast = make_cast(session)
            session.add(occupied(cast.therapist.person_id, NINE, NINE + HOUR))
        with transaction() as session:
            session.add(occupied(cast.stranger.person_id, start, end))
        if fits:
            with transaction() as session:
                session.add(occupied(cast.therapist.person_id, start, end))
            return
        with (
            pytest.raises(ConstraintViolated, match="ex_occupied_interval_no_overlap"),
            transaction() as session,
        ):
            session.add(occupied(cast.therapist.person_id, start, end))


def test_a_released_time_may_be_taken_and_not_be_taken_back(either_app: Flask) -> None:
    with either_app.app_context():
        with transaction() as session:
            cast = make_cast(session)
            first = occupied(cast.therapist.person_id, NINE, NINE + HOUR)
            session.add(first)
        with transaction() as session:
            session.get_one(OccupiedInterval, first.id).is_released = True
        with transaction() as session:
            session.add(occupied(cast.therapist.person_id, NINE, NINE + HOUR))
        with pytest.raises(ConstraintViolated), transaction() as session:
            session.get_one(OccupiedInterval, first.id).is_released = False


@pytest.mark.parametrize(
    "statement",
    [
        "update note set text_sealed = null",
        "update note set signed_at = null",
        "delete from note",
        "update summary set content_sealed = null",
        "update summary set released_at = null",
        "update summary set content_hash = 'y'",
        "update summary set version = version + 1",
        "update summary set seal_revision = seal_revision + 1",
        "update summary set meeting_id = (select id from meeting where number = 2)",
        "update summary set couple_id = (select id from couple where number = 8)",
        "delete from summary",
    ],
)
def test_what_is_signed_or_released_cannot_be_changed_by_hand(either_app: Flask, statement: str) -> None:
    with either_app.app_context():
        with transaction() as session:
            cast = make_cast(session)
            meeting, other = (
                Meeting(
                    couple_id=cast.couple_id, therapist_id=cast.therapist.person_id, number=number, starts_at=NINE,
                    ends_at=NINE + HOUR, zone="Europe/London", place=Place.ONLINE,
                )
                for number in (1, 2)
            )  # fmt: skip
            session.add_all([meeting, other])
            session.flush()
            session.add(
                Note(
                    meeting_id=meeting.id,
                    couple_id=cast.couple_id,
                    author_id=cast.therapist.person_id,
                    text="Signed words",
                    saved_at=NINE,
                    signed_at=NINE,
                )
            )
            session.add(
                Summary(
                    meeting_id=meeting.id,
                    couple_id=cast.couple_id,
                    content="{}",
                    saved_at=NINE,
                    state=SummaryState.RELEASED,
                    released_at=NINE,
                    content_hash="x",
                )
            )
        with pytest.raises(ConstraintViolated, match="tr_"), transaction() as session:
            session.execute(text(statement))
        with transaction() as session:
            session.execute(text("update summary set state = 'superseded'"))


def test_what_somebody_answered_alone_cannot_be_changed_by_hand(either_app: Flask) -> None:
    with either_app.app_context():
        with transaction() as session:
            session.add(sitting(make_cast(session)))
        for change in ("answers_sealed = null", "answered_at = null", "person_id = couple_id"):
            with pytest.raises(ConstraintViolated, match="tr_safety_sitting_kept"), transaction() as session:
                session.execute(text(f"update safety_sitting set {change}"))
        with transaction() as session:
            session.execute(text("update safety_sitting set acknowledged_at = answered_at"))
