"""Hashing and checking passwords; the only module that knows argon2.

Argon2id with 19 MiB, two passes, one lane: the least that the OWASP Password Storage Cheat Sheet and ASVS 5.0 (11.4.2)
accept, because each attempt to sign in makes two checks.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret_raw

from portal.accounts.guessable import find_problem
from portal.accounts.rules import PasswordRefused

PASSES, KIBIBYTES, LANES = 2, 19 * 1024, 1
HASHER = PasswordHasher(time_cost=PASSES, memory_cost=KIBIBYTES, parallelism=LANES)


def hash_new_password(password: str, *, about: Iterable[str] = ()) -> str:
    """Hash a password that somebody chose. About 30 ms and 19 MiB.

    Raises:
        PasswordRefused: too short, too long, easy to guess, or made of the person's own names (`about`).
    """
    problem = find_problem(password, about=about)
    if problem is not None:
        raise PasswordRefused(problem)
    return HASHER.hash(_bytes(password))


def is_right(password_hash: str, password: str) -> bool:
    """Check a password; the work is the same whether it is right or wrong. About 30 ms and 19 MiB."""
    try:
        return HASHER.verify(password_hash, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


def refresh_hash(password_hash: str, password: str) -> str | None:
    """Hash a right password anew if its hash was made with weaker settings; None if it need not be."""
    return HASHER.hash(_bytes(password)) if HASHER.check_needs_rehash(password_hash) else None


@cache
def nobodys_hash() -> str:
    """Give a hash that costs a check as much as any other, to be checked where there is no account."""
    return HASHER.hash(b"\x00 no password ends like this \x00")


def slow_code_hash(code: str, salt: bytes) -> str:
    """Hash a code with few bits, such as a backup code, as slowly as a password. `salt`: 16 bytes, own per account."""
    return hash_secret_raw(
        code.encode(),
        salt,
        time_cost=PASSES,
        memory_cost=KIBIBYTES,
        parallelism=LANES,
        hash_len=32,
        type=Type.ID,
    ).hex()


def _bytes(password: str) -> bytes:
    # The same keys give different code points on different systems; NFKC makes them one (NIST SP 800-63B, 5.1.1.2).
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
