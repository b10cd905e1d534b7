"""Numbers on the therapist's page, against the specification's own table; and what is counted."""

import pytest

from portal.exercises.attainment import attainment
from portal.exercises.checking import find_exercise
from portal.exercises.insights import sparks_of, tallies_of, trends_of
from portal.exercises.questions import Known, lines_in, questions_of
from portal.exercises.showing import only_shown, ratings_of
from portal.exercises.together import are_opposed


@pytest.mark.parametrize(
    ("levels", "weights", "expected"),
    [
        ([-2], None, 30.00),
        ([1, -2], None, 43.80),
        ([1, 1, 0], None, 59.13),
        ([-1, -1, -1, -1, -1], None, 34.92),
        ([1, 0, -1], [3, 2, 1], 54.41),
        ([-1, -1, -1], [3, 2, 1], 36.78),
        ([None, 2], None, 70.00),
        ([None], None, None),
        ([2, 1], [0, 1], 60.00),
    ],
)
def test_attainment_is_that_of_the_worked_table(
    levels: list[int | None], weights: list[float] | None, expected: float | None
) -> None:
    found = attainment(levels, weights)
    assert found == expected if expected is None else found == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(("levels", "weights"), [([3], None), ([1], [-1.0])])
def test_no_other_level_or_weight_is_taken(levels: list[int | None], weights: list[float] | None) -> None:
    with pytest.raises(ValueError, match="levels go"):
        attainment(levels, weights)


def test_lines_are_told_apart_without_bullets_blanks_and_repeats() -> None:
    assert lines_in(" - A shed\n\n2. a  SHED\n• Tango \r\n1990 wine") == ("A shed", "Tango", "1990 wine")
    assert lines_in(None) == ()


def test_options_come_by_the_lower_of_two_ratings_and_stay_with_their_line() -> None:
    city = find_exercise("city-or-cabin", "1")
    rate = city.prompt("rate")
    asked = questions_of(city, rate, Known(joint={"options": "Tent\nBoat\nTower"}))
    numbers = {"Tent": (5, 1), "Boat": (3, 3), "Tower": (4, None)}
    values: dict[tuple[object, str], object] = {
        (side, one.id): numbers[one.subject][place] for one in asked for place, side in enumerate(("a", "b"))
    }
    moved = Known(joint={"options": "Tower\nBoat\nTent"})
    ((_prompt, rows),) = ratings_of(city, [rate], values, moved)  # type: ignore[arg-type]  # sides are words here
    assert [(row.subject, row.lower) for row in rows] == [("Boat", 3), ("Tent", 1), ("Tower", None)]


def test_sparks_below_three_are_not_among_what_is_shown_and_four_counts_for_the_therapist() -> None:
    bucket = find_exercise("joint-bucket-list", "1")
    known = Known(opened={("a", "mine"): "Tango", ("b", "mine"): "Shed\nTrain"}, side="a")
    shed, train = questions_of(bucket, bucket.prompt("spark"), known)
    values = {("a", shed.id): 2, ("a", train.id): 4}
    assert only_shown(bucket, values) == {("a", train.id): 4}  # type: ignore[arg-type]  # words for sides
    assert [(one.words, one.owner) for one in sparks_of(bucket, values, known)] == [("Train", "b")]  # type: ignore[arg-type]


def test_a_number_with_a_bound_for_both_is_shown_only_where_both_reached_it() -> None:
    listening = find_exercise("listening-for-the-why", "1")
    assert only_shown(listening, {("a", "felt"): 9, ("b", "felt"): 5}) == {}
    assert only_shown(listening, {("a", "felt"): 9}) == {}
    assert len(only_shown(listening, {("a", "felt"): 9, ("b", "felt"): 6})) == 2


def test_wishes_are_opposed_only_where_they_stand_against_each_other() -> None:
    family = find_exercise("family-conversation", "1")
    assert are_opposed(family, {("a", "wish"): ["very-much"], ("b", "wish"): ["rather-no"]})
    assert not are_opposed(family, {("a", "wish"): ["very-much"], ("b", "wish"): ["undecided"]})
    assert not are_opposed(family, {("a", "wish"): ["very-much"]})


def test_the_map_and_the_rounds_are_counted() -> None:
    goals = find_exercise("my-goals-our-overlap", "1")
    known = Known(
        opened={("a", "g1"): "Swim", ("b", "g1"): "Sing"},
        joint={"map.a.g1": ["overlaps"], "map.b.g1": ["overlaps"]},
    )
    assert [one.counts for one in tallies_of(goals, known)] == [(("overlaps", 2),)]
    sunday = find_exercise("sunday-check-in", "1")
    mood = trends_of(sunday, [("1", {("a", "mood"): 4}), ("2", {("a", "mood"): 10, ("b", "mood"): 1})])
    assert [(one.prompt.id, one.rounds) for one in mood] == [("mood", (("1", 4, None), ("2", 10, 1)))]
    assert mood[0].points("a") == [(0.0, 66.7), (300.0, 0.0)]
