"""What a day that has gone by asks of its reader. Pure."""

from datetime import date, timedelta

import pytest

from portal.homework.overdue import About, Done, NotAsked, NothingToMove, Pattern, Wish, pattern_of
from portal.homework.rules import Course, Step

TODAY = date(2026, 11, 20)


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


@pytest.mark.parametrize(
    ("wish", "about"),
    [
        (Wish(None), About.NOTHING),
        (Wish(day(0)), About.WISH),
        (Wish(day(-1)), About.SMALLER),
        (Wish(day(-9), moved_to=day(0)), About.WISH),
        (Wish(day(-9), moved_to=day(-1)), About.QUESTION),
        (Wish(day(-9), moved_to=day(-1), course=Course.KEPT), About.NOTHING),
        (Wish(day(-9), moved_to=day(-1), course=Course.CHANGE), About.CHANGE),
        (Wish(day(-9), moved_to=day(-1), course=Course.DROPPED), About.DROPPED),
    ],
)
def test_first_it_grows_small_then_it_asks_once(wish: Wish, about: About) -> None:
    assert wish.about(TODAY) is about


def test_a_day_is_moved_once() -> None:
    wish = Wish(day(-1))
    assert wish.move(TODAY, 7) == day(7)
    for stays in (Wish(None), Wish(day(-9), moved_to=day(-1)), Wish(day(-9), course=Course.KEPT)):
        with pytest.raises(NothingToMove):
            stays.move(TODAY, 7)


@pytest.mark.parametrize("course", [Course.KEPT, Course.CHANGE, Course.DROPPED])
def test_the_question_is_answered_when_it_is_asked(course: Course) -> None:
    assert Wish(day(-9), moved_to=day(-1)).settle(TODAY, course) is course
    with pytest.raises(NotAsked):
        Wish(day(-1)).settle(TODAY, course)


def test_what_was_put_aside_can_be_taken_up_and_nothing_else_undone() -> None:
    aside = Wish(day(-9), moved_to=day(-1), course=Course.DROPPED)
    assert aside.settle(TODAY, Course.KEPT) is Course.KEPT
    for course in (Course.CHANGE, Course.AS_ASKED):
        with pytest.raises(NotAsked):
            aside.settle(TODAY, course)


def test_a_pattern_counts_what_had_a_day_and_leaves_out_what_is_to_come() -> None:
    parts = [
        Done(Wish(None), Step.SHARED, day(-3)),
        Done(Wish(day(3)), Step.WRITING, None),
        Done(Wish(day(-3)), Step.SHARED, day(-3)),
        Done(Wish(day(3)), Step.SUBMITTED, day(-1)),
        Done(Wish(day(-9), moved_to=day(-2)), Step.SUBMITTED, day(-2)),
        Done(Wish(day(-9), moved_to=day(-2), course=Course.DROPPED), Step.WRITING, None),
    ]
    assert pattern_of(parts, TODAY) == Pattern(with_day=4, by_day=2, later=1, moved=2, dropped=1)
    assert pattern_of([], TODAY) == Pattern()
