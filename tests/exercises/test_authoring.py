"""A therapist writes an exercise, looks at it as either partner, and gives it; what was given stays what it was."""

import re
from collections import OrderedDict
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update
from werkzeug.test import TestResponse

from portal.clock import utc_now
from portal.exercises.checking import find_exercise
from portal.exercises.definition import Exercise
from portal.exercises.drafts import as_exercise, read_draft
from portal.exercises.models import ExerciseVersion, OwnExercise
from portal.homework.models import Assignment, TaskKind
from portal.homework.registry import task_of
from portal.homework.rules import Standing
from portal.homework.service import assign, end_assignment
from portal.transaction import ConstraintViolated, current_session, transaction
from tests.exercises.room import Room
from tests.exercises.walking import walk
from tests.homework.test_views import send, words
from tests.support.cast import Cast, client_of, make_cast
from tests.support.statements import counted

MOST_STATEMENTS = {
    "1": 7,
    "2": 6,
}  # the first of a part notes that it was begun, and reads the version in place of a look
HEAD = {
    "title": "Qanartitle",
    "purpose": "Qanarpurpose",
    "minutes": "15",
    "mode": "alone_then_reveal",
    "follow_up": "Talk.",
}
LINE = {"kind": "short_text", "text": "Something Qanarasked", "share": "reveal", "stage": "1"}


class Desk:
    """A therapist in front of one exercise."""

    def __init__(self, client: FlaskClient, address: str) -> None:
        self.client, self.address = client, address

    @property
    def id(self) -> str:
        return self.address.rpartition("/")[2]

    def page(self, path: str = "") -> BeautifulSoup:
        answer = self.client.get(f"{self.address}{path}")
        assert answer.status_code == 200, answer.status_code
        return BeautifulSoup(answer.text, "html.parser")

    def send(self, path: str, **fields: str) -> TestResponse:
        return send(self.client, f"{self.address}{path}", **fields)

    def asks(self, **fields: str) -> str:
        """Add a question; gives its id."""
        before = set(self.prompts())
        assert self.send("/questions/new", **{**LINE, **fields}).status_code == 303
        return next(one for one in self.prompts() if one not in before)

    def prompts(self) -> list[str]:
        return [
            str(one["id"]).removeprefix("question-") for one in self.page().select("article[id^=question-]")
        ]

    def changes(self, prompt_id: str, **fields: str) -> TestResponse:
        form = self.page(f"/questions/{prompt_id}")
        seen = form.select_one("[name=seen]")
        assert seen is not None
        return self.send(f"/questions/{prompt_id}", **{**LINE, "seen": str(seen["value"]), **fields})

    def publishes(self) -> TestResponse:
        return self.send("/publish")


@pytest.fixture
def jane(app: Flask, cast: Cast) -> FlaskClient:
    return client_of(app, cast.therapist)


@pytest.fixture
def sam(app: Flask, cast: Cast) -> FlaskClient:
    return client_of(app, cast.stranger)


def begun(client: FlaskClient, **head: str) -> Desk:
    made = send(client, "/practice/exercises/new", **{**HEAD, **head})
    assert made.status_code == 303, made.text
    return Desk(client, made.location)


def copied(client: FlaskClient, task_id: str, version: str = "1") -> Desk:
    made = send(client, "/practice/exercises/copy", task_id=task_id, version=version)
    assert made.status_code == 303, made.text
    return Desk(client, made.location)


def given(app: Flask, cast: Cast, desk: Desk, version: str) -> Room:
    with app.test_request_context(), transaction() as session:
        task = task_of(TaskKind.EXERCISE, desk.id, version)
        made = assign(session, cast.therapist.member(), cast.couple_id, task, now=utc_now())
        return Room(app, cast, made.id)


