"""The shelf of pictures, and who sees what lies on it."""

from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from portal.blog.models import Post, PostPicture
from portal.files.models import Blob, Picture
from portal.transaction import current_session, transaction
from tests.support.cast import Cast, client_of
from tests.support.public import small_picture

SHELF = "/desk/articles/pictures"


@pytest.fixture
def jane(app: Flask, cast: Cast) -> FlaskClient:
    return client_of(app, cast.therapist)


def token(client: FlaskClient, page: str = SHELF) -> str:
    return client.get(page).text.split('name="form_token" value="')[1].split('"')[0]


def upload(client: FlaskClient, content: bytes, name: str = "a.png", **typed: str) -> TestResponse:
    data = {
        "form_token": token(client),
        "alt": "Two cups",
        **typed,
        "file": FileStorage(BytesIO(content), name),
    }
    # Written here, because the client leaves the file open into which it writes large ones.
    boundary, body = encode_multipart(data)
    return client.post(SHELF, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def shelved(app: Flask) -> PostPicture:
    with app.app_context():
        found = current_session().scalars(select(PostPicture)).one()
        current_session().expunge_all()
        return found


def test_everybody_sees_what_is_on_the_shelf_as_a_picture_and_nothing_else(
    app: Flask, jane: FlaskClient
) -> None:
    assert upload(jane, small_picture(), "..%2f\u202egnp.exe").status_code == 303
    address = f"/pictures/{shelved(app).picture_id}"
    assert address in jane.get(SHELF).text and address in jane.get("/desk/articles/new").text
    for client in (client_of(app, None), jane):
        answer = client.get(address)
        assert (
            answer.status_code == 200 and answer.mimetype == "image/jpeg" and answer.data[:2] == b"\xff\xd8"
        )
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "public, max-age=604800, immutable"
        assert (
            "Set-Cookie" not in answer.headers
            and "default-src 'none'" in answer.headers["Content-Security-Policy"]
        )
        again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304 and not again.data


REFUSED = [
    (b"", "choose a file"),
    (b"<svg onload='alert(1)'/>", "SVG"),
    (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
    (b"<!doctype html>", "no picture"),
    (small_picture("JPEG")[:300], "damaged"),
]


def test_a_refusal_says_why_and_keeps_what_was_typed(jane: FlaskClient) -> None:
    for content, says in REFUSED:
        answer = upload(jane, content, alt="Qanarwords")
        assert answer.status_code == 422 and says in answer.text and "Qanarwords" in answer.text


@pytest.mark.usefixtures("half_read")
def test_only_uploads_may_be_long(app: Flask, jane: FlaskClient) -> None:
    assert upload(jane, b"\xff\xd8\xff" + b"x" * 9_000_000).status_code == 422
    assert upload(jane, b"x" * 11_000_000).status_code == 413
    assert jane.post("/desk/articles/new", data={"body": "x" * 2_000_000}).status_code == 413
    boundary, body = encode_multipart({"file": FileStorage(BytesIO(b"x" * 2_000_000), "a.png")})
    kind = f"multipart/form-data; boundary={boundary}"
    stranger = client_of(app, None).post(SHELF, data=body, content_type=kind)
    assert stranger.status_code in {303, 413}


def test_what_is_in_use_stays_and_the_rest_can_go(app: Flask, cast: Cast, jane: FlaskClient) -> None:
    upload(jane, small_picture())
    one = shelved(app)
    with app.app_context(), transaction() as session:
        post = Post(
            slug="a",
            author_id=cast.therapist_profile_id,
            title="A",
            lead="",
            body=f"![x](/pictures/{one.picture_id})",
        )
        session.add(post)
    remove = f"{SHELF}/{one.id}/remove"
    answer = jane.post(remove, data={"form_token": token(jane)})
    assert answer.status_code == 409 and "This picture is in use" in answer.text
    with app.app_context(), transaction() as session:
        session.get_one(Post, post.id).body = "No picture."
    assert jane.post(remove, data={"form_token": token(jane)}).status_code == 303
    assert client_of(app, None).get(f"/pictures/{one.picture_id}").status_code == 404
    with app.app_context():
        for table in (PostPicture, Picture, Blob):
            assert current_session().scalar(select(func.count()).select_from(table)) == 0


def test_a_cover_stands_above_its_article_and_in_its_card(app: Flask, cast: Cast, jane: FlaskClient) -> None:
    upload(jane, small_picture())
    picture_id = str(shelved(app).picture_id)
    typed = {
        "form_token": token(jane), "title": "Cups", "body": f"![Two cups](/pictures/{picture_id})", "cover": picture_id,
        "cover_alt": "Two cups on a table", "act": "publish",
    }  # fmt: skip
    assert jane.post("/desk/articles/new", data=typed).status_code == 303
    page = client_of(app, None).get("/articles/cups").text
    assert f'<meta property="og:image" content="https://portal.example.org/pictures/{picture_id}">' in page
    assert f'<img src="/pictures/{picture_id}" alt="Two cups on a table" width="60" height="40"' in page
    assert f'<img src="/pictures/{picture_id}" alt="Two cups">' in page
    feed = client_of(app, None).get("/articles/feed.atom").text
    assert f"https://portal.example.org/pictures/{picture_id}" in feed
