"""The pages on which therapists say when, where and for what they can be met, and what visitors then find."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.audit.models import AuditEvent
from portal.audit.rules import Action
from portal.clock import utc_now
from portal.diary.models import (
    ConsultationTypeRow,
    OccupiedInterval,
    OccupiedKind,
    PlaceKind,
    PlaceRow,
    SpecialHours,
    TimeOff,
    TypePlace,
    WeeklyHoursRow,
)
from portal.diary.offers import Offer
from portal.diary.opening import PlaceWords, add_special_hours, add_weekly_hours, save_place, save_type
from portal.diary.opening_forms import TypeForm
from portal.diary.queries import find_offer
from portal.diary.rules import Period, SlotTaken, WeeklyHours
from portal.diary.service import occupy, release
from portal.practice.models import Therapist
from portal.transaction import current_session, transaction
from tests.support.cast import Cast, client_of, make_cast
from tests.support.statements import counted

LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOURS = {"weekdays": ["0", "2"], "starts": "09:00", "ends": "12:00"}
TYPE: dict[str, Any] = {
    "name": "First talk", "length_minutes": 30, "buffer_before_minutes": 0, "buffer_after_minutes": 0, "step_minutes": 30,
    "minimum_notice_minutes": 60, "horizon_days": 28,
}  # fmt: skip
WRONG_HOURS: list[tuple[dict[str, Any], str]] = [
    ({"starts": "12:00", "ends": "09:00"}, "ends"),
    ({"starts": "12:00", "ends": "12:00"}, "ends"),
    ({"starts": "25:00"}, "starts"),
    ({"starts": "24:00"}, "starts"),
    ({"starts": "9 o'clock"}, "starts"),
    ({"ends": "12:00:00.001"}, "ends"),
    ({"ends": "12:00+14:00"}, "ends"),
    ({"starts": ""}, "starts"),
    ({"weekdays": []}, "weekdays"),
    ({"weekdays": ["7"]}, "weekdays"),
    ({"weekdays": ["x"]}, "weekdays"),
    ({"valid_from": "0000-01-01"}, "valid_from"),
    ({"valid_from": "9999-12-31"}, "valid_from"),
    ({"valid_from": "2026-02-29"}, "valid_from"),
    ({"valid_until": "2026-W53"}, "valid_until"),
    ({"valid_from": "2027-02-01", "valid_until": "2027-01-01"}, "valid_until"),
    ({"place": str(uuid4())}, "place"),
    ({"place": "../../etc/passwd"}, "place"),
]
WRONG_DATES: list[tuple[dict[str, Any], str]] = [
    ({"on_date": "2020-01-01"}, "on_date"),
    ({"on_date": ""}, "on_date"),
    ({"on_date": "9999-12-31"}, "on_date"),
    ({"starts": ""}, "starts"),
    ({"ends": "08:00"}, "ends"),
    ({"is_closed": "perhaps"}, "is_closed"),
]
WRONG_TYPES: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name"),
    ({"length_minutes": "0"}, "length_minutes"),
    ({"length_minutes": "1_0"}, "length_minutes"),
    ({"length_minutes": "٢٠"}, "length_minutes"),
    ({"length_minutes": "9" * 5000}, "length_minutes"),
    ({"length_minutes": ""}, "length_minutes"),
    ({"buffer_after_minutes": "-5"}, "buffer_after_minutes"),
    ({"horizon_days": "100000"}, "horizon_days"),
    ({"daily_cap": "0"}, "daily_cap"),
    ({"daily_cap": "3", "weekly_cap": "2"}, "weekly_cap"),
    ({"step_minutes": "0"}, "step_minutes"),
    ({"step_minutes": "7"}, "step_minutes"),
    ({"minimum_notice_minutes": "x"}, "minimum_notice_minutes"),
    ({"reminder_minutes": "60", "second_reminder_minutes": "60"}, "second_reminder_minutes"),
    ({"reminder_minutes": "0", "second_reminder_minutes": "60"}, "second_reminder_minutes"),
    ({"places": [str(uuid4())]}, "places"),
]
WRONG_TIME_OFF: list[tuple[dict[str, Any], str]] = [
    ({"first_day": ""}, "first_day"),
    ({"first_day": "2026-13-01"}, "first_day"),
    ({"first_day": "9999-12-31", "last_day": "9999-12-31"}, "first_day"),
    ({"last_day": "2027-03-20"}, "last_day"),
    ({"first_day": "2027-03-28", "first_time": "01:30"}, "first_time"),
    ({"return_on": "2027-03-24"}, "return_on"),
    ({"cover_line": "x" * 201}, "cover_line"),
]
NO_ZONES = (
    "", "Nowhere/Land", "../../etc/passwd", "UTC\n", "Etc/GMT+25", "europe/london", "Europe", "localtime", "x" * 5000,
)  # fmt: skip
ROOM = {"kind": "room", "name": "Clifton", "address": "1 Mall\nBristol", "zone": "Europe/London"}


class Desk:
    """Jane at her settings."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self.app, self.cast = app, cast
        self.client: FlaskClient = client_of(app, cast.therapist)

    def send(self, path: str, values: Mapping[str, Any]) -> TestResponse:
        """Send a form as it stands on its page, with these answers."""
        return self.client.post(path, data=self.form(path) | dict(values))

    def form(self, path: str) -> dict[str, Any]:
        """Read the form as a browser would send it untouched."""
        soup = BeautifulSoup(self.client.get(path).text, "html.parser")
        form = soup.find("form", method="post", novalidate=True)
        assert form is not None
        return self._typed(form)

    def refusals(
        self, path: str, values: Mapping[str, Any], slips: Sequence[tuple[dict[str, Any], str]]
    ) -> Iterator[TestResponse]:
        """Send the form with one slip after the other; each comes back with its field marked."""
        form = self.form(path) | dict(values)
        for wrong, field in slips:
            answer = self.client.post(path, data=form | wrong)
            assert answer.status_code == 422, wrong
            sentences = error_of(answer, field).split(". ")
            assert sentences != [""] and len(set(sentences)) == len(sentences), (wrong, sentences)
            yield answer

    def press(self, path: str, page: str, **values: str) -> TestResponse:
        """Press a button of one form."""
        soup = BeautifulSoup(self.client.get(page).text, "html.parser")
        form = soup.find("form", action=path)
        assert form is not None, f"no button for {path}"
        token = form.find("input", attrs={"name": "form_token"})
        assert token is not None
        return self.client.post(path, data={"form_token": token["value"], **values})

    @staticmethod
    def _typed(form: Any) -> dict[str, Any]:
        typed: dict[str, Any] = {}
        for control in form.find_all(["input", "textarea", "select"]):
            kind = control.get("type")
            if control.name == "select":
                chosen = control.find("option", selected=True) or control.find("option")
                typed[control["name"]] = chosen["value"]
            elif kind == "checkbox":
                if control.has_attr("checked"):
                    typed.setdefault(control["name"], []).append(control["value"])
            elif kind != "radio" or control.has_attr("checked"):
                typed[control["name"]] = control.get("value", control.text.strip())
        return typed

    def rows(self, table: Any) -> list[Any]:
        with self.app.app_context():
            found = current_session().scalars(
                select(table)
                .where(table.therapist_id == self.cast.therapist.person_id)
                .order_by(table.created_at)
            )
            return list(found)

    def changes(self) -> int:
        with self.app.app_context():
            told = (
                select(func.count()).select_from(AuditEvent).where(AuditEvent.action == Action.DIARY_CHANGED)
            )
            return current_session().scalar(told) or 0


