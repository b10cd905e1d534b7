"""Answering the individual questions, as the person who answers."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import func, select, text

from portal.booking.models import Consultation
from portal.couples.models import Couple, CoupleStatus, Partner
from portal.diary.models import OccupiedInterval
from portal.documents.models import Document
from portal.notices.models import Message, MessagePart
from portal.orm import Model
from portal.outbox import OutboxEntry
from portal.safety.questions import QUESTIONS
from portal.safety.rules import Reply
from portal.transaction import current_session, transaction
from tests.integration.canaries import found_in, of_tables, of_tree
from tests.safety.scene import ALL_NO, ALL_YES, answer, ask, press, sittings_of, words_of
from tests.support.cast import Cast, client_of
from tests.support.statements import counted

WORDS = {
    "way": "call",
    "hours": "Qanarhours on Mondays",
    "safe_word": "Qanarsafe",
    "words": "Qanarcontact ring twice",
}
MARKS = {name: value.split()[0] for name, value in WORDS.items() if name != "way"}


@pytest.fixture
def asked(app: Flask, cast: Cast) -> Cast:
    ask(app, cast)
    return cast


def test_the_eight_questions_stand_on_one_page_and_nothing_is_chosen(app: Flask, asked: Cast) -> None:
    page = BeautifulSoup(client_of(app, asked.ana).get("/about-you").text, "html.parser")
    legends = [one.get_text() for one in page.select("form fieldset > legend")]
    assert all(any(question.text in legend for legend in legends) for question in QUESTIONS)
    assert page.select("main [checked]") == []
    form = page.select_one("form[action='/about-you']")
    assert form is not None
    assert form["autocomplete"] == "off"
    assert not {name for tag in page.select("main *") for name in tag.attrs if "autosave" in name}


def test_answers_are_never_shown_again(app: Flask, asked: Cast) -> None:
    client = client_of(app, asked.ana)
    before = words_of(client.get("/about-you"))
    sent = press(client, "/about-you", **ALL_YES, **WORDS)
    assert sent.status_code == 200
    after = client.get("/about-you")
    assert words_of(after) == before
    assert after.headers["Cache-Control"] == sent.headers["Cache-Control"] == "no-store"
    assert not found_in(client.get("/home").data + sent.data + after.data, MARKS)


def test_the_page_after_sending_is_the_same_whatever_was_answered(app: Flask, asked: Cast) -> None:
    client = client_of(app, asked.ana)
    yes, no, unsaid = (
        words_of(press(client, "/about-you", **given))
        for given in (ALL_YES | WORDS, ALL_NO, dict.fromkeys(ALL_NO, "unsaid"))
    )
    assert yes == no == unsaid
    assert "In danger, call your local number." in yes.partition("<footer")[0]


def test_who_is_in_danger_gets_help_first_and_may_leave_out_everything(app: Flask, asked: Cast) -> None:
    sent = answer(app, asked.ana, {"danger": "y"})
    page = BeautifulSoup(sent.text, "html.parser")
    first = page.select_one("main h1")
    assert first is not None
    assert first.get_text() == "If you are in danger now, call for help"
    assert "In danger, call your local number." in first.find_parent("div").get_text()  # type: ignore[union-attr]  # it has one
    (kept,) = sittings_of(app, asked.ana.person_id)
    assert kept.answers is not None
    assert kept.answers.is_in_danger


def test_a_missing_answer_keeps_the_others(app: Flask, asked: Cast) -> None:
    given = {name: reply for name, reply in ALL_YES.items() if name != "s4"} | WORDS | {"s5": "perhaps"}
    sent = answer(app, asked.ana, given)
    assert sent.status_code == 422
    page = BeautifulSoup(sent.text, "html.parser")
    checked = {(one["name"], one["value"]) for one in page.select("main input[checked]")}
    assert checked == {(name, "yes") for name in ALL_YES if name not in {"s4", "s5"}} | {("way", "call")}
    assert [one["href"] for one in page.select(".notice a")] == ["#s4-0", "#s5-0"]
    assert WORDS["words"] in sent.text
    assert [one.answered_at for one in sittings_of(app, asked.ana.person_id)] == [None]


@pytest.mark.parametrize(
    "typed",
    [
        {"words": "x" * 1001},
        {"hours": "x" * 121},
        {"safe_word": "a\x00b"},
        {"words": "a\u2028b"},
        {"way": "pigeon"},
    ],
)
def test_what_cannot_be_stored_is_refused_with_a_sentence(
    app: Flask, asked: Cast, typed: dict[str, str]
) -> None:
    sent = answer(app, asked.ana, ALL_NO | typed)
    assert sent.status_code == 422
    assert [one.answered_at for one in sittings_of(app, asked.ana.person_id)] == [None]


def test_a_page_of_an_earlier_sign_in_keeps_what_was_typed(app: Flask, asked: Cast) -> None:
    sent = client_of(app, asked.ana).post("/about-you", data={**ALL_YES, **WORDS, "form_token": "old"})
    assert sent.status_code == 422
    assert WORDS["words"] in sent.text


def test_answers_given_anew_stand_beside_the_earlier_ones(app: Flask, asked: Cast) -> None:
    for given in (ALL_YES, ALL_NO, ALL_NO):
        assert answer(app, asked.ana, given).status_code == 200
    first, second = sittings_of(app, asked.ana.person_id)
    assert [one.answers and one.answers.said("s1") for one in (first, second)] == [Reply.YES, Reply.NO]
    assert first.asked_at == second.asked_at


def test_nothing_but_the_sitting_its_trace_and_no_notice_comes_of_an_answer(app: Flask, asked: Cast) -> None:
    def rows() -> dict[str, int]:
        with app.app_context():
            return {
                name: current_session().scalar(select(func.count()).select_from(table)) or 0
                for name, table in Model.metadata.tables.items()
            }

    client = client_of(app, asked.ana)
    client.get("/about-you")
    before = rows()
    for given in ({"danger": "y"}, ALL_YES | WORDS, ALL_NO):
        press(client, "/about-you", **given)
    grown = {name: count - before[name] for name, count in rows().items() if count != before[name]}
    assert grown == {"audit_event": 3, "safety_sitting": 2}
    untouched = (Message, MessagePart, OutboxEntry, Document, OccupiedInterval, Consultation)
    assert not {one.__tablename__ for one in untouched} & set(grown)


def test_the_words_stand_nowhere_that_can_be_read(
    app: Flask, asked: Cast, capfd: pytest.CaptureFixture[str]
) -> None:
    assert answer(app, asked.ana, ALL_YES | WORDS).status_code == 200
    answer(app, asked.ana, WORDS | {"s1": "yes"})
    with app.app_context():
        current_session().execute(text("pragma wal_checkpoint"))
    places = [*of_tables(app), *of_tree(app.extensions["settings"].instance)]
    written = capfd.readouterr()
    places += [("log", (written.out + written.err).encode())]
    assert "safety_sitting" in " ".join(name for name, _content in places)
    assert {name: found for name, content in places if (found := found_in(content, MARKS))} == {}


def left(couple: Couple) -> None:
    couple.partners[0].left_at = couple.created_at


def separated(couple: Couple) -> None:
    couple.status = CoupleStatus.SEPARATED


@pytest.mark.parametrize("end", [left, separated])
def test_nobody_is_asked_any_more_after_the_end(
    app: Flask, asked: Cast, end: Callable[[Couple], None]
) -> None:
    client = client_of(app, asked.ana)
    assert client.get("/about-you").status_code == 200
    with app.app_context(), transaction() as session:
        couple = session.scalars(select(Couple).join(Partner).where(Couple.id == asked.couple_id)).first()
        assert couple is not None
        session.refresh(couple, ["partners"])
        end(couple)
    assert client.get("/about-you").status_code == 404
    assert "About you" not in client.get("/home").text


def test_the_tile_is_the_same_for_both_and_neutral_once_done(app: Flask, asked: Cast) -> None:
    def tile(viewer_client: object) -> str:
        page = BeautifulSoup(viewer_client.get("/home").text, "html.parser")  # type: ignore[attr-defined]  # a test client
        found = page.select_one("section[aria-labelledby=about-you]")
        assert found is not None
        return " ".join(found.get_text(" ").split())

    ana, ben = client_of(app, asked.ana), client_of(app, asked.ben)
    asking = tile(ana)
    assert asking == tile(ben)
    assert "About 5 minutes" in asking
    press(ana, "/about-you", **ALL_YES)
    assert tile(ben) == asking
    press(ben, "/about-you", **ALL_NO)
    assert tile(ana) == tile(ben) != asking


def test_a_sign_in_by_mailed_reset_alone_cannot_answer(app: Flask, asked: Cast) -> None:
    client = client_of(app, asked.ana, limited=True)
    assert client.get("/about-you").status_code == 404
    assert client.post("/about-you", data=ALL_NO).status_code == 404


def test_who_was_never_asked_finds_nothing(app: Flask, asked: Cast) -> None:
    client = client_of(app, asked.cleo)
    assert client.get("/about-you").status_code == 404
    assert "About you" not in client.get("/home").text


def test_no_page_of_a_partner_reads_the_sealed_column_or_its_key(app: Flask, asked: Cast) -> None:
    answer(app, asked.ana, ALL_YES)
    client = client_of(app, asked.ana)
    with counted(app) as statements:
        assert client.get("/home").status_code == client.get("/about-you").status_code == 200
    assert any("safety_sitting" in one for one in statements)
    assert not any("answers_sealed" in one for one in statements)
