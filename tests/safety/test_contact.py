"""The safe-contact card: filled in alone by its person, read by the therapist, unknown to everybody else."""

from datetime import date, timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select, text

from portal.audit.models import AuditEvent
from portal.clock import utc_now
from portal.notices.models import MessageKind
from portal.notices.service import queue_message
from portal.people.erasing import erase_person
from portal.people.models import Person, SafeContact
from portal.transaction import current_session, transaction
from tests.integration.canaries import found_in, of_tables
from tests.safety.scene import ALL_YES, answer, ask, press, token_of, words_of
from tests.support.cast import Actor, Cast, client_of
from tests.support.statements import counted

MARKS = {"code_word": "Qanarcode", "words": "Qanarring"}
Typed = dict[str, str | list[str]]
CARD: Typed = {
    "channel": "email", "phone": "", "when": "sometimes", "first-days": ["0", "4"], "first-starts": "09:00",
    "first-ends": "12:00", "voicemail": "no", "code_word": "Qanarcode", "words": "Qanarring twice", "ask_again_on": "",
}  # fmt: skip
PLAIN: Typed = CARD | {"when": "always", "first-days": [], "first-starts": "", "first-ends": ""}


def save(app: Flask, actor: Actor, **changes: str | list[str]) -> int:
    return press(client_of(app, actor), "/safe-contact", "", **(CARD | changes)).status_code


def card_of(app: Flask, actor: Actor) -> SafeContact | None:
    with app.app_context():
        row = current_session().scalar(select(SafeContact).where(SafeContact.person_id == actor.person_id))
        assert row is None or row.card
        return row


def test_what_was_saved_stands_on_the_page_again(app: Flask, cast: Cast) -> None:
    ana = client_of(app, cast.ana)
    before = BeautifulSoup(ana.get("/safe-contact").text, "html.parser")
    assert [one["value"] for one in before.select("main input[checked]")] == ["email", "always", "no"]
    sent = press(ana, "/safe-contact", "", **(CARD | {"channel": "call", "phone": "+44 7700 900123"}))
    assert (sent.status_code, sent.location) == (303, "/safe-contact")
    page = BeautifulSoup(ana.get("/safe-contact").text, "html.parser")
    assert [one["value"] for one in page.select("main input[checked]")] == [
        "call",
        "sometimes",
        "0",
        "4",
        "no",
    ]
    typed = {
        str(one["name"]): one.get("value")
        for one in page.select("main input:not([type=radio], [type=checkbox])")
    }
    assert (typed["first-starts"], typed["first-ends"], typed["code_word"], typed["phone"]) == (
        "09:00", "12:00", "Qanarcode", "+44 7700 900123",
    )  # fmt: skip
    assert "Qanarring twice" in page.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "pigeon"},
        {"channel": "text", "phone": "+44 7700 900123"},
        {"channel": "call", "phone": ""},
        {"channel": "call", "phone": "ring me"},
        {"first-days": [], "first-starts": "", "first-ends": ""},
        {"first-days": []},
        {"first-days": ["9"]},
        {"first-starts": "12:00", "first-ends": "09:00"},
        {"first-ends": ""},
        {"first-starts": "25:00"},
        {"second-days": ["1"]},
        {"code_word": "x" * 121},
        {"code_word": "a\x00b"},
        {"words": "x" * 1001},
        {"voicemail": "perhaps"},
        {"ask_again_on": "2020-01-01"},
        {"ask_again_on": utc_now().date().isoformat()},
        {"ask_again_on": "9999-12-31"},
        {"ask_again_on": "soon"},
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_and_nothing_typed_is_lost(
    app: Flask, cast: Cast, wrong: dict[str, str | list[str]]
) -> None:
    ana = client_of(app, cast.ana)
    sent = press(ana, "/safe-contact", "", **(CARD | wrong))
    assert sent.status_code == 422
    page = BeautifulSoup(sent.text, "html.parser")
    assert page.select("[role=alert] a"), "each slip is linked"
    for link in page.select("[role=alert] a"):
        assert page.select(f"[id='{str(link['href'])[1:]}']"), link
    assert "Qanarring" in sent.text or "words" in wrong
    assert card_of(app, cast.ana) is None


def test_midnight_ends_a_day(app: Flask, cast: Cast) -> None:
    assert save(app, cast.ana, **{"first-starts": "20:00", "first-ends": "24:00"}) == 303
    row = card_of(app, cast.ana)
    assert row is not None


def test_after_five_minutes_it_asks_who_is_there_and_keeps_what_was_typed(app: Flask, cast: Cast) -> None:
    late = client_of(app, cast.ana, proved_at=utc_now() - timedelta(minutes=6))
    assert late.get("/safe-contact").location.startswith("/prove")
    typed = CARD | {"form_token": token_of(late, "/account/sign-ins")}
    sent = late.post("/safe-contact", data=typed)
    assert sent.status_code == 422
    assert "Show that it is you" in sent.text
    assert "Qanarring twice" in sent.text
    assert card_of(app, cast.ana) is None


def test_nobody_elses_page_changes_and_the_words_stand_nowhere(app: Flask, cast: Cast) -> None:
    paths = ("/home", "/safe-contact", "/privacy", "/account/sign-ins")
    ben = client_of(app, cast.ben)
    before = [words_of(ben.get(path)) for path in paths]
    with counted(app) as first:
        ben.get("/home")
    assert save(app, cast.ana) == 303
    assert [words_of(ben.get(path)) for path in paths] == before
    with counted(app) as second:
        ben.get("/home")
    assert first == second
    assert {name: found for name, content in of_tables(app) if (found := found_in(content, MARKS))} == {}


