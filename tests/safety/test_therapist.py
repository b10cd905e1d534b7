"""Asking, reading and settling, as the couple's therapist; and nobody else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from werkzeug.test import TestResponse

from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.couples.holds import find_hold, set_hold
from portal.couples.models import Couple, CoupleStatus, Partner, SafetyHold
from portal.couples.queries import get_couple
from portal.errors import NotFound
from portal.home.queries import on_the_desk
from portal.homework.rules import NoLongerAsked
from portal.notices.models import MessagePart
from portal.safety.queries import (
    answers_of,
    asking_of,
    card_read_by,
    cards_changed_at,
    get_answered,
    own_sitting,
)
from portal.safety.rules import Answers, OnlyTogether, Reply, Urgency
from portal.safety.service import ask_both, give_answers, mark_contacted
from portal.security.viewer import Member
from portal.transaction import current_session, transaction
from tests.meetings.desk import drafted
from tests.safety.scene import ALL_NO, ALL_YES, answer, ask, press, sittings_of, words_of
from tests.support.cast import Actor, Cast, client_of
from tests.support.individual import all_said, ask_quietly, fill_in

ZONE = "Europe/London"
FRIDAY = datetime(2026, 11, 20, 16, 5, tzinfo=UTC)


def actions(app: Flask) -> list[tuple[str, object]]:
    with app.app_context():
        rows = current_session().execute(
            select(AuditEvent.action, AuditEvent.object_id)
            .where(AuditEvent.action.startswith("safety."))
            .order_by(AuditEvent.created_at)
        )
        return [(action, object_id) for action, object_id in rows]


class TestAsking:
    def test_one_press_asks_both_and_tells_both_the_same(self, app: Flask, cast: Cast) -> None:
        couple = f"/couples/{cast.couple_id}"
        sent = press(client_of(app, cast.therapist), couple, f"{couple}/individual-questions")
        assert (sent.status_code, sent.location) == (303, couple)
        for person in (cast.ana, cast.ben):
            assert [one.answered_at for one in sittings_of(app, person.person_id)] == [None]
        with app.app_context():
            told = current_session().scalars(select(MessagePart)).all()
            assert {part.person_id for part in told} == {cast.ana.person_id, cast.ben.person_id}
            assert len({part.facts for part in told}) == len({part.kind for part in told}) == 1
        assert "Both were last asked on" in client_of(app, cast.therapist).get(couple).text

    def test_asking_again_tells_both_also_who_has_still_to_answer(self, app: Flask, cast: Cast) -> None:
        ask(app, cast, now=utc_now() - timedelta(days=90))
        answer(app, cast.ana, ALL_NO)
        with app.app_context(), transaction() as session:
            ask_both(session, cast.therapist.member(), cast.couple_id, now=utc_now())
            told = session.scalars(select(MessagePart.person_id)).all()
        assert sorted(told) == sorted([cast.ana.person_id, cast.ben.person_id])
        assert len(sittings_of(app, cast.ana.person_id)) == 2
        assert [one.answered_at for one in sittings_of(app, cast.ben.person_id)] == [None]

    def test_nobody_is_asked_alone_or_after_the_end(self, cast: Cast, session: Session) -> None:
        jane = cast.therapist.member()
        couple = get_couple(session, jane, cast.couple_id)
        couple.status = CoupleStatus.PAUSED
        with pytest.raises(NoLongerAsked):
            ask_both(session, jane, cast.couple_id, now=utc_now())
        couple.status, couple.partners[1].left_at = CoupleStatus.ACTIVE, utc_now()
        with pytest.raises(OnlyTogether):
            ask_both(session, jane, cast.couple_id, now=utc_now())
        assert own_sitting(session, cast.ana.member()) is None


class TestReading:
    def test_the_page_shows_each_persons_answers_and_writes_who_read_them(
        self, app: Flask, cast: Cast
    ) -> None:
        ask(app, cast)
        answer(app, cast.ana, ALL_YES | {"safe_word": "Marmalade", "way": "text"})
        shown = client_of(app, cast.therapist).get(f"/couples/{cast.couple_id}/individual")
        page = BeautifulSoup(shown.text, "html.parser")
        ana, ben = (" ".join(one.get_text(" ").split()) for one in page.select(".sides > section"))
        assert "Marmalade" in ana
        assert "Speak alone the same day" in ana
        assert "not answered yet" in ben
        assert shown.headers["Cache-Control"] == "no-store"
        (kept,) = sittings_of(app, cast.ana.person_id)
        assert actions(app) == [("safety.answered", kept.id), ("safety.read", kept.id)]

    def test_what_is_typed_is_shown_as_text(self, app: Flask, cast: Cast) -> None:
        ask(app, cast)
        answer(app, cast.ana, ALL_NO | {"words": "<script>alert(1)</script>"})
        shown = client_of(app, cast.therapist).get(f"/couples/{cast.couple_id}/individual").text
        assert "&lt;script&gt;alert(1)" in shown

    def test_settling_is_kept_and_traced_once(self, app: Flask, cast: Cast) -> None:
        ask(app, cast)
        answer(app, cast.ana, ALL_YES)
        page = f"/couples/{cast.couple_id}/individual"
        jane, (kept,) = client_of(app, cast.therapist), sittings_of(app, cast.ana.person_id)
        for act in ("read", "read", "spoken", "spoken"):
            assert press(jane, page, f"{page}/{kept.id}/{act}").location == page
        traces = [action for action, _row in actions(app) if action not in {"safety.read", "safety.answered"}]
        assert traces == ["safety.acknowledged", "safety.contacted"]
        shown = jane.get(page).text
        assert "I have read this" not in shown
        assert "Spoken alone, noted" in shown

    def test_an_open_sitting_of_somebody_cannot_be_settled(self, app: Flask, cast: Cast) -> None:
        ask(app, cast)
        page = f"/couples/{cast.couple_id}/individual"
        (ben,) = sittings_of(app, cast.ben.person_id)
        jane = client_of(app, cast.therapist)
        for sitting_id in (ben.id, uuid4()):
            assert press(jane, page, f"{page}/{sitting_id}/read").status_code == 404


class TestToAcknowledge:
    def listed(self, app: Flask, cast: Cast, now: datetime) -> list[tuple[Urgency, bool, bool]]:
        with app.app_context():
            rows = on_the_desk(current_session(), cast.therapist.member(), ZONE, now).to_read
            return [(one.urgency, one.is_read, one.is_overdue) for one in rows]

    def test_every_answer_waits_to_be_read_and_the_urgent_ones_stand_first(
        self, app: Flask, cast: Cast
    ) -> None:
        given = (all_said(Reply.NO), all_said(Reply.UNSAID), Answers(is_in_danger=True))
        with app.app_context(), transaction() as session:
            jane = cast.therapist
            (sitting,) = ask_quietly(
                session, jane.person_id, cast.couple_id, cast.ana.person_id, now=FRIDAY - timedelta(days=1)
            )
            fill_in(session, sitting, given[0], now=FRIDAY)
            for answers in given[1:]:
                give_answers(session, cast.ana.member(), answers, now=FRIDAY)
        urgencies = [Urgency.SAME_DAY, Urgency.WORKING_DAY, Urgency.READ]
        assert self.listed(app, cast, FRIDAY) == [(one, False, False) for one in urgencies]
        monday = [late for _u, _r, late in self.listed(app, cast, FRIDAY + timedelta(days=3))]
        tuesday = [late for _u, _r, late in self.listed(app, cast, FRIDAY + timedelta(days=4))]
        assert (monday, tuesday) == ([True, False, False], [True, True, False])

    def test_what_presses_stays_until_they_have_spoken_and_the_rest_until_it_is_read(
        self, app: Flask, cast: Cast
    ) -> None:
        ask(app, cast)
        answer(app, cast.ana, ALL_YES)
        answer(app, cast.ben, ALL_NO)
        page = f"/couples/{cast.couple_id}/individual"
        jane = client_of(app, cast.therapist)
        ana, ben = (sittings_of(app, one.person_id)[0].id for one in (cast.ana, cast.ben))
        for sitting_id in (ana, ben):
            press(jane, page, f"{page}/{sitting_id}/read")
        assert self.listed(app, cast, utc_now()) == [(Urgency.SAME_DAY, True, False)]
        press(jane, page, f"{page}/{ana}/spoken")
        assert self.listed(app, cast, utc_now()) == []

    def test_the_therapists_day_names_the_couple_and_never_the_person(self, app: Flask, cast: Cast) -> None:
        ask(app, cast)
        answer(app, cast.ana, ALL_YES)
        with time_machine.travel(utc_now() + timedelta(minutes=1)):
            page = BeautifulSoup(client_of(app, cast.therapist).get("/today").text, "html.parser")
        section = page.select_one("section[aria-labelledby=individual-answers]")
        assert section is not None
        words = " ".join(section.get_text(" ").split())
        assert "Couple 07" in words
        assert "speak alone today" in words
        assert "Ana" not in words


def couple_of(session: Session, cast: Cast) -> Couple:
    """Load the couple with its persons, whoever looks."""
    whole = joinedload(Couple.partners).joinedload(Partner.person)
    return session.scalars(select(Couple).where(Couple.id == cast.couple_id).options(whole)).unique().one()


def as_answers(session: Session, viewer: Member, cast: Cast) -> object:
    return answers_of(session, viewer, session.get_one(Couple, cast.couple_id))


READS: list[Callable[[Session, Member, Cast], object]] = [
    as_answers,
    lambda session, viewer, _cast: on_the_desk(session, viewer, ZONE, utc_now()),
    lambda session, viewer, cast: asking_of(session, viewer, couple_of(session, cast), ZONE),
    lambda session, viewer, cast: cards_changed_at(session, viewer, couple_of(session, cast)),
    lambda session, viewer, cast: card_read_by(session, viewer, couple_of(session, cast), cast.ana.person_id),
    lambda session, viewer, cast: get_answered(session, viewer, cast.couple_id, uuid4()),
    lambda session, viewer, cast: ask_both(session, viewer, cast.couple_id, now=utc_now()),
    lambda session, viewer, cast: mark_contacted(session, viewer, cast.couple_id, uuid4(), now=utc_now()),
]


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("name", ["ana", "ben", "cleo", "front_desk", "owner"])
def test_below_the_pages_too_only_a_therapist_gets_anything(
    cast: Cast, session: Session, name: str, read: Callable[[Session, Member, Cast], object]
) -> None:
    actor: Actor = getattr(cast, name)
    with pytest.raises(NotFound):
        read(session, actor.member(), cast)


def test_another_therapist_is_given_none_of_these_rows(cast: Cast, session: Session) -> None:
    persons = (cast.ana.person_id, cast.ben.person_id)
    jane = cast.therapist.person_id
    ana, _ben = ask_quietly(session, jane, cast.couple_id, *persons, now=utc_now())
    fill_in(session, ana, all_said(Reply.YES), now=utc_now())
    sam = cast.stranger.member()
    assert on_the_desk(session, sam, ZONE, utc_now()).to_read == []
    couple = couple_of(session, cast)
    with pytest.raises(NotFound):
        asking_of(session, sam, couple, ZONE)
    with pytest.raises(NotFound):
        cards_changed_at(session, sam, couple)
    with pytest.raises(NotFound):
        card_read_by(session, sam, couple, cast.ana.person_id)
    with pytest.raises(NotFound):
        get_answered(session, sam, cast.couple_id, ana.id)


class TestHold:
    def test_it_is_set_and_lifted_by_hand(self, app: Flask, cast: Cast) -> None:
        page, jane = f"/couples/{cast.couple_id}/individual", client_of(app, cast.therapist)
        for path, holds in (("hold", True), ("hold", True), ("hold/lift", False), ("hold/lift", False)):
            assert press(jane, page, f"/couples/{cast.couple_id}/{path}").location == page
            with app.app_context():
                assert (find_hold(current_session(), cast.couple_id) is not None) is holds
        with app.app_context():
            assert len(current_session().scalars(select(SafetyHold)).all()) == 1

    def test_no_answer_ever_sets_it(self, app: Flask, cast: Cast) -> None:
        ask(app, cast)
        answer(app, cast.ana, ALL_YES | {"danger": "y"})
        with app.app_context():
            assert find_hold(current_session(), cast.couple_id) is None

    def test_a_joint_summary_stays_a_draft_and_the_therapist_reads_why(self, app: Flask, cast: Cast) -> None:
        meeting_id, _summary_id = drafted(app, cast)
        preview, jane = f"/meetings/{meeting_id}/summary/preview", client_of(app, cast.therapist)
        ben = client_of(app, cast.ben)
        before = words_of(ben.get("/home"))
        hold(app, cast)
        refused = release_from(jane, preview)
        assert refused.status_code == 409
        assert "This summary cannot be released at present" in refused.text
        assert "hold" not in BeautifulSoup(refused.text, "html.parser").get_text()
        assert words_of(ben.get("/home")) == before
        press(jane, f"/couples/{cast.couple_id}/individual", f"/couples/{cast.couple_id}/hold/lift")
        assert release_from(jane, preview).location.startswith("/summaries/")

    def test_a_summary_for_one_person_may_go_out(self, app: Flask, cast: Cast) -> None:
        meeting_id, _summary_id = drafted(app, cast, with_person_id=cast.ana.person_id)
        hold(app, cast)
        released = release_from(client_of(app, cast.therapist), f"/meetings/{meeting_id}/summary/preview")
        assert released.status_code == 303


def hold(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction() as session:
        set_hold(session, cast.therapist.member(), cast.couple_id)


def release_from(client: FlaskClient, preview: str) -> TestResponse:
    """Press the button of a preview, with what it shows."""
    page = BeautifulSoup(client.get(preview).text, "html.parser")
    form = page.select_one("form[action$='/summary/release']")
    assert form is not None
    hidden = {str(one["name"]): str(one["value"]) for one in form.select("input[type=hidden]")}
    return client.post(str(form["action"]), data=hidden)
