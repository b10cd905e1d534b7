"""After a booking stands: its own page, moving, cancelling, writing, the second person, and what the therapist sees."""

import json
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from portal.booking.erasing import erase_due, erase_lead
from portal.booking.models import Attendance, Consultation, ConsultationMessage, ConsultationStatus, EndedBy
from portal.clock import utc_now
from portal.diary.models import ConsultationTypeRow
from portal.diary.rules import Slot
from portal.notices.models import MessageKind, MessagePart
from portal.people.models import Person
from portal.security.crypto import OwnerKind
from portal.security.sealed import DataKey
from portal.security.viewer import JobFor, TokenPurpose
from portal.transaction import current_session, transaction
from tests.booking.visit import Visitor, free_slots_of, iso, soup, token_of
from tests.support.cast import Cast, client_of

MINUTES_OF_A_DAY = 24 * 60


@pytest.fixture
def page(guest: Visitor, slots: list[Slot]) -> str:
    """The own page of one request that waits, some days ahead."""
    answer = guest.book(slots[20].start, words="He hits me sometimes.", partner_knows="yes")
    return urlsplit(answer.headers["Location"]).path


@pytest.fixture
def desk(app: Flask, opened: Cast) -> FlaskClient:
    return client_of(app, opened.therapist)


@pytest.fixture
def reader(app: Flask) -> FlaskClient:
    return client_of(app, None)


def the_one(app: Flask) -> Consultation:
    with app.app_context():
        return current_session().scalars(select(Consultation)).one()


def post(client: FlaskClient, page: str, verb: str, **typed: str) -> tuple[int, str]:
    shown = client.get(page)
    has_form = soup(shown).select_one("[name=form_token]") is not None
    token = token_of(shown if has_form else client.get("/sign-in"))
    answer = client.post(f"{page}/{verb}", data={"form_token": token, **typed})
    return answer.status_code, answer.text


def lead_of(app: Flask) -> str:
    return f"/requests/{the_one(app).id}"


def confirm(app: Flask, desk: FlaskClient) -> None:
    assert post(desk, lead_of(app), "confirm")[0] == 303


def mails(app: Flask, kind: MessageKind) -> list[dict[str, str]]:
    with app.app_context():
        parts = current_session().scalars(
            select(MessagePart).where(MessagePart.kind == kind).order_by(MessagePart.created_at)
        )
        return [json.loads(part.facts)["facts"] for part in parts]


def said(page: str) -> str:
    return BeautifulSoup(page, "html.parser").get_text(" ")


def narrow(app: Flask, *, move: int, cancel: int) -> None:
    with app.app_context(), transaction() as session:
        session.execute(
            update(ConsultationTypeRow).values(move_until_minutes=move, cancel_until_minutes=cancel)
        )


class TestTheOwnPage:
    def test_is_not_changed_by_whoever_opens_every_link_of_it(
        self, app: Flask, page: str, reader: FlaskClient
    ) -> None:
        before = the_one(app)
        for link in ("", "/move", "/cancel", "/event.ics"):
            for _ in range(3):
                assert reader.get(page + link).status_code == 200
        after = the_one(app)
        assert (after.status, after.calendar_sequence, after.starts_at) == (
            before.status,
            0,
            before.starts_at,
        )

    def test_of_an_altered_cut_or_foreign_token_is_one_and_the_same(
        self, app: Flask, page: str, reader: FlaskClient
    ) -> None:
        foreign = app.extensions["signer"].sign_id(TokenPurpose.CONSULTATION_GUEST, the_one(app).id)
        pages = {
            page[:-3],
            page[:-2] + ("A" if page[-2] != "A" else "B") + page[-1],
            f"/consultations/{foreign}",
            "/consultations/x.y",
            f"/joined/{foreign}",
        }
        texts = set()
        for wrong in pages:
            answer = reader.get(wrong)
            assert answer.status_code == 404
            texts.add(soup(answer).main.get_text(" ").split("number")[0][:120])  # type: ignore[union-attr]
        assert len(texts) == 1


