"""Numbers and addresses as people mistype them."""

import pytest

from portal.booking.contact import NoPhone, likely_address, masked, normalised_phone


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("", ""), ("   ", ""), ("020 7946 0018", "02079460018"), ("+44 (0)20 7946-0018", "+442079460018"),
        ("0044 20 7946 0018", "+442079460018"), ("(030) 901820", "030901820"), ("０２０ ７９４６ ００１８", "02079460018"),
        ("+1.212.555.0100", "+12125550100"),
    ],
)  # fmt: skip
def test_a_number_is_written_as_it_is_dialled(typed: str, stored: str) -> None:
    assert normalised_phone(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "+", "1" * 200, "12345", "Robert'); DROP", "020 7946\r\n0018", "++44 20 7946 0018", "020 7946 0018 ext 3", "\u200b", "tel:+442079460018",
        "+44 20 7946 0018, 020 7946 0019", "\t", "٠٢٠٧٩٤٦٠٠١٨", "1234567890123456",
    ],
)  # fmt: skip
def test_what_cannot_be_dialled_is_refused(typed: str) -> None:
    with pytest.raises(NoPhone):
        normalised_phone(typed)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"), ("gmail.con", "gmail.com"), ("gmail.co", "gmail.com"), ("GMAL.com", "gmail.com"),
        ("hotmial.com", "hotmail.com"), ("hotmail.co.ku", "hotmail.co.uk"), ("outlok.com", "outlook.com"), ("yaho.com", "yahoo.com"),
        ("iclod.com", "icloud.com"), ("btinernet.com", "btinternet.com"), ("yahoo.cm", "yahoo.com"),
    ],
)  # fmt: skip
def test_a_slip_of_the_keys_is_asked_about(typed: str, meant: str) -> None:
    assert likely_address(f"Ana.B@{typed}") == f"Ana.B@{meant}"


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com", "GMAIL.COM", "example.org", "practice.example", "gmx.at", "yahoo.de", "yahoo.ca", "hotmail.fr", "live.ca", "protonmail.ch",
        "me.co", "hey.co", "web.com", "mail.de", "bücher.example", "x" * 200 + ".com",
    ],
)  # fmt: skip
def test_what_may_well_be_meant_is_left_alone(domain: str) -> None:
    assert likely_address(f"ana@{domain}") is None


def test_an_address_is_known_to_its_owner_alone() -> None:
    assert masked("ana.new@example.org") == "a…@example.org"
