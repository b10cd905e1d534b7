"""Rounds with real servers, on both engines: read, write, ask; cut off anywhere; nobody there."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from jobs.calendars import sync
from portal.booking.models import Consultation
from portal.booking.rules import ConsultationStatus, PartnerKnows
from portal.calendars.caldav import find_calendars
from portal.calendars.exchange import Outcome
from portal.calendars.models import (
    CalendarQuestion,
    FoundChange,
    OutsideCalendar,
    OutsideKind,
    OutsideState,
    QuestionAnswer,
    WrittenEvent,
)
from portal.calendars.queries import conflicts_of, open_questions
from portal.calendars.rounds import Overtaken, keep_outcome, load_order, owe_round_now, owe_rounds
from portal.calendars.rules import CalendarRefused, Failure
from portal.calendars.service import NewCalendar, add_outside, remove_outside
from portal.calendars.transport import Elsewhere
from portal.clock import utc_now
from portal.diary.models import BusyInterval, OccupiedInterval, OccupiedKind
from portal.diary.service import hold_diary, move_occupied, release
from portal.failpoints import Struck
from portal.outbox import OutboxEntry, OutboxState
from portal.queueing import JobName
from portal.security.viewer import JobFor
from portal.transaction import current_session, transaction
from tests.calendars.hostile import HOSTILE, calendar, event
from tests.support.calendar_server import PASSWORD, USER, Answering, CalDavServer
from tests.support.cast import Cast, client_of, make_cast, make_person
from tests.support.owing import application

HOSTS = ("127.0.0.1",)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = (utc_now() + 3 * DAY).replace(hour=9, minute=0, second=0, microsecond=0)


@dataclass(kw_only=True)
class Desk:
    """Jane's diary, and one calendar of hers elsewhere."""

    app: Flask
    cast: Cast
    calendar_id: UUID

    def round(self) -> OutboxState:
        """Have one round done, as the sweeper and a worker would; tells how it ended."""
        with transaction() as session:
            owe_round_now(session, self.calendar_id, utc_now())
        owed = (
            select(OutboxEntry)
            .where(OutboxEntry.job == JobName.SYNC_CALENDAR, OutboxEntry.subject_id == self.calendar_id)
            .order_by(OutboxEntry.created_at.desc())
            .limit(1)
        )
        outbox_id = current_session().scalars(owed).one().id
        sync(str(outbox_id))
        return current_session().get_one(OutboxEntry, outbox_id, populate_existing=True).state

    @property
    def calendar(self) -> OutsideCalendar:
        return current_session().get_one(OutsideCalendar, self.calendar_id, populate_existing=True)

    def book(self, at: datetime = START, kind: OccupiedKind = OccupiedKind.CONSULTATION) -> UUID:
        """Put something into the diary, a consultation with all that belongs to it."""
        with transaction() as session:
            occupied = OccupiedInterval(
                therapist_id=self.cast.therapist.person_id,
                starts_at=at,
                ends_at=at + HOUR,
                kind=kind,
                code="K7Q",
            )
            session.add(occupied)
            session.flush()
            if kind is OccupiedKind.CONSULTATION:
                person = make_person(session, "Priya", "priya@example.org")
                session.add(
                    Consultation(
                        therapist_id=self.cast.therapist.person_id, person_id=person.id, occupied_id=occupied.id, starts_at=at,
                        ends_at=at + HOUR, zone="Europe/London", status=ConsultationStatus.CONFIRMED,
                        partner_knows=PartnerKnows.NO, partner_name="Tom", words="We argue.", request_code=occupied.id.bytes,
                        body_code=b"2",
                    )
                )  # fmt: skip
            return occupied.id

    def move(self, occupied_id: UUID, to: datetime) -> None:
        with transaction() as session:
            hold_diary(session, self.cast.therapist.person_id, utc_now())
            move_occupied(
                session, session.get_one(OccupiedInterval, occupied_id), starts_at=to, ends_at=to + HOUR
            )

    def release(self, occupied_id: UUID) -> None:
        with transaction() as session:
            release(session, session.get_one(OccupiedInterval, occupied_id))

    def occupied(self, occupied_id: UUID) -> OccupiedInterval:
        return current_session().get_one(OccupiedInterval, occupied_id, populate_existing=True)

    def busy(self) -> list[datetime]:
        return list(
            current_session().scalars(select(BusyInterval.starts_at).order_by(BusyInterval.starts_at))
        )

    def questions(self) -> list[CalendarQuestion]:
        found = select(CalendarQuestion).order_by(CalendarQuestion.created_at)
        return list(current_session().scalars(found.execution_options(populate_existing=True)))

    def in_browser(self, visit: Callable[[FlaskClient], TestResponse]) -> TestResponse:
        """Do something as Jane, signed in, apart from the context that this test stands in."""
        current_session().rollback()
        with ThreadPoolExecutor(1) as aside:
            answer = aside.submit(lambda: visit(client_of(self.app, self.cast.therapist))).result()
        current_session().rollback()
        return answer

    def page(self) -> str:
        return self.see("/calendar/questions")

    def see(self, path: str) -> str:
        """Open a page as the therapist."""
        return self.in_browser(lambda client: client.get(path)).get_data(as_text=True)

    def press(self, path: str, **fields: str) -> int:
        """Press a button of the page of questions."""

        def visit(client: FlaskClient) -> TestResponse:
            page = client.get("/calendar/questions").get_data(as_text=True)
            token = re.search(r'name="form_token" value="([^"]+)"', page)
            return client.post(path, data={"form_token": token[1] if token else "", **fields})

        return self.in_browser(visit).status_code

    def answer(self, words: str) -> int:
        return self.press(f"/calendar/questions/{self.questions()[-1].id}", answer=words)


