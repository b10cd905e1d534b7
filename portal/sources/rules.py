"""Codes of short links: what stands after /go/. Pure."""

import re
import secrets

CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
FEWEST_SIGNS, MOST_SIGNS = 3, 40
CODE_LETTERS = "23456789bcdfghjkmnpqrstvwxz"  # nothing that reads like something else, hardly a word
LENGTH = 6


def new_code() -> str:
    """Make a code that is easily typed from paper: one of 387 million."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(LENGTH))


def is_code(text: str) -> bool:
    """Tell whether a text can stand in the address of a short link."""
    return FEWEST_SIGNS <= len(text) <= MOST_SIGNS and CODE.fullmatch(text) is not None
