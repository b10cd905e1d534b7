"""What a visitor chooses before the time: with whom, what, where; and what hostile links make of that."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.booking.models import Consultation, SlotHold
from portal.booking.views import visitors
from portal.diary.models import ConsultationTypeRow, OccupiedInterval, PlaceKind, PlaceRow, TypePlace
from portal.diary.rules import Slot
from portal.practice.queries import get_practice
from portal.transaction import current_session, transaction
from tests.booking.visit import ANSWERS, Visitor, count, iso, soup, typed
from tests.support.cast import Cast

HOSTILE = [
    "",
    "x",
    "' OR 1=1--",
    "\x00",
    "../..",
    "x" * 4000,
    "00000000-0000-4000-8000-000000000000",
    "\u202e",
]


@pytest.fixture
def room(app: Flask, opened: Cast) -> dict[str, str]:
    """A second, longer type, and a room in another zone beside online; ids by name."""
    with app.app_context(), transaction() as session:
        short = session.scalars(select(ConsultationTypeRow)).one()
        long = ConsultationTypeRow(
            therapist_id=short.therapist_id, name="Longer talk", length_minutes=50, buffer_after_minutes=10,
            minimum_notice_minutes=short.minimum_notice_minutes, description="For two.", position=1,
        )  # fmt: skip
        online, harbour = (
            PlaceRow(
                therapist_id=short.therapist_id,
                kind=kind,
                name=name,
                zone=zone,
                address=address,
                directions="The blue door.",
                position=number,
                practice_id=get_practice(session).id,
            )
            for number, (kind, name, zone, address) in enumerate(
                [
                    (PlaceKind.ONLINE, "By video", None, ""),
                    (PlaceKind.ROOM, "Harbour", "Europe/Paris", "3 Quai\nParis"),
                ]
            )
        )
        session.add_all([long, online, harbour])
        session.flush()
        session.add_all(
            TypePlace(type_id=type_.id, place_id=place.id)
            for type_ in (short, long)
            for place in (online, harbour)
        )
        return {
            "short": str(short.id), "long": str(long.id), "online": str(online.id), "harbour": str(harbour.id),
        }  # fmt: skip


def test_each_choice_is_a_link_that_keeps_the_others(guest: Visitor, room: dict[str, str]) -> None:
    page = soup(guest.client.get("/consultations/times?zone=Asia/Kolkata"))
    links = {link.get_text(strip=True): str(link["href"]) for link in page.select("nav.switch a")}
    assert list(links) == ["Consultation, 20 minutes", "Longer talk, 50 minutes", "By video", "Harbour"]
    longer = soup(guest.client.get(links["Longer talk, 50 minutes"]))
    there = next(link for link in longer.select("nav.switch a") if link.get_text(strip=True) == "Harbour")
    assert "For two." in longer.get_text()
    assert {f"type={room['long']}", f"at={room['harbour']}", "zone=Asia/Kolkata"} <= set(
        str(there["href"]).partition("?")[2].split("&")
    )


def test_a_room_is_shown_by_its_own_clock(guest: Visitor, room: dict[str, str]) -> None:
    page = soup(guest.client.get(f"/consultations/times?zone=America/New_York&at={room['harbour']}"))
    shown = page.select("main button.slot")
    assert "You would come to a room" in page.get_text() and "3 Quai, Paris" in page.get_text()
    first = shown[0].get_text(" ", strip=True)
    assert "10:00" in first or "09:00" in first
    assert shown[0].select_one("small") is not None
    form = soup(guest.client.get(
        f"/consultations/new?start={shown[0]['value']}&zone=America/New_York&at={room['harbour']}"
    ))  # fmt: skip
    facts = form.select_one("dl.facts")
    assert (
        facts is not None and "Paris, GMT+1" in facts.get_text() and "By your own clock" in facts.get_text()
    )


def test_what_was_chosen_is_booked(
    app: Flask, guest: Visitor, slots: list[Slot], room: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitors, "is_too_quick", lambda *_: False)
    link = {"type": room["long"], "at": room["harbour"]}
    page = soup(guest.client.get("/consultations/times", query_string=link))
    assert "The blue door" not in page.text
    start = str(page.select("main button.slot")[4]["value"])
    answer = guest.send(guest.form(start, **link), **link)
    assert answer.status_code == 303, answer.text
    assert "The blue door." in guest.client.get(answer.location).text
    with app.app_context():
        booked = current_session().scalars(select(Consultation)).one()
        occupied = current_session().scalars(select(OccupiedInterval)).one()
        assert (str(booked.type_id), str(booked.place_id)) == (room["long"], room["harbour"])
        assert (str(occupied.type_id), str(occupied.place_id)) == (room["long"], room["harbour"])
        assert (booked.ends_at - booked.starts_at).total_seconds() == 50 * 60


@pytest.mark.parametrize("word", ["type", "at", "form", "may", "from", "with"])
def test_hostile_links_are_pages_at_worst_not_found(
    app: Flask, guest: Visitor, slots: list[Slot], room: dict[str, str], word: str
) -> None:
    for value in HOSTILE:
        for path in ("/consultations/times", "/consultations/new"):
            answer = guest.client.get(path, query_string={word: value, "start": iso(slots[1].start)})
            assert answer.status_code == (404 if word == "with" and value else 200), (word, value)
    assert count(app, SlotHold) == 0


@pytest.mark.parametrize(
    "phone", ["+", "1" * 200, "Robert'); DROP", "020\r\n7946", "\u200b", "++1 23456789", "\x00"]
)
def test_a_phone_that_is_none_is_marked_and_kept(guest: Visitor, slots: list[Slot], phone: str) -> None:
    answer = guest.book(slots[1].start, phone=phone)
    assert answer.status_code == 422 and soup(answer).select_one("#phone[aria-invalid]") is not None
    assert typed(answer)["words"] == ANSWERS["words"]
