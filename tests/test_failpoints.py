"""Failpoints must strike where they are planned and nowhere else, or the fault tests prove nothing."""

from pathlib import Path

import pytest

from portal import failpoints
from portal.failpoints import Plan, Struck, failpoint, planned


def test_a_plan_names_place_visit_and_action() -> None:
    assert planned("a.b:2:kill9,c:1:sleep") == (Plan("a.b", 2, "kill9"), Plan("c", 1, "sleep"))
    assert planned("") == ()


@pytest.mark.parametrize("text", ["a", "a:1", "a:one:kill9", "a:1:explode"])
def test_a_malformed_plan_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        planned(text)


def test_it_strikes_at_the_planned_visit_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoints, "_plans", planned("here:2:raise"))
    failpoint("here")
    failpoint("elsewhere")
    with pytest.raises(Struck):
        failpoint("here")
    failpoint("here")


def test_several_processes_with_one_folder_are_struck_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FP_ONCE", str(tmp_path))
    monkeypatch.setattr(failpoints, "_plans", planned("there:1:raise"))
    with pytest.raises(Struck):
        failpoint("there")
    failpoints._visits.clear()
    failpoint("there")


def test_nothing_is_planned_in_an_ordinary_process() -> None:
    assert failpoints._plans == ()
