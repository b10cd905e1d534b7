"""What a visitor may send, told apart without a database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from portal.booking.rules import (
    ConsultationRequest,
    PartnerKnows,
    is_blank,
    is_too_quick,
    new_code,
    new_form_id,
    parse_start,
)
from portal.diary.rules import SlotNotOffered

NOW = datetime(2026, 11, 20, 16, 5, tzinfo=UTC)


def a_request(**changes: object) -> ConsultationRequest:
    values: dict[str, object] = {
        "form_id": UUID(int=1), "therapist_id": UUID(int=2), "starts_at": NOW, "zone": "UTC", "first_name": "Ana",
        "email": "a@example.org", "partner_name": "", "partner_knows": PartnerKnows.NO, "words": "",
    }  # fmt: skip
    return ConsultationRequest(**{**values, **changes})  # type: ignore[arg-type]  # values of several types by name


def test_a_whole_utc_second_names_a_start() -> None:
    assert parse_start("2026-11-24T09:00:00Z") == datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "", "2026-11-24T09:00:00", "2026-11-24T09:00:00+01:00", "2026-11-24T09:00:00.001Z", "2026-11-24T24:00:00Z",
        "0000-01-01T00:00:00Z", "2026-02-29T09:00:00Z", "2026-W53-1T09:00:00Z", "2026-11-24 09:00:00Z", "2026-11-24T09:00:00Z\n",
        "٢٠٢٦-11-24T09:00:00Z", "-026-11-24T09:00:00Z", "2026-11-24T09:00:60Z", "x" * 5000,
    ],
)  # fmt: skip
def test_nothing_else_names_a_start(text: str) -> None:
    with pytest.raises(SlotNotOffered):
        parse_start(text)


def test_a_form_remembers_when_it_was_shown() -> None:
    form_id = new_form_id(NOW)
    assert is_too_quick(form_id, NOW + timedelta(seconds=1))
    assert not is_too_quick(form_id, NOW + timedelta(seconds=3))
    assert form_id.version == 7


def test_two_forms_of_one_moment_differ() -> None:
    assert len({new_form_id(NOW) for _ in range(100)}) == 100


@pytest.mark.parametrize("text", ["", " ", "\u200b\u200d", "\u202e", "\u2060\ufeff "])
def test_a_name_that_nobody_can_see_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["A", "\u202eA", "李", "👩‍👩‍👧", "é", "0"])
def test_a_name_that_shows_is_not_blank(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize(
    "change",
    [{"first_name": "ana"}, {"email": "A@example.org"}, {"words": "a"}, {"partner_name": "a"},
     {"starts_at": NOW + timedelta(minutes=30)}, {"partner_knows": PartnerKnows.YES}, {"therapist_id": UUID(int=3)}],
)  # fmt: skip
def test_every_answer_counts_in_the_fingerprint(change: dict[str, object]) -> None:
    assert a_request(**change).fingerprint() != a_request().fingerprint()


def test_an_answer_cannot_slip_into_its_neighbour() -> None:
    one = a_request(first_name='A", "b', partner_name="")
    other = a_request(first_name="A", partner_name='b", "')
    assert one.fingerprint() != other.fingerprint()


def test_codes_tell_nothing() -> None:
    assert new_code().startswith("Consultation ") and len({new_code() for _ in range(50)}) > 45
