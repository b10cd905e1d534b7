"""Booking a time: what a visitor, two visitors, a program and an attacker meet."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.blog.models import Post
from portal.blog.service import publish_post
from portal.booking.models import Consultation, ConsultationStatus
from portal.booking.rules import new_form_id
from portal.clock import utc_now
from portal.diary.models import OccupiedInterval
from portal.diary.rules import Slot
from portal.notices.models import MessageKind, MessagePart
from portal.outbox import OutboxEntry
from portal.people.models import Person
from portal.practice.models import Therapist
from portal.security.viewer import TokenPurpose
from portal.transaction import current_session, transaction
from tests.booking.visit import ANSWERS, Visitor, count, free_slots_of, iso, open_diary, soup, typed, visitor
from tests.support.cast import Cast
from tests.support.marks import mark_of

HOSTILE_STARTS = [
    "", "x", "-1", "0", "1' OR 1=1--", "2020-01-06T09:00:00Z", "9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z",
    "2026-11-24T24:00:00Z", "2026-02-29T09:00:00Z", "2026-11-24T09:00:00+14:00", "2026-11-24T09:00:00.123Z", "\x00", "9" * 4000,
]  # fmt: skip
HOSTILE_ADDRESSES = [
    "", "ana", "a@b.c\r\nBcc:x@y.example", "a@b.example, d@e.example", "a@b.example;d@e.example", '"<x>"@b.example', "a+1@", "@b.example",
    "a b@c.example", "Ana <a@b.example>", "a@b", "a@-b.example", "a..b@c.example", "a@b..example", "x" * 320 + "@b.example",
    "a@b.example\x00", "a@b\u2028.example", "a@[127.0.0.1]", "<a@b.example>", "a@b.example%0aBcc:x@y.example", "änna@b.example", "ana@straße.example",
]  # fmt: skip
HOSTILE_WORDS = [
    "<script>alert(1)</script>", "{{7*7}}", "${x}", "' OR 1=1--", "=HYPERLINK(1)", "Z̷̡̛a̸l̶g̷o̴", "\u202eabc", "a\u200bb", "👩‍👩‍👧‍👦",
    "%0aBcc: x", "=?utf-8?b?eA==?=", "x" * 80,
]  # fmt: skip
WRONG_ANSWERS = [
    ("first_name", "\u200b"), ("first_name", "x" * 81), ("first_name", "a\x00b"), ("first_name", "a\nb"), ("first_name", "a\u2028b"),
    ("words", "x" * 601), ("words", "x" * 900_000), ("partner_name", "\x1b[31m"), ("partner_knows", "maybe"), ("agreed", ""),
    ("zone", "../../etc/passwd"), ("zone", ""),
]  # fmt: skip


def latest(app: Flask) -> Consultation:
    with app.app_context():
        found = current_session().scalar(select(Consultation).order_by(Consultation.created_at.desc()))
        assert found is not None
        return found


def mails(app: Flask) -> list[tuple[MessageKind, dict[str, str]]]:
    with app.app_context():
        parts = current_session().scalars(select(MessagePart).order_by(MessagePart.created_at))
        return [(part.kind, json.loads(part.facts)["facts"]) for part in parts]


class TestABooking:
    def test_keeps_the_time_and_leads_to_its_own_page(
        self, app: Flask, guest: Visitor, slots: list[Slot], opened: Cast
    ) -> None:
        answer = guest.book(slots[3].start)
        assert answer.status_code == 303
        page = guest.client.get(answer.headers["Location"])
        assert page.status_code == 200 and "Your time is kept for you" in page.text
        assert page.headers["Cache-Control"] == "no-store"
        assert slots[3] not in free_slots_of(app, opened)
        assert latest(app).status is ConsultationStatus.REQUESTED

    def test_is_confirmed_at_once_where_the_type_says_so(self, app: Flask, cast: Cast) -> None:
        open_diary(app, cast.therapist, is_instant=True)
        guest, slots = visitor(app), free_slots_of(app, cast)
        page = guest.client.get(guest.book(slots[0].start).headers["Location"])
        assert "Your time is confirmed" in page.text
        assert MessageKind.CONSULTATION_CONFIRMED in dict(mails(app))

    def test_stores_what_was_typed_and_the_zone_it_was_typed_in(
        self, app: Flask, guest: Visitor, slots: list[Slot]
    ) -> None:
        guest.book(slots[0].start, zone="Asia/Kolkata")
        with app.app_context():
            found = current_session().scalars(select(Consultation)).one()
            person = current_session().get_one(Person, found.person_id)
            assert (person.first_name, person.email, person.zone) == ("Ana", ANSWERS["email"], "Asia/Kolkata")
            assert (found.partner_name, found.words) == ("Ben", ANSWERS["words"])

    def test_owes_a_mail_to_each_side_and_leaves_a_trace(
        self, app: Flask, guest: Visitor, slots: list[Slot]
    ) -> None:
        guest.book(slots[0].start)
        kinds = dict(mails(app))
        assert set(kinds) == {MessageKind.CONSULTATION_BOOKED, MessageKind.THERAPIST_REQUEST}
        assert "BEGIN:VCALENDAR" in kinds[MessageKind.CONSULTATION_BOOKED]["ics"]
        assert count(app, OutboxEntry) == 2
        with app.app_context():
            actions = current_session().scalars(select(AuditEvent.action)).all()
        assert actions == ["consultation.requested"]

    def test_says_nothing_that_a_stranger_typed_in_any_mail(
        self, app: Flask, guest: Visitor, slots: list[Slot]
    ) -> None:
        canary = {"first_name": "Qanaryname", "words": "Qanarywords", "partner_name": "Qanarypartner"}
        guest.book(slots[0].start, **canary)
        assert "Qanary" not in json.dumps(mails(app)[0][1]) + json.dumps(mails(app)[1][1])

    def test_remembers_the_article_by_the_link_alone(
        self, app: Flask, guest: Visitor, slots: list[Slot], opened: Cast
    ) -> None:
        post_id = an_article(app, opened)
        token = mark_of(app, post_id)
        answer = guest.send(guest.form(slots[0].start, **{"from": token}), **{"from": token})
        assert answer.status_code == 303 and latest(app).post_id == post_id

    def test_loses_only_the_article_when_its_token_was_altered(
        self, app: Flask, guest: Visitor, slots: list[Slot], opened: Cast
    ) -> None:
        token = app.extensions["signer"].sign_id(TokenPurpose.CONSULTATION, an_article(app, opened))
        assert guest.send(guest.form(slots[0].start), **{"from": token}).status_code == 303
        assert latest(app).post_id is None

    def test_two_by_one_address_are_both_accepted(
        self, app: Flask, guest: Visitor, slots: list[Slot]
    ) -> None:
        first = guest.book(slots[0].start, email="us@example.org")  # the address of clients of the practice
        second = guest.book(slots[5].start, email="us@example.org")
        assert (first.status_code, second.status_code, count(app)) == (303, 303, 2)

    def test_sets_no_cookie(self, guest: Visitor, slots: list[Slot]) -> None:
        answer = guest.book(slots[0].start)
        assert "Set-Cookie" not in answer.headers
        assert "Set-Cookie" not in guest.client.get(answer.headers["Location"]).headers


class TestTheSameFormAgain:
    def test_gives_the_same_booking(self, app: Flask, guest: Visitor, slots: list[Slot]) -> None:
        form = guest.form(slots[0].start)
        places = {guest.send(form).headers["Location"] for _ in range(3)}
        assert len(places) == 1 and count(app) == 1 and count(app, Person) == 9

    def test_with_other_answers_is_refused_and_kept(
        self, app: Flask, guest: Visitor, slots: list[Slot]
    ) -> None:
        form = guest.form(slots[0].start)
        guest.send(form)
        again = guest.send(form | {"words": "Something else", "start": iso(slots[7].start)})
        assert again.status_code == 409 and count(app) == 1
        assert typed(again)["words"] == "Something else"
        assert guest.send(typed(again) | {"agreed": "y"}).status_code == 303


class TestAHostileForm:
    def test_books_nothing_that_is_not_offered(self, app: Flask, guest: Visitor) -> None:
        for start in HOSTILE_STARTS:
            answer = guest.send(self.filled(app, start))
            assert answer.status_code == 422, start
            assert typed(answer)["words"] == ANSWERS["words"]
            page = guest.client.get("/consultations/new", query_string={"start": start})
            assert page.status_code == 422, start
        assert count(app) == 0

    def filled(self, app: Flask, start: str) -> dict[str, str]:
        signer = app.extensions["signer"]
        key = signer.sign_id(TokenPurpose.BOOKING_FORM, new_form_id(utc_now() - timedelta(minutes=2)))
        return ANSWERS | {"form_token": signer.form_token(None), "form_key": key, "start": start}

    def test_books_no_hour_at_which_the_doors_are_shut(
        self, app: Flask, guest: Visitor, slots: list[Slot]
    ) -> None:
        for minutes in (-720, 7, 24 * 60 * 400):
            start = iso(slots[0].start + timedelta(minutes=minutes))
            assert guest.send(self.filled(app, start)).status_code == 422
        assert count(app) == 0

    def test_with_two_times_books_neither(self, app: Flask, guest: Visitor, slots: list[Slot]) -> None:
        form = {**self.filled(app, ""), "start": [iso(slots[0].start), iso(slots[1].start)]}
        assert guest.send(form).status_code == 422 and count(app) == 0

    def test_accepts_exactly_one_address(self, app: Flask, guest: Visitor, slots: list[Slot]) -> None:
        form = guest.form(slots[0].start)
        for address in HOSTILE_ADDRESSES:
            answer = guest.send(form | {"email": address})
            assert answer.status_code == 422, address
            assert soup(answer).select_one("#email[aria-invalid]") is not None
            assert typed(answer)["words"] == ANSWERS["words"]
        assert count(app) == 0 and mails(app) == []

    def test_accepts_unusual_addresses(self, app: Flask, guest: Visitor, slots: list[Slot]) -> None:
        for number, address in enumerate(
            ("ana@bücher.example", "a+tag@example.org", "o'hara@sub.example.co")
        ):
            assert guest.book(slots[2 * number].start, email=address).status_code == 303, address
        with app.app_context():
            stored = {person.email for person in current_session().scalars(select(Person))}
        assert {"ana@xn--bcher-kva.example", "a+tag@example.org", "o'hara@sub.example.co"} <= stored

    def test_stores_strange_words_as_they_are(self, app: Flask, guest: Visitor, slots: list[Slot]) -> None:
        for number, words in enumerate(HOSTILE_WORDS):
            answer = guest.book(
                slots[number].start, first_name=words, words=words, email=f"a{number}@example.org"
            )
            assert answer.status_code == 303, words
        with app.app_context():
            found = current_session().scalars(select(Consultation).order_by(Consultation.starts_at)).all()
            assert [one.words for one in found] == HOSTILE_WORDS

    def test_says_what_is_wrong_and_keeps_the_rest(
        self, app: Flask, guest: Visitor, slots: list[Slot]
    ) -> None:
        form = guest.form(slots[0].start)
        for name, text in WRONG_ANSWERS:
            answer = guest.send(form | {name: text})
            assert answer.status_code == 422, name
            kept = typed(answer)
            assert all(kept[field] == ANSWERS[field] for field in ("email", "words") if field != name)
            assert soup(answer).select_one(".notice.problem a") is not None
        assert count(app) == 0

    def test_with_an_unknown_zone_gets_the_picker(self, guest: Visitor, slots: list[Slot]) -> None:
        answer = guest.book(slots[0].start, zone="../../etc/passwd")
        assert soup(answer).select_one("select#zone") is not None

    def test_in_another_shape_is_an_error_page_at_worst(self, guest: Visitor, slots: list[Slot]) -> None:
        path = f"/consultations/new?start={iso(slots[0].start)}"
        deep = "[" * 100_000
        for body, kind in (
            (deep, "application/json"),
            (b"\xff" * 2000, "multipart/form-data; boundary=x"),
            ("x", "text/plain"),
        ):
            answer = guest.client.post(path, data=body, content_type=kind)
            assert answer.status_code in {400, 413, 415, 422}
        big = guest.client.post(path, data={"words": "x" * 3_000_000})
        assert big.status_code == 413

    def test_from_a_page_left_open_too_long_is_kept(
        self, app: Flask, guest: Visitor, slots: list[Slot]
    ) -> None:
        for token in ("", "x", app.extensions["signer"].form_token(UUID(int=1))):
            answer = guest.book(slots[0].start, form_token=token)
            assert answer.status_code == 422 and typed(answer)["words"] == ANSWERS["words"]
        assert guest.send(typed(answer) | {"agreed": "y", "partner_knows": "no"}).status_code == 303

    def test_from_another_site_is_refused(self, app: Flask, guest: Visitor, slots: list[Slot]) -> None:
        form = guest.form(slots[0].start)
        answer = guest.client.post("/consultations/new", data=form, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 400 and count(app) == 0

    def test_with_an_altered_key_books_nothing(self, app: Flask, guest: Visitor, slots: list[Slot]) -> None:
        for key in ("", "x", app.extensions["signer"].sign_id(TokenPurpose.NOT_ME, new_form_id(utc_now()))):
            assert guest.book(slots[0].start, form_key=key).status_code == 422
        assert count(app) == 0

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(text=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=80))
    def test_gives_any_legal_text_back_byte_for_byte(
        self, guest: Visitor, slots: list[Slot], text: str
    ) -> None:
        answer = guest.book(slots[0].start, words=f"<{text}>", email="no address")
        assert typed(answer)["words"] == f"<{text}>"


class TestAProgram:
    def test_in_haste_is_asked_to_press_again_and_loses_nothing(
        self, app: Flask, guest: Visitor, slots: list[Slot]
    ) -> None:
        key = app.extensions["signer"].sign_id(TokenPurpose.BOOKING_FORM, new_form_id(utc_now()))
        answer = guest.book(slots[0].start, form_key=key)
        assert answer.status_code == 422 and "very quick" in answer.text
        assert typed(answer)["words"] == ANSWERS["words"]
        assert (count(app), count(app, OccupiedInterval), count(app, OutboxEntry)) == (0, 0, 0)

    def test_that_fills_the_hidden_field_sees_a_normal_page_and_leaves_nothing(
        self, app: Flask, guest: Visitor, slots: list[Slot]
    ) -> None:
        answer = guest.book(slots[0].start, website="http://x.example")
        assert answer.status_code == 200 and "Your time is kept for you" in answer.text
        assert (count(app), count(app, OccupiedInterval), count(app, OutboxEntry)) == (0, 0, 0)

    def test_cannot_flood_one_inbox(self, app: Flask, guest: Visitor, slots: list[Slot]) -> None:
        answers = [guest.book(slot.start, email="victim@example.org").status_code for slot in slots[:14:2]]
        assert answers == [303] * 5 + [429] * 2 and count(app) == 5

    def test_is_told_to_wait_and_keeps_the_form(self, app: Flask, guest: Visitor, slots: list[Slot]) -> None:
        for number in range(20):
            assert guest.book(slots[number].start, email=f"a{number}@example.org").status_code == 303
        answer = guest.book(slots[25].start)
        assert answer.status_code == 429 and typed(answer)["words"] == ANSWERS["words"]
        assert "try again later" in answer.text.lower()


class TestATimeThatIsGone:
    def test_keeps_the_form_and_offers_the_three_nearest(
        self, app: Flask, guest: Visitor, slots: list[Slot]
    ) -> None:
        form = guest.form(slots[4].start)
        visitor(app).book(slots[4].start, email="faster@example.org")
        answer = guest.send(form)
        assert answer.status_code == 409 and "just gone" in answer.text
        kept = typed(answer)
        assert all(kept[name] == ANSWERS[name] for name in ("first_name", "email", "partner_name", "words"))
        offered = [str(one["value"]) for one in soup(answer).select("button[name=start]")]
        assert offered == [iso(slots[number].start) for number in (3, 5, 6)] or len(set(offered)) == 3
        assert iso(slots[4].start) not in offered

    def test_is_replaced_by_one_press(self, app: Flask, guest: Visitor, slots: list[Slot]) -> None:
        form = guest.form(slots[4].start)
        visitor(app).book(slots[4].start, email="faster@example.org")
        gone = guest.send(form)
        button = soup(gone).select("button[name=start]")[0]
        answer = guest.send(typed(gone) | {"agreed": "y", "start": str(button["value"])})
        assert answer.status_code == 303 and count(app) == 2
        assert iso(latest(app).starts_at) == button["value"]

    def test_is_told_before_anything_is_typed(self, app: Flask, guest: Visitor, slots: list[Slot]) -> None:
        visitor(app).book(slots[4].start, email="faster@example.org")
        page = guest.client.get("/consultations/new", query_string={"start": iso(slots[4].start)})
        assert page.status_code == 409 and len(soup(page).select("main .slots button")) == 3


class TestAPartnerWhoDoesNotKnow:
    @pytest.mark.parametrize("knows", ["no", "unsaid"])
    def test_is_named_nowhere(self, app: Flask, guest: Visitor, slots: list[Slot], knows: str) -> None:
        where = guest.book(slots[0].start, partner_name="Qanaryben", partner_knows=knows).headers["Location"]
        shown = [guest.client.get(path).text for path in (where, f"{where}/event.ics")]
        assert "Qanaryben" not in "".join(shown) + json.dumps([facts for _, facts in mails(app)])

    def test_is_named_on_the_page_only_after_a_yes(self, guest: Visitor, slots: list[Slot]) -> None:
        where = guest.book(slots[0].start, partner_name="Ben", partner_knows="yes").headers["Location"]
        assert "Ben" in guest.client.get(where).text
        assert "Ben" not in guest.client.get(f"{where}/event.ics").text


class TestTheLinkOfABooking:
    def test_opened_by_a_scanner_changes_nothing(self, app: Flask, guest: Visitor, slots: list[Slot]) -> None:
        where = guest.book(slots[0].start).headers["Location"]
        for method in ("GET", "HEAD", "OPTIONS") * 3:
            guest.client.open(where, method=method)
        found = latest(app)
        assert (found.status, found.calendar_sequence) == (ConsultationStatus.REQUESTED, 0)
        assert count(app, AuditEvent) == 1
        assert guest.client.post(where).status_code == 405

    def test_that_was_altered_opens_nothing(self, app: Flask, guest: Visitor, slots: list[Slot]) -> None:
        where = guest.book(slots[0].start).headers["Location"]
        signer = app.extensions["signer"]
        unknown = signer.sign_id(TokenPurpose.CONSULTATION, UUID(int=5))
        foreign = signer.sign_id(TokenPurpose.NOT_ME, latest(app).id)
        bad = (
            where[:-3],
            where.swapcase().replace("/CONSULTATIONS/", "/consultations/"),
            f"/consultations/{unknown}",
        )
        for path in (*bad, f"/consultations/{foreign}", "/consultations/%00", "/consultations/..%2f..%2fetc"):
            assert guest.client.get(path).status_code == 404
            assert guest.client.get(f"{path}/event.ics").status_code == 404

    def test_gives_a_neutral_calendar_file(self, guest: Visitor, slots: list[Slot]) -> None:
        where = guest.book(slots[0].start).headers["Location"]
        file = guest.client.get(f"{where}/event.ics")
        assert file.headers["Content-Disposition"] == 'attachment; filename="appointment.ics"'
        assert file.headers["Cache-Control"] == "no-store"
        assert "SUMMARY:Appointment" in file.text and "Jane" not in file.text


def an_article(app: Flask, cast: Cast) -> UUID:
    with app.app_context(), transaction() as session:
        author = session.get_one(Therapist, cast.therapist_profile_id)
        post: Post = publish_post(
            session, author, slug="two-lists", title="Two lists", lead="Begin apart.", body="Words.",
            published_at=utc_now() - timedelta(days=1),
        )  # fmt: skip
        return post.id
