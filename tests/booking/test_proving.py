"""What the practice may ask before and after the form: age and region, its own questions, a code from the inbox."""

import json
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from jobs.housekeeping import remove_expired
from portal.audit.models import AuditEvent
from portal.booking.models import Consultation, ConsultationStatus, IntakeAnswer, IntakeQuestion
from portal.clock import utc_now
from portal.diary.models import OccupiedInterval
from portal.diary.rules import Slot
from portal.notices.models import Message, MessageKind, MessagePart
from portal.people.models import Person
from portal.practice.models import Practice
from portal.security.sealed import DataKey
from portal.transaction import current_session, transaction
from tests.booking.visit import ANSWERS, Visitor, count, free_slots_of, iso, soup, token_of, typed
from tests.support.cast import Cast, client_of
from tests.support.statements import counted


def decide(app: Flask, **decided: object) -> None:
    with app.app_context(), transaction() as session:
        practice = session.scalars(select(Practice)).one()
        for name, value in decided.items():
            setattr(practice, name, value)


def ask(app: Flask, words: str, *, is_required: bool = False) -> str:
    with app.app_context(), transaction() as session:
        question = IntakeQuestion(position=0, words=words, is_required=is_required)
        session.add(question)
        session.flush()
        return f"reply_{question.id.hex}"


def codes(app: Flask) -> list[str]:
    with app.app_context():
        parts = current_session().scalars(select(MessagePart).order_by(MessagePart.created_at)).all()
        kind = MessageKind.CONSULTATION_CODE
        readable = set(current_session().scalars(select(DataKey.owner_id)))
        sent = [part for part in parts if part.kind is kind and part.person_id in readable]
        return [json.loads(part.facts)["facts"]["code"] for part in sent]


def kinds(app: Flask) -> set[MessageKind]:
    with app.app_context():
        return set(current_session().scalars(select(MessagePart.kind)))


@pytest.fixture
def page(app: Flask, guest: Visitor, slots: list[Slot]) -> str:
    """The address at which a visitor who has just booked is asked for the code."""
    decide(app, demands_mail_code=True)
    answer = guest.book(slots[3].start)
    assert answer.status_code == 303 and "/consultations/code/" in answer.headers["Location"]
    return answer.headers["Location"]


def enter(guest: Visitor, page: str, code: str, path: str = "") -> tuple[int, str]:
    data = {"form_token": token_of(guest.client.get(page)), "code": code}
    answer = guest.client.post(page + path, data=data)
    return answer.status_code, answer.headers.get("Location", answer.text)