@pytest.fixture
def cast(database_url: str, tmp_path: Path) -> Iterator[tuple[Flask, Cast]]:
    with application(tmp_path, database_url, calendar_hosts=HOSTS) as app:
        with transaction() as session:
            cast = make_cast(session)
        yield app, cast


def connected(cast: tuple[Flask, Cast], new: NewCalendar) -> Desk:
    with transaction() as session:
        row = add_outside(session, cast[1].therapist.member(), new, utc_now())
    return Desk(app=cast[0], cast=cast[1], calendar_id=row.id)


@pytest.fixture
def by_address(cast: tuple[Flask, Cast], server: Answering) -> Desk:
    return connected(cast, NewCalendar(OutsideKind.ICS, "Private", server.url))


@pytest.fixture
def account(radicale: CalDavServer, request: pytest.FixtureRequest) -> str:
    """The address of a calendar of the test's own."""
    return radicale.add_calendar(f"c{abs(hash(request.node.name)):x}")


@pytest.fixture
def desk(cast: tuple[Flask, Cast], account: str) -> Desk:
    return connected(
        cast, NewCalendar(OutsideKind.CALDAV, "Clinic", account, USER, PASSWORD, is_writing=True)
    )


def at(moment: datetime, *, hours: int = 1, uid: str = "theirs") -> str:
    times = f"DTSTART:{moment:%Y%m%dT%H%M%SZ}\r\nDTEND:{moment + hours * HOUR:%Y%m%dT%H%M%SZ}"
    return f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{times}\r\nSUMMARY:Dentist Qanar\r\nEND:VEVENT\r\n"


