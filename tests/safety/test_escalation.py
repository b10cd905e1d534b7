"""Answers that press and that nobody looks at: who hears of it, when, and how little."""

from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import delete, select

from portal.audit.models import AuditEvent
from portal.diary.models import TimeOff, WeeklyHoursRow
from portal.measures.service import acknowledge as acknowledge_score
from portal.notices.models import MessageKind, MessagePart
from portal.notices.queries import list_parts
from portal.notices.service import what_to_say
from portal.people.models import Person
from portal.safety.escalation import nudge_about_unlooked
from portal.safety.models import SafetySitting
from portal.safety.rules import Answers, Nudge, Reply, Urgency, late_at, nudge_due, who_is_told
from portal.safety.service import acknowledge
from portal.security.viewer import JobFor
from portal.transaction import current_session, transaction
from tests.safety.scene import words_of
from tests.support.cast import Cast, client_of
from tests.support.individual import all_said, ask_quietly, fill_in
from tests.support.measuring import bring_words, sat_ana

LONDON = ZoneInfo("Europe/London")
FRIDAY = datetime(2026, 11, 20, 10, tzinfo=UTC)  # and no summer time
PRESSING, WORKING = all_said(Reply.YES), Answers({"s3": Reply.UNSAID})


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("urgency", "answered", "late"),
    [
        (Urgency.SAME_DAY, at(20, 10), at(20, 17)),
        (Urgency.SAME_DAY, at(20, 16), at(21, 9)),
        (Urgency.SAME_DAY, at(21, 10), at(21, 17)),
        (Urgency.WORKING_DAY, at(19, 23), at(20, 17)),
        (Urgency.WORKING_DAY, at(20, 1), at(23, 17)),
        (Urgency.READ, at(20, 1), None),
    ],
)
def test_when_an_answer_rises(urgency: Urgency, answered: datetime, late: datetime | None) -> None:
    assert late_at(urgency, answered, LONDON) == late


def test_it_is_the_therapists_clock_and_a_working_saturday_that_count() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    assert late_at(Urgency.SAME_DAY, at(20, 1), tokyo) == at(20, 8)
    assert late_at(Urgency.WORKING_DAY, at(20, 1), LONDON, frozenset(range(6))) == at(21, 17)


def test_once_a_day_from_then_on() -> None:
    said = [
        nudge_due(Urgency.WORKING_DAY, at(19, 12), now, LONDON)
        for now in (at(20, 16), at(20, 17), at(20, 23), at(21, 12), at(23, 8), at(23, 9))
    ]
    first, again = Nudge(date(2026, 11, 20), is_first=True), Nudge(date(2026, 11, 23), is_first=False)
    assert said == [None, first, first, None, None, again]
    weekend = nudge_due(Urgency.SAME_DAY, at(20, 10), at(21, 9), LONDON)
    assert weekend == Nudge(date(2026, 11, 21), is_first=False)


@pytest.mark.parametrize(
    ("is_first", "is_away", "has_others", "therapist", "others"),
    [
        (True, False, True, True, False),
        (False, False, True, True, True),
        (True, True, True, False, True),
        (True, True, False, True, False),
        (False, False, False, True, False),
    ],
)
def test_who_hears(is_first: bool, is_away: bool, has_others: bool, therapist: bool, others: bool) -> None:
    told = who_is_told(Nudge(date(2026, 11, 20), is_first), is_away=is_away, has_others=has_others)
    assert (told.therapist, told.others) == (therapist, others)


def answered(app: Flask, cast: Cast, answers: Answers = PRESSING, now: datetime = FRIDAY) -> SafetySitting:
    with app.app_context(), transaction() as session:
        persons = (cast.ana.person_id, cast.ben.person_id)
        ana, _ben = ask_quietly(session, cast.therapist.person_id, cast.couple_id, *persons, now=now)
        fill_in(session, ana, answers, now=now)
        return ana


def nudge(app: Flask, now: datetime) -> int:
    with app.app_context(), transaction() as session:
        return nudge_about_unlooked(session, now)


