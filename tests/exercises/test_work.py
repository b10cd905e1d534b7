"""Writing an exercise: pages, saving, what is asked when, and what is refused."""

from http import HTTPStatus

import pytest
from flask import Flask

from tests.exercises.room import GOALS, SHARED, VALUES, Desk, Room, room_with
from tests.support.cast import Cast, client_of
from tests.support.statements import counted

PICKED = ["calm", "home", "humour", "nature"]


@pytest.fixture
def room(app: Flask, cast: Cast) -> Room:
    return room_with(app, cast, VALUES)


@pytest.fixture
def ana(room: Room) -> Desk:
    return room.desk(room.cast.ana)


def test_the_pages_ask_about_what_was_chosen_before(ana: Desk) -> None:
    ana.write(1, pick=PICKED)
    assert [one["value"] for one in ana.look("2").select("#rank-1 option")] == [
        "",
        "calm",
        "humour",
        "nature",
        "home",
    ]
    ana.write(2, rank=["home", "calm", "", ""])
    assert [one["id"] for one in ana.look("3").select("fieldset")] == ["lived.home", "lived.calm"]


def test_pressing_next_leads_to_the_next_page_and_back_to_the_one_before(ana: Desk) -> None:
    assert ana.write(1, pick=PICKED).headers["Location"] == f"{ana.home}/2"
    assert ana.write(2, go="back").headers["Location"] == f"{ana.home}/1"
    assert ana.write(6).headers["Location"] == f"{ana.home}/check"
    assert ana.write(1, go="pause", pick=PICKED).headers["Location"] == "/home"
    assert "checked" in str(ana.look("1").select_one("[value=calm]"))


def test_above_the_field_it_says_who_will_read_it(ana: Desk) -> None:
    assert "Ben sees this only after you have both shared. Jane can read it once you finish." in ana.words(
        "4"
    )
    assert "Only you see this. Jane learns only that you finished." in ana.words("6")


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        (1, {"pick": ["calm", "money"]}),
        (
            1,
            {
                "pick": [
                    "security",
                    "adventure",
                    "creativity",
                    "family",
                    "friendship",
                    "health",
                    "learning",
                    "fairness",
                    "home",
                ]
            },
        ),
        (5, {"guess": ["calm", "calm", ""]}),
        (4, {"story": "x" * 801}),
        (4, {"story": "a\x00b"}),
        (4, {"story": ["two", "texts"]}),
    ],
)
def test_what_is_no_answer_is_refused_shown_again_and_not_stored(
    ana: Desk, page: int, fields: dict[str, object]
) -> None:
    answer = ana.client.post(f"{ana.home}/{page}", data={**ana.marks(str(page)), **fields, "go": "next"})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Everything else you typed is kept." in answer.text
    assert not ana.look(str(page)).select("[checked], option[selected]")
    assert "Nothing is written here yet." in ana.words("check")


def test_a_form_that_says_nothing_of_a_field_leaves_it_as_it_is(ana: Desk) -> None:
    ana.write(4, story="The tent.")
    marks = ana.marks("4")
    ana.client.post(f"{ana.home}/4", data={"form_token": marks["form_token"]})
    assert "The tent." in ana.words("4")


def test_words_of_any_script_come_back_as_they_were_typed(ana: Desk) -> None:
    words = "שלום\u200f {{7*7}} <b>&amp; \U0001f468\u200d\U0001f469"
    ana.write(4, story=words)
    assert ana.look("4").textarea.string.lstrip("\n") == words  # type: ignore[union-attr]  # the page of a text


def test_it_saves_itself_and_tells_when(ana: Desk) -> None:
    answer = ana.write(4, go="", story="The tent.")
    assert answer.status_code == HTTPStatus.OK
    assert "Saved at" in answer.text
    assert "The tent." in ana.words("4")


def test_two_windows_keep_both_texts_until_one_is_chosen(ana: Desk) -> None:
    first, second = ana.marks("4"), ana.marks("4")
    ana.write(4, marks=first, story="One.")
    marks = ana.marks("4")
    ana.write(4, marks=marks, story="Two.")
    answer = ana.write(4, marks=second, go="", story="Three.")
    assert answer.status_code == HTTPStatus.CONFLICT
    assert 'name="rev-story" value="0"' in answer.text, "the page would overwrite what it has not shown"
    again = ana.client.post(f"{ana.home}/4", data={**second, "story": "Three, longer."})
    assert again.status_code == HTTPStatus.CONFLICT
    assert "Two." in ana.words("4")
    assert "Three, longer." in ana.words("4")
    assert "Two windows say different things here." in ana.words("check")
    ana.write(4, story="Four.")
    assert "Three, longer." not in ana.words("4")


def test_another_persons_part_and_pages_that_are_not_there_are_not_found(room: Room, ana: Desk) -> None:
    for actor in (room.cast.ben, room.cast.cleo, room.cast.therapist):
        assert Desk(client_of(room.app, actor), ana.part).get("1").status_code == HTTPStatus.NOT_FOUND
    assert ana.get("7").status_code == HTTPStatus.NOT_FOUND
    assert ana.get("0").status_code == HTTPStatus.NOT_FOUND


def test_a_later_stage_is_not_there_before_the_first_has_opened(app: Flask, cast: Cast) -> None:
    second = room_with(app, cast, SHARED).desk(cast.ana, stage=2)
    assert second.get().status_code == HTTPStatus.NOT_FOUND
    assert second.client.get(f"{second.home}/1").status_code == HTTPStatus.NOT_FOUND


def test_somebody_asked_alone_is_told_that_nothing_reaches_the_partner(app: Flask, cast: Cast) -> None:
    alone = room_with(app, cast, GOALS, for_one=cast.ana).desk(cast.ana)
    assert "Only you and Jane see this." in alone.words("1")
    assert "after you have both shared" not in alone.words()
    alone.write(1, g1="Swim.")
    assert "Share" not in alone.words("check")


def test_a_page_and_a_save_cost_few_statements(app: Flask, ana: Desk) -> None:
    ana.write(1, pick=PICKED)
    marks = ana.marks("2")
    with counted(app) as page:
        ana.get("2")
    assert len(page) <= 12, page
    with counted(app) as save:
        ana.write(2, go="", marks=marks, rank=["home", "calm", "humour", "nature"])
    assert len(save) <= 6, "\n".join(save)
