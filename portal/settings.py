"""Settings: typed, frozen, read from the environment only, refused when they are weak.

The keys are made at the first start, in `INSTANCE/keys` with mode 0600, unless the environment brings them. They are
neither in the database nor in its backup: whoever has a backup needs them as well.
"""

import base64
import binascii
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

KEY_BYTES = 32
LEAST_KEY_CHARACTERS = 32  # 16 random bytes in hexadecimal
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})


class SettingsError(Exception):
    """The portal must not start like this; the text says which variable to mend and how."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between two installations.

    `secret_key` signs tokens, forms and job bodies; `master_key` wraps the data keys. Both are 32 bytes.
    `bounces_url`: the mailbox (imaps://) that returned mails reach; `bounces_key`: what a mail service says to our webhook.
    `text_gateway_url`: an Apprise address with {phone} in it. `calendar_hosts`: hosts in the own network that calendars may lie on.
    `proxy_hops` is the number of reverse proxies whose X-Forwarded headers are believed (0: none).
    """

    instance: Path
    database_url: str
    files_url: str
    public_url: str
    secret_key: bytes
    master_key: bytes
    redis_url: str | None = None
    smtp_url: str | None = None
    mail_from: str = "appointments@localhost"
    bounces_url: str | None = None
    bounces_key: str | None = None
    text_gateway_url: str | None = None
    calendar_hosts: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    proxy_hops: int = 0
    is_demo: bool = False
    is_development: bool = False
    render_seconds: int = 60

    @property
    def is_https(self) -> bool:
        """Tell whether visitors reach the portal over TLS, which decides the cookie's name and HSTS."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def hosts(self) -> tuple[str, ...]:
        """List the host names that requests may carry: the public one and those named in TRUSTED_HOSTS."""
        public = urlsplit(self.public_url).hostname or "localhost"
        loopback = ("localhost", "127.0.0.1") if public in LOOPBACK_NAMES else ()
        return tuple(dict.fromkeys((public, *loopback, *self.trusted_hosts)))


def settings_from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of this installation; make its keys if this is the first start.

    Raises:
        SettingsError: a secret is too short, an address is malformed, or plain http is asked for beyond this machine.
    """
    env = os.environ if environ is None else environ
    instance = Path(env.get("INSTANCE", "instance")).resolve()
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    is_demo = _flag(env, "DEMO")
    port = env.get("PORT", "8000")
    settings = Settings(
        instance=instance,
        database_url=_database_url(env.get("DATABASE_URL"), instance),
        files_url=env.get("FILES_URL") or (instance / "files").as_uri(),
        public_url=(env.get("PUBLIC_URL") or f"http://localhost:{port}").rstrip("/"),
        secret_key=_key(env, "SECRET_KEY", instance / "keys" / "secret"),
        master_key=_key(env, "MASTER_KEY", instance / "keys" / "master"),
        redis_url=env.get("REDIS_URL") or None,
        smtp_url=env.get("SMTP_URL") or None,
        mail_from=env.get("MAIL_FROM", "appointments@localhost"),
        bounces_url=env.get("BOUNCES_URL") or None,
        bounces_key=env.get("BOUNCES_KEY") or None,
        text_gateway_url=env.get("TEXT_GATEWAY_URL") or None,
        calendar_hosts=_names(env, "CALENDAR_HOSTS"),
        trusted_hosts=_names(env, "TRUSTED_HOSTS"),
        proxy_hops=_whole_number(env, "PROXY_HOPS", 0),
        is_demo=is_demo,
        is_development=_flag(env, "DEVELOPMENT"),
    )
    _refuse_weak(settings)
    return settings


def _refuse_weak(settings: Settings) -> None:
    public = urlsplit(settings.public_url)
    if public.scheme not in {"http", "https"} or not public.hostname:
        raise SettingsError("PUBLIC_URL must be an address such as https://portal.example.org.")
    if not settings.is_https and public.hostname not in LOOPBACK_NAMES:
        raise SettingsError(
            "PUBLIC_URL must begin with https:// as soon as others than this machine can reach it."
        )
    if settings.is_demo and public.hostname not in LOOPBACK_NAMES:
        raise SettingsError(
            "DEMO shows its passwords to everybody: it runs on this machine only, not at PUBLIC_URL."
        )
    if settings.secret_key == settings.master_key:
        raise SettingsError("SECRET_KEY and MASTER_KEY must differ.")
    _refuse_weak_ways_in(settings)


def _refuse_weak_ways_in(settings: Settings) -> None:
    """Look at what other services reach us by, or we them."""
    bounces = urlsplit(settings.bounces_url or "imaps://none")
    if bounces.scheme != "imaps" and not (bounces.scheme == "imap" and bounces.hostname in LOOPBACK_NAMES):
        raise SettingsError(
            "BOUNCES_URL must begin with imaps://, so that its password is not sent readably."
        )
    if settings.bounces_key is not None and len(settings.bounces_key) < LEAST_KEY_CHARACTERS:
        raise SettingsError(f"BOUNCES_KEY must have at least {LEAST_KEY_CHARACTERS} characters.")
    if settings.text_gateway_url is not None and "{phone}" not in settings.text_gateway_url:
        raise SettingsError("TEXT_GATEWAY_URL must say with {phone} where the number goes.")


def _names(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in env.get(name, "").split(",") if one.strip())


def _flag(env: Mapping[str, str], name: str) -> bool:
    return env.get(name, "").lower() in {"1", "true", "yes", "on"}


def _whole_number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    if not text.isdecimal():
        raise SettingsError(f"{name} must be a whole number.")
    return int(text)


def _database_url(text: str | None, instance: Path) -> str:
    if not text:
        return f"sqlite:///{instance / 'portal.sqlite3'}"
    if text.startswith("sqlite:///"):
        return text
    for scheme in ("postgres://", "postgresql://"):
        if text.startswith(scheme):
            return "postgresql+psycopg://" + text.removeprefix(scheme)
    if text.startswith("postgresql+psycopg://"):
        return text
    raise SettingsError("DATABASE_URL must begin with postgresql:// or sqlite:///.")


def _key(env: Mapping[str, str], name: str, path: Path) -> bytes:
    given = env.get(name)
    if given is None:
        return _kept_key(name, path)
    try:
        key = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
    except (binascii.Error, ValueError) as error:
        raise SettingsError(f"{name} must be 32 bytes in URL-safe base64.") from error
    return _strong(name, key)


def _kept_key(name: str, path: Path) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _strong(name, path.read_bytes())
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    return path.read_bytes()


def _strong(name: str, key: bytes) -> bytes:
    least_distinct_bytes = (
        12  # 32 random bytes have fewer than 12 different values less than once in 10**20 draws
    )
    if len(key) != KEY_BYTES or len(set(key)) < least_distinct_bytes:
        raise SettingsError(f"{name} is too weak: it must be {KEY_BYTES} random bytes.")
    return key