class TestMoving:
    def test_takes_the_new_time_frees_the_old_and_tells_both_with_a_higher_sequence(
        self, app: Flask, page: str, reader: FlaskClient, slots: list[Slot], opened: Cast
    ) -> None:
        confirm(app, client_of(app, opened.therapist))
        assert post(reader, page, "move", start=iso(slots[25].start))[0] == 303
        moved = the_one(app)
        assert (moved.starts_at, moved.previous_starts_at) == (slots[25].start, slots[20].start)
        assert moved.status is ConsultationStatus.CONFIRMED and moved.settled_at is not None
        free = free_slots_of(app, opened)
        assert slots[20] in free and slots[25] not in free
        [mail] = mails(app, MessageKind.CONSULTATION_MOVED)
        assert "SEQUENCE:2" in mail["ics"] and str(moved.id) in mail["ics"]
        assert len(mails(app, MessageKind.THERAPIST_NOTICE)) == 1

    def test_to_what_is_taken_or_not_offered_leaves_the_old_time(
        self, app: Flask, guest: Visitor, slots: list[Slot], reader: FlaskClient
    ) -> None:
        page = urlsplit(guest.book(slots[3].start).headers["Location"]).path
        guest.book(slots[4].start, email="other@example.org")
        assert post(reader, page, "move", start=iso(slots[4].start))[0] == 409
        assert post(reader, page, "move", start="2027-01-01T03:00:00Z")[0] == 422
        assert post(reader, page, "move", start="never")[0] == 422
        with app.app_context():
            starts = set(current_session().scalars(select(Consultation.starts_at)))
        assert starts == {slots[3].start, slots[4].start}

    def test_on_a_page_that_is_out_of_date_does_nothing(
        self, app: Flask, page: str, reader: FlaskClient, desk: FlaskClient, slots: list[Slot]
    ) -> None:
        confirm(app, desk)
        status, text = post(reader, page, "move", start=iso(slots[25].start), seen="0")
        assert status == 409 and "changed meanwhile" in text
        assert the_one(app).starts_at == slots[20].start

    def test_within_the_window_is_refused_with_words_and_a_message_box(
        self, app: Flask, page: str, reader: FlaskClient, slots: list[Slot]
    ) -> None:
        narrow(app, move=60 * MINUTES_OF_A_DAY, cancel=60)
        shown = reader.get(page).text
        assert "/move" not in shown and "/cancel" in shown and "too late to move it here" in shown
        status, text = post(reader, page, "move", start=iso(slots[25].start))
        assert status == 409 and "too late" in text and "/message" in text

    def test_by_the_therapist_ignores_visitors_limits_but_not_the_diary(
        self, app: Flask, page: str, guest: Visitor, desk: FlaskClient, slots: list[Slot]
    ) -> None:
        guest.book(slots[22].start, email="other@example.org")
        with app.app_context():
            lead = (
                current_session()
                .scalars(select(Consultation).where(Consultation.starts_at == slots[20].start))
                .one()
            )
        path, taken = f"/requests/{lead.id}", slots[22].start
        day = {"to-on": f"{taken:%Y-%m-%d}", "to-at": f"{taken:%H:%M}", "to-seen": "0"}
        status, text = post(desk, path, "move", **day)
        assert status == 409 and "Something else is in your diary then" in text
        sunday = (slots[20].start + timedelta(days=6 - slots[20].start.weekday())).date()
        assert post(desk, path, "move", **{"to-on": sunday.isoformat(), "to-at": "07:10"})[0] == 303
        with app.app_context():
            moved = current_session().get_one(Consultation, lead.id)
        assert (moved.starts_at.date(), moved.status) == (sunday, ConsultationStatus.CONFIRMED)
        for wrong in (
            {"to-on": "x", "to-at": "07:10"},
            {"to-on": "2020-01-01", "to-at": "07:10"},
            {"to-at": "77"},
        ):
            assert post(desk, path, "move", **wrong)[0] == 422