class TestByAddress:
    def test_busy_times_are_read_and_replaced(self, by_address: Desk, server: Answering) -> None:
        server.body = calendar(at(START), at(START + DAY, uid="b"))
        assert by_address.round() is OutboxState.DONE
        assert by_address.busy() == [START, START + DAY]
        server.body = calendar(at(START + 2 * DAY))
        by_address.round()
        assert by_address.busy() == [START + 2 * DAY]
        assert by_address.calendar.state is OutsideState.ACTIVE

    def test_a_refused_calendar_keeps_the_old_times_and_says_why_in_a_word(
        self, by_address: Desk, server: Answering
    ) -> None:
        server.body = calendar(at(START))
        by_address.round()
        for name in ("every second", "a negative duration", "50 MB", "a web page"):
            make, failure = HOSTILE[name]
            server.body = make()
            assert by_address.round() is OutboxState.FAILED
            found = by_address.calendar
            assert (found.state, found.failure) == (OutsideState.FAILING, failure.value)
            assert by_address.busy() == [START]
        assert found.succeeded_at is not None
        assert found.succeeded_at < found.checked_at  # type: ignore[operator]  # it has been checked

    def test_a_server_in_trouble_is_asked_again_later(self, by_address: Desk, server: Answering) -> None:
        server.status = 503
        assert by_address.round() is OutboxState.PENDING
        assert by_address.calendar.failure == Failure.ERROR.value

    def test_what_opens_it_is_sealed_and_removal_forgets_all(
        self, by_address: Desk, server: Answering
    ) -> None:
        server.body = calendar(at(START))
        by_address.round()
        row = by_address.calendar
        assert row.address_sealed is not None
        assert server.url.encode() not in row.address_sealed
        with transaction() as session:
            remove_outside(session, by_address.cast.therapist.member(), by_address.calendar)
        assert by_address.busy() == []
        assert current_session().scalars(select(OutboxEntry)).all() == []


class TestRhythm:
    def owed(self) -> int:
        with transaction() as session, suppress(Struck):
            owe_rounds(session, utc_now())
        pending = select(OutboxEntry.id).where(OutboxEntry.state == OutboxState.PENDING)
        return len(current_session().scalars(pending).all())

    def test_every_ten_minutes_and_a_minute_after_a_change_never_two_at_once(self, desk: Desk) -> None:
        desk.round()
        began = utc_now()
        assert self.owed() == 0
        occupied_id = desk.book()
        assert self.owed() == 0
        with time_machine.travel(began + timedelta(seconds=70), tick=False):
            assert self.owed() == self.owed() == 1
            desk.round()
            assert self.owed() == 0
        with time_machine.travel(began + timedelta(seconds=140), tick=False):
            assert self.owed() == 0
            desk.release(occupied_id)
            assert self.owed() == 1
            desk.round()
        with time_machine.travel(began + timedelta(minutes=20), tick=False):
            assert self.owed() == 1

    def test_a_calendar_that_cannot_be_read_is_not_asked_more_often_for_news(self, desk: Desk) -> None:
        with transaction() as session:
            session.get_one(OutsideCalendar, desk.calendar_id).address = "http://127.0.0.1:1/"
            owe = select(OutboxEntry).where(OutboxEntry.subject_id == desk.calendar_id)
            session.scalars(owe).one().state = OutboxState.FAILED
            row = session.get_one(OutsideCalendar, desk.calendar_id)
            row.state, row.checked_at = OutsideState.FAILING, utc_now()
        desk.book()
        with time_machine.travel(utc_now() + timedelta(minutes=5), tick=False):
            assert self.owed() == 0
        with time_machine.travel(utc_now() + timedelta(minutes=11), tick=False):
            assert self.owed() == 1


