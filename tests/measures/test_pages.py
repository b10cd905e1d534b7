"""Bringing words, giving, answering, and reading what it comes to, as people meet it."""

import json
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.homework.models import Assignment, Response
from portal.measures.models import MeasureScore, MeasureWording
from portal.notices.models import MessagePart
from portal.transaction import transaction
from tests.measures.files import json_file, words_of
from tests.measures.scene import answer_all, bring, give_to, retire_all, token
from tests.support.cast import Actor, Cast, client_of

PHQ = "/practice/questionnaires/phq9"
CONFIRMED = {"holder": "The holder", "terms": "As <b>they</b> say.", "source": "A letter", "confirmed": "y"}


def send(client: FlaskClient, content: bytes, path: str = PHQ, **said: str) -> tuple[int, str]:
    data: dict[str, object] = {**CONFIRMED, **said, "form_token": token(client, PHQ), "file": (BytesIO(content), "words.json")}  # fmt: skip
    answer = client.post(path, data=data, content_type="multipart/form-data")
    return answer.status_code, answer.get_data(as_text=True)


def test_without_words_a_questionnaire_cannot_be_given_and_the_page_says_why(app: Flask, cast: Cast) -> None:
    jane = client_of(app, cast.therapist)
    assert "measure:phq9" not in jane.get(f"/couples/{cast.couple_id}/tasks/new").get_data(as_text=True)
    page = jane.get(PHQ).get_data(as_text=True)
    assert "has not brought its words" in page and "brings words and confirms" in page
    again = jane.get(f"/couples/{cast.couple_id}/measures/again").get_data(as_text=True)
    assert "has brought its words" in again
    bring(app, cast, "phq9")
    assert "measure:phq9" in jane.get(f"/couples/{cast.couple_id}/tasks/new").get_data(as_text=True)
    retire_all(app)
    assert "measure:phq9" not in jane.get(f"/couples/{cast.couple_id}/tasks/new").get_data(as_text=True)


def test_the_owner_brings_words_and_confirms_their_licence(app: Flask, cast: Cast) -> None:
    olive = client_of(app, cast.owner)
    assert send(olive, json_file("phq9"))[0] == 303
    with app.app_context(), transaction() as session:
        (row,) = session.query(MeasureWording).all()
        assert (row.version, row.imported_by_id, row.licence_holder) == (
            1,
            cast.owner.person_id,
            "The holder",
        )
        assert (row.licence_terms, row.licence_source) == ("As <b>they</b> say.", "A letter")
    page = olive.get(PHQ).get_data(as_text=True)
    assert "As &lt;b&gt;they&lt;/b&gt; say." in page and "Version 1" in page
    assert send(olive, json_file("phq9", title="Anew"))[0] == 303
    page = olive.get(PHQ).get_data(as_text=True)
    assert page.index("Version 2") < page.index("Version 1")


def test_a_file_is_refused_with_everything_at_once_and_what_was_typed_is_kept(app: Flask, cast: Cast) -> None:
    olive, data = client_of(app, cast.owner), words_of("phq9")
    data["items"][2]["text"] = ""
    del data["items"][8]
    status, page = send(olive, json.dumps(data, indent=1).encode())
    assert status == 422
    assert re.search(r"Line \d+, item 3: ", page) and "item 9: " in page and "8 / 9" in page
    assert 'value="The holder"' in page
    status, page = send(olive, b'{"title": "<script>alert(1)</script>", "<img>": 1}')
    assert status == 422 and "<script>alert" not in page and "&lt;img&gt;" in page
    assert send(olive, json_file("phq9"), confirmed="")[0] == 422
    assert send(olive, b"\xff\xfe\x00")[0] == 422
    assert send(olive, b"x" * 400_000)[0] == 422
    with app.app_context(), transaction() as session:
        assert session.query(MeasureWording).count() == 0


def test_nobody_but_the_owner_brings_words(app: Flask, cast: Cast) -> None:
    jane = client_of(app, cast.therapist)
    path = f"/couples/{cast.couple_id}/tasks/new"
    data = {**CONFIRMED, "form_token": token(jane, path), "file": (BytesIO(json_file("phq9")), "words.json")}
    assert jane.post(PHQ, data=data, content_type="multipart/form-data").status_code == 404


def test_the_empty_file_can_be_downloaded_and_has_no_words(app: Flask, cast: Cast) -> None:
    answer = client_of(app, cast.therapist).get("/practice/questionnaires/csi16/empty.toml")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="csi16.toml"'
    assert set(re.findall(r'(?:text|left|right) = "(.*)"', answer.get_data(as_text=True))) == {""}


