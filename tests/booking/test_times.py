"""The page of free times."""

from datetime import timedelta
from itertools import product

from flask import Flask

from portal.clock import utc_now
from portal.diary.models import OccupiedKind
from portal.diary.rules import Slot
from portal.diary.service import add_time_off, occupy
from portal.practice.models import Therapist
from portal.transaction import transaction
from tests.booking.visit import Visitor, count, iso, open_diary, soup
from tests.support.cast import Cast, client_of
from tests.support.statements import counted

HOSTILE_ZONES = [
    "../../etc/passwd", "UTC\n", "Etc/GMT+25", "europe/london", "Europe", "x" * 5000, "localtime", "\x00", "/etc/localtime",
    "Factory", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "posix/Europe/London",
]  # fmt: skip


def test_every_free_time_is_a_button(guest: Visitor, slots: list[Slot]) -> None:
    page = soup(guest.client.get("/consultations/times"))
    buttons = page.select("main form[method=post] .slots button[name=start]")
    assert [str(button["value"]) for button in buttons] == [iso(slot.start) for slot in slots]


def test_the_month_leads_to_days_that_are_there(guest: Visitor) -> None:
    page = soup(guest.client.get("/consultations/times"))
    targets = [str(link["href"]).removeprefix("#") for link in page.select(".month a")]
    assert targets and all(page.find(id=target) for target in targets)


def test_both_clocks_are_shown_where_they_differ(guest: Visitor) -> None:
    page = soup(guest.client.get("/consultations/times?zone=Asia/Kolkata"))
    assert "GMT+5:30" in page.select_one("main").get_text()  # type: ignore[union-attr]
    assert all(slot.select_one("small") for slot in page.select("main .slots button"))
    chosen = page.select_one("select#zone option[selected]")
    assert chosen is not None and chosen["value"] == "Asia/Kolkata"


def test_the_chosen_zone_travels_to_the_form(guest: Visitor) -> None:
    page = soup(guest.client.get("/consultations/times?zone=Asia/Kolkata"))
    form = page.select_one("main form[method=post]")
    assert form is not None and "zone=Asia/Kolkata" in str(form["action"])


def test_a_zone_that_is_none_gets_the_picker(guest: Visitor) -> None:
    for path, zone in product(("/consultations/times", "/consultations/new"), HOSTILE_ZONES):
        answer = guest.client.get(path, query_string={"zone": zone, "start": "2026-11-24T09:00:00Z"})
        assert answer.status_code == 422, zone
        assert 'id="zone"' in answer.text


def test_a_taken_time_is_not_offered(app: Flask, guest: Visitor, opened: Cast, slots: list[Slot]) -> None:
    with app.app_context(), transaction() as session:
        occupy(
            session, therapist_id=opened.therapist.person_id, starts_at=slots[1].start, ends_at=slots[1].end,
            kind=OccupiedKind.MEETING, code="Couple 07", buffer_after_minutes=10,
        )  # fmt: skip
    text = guest.client.get("/consultations/times").text
    assert iso(slots[1].start) not in text
    assert iso(slots[0].start) in text
    assert iso(slots[2].start) in text


def test_no_free_time_says_why_and_what_to_do(app: Flask, guest: Visitor, opened: Cast) -> None:
    now = utc_now()
    with app.app_context(), transaction() as session:
        add_time_off(
            session, opened.therapist.person_id, starts_at=now, ends_at=now + timedelta(days=60),
            return_on=(now + timedelta(days=61)).date(),
        )  # fmt: skip
    text = soup(guest.client.get("/consultations/times")).select_one("main").get_text(" ")  # type: ignore[union-attr]
    assert (
        "No free time" in text and "Jane is away and back on" in text and "hello@practice.example.org" in text
    )


def test_a_practice_without_hours_still_answers(app: Flask, cast: Cast) -> None:
    client = client_of(app, None)
    assert client.get("/consultations/times").status_code == 200
    assert client.get("/consultations/new?start=2026-11-24T09:00:00Z").status_code == 303


def test_a_therapist_who_cannot_be_booked_is_not_found(guest: Visitor, opened: Cast) -> None:
    for therapist in (opened.stranger.person_id, "1", "' OR 1=1--"):
        assert (
            guest.client.get("/consultations/times", query_string={"with": str(therapist)}).status_code == 404
        )


def test_looking_around_sets_no_cookie_and_writes_nothing(guest: Visitor, slots: list[Slot]) -> None:
    for path in ("/consultations/times", f"/consultations/new?start={iso(slots[0].start)}", "/articles"):
        for method in ("GET", "HEAD"):
            answer = guest.client.open(path, method=method)
            assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    assert count(guest.app) == 0


def test_few_statements_whatever_the_diary_holds(app: Flask, guest: Visitor, slots: list[Slot]) -> None:
    for path in ("/consultations/times", f"/consultations/new?start={iso(slots[0].start)}"):
        with counted(app) as statements:
            guest.client.get(path)
        assert len(statements) <= 11


def test_a_second_therapist_can_be_chosen(app: Flask, guest: Visitor, opened: Cast) -> None:
    with app.app_context(), transaction() as session:
        session.add(
            Therapist(
                person_id=opened.stranger.person_id, display_name="Sam Haddad", title_line="", approach="",
                zone="America/New_York", position=1,
            )
        )  # fmt: skip
    open_diary(app, opened.stranger)
    page = soup(guest.client.get("/consultations/times"))
    links = {link.get_text(): str(link["href"]) for link in page.select("nav.switch a")}
    assert list(links) == ["Jane Parker", "Sam Haddad"]
    there = soup(guest.client.get(links["Sam Haddad"]))
    assert "Sam Haddad" in there.select_one("main").get_text()  # type: ignore[union-attr]
    chosen = there.select_one("select#zone option[selected]")
    assert chosen is not None and chosen["value"] == "America/New_York"
