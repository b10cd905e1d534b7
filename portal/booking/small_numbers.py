"""Which numbers of persons may be shown, so that no hidden one can be told from those that are. Pure.

A report is a tree: a total, its sources, and of each source the months. Every family of numbers has one sum that is known.
Numbers below five are hidden (product decision 22). Where the sum of what is hidden would still tell a single one of them,
the smallest shown numbers are hidden too; and where even that is not enough, the sum itself. Sums across the tree (all
sources of one month) are never shown, so that each family can be judged by itself.
"""

from collections.abc import Hashable, Mapping
from typing import TypeVar

LEAST_SHOWN = 5
Name = TypeVar("Name", bound=Hashable)


def shown(family: Mapping[Name, int]) -> dict[Name, int] | None:
    """Give the numbers of a family that may stand beside their sum; None if the sum must be hidden with them.

    Whoever knows this rule, the sum and what is shown can still think of at least two values for each hidden number,
    unless all of them are nought.
    """
    hidden = {name for name, number in family.items() if number < LEAST_SHOWN}
    for number in sorted({number for number in family.values() if number >= LEAST_SHOWN}):
        if not _tells(family, hidden):
            break
        hidden |= {name for name in family if family[name] == number}  # all alike: names must not decide
    if _tells(family, hidden):
        return None
    return {name: number for name, number in family.items() if name not in hidden}


def _tells(family: Mapping[Name, int], hidden: set[Name]) -> bool:
    """Tell whether the sum of the hidden numbers gives one of them away: a single one, or all as large as they can be.

    Once one of five or more is among them, the largest possible is unknown.
    """
    numbers = [family[name] for name in hidden]
    if sum(numbers) == 0:
        return False
    is_full = all(number == LEAST_SHOWN - 1 for number in numbers)
    return len(numbers) == 1 or is_full