def test_no_page_but_its_own_reads_what_is_sealed(app: Flask, cast: Cast) -> None:
    assert save(app, cast.ana) == 303
    for actor in (cast.ana, cast.ben):
        client = client_of(app, actor)
        with counted(app) as statements:
            for path in ("/home", "/privacy", "/account"):
                client.get(path)
        assert not any("card_sealed" in one for one in statements)


class TestTherapist:
    def test_reads_the_card_and_what_was_said_alone_and_leaves_a_trace(self, app: Flask, cast: Cast) -> None:
        page = f"/couples/{cast.couple_id}/contact/{cast.ana.person_id}"
        jane = client_of(app, cast.therapist)
        assert "has not filled in a card" in jane.get(page).text
        assert save(app, cast.ana, channel="call", phone="+44 7700 900123") == 303
        ask(app, cast)
        answer(
            app,
            cast.ana,
            ALL_YES | {"way": "text", "hours": "Mondays", "safe_word": "Marmalade", "words": ""},
        )
        shown = jane.get(page).text
        for word in (
            "A call from you",
            "Qanarcode",
            "Qanarring",
            "+44 7700 900123",
            "Marmalade",
        ):
            assert word in shown
        assert "Monday, Friday: 9:00" in " ".join(
            BeautifulSoup(shown, "html.parser").get_text(" ").split()
        ).replace("\u202f", " ").replace("09:00", "9:00")
        with app.app_context():
            read = select(AuditEvent.action, AuditEvent.object_id).where(
                AuditEvent.action.in_(("contact.read", "safety.read"))
            )
            events = [tuple(row) for row in current_session().execute(read)]
        assert [one for one in events if one[0] == "contact.read"] == [
            ("contact.read", cast.ana.person_id)
        ] * 2
        assert [one[0] for one in events].count("safety.read") == 1

    def test_learns_nothing_of_whom_another_treats(self, app: Flask, cast: Cast) -> None:
        foreign = f"/couples/{cast.couple_id}/contact/{cast.cleo.person_id}"
        assert client_of(app, cast.therapist).get(foreign).status_code == 404
        assert client_of(app, cast.stranger).get(foreign).status_code == 404

    def test_sees_that_a_card_is_older_than_a_year(self, app: Flask, cast: Cast) -> None:
        assert save(app, cast.ana) == 303
        page = f"/couples/{cast.couple_id}/individual"
        jane = client_of(app, cast.therapist)
        assert "Card older than a year" not in jane.get(page).text
        with app.app_context(), transaction() as session:
            session.execute(
                text("update safe_contact set changed_at = changed_at - :year"), {"year": 366 * 86400 * 10**6}
            )
        assert jane.get(page).text.count("Card older than a year") == 1


class TestAskAgain:
    def test_the_home_page_asks_from_that_day_on_until_it_was_looked_at(self, app: Flask, cast: Cast) -> None:
        tomorrow = (utc_now() + timedelta(days=2)).date()
        ana, ben = client_of(app, cast.ana), client_of(app, cast.ben)
        assert save(app, cast.ana, ask_again_on=tomorrow.isoformat()) == 303
        assert "Is this still right?" not in ana.get("/home").text
        self._let_the_day_come(app)
        assert "Is this still right?" in ana.get("/home").text
        assert "Is this still right?" not in ben.get("/home").text
        assert save(app, cast.ana) == 303
        assert "Is this still right?" not in ana.get("/home").text

    def test_it_is_the_same_tile_for_everybody(self, app: Flask, cast: Cast) -> None:
        day = (utc_now() + timedelta(days=2)).date().isoformat()
        silent: Typed = PLAIN | {"channel": "portal_only", "ask_again_on": day}
        assert [save(app, cast.ana, ask_again_on=day), save(app, cast.ben, **silent)] == [303, 303]
        self._let_the_day_come(app)
        tiles = {
            str(
                BeautifulSoup(client_of(app, actor).get("/home").text, "html.parser").select_one(
                    "section[aria-labelledby=card]"
                )
            )
            for actor in (cast.ana, cast.ben)
        }
        assert len(tiles) == 1
        assert "Open" in tiles.pop()

    @staticmethod
    def _let_the_day_come(app: Flask) -> None:
        with app.app_context(), transaction() as session:
            for row in session.scalars(select(SafeContact)):
                row.ask_again_on = date(2020, 1, 1)


def test_what_was_kept_inside_stands_on_the_card(app: Flask, cast: Cast) -> None:
    assert save(app, cast.ana, **(PLAIN | {"channel": "portal_only"})) == 303
    with app.app_context(), transaction() as session:
        for actor in (cast.ana, cast.ben):
            person = session.get_one(Person, actor.person_id)
            message = queue_message(session, person, MessageKind.NEW_ITEM, {"link": "/"}, now=utc_now())
            assert (message is None) is (actor is cast.ana)
    assert "Kept here for you" in client_of(app, cast.ana).get("/safe-contact").text
    assert "Kept here for you" not in client_of(app, cast.ben).get("/safe-contact").text


def test_a_card_goes_with_its_person(app: Flask, cast: Cast) -> None:
    assert save(app, cast.ana) == 303
    with app.app_context(), transaction() as session:
        erase_person(session, cast.ana.person_id, utc_now())
    with app.app_context():
        assert current_session().scalars(select(SafeContact)).all() == []
