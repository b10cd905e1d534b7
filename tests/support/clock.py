"""The clock of whole processes, moved while they run: libfaketime, which also moves the clock that SQLite sees."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import libfaketime

LIBRARY = Path(libfaketime.__file__).parent / "vendor/libfaketime/src/libfaketime.so.1"


@dataclass(frozen=True)
class MovableClock:
    """How far the clock of all processes with this environment is off; time that only passes is left alone."""

    file: Path

    def __post_init__(self) -> None:
        assert LIBRARY.is_file(), "libfaketime was built without its library"
        self.set(timedelta())

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, off: timedelta) -> None:
        """Let the clock be off by this much from now on: the file is replaced whole, never half read."""
        beside = self.file.with_suffix(".new")
        beside.write_text(f"{off.total_seconds():+.0f}\n")
        beside.rename(self.file)
