"""Exercises while they are written: changes of a draft, with nothing lost and nothing pointing nowhere. Pure."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.exercises.checking import Slip, library, problems_of
from portal.exercises.definition import Exercise, Mode, Whose
from portal.exercises.drafts import (
    Draft,
    NewPrompt,
    added,
    as_exercise,
    asks_the_same,
    blank,
    can_be_shown,
    changed,
    copy_of,
    doubled,
    entry_of,
    group_named,
    moved,
    options_from,
    read_draft,
    renamed,
    with_head,
    without,
    written,
)

LINE = {"type": "short_text", "share": "reveal", "text": "A line"}


def read(draft: Draft) -> Exercise:
    return as_exercise(draft, "own", "1", therapist="You.", partner="They.")


def slips(draft: Draft) -> set[Slip]:
    return {problem.slip for problem in problems_of(read(draft))}


def small(*prompts: dict[str, Any]) -> Draft:
    draft = with_head(blank(), {"title": "T", "purpose": "P", "follow_up": "F"})
    for number, prompt in enumerate(prompts, start=1):
        draft = added(draft, f"q{number}", NewPrompt({**LINE, **prompt}))
    return draft


@pytest.mark.parametrize("exercise", library(), ids=lambda one: str(one.id))
def test_a_copy_is_the_same_exercise_and_no_change_of_it_points_nowhere(exercise: Exercise) -> None:
    draft = copy_of(exercise)
    again = as_exercise(
        read_draft(written(draft)), exercise.id, exercise.version, therapist=exercise.therapist, partner=exercise.partner
    )  # fmt: skip
    assert again == exercise
    for prompt in exercise.prompts:
        assert not slips(renamed(draft, prompt.id, "q1"))
        assert not slips(moved(moved(draft, prompt.id, 1), prompt.id, -1)) & {Slip.MISSING, Slip.TWICE}
        assert not slips(doubled(draft, prompt.id, "q1")) & {Slip.MISSING, Slip.TWICE}
        rest = without(draft, prompt.id)
        assert prompt.id not in {one["id"] for one in rest["prompts"]}
        assert not slips(rest) & {Slip.MISSING, Slip.STAGES_WITH_GAPS, Slip.BESIDE_NOTHING}


def test_a_question_moves_over_the_edge_of_its_part_and_no_part_stays_empty() -> None:
    draft = small({}, {"stage": 2})
    assert [one.get("stage", 1) for one in moved(draft, "q2", -1)["prompts"]] == [1, 1]
    assert [one.get("stage", 1) for one in without(draft, "q1")["prompts"]] == [1]
    assert moved(draft, "q1", -1) == draft


def test_whoever_took_its_choices_keeps_them_when_a_question_goes() -> None:
    options = {"sea": "sea", "hill": "hill"}
    draft = small({"type": "choose_many", "options": options}, {"type": "ranking", "top": 2, "from": "q1"})
    assert entry_of(without(draft, "q1"), "q2")["options"] == options


def test_choices_keep_what_is_stored_for_them_while_their_words_stay() -> None:
    earlier = options_from(["sea", "hill", "¿?", "שלום"], {})
    assert list(earlier.values()) == ["sea", "hill", "¿?", "שלום"]
    assert len(earlier) == 4
    later = options_from(["hill", "Sea", "sea"], earlier)
    assert {words: slug for slug, words in later.items()} == {"hill": "hill", "sea": "sea", "Sea": "sea-2"}


def test_other_words_kind_or_readers_make_another_question_and_another_place_does_not() -> None:
    other: tuple[dict[str, object], ...] = (
        {"text": "Another line"},
        {"type": "long_text"},
        {"share": "private"},
        {"per": ["q0"]},
    )
    for change in other:
        assert not asks_the_same(LINE, {**LINE, **change})
    same: tuple[dict[str, object], ...] = ({"stage": 2}, {"required": True}, {"beside": True}, {"max": 80})
    for change in same:
        assert asks_the_same(LINE, {**LINE, **change})


def test_nothing_that_builds_on_an_answer_can_tell_more_people_of_it() -> None:
    for share, wider in (
        ("private", "therapist"),
        ("private", "reveal"),
        ("therapist", "reveal"),
        ("reveal", "joint"),
    ):
        assert Slip.TELLS_MORE in slips(small({"share": share}, {"share": wider, "per": ["q1"]}))
    draft = small({"share": "therapist"}, {"stage": 2})
    name, new = group_named(draft, Whose.PARTNER, "q1")
    about_other = changed(draft, "q2", NewPrompt({**LINE, "stage": 2, "per": [name]}, new))
    assert Slip.NOT_OPEN_BEFORE in slips(about_other)
    goal = {"type": "shared", "domain": "any", "template": "We {do}", "fill": {"do": "q1"}}
    assert Slip.GOAL_TELLS_MORE in slips({**small({"share": "private"}), "creates_goal": goal})


def circle() -> Draft:
    """Two questions that take their choices from each other, and a third that guesses one of them."""
    one = {"type": "choose_many", "options_from": "q2"}
    draft = small({"type": "choose_many", "options": {"a": "a"}}, {"type": "choose_many", "options_from": "q1"},
                  {"type": "choose_many", "options_from": "q1", "guess_of": "q1"})  # fmt: skip
    return changed(draft, "q1", NewPrompt({**LINE, **one}))


@pytest.mark.parametrize(
    ("make", "slip"),
    [
        (small, Slip.NO_PROMPTS),
        (lambda: small({"type": "choose_many"}), Slip.NO_OPTIONS),
        (lambda: small({"share": "therapist"}, {"stage": 2}), Slip.NOTHING_REVEALED),
        (lambda: with_head(small({}, {}), {"mode": Mode.ALONE_PRIVATE.value}), Slip.HIDDEN_SHOWS_MORE),
        (lambda: with_head(small({"share": "joint"}), {"mode": Mode.ALONE_PRIVATE.value}), Slip.HIDDEN_IS_JOINT),
        (circle, Slip.CIRCLE),
    ],
)  # fmt: skip
def test_a_draft_may_make_no_sense_and_is_told_so(make: Callable[[], Draft], slip: Slip) -> None:
    draft = make()
    assert slip in slips(draft)
    assert can_be_shown(problems_of(read(draft))) == (slip is Slip.NOTHING_REVEALED)
