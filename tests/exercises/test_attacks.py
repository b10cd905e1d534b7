"""What somebody would try: learning of the other by inference, sending what was never asked, writing where nothing is asked."""

import re
from http import HTTPStatus

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from portal.couples.holds import set_hold
from portal.exercises.models import GoalWish
from portal.homework.models import Answer
from portal.transaction import current_session, transaction
from tests.exercises.room import Desk, Room, room_with
from tests.exercises.walking import walk
from tests.support.cast import Actor, Cast, client_of

LISTENING, BUCKET, CITY = "listening-for-the-why", "joint-bucket-list", "city-or-cabin"
ODD = "\u202eleft\u202c and \u200bnothing\u200d and \u05e9\u05dc\u05d5\u05dd"


def plain(desk: Desk, path: str = "") -> str:
    """Everything that a page says, without what differs from load to load."""
    return re.sub(r'(value|nonce|content)="[^"]{12,}"', "", desk.get(path).text)


def open_stage(room: Room, stage: int) -> None:
    jane = client_of(room.app, room.cast.therapist)
    page = BeautifulSoup(jane.get(f"/couples/tasks/{room.assignment_id}/reflection").text, "html.parser")
    token = str(page.select_one("[name=form_token]")["value"])  # type: ignore[index]  # every page has one
    sent = jane.post(f"/couples/tasks/{room.assignment_id}/open/{stage}", data={"form_token": token})
    assert sent.status_code == HTTPStatus.SEE_OTHER


def listen(room: Room, felt: dict[Actor, int]) -> None:
    """Bring both to the end of the third part, with these numbers of how well each felt heard."""
    for stage in (1, 2, 3):
        for actor, number in felt.items():
            desk = room.desk(actor, stage)
            walk(desk, prefer=str(number))
            assert desk.finish().status_code == HTTPStatus.SEE_OTHER
        if stage < 3:
            open_stage(room, stage)


def test_nobody_learns_whose_number_keeps_the_last_part_shut(app: Flask, cast: Cast) -> None:
    room = room_with(app, cast, LISTENING)
    listen(room, {cast.ana: 9, cast.ben: 2})
    shut = {actor: plain(room.desk(actor, 3)) for actor in (cast.ana, cast.ben)}
    assert all("This opens when you have both shared, or in your session." in page for page in shut.values())
    ana, ben = room.desk(cast.ana, 3), room.desk(cast.ben, 3)
    for number in ("2", "9"):  # the other tries numbers and looks whether anything moves
        token = {"form_token": ben.marks("check").get("form_token") or token_of(ben)}
        ben.client.post(f"/tasks/{ben.part}/take-back", data=token)
        ben.client.post(f"/tasks/{ben.part}/reopen", data=token)
        walk(ben, prefer=number)
        ben.finish()
        assert plain(ana) == shut[cast.ana]
        assert plain(ben) == shut[cast.ben]
        for actor in (cast.ana, cast.ben):
            assert room.desk(actor, 4).get().status_code == HTTPStatus.NOT_FOUND
            assert "of 10" not in room.desk(actor, 2).words("opened")


def test_opened_in_spite_of_a_low_number_neither_number_is_shown(app: Flask, cast: Cast) -> None:
    room = room_with(app, cast, LISTENING)
    listen(room, {cast.ana: 9, cast.ben: 2})
    jane = client_of(app, cast.therapist).get(f"/couples/tasks/{room.assignment_id}/reflection").text
    assert "Not both gave 6 or more" in jane
    open_stage(room, 3)
    for actor in (cast.ana, cast.ben):
        assert "of 10" not in room.desk(actor, 4).words("opened")
        assert room.desk(actor, 4).get("1").status_code == HTTPStatus.OK


