"""What checking a password costs; for information, because it is meant to cost something."""

from collections.abc import Iterator

from portal.accounts.passwords import hash_new_password, is_right
from tests.bench.figures import Figure, milliseconds
from tests.bench.installation import Install
from tests.support.cast import PASSWORD


def measure(_install: Install) -> Iterator[Figure]:
    """Check one password; a sign-in checks two, whoever asks."""
    stored = hash_new_password(PASSWORD, about=())
    yield Figure(
        "Checking one password (a sign-in checks two)",
        milliseconds(lambda: is_right(stored, PASSWORD), 20),
        "ms",
    )
