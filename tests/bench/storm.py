"""How long visitors wait when two hundred want the same time, twenty times over, and each time one of them gets it."""

from collections.abc import Iterator, Sequence

from tests.bench.figures import Figure
from tests.bench.installation import Install
from tests.booking.visit import open_diary
from tests.support.processes import portal_processes
from tests.support.storm import CLIENTS, TOGETHER, Journal, Storm, percentile, storm_through

ROUNDS, ROUNDS_AT_ONCE = 20, 3
WORKERS = 2  # as the portal starts on two processors


def measure(install: Install) -> Iterator[Figure]:
    """Measure rounds in which they come within two seconds, which the bound is about, then some in which all press at once."""
    together = _seconds(install, [TOGETHER] * ROUNDS)
    yield Figure(
        f"{CLIENTS} visitors within {TOGETHER:.0f} s want one time: median", percentile(together, 0.5), "s"
    )
    yield Figure(f"the same: 95 of 100, {len(together):,} answers", percentile(together, 0.95), "s", 1)
    at_once = _seconds(install, [0.0] * ROUNDS_AT_ONCE)
    yield Figure("all of them in one moment: median", percentile(at_once, 0.5), "s")
    yield Figure("the same: 95 of 100", percentile(at_once, 0.95), "s")


def _seconds(install: Install, windows: Sequence[float]) -> list[float]:
    installed = install()
    open_diary(installed.app, installed.cast.therapist)
    environment = {**installed.environment, "PROXY_HOPS": "1"}
    with portal_processes(environment, installed.folder / "processes") as portal, installed.app.app_context():
        portal.start_web(workers=WORKERS)
        storm = Storm(installed.app, portal.port, Journal(installed.folder / "journal"))
        storm_through(storm, installed.cast, windows)
    return storm.seconds
