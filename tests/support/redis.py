"""A real Redis for a test, which can be emptied, paused, killed and started again."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis

from portal import redis_server
from tests.support.processes import Running, start, wait_until


class RedisServer:
    """One Redis on a Unix socket, with the options of the launcher."""

    def __init__(self, instance: Path) -> None:
        self.instance = instance
        self.socket = redis_server.socket_path(instance)
        self.url = redis_server.url(self.socket)
        self._running: Running | None = None

    @property
    def pid(self) -> int:
        assert self._running is not None, "Redis was not started"
        return self._running.pid

    def start(self) -> None:
        self._running = start(
            redis_server.command(self.instance),
            environment={"PATH": os.environ.get("PATH", os.defpath)},
            log=self.instance / "redis-start.log",
        )
        wait_until(lambda: redis_server.answers(self.socket), "Redis answers")

    def ensure_running(self) -> None:
        """Bring back a Redis that the test before has paused or killed."""
        if self._running is not None and self._running.process.poll() is None:
            self.resume()
        else:
            self.start()

    def client(self) -> Redis:
        return Redis.from_url(self.url)

    def flush(self) -> None:
        """Empty it, as FLUSHALL by hand or a lost disk would."""
        with self.client() as client:
            client.flushall()

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGCONT)
        assert self._running is not None
        self._running.kill()

    def restart(self, *, empty: bool = False) -> None:
        """Kill it and start it again, with what it wrote down or with nothing."""
        self.kill()
        if empty:
            for kept in (self.instance / "redis").glob("appendonly*"):
                shutil.rmtree(kept) if kept.is_dir() else kept.unlink()  # a folder since Redis 7
        self.start()

    def pause(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> None:
        if self._running is not None and self._running.process.poll() is None:
            self.resume()
            self._running.stop()


@contextmanager
def redis_server_process() -> Iterator[RedisServer]:
    """Start a Redis in a folder of its own for the length of a block."""
    with tempfile.TemporaryDirectory(prefix="redis-", ignore_cleanup_errors=True) as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