@pytest.fixture
def desk(app: Flask, cast: Cast) -> Desk:
    return Desk(app, cast)


def error_of(answer: TestResponse, field: str) -> str:
    error = BeautifulSoup(answer.text, "html.parser").find(id=f"{field}-error")
    return error.get_text(strip=True) if error else ""


class TestHours:
    def test_are_added_on_several_days_at_once_and_shown_on_real_dates(self, desk: Desk) -> None:
        assert desk.send("/diary/hours", HOURS).status_code == 303

        rows = desk.rows(WeeklyHoursRow)
        assert sorted((row.weekday, row.starts, row.ends) for row in rows) == [
            (0, time(9), time(12)),
            (2, time(9), time(12)),
        ]
        assert desk.changes() == 2
        soup = BeautifulSoup(desk.client.get("/diary/hours").text, "html.parser")
        week = soup.select(".week > li:has(strong)")
        assert len(week) == 7 and sum("09:00 to 12:00" in day.text for day in week) == 2
        assert sum("no hours" in day.text for day in week) == 5 and "6 hours" in soup.text

    def test_may_end_at_midnight_in_both_its_guises(self, desk: Desk) -> None:
        desk.send("/diary/hours", HOURS | {"weekdays": ["4"], "starts": "22:00", "ends": "24:00"})
        desk.send("/diary/hours", HOURS | {"weekdays": ["5"], "starts": "22:00", "ends": "00:00"})
        assert [row.ends for row in desk.rows(WeeklyHoursRow)] == [time(), time()]
        assert "22:00 to midnight" in desk.client.get("/diary/hours").text

    def test_that_cannot_be_meant_come_back_as_typed(self, desk: Desk) -> None:
        for answer in desk.refusals("/diary/hours", HOURS, WRONG_HOURS):
            kept = BeautifulSoup(answer.text, "html.parser").select("input[name=weekdays][checked]")
            assert len(kept) == 2 or error_of(answer, "weekdays")
        assert desk.rows(WeeklyHoursRow) == []

    def test_that_overlap_others_of_the_same_place_name_them(self, desk: Desk) -> None:
        desk.send("/diary/hours", HOURS)
        answer = desk.send("/diary/hours", HOURS | {"starts": "11:00", "ends": "13:00"})
        assert answer.status_code == 422
        assert error_of(answer, "starts") == "These hours overlap Monday, 09:00 to 12:00."
        touching = desk.send("/diary/hours", HOURS | {"starts": "12:00", "ends": "13:00"})
        assert touching.status_code == 303 and len(desk.rows(WeeklyHoursRow)) == 4

    def test_that_follow_each_other_by_dates_do_not_overlap(self, desk: Desk) -> None:
        desk.send("/diary/hours", HOURS | {"valid_until": "2026-12-31"})
        later = HOURS | {"valid_from": "2027-01-01"}
        assert desk.send("/diary/hours", later).status_code == 303
        assert desk.send("/diary/hours", later).status_code == 422

    def test_are_changed_without_being_in_their_own_way_and_removed(self, desk: Desk) -> None:
        desk.send("/diary/hours", HOURS | {"weekdays": ["0"]})
        path = f"/diary/hours/{desk.rows(WeeklyHoursRow)[0].id}"
        assert desk.send(path, {"ends": "13:00"}).status_code == 303
        (row,) = desk.rows(WeeklyHoursRow)
        assert (row.weekday, row.starts, row.ends) == (0, time(9), time(13))
        assert desk.press(f"/diary/hours/{row.id}/remove", "/diary/hours").status_code == 303
        assert desk.rows(WeeklyHoursRow) == [] and desk.changes() == 4

    def test_are_drawn_from_today_whatever_a_link_says(self, desk: Desk) -> None:
        for asked in ("2026-02-30", "0000-01-01", "9999-12-31", "0001-01-01", "2026-W54-1", "x"):
            answer = desk.client.get("/diary/hours", query_string={"from": asked})
            assert answer.status_code == 200 and "The next seven days" in answer.text

    def test_cost_few_statements_however_many_they_are(self, desk: Desk) -> None:
        for hour in range(9, 15):
            clock = {"starts": f"{hour:02}:00", "ends": f"{hour:02}:30", "weekdays": list("0123456")}
            assert desk.send("/diary/hours", clock).status_code == 303
        with counted(desk.app) as statements:
            desk.client.get("/diary/hours")
        assert len(statements) <= 12