def test_a_wish_that_did_not_tempt_looks_like_one_that_was_skipped(app: Flask, cast: Cast) -> None:
    pages = []
    for number in ("1", ""):
        room = room_with(app, cast, BUCKET)
        for actor, wishes in ((cast.ana, "Lighthouse"), (cast.ben, "Shed")):
            room.desk(actor).write(1, mine=wishes)
            room.desk(actor).finish()
        ben = room.desk(cast.ben, 2)
        field = ben.look("1").select_one("fieldset")["id"]  # type: ignore[index]  # the page has it
        ben.client.post(f"{ben.home}/1", data={**ben.marks("1"), str(field): number, "go": "next"})
        ben.finish()
        room.desk(cast.ana, 2).finish()
        pages.append(room.desk(cast.ana, 2).words("opened"))
        jane = client_of(app, cast.therapist)
        token = {
            "form_token": jane.get(f"/couples/tasks/{room.assignment_id}/reflection")
            .text.split('name="form_token" value="')[1]
            .split('"')[0]
        }
        jane.post(f"/couples/tasks/{room.assignment_id}/close", data=token)
    assert pages[0] == pages[1]


def test_lines_that_changed_between_page_and_save_are_not_answered_by_mistake(app: Flask, cast: Cast) -> None:
    room = room_with(app, cast, CITY)
    for actor in (cast.ana, cast.ben):
        walk(room.desk(actor), words=actor.user_name)
        room.desk(actor).finish()
    open_stage(room, 1)
    ana, ben = room.desk(cast.ana, 2), room.desk(cast.ben, 2)
    ana.write(1, options="A tent\nA houseboat")
    page = ben.look("2")
    fields = [str(one["id"]) for one in page.select("main fieldset")]
    marks = ben.marks("2")
    ana.write(1, options="A houseboat\nA tower")
    sent = ben.client.post(f"{ben.home}/2", data={**marks, fields[0]: "1", fields[1]: "5", "go": "next"})
    assert sent.status_code == HTTPStatus.CONFLICT
    assert "What is asked here has changed meanwhile" in sent.text
    legends = ben.look("2")
    assert [one.text.strip() for one in legends.select("fieldset legend")] == ["A houseboat", "A tower"]
    checked = {str(one["name"]): one["value"] for one in legends.select("[checked]") if one["value"]}
    assert checked == {fields[1]: "5"}


@pytest.mark.parametrize(
    ("name", "page", "fields"),
    [
        (BUCKET, 1, {"mine": "x" * 100_000}),
        (BUCKET, 1, {"mine": "\n".join(map(str, range(11)))}),
        (BUCKET, 1, {"mine": "y" * 201}),
        ("me-you-us", 1, {"circles": "almost-two"}),
        ("milestones-plan", 4, {"due.0123456789abcdef": "2030-01-01", "rev-due.0123456789abcdef": "0"}),
        ("rooting-for-you", 2, {"helps": ["celebrate", "money"]}),
    ],
)  # fmt: skip
def test_what_was_never_offered_is_not_stored(
    app: Flask, cast: Cast, name: str, page: int, fields: dict[str, object]
) -> None:
    ana = room_with(app, cast, name, for_one=cast.ana if name == "me-you-us" else None).desk(cast.ana)
    sent = ana.client.post(f"{ana.home}/{page}", data={"form_token": token_of(ana), **fields, "go": "next"})
    assert sent.status_code in {HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT, HTTPStatus.SEE_OTHER}
    with app.app_context():
        stored = current_session().scalars(select(Answer)).all()
        assert [one.value for one in stored if one.value] == []


def test_letters_of_any_direction_are_kept_or_refused_whole(app: Flask, cast: Cast) -> None:
    room = room_with(app, cast, BUCKET)
    sent = room.desk(cast.ana).write(1, mine=ODD)
    words = "\u05e9\u05dc\u05d5\u05dd \u0628\u062d\u0631"
    assert sent.status_code in {HTTPStatus.SEE_OTHER, HTTPStatus.UNPROCESSABLE_ENTITY}
    assert room.desk(cast.ana).write(1, mine=words).status_code == HTTPStatus.SEE_OTHER
    assert words in str(room.desk(cast.ana).look("check"))


