"""The waitlist: one time for one person, one after another, and nobody learns of anybody else."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.test import TestResponse

from jobs.housekeeping import erase_leads
from portal.booking.models import Consultation, WaitlistEntry, WaitlistOffer
from portal.booking.rules import OfferState, WaitlistState, new_form_id
from portal.booking.views.area import mail_words
from portal.booking.waitlist import leave_waitlist, offer_times
from portal.booking.wishes import (
    ALL_PARTS,
    ALL_WEEKDAYS,
    LEAST_KEPT,
    MOST_OPEN_OFFERS,
    MOST_UNANSWERED,
    Wishes,
    kept_until,
    may_ask_now,
    part_of_day,
)
from portal.clock import utc_now
from portal.diary.models import OccupiedInterval
from portal.extensions import db
from portal.notices.models import MessageKind, MessagePart
from portal.security.viewer import JobFor, TokenPurpose
from portal.shortform.models import BroughtResult
from portal.transaction import current_session, transaction
from tests.booking.visit import open_diary, soup, token_of
from tests.shortform.answering import MIXED
from tests.shortform.answering import Person as Guest
from tests.support.cast import Cast, client_of, make_cast

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)  # a working day's morning in London
HOUR = timedelta(hours=1)
ANSWERS = {
    "first_name": "Noor",
    "weekdays": ["1", "2", "4", "8", "16"],
    "parts": ["1"],
    "partner_knows": "no",
    "agreed": "y",
    "zone": "Europe/London",
}


class TestWishes:
    @given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - aware by `timezones`
    def test_all_days_and_parts_suit_any_time_and_none_suit_none(self, start: datetime) -> None:
        assert Wishes(ALL_WEEKDAYS, ALL_PARTS, "Australia/Lord_Howe").suit(start)
        assert not Wishes(0, ALL_PARTS, "UTC").suit(start)
        assert not Wishes(ALL_WEEKDAYS, 0, "UTC").suit(start)

    def test_the_persons_own_clock_decides(self) -> None:
        start = datetime(2026, 11, 23, 23, tzinfo=UTC)  # Tuesday morning in Tokyo
        assert Wishes(0b10, 1, "Asia/Tokyo").suit(start)
        assert not Wishes(0b1, ALL_PARTS, "Asia/Tokyo").suit(start)
        assert [part_of_day(hour) for hour in (0, 11, 12, 16, 17, 23)] == [1, 1, 2, 2, 4, 4]

    @given(st.integers(0, 10_000), st.integers(0, 3_000))
    def test_a_time_is_kept_four_hours_at_most_and_never_past_its_notice(
        self, begins_in: int, notice: int
    ) -> None:
        start = MONDAY + timedelta(minutes=begins_in)
        until = kept_until(start, notice_minutes=notice, now=MONDAY)
        if until is None:
            assert start - timedelta(minutes=notice) - MONDAY < LEAST_KEPT
        else:
            assert LEAST_KEPT <= until - MONDAY <= 4 * HOUR
            assert until + timedelta(minutes=notice) <= start

    def test_nobody_is_asked_at_night(self) -> None:
        assert may_ask_now("Europe/London", MONDAY)
        assert not may_ask_now("America/Los_Angeles", MONDAY)


@dataclass
class List:
    """The waitlist of the cast's therapist, as visitors and the sweeper meet it."""

    app: Flask
    cast: Cast
    client: FlaskClient

    def form(self, **answers: object) -> dict[str, object]:
        page = self.client.get("/consultations/waitlist")
        signer = self.app.extensions["signer"]
        key = signer.sign_id(TokenPurpose.BOOKING_FORM, new_form_id(utc_now() - timedelta(minutes=2)))
        return {
            "form_token": token_of(page),
            "form_key": key,
            "email": "noor@example.org",
            **ANSWERS,
            **answers,
        }

    def join(self, **answers: object) -> TestResponse:
        return self.client.post("/consultations/waitlist", data=self.form(**answers))

    def sweep(self) -> int:
        with self.app.app_context():
            with transaction() as session:
                made = offer_times(session, self.cast.therapist.person_id, mail=mail_words(), now=utc_now())
            db.session.remove()
            return made

    def offers(self) -> list[WaitlistOffer]:
        with self.app.app_context(), transaction() as session:
            return list(session.scalars(select(WaitlistOffer).order_by(WaitlistOffer.created_at)))

    def entries(self) -> list[WaitlistEntry]:
        with self.app.app_context(), transaction() as session:
            return list(session.scalars(select(WaitlistEntry).order_by(WaitlistEntry.created_at)))

    def page(self, offer: WaitlistOffer, act: str = "") -> str:
        token = self.app.extensions["signer"].sign_id(TokenPurpose.WAITLIST_OFFER, offer.id)
        return f"/consultations/waitlist/offers/{token}{act}"

    def press(self, offer: WaitlistOffer, act: str) -> TestResponse:
        token = self.app.extensions["signer"].form_token(None)
        return self.client.post(self.page(offer, act), data={"form_token": token})


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=True) as traveller:
        yield traveller