class TestSingleDates:
    def test_hold_instead_of_the_week(self, desk: Desk) -> None:
        day = (utc_now() + timedelta(days=3)).date()
        values = {"on_date": day.isoformat(), "starts": "15:00", "ends": "16:00"}
        assert desk.send("/diary/dates", values).status_code == 303
        assert desk.send("/diary/dates", values).status_code == 422
        closed = desk.send("/diary/dates", {"on_date": day.isoformat(), "is_closed": "y"})
        assert closed.status_code == 422 and "Remove the other line first" in error_of(closed, "is_closed")
        (row,) = desk.rows(SpecialHours)
        assert (row.starts, row.ends) == (time(15), time(16))
        desk.press(f"/diary/dates/{row.id}/remove", "/diary/dates")
        again = {"on_date": day.isoformat(), "is_closed": "y"}
        assert desk.send("/diary/dates", again).status_code == 303
        assert desk.send("/diary/dates", again).status_code == 303
        assert [row.starts for row in desk.rows(SpecialHours)] == [None]
        assert "no hours at all" in desk.client.get("/diary/dates").text

    def test_that_cannot_be_meant_are_refused(self, desk: Desk) -> None:
        day = (utc_now() + timedelta(days=3)).date().isoformat()
        values = {"on_date": day, "starts": "09:00", "ends": "10:00"}
        assert list(desk.refusals("/diary/dates", values, WRONG_DATES)) and desk.rows(SpecialHours) == []


