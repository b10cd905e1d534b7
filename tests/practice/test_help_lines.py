"""The local help lines: demanded, checked, shown everywhere the same, gone when nobody has looked for a year."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.deploy_check import findings
from portal.errors import DomainError
from portal.first_run import FirstOwner, found
from portal.practice.queries import find_practice, get_practice
from portal.practice.rules import HelpLines, dialled, is_number, is_site
from portal.transaction import current_session, transaction
from tests.safety.scene import press
from tests.support.cast import Actor, Cast, client_of

LINES = HelpLines(
    region="Nowhere", emergency_number="112", crisis_name="A listening ear", crisis_number="+44 (0)1632 960-000",
    abuse_name="A safe house", abuse_number="01632 960001", abuse_web="https://help.example.org/now",
    response_time="within two working days", verified_on=date(2026, 11, 20),
)  # fmt: skip
TYPED = {
    "notice": "Call your local number.", "region": "Nowhere", "emergency_number": "112", "crisis_name": "A listening ear",
    "crisis_number": "+44 (0)1632 960-000", "abuse_name": "A safe house", "abuse_number": "01632 960001",
    "abuse_web": "https://help.example.org/now", "response_time": "within two working days", "is_checked": "y",
}  # fmt: skip
CHECKED = datetime(2026, 11, 20, 12, tzinfo=UTC)


def enter(app: Flask, lines: HelpLines) -> None:
    with app.app_context(), transaction() as session:
        get_practice(session).help_lines = lines


def help_of(client: FlaskClient, page: str, where: str) -> BeautifulSoup:
    found_there = BeautifulSoup(client.get(page).text, "html.parser").select_one(where)
    assert found_there is not None
    return found_there  # type: ignore[return-value]  # a tag reads like a soup


def test_they_stand_below_every_page_of_a_partner_and_can_be_called(app: Flask, cast: Cast) -> None:
    enter(app, LINES)
    with time_machine.travel(CHECKED):
        ana, ben = (help_of(client_of(app, one), "/home", "footer") for one in (cast.ana, cast.ben))
    calls = [str(link["href"]) for link in ana.select("a[href^='tel:']")]
    assert calls == ["tel:112", "tel:+4401632960000", "tel:01632960001"]
    assert "phone bill" in ana.text
    assert "usually reads messages within two working days" in " ".join(ana.text.split())
    assert ana.text == ben.text


@pytest.mark.parametrize("who", ["owner", "therapist"])
def test_after_a_year_they_vanish_and_the_practice_is_told(app: Flask, cast: Cast, who: str) -> None:
    enter(app, LINES)
    actor: Actor = getattr(cast, who)
    for days, shows in ((364, True), (365, False)):
        with time_machine.travel(CHECKED + timedelta(days=days)):
            footer = help_of(client_of(app, cast.ana), "/home", "footer")
            assert ("A listening ear" in footer.text) is shows
            assert "In danger, call your local number." in footer.text
            assert ("help lines need a look" in client_of(app, actor).get("/today").text) is not shows
            assert "help lines need a look" not in client_of(app, cast.front_desk).get("/today").text


def test_who_checks_them_has_them_shown_again(app: Flask, cast: Cast) -> None:
    owner = client_of(app, cast.owner)
    assert "No numbers are shown at present" in owner.get("/practice/help").text
    assert press(owner, "/practice/help", **TYPED).location == "/practice/help"
    assert "The numbers are shown" in owner.get("/practice/help").text
    assert "tel:112" in client_of(app, cast.ana).get("/home").text
    with app.app_context():
        assert get_practice(current_session()).help_lines.verified_on == utc_now().date()
        changes = select(AuditEvent).where(AuditEvent.action == "help.changed")
        assert len(current_session().scalars(changes).all()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"emergency_number": ""},
        {"crisis_number": "ring us"},
        {"abuse_number": "+"},
        {"abuse_number": "12<b>"},
        {"abuse_web": "help.example.org"},
        {"abuse_web": "http://help.example.org"},
        {"abuse_web": "javascript:alert(1)"},
        {"abuse_web": "https://[help"},
        {"abuse_web": "https://you@help.example.org"},
        {"region": "x" * 61},
        {"crisis_name": "a\x00b"},
        {"is_checked": ""},
        {"notice": " "},
        {"region": " "},
    ],
)
def test_what_nobody_could_dial_or_open_is_refused_and_kept_on_the_page(
    app: Flask, cast: Cast, wrong: dict[str, str]
) -> None:
    sent = press(
        client_of(app, cast.therapist), "/practice/help", **{k: v for k, v in (TYPED | wrong).items() if v}
    )
    assert sent.status_code == 422
    page = BeautifulSoup(sent.text, "html.parser")
    assert page.select_one("[aria-invalid=true], .field.wrong") is not None
    assert page.select_one("input[name=abuse_name]")["value"] == "A safe house"  # type: ignore[index]  # it is there
    with app.app_context():
        assert get_practice(current_session()).help_lines == HelpLines()


def test_a_practice_cannot_be_set_up_without_them(app: Flask) -> None:
    def make(lines: HelpLines) -> None:
        owner = FirstOwner(
            "olive", "Olive", "Two Rivers", "Europe/London", "olive@example.org", "seven quiet rivers meet",
            is_therapist=True, help_lines=lines,
        )  # fmt: skip
        with app.test_request_context(), transaction() as session:
            found(session, owner)

    for lack in ("region", "emergency_number", "crisis_number", "abuse_web", "response_time"):
        with pytest.raises(DomainError):
            make(replace(LINES, **{lack: ""}))  # type: ignore[arg-type]  # each of them is a text
    with app.app_context():
        assert find_practice(current_session()) is None
    make(LINES)
    with app.app_context():
        assert get_practice(current_session()).help_lines == LINES


def test_the_check_for_real_use_asks_for_them(app: Flask, cast: Cast) -> None:
    def found_ids(at: datetime) -> set[str]:
        with app.app_context(), time_machine.travel(at):
            ids = {one.id for one in findings(app.extensions["settings"], current_session())}
            current_session().rollback()
            return ids & {"CG012", "CG013"}

    assert found_ids(CHECKED) == {"CG012"}
    enter(app, LINES)
    assert found_ids(CHECKED) == set()
    assert found_ids(CHECKED + timedelta(days=400)) == {"CG013"}


@pytest.mark.parametrize(
    ("number", "dials"),
    [("999", "999"), ("+44 20 79", "+442079"), (" 0808 / 12-3", "0808123"), ("", ""), ("+", "")],
)
def test_a_number_is_dialled_by_its_digits(number: str, dials: str) -> None:
    assert dialled(number) == dials
    assert is_number(number) is bool(dials)


def test_only_whole_addresses_are_pages() -> None:
    assert is_site("https://help.example.org")
    assert not any(
        is_site(one) for one in ("", "https://", "https://localhost", "//x.org", "https://a b.org")
    )
