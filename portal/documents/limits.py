"""Render under limits: in a child that may be killed, so that no text a person typed can take the worker with it.

Linux only: the limits, the child's death with its parent and the network namespace are the kernel's.
"""

import ctypes
import gc
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import NoReturn, Protocol

from portal.documents.render import GETTING_READY, render_pdf

# A summary has 6,000. Beyond 100,000 a single line may grow wider than the renderer can count (2^31 / 1024 pixels): it then
# takes the line to fit and cuts it off at the edge of the page without a word.
HTML_CHARACTERS = 100_000
FONT_BYTES = 4 * 1024 * 1024  # the largest temporary file is one font of 60 KB
PDF_BYTES = 16 * 1024 * 1024  # a summary is 40 KB; nothing that is meant to be read comes near
_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_LENGTH = 8
_libc = ctypes.CDLL(None, use_errno=True)


class Reason(StrEnum):
    """Why there is no PDF: what a person is told, and whether to try again, follows from it."""

    TOO_LONG = "too_long"  # time ran out
    TOO_LARGE = "too_large"  # memory or size ran out
    FAILED = "failed"


class RenderFailed(Exception):
    """No PDF was made. Carries a reason and the name of an exception class or a signal, never a word of the document."""

    def __init__(self, reason: Reason, cause: str = "") -> None:
        super().__init__(f"{reason} {cause}".strip())
        self.reason = reason
        self.cause = cause


class Render(Protocol):
    """Renders one document; see `limited_renderer`."""

    def __call__(self, html: str, *, language: str, stylesheet_name: str = "pdf.css") -> bytes:
        """Return the PDF. Raises RenderFailed."""


@contextmanager
def limited_renderer(
    *, cpu_seconds: int, memory_bytes: int, wall_seconds: float, folder: Path
) -> Iterator[Render]:
    """Render one document like `render_pdf`, in a forked child with an end: time, memory, files, no network, no process.

    The child is made at once and makes ready while the caller finds out what to render; so it holds none of the
    connections that are opened for that, and a second processor is not idle. It serves for one document.
    `memory_bytes` is what it may take beyond what this process already has; `wall_seconds` count from the order. `folder`
    must exist; fonts lie there for the time of the rendering, the document never touches a disk. Where the kernel permits
    it the child has an empty network namespace; else it is kept to the refusal of sockets in Python and to a fetcher that
    cannot open any. The order raises RenderFailed, at once for more than `HTML_CHARACTERS`.
    Cost: a fork (5 to 10 ms) and about 10 ms more than `render_pdf` in a warm process.
    """
    _remove_left_over(folder, older_than_seconds=10 * wall_seconds + 60)
    own = Path(tempfile.mkdtemp(prefix="render-", dir=folder))
    confine = partial(_confine, cpu_seconds=cpu_seconds, memory_bytes=memory_bytes, folder=own)
    child = _Child(confine)
    try:
        yield partial(_rendered_by, child, wall_seconds)
    finally:
        child.end()
        shutil.rmtree(own, ignore_errors=True)


def _rendered_by(
    child: "_Child", wall_seconds: float, html: str, *, language: str, stylesheet_name: str = "pdf.css"
) -> bytes:
    if len(html) > HTML_CHARACTERS:
        raise RenderFailed(Reason.TOO_LARGE)
    deadline = time.monotonic() + wall_seconds
    child.order(Order(html, language, stylesheet_name))
    answer = _read_until(child.answers, deadline)
    return _pdf_from(answer, child.end())


@dataclass(frozen=True, slots=True)
class Order:
    """What a child is to render."""

    html: str
    language: str
    stylesheet_name: str


class _Child:
    """The other process. The order lies in memory that both share, so that handing it over cannot block."""

    def __init__(self, confine: Callable[[], None]) -> None:
        self._paper = os.memfd_create("order")
        bell, self._bell = os.pipe()
        self.answers, writing = os.pipe()
        self._status: int | None = None
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            _live_as_child(confine, _Ends(self._paper, bell, writing), parent)
        os.close(bell)
        os.close(writing)

    def order(self, order: Order) -> None:
        """Say what to render. A child that has died already is found out when its answer is read."""
        os.write(self._paper, json.dumps(asdict(order)).encode())
        with suppress(BrokenPipeError):
            os.write(self._bell, b"!")

    def end(self) -> int:
        """Make sure that it is gone; return the status with which it went."""
        if self._status is None:
            for end in (self._paper, self._bell, self.answers):
                os.close(end)
            os.kill(self._pid, signal.SIGKILL)
            _, self._status = os.waitpid(self._pid, 0)
        return self._status


@dataclass(frozen=True, slots=True)
class _Ends:
    """What a child keeps open: the order, the bell that announces it, and where its answer goes."""

    paper: int
    bell: int
    answer: int


