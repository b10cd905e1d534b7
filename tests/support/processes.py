"""Start the portal's real processes for a test, and end them with all that they started."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from portal.supervise import descendants, kill

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds until a real part must answer; only a broken one takes longer


def free_port() -> int:
    """Ask the system for a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(ready: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Wait for a state that another process brings about; fail with ``what`` when it does not come."""
    give_up = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > give_up:
            raise AssertionError(f"{what} within {seconds:.0f} seconds")
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def processes_named(name: str, among: Sequence[int]) -> list[int]:
    """Find processes by the name that lists of processes show."""
    return [pid for pid in among if _name_of(pid) == name]


def _name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip()
    except OSError:
        return ""


@dataclass(kw_only=True)
class Running:
    """A process of the test's own; ``log`` holds all that it wrote."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def output(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def descendants(self) -> list[int]:
        return descendants(self.pid)

    def send(self, signal_number: int) -> None:
        self.process.send_signal(signal_number)

    def kill(self) -> None:
        """kill -9 of this process alone: what it started lives on."""
        self.process.kill()
        self.process.wait()

    def kill_all(self) -> None:
        """kill -9 of this process and of everything below it."""
        below = descendants(self.pid)
        self.process.kill()
        kill(below)
        self.process.wait()

    def stop(self, seconds: float = 20) -> int:
        """Ask it to end; end it by force, with all below, when it does not."""
        below = descendants(self.pid)
        self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            kill(below)


def start(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    user: int | None = None,
    died_with: signal.Signals = signal.SIGKILL,
) -> Running:
    """Start a command from the main thread; it ends with the test run at the latest. ``user`` is a uid to run as."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            # By a program, since Python may not run code between fork and exec while threads run.
            ["setpriv", "--pdeathsig", died_with.name.removeprefix("SIG"), "--", *command],
            cwd=ROOT if user is None else "/",
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
    return Running(process=process, log=log)


@contextmanager
def running(command: Sequence[str], *, environment: Mapping[str, str], log: Path) -> Iterator[Running]:
    """Start a command for the length of a block."""
    started = start(command, environment=environment, log=log)
    try:
        yield started
    finally:
        below = started.descendants()
        if started.process.poll() is None:
            started.stop()
        kill(below)


@dataclass(kw_only=True)
class Portal:
    """The processes of one instance, each under the test's control."""

    environment: Mapping[str, str]
    folder: Path
    port: int
    web: list[Running] = field(default_factory=list)
    workers: list[Running] = field(default_factory=list)
    sweepers: list[Running] = field(default_factory=list)
    threads: int = 4

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _start(self, name: str, *command: str) -> Running:
        return start(
            [sys.executable, "-m", *command], environment=self.environment, log=self.folder / f"{name}.log"
        )

    def start_web(self, workers: int = 1) -> Running:
        """Start gunicorn and wait for its first answer."""
        options = ("--no-control-socket", "--worker-class=gthread", f"--threads={self.threads}")
        where = (f"--bind=127.0.0.1:{self.port}", f"--workers={workers}", "--log-level=warning")
        server = self._start("web", "gunicorn", "portal.app:serve()", *options, *where)
        self.web.append(server)
        wait_until(lambda: answers(self.address) or not is_alive(server.pid), "the web server answers")
        assert is_alive(server.pid), server.output()
        return server

    def start_worker(self) -> Running:
        self.workers.append(self._start(f"worker-{len(self.workers)}", "jobs.worker"))
        return self.workers[-1]

    def start_sweeper(self) -> Running:
        self.sweepers.append(self._start(f"sweeper-{len(self.sweepers)}", "jobs.schedule"))
        return self.sweepers[-1]

    def logs(self) -> str:
        return "".join(path.read_text("utf-8", "replace") for path in sorted(self.folder.glob("*.log")))


def answers(address: str) -> bool:
    """Say whether the web server at this address answers at all."""
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=2):  # noqa: S310 - an address of this machine
            return True
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return True
    except OSError:
        return False


@contextmanager
def portal_processes(environment: Mapping[str, str], folder: Path) -> Iterator[Portal]:
    """Prepare the processes of one instance; the test starts those it wants, all end with the block.

    ``environment`` is what they get beside PATH and PORT: INSTANCE, DATABASE_URL, REDIS_URL, SMTP_URL ….
    """
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    portal = Portal(environment={**inherited, **environment, "PORT": str(port)}, folder=folder, port=port)
    try:
        yield portal
    finally:
        for one in (*portal.web, *portal.workers, *portal.sweepers):
            one.kill_all()
