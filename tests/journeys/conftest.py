"""One house for all journeys of a worker: to start one costs as much as a short journey."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest

from tests.journeys.house import House, open_house
from tests.support.browser import Visitor

PersonAt = Callable[..., AbstractContextManager[Visitor]]


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as started:
        yield started


@pytest.fixture
def person_at(house: House, visitor_at: PersonAt) -> PersonAt:
    """Open an own browser for one person at the portal of this worker."""
    return partial(visitor_at, house.home)
