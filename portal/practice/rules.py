"""Where somebody finds help at once: local numbers that the practice has checked; and what it says of itself. Pure."""

from dataclasses import dataclass, fields
from datetime import date, timedelta
from urllib.parse import urlsplit

from portal.errors import Invalid

# Those in which most practices write their bills; ISO 4217.
CURRENCIES = (
    "AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS",
    "INR", "ISK", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "RSD", "SAR", "SEK", "SGD", "THB", "TRY",
    "TWD", "UAH", "USD", "ZAR",
)  # fmt: skip

NUMBER_SIGNS = frozenset("0123456789 +-()./")
GOOD_FOR = timedelta(days=365)  # numbers change; after a year somebody looks again


class HelpIncomplete(Invalid):
    """A practice cannot be set up without numbers of its own place that can be dialled."""


@dataclass(frozen=True, slots=True)
class PublicWords:
    """What the practice says of itself."""

    name: str
    tagline: str
    about: str
    contact_line: str
    security_contact: str
    currency: str


@dataclass(frozen=True, slots=True)
class ProfileWords:
    """What a therapist says of the own work. `slug` empty: as it was, or made from the name."""

    display_name: str
    title_line: str
    slug: str
    approach: str
    languages: str
    fees: str
    is_listed: bool


@dataclass(frozen=True, slots=True)
class HelpLines:
    """The numbers of one region, as the practice entered them. `verified_on`: when somebody last checked them all."""

    region: str = ""
    emergency_number: str = ""
    crisis_name: str = ""
    crisis_number: str = ""
    abuse_name: str = ""
    abuse_number: str = ""
    abuse_web: str = ""
    response_time: str = ""
    verified_on: date | None = None

    @property
    def is_complete(self) -> bool:
        """Tell whether everything that the crisis notice says is known."""
        numbers = (self.emergency_number, self.crisis_number, self.abuse_number)
        is_filled = all(getattr(self, one.name) for one in fields(self))
        return is_filled and all(is_number(one) for one in numbers) and is_site(self.abuse_web)

    @property
    def expires_on(self) -> date | None:
        """Say from which day on these numbers are not shown any more until somebody checks them."""
        return self.verified_on + GOOD_FOR if self.verified_on else None

    def are_current(self, today: date) -> bool:
        """Tell whether these numbers may be shown: complete, and checked within the last year."""
        return self.is_complete and self.expires_on is not None and today < self.expires_on


def dialled(number: str) -> str:
    """Give a number as a phone dials it: digits, and a plus sign in front. Empty if there are no digits."""
    digits = "".join(letter for letter in number if letter in "0123456789")
    return f"+{digits}" if digits and number.strip().startswith("+") else digits


def is_number(text: str) -> bool:
    """Tell whether this is a phone number, short or long, as people write it."""
    return bool(dialled(text)) and not set(text) - NUMBER_SIGNS


def is_site(text: str) -> bool:
    """Tell whether this is the whole address of a web page that is safe to open."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    is_whole = parts.scheme == "https" and "." in (parts.hostname or "") and parts.username is None
    return is_whole and text.isprintable() and " " not in text
