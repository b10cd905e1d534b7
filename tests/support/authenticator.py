"""A device that makes and uses passkeys, in software: what a browser sends on its behalf, and how that can be wrong."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy.orm import Session
from webauthn.helpers import encode_cbor

from portal.accounts.models import Account, Passkey

PRESENT, VERIFIED, MAY_BE_COPIED, IS_COPIED, HOLDS_KEY = 0x01, 0x04, 0x08, 0x10, 0x40


@dataclass(frozen=True, kw_only=True)
class Flaws:
    """What may be wrong with an answer; by itself nothing is."""

    origin: str = "https://portal.example.org"
    host: str = "portal.example.org"
    kind: str | None = None
    challenge: str | None = None
    handle: bytes | None = None
    count: int | None = None
    is_present: bool = True
    is_verified: bool = True
    is_framed: bool = False
    is_tampered: bool = False


SOUND = Flaws()


@dataclass(frozen=True)
class Kept:
    """One key pair on the device."""

    id: bytes
    private: EllipticCurvePrivateKey
    handle: bytes
    name: str


@dataclass
class Authenticator:
    """The device. `counts`: it counts its uses; those that copy their keys elsewhere do not."""

    counts: bool = True
    count: int = 0
    kept: list[Kept] = field(default_factory=list)

    def make(self, options: dict[str, Any], flaws: Flaws = SOUND) -> str:
        """Make a key pair; give the browser's answer as JSON."""
        kept = Kept(
            secrets.token_bytes(32),
            generate_private_key(SECP256R1()),
            raw(options["user"]["id"]),
            options["user"]["name"],
        )
        self.kept.append(kept)
        point = kept.private.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        about_key = bytes(16) + len(kept.id).to_bytes(2, "big") + kept.id + encode_cbor(key)
        data = self._data(flaws, HOLDS_KEY) + about_key
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": b64(_client_data("webauthn.create", options, flaws)),
            "attestationObject": b64(attestation),
            "transports": ["internal", "hybrid", "nonsense"],
        }
        return _answer(kept, response)

    def use(self, options: dict[str, Any], flaws: Flaws = SOUND) -> str:
        """Sign with the newest key pair; give the browser's answer as JSON."""
        kept = self.kept[-1]
        self.count += self.counts
        data = self._data(flaws, 0)
        said = _client_data("webauthn.get", options, flaws)
        signature = kept.private.sign(data + hashlib.sha256(said).digest(), ECDSA(SHA256()))
        if flaws.is_tampered:
            data = data[:-1] + bytes([data[-1] ^ 1])
        response = {
            "clientDataJSON": b64(said),
            "authenticatorData": b64(data),
            "signature": b64(signature),
            "userHandle": b64(kept.handle if flaws.handle is None else flaws.handle),
        }
        return _answer(kept, response)

    def _data(self, flaws: Flaws, flags: int) -> bytes:
        flags |= PRESENT * flaws.is_present | VERIFIED * flaws.is_verified
        flags |= 0 if self.counts else MAY_BE_COPIED | IS_COPIED
        count = self.count if flaws.count is None else flaws.count
        return hashlib.sha256(flaws.host.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")


def _client_data(kind: str, options: dict[str, Any], flaws: Flaws) -> bytes:
    said = {
        "type": flaws.kind or kind,
        "challenge": flaws.challenge or options["challenge"],
        "origin": flaws.origin,
        "crossOrigin": flaws.is_framed,
    }
    return json.dumps(said).encode()


def _answer(kept: Kept, response: dict[str, Any]) -> str:
    return json.dumps({"id": b64(kept.id), "rawId": b64(kept.id), "type": "public-key", "response": response})


def keep_passkey(session: Session, account_id: UUID, **values: object) -> Passkey:
    """Add the row of a passkey that no device holds, for pages that list it."""
    row: dict[str, object] = {
        "credential_id": secrets.token_bytes(16), "user_handle": bytes(32), "public_key": b"", "sign_count": 0,
        "transports": "", "is_backed_up": True, "label": "Chrome on Android",
    }  # fmt: skip
    passkey = Passkey(
        account=session.get_one(Account, account_id), account_id=account_id, **{**row, **values}
    )
    session.add(passkey)
    session.flush()
    return passkey


def b64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
