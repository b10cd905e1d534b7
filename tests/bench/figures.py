"""What a measurement gives, and the table that a person reads."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import process_time

ROW = "{:<58} {:>12} {:>12} {:>7}  {}\n"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value and the most that it may be; without a bound it is for information only."""

    name: str
    value: float
    unit: str
    bound: float | None = None

    @property
    def is_ok(self) -> bool:
        """Tell whether the bound holds; a value exactly at the bound does."""
        return self.bound is None or self.value <= self.bound


def heading() -> str:
    """Write what stands in which column."""
    return ROW.format("measured", "figure", "at most", "ratio", "")


def line(figure: Figure) -> str:
    """Write one figure as a line of the table."""
    value = _quantity(figure.value, figure.unit)
    if figure.bound is None:
        return ROW.format(figure.name, value, "", "", "")
    ratio = f"{figure.value / figure.bound:.2f}" if figure.bound else ""
    verdict = "ok" if figure.is_ok else "BROKEN"
    return ROW.format(figure.name, value, _quantity(figure.bound, figure.unit), ratio, verdict)


def _quantity(value: float, unit: str) -> str:
    shown = f"{value:.0f}" if value == int(value) else f"{value:.3f}" if unit in {"", "x"} else f"{value:.2f}"
    return f"{shown} {unit}".rstrip()


def milliseconds(work: Callable[[], object], times: int, *, warm: int = 3) -> float:
    """Measure some work of this process: the median of `times` runs after `warm` unmeasured ones, in milliseconds.

    Counts the processor's time: it hardly changes with what else runs meanwhile, and here nothing is waited for.
    """
    for _ in range(warm):
        work()
    gc.collect()
    return median(_once(work) for _ in range(times))


def _once(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return (process_time() - began) * 1000
