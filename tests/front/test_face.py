"""What visitors and programs find: therapists, the pages that the law asks for, sitemap, security.txt."""

from datetime import datetime, timedelta
from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient

from portal.blog.models import Post
from portal.clock import utc_now
from portal.practice.models import Therapist
from portal.practice.queries import get_practice
from portal.transaction import current_session, transaction
from tests.booking.visit import open_diary
from tests.support.cast import Cast, client_of
from tests.support.public import small_picture
from tests.support.statements import counted

PROFILE = {
    "display_name": "Jane Parker", "title_line": "Couples therapist", "approach": "Calm & slow.", "languages": "English, Welsh",
    "fees": "First talk: nothing.\nThen 90 for an hour.", "is_listed": "y",
}  # fmt: skip


def token(client: FlaskClient, page: str) -> str:
    return client.get(page).text.split('name="form_token" value="')[1].split('"')[0]


def post(client: FlaskClient, page: str, **typed: object) -> int:
    return client.post(page, data={"form_token": token(client, page), **typed}).status_code


def test_a_profile_is_written_and_found(app: Flask, cast: Cast) -> None:
    jane, visitor = client_of(app, cast.therapist), client_of(app, None)
    portrait = {"portrait": (BytesIO(small_picture()), "x.png")}
    assert post(jane, "/practice/profile", **PROFILE, **portrait) == 303
    open_diary(app, cast.therapist)
    with app.app_context(), transaction() as session:
        session.add(
            Post(
                slug="cups",
                author_id=cast.therapist_profile_id,
                title="Cups",
                lead="",
                body="x",
                published_at=utc_now(),
            )
        )
    with counted(app) as statements:
        page = visitor.get("/therapists/jane-parker")
    assert len(statements) <= 12
    soup = BeautifulSoup(page.text, "html.parser")
    text = soup.get_text(" ", strip=True)
    for words in (
        "Jane Parker",
        "Calm & slow.",
        "English, Welsh",
        "Then 90 for an hour.",
        "Cups",
        "Write to Jane first",
    ):
        assert words in text
    portrait_of = soup.select_one("img.portrait")
    assert portrait_of is not None and visitor.get(str(portrait_of["src"])).mimetype == "image/jpeg"
    times = [str(link["href"]) for link in soup.select("a.slot")]
    assert len(times) == 3 and all(visitor.get(link).status_code == 200 for link in times)
    every = soup.find("a", string="See every free time")
    assert isinstance(every, Tag)
    assert all(f"with={cast.therapist.person_id}" in link for link in [*times, str(every["href"])])
    assert "/therapists/jane-parker" in visitor.get("/").text + visitor.get("/sitemap.xml").text
    assert post(jane, "/practice/profile", **{**PROFILE, "is_listed": ""}, drops_portrait="y") == 303
    assert visitor.get("/therapists/jane-parker").status_code == 404
    assert visitor.get(str(portrait_of["src"])).status_code == 404


def test_the_first_profile_of_somebody_new_and_addresses_used_once(app: Flask, cast: Cast) -> None:
    jane, sam = client_of(app, cast.therapist), client_of(app, cast.stranger)
    assert post(jane, "/practice/profile", **PROFILE) == 303
    assert post(sam, "/practice/profile", **PROFILE) == 303
    with app.app_context():
        slugs = {row.slug for row in current_session().query(Therapist)}
    assert slugs == {"jane-parker", "jane-parker-2"}
    assert post(sam, "/practice/profile", **PROFILE, slug="jane-parker") == 409
    assert post(sam, "/practice/profile", **PROFILE, slug="../x") == 422
    assert post(sam, "/practice/profile", **{**PROFILE, "display_name": ""}) == 422
    assert post(sam, "/practice/profile", **PROFILE, portrait=(BytesIO(b"<svg/>"), "x.png")) == 422


@pytest.mark.parametrize("kind", ["imprint", "privacy", "accessibility"])
def test_the_practices_own_text_takes_the_place_of_ours(app: Flask, cast: Cast, kind: str) -> None:
    owner, visitor = client_of(app, cast.owner), client_of(app, None)
    ours = visitor.get(f"/about/{kind}").text
    assert "hello@practice.example.org" in ours and "[" in BeautifulSoup(ours, "html.parser").main.get_text()  # type: ignore[union-attr]  # a page has a main part
    assert f"/about/{kind}" in visitor.get("/articles").text
    page = f"/practice/pages/{kind}"
    assert post(owner, page, body="## Qanarpage\n\n<script>alert(1)</script>") == 303
    own = visitor.get(f"/about/{kind}").text
    assert "Qanarpage</h2>" in own and "<script>alert" not in own
    assert post(owner, page, body=" ") == 422
    restore = owner.post(f"{page}/restore", data={"form_token": token(owner, page)})
    assert restore.status_code == 303 and "Qanarpage" not in visitor.get(f"/about/{kind}").text
    assert (
        visitor.get("/about/secrets").status_code == owner.get("/practice/pages/secrets").status_code == 404
    )


def test_the_sitemap_names_what_is_public_on_the_public_address(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction() as session:
        for slug, days in (("now", 0), ("later", 3)):
            session.add(
                Post(
                    slug=slug, author_id=cast.therapist_profile_id, title="x", lead="", body="x",
                    published_at=utc_now() + timedelta(days=days),
                )
            )  # fmt: skip
    visitor = client_of(app, None)
    found = ET.fromstring(visitor.get("/sitemap.xml").text)  # noqa: S314 - our own answer
    places = [one.text or "" for one in found.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert "https://portal.example.org/articles/now" in places and len(set(places)) == len(places)
    assert all(place.startswith("https://portal.example.org/") for place in places)
    assert not any("later" in place for place in places)
    for place in places:
        assert visitor.get(place.removeprefix("https://portal.example.org")).status_code == 200
    assert "Sitemap: https://portal.example.org/sitemap.xml" in visitor.get("/robots.txt").text


def test_whom_to_tell_of_a_hole(app: Flask, cast: Cast) -> None:
    owner, visitor = client_of(app, cast.owner), client_of(app, None)
    address = "/.well-known/security.txt"
    assert visitor.get(address).status_code == 404
    words = {"name": "Common Ground", "tagline": "x", "about": "y", "contact_line": "z"}
    assert post(owner, "/practice/words", **words, security_contact="javascript:alert(1)") == 422
    for contact, line in (
        ("hole@example.org", "Contact: mailto:hole@example.org"),
        ("https://example.org/tell", "Contact: https://example.org/tell"),
    ):
        assert post(owner, "/practice/words", **words, security_contact=contact) == 303
        said = visitor.get(address)
        lines = said.text.splitlines()
        assert said.mimetype == "text/plain" and lines[0] == line
        expires = datetime.fromisoformat(lines[1].removeprefix("Expires: "))
        assert timedelta(days=30) < expires - utc_now() < timedelta(days=365)
        assert "Canonical: https://portal.example.org/.well-known/security.txt" in lines
    with app.app_context():
        assert get_practice(current_session()).tagline == "x"


def test_icons_are_there(app: Flask, cast: Cast) -> None:
    visitor = client_of(app, None)
    assert visitor.get("/favicon.ico").data[:4] == b"\0\0\1\0"
    assert visitor.get("/apple-touch-icon.png").data[:4] == b"\x89PNG"