def told(app: Flask, cast: Cast) -> list[str]:
    """Name who was written to, in order, and check that nothing else was."""
    names = {getattr(cast, name).person_id: name for name in ("therapist", "stranger", "owner", "ana", "ben")}
    with app.app_context():
        parts = current_session().scalars(select(MessagePart).order_by(MessagePart.created_at)).all()
        assert {part.kind for part in parts} <= {MessageKind.LOOK_NEEDED}
        assert all(str(cast.couple_id) not in part.facts for part in parts)
        return [names[part.person_id] for part in parts]


def go_away(app: Flask, cast: Cast, *, is_covered: bool = False) -> None:
    with app.app_context(), transaction() as session:
        cover = cast.stranger.person_id if is_covered else None
        session.add(
            TimeOff(
                therapist_id=cast.therapist.person_id, starts_at=at(18, 0), ends_at=at(30, 0), cover_id=cover,
            )
        )  # fmt: skip


def test_the_therapist_first_then_the_owner_once_a_day_each(app: Flask, cast: Cast) -> None:
    answered(app, cast)
    assert nudge(app, at(20, 16)) == 0
    assert [nudge(app, at(20, 17)), nudge(app, at(20, 18))] == [1, 0]
    assert told(app, cast) == ["therapist"]
    assert [nudge(app, at(21, 9)), nudge(app, at(21, 20)), nudge(app, at(22, 9))] == [2, 0, 2]
    assert sorted(told(app, cast)) == ["owner"] * 2 + ["therapist"] * 3


@pytest.fixture
def item_nine(app: Flask, cast: Cast) -> UUID:
    """Ana's PHQ-9 of Friday morning, each item answered with 1; gives the id of the result."""
    with app.test_request_context(), transaction() as session:
        bring_words(session, cast, "phq9", "who5")
        return sat_ana(session, cast, "phq9", 1, FRIDAY)


def forget_mails(app: Flask) -> None:
    """Forget that something was given to Ana, which is a mail of its own."""
    with app.app_context(), transaction() as session:
        session.execute(delete(MessagePart))


def test_an_answer_to_item_nine_rises_as_the_individual_questions_do(
    app: Flask, cast: Cast, item_nine: UUID
) -> None:
    forget_mails(app)
    rounds = [nudge(app, at(20, 16)), nudge(app, at(20, 17)), nudge(app, at(20, 18)), nudge(app, at(21, 9))]
    assert rounds == [0, 1, 0, 2]
    assert sorted(told(app, cast)) == ["owner", "therapist", "therapist"]
    owner = client_of(app, cast.owner)
    assert "Jane Parker has something that waits" in owner.get("/unlooked").text
    with app.app_context(), transaction() as session:
        part = session.scalars(select(MessagePart).where(MessagePart.person_id == cast.owner.person_id)).one()
        job = JobFor(part.message_id)
        assert what_to_say(session, job, at(21, 9))[1] == [("look_needed", {"link": "/unlooked"})]
        acknowledge_score(session, cast.therapist.member(), item_nine, now=at(21, 10))
        assert what_to_say(session, job, at(21, 10))[1] == []
    assert "Nothing waits" in owner.get("/unlooked").text
    assert nudge(app, at(22, 9)) == 0


def test_a_cover_hears_of_item_nine_while_the_therapist_is_away(
    app: Flask, cast: Cast, item_nine: UUID
) -> None:
    forget_mails(app)
    go_away(app, cast, is_covered=True)
    assert nudge(app, at(20, 17)) == 1
    assert told(app, cast) == ["stranger"]


@pytest.mark.parametrize(("key_id", "value"), [("phq9", 0), ("who5", 0)])
def test_a_result_without_an_answer_to_look_at_tells_nobody(
    app: Flask, cast: Cast, key_id: str, value: int
) -> None:
    with app.test_request_context(), transaction() as session:
        bring_words(session, cast, key_id)
        sat_ana(session, cast, key_id, value, FRIDAY)
    assert nudge(app, at(23, 17)) == 0


def test_time_off_is_left_in_peace_and_the_cover_hears_at_once(app: Flask, cast: Cast) -> None:
    answered(app, cast)
    go_away(app, cast, is_covered=True)
    assert nudge(app, at(20, 17)) == 1
    assert told(app, cast) == ["stranger"]


