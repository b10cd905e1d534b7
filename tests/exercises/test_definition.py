"""The library as it is shipped, and files that contradict themselves."""

from collections.abc import Callable

import pytest

from portal.exercises.catalogue import find_task, question_of, words_of
from portal.exercises.checking import LIBRARY, find_exercise, library, load_exercise
from portal.exercises.definition import DefinitionBroken
from portal.homework.rules import Gate, Scope

VALUES = (LIBRARY / "values-compass.toml").read_text("utf-8")
GOALS = (LIBRARY / "my-goals-our-overlap.toml").read_text("utf-8")
SHARED = (LIBRARY / "one-shared-goal.toml").read_text("utf-8")


def test_the_three_exercises_ask_what_the_specification_says_in_its_order_and_scopes() -> None:
    found = {
        one.id: [f"{prompt.id}:{prompt.stage}:{prompt.share}" for prompt in one.prompts] for one in library()
    }
    assert found == {
        "values-compass": [
            *(f"{one}:1:reveal" for one in ("pick", "rank", "lived", "story", "guess")), "tender:1:private",
        ],
        "my-goals-our-overlap": [
            *(f"{one}:1:reveal" for one in ("g1", "g2", "g3", "imp", "need")), "map:2:joint", "bridge:2:joint",
        ],
        "one-shared-goal": [
            "ideas:1:reveal", *(f"{one}:2:joint" for one in ("pick", "why_a", "why_b", "done", "due")),
            "conf:2:reveal", "free:2:therapist",
        ],
    }  # fmt: skip


def test_each_can_be_assigned_and_opens_by_both_shares() -> None:
    stages = {
        one.id: [(part.has_reveal, part.has_joint) for part in find_task(one.id, "1").stages]
        for one in library()
    }
    assert stages == {
        "values-compass": [(True, False)],
        "my-goals-our-overlap": [(True, False), (False, True)],
        "one-shared-goal": [(True, False), (True, True)],
    }
    assert {find_task(one.id, one.version).gate for one in library()} == {Gate.BOTH}


def test_a_marked_exercise_is_opened_by_the_therapist_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = load_exercise(VALUES.replace('safety = "none"', 'safety = "withhold_if_flag"'))
    monkeypatch.setattr("portal.exercises.catalogue.find_exercise", lambda *_names: marked)
    task = find_task("values-compass", "1")
    assert (task.gate, task.is_marked) == (Gate.THERAPIST, True)


def test_only_the_version_that_was_given_is_found() -> None:
    assert find_exercise("values-compass", "1").prompt("tender").share is Scope.PRIVATE
    with pytest.raises(LookupError):
        find_exercise("values-compass", "2")


def test_a_summary_quotes_texts_and_choices_and_no_number() -> None:
    assert words_of("values-compass", "1", "rank", ["faith-or-meaning", "calm"]) == "faith or meaning, calm"
    assert words_of("one-shared-goal", "1", "pick", "A shed.") == "A shed."
    assert words_of("values-compass", "1", "lived.calm", 7) is None
    assert words_of("one-shared-goal", "1", "conf", 7) is None
    assert question_of("one-shared-goal", "1", "pick") == "The one we choose"


def swap(text: str, old: str, new: str) -> Callable[[], str]:
    assert old in text
    return lambda: text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("make", "place"),
    [
        (swap(VALUES, 'type = "scale_0_10"', 'type = "slider"'), "prompt lived: FieldType knows no 'slider'"),
        (swap(VALUES, 'share = "private"', 'share = "secret"'), "prompt tender: Scope knows no 'secret'"),
        (swap(VALUES, 'from = "pick"', 'from = "picks"'), "prompt rank: there is no picks"),
        (swap(VALUES, 'options_from = "pick"', 'options_from = "x"'), "prompt guess: there is no x"),
        (swap(VALUES, 'guess_of = "pick"', 'guess_of = "tender"'), "prompt guess: a guess and what it guesses"),
        (swap(VALUES, 'per = ["rank"]', 'per = ["ranks"]'), "prompt lived: there is no ranks"),
        (swap(VALUES, 'per = ["rank"]', 'per = ["story"]'), "prompt lived: not supported yet: per line of story"),
        (swap(VALUES, 'per = ["rank"]', 'per = ["guess"]'), "prompt lived: guess comes later"),
        (swap(VALUES, "min = 3", "min = 9"), "prompt pick: min is above max"),
        (swap(VALUES, "max = 8", "max = 80"), "prompt pick: min or max is above the number of options"),
        (swap(VALUES, "max = 800", "max = 80000"), "prompt story: max is above what an answer may have"),
        (swap(VALUES, "top = 5", "top = 0"), "prompt rank: top belongs to a ranking"),
        (swap(VALUES, "max = 800", "max = -1"), "prompt story: stage, min, max, top or repeat"),
        (swap(VALUES, "max = 800", "maximum = 800"), "prompt story: got an unexpected keyword argument 'maximum'"),
        (swap(VALUES, "max = 800", "once = true"), "prompt story: not supported yet: once"),
        (swap(VALUES, "max = 800", 'labels_from = "goal"'), "prompt story: not supported yet: labels_from"),
        (swap(VALUES, "max = 800", 'author = "A"'), "prompt story: author is for joint prompts"),
        (swap(SHARED, 'author = "A"', 'author = "C"'), "prompt why_a: Author knows no 'C'"),
        (swap(SHARED, 'author = "A"', 'author = "A"\nrequired = true'), "prompt why_a: what only one may write"),
        (swap(VALUES, 'id = "tender"', 'id = "story"'), "story: twice"),
        (swap(VALUES, 'id = "tender"', 'id = "Tender!"'), "prompt Tender!: its id is not made of"),
        (swap(VALUES, 'type = "choose_many"\nmin', 'type = "choose_many"\nfrom = "rank"\nmin'), "prompt pick: needs options"),
        (swap(GOALS, "stage = 2", "stage = 4"), "stages: 1, 2, 4 do not count from 1"),
        (swap(GOALS, 'per = ["all_goals"]\nstage = 2', 'per = ["all_goals"]'), "prompt map: g1 is not open to both"),
        (swap(GOALS, 'prompts = ["g1", "g2", "g3"]', 'prompts = ["g9"]'), "group all_goals: there is no g9"),
        (swap(GOALS, 'type = "short_text"\nrequired = true\nshare = "reveal"', 'type = "short_text"\nshare = "private"'), "would tell of g1, which is private"),
        (swap(SHARED, 'share = "reveal"', 'share = "therapist"'), "stage 1: nothing in it is revealed"),
        (swap(SHARED, "minutes = 25", "minutes = 0"), "exercise: minutes is no number"),
        (swap(SHARED, 'mode = "alone_then_together"\n', ""), "missing: mode"),
        (lambda: "prompts = [", "not TOML"),
    ],
)  # fmt: skip
def test_a_file_that_contradicts_itself_is_refused_by_name_and_place(
    make: Callable[[], str], place: str
) -> None:
    with pytest.raises(DefinitionBroken) as refused:
        load_exercise(make())
    assert place in str(refused.value)


def test_prompts_that_ask_for_each_other_are_refused() -> None:
    circle = VALUES.replace('top = 3\noptions_from = "pick"', 'top = 3\nfrom = "rank"').replace(
        'from = "pick"\ntop = 5', 'from = "guess"\ntop = 5'
    )
    with pytest.raises(DefinitionBroken, match="in a circle"):
        load_exercise(circle)
