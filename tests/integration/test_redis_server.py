import stat
import tempfile
from pathlib import Path

import pytest

from portal import redis_server
from tests.support.redis import RedisServer, redis_server_process


@pytest.fixture
def short_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest's own folders may be too long for what is tested here."""
    monkeypatch.setattr(tempfile, "tempdir", "/tmp")  # noqa: S108 - the usual one


def deep(folder: Path) -> Path:
    instance = folder / ("a-long-name-" * 10)
    instance.mkdir()
    return instance


def test_redis_answers_its_owner_alone_and_drops_nothing(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        wanted = {
            "port": "0",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }
        assert {name: client.config_get(name)[name] for name in wanted} == wanted
    assert stat.S_IMODE(redis_server.socket.stat().st_mode) == 0o700


def test_a_written_key_survives_a_killed_redis() -> None:
    with redis_server_process() as server:
        with server.client() as client:
            client.config_set("appendfsync", "always")  # instead of waiting for the second to pass
            client.set("kept", "yes")
        server.restart()
        with server.client() as client:
            assert client.get("kept") == b"yes"


@pytest.mark.usefixtures("short_temporary_folder")
def test_an_instance_with_a_long_path_gets_a_short_private_socket(tmp_path: Path) -> None:
    server = RedisServer(deep(tmp_path))
    server.start()
    try:
        with server.client() as client:
            assert client.ping()
        assert stat.S_IMODE(server.socket.parent.stat().st_mode) == 0o700
    finally:
        server.stop()
        server.socket.parent.rmdir()


@pytest.mark.usefixtures("short_temporary_folder")
def test_a_short_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    instance = deep(tmp_path)
    taken = redis_server.socket_path(instance).parent
    taken.chmod(0o755)
    try:
        with pytest.raises(redis_server.UnsafeFolder):
            redis_server.socket_path(instance)
    finally:
        taken.rmdir()


def test_a_machine_without_redis_gets_a_sentence_that_names_the_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    with pytest.raises(redis_server.RedisMissing, match="redis-server"):
        redis_server.executable()
