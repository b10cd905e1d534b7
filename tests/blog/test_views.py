"""The articles as visitors and feed readers meet them."""

from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from portal.blog.demo_posts import publish_demo_posts
from portal.blog.models import Post
from portal.blog.rules import reading_minutes
from portal.blog.service import publish_post
from portal.clock import utc_now
from portal.practice.models import Therapist
from portal.transaction import current_session, transaction
from portal.web.marks import read_mark
from tests.booking.visit import open_diary
from tests.support.cast import Cast, client_of
from tests.support.statements import counted

ATOM = "{http://www.w3.org/2005/Atom}"
ADDRESS = "/articles/write-two-lists-before-you-write-one"


@pytest.fixture
def posts(app: Flask, cast: Cast) -> list[Post]:
    """The articles of the demonstration."""
    with app.app_context(), transaction() as session:
        return publish_demo_posts(session, session.get_one(Therapist, cast.therapist_profile_id), utc_now())


@pytest.fixture
def visitor(app: Flask, posts: list[Post]) -> FlaskClient:
    return client_of(app, None)


def main(client: FlaskClient, path: str) -> BeautifulSoup:
    found = BeautifulSoup(client.get(path).text, "html.parser").main
    assert found is not None
    return found  # type: ignore[return-value]  # a tag searches like a whole page


def test_the_list_leads_to_every_article_newest_first(visitor: FlaskClient, posts: list[Post]) -> None:
    links = [str(link["href"]) for link in main(visitor, "/articles").select("h2 a")]
    assert links == [f"/articles/{post.slug}" for post in posts]
    assert all(visitor.get(link).status_code == 200 for link in links)


def test_an_article_names_author_date_and_reading_time(visitor: FlaskClient, posts: list[Post]) -> None:
    text = main(visitor, ADDRESS).get_text(" ")
    assert "Jane Parker" in text and f"{reading_minutes(posts[0].body)} minutes to read" in text
    assert posts[0].published_at is not None and str(posts[0].published_at.year) in text


def test_every_part_of_an_article_can_be_reached(visitor: FlaskClient) -> None:
    page = main(visitor, ADDRESS)
    targets = [str(link["href"]).removeprefix("#") for link in page.select("aside a")]
    assert len(targets) == 4 and all(page.find(id=target) for target in targets)


def test_the_way_to_a_first_talk_carries_the_article(
    app: Flask, visitor: FlaskClient, cast: Cast, posts: list[Post]
) -> None:
    open_diary(app, cast.therapist)
    page = main(visitor, ADDRESS)
    times = [str(link["href"]) for link in page.select(".call .slots a")]
    assert len(times) == 3
    button = page.select(".call a.button")[0]
    assert button.get_text() == "Book a complimentary consultation"
    token = str(button["href"]).partition("from=")[2]
    with app.app_context():
        mark = read_mark(token)
    assert mark is not None and mark.last_post_id == posts[0].id
    assert all(visitor.get(link).status_code == 200 for link in (*times, str(button["href"])))


def test_an_article_of_somebody_without_hours_still_invites(visitor: FlaskClient) -> None:
    page = main(visitor, ADDRESS)
    assert page.select(".call a.button") and not page.select(".call .slots")


def test_drafts_and_what_is_yet_to_come_are_not_there(app: Flask, visitor: FlaskClient, cast: Cast) -> None:
    with app.app_context(), transaction() as session:
        author = session.get_one(Therapist, cast.therapist_profile_id)
        publish_post(
            session, author, slug="soon", title="Qanaryfuture", lead="", body="", published_at=utc_now() + timedelta(days=1)
        )  # fmt: skip
        session.add(Post(slug="draft", author_id=author.id, title="Qanarydraft", lead="", body=""))
    assert visitor.get("/articles/soon").status_code == visitor.get("/articles/draft").status_code == 404
    assert "Qanary" not in visitor.get("/articles").text + visitor.get("/articles/feed.atom").text


def test_an_unknown_article_is_not_found(visitor: FlaskClient) -> None:
    for slug in ("nothing", "%00", "' OR 1=1--", "x" * 5000, "..%2f..%2fetc%2fpasswd"):
        assert visitor.get(f"/articles/{slug}").status_code == 404


def test_the_feed_is_whole_and_stands_on_the_public_address(visitor: FlaskClient, posts: list[Post]) -> None:
    answer = visitor.get("/articles/feed.atom", headers={"X-Forwarded-Host": "evil.example"})
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ET.fromstring(answer.text)  # noqa: S314 - our own answer
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == [post.title for post in posts]
    links = [link.get("href", "") for link in feed.iter(f"{ATOM}link")]
    assert all(link.startswith("https://portal.example.org/articles") for link in links)
    assert "<p>" in (entries[0].findtext(f"{ATOM}content") or "")


def test_articles_may_be_found_and_kept_and_set_no_cookie(visitor: FlaskClient) -> None:
    for path in ("/articles", ADDRESS, "/articles/feed.atom"):
        answer = visitor.get(path)
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "X-Robots-Tag" not in answer.headers and "Set-Cookie" not in answer.headers


def test_few_statements_whatever_was_written(app: Flask, visitor: FlaskClient, cast: Cast) -> None:
    open_diary(app, cast.therapist)
    for path in ("/articles", ADDRESS):
        with counted(app) as statements:
            visitor.get(path)
        assert len(statements) <= 10


def test_publishing_again_replaces_the_words(app: Flask, posts: list[Post], cast: Cast) -> None:
    with app.app_context(), transaction() as session:
        author = session.get_one(Therapist, cast.therapist_profile_id)
        publish_post(
            session, author, slug=posts[0].slug, title="New", lead="", body="New words.", published_at=utc_now()
        )  # fmt: skip
    with app.app_context():
        assert current_session().get_one(Post, posts[0].id).body == "New words."


def test_a_slug_is_plain(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction() as session:
        author = session.get_one(Therapist, cast.therapist_profile_id)
        for slug in ("", "A b", "../x", "-a", "a--b", "é"):
            with pytest.raises(ValueError, match="slug"):
                publish_post(session, author, slug=slug, title="", lead="", body="", published_at=utc_now())


def test_the_demo_articles_take_a_few_minutes_each(posts: list[Post]) -> None:
    assert len(posts) == 4 and all(600 <= len(post.body.split()) <= 900 for post in posts)