class TestPlaces:
    def test_are_added_changed_and_removed(self, desk: Desk) -> None:
        assert desk.send("/diary/places/new", ROOM).status_code == 303
        (room,) = desk.rows(PlaceRow)
        assert (room.kind, room.zone, room.address) == (PlaceKind.ROOM, "Europe/London", "1 Mall\nBristol")
        assert desk.send(f"/diary/places/{room.id}", {"kind": "online", "name": "Online"}).status_code == 303
        (room,) = desk.rows(PlaceRow)
        assert (room.kind, room.zone, room.address) == (PlaceKind.ONLINE, None, "")
        desk.press(f"/diary/places/{room.id}/remove", "/diary/places")
        assert desk.rows(PlaceRow) == []

    def test_with_an_unknown_zone_come_back_with_the_picker(self, desk: Desk) -> None:
        for answer in desk.refusals(
            "/diary/places/new", ROOM, [({"zone": zone}, "zone") for zone in NO_ZONES]
        ):
            picker = BeautifulSoup(answer.text, "html.parser").find("select", attrs={"name": "zone"})
            assert picker is not None and len(picker.find_all("option")) > 400
            assert "Clifton" in answer.text
        assert desk.rows(PlaceRow) == []

    def test_that_cannot_be_meant_are_refused(self, desk: Desk) -> None:
        slips = [
            ({"name": " "}, "name"),
            ({"address": ""}, "address"),
            ({"name": "a\x00b"}, "name"),
            ({"kind": "moon"}, "kind"),
        ]
        assert list(desk.refusals("/diary/places/new", ROOM, slips)) and desk.rows(PlaceRow) == []

    def test_that_were_booked_are_kept_and_offered_again(self, desk: Desk) -> None:
        desk.send("/diary/places/new", ROOM)
        (room,) = desk.rows(PlaceRow)
        desk.send("/diary/hours", HOURS | {"place": str(room.id)})
        with desk.app.app_context(), transaction() as session:
            start = utc_now() + timedelta(days=1)
            occupy(
                session, therapist_id=desk.cast.therapist.person_id, starts_at=start, ends_at=start + timedelta(hours=1),
                kind=OccupiedKind.CONSULTATION, code="Visit", place_id=room.id,
            )  # fmt: skip
        desk.press(f"/diary/places/{room.id}/remove", "/diary/places")
        assert [place.is_active for place in desk.rows(PlaceRow)] == [False]
        assert len(desk.rows(WeeklyHoursRow)) == 2, "its hours wait for it"
        desk.press(f"/diary/places/{room.id}/offer", "/diary/places")
        assert [place.is_active for place in desk.rows(PlaceRow)] == [True]


