"""The individual questions come again by themselves: both at once, once, the same whatever was answered."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jobs.schedule import TRUSTED_AFTER_SECONDS, Sweeper
from portal.couples.models import Couple, CoupleStatus, Partner
from portal.notices.models import MessageKind, MessagePart
from portal.practice.models import Practice
from portal.safety.models import SafetyRound, SafetySitting
from portal.safety.rules import Reply, next_round_at
from portal.safety.service import ask_again, couples_to_ask_again, give_answers
from portal.transaction import current_session, transaction
from portal.zones import parse_zone
from tests.safety.scene import press, sittings_of, words_of
from tests.support.cast import Cast, client_of
from tests.support.individual import all_said, ask_quietly

ASKED = datetime(2026, 8, 25, 22, 40, tzinfo=UTC)  # a Tuesday, late in the evening of London
DUE = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # thirteen weeks on, after the clocks went back


@pytest.fixture
def cast(app: Flask, cast: Cast) -> Cast:
    with app.app_context(), transaction() as session:
        persons = (cast.ana.person_id, cast.ben.person_id)
        ask_quietly(session, cast.therapist.person_id, cast.couple_id, *persons, now=ASKED)
    return cast


def sweep(app: Flask, now: datetime) -> int:
    """Ask whoever is due, as the sweeper does; tell how many couples were asked."""
    with app.app_context():
        with transaction() as session:
            due = couples_to_ask_again(session, now)
        asked = 0
        for couple_id in due:
            with transaction() as session:
                asked += ask_again(session, couple_id, now=now)
        return asked


def count(app: Flask, table: type[SafetyRound | SafetySitting | MessagePart]) -> int:
    with app.app_context():
        return current_session().scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize(
    ("asked", "zone", "due"),
    [
        (ASKED, "Europe/London", DUE),
        (datetime(2026, 8, 25, 23, 30, tzinfo=UTC), "Europe/London", DUE + timedelta(days=1)),
        (ASKED, "America/New_York", datetime(2026, 11, 24, 15, tzinfo=UTC)),
        (datetime(2011, 9, 30, 20, tzinfo=UTC), "Pacific/Apia", datetime(2011, 12, 30, 20, tzinfo=UTC)),
    ],
)
def test_the_time_is_ten_by_the_therapists_clock(asked: datetime, zone: str, due: datetime) -> None:
    assert next_round_at(asked, 13, parse_zone(zone)) == due


def test_both_are_asked_at_the_same_moment_and_once(app: Flask, cast: Cast) -> None:
    assert sweep(app, DUE - timedelta(seconds=1)) == 0
    assert sweep(app, DUE) == 1
    assert [sweep(app, DUE + timedelta(hours=hours)) for hours in (0, 1, 24 * 90)] == [0, 0, 0]
    assert sweep(app, DUE + timedelta(weeks=13)) == 1
    with app.app_context():
        parts = current_session().execute(select(MessagePart.kind, MessagePart.person_id)).all()
    assert sorted(parts, key=str) == sorted(
        [(MessageKind.NEW_ITEM, one.person_id) for one in (cast.ana, cast.ben) for _round in range(2)],
        key=str,
    )


def test_nobody_can_follow_one_asking_twice(app: Flask, cast: Cast) -> None:
    with app.app_context():
        with transaction() as session:
            assert ask_again(session, cast.couple_id, now=DUE)
        with transaction() as session:
            assert not ask_again(session, cast.couple_id, now=DUE)
    assert count(app, SafetyRound) == 2


def test_an_earlier_asking_by_the_therapist_moves_the_next_one(app: Flask, cast: Cast) -> None:
    with time_machine.travel(DUE - timedelta(days=7), tick=False):
        press(
            client_of(app, cast.therapist),
            f"/couples/{cast.couple_id}",
            f"/couples/{cast.couple_id}/individual-questions",
        )
        page = client_of(app, cast.therapist).get(f"/couples/{cast.couple_id}").text
    assert "They are asked again by themselves on Tuesday 16 February 2027" in page
    assert sweep(app, DUE) == 0
    assert sweep(app, DUE + timedelta(weeks=12)) == 1


def paused(session: Session, couple: Couple) -> None:
    couple.status = CoupleStatus.PAUSED


def closed(session: Session, couple: Couple) -> None:
    couple.status = CoupleStatus.ARCHIVED


def left(session: Session, couple: Couple) -> None:
    partner = session.scalars(select(Partner).where(Partner.couple_id == couple.id)).first()
    assert partner is not None
    partner.left_at = ASKED


def turned_off(session: Session, couple: Couple) -> None:
    session.scalars(select(Practice)).one().individual_weeks = None


@pytest.mark.parametrize("end", [paused, closed, left, turned_off])
def test_some_are_left_alone(app: Flask, cast: Cast, end: Callable[[Session, Couple], None]) -> None:
    with app.app_context(), transaction() as session:
        end(session, session.get_one(Couple, cast.couple_id))
    assert sweep(app, DUE) == 0
    page = client_of(app, cast.therapist).get(f"/couples/{cast.couple_id}").text
    assert "asked again by themselves" not in page


def test_no_asking_by_a_clock_that_has_just_jumped(app: Flask, cast: Cast) -> None:
    with time_machine.travel(DUE, tick=False):
        Sweeper(app=app).sweep()
        assert count(app, SafetyRound) == 1
        steady = Sweeper(app=app)
        steady.sweep()
        steady.steady.since -= 2 * TRUSTED_AFTER_SECONDS
        assert steady.steady.is_trusted()
        steady.sweep()
    assert count(app, SafetyRound) == 2


@pytest.mark.parametrize("before", ["nothing", "all no", "all yes"])
def test_what_the_other_sees_of_the_repetition_is_the_same_whatever_was_answered(
    app: Flask, cast: Cast, before: str
) -> None:
    ben = cast.ben
    with (
        time_machine.travel(DUE - timedelta(days=1), tick=False),
        app.app_context(),
        transaction() as session,
    ):
        if before != "nothing":
            give_answers(
                session, cast.ana.member(), all_said(Reply(before.split()[1])), now=DUE - timedelta(days=1)
            )
    with time_machine.travel(DUE, tick=False):
        assert sweep(app, DUE) == 1
        home, page = (client_of(app, ben).get(path) for path in ("/home", "/about-you"))
        own = client_of(app, cast.ana).get("/home")
    tile = BeautifulSoup(home.text, "html.parser").select_one("section[aria-labelledby=about-you]")
    assert tile is not None and "About 5 minutes" in tile.text
    assert str(tile) == str(
        BeautifulSoup(own.text, "html.parser").select_one("section[aria-labelledby=about-you]")
    )
    SEEN.setdefault("pages", words_of(home) + words_of(page))
    assert words_of(home) + words_of(page) == SEEN["pages"]
    with app.app_context():
        told = select(MessagePart.kind, func.count()).where(MessagePart.person_id == ben.person_id)
        assert current_session().execute(told.group_by(MessagePart.kind)).all() == [(MessageKind.NEW_ITEM, 1)]


SEEN: dict[str, str] = {}


def test_who_answers_after_the_repetition_answers_that_one(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction() as session:
        give_answers(session, cast.ana.member(), all_said(Reply.NO), now=ASKED)
    sweep(app, DUE)
    with app.app_context(), transaction() as session:
        give_answers(session, cast.ana.member(), all_said(Reply.YES), now=DUE)
    first, second = sittings_of(app, cast.ana.person_id)
    assert [(first.asked_at, second.asked_at), second.answered_at] == [(ASKED, DUE), DUE]
    assert len(sittings_of(app, cast.ben.person_id)) == 1


class TestSetting:
    def test_it_is_thirteen_weeks_and_can_be_changed_and_turned_off(self, app: Flask, cast: Cast) -> None:
        olive, page = client_of(app, cast.owner), "/practice/individual-questions"
        assert 'value="13"' in olive.get(page).text
        assert "Nobody is asked again" not in olive.get(page).text
        assert press(olive, page, comes="y", weeks="8").location == page
        assert sweep(app, ASKED + timedelta(weeks=8, days=1)) == 1
        assert press(olive, page, comes="", weeks="8").location == page
        assert "Nobody is asked again by themselves" in olive.get(page).text

    @pytest.mark.parametrize("weeks", ["", "3", "53", "-1", "x", "9" * 30, "1e3", "８\u202e"])
    def test_other_numbers_are_refused_with_a_sentence(self, app: Flask, cast: Cast, weeks: str) -> None:
        sent = press(client_of(app, cast.owner), "/practice/individual-questions", comes="y", weeks=weeks)
        assert sent.status_code == 422
