"""The two ceremonies of a passkey (WebAuthn level 3): what a device is asked, and whether its answer holds. Pure.

What a device remembers can be read by whoever unlocks it, and its list of passkeys is often shared with other devices of
a household. The device therefore learns neither a name, nor an address, nor what this place is about: the site is called
by the name of this product, and the login by a word made of four random letters, which the page of one's own passkeys
repeats. Two people on one device tell theirs apart by these letters, and by nothing else.

Conditional mediation (passkeys offered while somebody stands in the field for the user name) is not used: a sign-in page
that lists logins by itself would be the remembered names that product decision 11 excludes. The device's own list opens
after a button has been pressed, behind the device's own lock.

The only module that knows the library.
"""

import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from portal.errors import Invalid

PRODUCT = "Common Ground"
CHALLENGE_BYTES = 32  # WebAuthn level 3, section 13.4.3 asks for at least 16
HANDLE_BYTES = 32  # section 4, "user handle": at most 64
MOST_ID_BYTES = 1023  # section 4, "credential ID"
MILLISECONDS_TO_ANSWER = 300_000  # section 15.1: five minutes where the device checks who is there
LETTERS = "BCDFGHJKLMNPQRSTVWXYZ23456789"  # no vowels, so that no word comes out
STANDARD_PORTS = {"https": 443, "http": 80}


class PasskeyRefused(Invalid):
    """What came from the device does not hold: malformed, altered, of another site, too late, or nobody's."""


@dataclass(frozen=True, slots=True)
class Site:
    """The address that passkeys are bound to: `host` for the device, `origin` for the browser."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key pair that a device has just made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: str
    is_backed_up: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose key an answer says it was signed with; nothing of it is believed yet."""

    credential_id: bytes
    user_handle: bytes
    answer: AuthenticationCredential


@dataclass(frozen=True, slots=True)
class Use:
    """A use of a key whose signature was right."""

    sign_count: int
    is_backed_up: bool


def site_of(public_url: str) -> Site | None:
    """Name what passkeys of an installation are bound to; None where its address has numbers for a name (section 5.1.2)."""
    address = urlsplit(public_url)
    host = address.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        port = "" if address.port in {None, STANDARD_PORTS.get(address.scheme)} else f":{address.port}"
        return Site(host, f"{address.scheme}://{host}{port}")
    return None


def new_challenge() -> str:
    """Draw what a device is to sign, in base64url."""
    return bytes_to_base64url(secrets.token_bytes(CHALLENGE_BYTES))


def new_handle() -> bytes:
    """Draw what devices are to know an account by."""
    return secrets.token_bytes(HANDLE_BYTES)


def login_word(handle: bytes) -> str:
    """Say what devices call the login: four letters of its handle, of no meaning."""
    return "Login " + "".join(LETTERS[byte % len(LETTERS)] for byte in handle[:4])


def ask_for_new(site: Site, challenge: str, handle: bytes, known: Iterable[bytes]) -> str:
    """Write, as JSON, what a browser needs to have a key pair made.

    Found again without a user name, and only used by somebody whom the device has recognised (by finger, face or code):
    such a passkey is something one has and something one is or knows, so it stands for both factors (AUT-02).
    `known`: the keys that the account has already, so that a device makes none twice.
    """
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=PRODUCT,
        user_id=handle,
        user_name=login_word(handle),
        challenge=base64url_to_bytes(challenge),
        timeout=MILLISECONDS_TO_ANSWER,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return options_to_json(options)


def ask_for_use(site: Site, challenge: str) -> str:
    """Write, as JSON, what a browser needs to have a challenge signed; the same for everybody: it names no key (decision 16)."""
    options = generate_authentication_options(
        rp_id=site.host,
        challenge=base64url_to_bytes(challenge),
        timeout=MILLISECONDS_TO_ANSWER,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def read_new(site: Site, challenge: str, answer: str | None) -> NewKey:
    """Read the key pair that a device made. Who made the device is not asked, so no maker's certificates are trusted.

    Raises:
        PasskeyRefused: the answer does not hold.
    """
    try:
        credential = parse_registration_credential_json(answer or "")
        made = verify_registration_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
        _refuse_frames(credential)
    except Exception as error:
        # The library lets errors of its parsers through as they come; whatever a hostile answer raises, it is refused.
        raise PasskeyRefused("new") from error
    if not 0 < len(made.credential_id) <= MOST_ID_BYTES:
        raise PasskeyRefused("new")
    return NewKey(
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        transports=" ".join(dict.fromkeys(one.value for one in credential.response.transports or ())),
        is_backed_up=made.credential_backed_up,
    )


def read_claim(answer: str) -> Claim:
    """Read whose key signed, from the answer itself.

    Raises:
        PasskeyRefused: it cannot be read, or does not say whose login it is for.
    """
    try:
        credential = parse_authentication_credential_json(answer)
    except Exception as error:
        raise PasskeyRefused("claim") from error
    handle = credential.response.user_handle
    if not handle or len(credential.raw_id) > MOST_ID_BYTES:
        raise PasskeyRefused("claim")
    return Claim(credential.raw_id, handle, credential)


def check_use(site: Site, challenge: str, claim: Claim, public_key: bytes) -> Use:
    """Check an answer with the key that it claims. Whether the count went forward is decided where it is stored.

    Raises:
        PasskeyRefused: another site, challenge or key; or the device did not check who is there.
    """
    try:
        verified = verify_authentication_response(
            credential=claim.answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        _refuse_frames(claim.answer)
    except Exception as error:
        raise PasskeyRefused("use") from error
    return Use(verified.new_sign_count, verified.credential_backed_up)


def _refuse_frames(credential: RegistrationCredential | AuthenticationCredential) -> None:
    if parse_client_data_json(credential.response.client_data_json).cross_origin:
        raise PasskeyRefused("inside another site")