class TestTypes:
    def test_are_added_with_everything_and_shown(self, desk: Desk) -> None:
        desk.send("/diary/places/new", ROOM)
        values = {
            "name": "First talk", "description": "A talk.", "length_minutes": "25", "buffer_before_minutes": "5",
            "buffer_after_minutes": "15", "step_minutes": "15", "minimum_notice_minutes": "2880", "horizon_days": "60",
            "daily_cap": "2", "weekly_cap": "5", "is_instant": "y", "move_until_minutes": "240",
            "cancel_until_minutes": "0", "reminder_minutes": "2880", "second_reminder_minutes": "120",
        }  # fmt: skip
        assert desk.send("/diary/types/new", values).status_code == 303
        (row,) = desk.rows(ConsultationTypeRow)
        stored = {name: getattr(row, name) for name in values}
        assert stored == {
            name: True if name == "is_instant" else int(text) if text.isdigit() else text
            for name, text in values.items()
        }
        with desk.app.app_context():
            assert current_session().scalar(select(func.count()).select_from(TypePlace)) == 1
        assert "2 on one day, 5 in one week" in desk.client.get("/diary/types").text

    def test_may_have_no_caps_and_no_reminder(self, desk: Desk) -> None:
        desk.send("/diary/types/new", {"name": "Talk", "reminder_minutes": "0"})
        (row,) = desk.rows(ConsultationTypeRow)
        assert (row.daily_cap, row.weekly_cap, row.reminder_minutes, row.second_reminder_minutes) == (
            None, None, None, None,
        )  # fmt: skip

    def test_that_cannot_be_meant_say_once_why(self, desk: Desk) -> None:
        desk.send("/diary/places/new", ROOM)
        values = {"name": "First talk", "description": "Kept"}
        for answer in desk.refusals("/diary/types/new", values, WRONG_TYPES):
            assert "Kept" in answer.text
        assert desk.rows(ConsultationTypeRow) == []

    def test_keep_a_length_of_time_that_is_not_in_the_list(self, desk: Desk) -> None:
        with desk.app.app_context(), transaction() as session:
            values = TYPE | {"minimum_notice_minutes": 95}
            save_type(session, desk.cast.therapist.member(), values, [], now=utc_now())
        (row,) = desk.rows(ConsultationTypeRow)
        assert desk.send(f"/diary/types/{row.id}", {"name": "Renamed"}).status_code == 303
        (row,) = desk.rows(ConsultationTypeRow)
        assert (row.name, row.minimum_notice_minutes) == ("Renamed", 95)

    def test_stand_in_the_therapists_own_order_and_can_be_retired(self, desk: Desk) -> None:
        for name in ("First", "Second", "Third"):
            desk.send("/diary/types/new", {"name": name})
        ids = {row.name: row.id for row in desk.rows(ConsultationTypeRow)}
        desk.press(f"/diary/types/{ids['Third']}/order", "/diary/types", way="up")
        desk.press(f"/diary/types/{ids['First']}/retire", "/diary/types")
        names = [
            head.text
            for head in BeautifulSoup(desk.client.get("/diary/types").text, "html.parser").select("h2")
        ]
        assert names == ["Third", "Second", "First"]
        desk.press(f"/diary/types/{ids['First']}/offer", "/diary/types")
        assert all(row.is_active for row in desk.rows(ConsultationTypeRow))

    def test_ask_only_for_columns_that_exist(self, app: Flask) -> None:
        with app.test_request_context():
            assert set(TypeForm().to_values()) <= set(ConsultationTypeRow.__table__.columns.keys())


