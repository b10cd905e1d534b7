"""A line through scores over time that one bad day does not bend. Pure; undefined is None."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

FEWEST_POINTS = 3
FEWEST_FOR_WORDS, FEWEST_DAYS_FOR_WORDS = 4, 21
DAYS_A_WEEK = 7
# The least |S| of Mann and Kendall by number of points: exact two-sided p <= .10 without ties (computed; see the tests).
LEAST_S = {4: 6, 5: 8, 6: 11, 7: 13, 8: 16, 9: 18, 10: 21, 11: 23, 12: 26}


@dataclass(frozen=True, slots=True)
class Line:
    """The Theil-Sen line (Theil 1950; Sen 1968). `slope`: points a day; `weekly`: points a week."""

    n: int
    slope: float
    intercept: float

    @property
    def weekly(self) -> float:
        """Points a week."""
        return DAYS_A_WEEK * self.slope


def theil_sen(points: Sequence[tuple[float, float]]) -> Line | None:
    """Draw the line of (day, score): the median of all pairwise slopes. None below three points or two distinct days.

    Pairs of one day are skipped; the order of points does not matter.
    """
    if len(points) < FEWEST_POINTS or len({day for day, _ in points}) < 2:  # noqa: PLR2004 - two days make a slope
        return None
    slopes = [
        (later - earlier) / (after - before)
        for (before, earlier), (after, later) in combinations(points, 2)
        if after != before
    ]
    slope = median(slopes)
    middle = median(value for _, value in points) - slope * median(day for day, _ in points)
    return Line(len(points), slope, middle)


def kendall_s(values: Sequence[float]) -> int:
    """Count rises less falls over all pairs of values in the order of time (Mann 1945; Kendall)."""
    return sum((later > earlier) - (later < earlier) for earlier, later in combinations(values, 2))


def tendency(points: Sequence[tuple[float, float]]) -> int | None:
    """Say which way scores tend: 1 up, -1 down, 0 no clear direction; None below four points over three weeks.

    More than twelve points: the last twelve decide. "Tendency", never "significant": one person's scores depend on each
    other.
    """
    ordered = sorted(points)[-max(LEAST_S) :]
    if len(ordered) < FEWEST_FOR_WORDS or ordered[-1][0] - ordered[0][0] < FEWEST_DAYS_FOR_WORDS:
        return None
    s = kendall_s([value for _, value in ordered])
    return 0 if abs(s) < LEAST_S[len(ordered)] else (1 if s > 0 else -1)