@pytest.fixture
def waitlist(clock: time_machine.Traveller, app: Flask, cast: Cast) -> List:
    open_diary(app, cast.therapist)
    return List(app, cast, client_of(app, None))


class TestJoining:
    def test_leads_to_a_page_of_ones_own_and_a_neutral_mail(self, waitlist: List) -> None:
        joined = waitlist.join()
        assert joined.status_code == 303
        page = waitlist.client.get(joined.headers["Location"])
        assert "You are on the list" in page.text
        assert "Monday, Tuesday, Wednesday, Thursday, Friday" in page.text
        with waitlist.app.app_context(), transaction() as session:
            (part,) = session.scalars(select(MessagePart))
            assert part.kind is MessageKind.WAITLIST_JOINED
            assert "Noor" not in part.facts

    def test_the_same_form_sent_twice_joins_once(self, waitlist: List) -> None:
        form = waitlist.form()
        pages = {
            waitlist.client.post("/consultations/waitlist", data=form).headers["Location"] for _ in range(2)
        }
        assert len(pages) == 1
        assert len(waitlist.entries()) == 1

    @pytest.mark.parametrize(
        "answers",
        [
            {"weekdays": []},
            {"parts": []},
            {"weekdays": ["128"]},
            {"parts": ["1", "x"]},
            {"email": "a@b\r\nBcc: c@d"},
            {"first_name": "\u200b"},
            {"zone": "Mars/Olympus"},
            {"agreed": ""},
            {"form_key": "x"},
            {"partner_knows": "perhaps"},
        ],
    )
    def test_what_is_wrong_is_marked_and_what_was_typed_stays(
        self, waitlist: List, answers: dict[str, object]
    ) -> None:
        answer = waitlist.join(**{"first_name": "Noor", **answers})
        assert answer.status_code == 422
        assert waitlist.entries() == []
        if "form_key" not in answers:
            assert soup(answer).select(".notice.problem")

    def test_a_program_gets_the_page_it_hopes_for_and_nothing_is_kept(self, waitlist: List) -> None:
        answer = waitlist.join(website="https://spam.example")
        assert "You are on the list" in answer.text
        assert waitlist.entries() == []

    def test_nobody_can_be_flooded_with_mails(self, waitlist: List) -> None:
        assert [waitlist.join().status_code for _ in range(4)] == [303, 303, 303, 429]

    def test_opening_the_page_changes_nothing_and_leaving_is_one_press(self, waitlist: List) -> None:
        page = waitlist.join().headers["Location"]
        for _ in range(2):
            assert waitlist.client.get(page).status_code == 200
        token = waitlist.app.extensions["signer"].form_token(None)
        for _ in range(2):
            assert waitlist.client.post(f"{page}/leave", data={"form_token": token}).status_code == 303
        assert "no longer on the list" in waitlist.client.get(page).text
        assert waitlist.entries()[0].state is WaitlistState.LEFT


