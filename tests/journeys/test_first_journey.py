"""The first journey, from a post to the summary on paper, by people in real browsers with the real processes."""

import re
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.journeys import people
from tests.journeys.conftest import PersonAt
from tests.journeys.house import House
from tests.journeys.people import Guest, follow, heading, press
from tests.support.browser import Visitor

NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("javascript", "guest"),
    [
        (
            True,
            Guest(name="Noor", email="noor@example.org", partner="Elias", words="We argue about Sundays."),
        ),
        (
            False,
            Guest(name="Iris", email="iris@example.org", partner="Jonas", words="We argue about moving."),
        ),
    ],
    ids=["with JavaScript", "without JavaScript"],
)
def test_a_reader_becomes_a_couple_that_holds_its_summary_on_paper(
    house: House, person_at: PersonAt, tmp_path: Path, javascript: bool, guest: Guest
) -> None:
    partner_email = f"{guest.partner.lower()}@example.org"
    with ExitStack() as rooms:
        enter = partial(person_at, javascript=javascript)
        reader = rooms.enter_context(enter(zone=NEW_YORK))
        post = visitor_books(reader, house, guest, javascript=javascript)

        jane = rooms.enter_context(enter()).page
        people.sign_in(jane, house, "jane")
        people.answer_lead(jane, guest, post)
        people.turn_into_couple(jane, guest, partner_email)
        couple = jane.url
        invitations = {name: people.invite(jane, name) for name in (guest.name, guest.partner)}
        assert invitations[guest.partner][0] in str(house.first_mail_to(partner_email).get_body(("plain",)))

        partners = [rooms.enter_context(enter()).page for _name in invitations]
        for page, (name, (link, code)) in zip(partners, invitations.items(), strict=True):
            people.accept_invitation(page, link, code, f"{name.lower()}-alone")
            people.accept_consents(page)
            expect(page.get_by_text("Nothing waits for you")).to_be_visible()

        jane.goto(couple)
        therapist_writes(jane, house, guest)
        with house.resting_worker():
            press(jane, f"Release to {guest.name} and {guest.partner}")
            for page in partners:
                people.open_summary(page)
                expect(page.get_by_text("The PDF is being prepared")).to_be_visible()
        for number, page in enumerate(partners):
            people.wait_for_paper(page, javascript=javascript)
            paper_is_right(page, guest, tmp_path / str(number))


def visitor_books(visitor: Visitor, house: House, guest: Guest, *, javascript: bool) -> str:
    """From the article to the mail in the inbox; return the title of the article."""
    page = visitor.page
    post = people.read_first_post(page)
    people.go_to_free_times(page)
    if not javascript:
        people.choose_zone(page, NEW_YORK)
    expect(page.get_by_label("Times are shown in")).to_have_value(NEW_YORK)
    clock = people.pick_first_time(page)
    people.give_details(page, guest)
    people.book(page)
    expect(heading(page)).to_have_text("Your time is kept for you")
    expect(page.get_by_text(clock).first).to_be_visible()
    expect(page.get_by_text("New York").first).to_be_visible()
    assert visitor.context.cookies() == []
    mail = house.first_mail_to(guest.email)
    assert clock in str(mail.get_body(("plain",)))
    assert "SUMMARY:Appointment" in people.calendar_of(mail)
    assert not re.search(f"{guest.name}|{guest.partner}|{guest.words}", mail.as_string())
    return post


def therapist_writes(page: Page, house: House, guest: Guest) -> None:
    """From the couple's page to the preview that is ready for release."""
    people.record_session(page)
    session = page.url
    people.write_note_and_sign(page)
    house.let_proofs_grow_old()
    page.goto(session)
    follow(page, "Open the process note")
    people.prove(page, house, "jane")
    people.write_process_note(page)
    page.goto(session)
    follow(page, "Open the summary")
    people.write_summary(page, (guest.name, guest.partner))
    expect(page.locator(".sheet")).to_contain_text(people.AGREED)
    expect(page.locator(".sheet")).not_to_contain_text(people.NOTE)


