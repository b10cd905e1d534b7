"""Every mail that can be written, read as somebody would who looks over a shoulder (NOT-01, security.md 2.4)."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from jobs.templates import render_template
from portal.clock import utc_now
from portal.notices.mail import AddressRefused, Letterhead, compose
from portal.notices.models import MessageKind
from portal.notices.rules import FACTS, FIRST_CHARACTERS, forbidden_in

HOME = "https://portal.example.org"
EXAMPLE = {
    "when": "Tuesday 24 November, 09:00 (London, GMT)",
    "until": "Friday 27 November, 09:00 (London, GMT)",
    "link": "/c/token",
    "label": "KXV",
    "code": "482913",
    "not_me": "/not-me/token",
    "ics": "BEGIN:VCALENDAR\r\nSUMMARY:Appointment\r\nEND:VCALENDAR\r\n",
}
TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "emails"
NEEDED, WHOLE = "needed", "whole"
EVERY = [(kind.value, amount) for kind in MessageKind for amount in (NEEDED, WHOLE)]


def facts_of(kind: str, amount: str) -> dict[str, str]:
    names = FACTS[kind].must | (FACTS[kind].may if amount == WHOLE else frozenset())
    return {name: EXAMPLE[name] for name in names}


def written(
    *things: tuple[str, dict[str, str]], recipient: str = "us@example.org", language: str = "en-GB"
) -> EmailMessage:
    """Write a mail and read it as its receiver does."""
    letterhead = Letterhead("hello@practice.example.org", HOME, language)
    mail = compose(
        things, message_id=UUID(int=7), recipient=recipient, letterhead=letterhead,
        now=utc_now(), render=render_template,
    )  # fmt: skip
    parsed = message_from_bytes(mail.as_bytes(), policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize(("kind", "amount"), EVERY)
class TestEveryMail:
    def test_no_word_tells_what_this_place_is(self, kind: str, amount: str) -> None:
        mail = written((kind, facts_of(kind, amount)))
        for words in (str(mail["Subject"]), part(mail, "plain"), part(mail, "html")):
            assert forbidden_in(words.replace(HOME, "")) == []

    def test_what_a_locked_screen_shows_is_neutral(self, kind: str, amount: str) -> None:
        mail = written((kind, facts_of(kind, amount)))
        first = f"{mail['Subject']} {part(mail, 'plain')}"[:FIRST_CHARACTERS]
        assert forbidden_in(first) == []
        assert "example" not in first
        assert "09:00" not in first

    def test_nothing_is_loaded_from_anywhere(self, kind: str, amount: str) -> None:
        html = BeautifulSoup(part(written((kind, facts_of(kind, amount))), "html"), "html.parser")
        assert html.find_all(["img", "script", "style", "link", "iframe", "object"]) == []
        assert not any(
            name in tag.attrs for tag in html.find_all(True) for name in ("style", "src", "background")
        )
        assert {str(a["href"]) for a in html.find_all("a")} <= {
            HOME,
            HOME + "/c/token",
            HOME + "/not-me/token",
        }

    def test_text_and_html_lead_to_the_same_place(self, kind: str, amount: str) -> None:
        facts = facts_of(kind, amount)
        mail = written((kind, facts))
        address = HOME + "/c/token"
        assert (address in part(mail, "plain")) == (address in part(mail, "html")) == ("link" in facts)
        assert (
            ("24 November" in part(mail, "plain"))
            == ("24 November" in part(mail, "html"))
            == ("when" in facts)
        )

    def test_who_got_it_by_mistake_can_say_so_in_both(self, kind: str, amount: str) -> None:
        facts = facts_of(kind, amount)
        mail = written((kind, facts))
        address = HOME + "/not-me/token"
        assert (address in part(mail, "plain")) == (address in part(mail, "html")) == ("not_me" in facts)

    def test_the_text_is_plain_text(self, kind: str, amount: str) -> None:
        text = part(written((kind, facts_of(kind, amount))), "plain")
        assert not re.search(r"<\w|&\w+;|\n\n\n", text)
        assert text.startswith("Hello,")


@pytest.mark.usefixtures("context")
class TestCompose:
    def test_several_things_share_a_mail_under_a_subject_that_tells_none_of_them(self) -> None:
        mail = written(*((kind, facts_of(kind, WHOLE)) for kind, amount in EVERY if amount == WHOLE))
        assert mail["Subject"] == "Several things for you"
        assert "invited" in part(mail, "plain")
        assert "new password" in part(mail, "html")
        names = [attachment.get_filename() for attachment in mail.iter_attachments()]
        assert names == ["appointment.ics", *(f"appointment-{number}.ics" for number in range(2, 6))]
        assert part(mail, "plain").count("/not-me/token") == 1

    def test_a_screen_reader_hears_the_practices_language(self) -> None:
        html = BeautifulSoup(part(written(("new_item", {}), language="de-CH"), "html"), "html.parser").html
        assert html is not None
        assert html["lang"] == "de-CH"

    def test_an_invitation_says_its_letters_and_no_name(self) -> None:
        mail = written(("invitation", facts_of("invitation", NEEDED)))
        assert "This is invitation KXV." in part(mail, "plain")
        assert "This is invitation KXV." in part(mail, "html")

    def test_the_calendar_file_arrives_unchanged(self) -> None:
        mail = written(("consultation_confirmed", facts_of("consultation_confirmed", WHOLE)))
        (attachment,) = mail.iter_attachments()
        assert attachment.get_content_type() == "text/calendar"
        assert attachment.get_payload(decode=True) == EXAMPLE["ics"].encode()

    def test_the_id_tells_that_a_repetition_is_one(self) -> None:
        one, other = (written(("new_item", {})) for _ in range(2))
        assert one["Message-ID"] == other["Message-ID"] == f"<{UUID(int=7)}@practice.example.org>"

    @pytest.mark.parametrize(
        "address", ["a@b.example\r\nBcc: x@y.example", "a@b.example, c@d.example", "nobody", '"<x>"@b.example, y@z.example', ""]
    )  # fmt: skip
    def test_only_one_plain_address_is_written_to(self, address: str) -> None:
        with pytest.raises(AddressRefused):
            written(("new_item", {}), recipient=address)


def test_every_kind_has_its_three_templates() -> None:
    for kind in MessageKind:
        assert {path.name for path in (TEMPLATES / kind).iterdir()} == {
            "subject.txt",
            "body.txt",
            "body.html",
        }


def test_templates_name_no_fact_that_is_not_listed() -> None:
    for kind in MessageKind:
        used = {
            name
            for path in (TEMPLATES / kind).iterdir()
            for name in re.findall(r"fact\.(\w+)", path.read_text("utf-8"))
        }
        assert used <= FACTS[kind].must | FACTS[kind].may


def test_without_an_application_nothing_is_translated(app: Flask) -> None:
    with app.app_context():
        assert written(("reset", facts_of("reset", NEEDED)))["Subject"] == "Choosing a new password"