class TestTheCode:
    def test_is_waited_for_before_anybody_hears(
        self, app: Flask, guest: Visitor, page: str, slots: list[Slot], opened: Cast
    ) -> None:
        assert kinds(app) == {MessageKind.CONSULTATION_CODE}
        assert "Priya" not in guest.client.get(page).text and "a…@example.org" in guest.client.get(page).text
        assert slots[3] not in free_slots_of(app, opened)
        assert "No request is waiting" in client_of(app, opened.therapist).get("/requests").text
        with app.app_context():
            kept = current_session().scalars(select(Consultation)).one().mail_code_hash
            assert kept is not None and codes(app)[0].encode() not in kept

    def test_keeps_the_time_from_the_next_form_of_the_same_visitor(
        self, app: Flask, guest: Visitor, slots: list[Slot]
    ) -> None:
        decide(app, demands_mail_code=True)
        form = guest.form(slots[3].start)
        assert guest.send(form).status_code == 303
        link = {"start": iso(slots[3].start), "form": form["form_key"]}
        assert guest.client.get("/consultations/new", query_string=link).status_code == 409

    def test_makes_the_booking_count_once(self, app: Flask, guest: Visitor, page: str) -> None:
        code = codes(app)[0]
        first, second = enter(guest, page, f" {code[:3]} {code[3:]}"), enter_again(guest, page, code)
        assert first == second and first[0] == 303
        assert "Your time is kept for you" in guest.client.get(first[1]).text
        assert kinds(app) >= {MessageKind.CONSULTATION_BOOKED, MessageKind.THERAPIST_REQUEST}
        with app.app_context():
            actions = list(current_session().scalars(select(AuditEvent.action)))
            occupied = current_session().scalars(select(OccupiedInterval)).one()
            assert actions.count("consultation.verified") == 1 and occupied.expires_at is None

    def test_is_guessed_five_times_at_most(self, app: Flask, guest: Visitor, page: str) -> None:
        code = codes(app)[0]
        wrong = f"{(int(code) + 1) % 10**6:06d}"
        for said in (wrong, "x", "", "１２３４５６", "0" * 12):
            assert enter(guest, page, said)[0] == 422
        enter(guest, page, wrong)
        assert enter(guest, page, code)[0] == 422
        with app.app_context():
            assert (
                current_session().scalars(select(Consultation.status)).one() is ConsultationStatus.UNVERIFIED
            )

    def test_is_sent_anew_once_a_minute_and_voids_the_old(
        self, app: Flask, guest: Visitor, page: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert enter(guest, page, "", "/again")[0] == 200
        assert enter(guest, page, "", "/again")[0] == 429
        old, new = codes(app)
        with app.app_context():
            due = list(current_session().scalars(select(Message.due_at)))
        assert len(due) == 2 and max(due) <= utc_now()  # not folded: somebody waits for it
        if old != new:
            assert enter(guest, page, old)[0] == 422
        assert enter(guest, page, new)[0] == 303

    def test_too_late_frees_the_time_and_leaves_nothing(
        self, app: Flask, guest: Visitor, page: str, slots: list[Slot], opened: Cast
    ) -> None:
        code, persons = codes(app)[0], count(app, Person)
        data = {"form_token": token_of(guest.client.get(page)), "code": code}
        with app.app_context(), transaction() as session:
            session.scalars(select(OccupiedInterval)).one().expires_at = utc_now() - timedelta(seconds=1)
        assert slots[3] in free_slots_of(app, opened)
        late = guest.client.post(page, data=data)
        assert late.status_code == 409 and "has run out" in late.text
        with app.app_context(), transaction() as session:
            remove_expired(session, utc_now())
        assert "has run out" in guest.client.get(page).text
        assert (count(app), count(app, OccupiedInterval), count(app, Person)) == (0, 0, persons)
        with app.app_context():
            gone = current_session().scalars(select(Person).where(Person.erased_at.is_not(None))).one()
            keys = set(current_session().scalars(select(DataKey.owner_id)))
            assert gone.id not in keys and gone.email_sealed is None and gone.email_code is None

    def test_of_a_mistyped_address_is_no_dead_end(
        self, app: Flask, guest: Visitor, slots: list[Slot]
    ) -> None:
        decide(app, demands_mail_code=True)
        form = guest.form(slots[3].start)
        guest.send(form | {"email": "wrong@example.org"})
        corrected = guest.send(form | {"email": "right@example.org"})
        assert corrected.status_code == 303 and count(app) == 1 and count(app, OccupiedInterval) == 1
        assert enter(guest, corrected.headers["Location"], codes(app)[-1])[0] == 303

    def test_of_another_booking_opens_nothing(self, app: Flask, guest: Visitor, page: str) -> None:
        assert guest.client.get(page.replace("/code/", "/")).status_code == 404
        assert guest.client.get(page[:-3]).status_code == 404


def enter_again(guest: Visitor, page: str, code: str) -> tuple[int, str]:
    data = {"form_token": token_of(guest.client.get("/consultations/times")), "code": code}
    answer = guest.client.post(page, data=data)
    return answer.status_code, answer.headers.get("Location", answer.text)


class TestTheFirstQuestions:
    @pytest.mark.parametrize(
        "answers", [{"of_age": "no", "in_region": "yes"}, {"of_age": "yes", "in_region": "no"}]
    )
    def test_stop_politely_and_store_nothing(
        self, app: Flask, guest: Visitor, slots: list[Slot], answers: dict[str, str]
    ) -> None:
        decide(app, asks_of_age=True, region_question="Do you both live in Wales?")
        asked = guest.client.get(f"/consultations/new?start={iso(slots[3].start)}")
        assert "18 or older" in asked.text and "Do you both live in Wales?" in asked.text
        action = str(soup(asked).select("main form[method=post]")[0]["action"])
        empty = guest.client.post(action, data=typed(asked))
        assert empty.status_code == 422 and len(soup(empty).select("[aria-invalid]")) == 2
        stopped = guest.client.post(action, data=typed(asked) | answers)
        assert stopped.status_code == 200 and "We cannot offer you a consultation here" in stopped.text
        assert "If you need help now" in stopped.text
        assert (count(app, OccupiedInterval), count(app)) == (0, 0)

    def test_lead_on_to_the_form_and_are_asked_once(
        self, app: Flask, guest: Visitor, slots: list[Slot]
    ) -> None:
        decide(app, asks_of_age=True)
        asked = guest.client.get(f"/consultations/new?start={iso(slots[3].start)}")
        action = str(soup(asked).select("main form[method=post]")[0]["action"])
        answer = guest.client.post(action, data=typed(asked) | {"of_age": "yes"})
        form = guest.client.get(answer.headers["Location"])
        assert answer.status_code == 303 and "Held for you until" in form.text
        back = next(str(link["href"]) for link in soup(form).select("a.button.plain"))
        assert "may=y" in back


class TestThePracticesQuestions:
    def test_are_answered_under_the_visitors_key(self, app: Flask, guest: Visitor, slots: list[Slot]) -> None:
        name = ask(app, "How did you hear of us?", is_required=True)
        missing = guest.book(slots[3].start)
        assert missing.status_code == 422 and soup(missing).select_one(f"#{name}[aria-invalid]") is not None
        assert (
            guest.book(slots[3].start, **{name: "<b>A friend</b>"}, phone="+44 (0)20 7946 0018").status_code
            == 303
        )
        with app.app_context():
            answer = current_session().scalars(select(IntakeAnswer)).one()
            person = current_session().get_one(Person, answer.person_id)
            assert (answer.question_words, answer.answer) == ("How did you hear of us?", "<b>A friend</b>")
            assert person.phone == "+442079460018" and b"friend" not in (answer.answer_sealed or b"")

    @pytest.mark.parametrize("wrong", ["x" * 301, "a\x00b", "a\u2028b", "a\nb"])
    def test_take_one_line(self, app: Flask, guest: Visitor, slots: list[Slot], wrong: str) -> None:
        name = ask(app, "How did you hear of us?")
        answer = guest.book(slots[3].start, **{name: wrong})
        assert answer.status_code == 422 and soup(answer).select_one(f"#{name}[aria-invalid]") is not None
        assert typed(answer)["words"] == ANSWERS["words"] and count(app) == 0


class TestTheSettings:
    def test_change_what_is_asked(self, app: Flask, guest: Visitor, slots: list[Slot], opened: Cast) -> None:
        desk = client_of(app, opened.therapist)
        path = "/practice/booking-form"

        def send(where: str, **data: str) -> int:
            return desk.post(where, data={"form_token": token_of(desk.get(path)), **data}).status_code

        for words in ("First?", "Second?", "Third?"):
            assert send(f"{path}/questions", words=words) == 303
        assert send(f"{path}/questions", words="Fourth?") == 409
        assert send(f"{path}/questions", words="\u200b") == 422
        second = str(soup(desk.get(path)).select("form.plot")[1]["action"])
        assert send(second, act="earlier") == 303
        assert send(second, act="save", words="Second, in other words?", is_required="y") == 303
        third = str(soup(desk.get(path)).select("form.plot")[2]["action"])
        assert send(third, act="retire") == 303 and send(third, act="retire") == 404
        labels = [
            label.get_text(" ", strip=True)
            for label in soup(guest.client.get(f"/consultations/new?start={iso(slots[3].start)}")).select(
                "label"
            )
            if "?" in label.get_text()
        ]
        assert labels[:2] == ["Second, in other words?", "First? (if you like)"]
        assert send(path, lead_retention_days="6") == 422
        assert send(path, lead_retention_days="30", region_question="In Wales?", asks_of_age="y") == 303
        with app.app_context():
            practice = current_session().scalars(select(Practice)).one()
            assert (practice.lead_retention_days, practice.region_question) == (30, "In Wales?")
            assert (practice.asks_of_age, practice.demands_mail_code) == (True, False)


class TestAMistypedAddress:
    def test_is_asked_about_and_booked_by_one_press(
        self, app: Flask, guest: Visitor, slots: list[Slot]
    ) -> None:
        form = guest.form(slots[3].start) | {"email": "ana@gmial.com"}
        asked = guest.send(form)
        assert asked.status_code == 422 and "Did you mean" in asked.text and count(app) == 0
        assert typed(asked)["email"] == "ana@gmial.com"
        assert guest.send(typed(asked) | {"agreed": "y", "address": "likely"}).status_code == 303
        assert address(app) == "ana@gmail.com"

    @pytest.mark.parametrize("press", [{"address": "typed"}, {}])
    def test_is_kept_where_the_visitor_says_so(
        self, app: Flask, guest: Visitor, slots: list[Slot], press: dict[str, str]
    ) -> None:
        asked = guest.send(guest.form(slots[3].start) | {"email": "ana@gmial.com"})
        assert guest.send(typed(asked) | {"agreed": "y"} | press).status_code == 303
        assert address(app) == "ana@gmial.com"


def address(app: Flask) -> str:
    with app.app_context():
        newest = select(Person).order_by(Person.created_at.desc()).limit(1)
        return current_session().scalars(newest).one().email


def test_a_known_address_gets_the_same_answer_at_the_same_cost(
    app: Flask, guest: Visitor, slots: list[Slot]
) -> None:
    guest.book(slots[0].start)
    costs, pages = [], []
    for slot, email in zip(slots[4:12:4], ("us@example.org", "nobody@example.org"), strict=True):
        form = guest.form(slot.start) | {"email": email}
        with counted(app) as statements:
            answer = guest.send(form)
        page = soup(guest.client.get(answer.headers["Location"])).select_one("main")
        costs.append([statement.partition(" ")[0] for statement in statements])
        pages.append([heading.get_text() for heading in page.select("h1, h2, .lead")] if page else [])
    assert pages[0] == pages[1] != [] and costs[0] == costs[1]
