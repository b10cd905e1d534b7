"""The demo's practice says of itself whatever our texts leave open."""

import pytest

from portal.demo_doorway import GAP, GAPS
from portal.practice.models import PageKind, Practice
from portal.practice.pages import default_page


@pytest.mark.parametrize("kind", PageKind)
def test_it_has_something_for_each_gap(kind: PageKind) -> None:
    practice = Practice(name="Common Ground", contact_line="hello@example.org", lead_retention_days=90)
    gaps = GAP.findall(default_page(kind, practice))
    assert len(gaps) == len(GAPS[kind])
    assert not any(GAP.search(told) for told in GAPS[kind])