class TestCancelling:
    def test_frees_the_time_and_twice_is_once(
        self, app: Flask, page: str, reader: FlaskClient, slots: list[Slot], opened: Cast
    ) -> None:
        assert [post(reader, page, "cancel")[0] for _ in range(2)] == [303, 303]
        gone = the_one(app)
        assert (gone.status, gone.ended_by) == (ConsultationStatus.CANCELLED, EndedBy.VISITOR)
        assert slots[20] in free_slots_of(app, opened)
        [mail] = mails(app, MessageKind.CONSULTATION_CANCELLED)
        assert "METHOD:CANCEL" in mail["ics"] and "SEQUENCE:1" in mail["ics"]

    def test_by_the_therapist_apologises_and_one_press_books_again(
        self, app: Flask, page: str, reader: FlaskClient, desk: FlaskClient
    ) -> None:
        confirm(app, desk)
        assert post(desk, lead_of(app), "cancel", **{"off-words": "My train stands still."})[0] == 303
        shown = reader.get(page)
        assert "We are sorry" in shown.text and "My train stands still." in shown.text
        times = [str(one["value"]) for one in soup(shown).select("button[name=start]")]
        assert len(times) == 3
        answers = [post(reader, page, "again", start=start) for start in (times[0], times[0], times[1])]
        assert [status for status, _ in answers] == [303, 303, 409]
        with app.app_context():
            first, second = current_session().scalars(select(Consultation).order_by(Consultation.created_at))
            assert second.status is ConsultationStatus.REQUESTED and second.words == first.words
            names = [current_session().get_one(Person, one.person_id).first_name for one in (first, second)]
        assert names == ["Ana", "Ana"]
        assert all("train" not in json.dumps(mail) for kind in MessageKind for mail in mails(app, kind))

    def test_after_a_no_to_the_person_offers_nothing_instead(
        self, app: Flask, page: str, reader: FlaskClient, desk: FlaskClient, slots: list[Slot]
    ) -> None:
        assert post(desk, lead_of(app), "decline", **{"no-reason": "region"})[0] == 303
        shown = reader.get(page)
        assert "some regions" in shown.text and not soup(shown).select("button[name=start]")
        assert post(reader, page, "again", start=iso(slots[25].start))[0] == 409


class TestWords:
    def test_go_to_the_page_of_the_other_side_and_into_no_mail(
        self, app: Flask, page: str, reader: FlaskClient, desk: FlaskClient
    ) -> None:
        assert post(reader, page, "message", words="I may be ten minutes late.")[0] == 303
        assert "ten minutes late" in desk.get(lead_of(app)).text
        assert "Messages 1" in desk.get("/requests").text
        assert post(desk, lead_of(app), "message", **{"say-words": "That is quite all right."})[0] == 303
        assert "quite all right" in reader.get(page).text
        assert "Messages 0" in desk.get("/requests").text
        assert len(mails(app, MessageKind.CONSULTATION_MESSAGE)) == 1
        said = json.dumps([mail for kind in MessageKind for mail in mails(app, kind)])
        assert "minutes late" not in said and "quite" not in said

    def test_have_limits_and_keep_what_was_typed(self, app: Flask, page: str, reader: FlaskClient) -> None:
        status, text = post(reader, page, "message", words="x" * 1001)
        assert status == 422 and "x" * 1001 in text
        statuses = [post(reader, page, "message", words=f"line {number}")[0] for number in range(9)]
        assert statuses == [303] * 8 + [429]

    def test_that_alarm_are_marked_for_the_therapist_only(
        self, app: Flask, page: str, reader: FlaskClient, desk: FlaskClient
    ) -> None:
        assert "<mark>hits me</mark>" in desk.get(lead_of(app)).text
        assert "<mark>" not in reader.get(page).text


class TestAnAddressThatSendsMailsBack:
    def test_is_told_on_the_page_and_can_be_replaced(
        self, app: Flask, page: str, reader: FlaskClient, desk: FlaskClient
    ) -> None:
        assert post(reader, page, "address", email="new@example.org")[0] == 409
        with app.app_context(), transaction() as session:
            session.execute(update(Person).values(email_bounced_at=utc_now()))
        assert "mails do not reach you" in reader.get(page).text
        assert "Mails come back" in desk.get(lead_of(app)).text
        assert post(reader, page, "address", email="new@example.org, b@example.org")[0] == 422
        assert post(reader, page, "address", email="new@example.org")[0] == 303
        assert "do not reach you" not in reader.get(page).text
        with app.app_context():
            person = current_session().get_one(Person, the_one(app).person_id)
            assert person.email == "new@example.org" and person.email_bounced_at is None


