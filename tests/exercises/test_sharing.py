"""From finishing to what both see: nothing before both shared, exactly what was looked at, and no trace of what was kept."""

from http import HTTPStatus

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.homework.queries import opened_answers
from portal.transaction import current_session
from tests.exercises.room import GOALS, SHARED, VALUES, Desk, Room, room_with
from tests.support.cast import Cast, client_of
from tests.support.statements import counted

HIDE = "If you no longer want"
WAITING = "This opens when you have both shared, or in your session."


@pytest.fixture
def room(app: Flask, cast: Cast) -> Room:
    return room_with(app, cast, VALUES)


@pytest.fixture
def ana(room: Room) -> Desk:
    return room.desk(room.cast.ana)


@pytest.fixture
def ben(room: Room) -> Desk:
    return room.desk(room.cast.ben)


def fill(desk: Desk, picked: list[str], story: str, guess: tuple[str, ...] = ()) -> None:
    desk.write(1, pick=picked)
    desk.write(2, rank=picked)
    desk.write(3, lived__calm="7")
    desk.write(4, story=story)
    desk.write(5, guess=[*guess, "", "", ""][:3])
    desk.write(6, tender="Qtender is mine.")


def both_fill(ana: Desk, ben: Desk) -> None:
    fill(ana, ["home", "calm", "humour"], "Qtent in August.", ("nature", "health"))
    fill(ben, ["calm", "nature", "fairness"], "Qriver on a Monday.")


def therapist(room: Room) -> Desk:
    return Desk(client_of(room.app, room.cast.therapist), room.assignment_id)


def read(client: FlaskClient, room: Room) -> str:
    answer = client.get(f"/couples/tasks/{room.assignment_id}/reflection")
    assert answer.status_code == HTTPStatus.OK
    return answer.text


def test_what_is_missing_is_named_and_stops_the_finishing(ana: Desk) -> None:
    ana.write(1, pick=["calm", "home"])
    answer = ana.finish()
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Please choose at least 3." in answer.text
    assert f"{ana.home}/2#rank" in answer.text


def test_a_choice_that_is_no_longer_offered_stops_the_finishing(ana: Desk) -> None:
    fill(ana, ["home", "calm", "humour"], "A tent.")
    ana.write(1, pick=["home", "calm", "nature"])
    assert ana.finish().status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_what_is_shared_is_what_was_looked_at(ana: Desk) -> None:
    fill(ana, ["home", "calm", "humour"], "A tent.")
    marks = ana.marks("check")
    ana.write(4, story="Another one.")
    assert (
        ana.client.post(f"{ana.home}/check", data={**marks, "go": "share"}).status_code == HTTPStatus.CONFLICT
    )
    assert "Another one." in ana.words("check")


def test_finishing_tells_the_therapist_and_nobody_else(room: Room, ana: Desk, ben: Desk) -> None:
    both_fill(ana, ben)
    jane = therapist(room).client
    assert "Qtent" not in read(jane, room)
    ana.finish("finish")
    assert "Qtent" in read(jane, room)
    assert "Qtender" not in read(jane, room)
    assert "Qtent" not in ben.words("check") + ben.words()


def test_before_both_have_shared_nobody_can_tell_what_the_other_did(room: Room, ana: Desk, ben: Desk) -> None:
    fill(ben, ["calm", "nature", "fairness"], "A river.")
    ben.finish()
    before = ben.words()
    assert WAITING in before
    fill(ana, ["home", "calm", "humour"], "Qtent.")
    ana.finish("finish")
    assert ben.words() == before
    assert ben.get("opened").status_code == HTTPStatus.SEE_OTHER
    ben.client.post(f"/tasks/{ben.part}/take-back", data={"form_token": ana_token(ben)})
    assert "Change it once more" in ben.words()


def ana_token(desk: Desk) -> str:
    return str(desk.look("").select_one("[name=form_token]")["value"])  # type: ignore[index]  # the page has one


