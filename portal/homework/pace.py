"""How often one person's pages may save themselves: far beyond any hand, far below a flood.

Counted in each web process by itself: unlike the limits on signing in, this one guards work and not a secret, so it may be
forgotten at a restart, and it must not cost a statement for each save.
"""

import time
from collections.abc import Callable
from uuid import UUID

MOST_SAVES, WINDOW_SECONDS = 300, 10.0
MOST_KEPT = 10_000  # persons who are counted at the same time in one process


class Pace:
    """Counts by key within fixed windows."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._began, self._counts = clock(), dict[UUID, int]()

    def allows(self, key: UUID) -> bool:
        """Count one more; tell whether it is still within the pace."""
        now = self._clock()
        if now - self._began >= self._seconds or len(self._counts) >= MOST_KEPT:
            self._began, self._counts = now, {}
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key] <= self._most


saves = Pace(MOST_SAVES, WINDOW_SECONDS)