class TestOffers:
    def test_go_to_who_waits_longest_and_whom_the_time_suits_with_a_message_that_names_nobody(
        self, waitlist: List
    ) -> None:
        waitlist.join(email="never@example.org", parts=["4"])
        waitlist.join(email="first@example.org", weekdays=["4"])
        assert waitlist.sweep() == 1
        (offer,) = waitlist.offers()
        assert offer.starts_at == datetime(2026, 11, 25, 9, tzinfo=UTC)
        assert offer.entry_id == waitlist.entries()[1].id
        page = waitlist.client.get(waitlist.page(offer)).text
        assert "This time is kept for you" in page
        assert "never@" not in page
        assert waitlist.sweep() == 0, "one open offer a person"

    def test_keep_the_time_from_visitors_until_they_run_out_and_then_go_to_the_next(
        self, waitlist: List, clock: time_machine.Traveller
    ) -> None:
        wednesday = datetime(2026, 11, 25, 9, tzinfo=UTC)
        waitlist.join(email="a@example.org", weekdays=["4"])
        assert f"{wednesday:%Y-%m-%dT%H:%M:%SZ}" in waitlist.client.get("/consultations/times").text
        waitlist.sweep()
        (offer,) = waitlist.offers()
        assert offer.starts_at == wednesday
        assert f"{wednesday:%Y-%m-%dT%H:%M:%SZ}" not in waitlist.client.get("/consultations/times").text
        waitlist.join(email="b@example.org", weekdays=["4"])
        clock.move_to(MONDAY + timedelta(hours=4, minutes=1))
        assert waitlist.sweep() == 2
        first, *others = waitlist.offers()
        assert first.state is OfferState.EXPIRED
        assert {one.starts_at: one.entry_id for one in others}[wednesday] == waitlist.entries()[1].id
        assert waitlist.press(offer, "/take").status_code == 409

    def test_take_books_once_by_the_way_every_booking_goes(self, waitlist: List) -> None:
        waitlist.join()
        waitlist.sweep()
        (offer,) = waitlist.offers()
        places = {waitlist.press(offer, "/take").headers["Location"].rpartition("/")[2] for _ in range(2)}
        assert len(places) == 1
        with waitlist.app.app_context(), transaction() as session:
            (consultation,) = session.scalars(select(Consultation))
            assert (consultation.occupied_id, consultation.starts_at) == (offer.occupied_id, offer.starts_at)
            assert not session.get_one(OccupiedInterval, offer.occupied_id).is_released
            assert consultation.partner_name == ""
        assert waitlist.entries()[0].state is WaitlistState.BOOKED
        assert waitlist.sweep() == 0

    def test_refuse_frees_the_time_and_the_same_time_is_not_offered_again(self, waitlist: List) -> None:
        waitlist.join()
        waitlist.sweep()
        (offer,) = waitlist.offers()
        assert waitlist.press(offer, "/refuse").status_code == 303
        assert "You let this time go" in waitlist.client.get(waitlist.page(offer)).text
        assert waitlist.press(offer, "/take").status_code == 409
        assert waitlist.sweep() == 1
        assert waitlist.offers()[1].starts_at > offer.starts_at

    def test_never_empty_a_diary_and_end_for_who_never_answers(
        self, waitlist: List, clock: time_machine.Traveller
    ) -> None:
        for number in range(MOST_OPEN_OFFERS + 2):
            waitlist.join(email=f"{number}@example.org")
        assert waitlist.sweep() == MOST_OPEN_OFFERS
        assert waitlist.sweep() == 0
        for day in range(1, MOST_UNANSWERED + 1):
            clock.move_to(MONDAY + timedelta(days=day))
            waitlist.sweep()
        assert [one.state for one in waitlist.entries()][:MOST_OPEN_OFFERS] == [
            WaitlistState.LEFT
        ] * MOST_OPEN_OFFERS

    def test_two_sweeps_at_once_offer_one_time_once(
        self, either_app: Flask, clock: time_machine.Traveller
    ) -> None:
        with either_app.app_context(), transaction() as session:
            cast = make_cast(session)
        open_diary(either_app, cast.therapist)
        both = List(either_app, cast, client_of(either_app, None))
        both.join()
        with ThreadPoolExecutor(2) as pool:
            made = list(pool.map(lambda _number: both.sweep(), range(2)))
        assert sorted(made) == [0, 1]
        (offer,) = both.offers()
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda act: both.press(offer, act).status_code, ["/take", "/refuse"]))
        assert sorted(answers) in ([303, 409], [303, 303])
        assert both.offers()[0].state in {OfferState.TAKEN, OfferState.REFUSED}


