"""Articles from elsewhere: what comes, what is left out, and what no file can do."""

import time
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.blog.exports import Export, Found, Left, NoExport, read_export
from portal.blog.models import Post
from portal.transaction import current_session
from tests.support.cast import Cast, client_of

FILES = Path(__file__).parent / "exports"
PAGE = "/desk/articles/import"


def read(name: str) -> Export:
    return read_export((FILES / name).read_bytes())


def named(export: Export) -> dict[str, Found]:
    return {one.title: one for one in export.found}


def test_what_wordpress_exports() -> None:
    export = read("wordpress.xml")
    found = named(export)
    assert set(found) == {
        "Sunday coffee & what it holds",
        "An older one, as it was typed",
        "Not finished yet",
    }
    coffee = found["Sunday coffee & what it holds"]
    assert coffee.slug == "sunday-coffee" and coffee.lead == "A ritual that costs ten minutes."
    assert coffee.published_at is not None and coffee.published_at.isoformat() == "2024-03-03T08:30:00+00:00"
    assert [tag.label for tag in coffee.tags] == ["Rituals", "Time"]
    assert "## Begin with *nothing*" in coffee.body and "- one cup" in coffee.body
    assert coffee.pictures == ("https://old.example.com/wp-content/uploads/2024/03/cups.jpg",)
    assert coffee.has_lost_parts and "[A film](https://video.example.com/embed/1)" in coffee.body
    assert "wp:paragraph" not in coffee.body and "[gallery" not in coffee.body and "alert" not in coffee.body
    older = found["An older one, as it was typed"]
    assert older.body.split("\n\n") == ["First paragraph of it.", "Second one, with **weight**."]
    assert found["Not finished yet"].published_at is None
    left_out = {one.title: one.why for one in export.left_out}
    assert left_out == {"About me": Left.NO_ARTICLE, "cups.jpg": Left.NO_ARTICLE, "Old rubbish": Left.BINNED, "Silence": Left.EMPTY}  # fmt: skip


def test_what_an_rss_feed_says() -> None:
    found = named(read("feed.rss"))
    assert set(found) == {"What a yearly budget says", "Two chairs"}
    budget = found["What a yearly budget says"]
    assert budget.slug == "what-a-yearly-budget-says" and budget.body.startswith(
        "Money is *never* only money."
    )
    assert budget.published_at is not None and budget.published_at.isoformat() == "2025-09-08T06:00:00+00:00"
    assert budget.lead == "" and found["Two chairs"].published_at is None


def test_what_an_atom_export_says() -> None:
    export = read("blogger.xml")
    assert set(named(export)) == {"Größe in kleinen Dingen"}
    one = export.found[0]
    assert (
        one.slug == "groesse" and one.published_at is None and [tag.label for tag in one.tags] == ["Alltag"]
    )
    assert {one.why for one in export.left_out} == {Left.NO_ARTICLE}


ENTITIES = "".join(f'<!ENTITY a{n} "{"&a" + str(n - 1) + ";" if n else "x"}{"&a" + str(n - 1) + ";" if n else "x"}">' for n in range(30))  # fmt: skip
RSS = "<rss version='2.0'><channel><title>t</title>{}</channel></rss>"
HARMFUL = {
    "nothing": b"",
    "no xml": b"%PDF-1.7",
    "a page": b"<!doctype html><title>x</title>",
    "another xml": b"<a><b/></a>",
    "half": (FILES / "feed.rss").read_bytes()[:400],
    "entities": f"<!DOCTYPE r [{ENTITIES}]><rss><channel><title>&a29;</title></channel></rss>".encode(),
    "a file of ours": b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><title>&x;</title></channel></rss>',
    "an entity that harms nobody": b'<!DOCTYPE rss [<!ENTITY x "y">]><rss version="2.0"><channel><title>t</title><item><title>A</title>'
    b"<description>&x;</description></item></channel></rss>",
    "nesting": b"<rss>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</rss>",
    "elements": RSS.format("<a/>" * 210_000).encode(),
    "wrong letters": b"\xff\xfe\x00\x01<rss/>",
    "unknown encoding": b"<?xml version='1.0' encoding='x-klingon'?><rss/>",
    "too long": b"<rss>" + b" " * 10 * 1024 * 1024 + b"</rss>",
}


@pytest.mark.parametrize("name", HARMFUL)
def test_what_is_no_export_is_refused_quickly(name: str) -> None:
    started = time.perf_counter()
    with pytest.raises(NoExport):
        read_export(HARMFUL[name])
    assert time.perf_counter() - started < 10


def test_what_would_break_the_reading_of_one_leaves_the_others() -> None:
    deep = "&lt;div&gt;" * 3000 + "x"
    items = f"<item><title>Deep</title><description>{deep}</description></item><item><title>Fine</title><description>Words.</description></item>"
    knotted = f"<item><title>Knotted</title><description>{'[' * 9000}</description></item>"
    export = read_export(RSS.format(items + knotted).encode())
    assert [one.title for one in export.found][-1] == "Fine" or "Fine" in named(export)
    assert ("Knotted", Left.TOO_LONG) in [(one.title, one.why) for one in export.left_out]


def bring(app: Flask, cast: Cast, name: str, how: str) -> TestResponse:
    client = client_of(app, cast.therapist)
    token = client.get(PAGE).text.split('name="form_token" value="')[1].split('"')[0]
    file = (BytesIO((FILES / name).read_bytes()), "a\u202egnp.xml")
    return client.post(PAGE, data={"form_token": token, "how": how, "file": file})


@pytest.mark.parametrize(("how", "dated"), [("drafts", 0), ("dates", 2)])
def test_it_comes_once_as_drafts_or_with_its_dates(either_app: Flask, how: str, dated: int) -> None:
    from portal.transaction import transaction
    from tests.support.cast import make_cast

    with either_app.app_context(), transaction() as session:
        cast = make_cast(session)
    first = bring(either_app, cast, "wordpress.xml", how)
    assert first.status_code == 200
    assert "3 articles came." in first.text and "4 entries were left out." in first.text
    assert "https://old.example.com/wp-content/uploads/2024/03/cups.jpg" in first.text
    second = bring(either_app, cast, "wordpress.xml", how)
    assert "0 articles came." in second.text and "3 were here already." in second.text
    with either_app.app_context():
        posts = current_session().scalars(select(Post)).all()
        assert len(posts) == 3 and sum(post.published_at is not None for post in posts) == dated
    shown = client_of(either_app, None).get("/articles/sunday-coffee")
    assert shown.status_code == (200 if dated else 404)
    assert "old.example.com" not in shown.text


@pytest.mark.usefixtures("half_read")
def test_a_wrong_file_is_answered_with_a_sentence(app: Flask, cast: Cast) -> None:
    client = client_of(app, cast.therapist)
    token = client.get(PAGE).text.split('name="form_token" value="')[1].split('"')[0]
    for content in (b"", b"%PDF", HARMFUL["entities"]):
        answer = client.post(
            PAGE, data={"form_token": token, "how": "dates", "file": (BytesIO(content), "x.xml")}
        )
        assert answer.status_code == 422 and "cannot be read as a feed" in answer.text
    large = client.post(PAGE, data={"form_token": token, "file": (BytesIO(b"x" * 11 * 1024 * 1024), "x.xml")})
    assert large.status_code == 413