def test_both_answer_alone_and_the_therapist_reads_what_it_comes_to(app: Flask, cast: Cast) -> None:
    bring(app, cast, "csi16")
    parts = give_to(app, cast, "csi16", cast.ana, cast.ben)
    ana, ben, jane = (client_of(app, one) for one in (cast.ana, cast.ben, cast.therapist))
    answer_all(ana, parts[0], {str(n): 3 for n in range(1, 17)})
    result = ana.get(f"/forms/{parts[0]}/result").get_data(as_text=True)
    assert "48" in result and "many couples describe notable dissatisfaction" in result
    assert "distressed" not in result and "Thank you" in result
    assert ben.get(f"/forms/{parts[1]}/result").status_code == 303
    assert (
        ben.get(f"/forms/{parts[0]}").status_code == ben.get(f"/forms/{parts[0]}/result").status_code == 404
    )
    with app.app_context(), transaction() as session:
        assignment_id = session.get_one(Response, parts[0]).assignment_id
    page = jane.get(f"/couples/tasks/{assignment_id}/measure").get_data(as_text=True)
    assert "16 of 16 answered" in page and "below the cut-off" in page and "3 · place 3" in page
    assert "Not finished yet" in page


def test_the_score_printed_beside_a_place_is_kept_whatever_the_order(app: Flask, cast: Cast) -> None:
    bring(app, cast, "csi16")
    (part, _) = give_to(app, cast, "csi16", cast.ana, cast.ben)
    ana = client_of(app, cast.ana)
    answer_all(ana, part, {str(n): 5 for n in range(1, 17)} | {"1": 6})
    assert "81" in ana.get(f"/forms/{part}/result").get_data(as_text=True)


def test_what_was_sent_stays_as_it_is(app: Flask, cast: Cast) -> None:
    bring(app, cast, "gad7")
    (part,) = give_to(app, cast, "gad7", cast.ana)
    ana = client_of(app, cast.ana)
    answer_all(ana, part, {str(n): 1 for n in range(1, 8)})
    assert ana.post(f"/tasks/{part}/reopen", data={"form_token": token(ana, "/tasks")}).status_code == 409
    assert ana.post(f"/forms/{part}/check", data={"form_token": token(ana, "/tasks")}).status_code in {
        404,
        409,
    }
    assert ana.get(f"/forms/{part}/1").status_code == 303
    assert "Change it once more" not in ana.get("/tasks").get_data(as_text=True)


def test_later_words_do_not_change_a_sitting(app: Flask, cast: Cast) -> None:
    bring(app, cast, "gad7")
    (part,) = give_to(app, cast, "gad7", cast.ana)
    with app.app_context(), transaction() as session:
        session.add(
            MeasureWording(
                key_id="gad7", version=2, imported_by_id=cast.owner.person_id, licence_holder="x", licence_terms="x",
                licence_source="x", content=session.query(MeasureWording).one().content.replace("Item", "Later"),
            )
        )  # fmt: skip
    ana = client_of(app, cast.ana)
    ana.post(f"/forms/{part}", data={"form_token": token(ana, f"/forms/{part}")})
    page = ana.get(f"/forms/{part}/1").get_data(as_text=True)
    assert "Item 3 of the test file" in page and "Later" not in page
    answer_all(ana, part, {str(n): 1 for n in range(1, 8)})
    with app.app_context(), transaction() as session:
        assert '"1/1"' in session.query(MeasureScore).one().content


def test_an_answer_that_is_none_is_refused_and_nothing_is_lost(app: Flask, cast: Cast) -> None:
    bring(app, cast, "gad7")
    (part,) = give_to(app, cast, "gad7", cast.ana)
    ana = client_of(app, cast.ana)
    ana.post(f"/forms/{part}", data={"form_token": token(ana, f"/forms/{part}")})
    path = f"/forms/{part}/1"
    for wrong in ("4", "-1", "1.0", "９", "x" * 100_000):
        data = {"form_token": token(ana, path), "item-1": wrong, "item-2": "3", "go": "next"}
        answer = ana.post(path, data=data)
        assert answer.status_code == 422
        assert re.search(r'checked[^>]*name="item-2"[^>]*value="3"', answer.get_data(as_text=True))


def test_left_out_is_no_zero_and_too_much_of_it_makes_no_result(app: Flask, cast: Cast) -> None:
    bring(app, cast, "gad7")
    (part,) = give_to(app, cast, "gad7", cast.ana)
    ana = client_of(app, cast.ana)
    answer_all(ana, part, {"1": 3, "2": 3, "3": "prefer_not_to_say"})
    page = ana.get(f"/forms/{part}/result").get_data(as_text=True)
    assert "Too much was left out" in page and "2 of 7 answered" in page


