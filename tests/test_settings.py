import base64
import stat
from pathlib import Path

import pytest

from portal.settings import Settings, SettingsError, settings_from_environment

STRONG = base64.urlsafe_b64encode(bytes(range(32))).decode()
OTHER = base64.urlsafe_b64encode(bytes(range(50, 82))).decode()


def read(tmp_path: Path, **env: str) -> Settings:
    return settings_from_environment({"INSTANCE": str(tmp_path / "instance"), **env})


def test_the_first_start_makes_keys_that_only_the_owner_reads(tmp_path: Path) -> None:
    first = read(tmp_path)
    keys = tmp_path / "instance" / "keys"
    assert {path.name for path in keys.iterdir()} == {"secret", "master"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in keys.iterdir())
    assert stat.S_IMODE(keys.stat().st_mode) == stat.S_IMODE(keys.parent.stat().st_mode) == 0o700
    assert (read(tmp_path).master_key, read(tmp_path).secret_key) == (first.master_key, first.secret_key)
    assert first.master_key != first.secret_key


@pytest.mark.parametrize(
    "env",
    [
        {"SECRET_KEY": "short"},
        {"SECRET_KEY": base64.urlsafe_b64encode(b"a" * 32).decode()},
        {"MASTER_KEY": base64.urlsafe_b64encode(bytes(31)).decode()},
        {"SECRET_KEY": ""},
        {"SECRET_KEY": "not%base64!"},
        {"SECRET_KEY": base64.urlsafe_b64encode(bytes(range(31))).decode()},
        {"SECRET_KEY": base64.urlsafe_b64encode(bytes(range(33))).decode()},
        {"SECRET_KEY": STRONG, "MASTER_KEY": STRONG},
        {"PUBLIC_URL": "http://portal.example.org"},
        {"PUBLIC_URL": "portal.example.org"},
        {"PUBLIC_URL": "ftp://localhost"},
        {"DEMO": "1", "PUBLIC_URL": "https://portal.example.org"},
        {"DATABASE_URL": "mysql://x"},
        {"PROXY_HOPS": "-1"},
        {"BOUNCES_URL": "imap://reader:secret@mail.example.org"},
        {"BOUNCES_KEY": "0123456789abcdef0123456789abcde"},
        {"TEXT_GATEWAY_URL": "json://gateway.example.org"},
    ],
)
def test_a_weak_or_unclear_setting_stops_the_start(tmp_path: Path, env: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, **env)
    assert not any(
        value and value in str(refused.value) for name, value in env.items() if name.endswith("KEY")
    )


def test_a_kept_key_that_was_weakened_stops_the_start(tmp_path: Path) -> None:
    read(tmp_path)
    (tmp_path / "instance" / "keys" / "master").write_bytes(b"weak" * 8)
    with pytest.raises(SettingsError) as refused:
        read(tmp_path)
    assert "weakweak" not in str(refused.value)


def test_keys_may_come_from_the_environment(tmp_path: Path) -> None:
    settings = read(tmp_path, SECRET_KEY=STRONG, MASTER_KEY=OTHER)
    assert settings.secret_key == bytes(range(32))
    assert not (tmp_path / "instance" / "keys").exists()


def test_this_machines_own_names_are_served_only_where_nobody_else_comes(tmp_path: Path) -> None:
    assert read(tmp_path).hosts == ("localhost", "127.0.0.1")


def test_a_mailbox_on_this_machine_may_be_read_in_the_open(tmp_path: Path) -> None:
    assert read(tmp_path, BOUNCES_URL="imap://reader@localhost:1143").bounces_url is not None


def test_only_named_hosts_are_served(tmp_path: Path) -> None:
    assert read(
        tmp_path, PUBLIC_URL="https://portal.example.org", TRUSTED_HOSTS="a.example, b.example"
    ).hosts == (
        "portal.example.org",
        "a.example",
        "b.example",
    )