def test_the_therapist_sees_who_waits_and_can_remove_them(waitlist: List) -> None:
    waitlist.join()
    jane, sam = (client_of(waitlist.app, one) for one in (waitlist.cast.therapist, waitlist.cast.stranger))
    page = jane.get("/requests/waitlist")
    assert "Noor" in page.text
    assert "Do not contact the partner." in page.text
    assert "Noor" not in sam.get("/requests/waitlist").text
    entry = waitlist.entries()[0]
    token = token_of(page)
    assert sam.post(f"/requests/waitlist/{entry.id}/remove", data={"form_token": token}).status_code in {
        400,
        404,
    }
    assert jane.post(f"/requests/waitlist/{entry.id}/remove", data={"form_token": token}).status_code == 303
    assert "Nobody is waiting" in jane.get("/requests/waitlist").text


def test_who_waited_longer_than_leads_are_kept_is_erased(
    waitlist: List, clock: time_machine.Traveller
) -> None:
    page = waitlist.join().headers["Location"]
    assert waitlist.client.get(page).status_code == 200
    with waitlist.app.app_context():
        assert erase_leads(utc_now() + timedelta(days=89)) == 0
        assert erase_leads(utc_now() + timedelta(days=91)) == 1
        db.session.remove()
    assert waitlist.client.get(page).status_code == 404
    assert waitlist.entries()[0].state is WaitlistState.LEFT
    assert waitlist.sweep() == 0


class TestAShortTestThatWasBroughtAlong:
    @pytest.fixture
    def joined(self, waitlist: List) -> List:
        """Noor joins the list by the link of the free times, with the result of a short test."""
        noor = Guest(waitlist.app, waitlist.client)
        noor.get("/short-test/statements")
        noor.send("/short-test/result", **MIXED)
        noor.send("/short-test/bring")
        carried = parse_qs(urlsplit(noor.page.location).query)
        page = waitlist.client.get("/consultations/waitlist", query_string=carried)
        assert "The result of your short test waits with you" in page.text
        key = BeautifulSoup(page.text, "html.parser").select_one("[name=form_key]")
        assert key is not None
        with time_machine.travel(utc_now() + timedelta(minutes=2), tick=True):
            typed = waitlist.form(form_key=str(key["value"]))
            assert waitlist.client.post("/consultations/waitlist", data=typed).status_code == 303
        return waitlist

    def test_stands_with_the_booking_that_comes_of_it(self, joined: List) -> None:
        joined.sweep()
        (offer,) = joined.offers()
        joined.press(offer, "/take")
        with joined.app.app_context():
            lead = current_session().scalars(select(Consultation)).one()
            brought = current_session().scalars(select(BroughtResult)).one()
            assert (brought.person_id, brought.consultation_id) == (lead.person_id, lead.id)
            assert brought.expires_at is None
        assert "Taking shape" in client_of(joined.app, joined.cast.therapist).get(f"/requests/{lead.id}").text

    def test_stands_on_the_therapists_list_and_on_nobody_elses(self, joined: List) -> None:
        joined.join(email="tom@example.org", first_name="Tom")
        jane, sam = (client_of(joined.app, who) for who in (joined.cast.therapist, joined.cast.stranger))
        tom, noor = soup(jane.get("/requests/waitlist")).select("div.need")
        assert "Taking shape" in noor.text
        assert "What they brought" not in tom.text
        assert "The page for both" not in noor.text, "the partner does not know"
        assert "What they brought" not in sam.get("/requests/waitlist").text

    def test_goes_with_whoever_leaves_the_list(self, joined: List) -> None:
        with joined.app.app_context(), transaction() as session:
            entry = session.scalars(select(WaitlistEntry)).one()
            kept = session.scalars(select(BroughtResult)).one()
            assert (kept.person_id, kept.other) == (entry.person_id, "")
            leave_waitlist(session, JobFor(entry.id), entry, now=utc_now())
            assert session.scalars(select(BroughtResult)).all() == []

    def test_does_not_stand_on_the_page_of_anybody_else(self, joined: List) -> None:
        assert "short test" not in client_of(joined.app, None).get("/consultations/waitlist").text
