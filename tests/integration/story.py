"""The first journey over plain HTTP, with a telling word in each field, by the people of a seeded practice."""

import re
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pyotp
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.accounts.models import Account
from portal.booking.models import Consultation, ConsultationStatus, IntakeQuestion
from portal.booking.rules import TOO_QUICK
from portal.clock import utc_now
from portal.outbox import OutboxEntry, OutboxState
from portal.safety.questions import QUESTIONS
from portal.security.login import cookie_name
from portal.transaction import current_session, transaction
from tests.integration.canaries import WORDS
from tests.support.authenticator import Authenticator, Flaws
from tests.support.cast import begin_sign_in
from tests.support.owing import let_minutes_pass
from tests.support.processes import wait_until


def hidden_fields(page: str, action: str) -> dict[str, str]:
    """Read what the form that posts to `action` brings along."""
    forms = BeautifulSoup(page, "html.parser").select("form[method=post]")
    own = [form for form in forms if form.get("action", action) == action]
    assert own, f"no form posts to {action}"
    return {str(one["name"]): str(one.get("value", "")) for one in own[0].select("input[type=hidden][name]")}


def send(
    client: httpx.Client, page: str, typed: Mapping[str, str | list[str]], *, to: str = ""
) -> httpx.Response:
    """Open a page, fill in its form and send it; where it leads comes back."""
    action = to or page
    answer = client.post(action, data={**hidden_fields(client.get(page).text, action), **typed})
    assert answer.status_code == 200, f"{action} answered {answer.status_code}"
    return answer