def test_both_see_the_same_page_common_ground_first(ana: Desk, ben: Desk) -> None:
    both_fill(ana, ben)
    ana.finish()
    ben.finish()
    page = ana.words("opened")
    assert page.index("What you have in common") < page.index("Qtent") < page.index("What you guessed")
    assert "Ana guessed what Ben chose: nature." in page
    assert "Ana also thought of health, which Ben did not choose." in page
    assert "Qriver" in page
    assert "Qtender" not in page
    common = ana.look("opened").select_one("section[aria-labelledby=common]")
    assert [one.text for one in common.select("li")] == ["Calm"]  # type: ignore[union-attr]  # once, though ranked and chosen
    assert ben.words("opened").partition(HIDE)[0] == page.partition(HIDE)[0]


def test_a_kept_answer_and_a_skipped_one_look_the_same(app: Flask, cast: Cast) -> None:
    pages = []
    for story in ("", "Qkept."):
        room = room_with(app, cast, VALUES)
        ana, ben = room.desk(cast.ana), room.desk(cast.ben)
        fill(ana, ["home", "calm", "humour"], story)
        fill(ben, ["calm", "nature", "fairness"], "A river.")
        ana.finish(keep="story" if story else [])
        ben.finish()
        pages.append(ben.words("opened"))
        close(room)
    assert pages[0] == pages[1]


def close(room: Room) -> None:
    jane = therapist(room).client
    page = jane.get(f"/couples/tasks/{room.assignment_id}/reflection")
    token = page.text.split('name="form_token" value="')[1].split('"')[0]
    jane.post(f"/couples/tasks/{room.assignment_id}/close", data={"form_token": token})


def test_who_keeps_an_answer_keeps_what_was_asked_about_it(app: Flask, cast: Cast) -> None:
    room = room_with(app, cast, GOALS)
    ana, ben = room.desk(cast.ana), room.desk(cast.ben)
    for desk, goal in ((ana, "Qswim"), (ben, "Qsing")):
        desk.write(1, g1=goal)
        desk.write(2, g2=f"{goal} more")
        desk.write(4, imp__g1="9", imp__g2="3")
        desk.write(5, need__g2="money")
    ana.finish(keep="g2")
    ben.finish()
    page = ben.words("opened")
    assert "Qswim: 9 of 10" in page
    assert "Qswim more" not in page
    assert page.count("3 of 10") == 1
    assert page.count("money") == 1
    with app.app_context():
        loaded = opened_answers(current_session(), cast.ben.member(), room.assignment_id)
        assert {one.prompt_id for one in loaded if one.person_id == cast.ana.person_id} == {"g1", "imp.g1"}
    maps = room.desk(cast.ben, 2).look("1").select("fieldset legend")
    assert [one.text for one in maps] == ["Ana: Qswim", "Ben: Qsing", "Ben: Qsing more"]


def test_who_hides_shows_nothing_from_then_on(ana: Desk, ben: Desk) -> None:
    both_fill(ana, ben)
    ana.finish()
    ben.finish()
    ana.client.post(f"/tasks/{ana.part}/hide", data={"form_token": ana_token(ana)})
    assert "Qtent" not in ben.words("opened")
    assert "It may have been read before." in ana.words("opened")


def test_what_both_write_is_seen_at_once_and_never_overwritten(app: Flask, cast: Cast) -> None:
    room = room_with(app, cast, SHARED)
    for actor in (cast.ana, cast.ben):
        desk = room.desk(actor)
        desk.write(1, ideas="A shed. A choir. A walk.")
        desk.finish()
    ana, ben = room.desk(cast.ana, 2), room.desk(cast.ben, 2)
    bens = ben.marks("1")
    ana.write(1, pick="The shed.")
    answer = ben.write(1, marks=bens, pick="The choir.")
    assert answer.status_code == HTTPStatus.CONFLICT
    shown = ben.look("1")
    assert shown.select_one("#pick")["value"] == "The choir."  # type: ignore[index]  # the page has the field
    assert "The shed." in ben.words("1")
    assert "The choir." not in ana.words("1")
    ben.write(1, restored="yes", pick="The choir, then the shed.")
    page = ana.words("1")
    assert "The choir, then the shed." in page
    assert page.index("Earlier versions") < page.index("The shed.", page.index("Earlier versions"))


