"""Work on a stranger's file in a child that may be killed, so that no calendar can take the worker with it.

Linux only, as the rendering of documents: the limits and the child's death with its parent are the kernel's.
"""

import ctypes
import gc
import json
import os
import resource
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from portal.calendars.rules import CalendarRefused, Failure

CPU_SECONDS = 2  # a calendar with 2,000 single events takes a third of a second
WALL_SECONDS = 10.0  # as the processor may be shared
MEMORY_BYTES = 256 * 1024 * 1024  # beyond what the process has already
_MOST_ANSWER = 4 * 1024 * 1024
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def confined(work: Callable[[], Any]) -> Any:
    """Do `work` in a child with an end to its time and memory; give what it returned, as JSON would.

    Raises:
        CalendarRefused: the work raised it, or ran out of time or memory (`ENDLESS`).
    """
    reading, writing = os.pipe()
    parent, child = os.getpid(), os.fork()
    if child == 0:
        _live_as_child(work, writing, parent)
    os.close(writing)
    try:
        answer = _read_until(reading, time.monotonic() + WALL_SECONDS)
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if not answer:
        raise CalendarRefused(Failure.ENDLESS)
    outcome = json.loads(answer)
    if "failure" in outcome:
        raise CalendarRefused(Failure(outcome["failure"]))
    return outcome["found"]


def _read_until(reading: int, deadline: float) -> bytes:
    """Read to the end; nothing if the child died halfway, took too long or had too much to say."""
    poll, answer = select.poll(), bytearray()
    poll.register(reading, select.POLLIN)
    while (left := deadline - time.monotonic()) > 0 and len(answer) < _MOST_ANSWER:
        if poll.poll(left * 1000):
            chunk = os.read(reading, 1 << 16)
            if not chunk:
                return bytes(answer) if answer.endswith(b"\n") else b""
            answer += chunk
    return b""


def _live_as_child(work: Callable[[], Any], writing: int, parent: int) -> NoReturn:
    """Work and leave without running anything of the parent's: no exit handler, no finalizer of an open connection."""
    try:
        _libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
        if os.getppid() == parent:
            gc.disable()
            _keep_only(writing)
            _confine()
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(json.dumps(_outcome(work)).encode() + b"\n")
    finally:
        os._exit(0)


def _outcome(work: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"found": work()}
    except CalendarRefused as refusal:
        return {"failure": refusal.failure}
    except (MemoryError, RecursionError):
        return {"failure": Failure.ENDLESS}
    except BaseException:  # noqa: BLE001 - whatever it was, the parent must hear that it is over, and nothing of the file
        return {"failure": Failure.BROKEN}


def _keep_only(writing: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    os.closerange(3, writing)
    os.closerange(writing + 1, os.sysconf("SC_OPEN_MAX"))


def _confine() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limits = {
        resource.RLIMIT_AS: pages * resource.getpagesize() + MEMORY_BYTES,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NPROC: 0,
    }
    for which, most in limits.items():
        _, hard = resource.getrlimit(which)
        lowest = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (lowest, lowest))