def _remove_left_over(folder: Path, *, older_than_seconds: float) -> None:
    """Clear up after a worker that was killed before it could."""
    for path in folder.glob("render-*"):
        try:
            is_left_over = path.stat().st_mtime < time.time() - older_than_seconds
        except FileNotFoundError:
            continue
        if is_left_over:
            shutil.rmtree(path, ignore_errors=True)


def _read_until(reading: int, deadline: float) -> bytes | None:
    """Read to the end, or return None when the time is up."""
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    answer = bytearray()
    while (left := deadline - time.monotonic()) > 0 and len(answer) <= PDF_BYTES + _LENGTH:
        if poll.poll(left * 1000):
            chunk = os.read(reading, 1 << 16)
            if not chunk:
                return bytes(answer)
            answer += chunk
    return None


def _pdf_from(answer: bytes | None, status: int) -> bytes:
    if answer is None:
        raise RenderFailed(Reason.TOO_LONG)
    pdf, is_whole = answer[_LENGTH + 1 :], len(answer) > _LENGTH
    is_whole = is_whole and int.from_bytes(answer[:_LENGTH], "big") == len(pdf)
    if not is_whole:
        raise _death(status)
    kind = answer[_LENGTH : _LENGTH + 1]
    if kind == b"L":
        raise RenderFailed(Reason.TOO_LARGE)
    if kind != b"P":
        raise RenderFailed(Reason.FAILED, pdf.decode("ascii", "replace"))
    return pdf


def _death(status: int) -> RenderFailed:
    """Tell from the signal what ran out. GLib traps or aborts when it is refused memory, the kernel kills when it has none."""
    reasons: dict[int, Reason] = {
        signal.SIGXCPU: Reason.TOO_LONG,
        signal.SIGKILL: Reason.TOO_LARGE,
        signal.SIGTRAP: Reason.TOO_LARGE,
        signal.SIGABRT: Reason.TOO_LARGE,
    }
    if not os.WIFSIGNALED(status):
        return RenderFailed(Reason.FAILED)
    number = os.WTERMSIG(status)
    return RenderFailed(reasons.get(number, Reason.FAILED), signal.Signals(number).name)


def _live_as_child(confine: Callable[[], None], ends: _Ends, parent: int) -> NoReturn:
    """Work and leave without running anything of the parent's: no exit handler, no finalizer of an open connection."""
    try:
        _libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
        if os.getppid() == parent:
            gc.disable()  # a collection could finalize what the parent still uses; memory is bounded anyway
            _keep_only(ends)
            kind, content = _outcome(confine, ends)
            with os.fdopen(ends.answer, "wb") as pipe:
                pipe.write(len(content).to_bytes(_LENGTH, "big") + kind + content)
    finally:
        os._exit(0)


def _outcome(confine: Callable[[], None], ends: _Ends) -> tuple[bytes, bytes]:
    try:
        confine()
        render_pdf(GETTING_READY, language="en")
        order = _received(ends)
        pdf = render_pdf(order.html, language=order.language, stylesheet_name=order.stylesheet_name)
    except (MemoryError, RecursionError):
        return b"L", b""
    except BaseException as error:  # noqa: BLE001 - whatever it was, the parent must hear of it, by its class alone
        return b"F", type(error).__name__.encode("ascii", "replace")
    return (b"P", pdf) if len(pdf) <= PDF_BYTES else (b"L", b"")


def _received(ends: _Ends) -> Order:
    """Wait for the order. Raises SystemExit when none will come."""
    if not os.read(ends.bell, 1):
        raise SystemExit
    paper = os.pread(ends.paper, os.fstat(ends.paper).st_size, 0)
    return Order(**json.loads(paper))


def _keep_only(ends: _Ends) -> None:
    """Close the parent's connections and silence the standard streams, where C libraries would quote what they choke on."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    first = 3
    for kept in sorted((ends.paper, ends.bell, ends.answer)):
        os.closerange(first, kept)
        first = kept + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))


def _confine(*, cpu_seconds: int, memory_bytes: int, folder: Path) -> None:
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    _cut_network()
    page_count = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    _limit(resource.RLIMIT_AS, page_count * resource.getpagesize() + memory_bytes)
    _limit(resource.RLIMIT_FSIZE, FONT_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    # A second between the two, so that the signal tells time (SIGXCPU) from the kernel's want of memory (SIGKILL).
    _limit(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1)


def _limit(which: int, soft: int, hard: int | None = None) -> None:
    """Lower a limit for good; one that is already lower stays."""
    _, set_hard = resource.getrlimit(which)
    most = soft if hard is None else hard
    lowest = most if set_hard == resource.RLIM_INFINITY else min(most, set_hard)
    resource.setrlimit(which, (min(soft, lowest), lowest))


def _cut_network() -> None:
    """Leave for an empty network namespace if the kernel lets us, and refuse sockets in Python in any case."""
    if _libc.unshare(_CLONE_NEWNET) != 0:
        _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    sys.addaudithook(_refuse_sockets)


def _refuse_sockets(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith("socket."):
        raise PermissionError(event)