def test_two_people_go_through_an_exercise_that_their_therapist_wrote(
    app: Flask, cast: Cast, jane: FlaskClient
) -> None:
    desk = begun(jane)
    desk.asks()
    desk.asks(
        kind="choose_many", text="What Qanarchosen", options="sea\nhill\ncity", most="3", share="therapist"
    )
    wish = desk.asks(kind="long_text", text="Our Qanarplan", share="joint", stage="2")
    assert desk.send("/goal", type="shared", template="We do {it}", seen="").status_code == 409
    seen = desk.page("/goal").select_one("[name=seen]")
    assert seen is not None
    kept = desk.send("/goal", type="shared", template="We do {it}", seen=str(seen["value"]))
    assert kept.location.endswith("/goal")
    seen = desk.page("/goal").select_one("[name=seen]")
    assert seen is not None
    desk.send("/goal", type="shared", template="We do {it}", seen=str(seen["value"]), **{"gap-it": wish})
    assert desk.publishes().status_code == 303
    offered = jane.get(f"/couples/{cast.couple_id}/tasks/new").text
    assert "Qanartitle" in offered
    assert (
        send(
            jane, f"/couples/{cast.couple_id}/tasks/new", task=f"exercise:{desk.id}", for_whom="both"
        ).status_code
        == 303
    )
    with app.app_context():
        room = Room(
            app,
            cast,
            current_session().scalars(select(Assignment.id).where(Assignment.task_id == desk.id)).one(),
        )
    for actor in (cast.ana, cast.ben):
        walk(room.desk(actor), words=f"Qanar{actor.user_name}")
        assert room.desk(actor).finish().status_code == 303
    assert "Qanarben" in room.desk(cast.ana).words("opened")
    assert "Qanarchosen" not in room.desk(cast.ana).words("opened")
    walk(room.desk(cast.ana, 2), words="Qanartogether")
    assert "We do Qanartogether" in room.desk(cast.ben, 2).words("goal")
    assert "Qanarchosen" in jane.get(f"/couples/tasks/{room.assignment_id}/reflection").text
    assert "Qanarasked" in room.desk(cast.ana).words("print")


def test_a_question_of_ones_own_shows_what_the_other_said_the_last_time(
    app: Flask, cast: Cast, jane: FlaskClient
) -> None:
    desk = begun(jane)
    plan = desk.asks(text="One plan of mine")
    asked = desk.asks(text="Did it work?", kind="yes_no_unsure", share="joint", recalls=f"partner:{plan}")
    beside = desk.page(f"/questions/{asked}").select_one("#recalls-error")
    assert beside is not None
    assert desk.publishes().status_code == 422
    desk.changes(asked, text="Did it work?", kind="yes_no_unsure", recalls=f"partner:{plan}")
    assert desk.publishes().status_code == 303
    for words_then, words_now in (("Qanarfirst", ""), ("Qanarsecond", "Qanarfirst")):
        room = given(app, cast, desk, "1")
        for actor in (cast.ana, cast.ben):
            part = room.desk(actor)
            assert (words_now in part.words("2")) is True
            assert f"{actor.user_name} {words_now}" not in part.words("2")
            part.write(1, "next", None, **{plan: f"{actor.user_name} {words_then}"})
            assert part.finish().status_code == 303
        with app.test_request_context(), transaction() as session:
            end_assignment(
                session, cast.therapist.member(), room.assignment_id, Standing.CLOSED, now=utc_now()
            )


def test_what_was_given_stays_as_it_was_whatever_is_written_later(
    app: Flask, cast: Cast, jane: FlaskClient
) -> None:
    desk = begun(jane)
    first = desk.asks()
    desk.publishes()
    room = given(app, cast, desk, "1")
    walk(room.desk(cast.ana), words="Qanarana")
    assert desk.changes(first, text="Something else").status_code == 303
    assert desk.prompts() != [first]  # what asks something else is another question
    assert desk.publishes().status_code == 303
    assert desk.send("/offer", go="retire").status_code == 303
    assert "Qanartitle" not in jane.get(f"/couples/{cast.couple_id}/tasks/new").text
    shown = room.desk(cast.ana).words("1")
    assert "Qanarasked" in shown
    assert "Something else" not in shown
    for actor in (cast.ana, cast.ben):
        room.desk(actor).write(1, "next", None, **{first: "Qanarword"})
        assert room.desk(actor).finish().status_code == 303
    assert "Qanarasked" in room.desk(cast.ben).words("opened")
    assert "Qanarasked" in jane.get(f"/couples/tasks/{room.assignment_id}/reflection").text
    desk.send("/offer", go="again")
    assert "Qanartitle" in jane.get(f"/couples/{cast.couple_id}/tasks/new").text


