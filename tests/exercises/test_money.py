"""Sums in the currency that the practice has chosen, wherever they are read; what is stored names none."""

import pytest
from babel import Locale
from bs4 import BeautifulSoup
from flask import Flask

from portal.exercises.catalogue import words_of
from portal.exercises.money import with_currency
from tests.exercises.room import room_with
from tests.support.cast import Cast, client_of

LIMIT = "4"  # the page of "From what amount would I like us to talk before spending?"
WORDS = {"name": "Common Ground", "tagline": "", "about": "", "contact_line": "", "security_contact": ""}


@pytest.mark.parametrize(
    ("words", "currency", "language", "said"),
    [
        ("50-150", "GBP", "en_GB", "£50-£150"),
        ("under 50", "EUR", "de", "under 50\N{NO-BREAK SPACE}€"),
        ("1,500 or more", "USD", "en_US", "$1,500 or more"),
        ("over 1500", "CHF", "en_GB", "over CHF\N{NO-BREAK SPACE}1,500"),
        ("free", "GBP", "en_GB", "free"),
        ("up to 20 €", "GBP", "en_GB", "up to 20 €"),
        ("SEK 500", "GBP", "en_GB", "SEK 500"),
        ("2nd-hand, 1.5 a day", "GBP", "en_GB", "2nd-hand, 1.5 a day"),
    ],
)
def test_a_band_names_its_currency_once(words: str, currency: str, language: str, said: str) -> None:
    assert with_currency(words, currency, Locale.parse(language)) == said


def test_the_owner_chooses_it_and_every_page_with_sums_says_it(app: Flask, cast: Cast) -> None:
    room = room_with(app, cast, "money-conversation")
    ana, jane = room.desk(cast.ana), client_of(app, cast.therapist)
    before = ana.words(LIMIT)
    assert "150-500" in before
    assert "In the currency you use every day" in before
    owner = client_of(app, cast.owner)
    token = owner.get("/practice/words").text.split('name="form_token" value="')[1].split('"')[0]
    for currency, status in (("XXX", 422), ("GBP", 303)):
        sent = owner.post("/practice/words", data={**WORDS, "form_token": token, "currency": currency})
        assert sent.status_code == status
    assert "£150-£500" in ana.words(LIMIT)
    assert "In the currency" not in ana.words(LIMIT)
    ana.write(int(LIMIT), limit="150-500")
    assert "£150-£500" in ana.words("check")
    for path in (
        "/practice/exercises/look/money-conversation/1/a/1/4",
        "/reflections/empty/money-conversation/1",
    ):
        assert "£150-£500" in jane.get(path).text
    with app.app_context():  # as a job has it that makes a summary
        assert words_of("money-conversation", "1", "limit", "150-500") == "£150-£500"
    shown = BeautifulSoup(owner.get("/practice/words").text, "html.parser")
    assert [str(one["value"]) for one in shown.select("#currency option[selected]")] == ["GBP"]