def paper_is_right(page: Page, guest: Guest, folder: Path) -> None:
    download = people.download_paper(page)
    assert re.fullmatch(r"document-[a-z2-9]{6}\.pdf", download.suggested_filename)
    folder.mkdir()
    download.save_as(folder / download.suggested_filename)
    paper = PdfReader(folder / download.suggested_filename)
    words = " ".join(" ".join(sheet.extract_text().split()) for sheet in paper.pages)
    assert len(paper.pages) <= 2
    for line in (people.FOCUS, people.AGREED, f"{guest.name} wants to remember the bridge."):
        assert line in words
    for secret in (people.NOTE, people.PROCESS_NOTE, guest.words, guest.email):
        assert secret not in words


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_who_comes_second_keeps_every_word_and_takes_one_of_the_nearest_three(
    person_at: PersonAt, javascript: bool
) -> None:
    early = Guest(name="Mia", email=f"mia{javascript:d}@example.org")
    late = Guest(
        name="Lars", email=f"lars{javascript:d}@example.org", partner="Ann", words="Two homes, one dog."
    )
    with person_at(javascript=javascript) as first, person_at(javascript=javascript) as second:
        second.page.goto("/")  # whose times are links: they keep nothing
        second.page.locator("a.slot").first.click()
        expect(heading(second.page)).to_contain_text("how to reach you")
        first.page.goto("/consultations/times?zone=Europe%2FLondon")
        people.pick_first_time(first.page)
        people.give_details(first.page, early)
        people.give_details(second.page, late)
        people.book(first.page)
        expect(heading(first.page)).to_have_text("Your time is kept for you")
        page = second.page
        people.book(page)
        expect(page.get_by_text("That time has just gone")).to_be_visible()
        expect(page.get_by_label("Your first name")).to_have_value(late.name)
        expect(page.get_by_label("A line or two is plenty")).to_have_value(late.words)
        expect(page.get_by_role("checkbox")).to_be_checked()
        expect(page.locator("button.slot")).to_have_count(3)
        page.locator("button.slot").first.click()
        expect(heading(page)).to_have_text("Your time is kept for you")


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_after_signing_out_the_back_button_shows_nothing(
    house: House, person_at: PersonAt, javascript: bool
) -> None:
    with person_at(javascript=javascript) as ana:
        people.sign_in(ana.page, house, "ana")
        people.open_summary(ana.page)
        words = ana.page.locator(".sheet .lead").inner_text()
        press(ana.page, "Sign out")
        expect(heading(ana.page)).to_have_text("You are signed out")
        ana.page.go_back()
        expect(heading(ana.page)).to_have_text("Sign in")
        assert words not in ana.page.content()
        assert ana.context.cookies() == []


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_passed_device_shows_nothing_of_who_had_it_to_who_takes_it(
    house: House, person_at: PersonAt, javascript: bool
) -> None:
    with person_at(javascript=javascript) as shared:
        page = shared.page
        people.sign_in(page, house, "ana")
        page.goto("/privacy")
        assert "What Ben never sees" in page.content()
        press(page, "Pass the device")
        expect(heading(page)).to_have_text("Sign in")
        assert page.get_by_label("User name or e-mail address").input_value() == ""
        assert shared.context.cookies() == []
        people.sign_in(page, house, "ben")
        expect(heading(page)).not_to_have_text("Sign in")  # a browser that is still arriving has no way back
        for _ in range(4):
            page.go_back()
            expect(heading(page)).to_be_visible()
            assert "What Ben never sees" not in page.content()


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_leave_now_leaves_at_once_and_its_login_is_dead(
    house: House, person_at: PersonAt, javascript: bool
) -> None:
    with person_at(javascript=javascript) as ben:
        ben.context.route(
            lambda url: not url.startswith(house.home), lambda route: route.fulfill(body="Elsewhere")
        )
        people.sign_in(ben.page, house, "ben")
        people.open_summary(ben.page)
        stolen = {cookie["name"]: cookie["value"] for cookie in ben.context.cookies()}
        press(ben.page, "Leave now")
        expect(ben.page.get_by_text("Elsewhere")).to_be_visible()
        assert len(ben.watch.third_party) == 1
        ben.watch.third_party.clear()
        ben.context.add_cookies(
            [{"name": name, "value": token, "url": house.home} for name, token in stolen.items()]
        )
        ben.page.goto(f"{house.home}/home")
        expect(heading(ben.page)).to_have_text("Sign in")