class TestTimeOff:
    def test_lists_what_is_booked_in_it_and_leaves_it_alone(self, desk: Desk) -> None:
        day = (utc_now() + timedelta(days=10)).date()
        start = datetime.combine(day, time(10), LONDON).astimezone(UTC)
        with desk.app.app_context(), transaction() as session:
            for hours, code in ((0, "In 1"), (48, "Out 1")):
                begin = start + timedelta(hours=hours)
                occupy(
                    session, therapist_id=desk.cast.therapist.person_id, starts_at=begin, ends_at=begin + timedelta(hours=1),
                    kind=OccupiedKind.MEETING, code=code,
                )  # fmt: skip
        answer = desk.send(
            "/diary/time-off",
            {"first_day": day.isoformat(), "last_day": day.isoformat(), "return_on": (day + timedelta(days=1)).isoformat(), "cover_line": "Ring Sam."},
        )  # fmt: skip
        page = desk.client.get(answer.headers["Location"]).text
        assert "In 1" in page and "Out 1" not in page and "Ring Sam." in page and "/move" in page
        (off,) = desk.rows(TimeOff)
        assert off.starts_at == datetime.combine(day, time(), LONDON)
        assert off.ends_at == datetime.combine(day + timedelta(days=1), time(), LONDON)
        assert not any(row.is_released for row in desk.rows(OccupiedInterval))
        desk.press(f"/diary/time-off/{off.id}/remove", "/diary/time-off")
        assert desk.rows(TimeOff) == [] and desk.changes() == 2

    def test_names_a_colleague_as_cover_and_tells_visitors(self, desk: Desk) -> None:
        with desk.app.app_context(), transaction() as session:
            session.add(
                Therapist(
                    person_id=desk.cast.stranger.person_id, display_name="Sam Reed", title_line="Therapist", approach="Calm.",
                    zone="Europe/London",
                )
            )  # fmt: skip
            viewer = desk.cast.therapist.member()
            periods = [WeeklyHours(day, time(9), time(10)) for day in range(7)]
            add_weekly_hours(session, viewer, periods, place_id=None, now=utc_now())
            save_type(session, viewer, TYPE, [], now=utc_now())
        today = utc_now().date()
        values = {
            "first_day": (today - timedelta(days=1)).isoformat(), "last_day": (today + timedelta(days=5)).isoformat(),
            "return_on": (today + timedelta(days=6)).isoformat(), "cover": str(desk.cast.stranger.person_id),
        }  # fmt: skip
        assert desk.send("/diary/time-off", values).status_code == 303
        with desk.app.app_context():
            offer = find_offer(current_session(), utc_now(), desk.cast.therapist.person_id)
            assert offer is not None
            absence = offer.absence(utc_now())
        assert absence is not None and absence.cover is not None and absence.next_slot is not None
        assert (absence.return_on, absence.cover.name) == (today + timedelta(days=6), "Sam Reed")
        assert absence.next_slot.start.date() == today + timedelta(days=6)

    def test_that_cannot_be_meant_is_refused(self, desk: Desk) -> None:
        values = {"first_day": "2027-03-25", "last_day": "2027-03-28"}
        assert list(desk.refusals("/diary/time-off", values, WRONG_TIME_OFF))
        nobody = desk.send("/diary/time-off", values | {"cover": str(uuid4())})
        assert nobody.status_code == 422 and desk.rows(TimeOff) == []

    def test_through_a_doubled_hour_takes_both(self, desk: Desk) -> None:
        desk.send(
            "/diary/time-off",
            {
                "first_day": "2027-10-31",
                "first_time": "01:30",
                "last_day": "2027-10-31",
                "last_time": "01:45",
            },
        )
        (off,) = desk.rows(TimeOff)
        assert (off.starts_at, off.ends_at) == (
            datetime(2027, 10, 31, 0, 30, tzinfo=UTC),
            datetime(2027, 10, 31, 1, 45, tzinfo=UTC),
        )


class TestOthers:
    def test_rows_of_a_colleague_do_not_exist(self, desk: Desk) -> None:
        desk.send("/diary/hours", HOURS)
        desk.send("/diary/places/new", ROOM)
        desk.send("/diary/types/new", {"name": "Talk"})
        desk.send("/diary/time-off", {"first_day": "2027-03-25", "last_day": "2027-03-28"})
        tables = {
            "hours": WeeklyHoursRow,
            "places": PlaceRow,
            "types": ConsultationTypeRow,
            "time-off": TimeOff,
        }
        sam = client_of(desk.app, desk.cast.stranger)
        for name, table in tables.items():
            path = f"/diary/{name}/{desk.rows(table)[0].id}"
            assert desk.client.get(path).status_code == 200
            assert sam.get(path).status_code == 404
            assert desk.client.get(f"/diary/{name}/{uuid4()}").status_code == 404

    def test_a_colleagues_place_cannot_be_named(self, desk: Desk) -> None:
        with desk.app.app_context(), transaction() as session:
            words = PlaceWords(PlaceKind.ONLINE, "Sam's", "", None, "")
            place_id = save_place(session, desk.cast.stranger.member(), words, now=utc_now()).id
        assert desk.send("/diary/hours", HOURS | {"place": str(place_id)}).status_code == 422


@pytest.fixture
def either_cast(either_app: Flask) -> Cast:
    with either_app.app_context(), transaction() as session:
        return make_cast(session)


