"""Writing articles: drafts, windows, times, addresses, and nothing that is typed gets lost."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from portal.accounts.models import LoginSession
from portal.blog.models import Post
from portal.practice.models import Therapist
from portal.transaction import current_session, transaction
from tests.support.cast import Cast, client_of

NEW = "/desk/articles/new"
TYPED = {
    "title": "Two lists & one",
    "lead": "A start.",
    "body": "## Begin\n\nWords *here*.",
    "tags": "Money, family life",
}

REFUSED: list[tuple[dict[str, str], str]] = [
    ({"title": ""}, "Please give it a title"),
    ({"title": "x" * 161}, "longer than 160"),
    ({"slug": "../x"}, "lower-case letters"),
    ({"body": "[" * 6000}, "more marks or lines"),
    ({"body": "x" * 100_001}, "longer than 100000"),
    ({"body": "a\x00b"}, "cannot be stored"),
    ({"tags": ",".join(f"t{n}" for n in range(9))}, "at most 8 tags"),
    ({"cover": "00000000-0000-4000-8000-000000000000"}, "Not a valid choice"),
    ({"act": "schedule"}, "when it is to be published"),
    ({"act": "schedule", "publish_on": "2020-01-01", "publish_at": "10:00"}, "This time has passed"),
    ({"act": "schedule", "publish_on": "2027-03-28", "publish_at": "01:30"}, "clocks"),
    ({"act": "schedule", "publish_on": "2027-10-31", "publish_at": "01:30"}, "Which of the two"),
]  # fmt: skip


@pytest.fixture
def jane(app: Flask, cast: Cast) -> FlaskClient:
    return client_of(app, cast.therapist)


def fields(client: FlaskClient, page: str) -> dict[str, str]:
    """What the form of a page holds, as a browser would send it."""
    form = BeautifulSoup(client.get(page).text, "html.parser").select_one("main form:has([name=body])")
    assert form is not None
    inputs = {str(one["name"]): str(one.get("value", "")) for one in form.select("input:not([type=radio])")}
    texts = {str(one["name"]): one.text.lstrip("\n") for one in form.select("textarea")}
    return {**inputs, **texts}


def write(client: FlaskClient, page: str = NEW, **typed: str) -> TestResponse:
    return client.post(page, data={**fields(client, page), **typed})


def one_post(app: Flask) -> Post:
    with app.app_context():
        post = current_session().scalars(select(Post)).one()
        current_session().expunge_all()
        return post


def test_a_draft_is_kept_and_seen_by_its_author_alone(app: Flask, cast: Cast, jane: FlaskClient) -> None:
    answer = write(jane, **TYPED)
    assert answer.status_code == 303
    post = one_post(app)
    assert (post.slug, post.published_at) == ("two-lists-one", None)
    assert answer.location == f"/desk/articles/{post.id}"
    assert "Two lists &amp; one" in jane.get("/desk/articles").text
    assert "Words <em>here</em>" in jane.get(f"/desk/articles/{post.id}/preview").text
    for path in ("", "/preview"):
        assert client_of(app, cast.stranger).get(f"/desk/articles/{post.id}{path}").status_code == 404
    visitor = client_of(app, None)
    assert (
        visitor.get("/articles/two-lists-one").status_code
        == visitor.get("/articles/tags/money").status_code
        == 404
    )
    everywhere = "".join(
        visitor.get(path).text for path in ("/articles", "/articles/feed.atom", "/sitemap.xml", "/")
    )
    assert "two-lists-one" not in everywhere and "Money" not in everywhere


def test_published_it_is_there_with_its_tags_card_and_way_back(
    app: Flask, cast: Cast, jane: FlaskClient
) -> None:
    write(jane, **TYPED, act="publish")
    visitor = client_of(app, None)
    page = visitor.get("/articles/two-lists-one").text
    soup = BeautifulSoup(page, "html.parser")
    meta = {
        str(one.get("property") or one.get("name")): str(one["content"])
        for one in soup.select("meta[content]")
    }
    assert meta["og:title"] == "Two lists & one" and meta["description"] == "A start."
    assert meta["og:image"] == "https://portal.example.org/static/img/card.png"
    assert meta["og:url"] == "https://portal.example.org/articles/two-lists-one"
    assert soup.select_one("a[href='/articles/tags/family-life']") is not None
    assert "Two lists &amp; one" in visitor.get("/articles/tags/family-life").text
    feed = visitor.get("/articles/feed.atom").text
    assert '<category term="money" label="Money"/>' in feed
    assert "https://portal.example.org/articles/two-lists-one" in visitor.get("/sitemap.xml").text


def test_two_windows_cannot_undo_each_other(app: Flask, jane: FlaskClient) -> None:
    page = write(jane, **TYPED).location
    first, second = fields(jane, page), fields(jane, page)
    assert jane.post(page, data={**first, "body": "From the first."}).status_code == 303
    answer = jane.post(page, data={**second, "body": "From the second."})
    assert answer.status_code == 409
    assert "From the first." in answer.text and "From the second." in answer.text
    assert one_post(app).body == "From the first."
    soup = BeautifulSoup(answer.text, "html.parser")
    version, token = soup.select_one("[name=version]"), soup.select_one("[name=form_token]")
    assert version is not None and token is not None
    again = {
        **second,
        "body": "From the second.",
        "version": str(version["value"]),
        "form_token": str(token["value"]),
    }
    assert jane.post(page, data=again).status_code == 303
    assert one_post(app).body == "From the second."


def test_what_cannot_be_kept_comes_back_as_typed(app: Flask, cast: Cast) -> None:
    with time_machine.travel(datetime(2026, 11, 21, 12, tzinfo=UTC), tick=False):
        jane = client_of(app, cast.therapist)
        whole = {**fields(jane, NEW), **TYPED, "lead": "Qanarkept lead"}
        for wrong, says in REFUSED:
            answer = jane.post(NEW, data={**whole, **wrong})
            assert answer.status_code == 422, says
            assert says in answer.text and "Qanarkept lead" in answer.text


def test_it_appears_at_its_hour_by_the_practices_clocks(app: Flask, cast: Cast) -> None:
    when = {"act": "schedule", "publish_on": "2027-10-31", "publish_at": "01:30", "which": "1"}
    with time_machine.travel(datetime(2026, 11, 21, 12, tzinfo=UTC), tick=False):
        assert write(client_of(app, cast.therapist), **TYPED, **when).status_code == 303
    at = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    assert one_post(app).published_at == at
    for moment, status in ((at - timedelta(seconds=1), 404), (at, 200)):
        with time_machine.travel(moment, tick=False):
            assert client_of(app, None).get("/articles/two-lists-one").status_code == status


def test_the_address_of_a_published_article_stays(app: Flask, jane: FlaskClient) -> None:
    page = write(jane, **TYPED, act="publish").location
    answer = write(jane, page, slug="other", body="Qanarbody")
    assert (
        answer.status_code == 422
        and "links lead to its address" in answer.text
        and "Qanarbody" in answer.text
    )
    assert write(jane, page, title="Another title").status_code == 303
    assert one_post(app).slug == "two-lists-one"


def test_an_address_is_used_once(app: Flask, jane: FlaskClient) -> None:
    write(jane, **TYPED)
    assert "two-lists-one-2" in jane.get(write(jane, **TYPED).location).text
    answer = write(jane, **TYPED, slug="two-lists-one")
    assert answer.status_code == 409 and "Another article has this address" in answer.text


def test_a_preview_keeps_nothing_and_loses_nothing(app: Flask, jane: FlaskClient) -> None:
    answer = write(jane, **{**TYPED, "title": ""}, act="preview")
    assert answer.status_code == 200
    assert "<em>here</em>" in answer.text and "Words *here*." in answer.text
    typed = {**fields(jane, NEW), **TYPED, "act": "preview"}
    part = jane.post(NEW, data=typed, headers={"HX-Request": "true"}).text
    assert "<em>here</em>" in part and "<html" not in part
    with app.app_context():
        assert current_session().scalars(select(Post)).all() == []


def test_withdrawing_and_deleting(app: Flask, cast: Cast, jane: FlaskClient) -> None:
    write(jane, **TYPED, act="publish")
    post, token = one_post(app), {"form_token": fields(jane, NEW)["form_token"]}
    address, stale = f"/desk/articles/{post.id}", {**token, "version": str(post.edit_version - 1)}
    assert jane.post(f"{address}/withdraw", data=stale).status_code == 409
    seen = {**token, "version": str(post.edit_version)}
    assert jane.post(f"{address}/delete", data=seen).status_code == 409
    assert jane.post(f"{address}/withdraw", data=seen).status_code == 303
    assert client_of(app, None).get("/articles/two-lists-one").status_code == 404
    seen = {**token, "version": str(one_post(app).edit_version)}
    assert jane.post(f"{address}/delete", data=seen).status_code == 303
    with app.app_context():
        assert current_session().scalars(select(Post)).all() == []


def test_after_the_sign_in_has_run_out_nothing_is_lost(app: Flask, cast: Cast, jane: FlaskClient) -> None:
    sent = {**fields(jane, NEW), **TYPED, "body": "Qanarlapsed <b>words</b>\n\nand more"}
    with app.app_context(), transaction() as session:
        session.execute(update(LoginSession).values(expires_at=datetime.now(UTC) - timedelta(minutes=1)))
    handed = jane.post(NEW, data=sent)
    assert handed.status_code == 200
    form = BeautifulSoup(handed.text, "html.parser").select_one("form[method=post]")
    assert form is not None
    back = {str(one["name"]): one.text.removeprefix("\n") for one in form.select("textarea")}
    assert back["body"] == sent["body"]
    token = form.select_one("[name=form_token]")
    assert token is not None
    answer = client_of(app, cast.therapist).post(NEW, data={**back, "form_token": str(token["value"])})
    assert answer.status_code == 422 and "Qanarlapsed &lt;b&gt;" in answer.text
    assert client_of(app, None).post(NEW, data=sent).status_code == 303


def test_without_a_profile_that_comes_first(app: Flask, cast: Cast) -> None:
    sam = client_of(app, cast.stranger)
    assert "write your public profile first" in sam.get("/desk/articles").text
    assert sam.get(NEW).location == "/practice/profile"


@pytest.mark.parametrize("number", [0, 30])
def test_the_list_costs_the_same_however_many_there_are(
    app: Flask, cast: Cast, jane: FlaskClient, number: int
) -> None:
    from tests.support.statements import counted

    now = datetime.now(UTC)
    with app.app_context(), transaction() as session:
        author: UUID = session.get_one(Therapist, cast.therapist_profile_id).id
        session.add_all(
            Post(
                slug=f"a{n}",
                author_id=author,
                title=f"A{n}",
                lead="",
                body="x",
                published_at=now - timedelta(days=n),
            )
            for n in range(number + 1)
        )
    found: dict[str, Any] = {}
    for path in ("/articles", "/articles/a0"):
        with counted(app) as statements:
            assert client_of(app, None).get(path).status_code == 200
        found[path] = len(statements)
    assert found["/articles"] == 5 and found["/articles/a0"] <= 12
    if number:
        assert "/articles?page=2" in client_of(app, None).get("/articles").text
        assert client_of(app, None).get("/articles?page=3").status_code == 200
    for wrong in ("4", "0", "-1", "x", "9" * 40):
        assert client_of(app, None).get(f"/articles?page={wrong}").status_code == 404