def test_without_a_cover_the_owner_hears(app: Flask, cast: Cast) -> None:
    answered(app, cast)
    go_away(app, cast)
    nudge(app, at(20, 17))
    assert told(app, cast) == ["owner"]


def test_hours_on_a_saturday_make_it_a_working_day(app: Flask, cast: Cast) -> None:
    answered(app, cast, WORKING)
    with app.app_context(), transaction() as session:
        session.add(
            WeeklyHoursRow(
                therapist_id=cast.therapist.person_id,
                weekday=5,
                starts=at(20, 9).time(),
                ends=at(20, 12).time(),
            )
        )
    assert [nudge(app, at(21, 16)), nudge(app, at(21, 17))] == [0, 1]


@pytest.mark.parametrize("answers", [all_said(Reply.NO), WORKING])
def test_what_does_not_press_yet_is_not_told(app: Flask, cast: Cast, answers: Answers) -> None:
    answered(app, cast, answers)
    assert nudge(app, at(22, 20)) == 0


def test_what_was_looked_at_is_no_longer_told_nor_sent(app: Flask, cast: Cast) -> None:
    sitting = answered(app, cast)
    nudge(app, at(20, 17))
    with app.app_context(), transaction() as session:
        part = session.scalars(select(MessagePart)).one()
        job = JobFor(part.message_id)
        assert what_to_say(session, job, at(20, 17))[1] == [("look_needed", {"link": "/today"})]
        acknowledge(session, cast.therapist.member(), cast.couple_id, sitting.id, now=at(20, 18))
        assert what_to_say(session, job, at(20, 18))[1] == []
        assert len(list_parts(session, job)) == 1
    assert nudge(app, at(21, 9)) == 0


def test_the_owner_reads_whose_it_is_and_nothing_else(app: Flask, cast: Cast) -> None:
    answered(app, cast)
    owner = client_of(app, cast.owner)
    assert "Nothing waits" in owner.get("/unlooked").text
    nudge(app, at(20, 17)), nudge(app, at(21, 9))
    for path in ("/unlooked", "/today"):
        page = " ".join(BeautifulSoup(owner.get(path).text, "html.parser").get_text(" ").split())
        assert "Jane Parker has something that waits since" in page
        assert not {word for word in ("Ana", "Ben", "Couple", "answered", "alone today") if word in page}, (
            path
        )
    assert owner.get(f"/couples/{cast.couple_id}/individual").status_code == 404
    assert "Jane Parker has" not in client_of(app, cast.stranger).get("/unlooked").text


def test_it_stands_first_on_the_therapists_page(app: Flask, cast: Cast) -> None:
    answered(app, cast, WORKING)
    with time_machine.travel(at(23, 16), tick=False):
        assert "waited longer" not in client_of(app, cast.therapist).get("/today").text
    with time_machine.travel(at(23, 17), tick=False):
        page = BeautifulSoup(client_of(app, cast.therapist).get("/today").text, "html.parser")
    first = page.select_one("main .split section")
    assert first is not None and first["aria-labelledby"] == "individual-answers"
    assert "Something here has waited longer than it should" in first.text
    assert "Ana" not in first.text


def test_neither_partner_sees_anything_of_it(app: Flask, cast: Cast) -> None:
    answered(app, cast)
    paths = ("/home", "/about-you", "/privacy", "/account/sign-ins", "/safe-contact")

    def seen() -> list[str]:
        with time_machine.travel(at(21, 10), tick=False):
            return [
                words_of(client.get(path))
                for client in (client_of(app, cast.ana), client_of(app, cast.ben))
                for path in paths[:3]
            ]

    before = seen()
    nudge(app, at(20, 17)), nudge(app, at(21, 9))
    assert seen() == before


def test_each_mail_leaves_a_trace_without_words(app: Flask, cast: Cast) -> None:
    sitting = answered(app, cast)
    nudge(app, at(20, 17))
    with app.app_context():
        events = (
            current_session().scalars(select(AuditEvent).where(AuditEvent.action == "safety.nudged")).all()
        )
        assert [(one.viewer_kind, one.object_kind) for one in events] == [("job", "safety_nudge")]
        assert current_session().get(Person, cast.therapist.person_id) is not None
    assert sitting.id is not None
