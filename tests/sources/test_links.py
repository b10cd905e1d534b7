"""Short links: where they lead, what they carry, what they leave behind, and who makes them."""

from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.blog.service import publish_post
from portal.clock import utc_now
from portal.marks import Mark
from portal.practice.models import Therapist
from portal.sources.models import CampaignLink, Step, StepCount, Touch
from portal.sources.service import keep_touch
from portal.transaction import current_session, transaction
from portal.web.marks import read_mark
from tests.support.cast import Cast, client_of, make_cast

READER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}


@pytest.fixture
def link(app: Flask, cast: Cast) -> CampaignLink:
    """A link to an article."""
    with app.app_context(), transaction() as session:
        post = publish_post(
            session, session.get_one(Therapist, cast.therapist_profile_id), slug="two-lists", title="Two lists",
            lead="A start.", body="Words.", published_at=utc_now() - timedelta(days=1),
        )  # fmt: skip
        link = CampaignLink(code="letter", name="Letter", post_id=post.id)
        session.add(link)
    return link


@pytest.fixture
def desk(app: Flask, cast: Cast) -> FlaskClient:
    return client_of(app, cast.therapist)


def visitor_of(app: Flask) -> FlaskClient:
    return app.test_client()


def mark_in(app: Flask, address: str) -> Mark | None:
    with app.app_context():
        return read_mark(parse_qs(urlsplit(address).query)["from"][0])


def counts(app: Flask) -> list[tuple[date, str, Step, int]]:
    with app.app_context():
        rows = current_session().scalars(select(StepCount).order_by(StepCount.source)).all()
        return [(row.month, row.source, row.step, row.number) for row in rows]


def send(client: FlaskClient, app: Flask, path: str, **fields: str) -> int:
    token = client.get("/practice/links").text.partition('name="form_token" value="')[2].partition('"')[0]
    return client.post(path, data={"form_token": token, **fields}).status_code


def test_a_link_leads_to_its_article_and_marks_it(app: Flask, link: CampaignLink) -> None:
    answer = visitor_of(app).get("/go/LETTER")

    mark = mark_in(app, answer.location)
    assert answer.status_code == 302 and urlsplit(answer.location).path == "/articles/two-lists"
    assert mark is not None and (mark.first_link_id, mark.last_post_id) == (link.id, link.post_id)
    assert "Set-Cookie" not in answer.headers


def test_reading_by_a_link_counts_for_the_link_and_otherwise_for_the_article(
    app: Flask, link: CampaignLink
) -> None:
    visitor, month = visitor_of(app), utc_now().date().replace(day=1)
    visitor.get(visitor.get("/go/letter").location, headers=READER).close()
    for _ in range(2):
        visitor.get("/articles/two-lists", headers=READER).close()

    assert counts(app) == [
        (month, f"link:{link.id}", Step.ARTICLE_READ, 1),
        (month, f"post:{link.post_id}", Step.ARTICLE_READ, 2),
    ]


def test_first_touch_stays_with_the_link_while_another_article_is_read(
    app: Flask, link: CampaignLink, cast: Cast
) -> None:
    with app.app_context(), transaction() as session:
        author = session.get_one(Therapist, cast.therapist_profile_id)
        other = publish_post(
            session, author, slug="sundays", title="Sundays", lead="", body="", published_at=utc_now()
        )
    visitor = visitor_of(app)
    read = visitor.get(visitor.get("/go/letter").location).text
    onward = read.partition('href="/articles/sundays')[2].partition('"')[0].replace("&amp;", "&")
    booking = visitor.get(f"/articles/sundays{onward}").text.partition("/consultations/times")[2]
    mark = mark_in(app, booking.partition('"')[0].replace("&amp;", "&"))

    assert mark is not None
    assert (mark.first_link_id, mark.first_post_id) == (link.id, link.post_id)
    assert (mark.last_link_id, mark.last_post_id) == (None, other.id)


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "Googlebot/2.1"}, {"User-Agent": "curl/8"}, {"User-Agent": ""},
        READER | {"Sec-Purpose": "prefetch"}, READER | {"Purpose": "prefetch"},
    ],
)  # fmt: skip
def test_programs_and_what_is_fetched_in_advance_are_not_counted(
    app: Flask, link: CampaignLink, headers: dict[str, str]
) -> None:
    visitor_of(app).get("/articles/two-lists", headers=headers).close()
    visitor_of(app).head("/articles/two-lists", headers=READER).close()

    assert counts(app) == []


def test_nobody_of_the_practice_is_counted(app: Flask, link: CampaignLink, desk: FlaskClient) -> None:
    desk.get("/articles/two-lists", headers=READER).close()

    assert counts(app) == []


def test_a_count_that_fails_costs_no_page(app: Flask, link: CampaignLink) -> None:
    with app.app_context(), transaction() as session:
        session.connection().exec_driver_sql("drop table step_count")
    answer = visitor_of(app).get("/articles/two-lists", headers=READER)
    answer.close()

    assert answer.status_code == 200


@pytest.mark.parametrize("code", ["nothing", "x" * 500, "..%2f", "%00"])
def test_an_unknown_code_leads_to_a_page_that_helps(app: Flask, cast: Cast, code: str) -> None:
    answer = visitor_of(app).get(f"/go/{code}")

    assert answer.status_code == 404
    assert "/consultations/times" in answer.text or code == "..%2f"


def test_a_retired_link_leads_on_without_a_mark(app: Flask, link: CampaignLink, desk: FlaskClient) -> None:
    assert send(desk, app, f"/practice/links/{link.id}/retire") == 303

    assert visitor_of(app).get("/go/letter").location == "/articles/two-lists"


def test_a_link_whose_article_was_taken_back_leads_to_the_free_times(app: Flask, link: CampaignLink) -> None:
    with app.app_context(), transaction() as session:
        post = session.get_one(CampaignLink, link.id).post_id
        session.connection().exec_driver_sql(f"update post set published_at = null where id = '{post.hex}'")  # type: ignore[union-attr]

    assert urlsplit(visitor_of(app).get("/go/letter").location).path == "/consultations/times"


def test_the_desk_makes_a_link_with_words_of_its_own_or_with_six_letters(
    app: Flask, link: CampaignLink, desk: FlaskClient
) -> None:
    assert send(desk, app, "/practice/links", name="Talk", post="", code=" Autumn-Talk ") == 303
    assert send(desk, app, "/practice/links", name="Card", post=str(link.post_id), code="") == 303

    with app.app_context():
        codes = set(current_session().scalars(select(CampaignLink.code)))
    made = codes - {"letter", "autumn-talk"}
    assert len(codes) == 3 and len(made.pop()) == 6


def test_words_that_are_taken_are_refused_and_everything_is_kept(
    app: Flask, link: CampaignLink, desk: FlaskClient
) -> None:
    assert send(desk, app, "/practice/links", name="Talk", post="", code="letter") == 409
    assert send(desk, app, "/practice/links", name="Talk", post="", code="two words") == 422
    assert send(desk, app, "/practice/links", name="", post="nowhere", code="") == 422


def test_a_touch_leaves_out_what_has_gone(either_app: Flask) -> None:

    with either_app.app_context(), transaction() as session:
        make_cast(session)
        link = CampaignLink(code="card", name="Card")
        session.add(link)
        session.flush()
        keep_touch(session, Mark.of(uuid4(), link.id, utc_now()))
    with either_app.app_context():
        touch = current_session().scalars(select(Touch)).one()
        assert (touch.first_post_id, touch.last_link_id) == (None, link.id)
