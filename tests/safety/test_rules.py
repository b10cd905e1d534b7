"""How soon the therapist should speak with somebody, and how answers are stored."""

import json
from datetime import date

import pytest

from portal.safety.questions import QUESTIONS
from portal.safety.rules import (
    Answers,
    AnswersBroken,
    Contact,
    Reply,
    Urgency,
    Way,
    answers_from_json,
    answers_json,
    due_on,
    urgency_of,
)

QUIET = {question.id: Reply.NO for question in QUESTIONS} | {"s7": Reply.YES}


@pytest.mark.parametrize(
    ("question", "reply", "urgency"),
    [
        ("s1", Reply.YES, Urgency.SAME_DAY),
        ("s2", Reply.YES, Urgency.SAME_DAY),
        ("s5", Reply.YES, Urgency.SAME_DAY),
        ("s3", Reply.YES, Urgency.WORKING_DAY),
        ("s4", Reply.YES, Urgency.WORKING_DAY),
        ("s6", Reply.YES, Urgency.WORKING_DAY),
        ("s8", Reply.YES, Urgency.WORKING_DAY),
        *((name, Reply.UNSAID, Urgency.WORKING_DAY) for name in ("s1", "s2", "s3", "s4", "s5", "s7")),
        ("s7", Reply.NO, Urgency.WORKING_DAY),
        ("s6", Reply.UNSAID, Urgency.READ),
        ("s8", Reply.UNSAID, Urgency.READ),
        ("s7", Reply.YES, Urgency.READ),
    ],
)
def test_one_answer_alone_decides_how_soon(question: str, reply: Reply, urgency: Urgency) -> None:
    assert urgency_of(Answers(QUIET | {question: reply})) is urgency


def test_danger_now_is_urgent_without_any_answer() -> None:
    assert urgency_of(Answers(is_in_danger=True)) is Urgency.SAME_DAY
    assert urgency_of(Answers(QUIET, is_in_danger=True)) is Urgency.SAME_DAY
    assert urgency_of(Answers()) is Urgency.READ


@pytest.mark.parametrize(
    ("answered_on", "by"),
    [
        (date(2026, 11, 19), date(2026, 11, 20)),
        (date(2026, 11, 20), date(2026, 11, 23)),
        (date(2026, 11, 21), date(2026, 11, 23)),
        (date(2026, 11, 22), date(2026, 11, 23)),
    ],
)
def test_a_working_day_does_not_fall_on_a_weekend(answered_on: date, by: date) -> None:
    assert due_on(Urgency.WORKING_DAY, answered_on) == by
    assert due_on(Urgency.SAME_DAY, answered_on) == answered_on
    assert due_on(Urgency.READ, answered_on) is None


def test_answers_come_back_as_they_were_stored() -> None:
    answers = Answers(
        QUIET, Contact(Way.TEXT, "Mondays", "Marmalade", "Ring twice\n\u202eor not"), is_in_danger=True
    )
    assert answers_from_json(answers_json(answers)) == answers


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        json.dumps(
            {"replies": {"s9": "yes"}, "contact": json.loads(answers_json(Answers()))["contact"]}
            | {"is_in_danger": False}
        ),
        answers_json(Answers(QUIET)).replace('"no"', '"maybe"'),
        answers_json(Answers(QUIET)).replace('"hours": ""', '"hours": 3'),
    ],
)
def test_stored_answers_of_another_shape_are_refused(text: str) -> None:
    with pytest.raises(AnswersBroken):
        answers_from_json(text)
