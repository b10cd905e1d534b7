"""How a consultation may change: windows, marked words, whatever both sides press in whatever order, and both at once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.booking.answering import cancel_consultation, confirm_consultation, decline_consultation
from portal.booking.messages import write_message
from portal.booking.models import Consultation, ConsultationStatus
from portal.booking.moving import move_consultation
from portal.booking.queries import get_consultation
from portal.booking.rules import ConsultationRequest, DeclineReason, EndedBy, PartnerKnows
from portal.booking.service import request_consultation
from portal.booking.standing import LIVE, Windows, erase_before, may_choose_again
from portal.booking.views.area import mail_words
from portal.booking.warning_words import mark_words
from portal.clock import utc_now
from portal.diary.models import OccupiedInterval
from portal.diary.rules import Slot
from portal.errors import Conflict
from portal.security.viewer import Anonymous, TokenHolder, TokenPurpose, Viewer
from portal.transaction import current_session, transaction
from tests.booking.test_races import at_once
from tests.booking.visit import free_slots_of, iso, open_diary, soup, token_of, visitor
from tests.support.cast import Cast, client_of, make_cast

NOON = datetime.fromisoformat("2026-11-24T12:00:00Z")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
REQUESTED, CONFIRMED = ConsultationStatus.REQUESTED, ConsultationStatus.CONFIRMED


class TestWindows:
    def test_close_apart_from_each_other(self) -> None:
        windows = Windows(move_until_minutes=48 * 60, cancel_until_minutes=24 * 60)
        asked = NOON - 30 * DAY
        assert windows.may_move(NOON, asked, NOON - 2 * DAY - HOUR)
        assert not windows.may_move(NOON, asked, NOON - 2 * DAY)
        assert windows.may_cancel(NOON, asked, NOON - DAY - HOUR)
        assert not windows.may_cancel(NOON, asked, NOON - DAY)

    def test_bind_nobody_who_was_moved_into_them(self) -> None:
        windows, settled_at = Windows(24 * 60, 24 * 60), NOON - 3 * HOUR
        assert windows.may_cancel(NOON, settled_at, NOON - 2 * HOUR) and windows.may_move(
            NOON, settled_at, NOON - HOUR
        )
        assert not windows.may_cancel(NOON, settled_at, NOON)


def test_other_times_are_offered_for_the_time_not_for_the_person() -> None:
    declined, cancelled = ConsultationStatus.DECLINED, ConsultationStatus.CANCELLED
    assert may_choose_again(cancelled, EndedBy.THERAPIST, None)
    assert not may_choose_again(cancelled, EndedBy.VISITOR, None)
    assert not may_choose_again(cancelled, EndedBy.DISOWNED, None)
    offered = {reason for reason in DeclineReason if may_choose_again(declined, None, reason)}
    assert offered == {DeclineReason.TIME}
    assert not any(may_choose_again(status, None, None) for status in LIVE)


def test_leads_are_due_after_the_days_of_the_practice() -> None:
    assert erase_before(NOON, 90) == NOON - 90 * DAY


class TestMarkedWords:
    @given(
        st.text()
        | st.sampled_from(["I want  to die", "He HITS me and threatens", "abused", "agung, begun, shun it"])
    )
    def test_lose_nothing_of_the_text(self, text: str) -> None:
        assert "".join(piece.text for piece in mark_words(text)) == text

    def test_are_found_whatever_the_spacing_and_case_and_not_inside_others(self) -> None:
        def marked(text: str) -> list[str]:
            return [piece.text for piece in mark_words(text) if piece.is_marked]

        assert marked("Sometimes I want\nto  die, he THREATENED me") == ["want\nto  die", "THREATENED"]
        assert marked("We begun to shun the whitsun fair") == []


@dataclass(frozen=True)
class Model:
    """What the rules say a consultation is, without a database."""

    status: ConsultationStatus = REQUESTED
    at: int = 0
    version: int = 0
    words: int = 0

    def then(self, act: str, target: int) -> "Model | None":
        """Give what an act makes of it; None: it is refused."""
        is_live = self.status in LIVE
        match act:
            case "confirm" | "decline":
                ends = CONFIRMED if act == "confirm" else ConsultationStatus.DECLINED
                return self._changed(status=ends) if self.status is REQUESTED else None
            case "cancel" | "host cancels":
                return self._changed(status=ConsultationStatus.CANCELLED) if is_live else None
            case "move" | "host moves":
                if target == TAKEN or not is_live:
                    return None
                if target == self.at:
                    return self
                is_host = act == "host moves"
                return self._changed(at=target, status=CONFIRMED if is_host else self.status)
        return replace(self, words=self.words + 1) if is_live or act == "host writes" else None

    def _changed(self, **values: object) -> "Model":
        return replace(self, version=self.version + 1, **values)  # type: ignore[arg-type]  # values of several types


TIMES, TAKEN = 4, 3
ACTS = ("confirm", "decline", "cancel", "host cancels", "move", "host moves", "write", "host writes")


class TestWhateverIsPressed:
    @given(pressed=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, TIMES - 1)), max_size=7))
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_the_rows_are_what_the_rules_say(
        self, app: Flask, opened: Cast, slots: list[Slot], pressed: list[tuple[str, int]]
    ) -> None:
        times = slots[10 : 10 + 3 * TIMES : 3]
        with app.test_request_context():
            with transaction() as session:
                session.execute(update(OccupiedInterval).values(is_released=True))  # of the example before
                lead_id = self.request(session, opened, times[0])
                self.request(session, opened, times[TAKEN])
            model = Model()
            for act, target in pressed:
                wanted = model.then(act, target)
                done = self.press(opened, lead_id, act, times[target])
                assert done == (wanted is not None), (act, target, model)
                model = wanted or model
                row = current_session().get_one(Consultation, lead_id, populate_existing=True)
                assert (row.status, row.starts_at, row.calendar_sequence) == (
                    model.status, times[model.at].start, model.version,
                )  # fmt: skip
                occupied = current_session().get_one(
                    OccupiedInterval, row.occupied_id, populate_existing=True
                )
                assert (
                    occupied.is_released == (row.status not in LIVE) and occupied.starts_at == row.starts_at
                )
                current_session().rollback()

    def press(self, cast: Cast, lead_id: UUID, act: str, slot: Slot) -> bool:
        holder, therapist = TokenHolder(TokenPurpose.CONSULTATION, lead_id), cast.therapist.member()
        how: dict[str, tuple[Viewer, Callable[..., None], tuple[object, ...]]] = {
            "confirm": (therapist, confirm_consultation, ()),
            "decline": (therapist, decline_consultation, ()),
            "cancel": (holder, cancel_consultation, ()),
            "host cancels": (therapist, cancel_consultation, ()),
            "move": (holder, move_consultation, (slot.start,)),
            "host moves": (therapist, move_consultation, (slot.start,)),
            "write": (holder, write_message, ("Words.",)),
            "host writes": (therapist, write_message, ("Words.",)),
        }
        viewer, function, more = how[act]
        try:
            with transaction() as session:
                row = get_consultation(session, viewer, lead_id)
                function(session, viewer, row, *more, mail=mail_words(), now=utc_now())
        except Conflict:
            return False
        return True

    def request(self, session: Session, cast: Cast, slot: Slot) -> UUID:
        wanted = ConsultationRequest(
            form_id=uuid4(), therapist_id=cast.therapist.person_id, starts_at=slot.start, zone="Europe/London",
            first_name="Ana", email="ana.new@example.org", partner_name="", partner_knows=PartnerKnows.UNSAID, words="",
        )  # fmt: skip
        return request_consultation(session, Anonymous(), wanted, mail=mail_words(), now=utc_now()).id


@pytest.fixture
def practice(either_app: Flask) -> tuple[Flask, Cast, list[Slot]]:
    with either_app.app_context(), transaction() as session:
        cast = make_cast(session)
    open_diary(either_app, cast.therapist)
    return either_app, cast, free_slots_of(either_app, cast)


class TestAtTheSameMoment:
    def test_of_a_yes_and_a_cancelling_one_counts_and_the_other_is_told(
        self, practice: tuple[Flask, Cast, list[Slot]]
    ) -> None:
        app, cast, slots = practice
        page = visitor(app).book(slots[5].start).headers["Location"]
        reader, desk = client_of(app, None), client_of(app, cast.therapist)
        path = str(soup(desk.get("/requests")).select("main a.button")[0]["href"])
        yes = {"form_token": token_of(desk.get(path)), "seen": "0"}
        off = {"form_token": token_of(reader.get(f"{page}/cancel")), "seen": "0"}
        answers = at_once(
            lambda: desk.post(f"{path}/confirm", data=yes), lambda: reader.post(f"{page}/cancel", data=off)
        )
        assert sorted(answer.status_code for answer in answers) == [303, 409]
        loser = next(answer for answer in answers if answer.status_code == 409)
        assert "meanwhile" in loser.text

    def test_of_two_moves_one_counts_and_one_time_is_taken(
        self, practice: tuple[Flask, Cast, list[Slot]]
    ) -> None:
        app, _, slots = practice
        page = visitor(app).book(slots[5].start).headers["Location"]
        other = visitor(app).book(slots[6].start, email="b@example.org").headers["Location"]
        readers = [client_of(app, None) for _ in range(2)]
        forms = [
            {
                "form_token": token_of(readers[0].get(f"{page}/move")),
                "seen": "0",
                "start": iso(slots[start].start),
            }
            for start in (9, 12)
        ]
        twice = at_once(*(lambda n=n: readers[n].post(f"{page}/move", data=forms[n]) for n in range(2)))
        assert sorted(answer.status_code for answer in twice) == [303, 409]
        forms = [dict(forms[0], seen=seen, start=iso(slots[20].start)) for seen in ("1", "0")]
        pages = (page, other)
        apart = at_once(*(lambda n=n: readers[n].post(f"{pages[n]}/move", data=forms[n]) for n in range(2)))
        assert sorted(answer.status_code for answer in apart) == [303, 409]
        with app.app_context():
            live = select(func.count()).where(OccupiedInterval.is_released.is_(False))
            assert current_session().scalar(live) == 2
