"""Invented sittings of the Readiness Test, and hypothesis strategies for more."""

from collections.abc import Mapping
from datetime import UTC, datetime

from hypothesis import strategies as st

from portal.assessments.definition import readiness_test
from portal.psychometrics.items import Absent, Answer

TEST = readiness_test()
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DOMAINS = {domain.id: domain for domain in TEST.domains}
PROTECTED = [one.id for one in TEST.statements if one.is_protected]
EVERYTHING = frozenset(DOMAINS)

answer: st.SearchStrategy[Answer] = st.sampled_from(
    [*[1, 2, 3, 4, 5] * 5, Absent.PREFER_NOT_TO_SAY, Absent.DOES_NOT_APPLY, Absent.NOT_ANSWERED]
)
sitting: st.SearchStrategy[dict[str, Answer]] = st.fixed_dictionaries(
    {item.id: answer for item in TEST.items}
)
full_sitting: st.SearchStrategy[dict[str, Answer]] = st.fixed_dictionaries(
    {item.id: st.integers(1, 5) for item in TEST.items}
)


def all_of(value: Answer, **others: Answer) -> dict[str, Answer]:
    """The same raw answer to every item but the named ones."""
    return {item.id: value for item in TEST.items} | others


def keyed_as(value: int, **others: Answer) -> dict[str, Answer]:
    """The raw answers that are all worth `value` once keyed, but the named ones."""
    raw: Mapping[str, Answer] = {one.id: 6 - value if one.is_reversed else value for one in TEST.items}
    return {**raw, **others}
