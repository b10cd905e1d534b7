"""`make bench`: measure what the portal promises about speed and memory, and say whether it keeps it.

One table, one line a figure: what was measured, the most that it may be, their ratio. The exit status is 1 if a bound is
broken. Everything is real: database, Redis, worker, server, browser. A figure is the median of many rounds; where the
bound is a ratio, both sides take turns within one run. Let nothing else run meanwhile.
"""

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import (
    booking,
    diary,
    homework,
    reminders,
    rendering,
    sign_in,
    start,
    statements,
    storm,
    visit,
)
from tests.bench.figures import Figure, heading, line
from tests.bench.installation import ENGINES, Install, installations

Measure = Callable[[Install], Iterator[Figure]]
MEASURES: dict[str, Measure] = {
    "booking": booking.measure,
    "diary": diary.measure,
    "homework": homework.measure,
    "reminders": reminders.measure,
    "statements": statements.measure,
    "storm": storm.measure,
    "visit": visit.measure,
    "start": start.measure,
    "sign-in": sign_in.measure,
    "rendering": rendering.measure,
}


def main() -> int:
    """Run what is asked for, all by default; print each line as soon as it is known."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    parser.add_argument(
        "measures", nargs="*", metavar="measure", help=f"of {', '.join(MEASURES)}; all by default"
    )
    asked = parser.parse_args()
    if unknown := set(asked.measures) - set(MEASURES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    sys.stdout.write(_warning() + heading())
    with _quiet(), installations(asked.engine) as install:
        figures = [
            _shown(figure) for name in asked.measures or MEASURES for figure in MEASURES[name](install)
        ]
    broken = [figure for figure in figures if not figure.is_ok]
    verdict = f"{len(broken)} of {len(figures)} figures break their bound." if broken else "All bounds hold."
    sys.stdout.write(f"\n{verdict}\n")
    return 1 if broken else 0


def _warning() -> str:
    """Say so if the machine is busy: what takes turns with other work is no measure of ours."""
    load, processors = os.getloadavg()[0], os.cpu_count() or 1
    if load <= processors / 2:
        return ""
    return f"This machine is busy (load {load:.1f} on {processors} processors): times and their ratios will be too long.\n\n"


def _shown(figure: Figure) -> Figure:
    sys.stdout.write(line(figure))
    sys.stdout.flush()
    return figure


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the application's log out of the table; if something breaks, show its end."""
    with tempfile.TemporaryDirectory(prefix="bench-log-") as folder:
        path = Path(folder, "log")
        with path.open("w", encoding="utf-8") as log, contextlib.redirect_stderr(log):
            try:
                yield
            except BaseException:
                log.flush()
                sys.stdout.write(path.read_text("utf-8")[-2000:])
                raise


if __name__ == "__main__":
    sys.exit(main())
