"""Where somebody finds help at once: local numbers that the practice has checked. Pure."""

from dataclasses import dataclass, fields
from datetime import date, timedelta

GOOD_FOR = timedelta(days=365)  # numbers change; after a year somebody looks again


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
        return all(getattr(self, one.name) for one in fields(self))

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
