"""Keep programs running under one process, and leave nothing behind when it ends, however it ends.

A work-horse of RQ has its own process group and outlives a killed worker, so neither a process group
nor a list of children names everything that must end. On Linux the supervisor therefore adopts
orphaned descendants (``PR_SET_CHILD_SUBREAPER``), reads the tree from ``/proc``, and lets its children
die with it (``PR_SET_PDEATHSIG``); see prctl(2). Elsewhere only the direct children are ended.
"""

import ctypes
import itertools
import json
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

STOP_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
WATCHED_SIGNALS = STOP_SIGNALS | {signal.SIGCHLD}

# Numbers from the kernel's linux/prctl.h, described in prctl(2).
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36

_FIRST_PAUSE = 0.5  # seconds before a program that died is started again; doubles up to the longest
_LONGEST_PAUSE = 30.0
_STEADY = 60.0  # seconds of life after which earlier deaths are forgotten
_GRACE = 10.0  # seconds to finish after SIGTERM; a document takes less
_LAST_GRACE = 5.0  # seconds for what ends last to write its data

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, kw_only=True)
class Program:
    """Describe one program to keep running.

    ``inherit`` names open file descriptors it needs; ``last`` lets it end after all others, because
    they need it while they finish.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    inherit: tuple[int, ...] = ()
    last: bool = False

    def begin(self) -> int:
        """Start the command as a child of the calling process, which is to reap it; return its process id.

        Raises OSError when it cannot be executed.
        """
        supervisor = os.getpid()

        def prepare() -> None:
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            die_with(supervisor)

        process = subprocess.Popen(  # noqa: S603 - the commands are fixed by the launcher
            self.command,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            pass_fds=self.inherit,
            process_group=0,
            umask=0o077,
            preexec_fn=prepare,  # noqa: PLW1509 - the supervisor has one thread
        )
        process.returncode = 0  # the supervisor reaps by itself; Popen must neither wait nor warn
        return process.pid


class PythonModule(Program):
    """A program that is a module, as of ``python -m``: the first word of ``command``, before its arguments.

    It begins as a fork of the supervisor, so what that has loaded is neither read nor kept in memory
    once more. Lists of processes show it as ``portal-`` and its name.
    """

    def begin(self) -> int:
        """Fork; the child keeps nothing open but what it inherits by name."""
        child = multiprocessing.get_context("fork").Process(target=self._run, args=(os.getpid(),))
        child.start()
        pid = child.pid
        assert pid is not None  # noqa: S101 - it has started
        # The supervisor reaps by itself. Told that the child has ended, this lets go of the pipes that it keeps for it.
        child._popen.returncode = 0  # type: ignore[attr-defined]  # noqa: SLF001 - there is no other way to say so
        child.close()
        return pid

    def _run(self, supervisor: int) -> None:
        os.setpgid(0, 0)
        die_with(supervisor)
        _name_process(f"portal-{self.name}")
        os.umask(0o077)
        _close_all_but({*self.inherit, 0, 1, 2})
        os.environ.clear()
        os.environ.update(self.environment)
        sys.argv[:] = self.command
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        runpy.run_module(self.command[0], run_name="__main__", alter_sys=True)


@dataclass(kw_only=True)
class _Child:
    program: Program
    pid: int
    started: float


def log(event: str, **facts: str | float) -> None:
    """Tell the operator in one line of JSON what happened to a process; facts are never content."""
    sys.stderr.write(json.dumps({"event": event, **facts}) + "\n")
    sys.stderr.flush()


def die_with(parent: int, signal_number: int = signal.SIGKILL) -> None:
    """Let this process receive a signal as soon as the process ``parent`` is gone, even by kill -9."""
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the request was heard
        os._exit(1)


def _name_process(name: str) -> None:
    """Let lists of processes show at most 15 letters of this name."""
    if _libc is not None:
        _libc.prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)


def _close_all_but(kept: set[int]) -> None:
    """Close what a fork inherited: sockets, and the lock on the folder of all data, which must fall with its owner."""
    borders = [-1, *sorted(kept), os.sysconf("SC_OPEN_MAX")]
    for lower, upper in itertools.pairwise(borders):
        if lower + 1 < upper:  # Python 3.11 takes an empty range for an open one
            os.closerange(lower + 1, upper)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent dies, so that they can be found and ended."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(root: int) -> list[int]:
    """List the living processes below ``root``, parents before children; reads /proc once."""
    children: dict[int, list[int]] = {}
    for pid, parent in _living():
        children.setdefault(parent, []).append(pid)
    found = list(children.get(root, ()))
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def _living() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name of the program stands in parentheses and may itself hold some.
            state, parent = entry.read_text("utf-8", "replace").rpartition(")")[2].split()[:2]
            if state not in "ZX":
                yield int(entry.parent.name), int(parent)


def kill(pids: Sequence[int], signal_number: int = signal.SIGKILL) -> None:
    """Send a signal to processes, some of which may have ended meanwhile."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal_number)


def kill_tree(root: int) -> None:
    """End everything below ``root`` at once; repeats, because a process may fork while it is looked for."""
    while below := descendants(root):
        kill(below)
        if root == os.getpid():
            _reap()
        time.sleep(0.01)


