"""The library as it is shipped, and files that contradict themselves."""

from collections.abc import Callable

import pytest

from portal.exercises.catalogue import find_task, question_of, words_of
from portal.exercises.checking import LIBRARY, find_exercise, library, load_exercise
from portal.exercises.definition import DefinitionBroken
from portal.homework.rules import Gate, Scope

VALUES = (LIBRARY / "values-compass.toml").read_text("utf-8")
GOALS = (LIBRARY / "my-goals-our-overlap.toml").read_text("utf-8")
BUCKET = (LIBRARY / "joint-bucket-list.toml").read_text("utf-8")
CITY = (LIBRARY / "city-or-cabin.toml").read_text("utf-8")
HIDDEN = (LIBRARY / "me-you-us.toml").read_text("utf-8")
SHARED = (LIBRARY / "one-shared-goal.toml").read_text("utf-8")


# Stage by stage, each prompt with the first letter of its scope: reveal, therapist, private, joint.
ASKED = {
    "city-or-cabin": ["mine:r strength:r core:r bend:r", "options:j rate:r", "trial:j review:j"],
    "family-conversation": ["wish:r sure:r why:r care:r kin:r free:t unsaid:p"],
    "five-year-vision": ["day:r must:r flex:r place:r", "common:j y1:j step:j step_by:j"],
    "joint-bucket-list": ["mine:r", "spark:r", "list:j cost:j soon:j"],
    "listening-for-the-why": ["dream:r root:r need:r fear:r", "echo:r", "felt:r missed:r", "both:j"],
    "me-you-us": ["circles:t wish:t shrunk:t which:p own:t say_no:t tell:r"],
    "milestones-plan": ["goal:j steps:j due:j owner:j if_then:j levels:j mark:j load:t"],
    "money-conversation": ["origin:r feel:r lean:r limit:r own:t ease:t", "aim:j amount:j when:j"],
    "my-goals-our-overlap": ["g1:r g2:r g3:r imp:r need:r", "map:j bridge:j"],
    "one-shared-goal": ["ideas:r", "pick:j why_a:j why_b:j done:j due:j conf:r free:t"],
    "revisit-and-revise": ["gas:r energy:r changed:r", "together:j decide:j learned:j"],
    "rooting-two-weeks-on": ["happened:r helped:t more:r"],
    "rooting-for-you": ["mine:r helps:r hinders:r yours:r offer:r cost:p"],
    "small-wins": ["seen:r mine:r slipped:r rely:t", "toast:j"],
    "sunday-check-in": ["mood:t close:t thanks:r wish:r", "slot:j kept:j year:j"],
    "unspoken-expectations": ["areas:r rule:r from:r hold:r ask:r", "answer:r"],
    "values-compass": ["pick:r rank:r lived:r story:r guess:r tender:p"],
}
MARKED = {"money-conversation", "family-conversation", "listening-for-the-why", "city-or-cabin", "me-you-us"}


def test_the_exercises_ask_what_the_specification_says_in_its_scopes() -> None:
    found = {
        one.id: [
            " ".join(f"{prompt.id}:{prompt.share[0]}" for prompt in one.of_stage(stage))
            for stage in one.stages
        ]
        for one in library()
    }
    assert found == ASKED


def test_each_can_be_assigned_and_the_marked_ones_open_by_the_therapist_alone() -> None:
    assert {one.id for one in library() if find_task(one.id, "1").gate is Gate.THERAPIST} == MARKED
    assert {one.id for one in library() if find_task(one.id, "1").is_marked} == MARKED
    assert {one.id for one in library() if one.creates_goal is None} == set()
    hidden = {one.id for one in library() if find_task(one.id, "1").is_for_one}
    assert hidden == {"me-you-us"}


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
        (swap(VALUES, 'per = ["rank"]', 'per = ["story"]'), "prompt lived: story comes later"),
        (swap(BUCKET, "lines = 10\n", ""), "prompt spark: mine has no number of lines"),
        (swap(BUCKET, 'from = "all_wishes"', 'from = "spark"'), "prompt list: nothing can be chosen from spark"),
        (swap(BUCKET, "stage = 2", "stage = 1"), "prompt spark: mine is not open to both before stage 1"),
        (swap(BUCKET, "shown_from = 3", "shown_from = 3\nlines = 2"), "prompt spark: lines belong to a long text"),
        (swap(CITY, "lowest_first = true", 'labels_from = "x"'), "prompt rate: labels_from knows only"),
        (swap(CITY, 'type = "date"\nstage = 3\nbeside = true\nshare = "joint"', 'type = "date"\nstage = 3\nbeside = true\nshare = "reveal"'), "prompt review: other people write it"),
        (swap(CITY, 'stage = 2\nshare = "reveal"', 'stage = 2\nbeside = true\nshare = "reveal"'), "prompt rate: other people write it"),
        (swap(CITY, 'trial = "trial"', 'trial = "tria"'), "creates_goal: trial cannot be filled"),
        (swap(HIDDEN, 'share = "private"', 'share = "joint"'), "nothing that both write"),
        (swap(VALUES, 'per = ["rank"]', 'per = ["guess"]'), "prompt lived: guess comes later"),
        (swap(VALUES, "min = 3", "min = 9"), "prompt pick: min is above max"),
        (swap(VALUES, "max = 8", "max = 80"), "prompt pick: min or max is above the number of options"),
        (swap(VALUES, "max = 800", "max = 80000"), "prompt story: max is above what an answer may have"),
        (swap(VALUES, "top = 5", "top = 0"), "prompt rank: top belongs to a ranking"),
        (swap(VALUES, "max = 800", "max = -1"), "prompt story: stage, min, max, top, repeat"),
        (swap(VALUES, "max = 800", "maximum = 800"), "prompt story: got an unexpected keyword argument 'maximum'"),
        (swap(VALUES, "max = 800", "once = true"), "prompt story: what is asked once is written by both"),
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
