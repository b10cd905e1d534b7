"""The one-command start, with the real Redis, web server, worker and sweeper."""

import fcntl
import os
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.support.processes import Running, answers, is_alive, processes_named, running, wait_until

LAUNCH = """
import os, sys
from pathlib import Path
from portal.launch import LaunchSettings, launch

settings = LaunchSettings(instance=Path(os.environ["INSTANCE"]), port=int(sys.argv[1]), web_workers=1, environment=os.environ)
sys.exit(launch(settings, lambda address: print(f"Ready at {address}.", flush=True)))
"""
PARTS = ("redis-server", "portal-web", "portal-worker", "portal-sweeper")

Launch = Callable[..., Running]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Start a copy in a folder below the test's own; port 0 takes a free one."""
    with ExitStack() as endings:

        def start(folder: Path = tmp_path, port: int = 0, **changes: str) -> Running:
            environment = {"PATH": os.environ["PATH"], "INSTANCE": str(folder), **changes}
            command = [sys.executable, "-c", LAUNCH, str(port)]
            return endings.enter_context(running(command, environment=environment, log=folder / "launch.log"))

        yield start


def address_of(copy: Running) -> str:
    """Wait for the announcement and for all four parts behind it."""
    wait_until(lambda: "Ready at" in copy.output() or not is_alive(copy.pid), "the portal is ready")
    found = re.search(r"Ready at (\S+)\.", copy.output())
    assert found, copy.output()
    wait_until(lambda: all(part(copy, name) for name in PARTS), "all parts run")
    return found.group(1)


def part(copy: Running, name: str) -> list[int]:
    return processes_named(name, copy.descendants())


def holds_open(pid: int, path: Path) -> bool:
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # it may be closed meanwhile
            if one.readlink() == path:
                return True
    return False


def launchers_open_files(copy: Running) -> int:
    """Count what the process holds open that starts the parts."""
    launcher = copy.descendants()[0]
    return len(list(Path(f"/proc/{launcher}/fd").iterdir()))


@pytest.mark.usefixtures("sqlite_url")
def test_the_announced_address_answers_and_ctrl_c_ends_every_process(launch: Launch, tmp_path: Path) -> None:
    copy = launch()
    assert answers(address_of(copy))
    below = copy.descendants()
    holders = [pid for pid in below if holds_open(pid, tmp_path)]
    assert len(holders) == 1, "a part that outlived the launcher would keep the next one out"

    copy.send(signal.SIGINT)

    assert copy.process.wait(30) == 0
    assert not [pid for pid in below if is_alive(pid)]


@pytest.mark.usefixtures("sqlite_url")
def test_each_part_that_is_killed_is_started_again(launch: Launch) -> None:
    copy = launch()
    address = address_of(copy)
    open_before = launchers_open_files(copy)
    killed = {name: part(copy, name) for name in PARTS}

    for pids in killed.values():
        os.kill(pids[0], signal.SIGKILL)

    wait_until(
        lambda: all(set(part(copy, name)) - set(killed[name]) for name in PARTS),
        "all parts are started again",
    )
    wait_until(lambda: answers(address), "the portal answers again")
    assert launchers_open_files(copy) == open_before


def test_two_copies_run_side_by_side(launch: Launch, tmp_path: Path, migrated_sqlite: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        (folder / "portal.sqlite3").write_bytes(migrated_sqlite.read_bytes())

    addresses = {address_of(launch(folder)) for folder in folders}

    assert len(addresses) == 2
    assert all(map(answers, addresses))


def test_a_taken_port_is_told_in_one_sentence(launch: Launch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        copy = launch(port=port)

        assert copy.process.wait(30) == 1
        assert copy.output() == (
            f"Port {port} is in use by another program; choose another, for example PORT={port + 1}.\n"
        )


def test_a_second_copy_on_the_same_data_is_refused_in_one_sentence(launch: Launch, tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        copy = launch()

        assert copy.process.wait(30) == 1
        assert re.fullmatch(r"The portal in .* is running already; .* INSTANCE and PORT\.\n", copy.output())
    finally:
        os.close(folder)


def test_settings_that_are_refused_end_the_start(launch: Launch) -> None:
    copy = launch(PUBLIC_URL="http://portal.example.org")

    assert copy.process.wait(60) == 1
    assert copy.output().endswith("The web server does not start; the reason stands above.\n")
