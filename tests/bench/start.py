"""How soon the first page answers after the command, on a prepared machine without any data yet."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.bench.figures import Figure
from tests.bench.installation import Install
from tests.support.processes import answers, free_port, running, wait_until

STARTS = 3


def measure(_install: Install) -> Iterator[Figure]:
    """Start the demo as `make run` does, each time in an empty folder: migrations and invented data are part of it."""
    yield Figure(
        "The demo's first page, from an empty folder", median(_first_page() for _ in range(STARTS)), "s", 5
    )


def _first_page() -> float:
    with tempfile.TemporaryDirectory(prefix="start-", ignore_cleanup_errors=True) as folder:
        port = free_port()
        inherited = {
            name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ
        }
        environment = {**inherited, "PORT": str(port), "INSTANCE": str(Path(folder, "instance"))}
        began = time.perf_counter()
        command = [sys.executable, "-m", "portal.cli", "demo"]
        with running(command, environment=environment, log=Path(folder, "log")) as portal:
            wait_until(
                lambda: answers(f"http://127.0.0.1:{port}") or portal.process.poll() is not None,
                "a page comes",
            )
            assert portal.process.poll() is None, portal.output()
            return time.perf_counter() - began
