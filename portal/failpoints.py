"""Places where a test lets a process die, raise or wait, to see that nothing is lost. Nothing happens unless asked.

FP=name:N:action    at the N-th visit of `name`: kill9, raise or sleep (for half a minute); several by commas
FP_ONCE=folder      each of them strikes once for all processes that share this folder
"""

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

PAUSE_SECONDS = 30.0


class Struck(Exception):
    """A failpoint with the action `raise` was reached."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to happen at which visit."""

    name: str
    visit: int
    action: str


def planned(text: str) -> tuple[Plan, ...]:
    """Read `FP`. Raises ValueError if it is malformed: a test that strikes nothing would prove nothing."""
    plans = []
    for part in filter(None, text.split(",")):
        name, visit, action = part.split(":")
        if action not in {"kill9", "raise", "sleep"}:
            raise ValueError(part)
        plans.append(Plan(name, int(visit), action))
    return tuple(plans)


_plans = planned(os.environ.get("FP", ""))
_visits: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Mark a place by name; costs one comparison where nothing is planned."""
    if not _plans:
        return
    _visits[name] += 1
    for plan in _plans:
        if plan.name == name and plan.visit == _visits[name] and _is_first(plan):
            _strike(plan)


def _is_first(plan: Plan) -> bool:
    folder = os.environ.get("FP_ONCE")
    if not folder:
        return True
    try:
        Path(folder, f"{plan.name}-{plan.visit}-{plan.action}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _strike(plan: Plan) -> None:
    if plan.action == "kill9":
        os.kill(os.getpid(), signal.SIGKILL)
    if plan.action == "sleep":
        time.sleep(PAUSE_SECONDS)
        return
    raise Struck(plan.name)