def test_only_its_author_writes_what_is_one_persons_part_of_it(app: Flask, cast: Cast) -> None:
    room = room_with(app, cast, SHARED)
    for actor in (cast.ana, cast.ben):
        desk = room.desk(actor)
        desk.write(1, ideas="A shed.")
        desk.finish()
    ana, ben = room.desk(cast.ana, 2), room.desk(cast.ben, 2)
    ana.write(2, why_a="Qmine.")
    assert "Here only Ana writes" in ben.words("2")
    assert "Qmine." in ben.words("2")
    token = {"form_token": ana_token(ben), "why_a": "Not so.", "rev-why_a": "1"}
    assert ben.client.post(f"{ben.home}/2", data=token).status_code == HTTPStatus.NOT_FOUND


def test_the_rating_for_the_therapist_never_reaches_the_partner(app: Flask, cast: Cast) -> None:
    room = room_with(app, cast, SHARED)
    for actor in (cast.ana, cast.ben):
        desk = room.desk(actor)
        desk.write(1, ideas="A shed.")
        desk.finish()
    for actor in (cast.ana, cast.ben):
        desk = room.desk(actor, 2)
        desk.write(1, pick="A")
        desk.write(4, done="B")
        desk.write(5, due="2027-02-01")
        desk.write(6, conf="8")
        desk.write(7, free="1")
        desk.finish()
    page = room.desk(cast.ben, 2).words("opened")
    assert "8 of 10" in page
    assert "1 of 5" not in page
    assert "freely" not in page
    assert read(therapist(room).client, room).count("1 of 5") == 2


def test_only_what_is_open_to_both_can_be_marked_as_talked_about(room: Room, ana: Desk, ben: Desk) -> None:
    both_fill(ana, ben)
    ana.finish()
    jane = therapist(room).client
    assert 'name="reviewed"' not in read(jane, room)
    ben.finish(keep="story")
    page = read(jane, room)
    token = page.split('name="form_token" value="')[1].split('"')[0]
    ids = [part.split('"')[0] for part in page.split('name="reviewed" value="')[1:]]
    jane.post(
        f"/couples/tasks/{room.assignment_id}/reviewed", data={"form_token": token, "reviewed": ids[:2]}
    )
    assert read(jane, room).count(" checked") == 2
    refused = jane.post(
        f"/couples/tasks/{room.assignment_id}/reviewed", data={"form_token": token, "reviewed": str(ana.part)}
    )
    assert refused.status_code == HTTPStatus.NOT_FOUND


def test_pages_about_both_cost_few_statements(app: Flask, cast: Cast) -> None:
    room = room_with(app, cast, GOALS)
    for actor in (cast.ana, cast.ben):
        desk = room.desk(actor)
        desk.write(1, g1="Swim.")
        desk.finish()
    second, jane = room.desk(cast.ana, 2), therapist(room).client
    second.write(1, map__a__g1="overlaps")
    paths = [f"{second.home}/1", f"{second.home}/check", f"{second.home}/opened", second.home]
    costs = {path.rpartition("/")[2]: cost(app, second.client, path) for path in paths}
    costs["desk"] = cost(app, jane, f"/couples/tasks/{room.assignment_id}/reflection")
    assert {name: number for name, number in costs.items() if number > 13} == {}


def cost(app: Flask, client: FlaskClient, path: str) -> int:
    with counted(app) as statements:
        assert client.get(path).status_code == HTTPStatus.OK
    return len(statements)