class TestTheSecondPerson:
    JOINING = {"first_name": "Ben", "zone": "America/New_York", "email": "ben.own@example.org", "agreed": "y"}  # noqa: RUF012

    def joined(self, reader: FlaskClient, page: str, **typed: str) -> str:
        field = soup(reader.get(page)).select_one("#pass-on")
        assert field is not None
        self.way = urlsplit(str(field["value"])).path
        data = {"form_token": token_of(reader.get(self.way)), **self.JOINING, **typed}
        return urlsplit(reader.post(self.way, data=data).headers["Location"]).path

    def test_joins_by_a_link_and_neither_sees_what_the_other_gave(
        self, app: Flask, page: str, reader: FlaskClient, desk: FlaskClient
    ) -> None:
        own = self.joined(reader, page)
        theirs, bookers = reader.get(own).text, reader.get(page).text
        assert "New York" in theirs and not {"Ana", "Sundays", "hits me", "ana.new"} & set(theirs.split())
        assert all(word not in theirs for word in ("Ana", "hits me", "ana.new@example.org"))
        assert all(word not in bookers for word in ("ben.own", "New York", own))
        [mail] = mails(app, MessageKind.CONSULTATION_BOOKED)[1:]
        assert "New York" in mail["when"] and "TZID=America/New_York" in mail["ics"] and own in mail["link"]
        calendar = reader.get(f"{own}/event.ics").text
        assert "Europe/London" not in calendar and "New_York" in calendar
        assert "ben.own@example.org" in desk.get(lead_of(app)).text
        again = {"form_token": token_of(reader.get(page)), **self.JOINING}
        assert reader.post(self.way, data=again).status_code == 409

    def test_gets_own_mails_and_after_withdrawing_none(
        self, app: Flask, page: str, reader: FlaskClient, desk: FlaskClient
    ) -> None:
        own = self.joined(reader, page)
        guest_id = the_one(app).guest_id
        confirm(app, desk)
        assert len(mails(app, MessageKind.CONSULTATION_CONFIRMED)) == 2
        assert post(reader, own, "leave")[0] == 303
        assert reader.get(own).status_code == 404
        with app.app_context():
            person = current_session().get_one(Person, guest_id)
            assert person.erased_at is not None and person.email == "" and person.email_code is None
        assert post(reader, page, "cancel")[0] == 303
        assert len(mails(app, MessageKind.CONSULTATION_CANCELLED)) == 1

    def test_is_not_spoken_of_where_the_partner_does_not_know(
        self, guest: Visitor, slots: list[Slot], reader: FlaskClient
    ) -> None:
        page = guest.book(slots[9].start, partner_knows="no").headers["Location"]
        assert "Ben" not in reader.get(page).text and "pass-on" not in reader.get(page).text


class TestAttendance:
    def test_is_noted_once_it_began_and_writes_once_if_nobody_came(
        self, app: Flask, page: str, desk: FlaskClient, opened: Cast
    ) -> None:
        confirm(app, desk)
        nobody = {"booker": "missed", "partner": "unknown"}
        assert post(desk, lead_of(app), "attendance", **nobody)[0] == 409
        with time_machine.travel(the_one(app).starts_at + timedelta(minutes=15), tick=False):
            later = client_of(app, opened.therapist)
            for came in (nobody, {"booker": "came", "partner": "missed"}, nobody):
                assert post(later, lead_of(app), "attendance", **came)[0] == 303
            assert post(later, lead_of(app), "attendance", booker="late")[0] == 422
            shown = client_of(app, None).get(page).text
            assert "We did not meet" in shown and "See every free time" in shown
        assert the_one(app).attendance is Attendance.MISSED
        assert len(mails(app, MessageKind.CONSULTATION_MISSED)) == 1