@dataclass(kw_only=True)
class Story:
    """The told journey. `app`: the same installation in the test's own process; `sign_ins`: those of the demo."""

    app: Flask
    home: str
    sign_ins: Mapping[str, Mapping[str, str]]
    began_at: datetime = field(default_factory=utc_now)
    guest_page: str = ""
    invitations: list[str] = field(default_factory=list)
    browsers: ExitStack = field(default_factory=ExitStack)

    def browser(self) -> httpx.Client:
        """Open a new browser without any cookie."""
        return self.browsers.enter_context(
            httpx.Client(base_url=self.home, follow_redirects=True, timeout=60)
        )

    def browser_of(self, user_name: str) -> httpx.Client:
        """Open a browser in which somebody is signed in, by a row of its own."""
        browser = self.browser()
        with self.app.app_context(), transaction() as session:
            token, _ = begin_sign_in(session, account_of(session, user_name).id)
            browser.cookies.set(cookie_name(), token)
        return browser

    def tell(self) -> None:
        """From the booking to the paper."""
        self._let_mails_leave()
        self._book()
        self._write_letter()
        jane = self.browser()
        self._sign_in(jane, "jane")
        self._say_no_and_the_way(jane)
        couple = self._make_couple(jane)
        self._accept(jane, couple, 0, WORDS.user_name, WORDS.password)
        self._accept(jane, couple, 1, WORDS.partner_user_name, WORDS.partner_password)
        self._ask_each_alone(jane, couple)
        self._do_homework(jane, couple)
        self._say_and_plan(jane, couple)
        self._write(jane, couple)
        self._connect_calendar()

    def _book(self) -> None:
        with self.app.app_context(), transaction() as session:
            session.add(IntakeQuestion(position=0, words="How did you hear of us?"))
        guest, times = self.browser(), "/consultations/times?zone=Europe/London"
        offered = BeautifulSoup(guest.get(times).text, "html.parser").select_one("main form[method=post]")
        assert offered is not None
        token, slot = offered.select_one("[name=form_token]"), offered.select_one("button.slot")
        assert token is not None and slot is not None
        holding = {"form_token": str(token["value"]), "start": str(slot["value"])}
        shown = guest.post(str(offered["action"]), data=holding).text
        form = BeautifulSoup(shown, "html.parser").select_one("main form[method=post]")
        assert form is not None
        time.sleep(TOO_QUICK.total_seconds())
        typed = {
            "first_name": WORDS.first_name, "email": WORDS.email, "partner_name": WORDS.partner_name, "partner_knows": "yes",
            "words": WORDS.words, "agreed": "y", "phone": WORDS.phone,
        }  # fmt: skip
        typed |= {str(field["name"]): WORDS.reply for field in form.select("input[name^=reply_]")}
        action = str(form["action"])
        answer = guest.post(action, data={**hidden_fields(shown, action), **typed})
        assert "/consultations/" in answer.url.path, answer.text
        self.guest_page = answer.url.path
        self._let_mails_leave()
        message = send(guest, self.guest_page, {"words": WORDS.message}, to=f"{self.guest_page}/message").text
        way = BeautifulSoup(message, "html.parser").select_one("#pass-on")
        assert way is not None
        second = {"first_name": WORDS.second_first, "email": WORDS.second_email, "zone": "UTC", "agreed": "y"}
        along = send(self.browser(), urlsplit(str(way["value"])).path, second)
        assert along.url.path.startswith("/joined/"), along.text
        self._let_mails_leave()

    def _write_letter(self) -> None:
        guest = self.browser()
        shown = guest.get("/contact").text
        time.sleep(TOO_QUICK.total_seconds())
        jane = BeautifulSoup(shown, "html.parser").select_one("input[name=to]")
        assert jane is not None
        typed = {
            "to": str(jane["value"]), "first_name": WORDS.first_name, "email": WORDS.email, "words": WORDS.letter,
            "agreed": "y",
        }  # fmt: skip
        answer = guest.post("/contact", data={**hidden_fields(shown, "/contact"), **typed})
        assert answer.url.path == "/contact/sent", answer.text
        self._let_mails_leave()

    def _sign_in(self, browser: httpx.Client, name: str) -> None:
        person = self.sign_ins[name]
        send(browser, "/sign-in", {"identity": name, "password": person["password"]})
        send(browser, "/sign-in/code", {"code": pyotp.TOTP(person["totp_secret"]).now()})

    def _say_no_and_the_way(self, jane: httpx.Client) -> None:
        """Decline a request that was there before with words, and say how a place is found."""
        with self.app.app_context():
            waiting = select(Consultation.id).where(Consultation.status == ConsultationStatus.REQUESTED)
            lead = current_session().scalars(waiting.order_by(Consultation.created_at).limit(1)).one()
        declined = {"no-reason": "time", "no-words": WORDS.decline}
        send(jane, f"/requests/{lead}", declined, to=f"/requests/{lead}/decline")
        self._let_mails_leave()
        place = {"kind": "online", "name": "By video", "directions": WORDS.directions}
        send(jane, "/diary/places/new", place)

    def _make_couple(self, jane: httpx.Client) -> str:
        with self.app.app_context():
            newest = select(Consultation).order_by(Consultation.created_at.desc()).limit(1)
            lead = current_session().scalars(newest).one().id
        send(jane, f"/requests/{lead}", {"say-words": WORDS.answer}, to=f"/requests/{lead}/message")
        self._let_mails_leave()
        send(jane, f"/requests/{lead}", {}, to=f"/requests/{lead}/confirm")
        self._let_mails_leave()
        persons = {
            "first_first_name": WORDS.first_name, "first_last_name": WORDS.last_name, "first_email": WORDS.email,
            "second_first_name": WORDS.partner_name, "second_last_name": WORDS.partner_last_name,
            "second_email": WORDS.partner_email, "secrets_policy": "limited",
        }  # fmt: skip
        return send(jane, f"/couples/new/{lead}", persons).url.path

    def _accept(self, jane: httpx.Client, couple: str, person: int, user_name: str, password: str) -> None:
        page = BeautifulSoup(jane.get(couple).text, "html.parser")
        way = page.select("section.plot")[person].select_one("form[action*='/invitations/']")
        assert way is not None
        shown = BeautifulSoup(send(jane, couple, {}, to=str(way["action"])).text, "html.parser")
        link, code, *_ = (one.text for one in shown.select("dd code"))
        path, partner = urlsplit(link).path, self.browser()
        self.invitations.append(path)
        welcome = send(partner, path, {"code": code}).text
        typed = {"user_name": user_name, "password": password}
        made = partner.post(f"{path}/account", data={**hidden_fields(welcome, f"{path}/account"), **typed})
        assert made.url.path == "/welcome", made.text
        send(partner, "/welcome", {})
        self._let_mails_leave()

    def _ask_each_alone(self, jane: httpx.Client, couple: str) -> None:
        """The first partner answers; the second has still to."""
        send(jane, couple, {}, to=f"{couple}/individual-questions")
        self._let_mails_leave()
        typed = {
            **{question.id: "yes" for question in QUESTIONS}, "way": "call", "hours": WORDS.safe_hours,
            "safe_word": WORDS.safe_word, "words": WORDS.about_contact,
        }  # fmt: skip
        first = self.browser_of(WORDS.user_name)
        send(first, "/about-you", typed)
        card = {
            "channel": "email", "phone": WORDS.phone, "when": "always", "voicemail": "no", "code_word": WORDS.code_word, "words": WORDS.about_card,
        }  # fmt: skip
        send(first, "/safe-contact", card)
        self._add_passkey(first)
        self._let_mails_leave()

    def _add_passkey(self, person: httpx.Client) -> None:
        """Have a device of the person's make one, as the script of the page does."""
        asked = person.get("/account/passkeys/new").json()
        made = Authenticator().make(asked["options"], Flaws(origin=self.home, host="localhost"))
        send(person, "/account/passkeys", {"label": WORDS.device, "state": asked["state"], "answer": made})

    def _do_homework(self, jane: httpx.Client, couple: str) -> None:
        """One word for each state: open to both, kept back, shared and shut, private, not finished."""
        for task in ("my-goals-our-overlap", "values-compass", "one-shared-goal"):
            send(jane, f"{couple}/tasks/new", {"task": f"exercise:{task}", "for_whom": "both"})
            self._let_mails_leave()
        first, second = (self.browser_of(name) for name in (WORDS.user_name, WORDS.partner_user_name))
        goals = "My goals, then where they meet"
        answer(first, goals, {1: {"g1": WORDS.opened_goal}, 2: {"g2": WORDS.kept_goal}}, keep="g2")
        answer(second, goals, {1: {"g1": WORDS.partner_goal}})
        values: dict[int, Mapping[str, str | list[str]]] = {
            1: {"pick": ["calm", "family", "home"]}, 2: {"rank": ["calm", "family", "home"]}, 4: {"story": WORDS.shut_story},
            6: {"tender": WORDS.tender},
        }  # fmt: skip
        answer(first, "Talking about values", values)
        answer(first, "Choose one shared goal", {1: {"ideas": WORDS.draft}}, is_finished=False)
        self._let_mails_leave()
        self._show_one_line(jane, couple, first)
        self._keep_a_goal(jane, couple, (first, second))

    def _show_one_line(self, jane: httpx.Client, couple: str, first: httpx.Client) -> None:
        """Answer for oneself what the other never learns of, but for one line that one chose to show."""
        send(jane, f"{couple}/tasks/new", {"task": "exercise:me-you-us", "for_whom": "a"})
        self._let_mails_leave()
        alone = {3: {"which": WORDS.dreamt}, 6: {"tell": WORDS.shown_line}}
        answer(first, "Me, you and us", alone)
        start = start_of(first, "Me, you and us")
        send(first, start, {}, to=f"{start}/line")
        links = BeautifulSoup(jane.get(f"{couple}/tasks").text, "html.parser").select(
            "a[href$='/reflection']"
        )
        desk = next(str(link["href"]) for link in links if "Me, you and us" in link.text)
        send(jane, desk, {}, to=desk.replace("/reflection", "/line"))
        self._let_mails_leave()

    def _keep_a_goal(self, jane: httpx.Client, couple: str, both: tuple[httpx.Client, httpx.Client]) -> None:
        """Plan something together, and keep it as a goal."""
        title = "From dream to milestones"
        send(jane, f"{couple}/tasks/new", {"task": "exercise:milestones-plan", "for_whom": "both"})
        self._let_mails_leave()
        pages = {1: {"goal": WORDS.joint_goal}, 2: {"steps": "Look\nBuild\nSail"}}
        answer(both[0], title, pages, is_finished=False)
        for partner in both:
            send(partner, f"{start_of(partner, title)}/goal", {"go": "keep"})
        assert "You both keep this" in both[0].get(f"{start_of(both[0], title)}/goal").text
        self._end_it_and_go_on(both)

    def _end_it_and_go_on(self, both: tuple[httpx.Client, httpx.Client]) -> None:
        """Let one end the goal with a reason, and the other take it up again."""
        first, second = both
        page = BeautifulSoup(first.get("/between-us").text, "html.parser")
        form = page.select_one("form[action^='/between-us/goals/']")
        assert form is not None
        path = str(form["action"])
        send(first, "/between-us", {"ending": "let_go", "reason": WORDS.goal_reason}, to=path)
        assert "taken up again" in send(second, "/between-us", {}, to=f"{path}/take-up").text

    def _say_and_plan(self, jane: httpx.Client, couple: str) -> None:
        """Say something about an answer to its author alone, to both, and to oneself; start the couple on an own way."""
        links = BeautifulSoup(jane.get(f"{couple}/tasks").text, "html.parser").select(
            "a[href$='/reflection']"
        )
        of_one = "section.plot.a a[href*='/answers/']"
        for title, where, reach, words in (
            ("My goals", of_one, "author", WORDS.comment_alone),
            ("My goals", of_one, "both", WORDS.comment_both),
            ("My goals", of_one, "therapist", WORDS.comment_for_me),
            ("From dream", "#together ~ * a[href*='/answers/']", "both", WORDS.comment_joint),
        ):
            desk = next(str(link["href"]) for link in links if title in link.text)
            answer_page = BeautifulSoup(jane.get(desk).text, "html.parser").select_one(where)
            assert answer_page is not None
            send(jane, str(answer_page["href"]), {"reach": reach, "words": words})
            self._let_mails_leave()
        later = {
            "steps-0-task": "exercise:revisit-and-revise",
            "steps-0-delivery": "after_days",
            "steps-0-days": "60",
        }
        send(jane, "/practice/pathways/new", {"title": WORDS.way_title, "purpose": "", **later})
        choice = BeautifulSoup(jane.get(f"{couple}/pathways/new").text, "html.parser").select_one(
            "[name=plan]"
        )
        assert choice is not None
        started = send(jane, f"{couple}/pathways/new", {"plan": str(choice["value"]), "for_whom": "both"})
        assert WORDS.way_title in started.text
        self._let_mails_leave()
        head = {
            "title": "Of the own hand",
            "purpose": "To try.",
            "minutes": "5",
            "mode": "alone_then_reveal",
            "follow_up": "Talk.",
        }
        bench = send(jane, "/practice/exercises/new", head).url.path
        asked = {"kind": "short_text", "text": WORDS.own_question, "share": "reveal", "stage": "1"}
        send(jane, f"{bench}/questions/new", asked)
        assert "Version 1" in send(jane, bench, {}, to=f"{bench}/publish").text

    def _write(self, jane: httpx.Client, couple: str) -> None:
        meeting = send(
            jane, f"{couple}/meetings/new",
            {"held_on": (utc_now() - timedelta(days=1)).date().isoformat(), "starts": "18:00", "length_minutes": "50",
             "place": "online", "company": "both", "presence_a": "came", "presence_b": "came"},
        ).url.path  # fmt: skip
        send(jane, f"{meeting}/note", {"text": WORDS.note})
        send(jane, f"{meeting}/note/sign", {})
        send(jane, f"{meeting}/process-note", {"text": WORDS.process_note})
        summary = {
            "focus": WORDS.focus, "going_well": WORDS.going_well, "working_on": WORDS.working_on,
            "remember_a": WORDS.remember_a, "remember_b": WORDS.remember_b, "next_time": WORDS.next_time,
            "agreement_1-what": WORDS.agreed, **{f"agreement_{number}-who": "both" for number in range(1, 6)},
        }  # fmt: skip
        preview = send(jane, f"{meeting}/summary", summary).url.path
        released = send(jane, preview, {}, to=f"{meeting}/summary/release")
        assert re.fullmatch(r"/summaries/[0-9a-f-]+", released.url.path), released.text
        self._let_mails_leave()

    def _connect_calendar(self) -> None:
        """What opens a calendar elsewhere is shown to nobody again; nothing is there, so that its job comes to nothing."""
        address = f"https://127.0.0.1/{WORDS.calendar_address}.ics"
        new = {"kind": "ics", "name": "Choir", "address": address}
        send(self.browser_of("jane"), "/practice/calendars/new", new)

    def _let_mails_leave(self) -> None:
        """Wait for the worker, then let the minutes pass in which mails to one inbox wait for each other."""
        wait_until(self.is_all_done, "every job is done")
        with self.app.app_context():
            let_minutes_pass()

    def is_all_done(self) -> bool:
        """Say whether nothing is owed any more."""
        with self.app.app_context():
            owed = select(func.count()).select_from(OutboxEntry).where(OutboxEntry.state != OutboxState.DONE)
            return current_session().scalar(owed) == 0


def answer(
    partner: httpx.Client,
    title: str,
    pages: Mapping[int, Mapping[str, str | list[str]]],
    *,
    keep: str = "",
    is_finished: bool = True,
) -> None:
    """Answer an exercise from one's own list, page by page, and share it but for what is kept."""
    start = start_of(partner, title)
    for page, typed in pages.items():
        send(partner, f"{start}/{page}", {**typed, "go": "next"})
    if is_finished:
        shared = send(partner, f"{start}/check", {"go": "share", **({"keep": keep} if keep else {})})
        assert "Still open" not in shared.text


def start_of(partner: httpx.Client, title: str) -> str:
    """Find one's own part in an exercise by its title, from one's own list."""
    cards = BeautifulSoup(partner.get("/tasks").text, "html.parser").select("article")
    link = next(card for card in cards if title in card.text).select_one("a[href^='/reflections/']")
    assert link is not None
    return str(link["href"]).removesuffix("/check")


def account_of(session: Session, user_name: str) -> Account:
    """Find somebody's account by the user name."""
    code = session.info["keyring"].lookup_code(user_name)
    return session.scalars(select(Account).where(Account.user_name_code == code)).one()
