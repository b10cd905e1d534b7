"""Every exercise of the library by two people, from being given to what could become a goal, as a browser without script."""

import re
from http import HTTPStatus

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from portal.exercises.checking import library
from portal.exercises.definition import Exercise
from portal.homework.rules import Scope
from tests.exercises.room import Desk, Room, room_with
from tests.exercises.walking import walk
from tests.support.cast import Actor, Cast, client_of

NAMES = [one.id for one in library() if not one.is_hidden]


def exercise_of(name: str) -> Exercise:
    return next(one for one in library() if one.id == name)


def send(desk: Desk, path: str, page: BeautifulSoup, **fields: str) -> int:
    token = str(page.select_one("[name=form_token]")["value"])  # type: ignore[index]  # every page has one
    return desk.client.post(path, data={"form_token": token, **fields}).status_code


def go_through(room: Room, exercise: Exercise) -> None:
    """Let both answer every field of each part and share it; the therapist opens where it is for the therapist."""
    jane = Desk(client_of(room.app, room.cast.therapist), room.assignment_id)
    for stage in exercise.stages:
        for actor, words in ((room.cast.ana, "Ana"), (room.cast.ben, "Ben")):
            desk = room.desk(actor, stage)
            walk(desk, words=words, prefer="make-it-smaller")
            has_reveal = any(one.share is Scope.REVEAL for one in exercise.of_stage(stage))
            finished = desk.finish("share" if has_reveal else "finish")
            assert finished.status_code == HTTPStatus.SEE_OTHER, finished.text
        if exercise.is_marked and has_reveal:
            here = f"/couples/tasks/{room.assignment_id}"
            page = BeautifulSoup(jane.client.get(f"{here}/reflection").text, "html.parser")
            assert send(jane, f"{here}/open/{stage}", page) == HTTPStatus.SEE_OTHER


def keep_first(desk: Desk) -> str:
    """Keep the first suggestion that one has; gives the page afterwards."""
    page = desk.look("goal")
    form = page.select_one("article form")
    assert form is not None, page.main
    sent = {str(one["name"]): str(one["value"]) for one in form.select("input[type=hidden]")}
    assert (
        desk.client.post(f"{desk.home}/goal", data={**sent, "go": "keep"}).status_code == HTTPStatus.SEE_OTHER
    )
    return desk.words("goal")


def a_goal(app: Flask, cast: Cast) -> None:
    """Let the two keep a goal, made of an exercise."""
    room = room_with(app, cast, "milestones-plan")
    go_through(room, exercise_of("milestones-plan"))
    for actor in (cast.ana, cast.ben):
        keep_first(room.desk(actor))


@pytest.mark.parametrize("name", NAMES)
def test_two_people_go_through_it_from_being_given_to_a_goal_of_both(
    app: Flask, cast: Cast, name: str
) -> None:
    exercise = exercise_of(name)
    if exercise.asks_about_goals:
        a_goal(app, cast)
    room = room_with(app, cast, name)
    go_through(room, exercise)
    ana, ben = (room.desk(actor, exercise.stages[-1]) for actor in (cast.ana, cast.ben))
    before = re.sub(r"page_id|[0-9a-f]{16,}", "", ben.words("goal"))
    assert "You both keep this" not in keep_first(ana)
    assert ben.words("goal") == before
    assert "You both keep this" in keep_first(ben)
    assert "You both keep this" in ana.words("goal")
    jane = client_of(app, cast.therapist).get(f"/couples/tasks/{room.assignment_id}/reflection")
    assert "They both keep" in jane.text
    assert "You both keep this" in ana.words("goal")
    shown = [prompt for prompt in exercise.prompts if prompt.share in {Scope.THERAPIST, Scope.PRIVATE}]
    page = ben.words("opened")
    assert [prompt.text for prompt in shown if prompt.text in page] == []


def test_what_the_other_never_learns_of_is_gone_through_by_one_alone(app: Flask, cast: Cast) -> None:
    exercise = exercise_of("me-you-us")
    room = room_with(app, cast, "me-you-us", for_one=cast.ana)
    ana = room.desk(cast.ana)
    walk(ana, words="Qmine")
    assert ana.finish("finish").status_code == HTTPStatus.SEE_OTHER
    ben = client_of(app, cast.ben)
    paths = ("/home", "/tasks", "/between-us", "/privacy")
    before = {path: ben.get(path).text for path in paths}
    page = ana.look()
    form = next(one for one in page.select("form") if "/line" in str(one.get("action")))
    sent = {str(one["name"]): str(one["value"]) for one in form.select("input[type=hidden]")}
    assert ana.client.post(str(form["action"]), data=sent).status_code == HTTPStatus.SEE_OTHER
    assert {path: plain(ben.get(path).text) for path in paths} == {
        path: plain(text) for path, text in before.items()
    }
    jane = Desk(client_of(app, cast.therapist), room.assignment_id)
    desk = f"/couples/tasks/{room.assignment_id}"
    shown = BeautifulSoup(jane.client.get(f"{desk}/reflection").text, "html.parser")
    assert "Qmine of tell" in shown.text
    assert "which" not in {
        prompt.id for prompt in exercise.prompts if f"Qmine 1 of {prompt.id}" in shown.text
    }
    assert send(jane, f"{desk}/line", shown) == HTTPStatus.SEE_OTHER
    read = ben.get("/between-us").text
    assert read.count("Qmine") == 2  # the line, and what it suggests
    assert not [prompt.text for prompt in exercise.prompts if prompt.text in read]
    assert exercise.title not in read
    for client in (ben, ana.client):
        offered = BeautifulSoup(client.get("/between-us").text, "html.parser").select_one("article form")
        assert offered is not None
        sent = {str(one["name"]): str(one["value"]) for one in offered.select("input[type=hidden]")}
        client.post(str(offered["action"]), data={**sent, "go": "keep"})
    assert "You both keep this" in ben.get("/between-us").text
    again = BeautifulSoup(ana.get().text, "html.parser")
    assert send(ana, f"{ana.home}/line", again, go="hide") == HTTPStatus.SEE_OTHER
    assert "Qmine of tell" not in ben.get("/tasks").text


def plain(text: str) -> str:
    """Leave out what differs from load to load: tokens and nonces."""
    return re.sub(r'(value|nonce|content)="[^"]{12,}"|"X-Form-Token": ?"[^"]*"', "", text)


def test_the_other_is_never_asked_about_it_too(app: Flask, cast: Cast) -> None:
    jane: Actor = cast.therapist
    client = client_of(app, jane)
    page = client.get(f"/couples/{cast.couple_id}/tasks/new").text
    token = page.split('name="form_token" value="')[1].split('"')[0]
    sent = {"form_token": token, "task": "exercise:me-you-us", "for_whom": "both"}
    refused = client.post(f"/couples/{cast.couple_id}/tasks/new", data=sent)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "for one person alone" in refused.text
