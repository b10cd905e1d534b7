"""What people type by mistake into the fields for phone and mail, and what they meant. Pure."""

import re
import unicodedata
from difflib import get_close_matches

from portal.errors import Invalid

FEWEST_DIGITS = 6  # our choice: shorter numbers are services, not people
MOST_DIGITS = 15  # E.164, 6.2.1: country code and number together
PHONE_SIGNS = frozenset("0123456789 -()./")
TRUNK_ZERO = re.compile(r"\(0\)")
ALIKE = 0.8  # our choice: "gmial.com" and "gmail.con" are as near as this, "mail.com" and "gmx.com" are not
# The mail providers most people have, by their own pages; a slip in one of these is what makes mails go astray.
KNOWN_DOMAINS = (
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.co.uk", "live.com", "msn.com", "yahoo.com",
    "yahoo.co.uk", "icloud.com", "me.com", "mac.com", "aol.com", "proton.me", "protonmail.com", "fastmail.com", "gmx.com",
    "gmx.de", "gmx.net", "web.de", "t-online.de", "btinternet.com", "sky.com", "orange.fr", "wanadoo.fr", "free.fr",
    "libero.it", "mail.com", "ymail.com", "hey.com", "zoho.com",
)  # fmt: skip
ENDS_CUT_SHORT = frozenset(
    {"co", "cm", "om"}
)  # countries' ends too, but more often a ".com" that lost a letter
SHORTEST_GUESSED = 7  # two short names are alike by chance ("me.com", "hey.com")


class NoPhone(Invalid):
    """What was typed cannot be a person's phone number."""


def normalised_phone(text: str) -> str:
    """Write a number so that it can be dialled: digits, with a plus sign in front if it had one. "" stays "".

    Digits of full width count as digits; the "(0)" of an international number goes.
    Raises NoPhone.
    """
    said = unicodedata.normalize("NFKC", text).strip(" ")
    if not said:
        return ""
    is_abroad = said.startswith(("+", "00"))
    said = TRUNK_ZERO.sub("", said) if is_abroad else said
    body = said.removeprefix("+")
    if set(body) - PHONE_SIGNS:
        raise NoPhone
    digits = "".join(letter for letter in body if letter.isdigit())
    if is_abroad and not said.startswith("+"):
        digits = digits.removeprefix("00")
    if not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
        raise NoPhone
    return f"+{digits}" if is_abroad else digits


def likely_address(address: str) -> str | None:
    """Guess what was meant by an address whose domain looks like a slip of the keys: "ana@gmial.com" as "ana@gmail.com".

    None where nothing is guessed: the domain is well known, or like none that is. A guess is a question, never a change.
    """
    local, _, domain = address.rpartition("@")
    typed = domain.lower()
    if typed in KNOWN_DOMAINS or len(typed) < SHORTEST_GUESSED:
        return None
    near = [known for known in KNOWN_DOMAINS if len(known) >= SHORTEST_GUESSED and _may_be_slip(typed, known)]
    found = get_close_matches(typed, near, n=1, cutoff=ALIKE)
    return f"{local}@{found[0]}" if found else None


def _may_be_slip(typed: str, known: str) -> bool:
    """Tell whether one may be a slip of the other: not where the same provider may well have a domain of its own land."""
    name, _, end = typed.partition(".")
    is_of_a_country = len(end) == len("uk") and end not in ENDS_CUT_SHORT
    return not (is_of_a_country and name == known.partition(".")[0])


def masked(address: str) -> str:
    """Write an address so that its owner knows it and a passer-by does not: "a…@example.org"."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