class TestByAccount:
    @pytest.fixture
    def database_url(self, sqlite_url: str) -> str:
        """One engine is enough for what is about the server; `TestAsking` and the others try both."""
        return sqlite_url

    @pytest.mark.parametrize("path", ["/", f"/{USER}/", f"/{USER}/nothing/", ""])
    def test_calendars_are_found_from_the_server_the_account_and_the_calendar(
        self, radicale: CalDavServer, account: str, path: str
    ) -> None:
        with Elsewhere(HOSTS, auth=(USER, PASSWORD)) as way:
            found = find_calendars(way, radicale.home + path if path else account)
        assert account in {one.address for one in found}
        assert all(one.name.startswith("c") for one in found)

    def test_a_wrong_password_is_told_apart(self, radicale: CalDavServer) -> None:
        with Elsewhere(HOSTS, auth=(USER, "wrong")) as way, pytest.raises(CalendarRefused) as refused:
            find_calendars(way, radicale.home)
        assert refused.value.failure is Failure.REFUSED

    def test_entries_go_there_as_appointments_and_follow_the_diary(
        self, desk: Desk, radicale: CalDavServer, account: str
    ) -> None:
        occupied_id = desk.book()
        own_time = desk.book(START + 3 * HOUR, OccupiedKind.BLOCK)
        radicale.ask("PUT", account + "theirs.ics", calendar(at(START + 6 * HOUR)).decode())
        assert desk.round() is OutboxState.DONE
        entries = radicale.entries(account)
        assert set(entries) == {f"{occupied_id}.ics", f"{own_time}.ics", "theirs.ics"}
        text = entries[f"{occupied_id}.ics"]
        assert "SUMMARY:Appointment" in text
        assert not any(
            word in text for word in ("K7Q", "Priya", "Tom", "argue", "METHOD", "ATTENDEE", "example.org")
        )
        assert desk.busy() == [START + 6 * HOUR]
        desk.move(occupied_id, START + DAY)
        desk.release(own_time)
        desk.round()
        entries = radicale.entries(account)
        assert set(entries) == {f"{occupied_id}.ics", "theirs.ics"}
        assert f"{START + DAY:%Y%m%dT%H%M%S}" in entries[f"{occupied_id}.ics"]
        assert "SEQUENCE:1" in entries[f"{occupied_id}.ics"]
        desk.round()
        assert desk.busy() == [START + 6 * HOUR]
        assert desk.questions() == []

    @pytest.mark.parametrize("place", ["calendars.step", "calendars.before_keep"])
    def test_cut_off_anywhere_the_next_round_repairs_it(
        self, desk: Desk, radicale: CalDavServer, account: str, monkeypatch: pytest.MonkeyPatch, place: str
    ) -> None:
        ids = {desk.book(), desk.book(START + 3 * HOUR)}

        def die(name: str) -> None:
            if name == place:
                raise Struck(name)

        for module in ("portal.calendars.exchange", "jobs.calendars"):
            monkeypatch.setattr(f"{module}.failpoint", die)
        with pytest.raises(Struck):
            desk.round()
        monkeypatch.undo()
        assert current_session().scalars(select(WrittenEvent)).all() == []
        with time_machine.travel(utc_now() + timedelta(minutes=2)):
            assert desk.round() is OutboxState.DONE
        assert set(radicale.entries(account)) == {f"{one}.ics" for one in ids}
        assert len(current_session().scalars(select(WrittenEvent)).all()) == 2
        assert desk.questions() == []

    def test_followed_a_deletion_cancels_the_consultation(
        self, desk: Desk, radicale: CalDavServer, account: str
    ) -> None:
        occupied_id = desk.book()
        desk.round()
        radicale.ask("DELETE", f"{account}{occupied_id}.ics")
        desk.round()
        assert desk.answer("follow") == 303
        consultation = current_session().scalars(select(Consultation)).one()
        current_session().refresh(consultation)
        assert consultation.status is ConsultationStatus.CANCELLED
        assert desk.occupied(occupied_id).is_released
        desk.round()
        assert [one.answer for one in desk.questions()] == [QuestionAnswer.FOLLOWED]

    @pytest.mark.parametrize("kind", [OccupiedKind.CONSULTATION, OccupiedKind.BLOCK])
    def test_moved_there_it_moves_here_only_on_the_therapists_word(
        self, desk: Desk, radicale: CalDavServer, account: str, kind: OccupiedKind
    ) -> None:
        occupied_id, other = desk.book(kind=kind), desk.book(START + 3 * HOUR)
        desk.round()
        for to in (START + 3 * HOUR, START + DAY):
            radicale.ask(
                "PUT", f"{account}{occupied_id}.ics", calendar(at(to, uid=str(occupied_id))).decode()
            )
            desk.round()
            (question,) = desk.questions()
            assert (question.change, question.found_starts_at) == (FoundChange.MOVED, to)
            assert desk.occupied(occupied_id).starts_at == START
            assert desk.busy() == []
            if to == START + 3 * HOUR:
                assert desk.answer("follow") == 409  # the other one is there
        assert desk.answer("follow") == 303
        assert desk.occupied(occupied_id).starts_at == START + DAY
        assert desk.occupied(other).starts_at == START + 3 * HOUR
        desk.round()
        assert len(desk.questions()) == 1

    def test_a_question_goes_away_when_the_entry_comes_back_or_our_side_moves(
        self, desk: Desk, radicale: CalDavServer, account: str
    ) -> None:
        occupied_id = desk.book()
        desk.round()
        text = radicale.entries(account)[f"{occupied_id}.ics"]
        radicale.ask("DELETE", f"{account}{occupied_id}.ics")
        desk.round()
        radicale.ask("PUT", f"{account}{occupied_id}.ics", text)
        desk.round()
        assert desk.questions() == []
        radicale.ask("DELETE", f"{account}{occupied_id}.ics")
        desk.round()
        desk.move(occupied_id, START + DAY)
        assert desk.answer("follow") == 409
        assert not desk.occupied(occupied_id).is_released
        desk.round()
        assert set(radicale.entries(account)) == {f"{occupied_id}.ics"}
        assert desk.questions() == []

    def test_a_missing_calendar_is_no_heap_of_deletions(
        self, desk: Desk, radicale: CalDavServer, account: str
    ) -> None:
        desk.book()
        desk.round()
        radicale.ask("DELETE", account)
        assert desk.round() is OutboxState.FAILED
        assert desk.calendar.failure == Failure.MISSING.value
        assert desk.questions() == []


