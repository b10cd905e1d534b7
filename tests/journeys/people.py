"""What people do in the portal, in their words: each function is one thing that somebody does with a page."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from playwright.sync_api import Download, Locator, Page, expect

from portal.booking.rules import TOO_QUICK
from tests.journeys.house import House
from tests.support.processes import wait_until

FOCUS = "We looked for an evening that is ours, and chose Thursdays."
AGREED = "Keep Thursday evening free of screens"
NOTE = "Warm opening; money was named and left for next time."
PROCESS_NOTE = "I noticed that I hurried the two of them."
PASSWORD = "slow river under seven bridges"


expect.set_options(timeout=15_000)  # a busy machine may render that long


@dataclass(frozen=True, kw_only=True)
class Guest:
    """Somebody from outside."""

    name: str
    email: str
    partner: str = ""
    words: str = ""


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def press(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=name).click()


def follow(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("link", name=name).first.click()


# A visitor


def read_first_post(page: Page) -> str:
    """Open the newest article and return its title."""
    page.goto("/articles")
    page.locator("article h2 a").first.click()
    expect(page.get_by_text("minutes to read").first).to_be_visible()
    expect(page.locator(".prose p").first).to_be_visible()
    return heading(page).inner_text()


def go_to_free_times(page: Page) -> None:
    follow(page, "Book a complimentary consultation")
    expect(heading(page)).to_have_text("Choose a time to talk")


def choose_zone(page: Page, zone: str) -> None:
    page.get_by_label("Times are shown in").select_option(zone)
    press(page, "Show times")
    expect(page.get_by_label("Times are shown in")).to_have_value(zone)


def pick_first_time(page: Page) -> str:
    """Choose the first free time and return its clock."""
    slot = page.locator("button.slot").first
    clock = re.search(r"\d\d:\d\d", slot.inner_text())
    assert clock
    slot.click()
    expect(heading(page)).to_contain_text("how to reach you")
    return clock.group()


def give_details(page: Page, guest: Guest) -> None:
    page.get_by_label("Your first name").fill(guest.name)
    page.get_by_label("E-mail").fill(guest.email)
    page.get_by_label("Your partner’s first name").fill(guest.partner)
    page.get_by_role("radio", name="Yes").check()
    page.get_by_label("A line or two is plenty").fill(guest.words)
    page.get_by_role("checkbox").check()
    page.wait_for_timeout(
        TOO_QUICK / timedelta(milliseconds=1)
    )  # people type; what fills a form at once is a program


def book(page: Page) -> None:
    press(page, re.compile("^Book "))


def calendar_of(mail: EmailMessage) -> str:
    """Read the calendar file of a mail."""
    found = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert len(found) == 1
    return str(found[0].get_content())


# Signing in and out


def sign_in(page: Page, house: House, name: str) -> None:
    person = house.sign_ins[name]
    page.goto("/sign-in")
    page.get_by_label("User name or e-mail address").fill(person.user_name)
    page.get_by_label("Password", exact=True).fill(person.password)
    press(page, "Sign in")
    if person.totp_secret:
        page.get_by_label("Code").fill(house.phone_code(name))
        press(page, "Go on")


def prove(page: Page, house: House, name: str) -> None:
    expect(heading(page)).to_have_text("Confirm it is you")
    page.get_by_label("Password", exact=True).fill(house.sign_ins[name].password)
    page.get_by_label("Code").fill(house.phone_code(name))
    press(page, "Confirm")


# The therapist


def answer_lead(page: Page, guest: Guest, post: str) -> None:
    """Find the request first on the home page, with its article, and confirm it."""
    expect(heading(page)).to_have_text("Who needs you now")
    needs = page.locator(".need")
    lead = needs.filter(has_text=guest.name)
    expect(needs.first).to_contain_text("From “")
    expect(lead).to_contain_text(post)
    lead.get_by_role("link", name="Answer").click()
    expect(page.get_by_text(guest.words)).to_be_visible()
    press(page, "Confirm this time")
    expect(page.get_by_role("link", name="Turn into a couple")).to_be_visible()


def turn_into_couple(page: Page, guest: Guest, partner_email: str) -> None:
    follow(page, "Turn into a couple")
    expect(page.get_by_label("First name").first).to_have_value(guest.name)
    expect(page.get_by_label("First name").nth(1)).to_have_value(guest.partner)
    page.get_by_label("E-mail").nth(1).fill(partner_email)
    press(page, "Create this couple")
    expect(heading(page)).to_have_text(f"{guest.name} and {guest.partner}")


def invite(page: Page, name: str) -> tuple[str, str]:
    """Invite one person from the couple's page; return the link and the code."""
    couple = page.url
    page.locator("section.plot").filter(has_text=name).get_by_role("button", name="Invite").click()
    expect(heading(page)).to_have_text(f"Invitation for {name}")
    link, code, *_letters = page.locator("dd code").all_inner_texts()
    page.goto(couple)
    expect(page.locator("section.plot").filter(has_text=name)).to_contain_text("Invited")
    return link, code


