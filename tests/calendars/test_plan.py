"""What has to happen elsewhere, decided without any server."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from portal.calendars.plan import Ask, Erase, OurEntry, Step, Write, steps
from portal.calendars.rules import FoundChange, OwnTime

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
ID = UUID(int=7)
ENTRY = OurEntry(ID, NINE, NINE + HOUR, revision=2, is_gone=False, written_revision=2)
HERE, LATER = OwnTime(NINE, NINE + HOUR), OwnTime(NINE + HOUR, NINE + 2 * HOUR)
NEW = replace(ENTRY, written_revision=None)
CHANGED = replace(ENTRY, revision=3)
GONE = replace(ENTRY, is_gone=True, revision=3)


@pytest.mark.parametrize(
    ("entry", "etag", "there", "step"),
    [
        (NEW, None, None, Write(NEW, None)),
        (NEW, "e", HERE, Write(NEW, "e")),  # written by a round that was cut off
        (ENTRY, "e", HERE, None),
        (ENTRY, None, None, Ask(ENTRY, FoundChange.DELETED, None)),
        (ENTRY, "e", None, Ask(ENTRY, FoundChange.DELETED, None)),  # called off there
        (ENTRY, "e", LATER, Ask(ENTRY, FoundChange.MOVED, LATER)),
        (CHANGED, "e", HERE, Write(CHANGED, "e")),
        (CHANGED, "e", LATER, Write(CHANGED, "e")),  # both have moved it: the diary is the truth
        (CHANGED, None, None, Write(CHANGED, None)),
        (GONE, "e", HERE, Erase(GONE, "e")),
        (GONE, "e", LATER, Erase(GONE, "e")),
        (GONE, None, None, Erase(GONE, None)),
        (replace(GONE, written_revision=None), None, None, None),
    ],
)
def test_each_state_has_its_step(
    entry: OurEntry, etag: str | None, there: OwnTime | None, step: Step | None
) -> None:
    found = steps([entry], {ID: etag} if etag else {}, {ID: there} if there else {})
    assert found == ([step] if step else [])
