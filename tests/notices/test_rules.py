from datetime import timedelta

import pytest

from portal.clock import utc_now
from portal.notices.models import MessageKind
from portal.notices.rules import FACTS, FactRefused, absolute_link, check_facts, forbidden_in, mail_time

NOW = utc_now()
HOME = "https://portal.example.org"


def test_every_kind_of_message_says_which_facts_it_knows() -> None:
    assert set(FACTS) == set(MessageKind)


@pytest.mark.parametrize(
    "facts",
    [
        {"link": "/c/x"},
        {"when": "Tuesday", "link": "/c/x", "message": "hello from a stranger"},
        {"when": "Tuesday\r\nBcc: x@example.org", "link": "/c/x"},
        {"when": "Tuesday\u2028", "link": "/c/x"},
        {"when": "x" * 301, "link": "/c/x"},
    ],
)
def test_no_word_of_a_stranger_gets_into_a_mail(facts: dict[str, str]) -> None:
    with pytest.raises(FactRefused):
        check_facts(MessageKind.CONSULTATION_BOOKED, facts)


@pytest.mark.parametrize(
    "link",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "c/x", "", "javascript:alert(1)", "/a b", HOME + ".evil.example/"],
)  # fmt: skip
def test_a_link_to_elsewhere_is_refused(link: str) -> None:
    with pytest.raises(FactRefused):
        absolute_link(HOME, link)


def test_a_link_is_put_under_the_address_of_the_settings() -> None:
    assert absolute_link(HOME, "/c/x") == absolute_link(HOME, HOME + "/c/x") == HOME + "/c/x"


def test_the_first_mail_leaves_at_once_and_the_next_after_ten_minutes() -> None:
    assert mail_time(None, NOW) == NOW
    assert mail_time(NOW - timedelta(minutes=3), NOW) == NOW + timedelta(minutes=7)
    assert mail_time(NOW - timedelta(minutes=10), NOW) == NOW


def test_forbidden_words_are_found_in_any_form() -> None:
    assert forbidden_in("Your THERAPIST and your Partner's homework") == ["therap", "partner", "homework"]
    assert forbidden_in("Your appointment is confirmed") == []