class TestWhatCameBefore:
    def test_is_shown_to_the_therapist_and_merged_without_anybody_hearing(
        self, app: Flask, page: str, guest: Visitor, slots: list[Slot], desk: FlaskClient
    ) -> None:
        other = guest.book(slots[8].start, first_name="Anna").headers["Location"]
        with app.app_context():
            first, second = current_session().scalars(select(Consultation).order_by(Consultation.created_at))
        path = f"/requests/{second.id}"
        before = guest.client.get(other).text
        assert str(first.id) in desk.get(path).text
        assert post(desk, path, "merge", other=str(second.id))[0] == 409
        assert post(desk, path, "merge", other=str(first.id))[0] == 303
        assert post(desk, f"/requests/{first.id}", "merge", other=str(second.id))[0] == 409
        assert "Belongs to another request" in desk.get(path).text
        assert said(before) == said(guest.client.get(other).text)
        assert post(desk, path, "part")[0] == 303


class TestErasing:
    def test_destroys_the_key_ninety_days_after_the_end_and_keeps_what_counts(
        self, app: Flask, page: str, reader: FlaskClient, desk: FlaskClient, opened: Cast
    ) -> None:
        post(reader, page, "message", words="Please.")
        lead = the_one(app)
        early, late = (lead.ends_at + timedelta(days=90, minutes=minutes) for minutes in (-1, 1))
        assert self.erase(app, early) == 0 and self.erase(app, late) == 1 and self.erase(app, late) == 0
        gone = the_one(app)
        assert gone.erased_at == late and gone.words_sealed is None and gone.status is lead.status
        with app.app_context():
            session = current_session()
            person = session.get_one(Person, gone.person_id)
            assert (person.first_name_sealed, person.email_code) == (None, None)
            owner = (DataKey.owner_kind == OwnerKind.PERSON, DataKey.owner_id == person.id)
            assert session.scalar(select(DataKey).where(*owner)) is None
            assert session.scalars(select(ConsultationMessage)).one().words_sealed is None
        assert "Nothing is kept here" in reader.get(page).text
        assert reader.get(f"{page}/move").status_code == 303
        assert post(reader, page, "message", words="Still here?")[0] == 409
        shown = desk.get(lead_of(app))
        assert shown.status_code == 200 and "An erased request" in shown.text and "Ana" not in shown.text

    def test_leaves_a_couple_alone(self, app: Flask, page: str, opened: Cast) -> None:
        with app.app_context(), transaction() as session:
            session.execute(update(Consultation).values(couple_id=opened.couple_id))
        assert self.erase(app, the_one(app).ends_at + timedelta(days=400)) == 0

    def test_of_chosen_requests_frees_their_times_and_writes_to_nobody(
        self, app: Flask, page: str, desk: FlaskClient, slots: list[Slot], opened: Cast
    ) -> None:
        lead = the_one(app)
        with app.app_context():
            before = len(current_session().scalars(select(MessagePart.id)).all())
        asked = desk.get("/requests/purge", query_string={"chosen": [str(lead.id), "nonsense"]})
        assert "Ana" in asked.text and the_one(app).erased_at is None
        typed = {"form_token": token_of(asked), "chosen": [str(lead.id)]}
        stranger = client_of(app, opened.stranger)
        foreign = {"form_token": token_of(stranger.get("/requests/purge")), "chosen": [str(lead.id)]}
        stranger.post("/requests/purge", data=foreign)
        assert the_one(app).erased_at is None
        assert desk.post("/requests/purge", data=typed).status_code == 303
        gone = the_one(app)
        assert gone.erased_at is not None and gone.status is ConsultationStatus.CANCELLED
        assert slots[20] in free_slots_of(app, opened)
        with app.app_context():
            assert len(current_session().scalars(select(MessagePart.id)).all()) == before

    def test_leaves_alone_what_was_moved_since_it_was_found(self, app: Flask, page: str) -> None:
        with app.app_context(), transaction() as session:
            lead = session.scalars(select(Consultation)).one()
            seen, later = lead.calendar_sequence, lead.ends_at + timedelta(days=100)
            moved = update(Consultation).values(calendar_sequence=seen + 1, ends_at=later)
            session.execute(moved.execution_options(synchronize_session=False))
            assert not erase_lead(session, JobFor(lead.id), lead, lead.ends_at + timedelta(days=91))
        kept = the_one(app)
        assert (kept.erased_at, kept.calendar_sequence, kept.ends_at) == (None, seen + 1, later)
        assert kept.words_sealed is not None

    def erase(self, app: Flask, now: datetime) -> int:
        with app.app_context(), transaction() as session:
            return erase_due(session, now)
