"""Reading what forms send: whatever it is, either it is an answer to the question or nothing is stored."""

from hypothesis import given
from hypothesis import strategies as st

from portal.exercises.answers import Flaw, decoded, read_answer, sent_of, shortfall, stored
from portal.exercises.checking import find_exercise, load_exercise
from portal.exercises.definition import RANGES, FieldType
from portal.exercises.questions import Known, Question, kept_with, questions_of
from tests.exercises.test_definition import VALUES

OWN = {"pick": ["calm", "home", "nature"], "rank": ["home", "calm", "nature"]}
VALUES_COMPASS = find_exercise("values-compass", "1")
MORE = load_exercise(
    VALUES
    + """
[[prompts]]
id = "limit"
type = "money_range"
share = "reveal"
text = "From what amount?"
[prompts.bands]
low = "under 50"
high = "over 50"

[[prompts]]
id = "free"
type = "yes_no_unsure"
share = "therapist"
text = "Freely?"

[[prompts]]
id = "levels"
type = "short_text"
repeat = 3
share = "reveal"
text = "Levels"

[[prompts]]
id = "day"
type = "date"
share = "reveal"
text = "By"
"""
)
QUESTIONS = [one for prompt in MORE.prompts for one in questions_of(MORE, prompt, Known(own=OWN))]
SENT = st.lists(
    st.one_of(
        st.text(),
        st.sampled_from([*OWN["pick"], "", "0", "10", "7", "low", "yes", "2027-02-30", "2027-02-01"]),
    ),
    max_size=9,
)


def question(name: str) -> Question:
    return next(one for one in QUESTIONS if one.id == name)


@given(st.sampled_from(QUESTIONS), SENT)
def test_whatever_is_sent_is_either_refused_or_an_answer_that_reads_the_same_again(
    one: Question, sent: list[str]
) -> None:
    read = read_answer(one, sent)
    if read.flaw is None:
        assert read_answer(one, sent_of(decoded(stored(read)))) == read
    else:
        assert read.value is None


@given(SENT)
def test_a_ranking_holds_only_what_was_chosen_and_nothing_twice(sent: list[str]) -> None:
    value = read_answer(question("rank"), sent).value
    placed = [one for one in value if one] if isinstance(value, list) else []
    assert set(placed) <= set(OWN["pick"])
    assert len(placed) == len(set(placed))


@given(st.sampled_from(sorted(RANGES)), st.integers(-20, 20))
def test_a_number_outside_its_scale_is_refused_and_never_moved_inside(kind: FieldType, number: int) -> None:
    one = next((found for found in QUESTIONS if found.prompt.type is kind), None)
    if one is not None:
        low, high = RANGES[kind]
        assert read_answer(one, [str(number)]).value == (number if low <= number <= high else None)


def test_what_is_not_there_is_missing_only_where_it_is_required() -> None:
    flaws = {one.id: lack.flaw for one in QUESTIONS if (lack := shortfall(one, None))}
    assert flaws == {"pick": Flaw.MISSING, "rank": Flaw.MISSING}


def test_an_answer_that_is_not_whole_says_why() -> None:
    assert shortfall(question("pick"), ["calm"]).flaw is Flaw.TOO_FEW  # type: ignore[union-attr]  # one of three
    assert shortfall(question("rank"), ["calm", "", "home"]).flaw is Flaw.GAP  # type: ignore[union-attr]  # a gap
    assert shortfall(question("rank"), ["calm", "family"]).flaw is Flaw.NOT_OFFERED  # type: ignore[union-attr]  # not chosen
    assert shortfall(question("guess"), ["calm"]) is None


def test_money_dates_and_replies_are_taken_only_as_offered() -> None:
    assert read_answer(question("limit"), ["low"]).value == "low"
    assert read_answer(question("limit"), ["60"]).flaw is Flaw.NOT_OFFERED
    assert read_answer(question("free"), ["maybe"]).flaw is Flaw.NOT_OFFERED
    assert read_answer(question("day"), ["2027-02-30"]).flaw is Flaw.NO_DATE
    assert read_answer(question("day"), ["٢٠٢٧-02-01"]).flaw is Flaw.NO_DATE


def test_a_prompt_asked_several_times_has_a_field_each() -> None:
    assert [one.id for one in QUESTIONS if one.prompt.id in {"levels", "lived"}] == [
        "lived.home", "lived.calm", "lived.nature", "levels.1", "levels.2", "levels.3",
    ]  # fmt: skip


def test_who_keeps_a_ranking_keeps_what_was_asked_about_each_place() -> None:
    asked = [one.id for one in QUESTIONS]
    assert kept_with(VALUES_COMPASS, frozenset({"rank"}), asked) == {
        "rank",
        "lived.home",
        "lived.calm",
        "lived.nature",
    }
    assert kept_with(VALUES_COMPASS, frozenset({"story"}), asked) == {"story"}