def test_answers_to_what_was_withdrawn_and_to_a_part_of_somebody_else_are_refused(
    app: Flask, cast: Cast
) -> None:
    room = room_with(app, cast, BUCKET)
    ana = room.desk(cast.ana)
    marks = ana.marks("1")
    bens = Desk(client_of(app, cast.ben), ana.part)
    for path in ("1", "check", "goal", "print", "opened", ""):
        assert bens.get(path).status_code == HTTPStatus.NOT_FOUND
    jane = client_of(app, cast.therapist)
    text = jane.get(f"/couples/tasks/{room.assignment_id}/reflection").text
    token = {"form_token": text.split('name="form_token" value="')[1].split('"')[0]}
    jane.post(f"/couples/tasks/{room.assignment_id}/withdraw", data=token)
    assert ana.write(1, marks=marks, mine="Late").status_code == HTTPStatus.CONFLICT


def test_a_wish_for_a_goal_is_sealed_and_gone_once_both_have_it(app: Flask, cast: Cast) -> None:
    room = room_with(app, cast, "milestones-plan")
    ana, ben = room.desk(cast.ana), room.desk(cast.ben)
    ana.write(1, goal="Qanargoal")
    ana.write(2, steps="Dig\nBuild")
    sent = keep(ana)
    with app.app_context():
        wish = current_session().scalars(select(GoalWish)).one()
        assert b"Qanargoal" not in (wish.words_sealed or b"")
        assert wish.words == "Qanargoal with 2 milestones"
    ana.write(2, steps="Dig\nBuild\nRest")
    changed = ana.client.post(f"{ana.home}/goal", data=sent)
    assert changed.status_code == HTTPStatus.CONFLICT
    keep(ben)  # what Ben reads is not what Ana would keep
    assert "You both keep this" not in ben.words("goal")
    keep(ana)
    assert "You both keep this" in ben.words("goal")
    with app.app_context():
        assert current_session().scalars(select(GoalWish)).all() == []


def keep(desk: Desk) -> dict[str, str]:
    form = desk.look("goal").select_one("article form")
    assert form is not None
    sent = {str(one["name"]): str(one["value"]) for one in form.select("input[type=hidden]")} | {"go": "keep"}
    assert desk.client.post(f"{desk.home}/goal", data=sent).status_code == HTTPStatus.SEE_OTHER
    return sent


def token_of(desk: Desk) -> str:
    return str(desk.look().select_one("[name=form_token]")["value"])  # type: ignore[index]  # every page has one


def test_a_safety_hold_keeps_a_line_shut_and_its_author_is_told_nothing(app: Flask, cast: Cast) -> None:
    ana = (room := room_with(app, cast, "me-you-us", for_one=cast.ana)).desk(cast.ana)
    ana.write(6, tell="Qroom")
    ana.finish("finish")
    seen = {"form_token": token_of(ana), "go": "show", "seen": "1"}
    assert ana.client.post(f"{ana.home}/line", data=seen | {"seen": "7"}).status_code == HTTPStatus.CONFLICT
    assert ana.client.post(f"{ana.home}/line", data=seen).status_code == HTTPStatus.SEE_OTHER
    before = plain(ana)
    with app.test_request_context(), transaction() as session:
        set_hold(session, cast.therapist.member(), cast.couple_id)
    jane = client_of(app, cast.therapist)
    desk = f"/couples/tasks/{room.assignment_id}"
    text = jane.get(f"{desk}/reflection").text
    token = {"form_token": text.split('name="form_token" value="')[1].split('"')[0]}
    assert jane.post(f"{desk}/line", data=token).status_code == HTTPStatus.CONFLICT
    assert plain(ana) == before
    assert "Qroom" not in client_of(app, cast.ben).get("/between-us").text
