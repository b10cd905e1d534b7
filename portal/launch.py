"""Start the processes of one machine and keep them: Redis, web, worker, sweeper.

``portal up`` and ``portal demo`` call ``launch``. Ctrl-C ends the whole tree; so does the death of
the launcher (see ``portal.supervise``).
"""

import errno
import fcntl
import gc
import os
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from portal import redis_server
from portal.supervise import Program, PythonModule, Supervisor, guarded

_START_LIMIT = 60.0  # seconds until the first page must answer
_DEATHS_AT_START = 2  # a program that dies so often before the first page will not get better by itself
_THREADS = 4  # a web worker; a slow reader must not stop the others
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to
_OWN_ADDRESSES = {*_EVERYWHERE, *_EVERYWHERE.values()}


@dataclass(frozen=True, kw_only=True)
class LaunchSettings:
    """Say what to start and where.

    ``instance`` is the folder of all data, ``port`` 0 takes any free one, ``redis_url`` None starts an
    own Redis, ``environment`` is what the processes get beside ``INSTANCE``, ``PORT``, ``REDIS_URL``.
    """

    instance: Path
    port: int = 8000
    bind: str = "127.0.0.1"
    redis_url: str | None = None
    web_workers: int = 2
    environment: Mapping[str, str]


class CannotStart(Exception):
    """The portal cannot start; the message is one sentence for the person who started it."""


def launch(settings: LaunchSettings, announce: Callable[[str], None]) -> int:
    """Run the portal until Ctrl-C or SIGTERM and return the exit status; nothing is left running.

    ``announce`` receives the address once pages are served. Call it from the main thread of a process
    without other threads.
    """
    gc.freeze()  # so that the garbage collector of no part copies the memory that all of them share
    gc.enable()
    return guarded(lambda: _launch(settings, announce))


def _launch(settings: LaunchSettings, announce: Callable[[str], None]) -> int:
    try:
        with _claimed(settings.instance), _listener(settings.bind, settings.port) as listener:
            return _run(settings, listener, announce)
    except (CannotStart, redis_server.RedisMissing, redis_server.UnsafeFolder) as reason:
        sys.stderr.write(f"{reason}\n")
        return 1


def _run(settings: LaunchSettings, listener: socket.socket, announce: Callable[[str], None]) -> int:
    supervisor = Supervisor()
    try:
        environment = _environment(settings, listener)
        if settings.redis_url is None and not _start_redis(supervisor, settings, environment):
            return 0
        supervisor.start(_web(settings, listener, environment))
        if not _until(supervisor, _Question(listener).is_answered, "The web server"):
            return 0
        announce(_address(listener))
        for program in _background(environment):
            supervisor.start(program)
        while supervisor.watch(60):
            pass
        return 0
    finally:
        supervisor.stop()


def _start_redis(supervisor: Supervisor, settings: LaunchSettings, environment: Mapping[str, str]) -> bool:
    supervisor.start(
        Program(
            name="redis",
            command=redis_server.command(settings.instance),
            environment=environment,
            last=True,
        )
    )
    path = redis_server.socket_path(settings.instance)
    return _until(supervisor, lambda: redis_server.answers(path), "Redis")


def _until(supervisor: Supervisor, ready: Callable[[], bool], what: str) -> bool:
    """Watch the programs until ``ready`` says so; False when a signal asked to stop meanwhile."""
    give_up = time.monotonic() + _START_LIMIT
    while not ready():
        if not supervisor.watch(0.02):
            return False
        if supervisor.deaths() >= _DEATHS_AT_START:
            raise CannotStart(f"{what} does not start; the reason stands above.")
        if time.monotonic() > give_up:
            raise CannotStart(f"{what} did not answer within {_START_LIMIT:.0f} seconds.")
    return True


def _environment(settings: LaunchSettings, listener: socket.socket) -> dict[str, str]:
    own_redis = redis_server.url(redis_server.socket_path(settings.instance))
    return {
        **settings.environment,
        "INSTANCE": str(settings.instance.resolve()),
        "PORT": str(listener.getsockname()[1]),
        "REDIS_URL": settings.redis_url or own_redis,
    }


def _web(settings: LaunchSettings, listener: socket.socket, environment: Mapping[str, str]) -> Program:
    options = {
        # The launcher keeps the port: readers wait, and nobody else takes it, while web starts again.
        "bind": f"fd://{listener.fileno()}",
        "workers": settings.web_workers,
        "worker-class": "gthread",
        "threads": _THREADS,
        "timeout": 60,
        "graceful-timeout": 5,
        "log-level": "warning",
        "forwarded-allow-ips": "",  # PROXY_HOPS alone says whose X-Forwarded headers are believed
    }
    return PythonModule(
        name="web",
        command=[
            *("gunicorn", "portal.app:serve()", "--no-control-socket"),
            *(f"--{name}={value}" for name, value in options.items()),
        ],
        environment=environment,
        inherit=(listener.fileno(),),
    )


def _background(environment: Mapping[str, str]) -> Iterator[Program]:
    for name, module in (("worker", "jobs.worker"), ("sweeper", "jobs.schedule")):
        yield PythonModule(name=name, command=[module], environment=environment)


@contextmanager
def _claimed(instance: Path) -> Iterator[None]:
    """Hold the folder of all data: two copies on one folder would write over each other."""
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = os.open(instance, os.O_RDONLY)
    try:
        _lock(folder, instance)
        yield
    finally:
        os.close(folder)


def _lock(folder: int, instance: Path) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CannotStart(
            f"The portal in {instance} is running already; another copy needs its own INSTANCE and PORT."
        ) from None


@contextmanager
def _listener(bind: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((bind, port))
        except (OSError, OverflowError) as reason:
            raise CannotStart(_port_sentence(bind, port, reason)) from None
        listener.listen(128)
        yield listener


def _port_sentence(bind: str, port: int, reason: Exception) -> str:
    if isinstance(reason, PermissionError):
        return f"Port {port} may not be used by this user; choose one above 1023, for example PORT=8000."
    if isinstance(reason, OSError) and reason.errno == errno.EADDRINUSE:
        return f"Port {port} is in use by another program; choose another, for example PORT={port + 1}."
    return f"The portal cannot listen on {bind}, port {port} ({reason})."


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if host in _OWN_ADDRESSES:
        host = "localhost"  # as in PUBLIC_URL by default: a cookie set under another name would be missed
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Question:
    """Ask for the page of health, once: the launcher's own socket keeps the question until web can answer.

    Any answer but a failure will do, as the host name may be refused.
    """

    def __init__(self, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        self._address = (_EVERYWHERE.get(host, host), port)
        self._connection: socket.socket | None = None

    def is_answered(self) -> bool:
        if self._connection is None:
            self._connection = socket.create_connection(self._address, timeout=1)
            self._connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        if not select.select([self._connection], [], [], 0)[0]:
            return False
        answer = self._read()
        self._connection.close()
        self._connection = None
        return answer.startswith(b"HTTP/1.1 ") and answer[9:10] in b"1234"

    def _read(self) -> bytes:
        with suppress(OSError):
            return self._connection.recv(16) if self._connection else b""
        return b""
