"""Goal attainment scaling: how far several goals were reached, as one number. Pure.

T = 50 + 10 sum(w x) / sqrt((1 - rho) sum(w^2) + rho (sum w)^2), Kiresuk & Sherman 1968, with the formula as corrected by the
erratum to Turner-Stokes 2009; rho = .30 by convention. 50: as hoped.
"""

import math
from collections.abc import Sequence

RHO = 0.3
LEVELS = range(-2, 3)


def attainment(levels: Sequence[int | None], weights: Sequence[float] | None = None) -> float | None:
    """Give T of levels from -2, much less than hoped, to 2, much more; None where no goal was rated.

    A goal that was not rated is left out with its weight. Raises ValueError for any other level, and for weights below 0.
    """
    pairs = [
        (level, weight)
        for level, weight in zip(levels, weights or [1.0] * len(levels), strict=True)
        if level is not None
    ]
    if any(level not in LEVELS for level, _weight in pairs) or any(weight < 0 for _level, weight in pairs):
        raise ValueError("levels go from -2 to 2, weights from 0")
    total = sum(weight for _level, weight in pairs)
    spread = (1 - RHO) * sum(weight**2 for _level, weight in pairs) + RHO * total**2
    if not spread:
        return None
    return 50 + 10 * sum(level * weight for level, weight in pairs) / math.sqrt(spread)
