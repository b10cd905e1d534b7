"""Keys and ciphers, without a database: envelope encryption, look-up codes, signatures.

A data key (32 random bytes, one per owner) seals texts and files; the master key wraps data keys. AES-256-GCM with
96-bit random nonces (NIST SP 800-38D, section 8.2.2) throughout; each use of a key derives from it by HKDF-SHA256
(RFC 5869) under a name of its own.
"""

import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = b"\x01"
NONCE_BYTES = 12


class SealBroken(Exception):
    """A sealed value does not belong to this row, column or revision, or its key is gone. Carries no content."""


class OwnerKind(StrEnum):
    """Whose key seals a value; erasing a person destroys that person's key only."""

    PERSON = "person"
    PERSON_SAFETY = "person_safety"  # what a person answered alone; asked for by no page of a partner
    COUPLE = "couple"
    COUPLE_CLINICAL = "couple_clinical"
    THERAPIST = "therapist"
    PRACTICE = "practice"


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of a data key."""

    kind: OwnerKind
    id: UUID

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


def derived_key(root: bytes, purpose: str) -> bytes:
    """Derive 32 bytes for one purpose, so that no key ever serves two."""
    return HKDF(
        algorithm=hashes.SHA256(), length=32, salt=None, info=b"common-ground/" + purpose.encode()
    ).derive(root)


def seal(key: bytes, plain: bytes, context: bytes) -> bytes:
    """Encrypt `plain` so that it opens only with the same key and the same context. Adds 29 bytes."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return FORMAT + nonce + AESGCM(key).encrypt(nonce, plain, context)


def unseal(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """Decrypt what `seal` made.

    Raises:
        SealBroken: other key, other context, or altered bytes.
    """
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        if sealed[:1] != FORMAT:
            raise SealBroken("unknown format")
        return AESGCM(key).decrypt(nonce, body, context)
    except (InvalidTag, ValueError) as error:
        raise SealBroken("sealed value does not open") from error


class MasterKey:
    """The key that wraps all data keys. It lives outside the database and outside its backup."""

    def __init__(self, root: bytes) -> None:
        self._wrapping = derived_key(root, "wrap")
        self._lookup = derived_key(root, "lookup")
        self.audit_key = derived_key(root, "audit")
        self.id = hashlib.sha256(derived_key(root, "id")).hexdigest()[:16]

    def new_data_key(self, owner: Owner) -> tuple[bytes, bytes]:
        """Make a data key for `owner`; return it plain and wrapped. Only the wrapped form may be stored."""
        plain = secrets.token_bytes(32)
        return plain, seal(self._wrapping, plain, f"data-key|{owner}".encode())

    def open_data_key(self, owner: Owner, wrapped: bytes) -> bytes:
        """Unwrap a stored data key. Raises SealBroken if it was wrapped for another owner or master key."""
        return unseal(self._wrapping, wrapped, f"data-key|{owner}".encode())

    def lookup_code(self, text: str) -> bytes:
        """Give a keyed code by which an address or a user name is found without being stored readably (32 bytes)."""
        folded = unicodedata.normalize("NFKC", text).strip().casefold()
        return hmac.digest(self._lookup, folded.encode("utf-8", "surrogatepass"), "sha256")


def hashed_token(token: str) -> bytes:
    """Give what the database keeps of a random token of at least 128 bits: SHA-256, so a leaked table opens nothing."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def new_token() -> str:
    """Make a random token of 256 bits that may stand in a URL or a cookie."""
    return secrets.token_urlsafe(32)


def new_code(digits: int = 8) -> str:
    """Make a code that one person can read to another; it counts only together with few tries and a token."""
    return "".join(secrets.choice("0123456789") for _ in range(digits))
