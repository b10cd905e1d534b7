"""Codes that one person reads to another, and how long two people's results are kept. Pure.

A code is spoken: digits alone, in threes, because every language has them and none of them rhymes with a letter. The nine
of the way in lead to an empty page and nothing else; the twelve of the way back open a result. Tries are limited by network and
for the whole practice (`portal.shortform.views.limits`), so that with fifty couples under way a year of guessing finds one
way in with a chance of about one in ten thousand.
"""

import unicodedata
from datetime import timedelta
from enum import StrEnum

from portal.errors import Conflict, NotFound

# Our choice: who begins on one evening can be answered until the evening after next, and nothing is kept for a third.
KEPT = timedelta(hours=48)
# Our choice: as long as a form of visitors is accepted at all (`portal.security.tokens.FORM_AGE`).
BROUGHT_WITHIN = timedelta(hours=12)
JOIN_DIGITS, RETURN_DIGITS = 9, 12
MOST_TYPED = 40


class Place(StrEnum):
    """One of the two people who take the test together: who began, and who came by the code."""

    FIRST = "first"
    SECOND = "second"

    @property
    def other(self) -> "Place":
        """Give the other one."""
        return Place.SECOND if self is Place.FIRST else Place.FIRST


class CodeLeadsNowhere(NotFound):
    """Unknown, mistyped, used or over: one and the same, so that guessing tells nothing."""


class NotFinished(Conflict):
    """Only a finished test can be shown."""


def digits_of(random: bytes, number: int) -> str:
    """Make a code of that many digits from at least 16 random bytes."""
    return f"{int.from_bytes(random[:16]) % 10**number:0{number}d}"


def spoken(code: str) -> str:
    """Set a code in threes, as it is read out."""
    return " ".join(code[start : start + 3] for start in range(0, len(code), 3))


def read_code(typed: str) -> str | None:
    """Read what somebody typed: digits in whatever grouping or script; None for anything else."""
    if len(typed) > MOST_TYPED:
        return None
    folded = unicodedata.normalize("NFKC", typed)
    signs = [sign for sign in folded if sign not in " -.\u2013\u00a0\t"]
    if not all(sign.isdecimal() for sign in signs):
        return None
    code = "".join(str(unicodedata.decimal(sign)) for sign in signs)
    return code if len(code) in {JOIN_DIGITS, RETURN_DIGITS} else None
