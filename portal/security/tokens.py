"""Signed tokens for links and forms: purpose-bound, expiring, without a row in the database.

Signatures are HMAC-SHA256 through itsdangerous, each purpose with a key of its own.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from portal.errors import NotFound
from portal.security.crypto import derived_key
from portal.security.viewer import TokenPurpose

FORM_AGE = timedelta(hours=12)
SHA256 = {"digest_method": hashlib.sha256}


class TokenRefused(NotFound):
    """The token is altered, too old, or was made for something else."""


class Signer:
    """Makes and reads the signed tokens of one installation."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.job_key = derived_key(secret, "jobs")

    def sign_id(self, purpose: TokenPurpose, subject_id: UUID) -> str:
        """Make a token that names one thing for one purpose; it does not expire by itself."""
        return str(self._serializer(purpose).dumps(subject_id.hex))

    def read_id(self, purpose: TokenPurpose, token: str) -> UUID:
        """Read such a token. Raises TokenRefused if it was not made here for this purpose."""
        try:
            return UUID(hex=self._serializer(purpose).loads(token))
        except (BadData, ValueError, TypeError, AttributeError) as error:
            raise TokenRefused(purpose) from error

    def sign_words(self, purpose: TokenPurpose, words: Mapping[str, str]) -> str:
        """Make a token that carries a few short words for one purpose; whoever has it can read them."""
        return str(self._timed(purpose).dumps(dict(words)))

    def read_words(
        self, purpose: TokenPurpose, token: str, *, max_age: timedelta | None = None
    ) -> dict[str, str]:
        """Read such a token. Raises TokenRefused if it was not made here for this purpose, or is older than `max_age`."""
        try:
            found: Any = self._timed(purpose).loads(
                token, max_age=int(max_age.total_seconds()) if max_age else None
            )
        except (BadData, ValueError, TypeError) as error:
            raise TokenRefused(purpose) from error
        if not isinstance(found, dict):
            raise TokenRefused(purpose)
        return {str(name): str(word) for name, word in found.items()}

    def form_token(self, login_session_id: UUID | None) -> str:
        """Make the hidden field of a form: bound to the sign-in, or for visitors only timed (12 hours)."""
        return str(self._form_serializer().dumps(login_session_id.hex if login_session_id else "visitor"))

    def accepts_form(self, token: str, login_session_id: UUID | None) -> bool:
        """Tell whether a form came from a page of ours, made for this very sign-in and not too long ago."""
        try:
            bound_to = self._form_serializer().loads(token, max_age=int(FORM_AGE.total_seconds()))
        except BadData:
            return False
        expected = login_session_id.hex if login_session_id else "visitor"
        return isinstance(bound_to, str) and hmac.compare_digest(bound_to, expected)

    def _serializer(self, purpose: TokenPurpose) -> URLSafeSerializer:
        return URLSafeSerializer(
            derived_key(self._secret, f"token/{purpose}"), salt="id", signer_kwargs=SHA256
        )

    def _timed(self, purpose: TokenPurpose) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            derived_key(self._secret, f"token/{purpose}"), salt="words", signer_kwargs=SHA256
        )

    def _form_serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(derived_key(self._secret, "form"), salt="form", signer_kwargs=SHA256)
