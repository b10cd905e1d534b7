"""Two hundred browsers at once, as cheap as they can be: what is measured is the portal, not they.

Each has a network address of its own through the trusted-proxy setting. Every intent and every answer is noted in a
journal on disk before it is sent and after it came, so that a checker can compare it with the database.
"""

import asyncio
import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

PATIENCE = 60


class Request(NamedTuple):
    """What one browser sends: who it is, the path, and the form of a POST (None: a GET). `after`: seconds that it waits."""

    who: str
    network: str
    path: str
    form: tuple[tuple[str, str], ...] | None = None
    act: str = ""
    cookie: str = ""
    after: float = 0.0


class Answer(NamedTuple):
    """What came back, and after how many seconds; status 0: the line was cut."""

    request: Request
    status: int
    location: str
    body: str
    seconds: float


@dataclass
class Journal:
    """Everything that was asked and answered, one line each, on the disk before anything else happens."""

    path: Path

    def note(self, kind: str, **what: object) -> None:
        """Write one line durably."""
        line = json.dumps({"kind": kind, "at": time.time(), **what}) + "\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line.encode())
            os.fdatasync(handle)
        finally:
            os.close(handle)

    def lines(self) -> list[dict[str, object]]:
        """Read it back."""
        return [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]


def at_once(port: int, requests: Sequence[Request], journal: Journal) -> list[Answer]:
    """Open one connection each, then send all, each at its moment; give the answers in the order of the requests."""
    journal.note("intent", acts=[[one.act, one.who] for one in requests])
    answers = asyncio.run(_at_once(port, requests))
    journal.note("answers", acts=[[one.request.act, one.request.who, one.status] for one in answers])
    return answers


def percentile(seconds: Iterable[float], share: float) -> float:
    """Give the value below which this share of the measured ones lies (nearest rank)."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def _at_once(port: int, requests: Sequence[Request]) -> list[Answer]:
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in requests]
    return list(await asyncio.gather(*(_ask(line, one) for line, one in zip(lines, requests, strict=True))))


async def _ask(line: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: Request) -> Answer:
    reader, writer = line
    await asyncio.sleep(request.after)
    began = time.perf_counter()
    try:
        writer.write(_written(request))
        await writer.drain()
        raw = await asyncio.wait_for(reader.read(-1), PATIENCE)
    except (OSError, TimeoutError):
        raw = b""
    finally:
        writer.close()
    return _read(request, raw, time.perf_counter() - began)


def _written(request: Request) -> bytes:
    body = b"" if request.form is None else urlencode(request.form).encode()
    method = "GET" if request.form is None else "POST"
    head = (
        f"{method} {request.path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"X-Forwarded-For: {request.network}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Cookie: {request.cookie}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _read(request: Request, raw: bytes, seconds: float) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    status = int(first.split()[1]) if first.startswith("HTTP/") else 0
    named = dict(one.split(": ", 1) for one in fields if ": " in one)
    location = next((value for name, value in named.items() if name.lower() == "location"), "")
    return Answer(request, status, location, body.decode("utf-8", "replace"), seconds)