def _reap() -> list[tuple[int, int]]:
    ended = []
    with suppress(ChildProcessError):
        while (result := os.waitpid(-1, os.WNOHANG))[0]:
            ended.append((result[0], os.waitstatus_to_exitcode(result[1])))
    return ended


@contextmanager
def _signals_held() -> Iterator[None]:
    """Keep signals pending for ``sigtimedwait``: no handler can then interrupt a step half done."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def guarded(run: Callable[[], int]) -> int:
    """Do ``run`` in a process of its own, so that killing either of the two leaves no orphan.

    Signals to this process are passed on as SIGTERM. When ``run`` has ended, by itself or by force,
    everything it left behind is ended as well. Returns its exit status. Call it from the main thread
    of a process without other threads.
    """
    adopt_orphans()
    sys.stdout.flush()
    sys.stderr.flush()
    guard = os.getpid()
    with _signals_held():
        inner = os.fork()
        if not inner:
            _become_inner(guard, run)
        status = _status_of(inner)
        kill_tree(guard)
    return status


def _become_inner(guard: int, run: Callable[[], int]) -> None:
    status = 1
    try:
        os.setpgid(0, 0)  # Ctrl-C reaches the guard alone, which passes it on once
        die_with(guard, signal.SIGTERM)
        adopt_orphans()
        status = run()
    except BaseException:  # noqa: BLE001 - the process ends below; nobody else could report it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _status_of(inner: int) -> int:
    while True:
        if signal.sigwait(WATCHED_SIGNALS) in STOP_SIGNALS:
            kill([inner], signal.SIGTERM)
        for pid, status in _reap():
            if pid == inner:
                return status if status >= 0 else 128 - status


class Supervisor:
    """Start programs, start them again when they die, and end them all.

    Only for the process that ``guarded`` makes: it relies on held signals and on adopted orphans.
    """

    def __init__(self) -> None:
        self._children: dict[int, _Child] = {}
        self._deaths: dict[str, int] = {}
        self._due: list[tuple[float, Program]] = []

    def start(self, program: Program) -> None:
        """Start a program and keep it running from now on. Raises OSError when it cannot be executed."""
        pid = program.begin()
        self._children[pid] = _Child(program=program, pid=pid, started=time.monotonic())

    def deaths(self) -> int:
        """Count how often the program that fails most has died in a row."""
        return max(self._deaths.values(), default=0)

    def watch(self, seconds: float) -> bool:
        """Look after the programs for a while; say whether to go on (False: a signal asked to stop)."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._pause(left):
                return False
            self._start_due()
        return True

    def _pause(self, seconds: float) -> bool:
        """Wait for a signal, note who died, and say whether it was a signal to stop."""
        next_start = min((when for when, _ in self._due), default=float("inf")) - time.monotonic()
        received = signal.sigtimedwait(WATCHED_SIGNALS, max(0.0, min(seconds, next_start)))
        for child, status in self._ended():
            self._plan_restart(child, status)
        return received is not None and received.si_signo in STOP_SIGNALS

    def _ended(self) -> list[tuple[_Child, int]]:
        ended = [(self._children.pop(pid), code) for pid, code in _reap() if pid in self._children]
        if ended:
            self._kill_strays()
        return ended

    def _kill_strays(self) -> None:
        """End what a dead child left behind, before its successor does the same work at the same time."""
        below = descendants(os.getpid())
        kept = {pid for known in self._children for pid in (known, *descendants(known))}
        kill([pid for pid in below if pid not in kept])

    def _plan_restart(self, child: _Child, status: int) -> None:
        name, now = child.program.name, time.monotonic()
        steady = now - child.started > _STEADY
        self._deaths[name] = 1 if steady else self._deaths.get(name, 0) + 1
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (self._deaths[name] - 1))
        log("process.died", program=name, status=status, restart_in_seconds=pause)
        self._due.append((now + pause, child.program))

    def _start_due(self) -> None:
        now = time.monotonic()
        due = [program for when, program in self._due if when <= now]
        self._due = [(when, program) for when, program in self._due if when > now]
        for program in due:
            self.start(program)
            log("process.restarted", program=program.name)

    def stop(self) -> None:
        """End all programs: first asked, then forced, those marked ``last`` after the others.

        Waits at most 15 seconds; another signal to stop ends the waiting.
        """
        self._due.clear()
        self._end([child for child in self._children.values() if not child.program.last], _GRACE)
        self._end(list(self._children.values()), _LAST_GRACE)
        kill_tree(os.getpid())

    def _end(self, children: Sequence[_Child], grace: float) -> None:
        kill([child.pid for child in children], signal.SIGTERM)
        until = time.monotonic() + grace
        while (left := until - time.monotonic()) > 0:
            self._ended()
            if not any(child.pid in self._children for child in children):
                break
            received = signal.sigtimedwait(WATCHED_SIGNALS, left)
            if received is not None and received.si_signo in STOP_SIGNALS:
                break
        kill([child.pid for child in children if child.pid in self._children])
        self._kill_strays()