def record_session(page: Page) -> None:
    follow(page, "Record a session")
    page.get_by_label("Day").fill((datetime.now(UTC) - timedelta(days=1)).date().isoformat())
    page.get_by_label("Began at").fill("18:00")
    page.get_by_role("group", name="Place").or_(page.get_by_role("radiogroup", name="Place")).get_by_label(
        "Online"
    ).check()
    press(page, "Record this session")
    expect(heading(page)).to_have_text("The session")


def write_note_and_sign(page: Page) -> None:
    follow(page, "Open the note")
    page.get_by_label("Your note").fill(NOTE)
    press(page, "Save the note")
    follow(page, "Read once more and sign")
    expect(page.get_by_text(NOTE)).to_be_visible()
    press(page, "Sign this note")
    expect(page.get_by_text("The signed text")).to_be_visible()


def write_process_note(page: Page) -> None:
    expect(page.get_by_text("Only you, who wrote it, can open this.")).to_be_visible()
    page.get_by_label("Your note").fill(PROCESS_NOTE)
    press(page, "Save the process note")


def write_summary(page: Page, names: tuple[str, str]) -> None:
    page.get_by_label("Today in one sentence").fill(FOCUS)
    page.get_by_label("Going well").fill("You ask before you answer.\nSunday coffee took place.")
    page.get_by_label("Working on").fill("Naming the day when a talk goes on.")
    remembered = page.get_by_role("group", name="What each would like to remember")
    for name in names:
        remembered.get_by_label(name).fill(f"{name} wants to remember the bridge.")
    first = page.get_by_role("group", name="Agreement 1")
    first.get_by_label("What").fill(AGREED)
    first.get_by_label("Who").select_option(label="Both")
    first.get_by_label("By when").fill((datetime.now(UTC) + timedelta(days=14)).date().isoformat())
    page.get_by_label("What you take along").fill("Bring one thing that went better than you feared.")
    press(page, "Save and look at it")
    expect(heading(page)).to_have_text("Check the summary, then release it")


# A partner


def accept_invitation(page: Page, link: str, code: str, user_name: str) -> None:
    page.goto(link)
    page.get_by_label("Code").fill(code)
    press(page, "Go on")
    page.get_by_label("User name").fill(user_name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Make my login")


def accept_consents(page: Page) -> None:
    expect(heading(page)).to_have_text("Before you begin")
    press(page, "I have read this and agree")
    expect(heading(page)).to_contain_text("Welcome")


def open_summary(page: Page) -> None:
    page.goto("/home")
    follow(page, "Read the summary")
    expect(heading(page)).to_have_text("Session summary")


def wait_for_paper(page: Page, *, javascript: bool) -> None:
    """See the PDF turn from being prepared to ready: by itself, or by a link where there is no script."""
    ready = page.get_by_role("link", name="Download the PDF")
    if javascript:
        page.evaluate("window.isStillHere = true")
        expect(ready).to_be_visible(timeout=60_000)
        assert page.evaluate("window.isStillHere"), "the page was loaded again"
        return

    def looks_again() -> bool:
        if not ready.is_visible():
            follow(page, "Look again")
        return ready.is_visible()

    wait_until(looks_again, "the PDF is ready")


def download_paper(page: Page) -> Download:
    with page.expect_download() as begun:
        follow(page, "Download the PDF")
    return begun.value
