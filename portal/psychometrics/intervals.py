"""How sure an alpha is: its interval, and the quantile of the F distribution that it needs. Pure."""

from dataclasses import dataclass
from itertools import count
from math import exp, lgamma, log, log1p

from portal.psychometrics.statistics import FEWEST_ITEMS, FEWEST_ROWS, Statistic, Undefined

CONFIDENCE = 0.95
_CLOSE = 1e-15  # a further factor of a continued fraction that changes nothing
_TINY = 1e-300  # stands for a denominator of exactly 0


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, or None for both with the reason."""

    low: float | None
    high: float | None
    reason: Undefined | None = None


def alpha_interval(alpha: Statistic, *, items: int, confidence: float = CONFIDENCE) -> Interval:
    """The interval of a Cronbach alpha over `alpha.n` persons and `items` items, never clamped.

    (1 - true alpha) / (1 - alpha) follows F with n - 1 and (n - 1)(items - 1) degrees of freedom
    (Feldt 1965, Psychometrika 30:357). It takes items for equally good and errors for normal; with few persons it is rough.
    """
    if alpha.value is None:
        return Interval(None, None, alpha.reason)
    if alpha.n < FEWEST_ROWS or items < FEWEST_ITEMS:
        return Interval(None, None, Undefined.TOO_FEW)
    upper, lower = (1 + confidence) / 2, (1 - confidence) / 2
    first, second = alpha.n - 1, (alpha.n - 1) * (items - 1)
    rest = 1 - alpha.value
    return Interval(1 - rest * f_quantile(upper, first, second), 1 - rest * f_quantile(lower, first, second))


def f_quantile(chance: float, first: int, second: int) -> float:
    """The value below which an F of `first` and `second` degrees of freedom stays with this chance (between 0 and 1).

    By halving: P(F <= f) = I_x(first/2, second/2) with x = first f / (first f + second), which rises with x.
    Raises ValueError for a chance of 0 or 1, or fewer than one degree of freedom.
    """
    if not 0 < chance < 1 or min(first, second) < 1:
        raise ValueError("a chance lies between 0 and 1, and each side has a degree of freedom")
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        if incomplete_beta(middle, first / 2, second / 2) < chance:
            low = middle
        else:
            high = middle
    return second * high / (first * (1 - high))


def incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), for 0 <= x <= 1.

    Continued fraction 8.17.22 of the NIST Digital Library of Mathematical Functions, on the side where it converges fast
    (8.17.4 gives the other).
    """
    if x in {0, 1}:
        return x
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    return front / _continued(x, a, b)


def _continued(x: float, a: float, b: float) -> float:
    """1 + d1/(1 + d2/(1 + ...)) by the method of Lentz (Thompson & Barnett 1986, J Comput Phys 64:490)."""
    value = upper = 1.0
    lower = 0.0
    for step in count(1):
        half, is_odd = divmod(step, 2)
        if is_odd:
            term = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        else:
            term = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        lower = 1 / (1 + term * lower or _TINY)
        upper = 1 + term / upper or _TINY
        value *= upper * lower
        if abs(upper * lower - 1) < _CLOSE:
            break
    return value