class TestWhatIsOffered:
    """Hours of places, special dates and caps, as the database gives them back, on both engines."""

    def test_follows_places_with_clocks_of_their_own_special_dates_and_caps(
        self, either_app: Flask, either_cast: Cast
    ) -> None:
        viewer = either_cast.therapist.member()
        with either_app.app_context():
            with transaction() as session:
                room = save_place(
                    session, viewer, PlaceWords(PlaceKind.ROOM, "Manhattan", "5 Street", "America/New_York", ""), now=NOW
                )  # fmt: skip
                online = save_place(
                    session, viewer, PlaceWords(PlaceKind.ONLINE, "Online", "", None, ""), now=NOW
                )
                add_weekly_hours(session, viewer, [WeeklyHours(0, time(9), time(10))], place_id=None, now=NOW)
                add_weekly_hours(
                    session, viewer, [WeeklyHours(0, time(9), time(10))], place_id=room.id, now=NOW
                )
                add_special_hours(
                    session, viewer, date(2026, 11, 30), Period(time(20), time(21)), place_id=None, now=NOW
                )
                add_special_hours(session, viewer, date(2026, 12, 7), None, place_id=room.id, now=NOW)
                values = TYPE | {"daily_cap": 1, "horizon_days": 16}
                type_id = save_type(session, viewer, values, [online.id, room.id], now=NOW).id
            assert shown(offered(online.id)) == [
                "23 09:00", "23 09:30", "30 20:00", "30 20:30", "07 09:00", "07 09:30",
            ]  # fmt: skip
            # In the room New York's nine o'clock too; closed there, so nothing at all, on 7 December.
            assert shown(offered(room.id)) == [
                "23 09:00",
                "23 09:30",
                "23 14:00",
                "23 14:30",
                "30 20:00",
                "30 20:30",
            ]
            assert offered(room.id).zone == NEW_YORK

            with transaction() as session:
                hold = occupy(
                    session, therapist_id=viewer.person_id, starts_at=NOW + timedelta(hours=45), ends_at=NOW + timedelta(hours=45.5),
                    kind=OccupiedKind.HOLD, code="Hold", type_id=type_id, expires_at=NOW + timedelta(minutes=10),
                )  # fmt: skip
            assert shown(offered(online.id))[0] == "30 20:00", "the day is full"
            with pytest.raises(SlotTaken):
                offered(online.id).slot(datetime(2026, 11, 23, 9, 30, tzinfo=UTC), NOW)
            assert shown(offered(online.id, NOW + timedelta(minutes=11)))[0] == "23 09:00", "the hold ran out"
            ignoring = find_offer(current_session(), NOW, place_id=online.id, ignoring=hold.id)
            assert ignoring is not None and shown(ignoring)[0] == "23 09:00", (
                "whoever moves is not in the way"
            )
            with transaction() as session:
                release(session, session.get_one(OccupiedInterval, hold.id))
            assert shown(offered(online.id))[0] == "23 09:00"

    def test_costs_at_most_one_statement_more_for_a_cap(self, app: Flask, cast: Cast) -> None:
        viewer = cast.therapist.member()
        with app.app_context():
            with transaction() as session:
                add_weekly_hours(session, viewer, [WeeklyHours(0, time(9), time(10))], place_id=None, now=NOW)
                save_type(session, viewer, TYPE | {"weekly_cap": 2}, [], now=NOW)
            with counted(app) as statements:
                assert find_offer(current_session(), NOW) is not None
        assert len(statements) <= 5

    def test_moves_no_booked_instant_and_no_room_when_the_therapist_changes_clocks(
        self, app: Flask, cast: Cast
    ) -> None:
        viewer = cast.therapist.member()
        with app.app_context():
            with transaction() as session:
                words = PlaceWords(PlaceKind.ROOM, "Clifton", "1 Mall", "Europe/London", "")
                room = save_place(session, viewer, words, now=NOW)
                add_weekly_hours(
                    session, viewer, [WeeklyHours(0, time(9), time(10))], place_id=room.id, now=NOW
                )
                save_type(session, viewer, TYPE, [room.id], now=NOW)
                start = NOW + timedelta(days=5)
                booked = occupy(
                    session, therapist_id=viewer.person_id, starts_at=start, ends_at=start + timedelta(hours=1),
                    kind=OccupiedKind.MEETING, code="Couple 07", place_id=room.id,
                ).id  # fmt: skip
            before = shown(offered(room.id))
            with transaction() as session:
                profile = session.scalars(select(Therapist)).one()
                profile.zone = "Asia/Tokyo"
            assert shown(offered(room.id)) == before
            assert current_session().get_one(OccupiedInterval, booked).starts_at == start


def offered(place_id: UUID, now: datetime = NOW) -> Offer:
    offer = find_offer(current_session(), now, place_id=place_id)
    assert offer is not None
    return offer


def shown(offer: Offer) -> list[str]:
    return [f"{slot.start:%d %H:%M}" for slot in offer.free(NOW)]
