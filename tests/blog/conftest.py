"""What several tests of the blog share."""

import gc
import warnings
from collections.abc import Iterator

import pytest


@pytest.fixture
def half_read() -> Iterator[None]:
    """Let go, in silence, of the unnamed files of requests that were refused while they were still being read."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
