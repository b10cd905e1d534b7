"""The launcher's promise on stand-in programs: nothing that it started outlives it, nothing stays dead."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import Running, is_alive, running, wait_until

SUPERVISED = """
import os, sys
from portal.supervise import Program, Supervisor, guarded

def run():
    supervisor = Supervisor()
    supervisor.start(Program(name="stand-in", command=[sys.executable, "-c", sys.argv[1]], environment=os.environ))
    while supervisor.watch(60):
        pass
    supervisor.stop()
    return 0

sys.exit(guarded(run))
"""

# Like RQ: a parent whose work-horse has a process group of its own and outlives a killed parent.
PARENT_WITH_HORSE = """
import os, time
horse = os.fork()
if not horse:
    os.setpgid(0, 0)
    time.sleep(600)
with open(os.environ["NOTES"], "a") as notes:
    notes.write(f"{os.getpid()} {horse}\\n")
time.sleep(600)
"""

DEAF = PARENT_WITH_HORSE.replace(
    "import os, time", "import os, signal, time; signal.signal(15, signal.SIG_IGN)"
)


class Tree:
    """A supervised stand-in, and what it wrote about itself."""

    def __init__(self, guard: Running, notes: Path) -> None:
        self.guard = guard
        self._notes = notes

    def parents_and_horses(self, starts: int = 1) -> list[tuple[int, int]]:
        wait_until(
            lambda: self._notes.exists() and len(self._lines()) >= starts, f"start {starts} of the stand-in"
        )
        return [(int(parent), int(horse)) for parent, horse in map(str.split, self._lines())]

    def _lines(self) -> list[str]:
        return [
            line for line in self._notes.read_text("utf-8").splitlines(keepends=True) if line.endswith("\n")
        ]

    def assert_gone(self) -> None:
        pids = [self.guard.pid, *(pid for pair in self.parents_and_horses() for pid in pair)]
        wait_until(lambda: not any(map(is_alive, pids)), "every process ends")


@pytest.fixture
def program() -> str:
    return PARENT_WITH_HORSE


@pytest.fixture
def tree(tmp_path: Path, program: str) -> Iterator[Tree]:
    notes = tmp_path / "notes"
    command = [sys.executable, "-c", SUPERVISED, program]
    environment = {"PATH": os.environ["PATH"], "NOTES": str(notes)}
    with running(command, environment=environment, log=tmp_path / "log") as guard:
        yield Tree(guard, notes)


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_being_asked_to_stop_ends_the_whole_tree(tree: Tree, asked: int) -> None:
    tree.parents_and_horses()

    tree.guard.send(asked)

    assert tree.guard.process.wait(30) == 0
    tree.assert_gone()


@pytest.mark.parametrize("program", [DEAF])
def test_a_program_that_does_not_listen_is_ended_by_the_second_signal(tree: Tree) -> None:
    (parent, _horse), *_ = tree.parents_and_horses()
    tree.guard.send(signal.SIGINT)

    def asked_again() -> bool:
        tree.guard.send(signal.SIGINT)
        return tree.guard.process.poll() is not None

    wait_until(asked_again, "the second signal ends it")
    assert not is_alive(parent)
    tree.assert_gone()


def test_killing_the_launcher_leaves_no_orphan(tree: Tree) -> None:
    tree.parents_and_horses()

    tree.guard.kill()

    tree.assert_gone()


def test_killing_the_supervisor_below_the_launcher_leaves_no_orphan(tree: Tree) -> None:
    (parent, _horse), *_ = tree.parents_and_horses()

    os.kill(int(Path(f"/proc/{parent}/stat").read_text("utf-8").split()[3]), signal.SIGKILL)

    assert tree.guard.process.wait(30) != 0
    tree.assert_gone()


def test_a_program_that_dies_is_started_again_without_the_work_horse_it_left_behind(tree: Tree) -> None:
    (parent, horse), *_ = tree.parents_and_horses()

    os.kill(parent, signal.SIGKILL)

    _first, (second, _) = tree.parents_and_horses(starts=2)
    assert is_alive(second)
    assert not is_alive(horse)
    assert '"event": "process.died", "program": "stand-in", "status": -9' in tree.guard.output()