@pytest.mark.parametrize("last", [0, 1])
def test_the_watched_answer_brings_help_to_the_person_and_a_task_to_the_therapist_alone(
    app: Flask, cast: Cast, last: int
) -> None:
    bring(app, cast, "phq9")
    (part,) = give_to(app, cast, "phq9", cast.ana)
    ana, jane = client_of(app, cast.ana), client_of(app, cast.therapist)
    answer_all(ana, part, {"1": 0, "9": last})
    page = ana.get(f"/forms/{part}/result").get_data(as_text=True)
    assert ("You do not have to be alone" in page) == bool(last)
    today = jane.get("/today").get_data(as_text=True)
    assert ("speak alone today" in today) == bool(last)
    assert "Couple 07" in today and "Ana" not in today.split("individual-answers")[1].split("</section>")[0]
    course = jane.get(f"/couples/{cast.couple_id}/measures").get_data(as_text=True)
    assert ("Speak with this person alone today" in course) == bool(last)
    with app.app_context(), transaction() as session:
        score_id = session.query(MeasureScore).one().id
    for act in ("read", "spoken"):
        path = f"/couples/{cast.couple_id}/measures/{score_id}/{act}"
        assert jane.post(path, data={"form_token": token(jane, "/today")}).status_code == 303
    assert "individual-answers" not in jane.get("/today").get_data(as_text=True)
    assert client_of(app, cast.stranger).get(f"/couples/{cast.couple_id}/measures").status_code == 404


def test_change_is_told_in_calm_words_to_the_person_and_with_both_views_to_the_therapist(
    app: Flask, cast: Cast
) -> None:
    bring(app, cast, "csi16")
    began = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
    for month, value in enumerate((2, 3, 4)):
        with time_machine.travel(began + timedelta(days=30 * month), tick=False):
            part, _ = give_to(app, cast, "csi16", cast.ana, cast.ben)
            answer_all(client_of(app, cast.ana), part, {str(n): value for n in range(1, 17)})
            with app.app_context(), transaction() as session:
                session.query(Assignment).update({"standing": "closed"})
            page = client_of(app, cast.ana).get(f"/forms/{part}/result").get_data(as_text=True)
            assert ("clearly more satisfied than at the start" in page) == bool(month)
            assert "recovered" not in page and "RCI" not in page
    page = client_of(app, cast.therapist).get(f"/couples/{cast.couple_id}/measures").get_data(as_text=True)
    assert "recovered: reliably better" in page and "clearly real" in page and "provisional" in page
    assert page.count("RCI") == 4 and "<svg" in page and "32, 48, 64" in page
    assert "middle by themselves" in page


def test_the_practices_own_figures_take_the_place_of_published_ones(app: Flask, cast: Cast) -> None:
    olive, path = client_of(app, cast.owner), "/practice/questionnaires/csi16"
    form = {"form_token": token(olive, path), "deviation": "15", "reliability": "0.8", "citation": "Our 200 couples"}  # fmt: skip
    assert olive.post(f"{path}/figures", data={**form, "reliability": "2"}).status_code == 422
    assert olive.post(f"{path}/figures", data=form).status_code == 303
    assert "deviation 15, reliability 0.8" in olive.get(path).get_data(as_text=True)
    assert olive.post(f"{path}/figures/published", data=form).status_code == 303
    assert "In force" not in olive.get(path).get_data(as_text=True)
    assert olive.post(f"{PHQ}/figures", data=form).status_code == 422


def test_one_about_one_person_is_never_given_to_both(app: Flask, cast: Cast) -> None:
    bring(app, cast, "phq9", "csi4")
    jane, path = client_of(app, cast.therapist), f"/couples/{cast.couple_id}/tasks/new"
    data = {"form_token": token(jane, path), "task": "measure:phq9", "for_whom": "both"}
    assert jane.post(path, data=data).status_code == 422
    with app.app_context(), transaction() as session:
        assert session.query(Assignment).count() == 0


def test_an_inbox_that_both_read_gets_no_mail_about_one_of_them(app: Flask, cast: Cast) -> None:
    bring(app, cast, "phq9", "csi4")

    def owed(actor: Actor) -> int:
        with app.app_context(), transaction() as session:
            return session.query(MessagePart).filter_by(person_id=actor.person_id).count()

    before = owed(cast.ana)
    give_to(app, cast, "phq9", cast.ana)
    assert owed(cast.ana) == before
    give_to(app, cast, "csi4", cast.ana, cast.ben)
    assert owed(cast.ana) > before