def test_a_save_costs_few_statements_also_in_a_process_that_has_not_read_the_version(
    app: Flask, cast: Cast, jane: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = begun(jane)
    prompt = desk.asks()
    desk.publishes()
    ana = given(app, cast, desk, "1").desk(cast.ana)
    marks = ana.marks("1")
    monkeypatch.setattr("portal.exercises.finding._kept", OrderedDict())
    for serial, most in MOST_STATEMENTS.items():
        with counted(app) as statements:
            saved = ana.write(1, "", {**marks, "serial": serial}, **{prompt: f"Qanarword {serial}"})
        assert saved.status_code == 200
        assert len(statements) <= most, "\n".join(statements)


def test_whatever_is_written_stands_there_as_text(app: Flask, cast: Cast, jane: FlaskClient) -> None:
    evil = "<script>alert(1)</script> {{7*7}} ${7*7} %(name)s [x](javascript:1) <img src=//e.vil>"
    desk = begun(jane, title=evil, purpose=evil)
    desk.asks(text=evil, kind="choose_many", options=f"{evil}\nother")
    desk.publishes()
    ana = given(app, cast, desk, "1").desk(cast.ana)
    paths = (
        desk.address,
        "/practice/exercises",
        f"/practice/exercises/look/{desk.id}/1/a/1/1",
        f"/reflections/empty/{desk.id}/1",
    )
    for answer in (ana.get(), ana.get("1"), *(jane.get(path) for path in paths)):
        assert answer.status_code == 200
        assert (
            "alert(1)</script> {{7*7}} ${7*7} %(name)s"
            in BeautifulSoup(answer.text, "html.parser").get_text()
        )
        assert "<script>alert" not in answer.text
        assert "<img src=//" not in answer.text


def test_a_pathway_gives_an_own_exercise_in_its_newest_version(
    app: Flask, cast: Cast, jane: FlaskClient, sam: FlaskClient
) -> None:
    desk = begun(jane)
    prompt = desk.asks()
    desk.publishes()
    step = {"steps-0-task": f"exercise:{desk.id}", "steps-0-delivery": "at_once"}
    assert send(sam, "/practice/pathways/new", title="Theirs", **step).status_code == 422  # it is not shared
    assert send(jane, "/practice/pathways/new", title="Qanarway", **step).status_code == 303
    assert "Qanartitle" in jane.get("/practice/pathways").text
    assert "Qanartitle" not in sam.get("/practice/pathways").text
    desk.changes(prompt, text="Asked in the second version")
    desk.publishes()
    couple = f"/couples/{cast.couple_id}"
    plan = BeautifulSoup(jane.get(f"{couple}/pathways/new").text, "html.parser").select_one("[name=plan]")
    assert plan is not None
    started = send(
        jane, f"{couple}/pathways/new", plan=str(plan["value"]), for_whom="both", zone="Europe/London"
    )
    assert started.status_code == 303
    assert "Qanartitle" in jane.get(couple).text
    with app.app_context():
        assert current_session().scalars(select(Assignment.task_version)).all() == ["2"]


def test_the_database_refuses_to_change_a_version(either_app: Flask) -> None:
    app = either_app
    with app.app_context(), transaction() as session:
        cast = make_cast(session)
    desk = begun(client_of(app, cast.therapist))
    desk.asks()
    desk.publishes()
    for statement in (
        update(ExerciseVersion).values(content_sealed=None),
        text("delete from exercise_version"),
    ):
        with (
            app.app_context(),
            pytest.raises(ConstraintViolated, match="exercise_version_kept"),
            transaction() as session,
        ):
            session.execute(statement)


def test_publishing_the_same_again_makes_no_version(app: Flask, cast: Cast, jane: FlaskClient) -> None:
    desk = begun(jane)
    assert desk.publishes().status_code == 422
    prompt = desk.asks()
    assert "The newest version says" not in words(jane.get(desk.address))
    assert desk.publishes().status_code == 303
    assert "The newest version says what stands here." in words(jane.get(desk.address))
    assert "Changed since" not in words(jane.get("/practice/exercises"))
    again = desk.publishes()
    assert again.status_code == 409
    assert "nothing to publish" in words(again)
    desk.changes(prompt, text=LINE["text"], is_required="y")
    assert "Changed since" in words(jane.get("/practice/exercises"))
    assert desk.publishes().status_code == 303
    with app.app_context():
        assert current_session().scalars(select(ExerciseVersion.number)).all() == [1, 2]


def test_colleagues_see_what_is_shared_and_change_nothing_of_it(
    app: Flask, cast: Cast, jane: FlaskClient, sam: FlaskClient
) -> None:
    desk = begun(jane)
    desk.asks()
    theirs = Desk(sam, desk.address)
    look = f"/practice/exercises/look/{desk.id}/1/a"
    assert desk.send("/offer", go="share").status_code == 422  # there is no version to share
    desk.publishes()
    assert sam.get(look).status_code == 404
    assert send(sam, "/practice/exercises/copy", task_id=desk.id, version="1").status_code == 404
    assert "Qanartitle" not in sam.get("/practice/exercises").text
    desk.send("/offer", go="share")
    assert "Qanartitle" in sam.get("/practice/exercises").text
    assert sam.get(look).status_code == 200
    for path in ("", "/about", "/goal", "/questions/new", f"/questions/{desk.prompts()[0]}"):
        assert sam.get(f"{desk.address}{path}").status_code == 404
    for path, fields in (
        ("/publish", {}),
        ("/offer", {"go": "retire"}),
        ("/about", HEAD),
        ("/questions/new", LINE),
    ):
        assert theirs.send(path, **fields).status_code == 404
    assert sam.get(f"/practice/exercises/look/{desk.id}/draft/a").status_code == 404
    copy = copied(sam, desk.id)
    assert copy.id != desk.id
    assert "Qanarasked" in words(sam.get(copy.address))
    room = given(app, cast, desk, "1")
    desk.send("/offer", go="keep")
    assert sam.get(look).status_code == 404
    assert "Qanarasked" in room.desk(cast.ana).words("1")
    assert "Qanarasked" in words(sam.get(copy.address))


@pytest.mark.parametrize(
    ("name", "side"),
    [("joint-bucket-list", "a"), ("revisit-and-revise", "b"), ("me-you-us", "a"), ("one-shared-goal", "b"), ("values-compass", "a")],
)  # fmt: skip
def test_every_page_can_be_looked_at_as_either_partner(jane: FlaskClient, name: str, side: str) -> None:
    page, asked = f"/practice/exercises/look/{name}/1/{side}", ""
    while page:
        answer = jane.get(page)
        assert answer.status_code == 200
        shown = BeautifulSoup(answer.text, "html.parser")
        assert f"As Partner {side.upper()} sees it" in shown.get_text()
        assert not shown.select("main section.look form, main section.look button[type=submit]")
        assert "answers that are not there yet" not in answer.text
        asked += words(answer)
        way = shown.select_one("main a.button.main")
        page = str(way["href"]) if way else ""
    assert all(prompt.text in asked for prompt in find_exercise(name, "1").prompts)
    assert ("Here only Partner A writes" in asked) == (name == "one-shared-goal")


def test_a_preview_says_who_reads_an_answer_in_the_words_that_partners_get(
    app: Flask, cast: Cast, jane: FlaskClient
) -> None:
    desk = begun(jane)
    for share in ("reveal", "therapist", "private", "joint"):
        desk.asks(
            text=f"Asked {share}", share=share, is_beside="y" if share in {"therapist", "private"} else ""
        )
    desk.publishes()
    room = given(app, cast, desk, "1")
    for number in ("1", "2"):
        theirs = [one.get_text() for one in room.desk(cast.ana).look(number).select("p.scope")]
        shown = jane.get(f"/practice/exercises/look/{desk.id}/1/a/1/{number}")
        mine = [
            one.get_text() for one in BeautifulSoup(shown.text, "html.parser").select("section.look p.scope")
        ]
        assert [one.replace("Partner B", "Ben") for one in mine] == theirs
        assert theirs
    bench = " ".join(one.get_text() for one in desk.page().select("p.scope"))
    assert "Partner B sees this only after you have both shared." in bench
    with app.app_context():
        assert current_session().scalars(select(Assignment)).one().task_id == desk.id  # looking gave nothing


def test_two_windows_lose_nothing(jane: FlaskClient) -> None:
    desk = begun(jane)
    prompt = desk.asks()
    seen = desk.page(f"/questions/{prompt}").select_one("[name=seen]")
    assert seen is not None
    assert desk.changes(prompt, text="First window").status_code == 303
    late = desk.send(f"/questions/{prompt}", **{**LINE, "text": "Second window", "seen": str(seen["value"])})
    assert late.status_code == 409
    assert "Second window" in late.text
    other = desk.asks(text="Another one")
    assert desk.send(f"/questions/{other}/arrange", go="up").status_code == 303
    assert desk.prompts() == [other, prompt]
    desk.send(f"/questions/{other}/arrange", go="double")
    assert len(desk.prompts()) == 3
    taken_out = [str(one["value"]) for one in desk.page().select("details.asks [name=go]")]
    assert taken_out == ["remove"] * (
        len(desk.prompts()) + 1
    )  # each asks first; the last is for the whole draft
    desk.send(f"/questions/{other}/arrange", go="remove")
    assert len(desk.prompts()) == 2
    assert desk.send(f"/questions/{other}/arrange", go="remove").status_code == 404
    assert desk.send(f"/questions/{prompt}/arrange", go="sideways").status_code == 404


SLIPS: list[tuple[dict[str, str], str]] = [
    ({"text": ""}, "Please write what is asked."),
    ({"text": "x" * 100_000}, "This is longer than 500 characters."),
    ({"text": "turned \u202e round"}, "turn the direction of writing"),
    ({"text": "\u200b\u200d"}, "There is nothing to read in this."),
    ({"text": "nul \x00"}, "cannot be stored"),
    ({"kind": "choose_many", "options": "\n".join(map(str, range(41)))}, "at most 40 choices"),
    ({"kind": "choose_many", "options": "a\na"}, "twice"),
    ({"kind": "choose_many", "options": "a\n" + "b" * 121}, "longer than 120"),
    ({"kind": "choose_many", "options": "a", "most": "99999999999999999999"}, "From 1 to 40."),
    ({"kind": "ranking", "options": "a", "top": "-1"}, "From 1 to 10."),
    ({"per": "nothing"}, "what is offered"),
    ({"per": "partner:nothing"}, "what is offered"),
    ({"stage": "7"}, "what is offered"),
    ({"stage": "x"}, "what is offered"),
    ({"repeat": "1000000"}, "From 2 to 10."),
    ({"share": "everybody"}, "Not a valid choice"),
    ({"kind": "essay"}, "Not a valid choice"),
]  # fmt: skip


def test_what_cannot_be_meant_is_marked_and_everything_typed_is_kept(jane: FlaskClient) -> None:
    desk = begun(jane)
    for typed, sentence in SLIPS:
        wrong = desk.send("/questions/new", **{**LINE, "is_required": "y", **typed})
        assert wrong.status_code == 422, typed
        assert sentence in wrong.text
        box = BeautifulSoup(wrong.text, "html.parser").select_one("[name=is_required]")
        assert box is not None
        assert box.has_attr("checked")
    assert desk.prompts() == []


def test_what_makes_no_sense_yet_is_kept_and_named_beside_its_field(jane: FlaskClient) -> None:
    desk = begun(jane, follow_up="")
    secret = desk.asks(text="A secret", share="private")
    told = desk.send("/questions/new", **{**LINE, "text": "About it", "per": secret})
    assert re.search(r"/questions/q[0-9a-f]{10}$", told.location)
    page = BeautifulSoup(jane.get(told.location).text, "html.parser")
    beside = page.select_one("#share-error")
    assert beside is not None
    assert "what “A secret” said" in beside.get_text()
    assert "“A secret”" in words(jane.get(desk.address))
    assert "Please say how to go on afterwards." in words(jane.get(desk.address))
    refused = desk.publishes()
    assert refused.status_code == 422
    assert jane.get(f"/practice/exercises/look/{desk.id}/draft/a").status_code == 404
    shown = desk.send("/questions/new", **{**LINE, "kind": "ranking", "go": "kind"})
    assert shown.status_code == 200
    assert "Places of the ranking" in shown.text
    assert LINE["text"] in shown.text
    assert len(desk.prompts()) == 2


@pytest.mark.parametrize("task_id", ["revisit-and-revise", "values-compass", "rooting-two-weeks-on"])
def test_what_a_copied_question_has_stays_when_it_is_kept_as_it_is(
    app: Flask, jane: FlaskClient, task_id: str
) -> None:
    desk = copied(jane, task_id)
    stored = draft_of(app, desk)
    for prompt_id in desk.prompts():
        page, fields = desk.page(f"/questions/{prompt_id}"), {}
        for one in page.select("main form input, main form textarea, main form select"):
            name, kind = str(one["name"]), str(one.get("type", ""))
            chosen = one.select_one("option[selected]") if one.name == "select" else None
            if one.name == "select":
                fields[name] = str(chosen["value"]) if chosen else str(one.select("option")[0]["value"])
            elif one.name == "textarea":
                fields[name] = one.get_text().strip()
            elif kind not in {"radio", "checkbox"} or one.has_attr("checked"):
                fields[name] = str(one.get("value", ""))
        fields.pop("form_token")
        assert desk.send(f"/questions/{prompt_id}", **fields).status_code == 303
    assert draft_of(app, desk) == stored
    assert desk.publishes().status_code == 303


def test_a_draft_goes_and_what_was_published_does_not(app: Flask, jane: FlaskClient) -> None:
    draft, kept = begun(jane), begun(jane)
    kept.asks()
    kept.publishes()
    assert draft.send("/offer", go="remove").status_code == 303
    assert kept.send("/offer", go="remove").status_code == 409
    with app.app_context():
        assert current_session().scalars(select(OwnExercise.id)).all() == [UUID(kept.id)]


def test_what_is_not_there_is_not_found(jane: FlaskClient) -> None:
    for path in (
        "look/values-compass/2/a", "look/values-compass/1/c", "look/values-compass/1/a/9/start", "look/values-compass/1/a/1/99",
        "look/values-compass/draft/a", "look/00000000-0000-0000-0000-000000000001/1/a", "look/values-compass/1/a/1/-1",
        "look/00000000-0000-0000-0000-000000000001/99999999999999999999/a",
    ):  # fmt: skip
        assert jane.get(f"/practice/exercises/{path}").status_code == 404, path


def draft_of(app: Flask, desk: Desk) -> Exercise:
    with app.app_context():
        row = current_session().get_one(OwnExercise, UUID(desk.id))
        return as_exercise(read_draft(row.draft), "own", "1")