class TestAsking:
    def test_deleted_there_it_is_asked_once_and_kept_it_is_written_anew(
        self, desk: Desk, radicale: CalDavServer, account: str
    ) -> None:
        occupied_id = desk.book()
        desk.round()
        radicale.ask("DELETE", f"{account}{occupied_id}.ics")
        desk.round()
        desk.round()
        (question,) = desk.questions()
        assert question.change is FoundChange.DELETED
        assert not desk.occupied(occupied_id).is_released
        assert radicale.entries(account) == {}
        calendar_page = desk.see("/calendar")
        assert "Look and decide" in calendar_page
        assert 'Calendar<span class="count">1</span>' in calendar_page
        page = desk.page()
        assert "An entry was deleted in" in page
        assert "Priya" not in page
        assert desk.answer("keep") == 303
        assert desk.press(f"/calendar/questions/{question.id}", answer="follow") in {400, 409}
        desk.round()
        assert set(radicale.entries(account)) == {f"{occupied_id}.ics"}
        desk.round()
        assert [one.answer for one in desk.questions()] == [QuestionAnswer.KEPT]

    def test_of_two_rounds_at_once_the_later_is_thrown_away(self, desk: Desk) -> None:
        with transaction() as session:
            order = load_order(session, JobFor(desk.calendar_id), utc_now())
        assert order is not None
        desk.round()
        with pytest.raises(Overtaken), transaction() as session:
            keep_outcome(session, order, Outcome(), utc_now())


class TestOverlaps:
    def test_busy_elsewhere_at_a_booked_time_is_shown_until_accepted(
        self, by_address: Desk, server: Answering
    ) -> None:
        occupied_id = by_address.book()
        by_address.book(START + DAY, OccupiedKind.BLOCK)
        server.body = calendar(at(START - HOUR / 2), at(START + DAY, uid="b"), at(START + 5 * HOUR, uid="c"))
        by_address.round()
        viewer, session = by_address.cast.therapist.member(), current_session()
        (found,) = conflicts_of(session, viewer, utc_now())
        assert (found.occupied_id, found.starts_at, found.busy_starts_at) == (
            occupied_id,
            START,
            START - HOUR / 2,
        )
        assert open_questions(session, viewer, utc_now()) == []
        assert conflicts_of(session, by_address.cast.stranger.member(), utc_now()) == []
        assert "is double-booked" in by_address.see("/calendar")
        assert by_address.press(f"/calendar/overlaps/{occupied_id}/accept") == 303
        assert conflicts_of(current_session(), viewer, utc_now()) == []
        assert "double-booked" not in by_address.see("/calendar")
        by_address.round()
        assert conflicts_of(current_session(), viewer, utc_now()) == []
        server.body = calendar(at(START - HOUR / 2, hours=3), event(uid="far"))
        by_address.round()
        assert len(conflicts_of(current_session(), viewer, utc_now())) == 1
