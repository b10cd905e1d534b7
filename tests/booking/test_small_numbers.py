"""Hidden numbers of persons: nobody who knows the rule, the sum and what is shown can tell a single one."""

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.booking.small_numbers import LEAST_SHOWN, shown


@pytest.mark.parametrize(("size", "most"), [(1, 9), (2, 20), (3, 16), (4, 11)])
def test_every_hidden_number_could_be_another_one(size: int, most: int) -> None:
    """All families up to a size are laid side by side: those that look the same must differ wherever something is hidden."""
    alike: dict[object, list[tuple[int, ...]]] = defaultdict(list)
    for numbers in product(range(most + 1), repeat=size):
        open_ = shown(dict(enumerate(numbers)))
        if open_ is not None:
            alike[sum(numbers), tuple(sorted(open_.items()))].append(numbers)
    for (_sum, open_), families in ((key, found) for key, found in alike.items() if isinstance(key, tuple)):
        hidden = set(range(size)) - {name for name, _number in open_}
        for name in hidden:
            possible = {numbers[name] for numbers in families}
            all_nought = possible == {0} and all(
                numbers[other] == 0 for numbers in families for other in hidden
            )
            at_the_edge = max(max(numbers) for numbers in families) > most - LEAST_SHOWN
            assert len(possible) > 1 or all_nought or at_the_edge, families


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 40), max_size=20))
def test_what_is_shown_is_true_and_not_small(family: dict[str, int]) -> None:
    open_ = shown(family) or {}

    assert all(family[name] == number >= LEAST_SHOWN for name, number in open_.items())


def test_a_single_small_number_takes_the_smallest_shown_with_it() -> None:
    assert shown({"a": 3, "b": 6, "c": 12}) == {"c": 12}
    assert shown({"a": 3, "b": 2, "c": 12}) == {"c": 12}
    assert shown({"a": 4, "b": 4}) is None
    assert shown({"a": 7, "b": 9}) == {"a": 7, "b": 9}
